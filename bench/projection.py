"""Projection: decoding only what is used, against decoding the whole event."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from bench.block import Block, section
from bench.decode import event_loop
from bench.payloads import cut, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.payloads import Protocol

__all__ = ["ContentChunk", "projection"]


class ContentDelta(msgspec.Struct, gc=False):
    content: str | None = None


class ContentChoice(msgspec.Struct, gc=False):
    delta: ContentDelta
    finish_reason: str | None = None


class ContentChunk(msgspec.Struct, gc=False):
    """All that a caller who only prints the answer needs."""

    choices: list[ContentChoice]


class TextDelta(msgspec.Struct, tag_field="type", tag="response.output_text.delta", gc=False):
    delta: str


class ArgumentsDelta(msgspec.Struct, tag_field="type", tag="response.function_call_arguments.delta", gc=False):
    delta: str


PROJECTIONS: dict[str, tuple[Protocol, Any]] = {
    "chat, content only": ("chat", ContentChunk),
    # Two thirds of the events of this stream are in the first projection, none in the second.
    "responses, text only": ("responses", TextDelta),
    "responses, events outside it": ("responses", ArgumentsDelta),
}


@section("projection", "Projection")
def projection(_quick: bool) -> Iterator[Block]:
    """`events()` with a narrow `event_type` against the full event, one event a feed."""
    count = 1000
    for title, (protocol, event_type) in PROJECTIONS.items():
        chunks = cut(record(protocol, "LF", count), "1 event")
        block = Block(title)
        block.cpu("full", partial(event_loop(protocol), chunks), units=count)
        block.cpu("projection", partial(event_loop(protocol, event_type), chunks), units=count)
        block.at_most("projection", "full")
        yield block
