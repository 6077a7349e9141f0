"""Chunks and events as plain JSON, and what the accumulators make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    ChatAccumulator,
    ChatCompletion,
    ChatCompletionChunk,
    DeltaReader,
    ResponseAccumulator,
)
from mimo_proto.protocol.decode import TolerantDecoder

__all__ = [
    "CALL",
    "CHUNKS",
    "EVENTS",
    "MESSAGE",
    "REASONING",
    "add_up",
    "added",
    "call",
    "calls",
    "delta",
    "done",
    "message",
    "respond",
    "said",
    "set_fields",
    "text_delta",
]

if TYPE_CHECKING:
    from collections.abc import Iterable

CHUNKS = TolerantDecoder(ChatCompletionChunk)
EVENTS: TolerantDecoder[Any] = TolerantDecoder(RESPONSES.event)


def delta(fields: dict[str, Any] | None = None, finish: str | None = None, index: int | None = 0) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": fields or {}, "finish_reason": finish}]}


def add_up(*chunks: dict[str, Any]) -> ChatCompletion:
    accumulator = ChatAccumulator()
    for chunk in chunks:
        accumulator.add(CHUNKS.build({"id": "c1", "created": 1, "model": "m", **chunk}))
    return accumulator.result()


def message(*deltas: dict[str, Any]) -> Any:
    return add_up(*map(delta, deltas)).choices[0].message


def set_fields(struct: msgspec.Struct) -> dict[str, Any]:
    """The fields that are not null."""
    return {name: value for name, value in msgspec.structs.asdict(struct).items() if value is not None}


def call(
    index: int | None = None, call_id: str | None = None, name: str | None = None, arguments: str | None = None
) -> dict[str, Any]:
    return {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calls(*pieces: dict[str, Any]) -> list[tuple[str, str, str]]:
    whole = message(*({"tool_calls": [piece]} for piece in pieces))
    return [(each.id, each.function.name, each.function.arguments) for each in whole.tool_calls]


def respond(*events: dict[str, Any]) -> Any:
    """What the events add up to, with each prefix looked at on the way."""
    accumulator = ResponseAccumulator()
    for event in events:
        accumulator.add(EVENTS.build(event))
        accumulator.partial()
    return accumulator.partial()


def said(events: Iterable[Any], kind: str = "text", choice: int = 0) -> str:
    """The texts of one kind in the deltas of a stream, joined."""
    listed = list(events)
    reader: DeltaReader[Any] = DeltaReader(CHAT_COMPLETIONS if hasattr(listed[0], "choices") else RESPONSES)
    deltas = [delta for event in listed for delta in reader.feed(event)]
    return "".join(delta.text for delta in deltas if delta.kind == kind and delta.choice == choice)


def text_delta(text: str, item: int | None = 0, part: int | None = 0, kind: str = "output_text") -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "delta": text, "output_index": item, "content_index": part}


def added(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.added", "item": item, "output_index": index}


def done(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.done", "item": item, "output_index": index}


MESSAGE: dict[str, Any] = {"type": "message", "id": "m1", "role": "assistant", "status": "in_progress", "content": []}
CALL: dict[str, Any] = {"type": "function_call", "id": "f1", "call_id": "call_1", "name": "weather", "arguments": ""}
REASONING: dict[str, Any] = {"type": "reasoning", "id": "r1", "summary": [], "content": []}
