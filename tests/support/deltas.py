"""What the deltas of a stream add up to, and what a result says, in one form: to be held against each other."""

from __future__ import annotations

import base64
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto import ChatCompletionMessage, DeltaReader
from mimo_proto.protocol.sums import WHOLE_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mimo_proto import Delta, Endpoint

__all__ = ["Part", "parts_in", "parts_told", "reasoning_names"]

Part = tuple[int, str, str, str, str]
"""The choice; the kind, which is "call" for a call; the text; the id and the name of a call."""

REASONING = ("reasoning_content", "reasoning", "reasoning_details")


def parts_told(endpoint: Endpoint[Any, Any, Any], events: Iterable[Any]) -> list[Part]:
    """The parts of a stream in the order in which they begin, choice by choice."""
    reader: DeltaReader[Any] = DeltaReader(endpoint)
    parts: dict[tuple[int, int], list[Delta]] = {}
    for delta in (delta for event in events for delta in reader.feed(event)):
        parts.setdefault((delta.choice, delta.part), []).append(delta)
    numbers: dict[int, count[int]] = {}
    for choice, part in parts:
        assert part == next(numbers.setdefault(choice, count())), "parts are numbered as they begin"
    return [joined(choice, deltas) for (choice, _), deltas in sorted(parts.items())]


def joined(choice: int, deltas: list[Delta]) -> Part:
    kinds = {delta.kind for delta in deltas}
    if "tool_call" not in kinds:
        assert len(kinds) == 1
        texts = [delta.text for delta in deltas]
        assert all(texts), "a delta says something"
        return choice, kinds.pop(), sound(texts) if deltas[0].kind == "audio" else "".join(texts), "", ""
    assert deltas[0].kind == "tool_call", "it begins the part"
    assert kinds <= {"tool_call", "arguments"}
    last = [delta for delta in deltas if delta.kind == "tool_call"][-1]
    assert deltas[-1].id == last.id, "the id is repeated"
    return choice, "call", "".join(delta.text for delta in deltas), last.id, last.name


def sound(texts: list[str]) -> str:
    return base64.b64encode(b"".join(map(base64.b64decode, texts))).decode()


def parts_in(result: Any) -> list[Part]:
    """The parts that a result has."""
    value: Any = msgspec.to_builtins(result)
    if "choices" in value:
        parts = [part for choice in value["choices"] for part in parts_of_message(choice["index"], choice["message"])]
    else:
        parts = [part for item in value["output"] for part in parts_of_item(item)]
    return [part for part in parts if any(part[2:])]


def parts_of_message(choice: int, message: dict[str, Any]) -> Iterator[Part]:
    texts = [text for name in REASONING if (text := thinking(message.get(name)))]
    yield choice, "reasoning", texts[0] if texts else "", "", ""
    yield choice, "text", message.get("content") or "", "", ""
    yield choice, "refusal", message.get("refusal") or "", "", ""
    audio: dict[str, Any] = message.get("audio") or {}
    yield choice, "audio", audio.get("data") or "", "", ""
    for name, field in message.items():
        if name not in {*ChatCompletionMessage.__struct_fields__, *WHOLE_TEXTS} and isinstance(field, str):
            yield choice, name, field, "", ""
    for call in message.get("tool_calls") or ():
        function = call["function"]
        if function["name"] or function["arguments"]:
            yield choice, "call", function["arguments"], call["id"], function["name"]


def thinking(value: Any) -> str:
    if isinstance(value, str):
        return value
    listed: list[Any] = list(value or ())
    details: list[dict[str, Any]] = [detail for detail in listed if isinstance(detail, dict)]
    texts = [detail.get("text") or detail.get("summary") for detail in details]
    return "".join(text for text in texts if isinstance(text, str))


def parts_of_item(item: dict[str, Any]) -> Iterator[Part]:
    for part in item.get("content") or ():
        kind = {"output_text": "text", "reasoning_text": "reasoning"}.get(part["type"])
        if kind:
            yield 0, kind, part["text"], "", ""
    if item["type"] in ("function_call", "custom_tool_call"):
        arguments = item["arguments"] if item["type"] == "function_call" else item["input"]
        if item["name"] or arguments:
            yield 0, "call", arguments, item["call_id"], item["name"]


def reasoning_names(result: Any) -> int:
    """Under how many names the choice of a result that has most of them has its thinking."""
    messages: list[Any] = [choice["message"] for choice in msgspec.to_builtins(result).get("choices", ())]
    return max((sum(bool(thinking(message.get(name))) for name in REASONING) for message in messages), default=0)
