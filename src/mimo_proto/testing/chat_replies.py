"""A turn in the shape of Chat Completions: one object, or a stream of chunks.

Rules: the fields, their order in time and their nulls are those of MiMo's pages and of the traces of its streams:
role, thinking, text, tool calls one after the other in fragments, finish reason, usage by itself, `[DONE]`.
"""

from __future__ import annotations

import uuid
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import msgspec

from .turns import FIRST_CREATED_SECONDS, call_id, count_tokens, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .prompts import Prompt
    from .turns import Turn

__all__ = ["completion", "completion_events"]


def completion(turn: Turn, prompt: Prompt, number: int) -> dict[str, Any]:
    """Make the whole completion.

    Args:
        turn: What the model says.
        prompt: What the turn answers.
        number: The number that the ids are made of; the same number gives the same ids.
    """
    message = _message(turn, turn.text)
    if turn.audio is not None:
        message["audio"] = _sound(turn.audio, number)
    else:
        calls = [
            {"id": call_id(number, at), "type": "function", "function": {"name": call.name, "arguments": call.text}}
            for at, call in enumerate(turn.calls)
        ]
        message["tool_calls"] = calls or None
    if turn.seconds is not None:
        message |= {"audio": None, "audio_tokens": []}
    if turn.reasoning is not None:
        message["reasoning_content"] = turn.reasoning
    choice = {"finish_reason": turn.ended, "index": 0, "message": message}
    return {**_head(prompt, number, "chat.completion"), "choices": [choice], "usage": _usage(turn, prompt)}


def completion_events(turn: Turn, prompt: Prompt, number: int) -> list[bytes]:
    """Make the server-sent events, each ready to be sent. The arguments are those of `completion`."""
    head = _head(prompt, number, "chat.completion.chunk")
    nulls = _nulls(turn)
    chunks = [
        {**head, "choices": [{"delta": {**nulls, **delta}, "finish_reason": finish, "index": 0}]}
        for delta, finish in _deltas(turn, number)
    ]
    chunks.append({**head, "choices": [], "usage": _usage(turn, prompt)})
    return [b"data: %b\n\n" % msgspec.json.encode(chunk) for chunk in chunks] + [b"data: [DONE]\n\n"]


def _message(turn: Turn, text: str) -> dict[str, Any]:
    """A message with a text, and with what a stream does not bring in fragments."""
    fields = {"annotations": list(turn.annotations) or None, "final_text_preview": turn.preview}
    known = {name: value for name, value in fields.items() if value is not None}
    return {"content": text, "role": "assistant", **known}


def _nulls(turn: Turn) -> dict[str, Any]:
    """The nulls that every delta carries beside what it brings."""
    nulls: dict[str, Any] = {"content": None, "role": None}
    if turn.audio is not None:
        return {**nulls, "audio": None}
    if turn.reasoning is not None:
        nulls["reasoning_content"] = None
    return {**nulls, "tool_calls": None}


def _deltas(turn: Turn, number: int) -> Iterator[tuple[dict[str, Any], str | None]]:
    yield _message(turn, ""), None
    for token in tokens(turn.reasoning or ""):
        yield {"reasoning_content": token}, None
    for token in tokens(turn.text):
        yield {"content": token}, None
    audio = turn.audio or b""
    for at in range(0, len(audio), 4800):
        yield {"audio": _sound(audio[at : at + 4800], number)}, None
    for index, call in enumerate(turn.calls):
        begun: dict[str, Any] = {"id": call_id(number, index), "function": {"arguments": "", "name": call.name}}
        rest = [{"id": None, "function": {"arguments": token, "name": None}} for token in tokens(call.text)]
        for fragment in [begun, *rest]:
            yield {"tool_calls": [{"index": index, **fragment, "type": "function"}]}, None
    yield {}, turn.ended


def _head(prompt: Prompt, number: int, kind: str) -> dict[str, Any]:
    hex32 = f"{number:032x}"
    name = f"{uuid.UUID(int=number)}_{hex32}" if prompt.model.startswith("mimo-v2.6") else hex32
    return {"id": name, "choices": [], "created": FIRST_CREATED_SECONDS + number, "model": prompt.model, "object": kind}


def _sound(data: bytes, number: int) -> dict[str, Any]:
    return {"id": f"{number:032x}", "data": b64encode(data).decode(), "expires_at": None, "transcript": None}


def _usage(turn: Turn, prompt: Prompt) -> dict[str, Any]:
    thought, written = count_tokens(turn)
    written += -(-len(turn.audio or b"") // 480)
    details = {"cached_tokens": 0} | {f"{kind}_tokens": count for kind, count in prompt.media.items()}
    usage: dict[str, Any] = {
        "completion_tokens": written,
        "prompt_tokens": prompt.tokens,
        "total_tokens": prompt.tokens + written,
        "completion_tokens_details": {"reasoning_tokens": thought},
        "prompt_tokens_details": details,
    }
    if turn.annotations:
        usage["web_search_usage"] = {"tool_usage": 1, "page_usage": len(turn.annotations)}
    if turn.seconds is not None:
        usage["seconds"] = turn.seconds
    return usage
