"""Small answers and streams of both protocols, for tests of what carries them."""

from __future__ import annotations

import json
from typing import Any

__all__ = [
    "CHAT",
    "CHAT_EVENTS",
    "CHAT_REQUEST",
    "DONE",
    "RESPONSE",
    "RESPONSE_EVENTS",
    "RESPONSE_REQUEST",
    "chat_chunk",
    "choice_chunk",
    "error_body",
    "event",
    "response_delta",
    "response_event",
]

CHAT_REQUEST: dict[str, Any] = {"model": "mimo-v2.6-pro", "messages": [{"role": "user", "content": "hi"}]}
RESPONSE_REQUEST: dict[str, Any] = {"model": "mimo-v2.6-pro", "input": "hi"}

HEAD = {"id": "c1", "created": 1, "model": "mimo-v2.6-pro"}

CHAT: dict[str, Any] = {
    **HEAD,
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello world"}, "finish_reason": "stop"}],
}

RESPONSE: dict[str, Any] = {
    "id": "r1",
    "object": "response",
    "created_at": 1,
    "model": "mimo-v2.6-pro",
    "status": "completed",
    "output": [
        {
            "type": "message",
            "id": "m1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hello world", "annotations": []}],
        }
    ],
}


def event(value: object, name: str | None = None) -> bytes:
    """One SSE event; what is not bytes is sent as JSON."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return (b"" if name is None else b"event: " + name.encode() + b"\n") + b"data: " + data + b"\n\n"


def chat_chunk(content: str | None = None, finish_reason: str | None = None, index: int = 0, **more: Any) -> bytes:
    delta = {} if content is None else {"role": "assistant", "content": content}
    choice = {"index": index, "delta": delta, "finish_reason": finish_reason}
    return event({**HEAD, "object": "chat.completion.chunk", "choices": [choice], **more})


def choice_chunk(
    delta: Any, finish_reason: str | None = None, choice: dict[str, Any] | None = None, **more: Any
) -> bytes:
    """A chunk with any delta, choice and fields of its own."""
    return event({**HEAD, "choices": [{"delta": delta, "finish_reason": finish_reason, **(choice or {})}], **more})


DONE = event(b"[DONE]")
CHAT_EVENTS = [chat_chunk("Hello"), chat_chunk(" world"), chat_chunk(None, "stop"), DONE]


def response_delta(text: str) -> bytes:
    kind = "response.output_text.delta"
    return event({"type": kind, "output_index": 0, "content_index": 0, "item_id": "m1", "delta": text}, kind)


def response_event(kind: str, **fields: Any) -> bytes:
    return event({"type": kind, **fields}, kind)


RESPONSE_EVENTS = [
    response_event("response.created", response={**RESPONSE, "status": "in_progress", "output": []}),
    response_delta("Hello"),
    response_delta(" world"),
    response_event("response.completed", response=RESPONSE),
]


def error_body(code: str = "429", message: str = "Too many requests", **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "param": "", "type": "", **more}}
