"""A whole JSON reply that came in the place of a stream, as the one event that it amounts to.

Gateways were seen to answer a request for a stream with `text/event-stream` and the JSON of a reply (9router#3301), and
MiMo's speech synthesis with one line of bare JSON.
"""

from __future__ import annotations

from typing import Any

from mimo_proto.protocol.completion import TERMINAL
from mimo_proto.protocol.json_types import is_array, is_object

__all__ = ["event_of_reply"]


def event_of_reply(value: object, *, chat: bool) -> dict[str, Any] | None:
    """Make the event that a reply amounts to, as JSON; None when the value is not a reply.

    Args:
        value: The JSON value that came.
        chat: Whether the stream is one of Chat Completions; else it is one of Responses.
    """
    if not is_object(value):
        return None
    return _chunk(value) if chat else _terminal_event(value)


def _chunk(completion: dict[str, Any]) -> dict[str, Any] | None:
    """Make one chunk of a completion, with each message as a delta."""
    choices = completion.get("choices")
    if not is_array(choices) or not any(is_object(choice) and "message" in choice for choice in choices):
        return None
    return {**completion, "object": "chat.completion.chunk", "choices": [_chunk_choice(choice) for choice in choices]}


def _chunk_choice(choice: object) -> object:
    if not is_object(choice) or "message" not in choice:
        return choice
    return {("delta" if name == "message" else name): value for name, value in choice.items() if name != "delta"}


def _terminal_event(response: dict[str, Any]) -> dict[str, Any] | None:
    """Make the event that ends a stream of a response."""
    if response.get("object") != "response":
        return None
    kind = f"response.{response.get('status')}"
    return {"type": kind if kind in TERMINAL else "response.completed", "response": response}
