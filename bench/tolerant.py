"""The tolerant decoder on what the spec knows: what its tolerance costs where it is not needed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bench.block import Block, section
from bench.payloads import record
from bench.rivals import floor_decoder, type_of
from mimo_proto.decode import TolerantDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.payloads import Protocol

__all__ = ["tolerance"]

# An event of a stream, what is put in the place of what in it, and what that makes of it.
NOVELTIES: dict[str, tuple[Protocol, bytes, bytes]] = {
    "a field too many": ("chat", b'"content"', b'"mood":"calm","content"'),
    "an unknown event": ("responses", b"output_text.delta", b"output_smell.delta"),
}
TIMES = 500


def decode_all(decode: Callable[[bytes], Any], payloads: list[bytes]) -> None:
    for payload in payloads:
        decode(payload)


@section("tolerant", "The tolerant decoder")
def tolerance(quick: bool) -> Iterator[Block]:
    """CPU time an event: the tolerant decoder against msgspec's own, into the same Structs."""
    protocols: tuple[Protocol, ...] = ("chat", "responses")
    for protocol in protocols:
        payloads = record(protocol, "LF", TIMES).payloads
        block = Block(f"{protocol}, known events")
        block.cpu("msgspec", partial(decode_all, floor_decoder(protocol), payloads), units=TIMES)
        decoder = TolerantDecoder(type_of(protocol))
        block.cpu("tolerant", partial(decode_all, decoder.decode, payloads), units=TIMES)
        block.at_most("tolerant", "msgspec", 1.15)
        yield block
    if quick:
        return
    for title, (protocol, old, new) in NOVELTIES.items():
        known = record(protocol, "LF", TIMES).payloads[TIMES // 2]
        decoder = TolerantDecoder(type_of(protocol))
        block = Block(title)
        block.cpu("as the spec has it", partial(decode_all, decoder.decode, [known] * TIMES), units=TIMES)
        block.cpu("new", partial(decode_all, decoder.decode, [known.replace(old, new)] * TIMES), units=TIMES)
        block.at_most("new", "as the spec has it")
        yield block
