"""Ways to cut a stream and to feed it to a decoder, and what comes of it: the events, then the class of the error.

Every decoder of this package is fed alike: `feed(bytes)` gives a list, `close()` ends it and may give another list.
Errors are `MimoError`s.
Any other exception passes through and fails the test.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

from mimo_proto.errors import MimoError

__all__ = ["Decoder", "Outcome", "Puller", "byte_by_byte", "cut", "pull", "run", "two_way_cuts", "whole_blocks"]

# Two line ends in a row: where an event may be dispatched.
BLOCK_END = re.compile(rb"(?:\r\n|\r|\n)(?:\r\n|\r|\n)")


class Decoder(Protocol):
    """What `SSEDecoder` and `StreamDecoder` have in common."""

    def feed(self, data: bytes, /) -> Sequence[object]: ...

    def close(self) -> Sequence[object] | None: ...


class Puller(Protocol):
    """What `StreamDecoder` can besides."""

    def events(self, chunks: Iterable[bytes], /) -> Iterator[object]: ...


class Outcome(NamedTuple):
    """What a decoder made of a stream; how the stream was cut must not show in it."""

    events: list[object]
    error: type[Exception] | None


def run(decoder: Decoder, pieces: Iterable[bytes]) -> Outcome:
    """Feed the pieces, then close; stop at the first error."""
    events: list[object] = []
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        events += decoder.close() or ()
    except MimoError as error:
        return Outcome(events, type(error))
    return Outcome(events, None)


def pull(decoder: Puller, pieces: Iterable[bytes]) -> Outcome:
    """The same for a decoder that pulls its pieces."""
    events: list[object] = []
    try:
        events.extend(decoder.events(pieces))
    except MimoError as error:
        return Outcome(events, type(error))
    return Outcome(events, None)


def cut(stream: bytes, positions: Iterable[int]) -> list[bytes]:
    """Cut at the positions; one that is named twice makes an empty piece."""
    bounds = [0, *sorted(positions), len(stream)]
    return [stream[start:end] for start, end in pairwise(bounds)]


def byte_by_byte(stream: bytes) -> list[bytes]:
    """Every byte its own piece."""
    return [stream[position : position + 1] for position in range(len(stream))]


def two_way_cuts(stream: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each way to make two pieces, an empty first or last piece among them."""
    return ((stream[:position], stream[position:]) for position in range(len(stream) + 1))


def whole_blocks(stream: bytes) -> list[bytes]:
    """Every block with its empty line its own piece, as servers flush and as decoders have fast paths for."""
    return cut(stream, (found.end() for found in BLOCK_END.finditer(stream)))
