"""What a case of another server's wire says, and what the streams of such cases are built from.

MiMo's weights are served by vLLM, SGLang and transformers, and both APIs are reached through gateways. What those send
differs from MiMo's own wire in ways that users reported; each case is the smallest form of one such difference, with
ids, texts and numbers of our own, and names who sends it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from mimo_proto.protocol.json_types import is_array, is_object
from tests.support.payloads import event

if TYPE_CHECKING:
    from mimo_proto import MimoError

__all__ = [
    "CHAT_DONE",
    "CHUNK_HEAD",
    "EBB",
    "FLOW",
    "NAMED",
    "RESPONSE_HEAD",
    "USAGE",
    "Case",
    "added",
    "call",
    "chunk",
    "completed",
    "completion",
    "finish",
    "item_done",
    "look",
    "message_item",
    "response_event",
    "text_delta",
]


class Case(NamedTuple):
    """One difference, and what is right.

    Attributes:
        id: Who sends it, and what.
        body: The stream, or the JSON body.
        result: Values in the result or, behind an error or a cut, in what is partial; by path.
        sent: Values in what the next request sends back, by path: in the assistant's message, or in `input`.
        error: The class of the error that ends the stream or the call.
        text: A part of that error's text.
        events: How many events are handed out, where that is asked.
    """

    id: str
    body: bytes
    result: dict[str, Any] = {}  # noqa: RUF012 - a default of a NamedTuple; nothing changes it
    sent: dict[str, Any] = {}  # noqa: RUF012 - as above
    error: type[MimoError] | None = None
    text: str = ""
    events: int | None = None


def look(value: Any, path: str) -> Any:
    """The value at a path such as `choices.0.message`; None for what is not there."""
    for name in path.split("."):
        if is_array(value):
            value = value[int(name)] if int(name) < len(value) else None
        elif is_object(value):
            value = value.get(name)
        else:
            return None
    return value


# Chat

CHUNK_HEAD = {
    "id": "chatcmpl-tide-81",
    "object": "chat.completion.chunk",
    "created": 1790000017,
    "model": "mimo-v2.6-pro",
}
USAGE = {"prompt_tokens": 31, "completion_tokens": 11, "total_tokens": 42}
CHAT_DONE = event(b"[DONE]")


def chunk(delta: Any = None, finish_reason: str | None = None, choice: Any = None, **more: Any) -> bytes:
    """One chunk with one choice, with fields of the choice and of the chunk."""
    fields: dict[str, Any] = {"index": 0, "delta": delta or {}, "finish_reason": finish_reason, **(choice or {})}
    return event({**CHUNK_HEAD, "choices": [fields], **more})


def finish(reason: str = "stop") -> bytes:
    """The last two events of a chat stream."""
    return chunk({}, reason) + CHAT_DONE


def call(
    index: int | None, call_id: str | None = None, name: str | None = None, arguments: Any = None, **more: Any
) -> Any:
    """A piece of a call, with the fields that are not None."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    piece = {"index": index, "id": call_id, "type": "function", "function": function, **more}
    return {key: value for key, value in piece.items() if value is not None}


def completion(message: Any, finish_reason: str = "stop", choice: Any = None, **more: Any) -> bytes:
    """A JSON reply."""
    fields: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", **message},
        "finish_reason": finish_reason,
        **(choice or {}),
    }
    return json.dumps({**CHUNK_HEAD, "object": "chat.completion", "choices": [fields], **more}).encode()


# An answer in two deltas, and what of its result cannot be mistaken.
NAMED = {"id": "chatcmpl-tide-81", "model": "mimo-v2.6-pro", "message.content": "Ebb and flow", "finish_reason": "stop"}
EBB, FLOW = chunk({"role": "assistant", "content": "Ebb"}), chunk({"content": " and flow"})


# Responses

RESPONSE_HEAD = {"id": "resp_tide_9", "object": "response", "created_at": 1790000023, "model": "mimo-v2.6-pro"}


def response_event(kind: str, **fields: Any) -> bytes:
    return event({"type": kind, **fields}, kind)


def added(index: int | None, item: Any) -> bytes:
    """`response.output_item.added`."""
    return response_event("response.output_item.added", **place(index), item={"status": "in_progress", **item})


def item_done(index: int | None, item: Any) -> bytes:
    """`response.output_item.done`."""
    return response_event("response.output_item.done", **place(index), item={"status": "completed", **item})


def text_delta(text: str, item_id: str | None = None, index: int | None = 0, kind: str = "output_text") -> bytes:
    """A delta, of a text or of arguments."""
    named = {} if item_id is None else {"item_id": item_id}
    part = {} if "arguments" in kind else {"content_index": 0}
    return response_event(f"response.{kind}.delta", delta=text, **named, **place(index), **part)


def completed(kind: str = "completed", **fields: Any) -> bytes:
    """The terminal event; without `output`, unless that is given."""
    return response_event(f"response.{kind}", response={**RESPONSE_HEAD, "status": kind, **fields})


def message_item(text: str, item_id: str = "msg_a") -> dict[str, Any]:
    """A message with one text."""
    return {
        "type": "message",
        "id": item_id,
        "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }


def place(index: int | None) -> dict[str, Any]:
    return {} if index is None else {"output_index": index}
