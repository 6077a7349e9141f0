"""A turn in the shape of the Responses API: one object, or a stream of typed events.

Rules: `event:NAME` and `data:{...}` without a space, as MiMo writes them, numbered from 0, and no `[DONE]`.
The reasoning item comes first, then the message, then the calls; each is added, filled and done before the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from .turns import FIRST_CREATED_SECONDS, call_id, count_tokens, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .prompts import Prompt
    from .turns import Call, Turn

__all__ = ["response", "response_events"]

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_TEXT_OF_CALL = {"function_call": "arguments", "custom_tool_call": "input"}


def response(turn: Turn, prompt: Prompt, number: int) -> dict[str, Any]:
    """Make the whole response.

    Args:
        turn: What the model says.
        prompt: What the turn answers.
        number: The number that the ids are made of; the same number gives the same ids.
    """
    reason = _INCOMPLETE.get(turn.ended)
    return {
        **_begun(prompt, number),
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "output": _items(turn, number),
        "output_text": turn.text,
        "usage": _usage(turn, prompt),
    }


def response_events(turn: Turn, prompt: Prompt, number: int) -> list[bytes]:
    """Make the server-sent events, each ready to be sent. The arguments are those of `response`."""
    return [
        b"event:%b\ndata:%b\n\n" % (event["type"].encode(), msgspec.json.encode({**event, "sequence_number": at}))
        for at, event in enumerate(_events(turn, prompt, number))
    ]


def _events(turn: Turn, prompt: Prompt, number: int) -> Iterator[dict[str, Any]]:
    begun = _begun(prompt, number)
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(_items(turn, number)):
        where = {"item_id": item["id"], "output_index": index}
        field = _TEXT_OF_CALL.get(item["type"], "content")
        empty: dict[str, Any] = {**item, field: [] if field == "content" else ""}
        if "status" in item:
            empty["status"] = "in_progress"
        yield {"type": "response.output_item.added", "item": empty, "output_index": index}
        yield from _parts(item, where) if field == "content" else _input(item, field, where)
        yield {"type": "response.output_item.done", "item": item, "output_index": index}
    final = response(turn, prompt, number)
    yield {"type": f"response.{final['status']}", "response": final}


def _parts(item: dict[str, Any], where: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for at, part in enumerate(item["content"]):
        place = {**where, "content_index": at}
        yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
        for token in tokens(part["text"]):
            yield {"type": f"response.{part['type']}.delta", **place, "delta": token}
        yield {"type": f"response.{part['type']}.done", **place, "text": part["text"]}
        yield {"type": "response.content_part.done", **place, "part": part}


def _input(item: dict[str, Any], field: str, where: dict[str, Any]) -> Iterator[dict[str, Any]]:
    stem = f"response.{item['type']}_{field}"
    for token in tokens(item[field]):
        yield {"type": f"{stem}.delta", **where, "delta": token}
    done = {"name": item["name"]} if field == "arguments" else {}
    yield {"type": f"{stem}.done", **where, field: item[field], **done}


def _begun(prompt: Prompt, number: int) -> dict[str, Any]:
    return {
        "id": f"resp_{number:032x}",
        "object": "response",
        "created_at": FIRST_CREATED_SECONDS + number,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": prompt.model,
        "metadata": None,
        "output": [],
        "usage": None,
    }


def _items(turn: Turn, number: int) -> list[dict[str, Any]]:
    """The output items. The one that the token limit fell into stays in progress."""
    items = [
        *_said_items(turn, f"{number:024x}"),
        *(_call_item(call, number, at) for at, call in enumerate(turn.calls)),
    ]
    for item in items:
        if item["type"] != "custom_tool_call":
            item["status"] = "in_progress" if turn.ended in _INCOMPLETE and item is items[-1] else "completed"
    return items


def _said_items(turn: Turn, id_tail: str) -> Iterator[dict[str, Any]]:
    """The reasoning and the message; a turn without anything has an empty message."""
    part: dict[str, Any]
    if turn.reasoning is not None:
        part = {"type": "reasoning_text", "text": turn.reasoning}
        yield {"id": f"rs_{id_tail}{0:08x}", "type": "reasoning", "summary": [], "content": [part]}
    if turn.text or not (turn.calls or turn.reasoning is not None):
        part = {"type": "output_text", "text": turn.text, "annotations": []}
        yield {"id": f"msg_{id_tail}{1:08x}", "type": "message", "role": "assistant", "content": [part]}


def _call_item(call: Call, number: int, at: int) -> dict[str, Any]:
    kind, prefix = ("custom_tool_call", "ctc") if call.custom else ("function_call", "fc")
    item = {"id": f"{prefix}_{number:024x}{at + 2:08x}", "type": kind, "call_id": call_id(number, at)}
    item |= {"name": call.name, _TEXT_OF_CALL[kind]: call.text}
    return item if call.namespace is None else {**item, "namespace": call.namespace}


def _usage(turn: Turn, prompt: Prompt) -> dict[str, Any]:
    thought, written = count_tokens(turn)
    return {
        "input_tokens": prompt.tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": prompt.tokens + written,
    }
