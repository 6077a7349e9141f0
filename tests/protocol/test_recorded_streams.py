"""The recorded streams, cut at every byte: same events, end and final object, through `feed` and through `events`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import CHAT_COMPLETIONS, RESPONSES, APIError, ChatAccumulator, ResponseAccumulator, StreamDecoder
from mimo_proto.testing import recorded, recordings

if TYPE_CHECKING:
    from collections.abc import Sequence

STREAMS = [name for name in recordings() if name.endswith(".sse")]
every_stream = pytest.mark.parametrize("name", STREAMS)


def decoder(name: str) -> StreamDecoder[Any]:
    return StreamDecoder(CHAT_COMPLETIONS if name.startswith("Chat") else RESPONSES)


def fed(name: str, chunks: Sequence[bytes]) -> tuple[list[Any], str]:
    """The events that `feed` gives, and how the stream ended."""
    stream, events = decoder(name), list[Any]()
    try:
        for chunk in chunks:
            events += stream.feed(chunk)
        stream.close()
    except APIError as error:
        return events, repr(error)
    return events, "completed"


def pulled(name: str, chunks: Sequence[bytes]) -> tuple[list[Any], str]:
    """The same through `events`."""
    events = list[Any]()
    try:
        events.extend(decoder(name).events(chunks))
    except APIError as error:
        return events, repr(error)
    return events, "completed"


def total(name: str, events: Sequence[Any]) -> Any:
    """What the events add up to."""
    accumulator: Any = ChatAccumulator() if name.startswith("Chat") else ResponseAccumulator()
    for event in events:
        accumulator.add(event)
    return accumulator.partial()


@every_stream
def test_cut_at_every_byte(name: str) -> None:
    data = recorded(name)
    whole, end = fed(name, [data])
    final = total(name, whole)
    assert final is not None
    assert (end == "completed") == (name != "ResponseStreamEvent.error.sse")
    for at in range(len(data) + 1):
        cut = [data[:at], data[at:]]
        for events, how in (fed(name, cut), pulled(name, cut)):
            assert (events, how) == (whole, end)
            assert total(name, events) == final


@every_stream
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_in_pieces_of_one_size(name: str, size: int) -> None:
    data = recorded(name)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert fed(name, pieces) == pulled(name, pieces) == fed(name, [data])
