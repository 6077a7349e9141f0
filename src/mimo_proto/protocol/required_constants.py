"""The texts that the spec requires and to which it leaves no choice, where they are no tags: the `type` of a tool call.

Rules:
- A Struct always sends such a text, as the default of its field; so msgspec takes an object without it. A dict is sent
  as it is written, so the text is looked for in a dict.
- Structs, `Raw` and `Unknown` are trusted, and so are mappings that are not dicts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.models import ChatCompletionRequest, ResponseRequest
from mimo_proto.protocol.convert import Mismatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["find_missing_const"]


def find_missing_const(request: Mapping[str, Any], kind: type) -> None:
    """Look through a request that fits its Struct otherwise.

    Args:
        request: The request.
        kind: The request's Struct; one that was generated with an overlay has the name of ours.

    Raises:
        Mismatch: A text is missing.
    """
    if kind.__name__ == ChatCompletionRequest.__name__:
        _look_through_calls(request)
        for place, tool in enumerate(_elements(request, "tools")):
            if _is_tagged(tool, "web_search") and _lacks(tool.get("user_location"), "type"):
                raise Mismatch("`type` is missing", "user_location", place, "tools")
    elif kind.__name__ == ResponseRequest.__name__:
        for place, item in enumerate(_elements(request, "input")):
            if _is_tagged(item, "additional_tools") and _lacks(item, "role"):
                raise Mismatch("`role` is missing", place, "input")


def _look_through_calls(request: Mapping[str, Any]) -> None:
    for place, message in enumerate(_elements(request, "messages")):
        if message.__class__ is dict and "tool_calls" in message and message.get("role") == "assistant":
            for number, call in enumerate(_elements(message, "tool_calls")):
                if _lacks(call, "type"):
                    raise Mismatch("`type` is missing", number, "tool_calls", place, "messages")


def _elements(holder: Mapping[str, Any], name: str) -> Sequence[Any]:
    elements: Any = holder.get(name)
    return elements if elements.__class__ in (list, tuple) else ()


def _is_tagged(value: Any, tag: str) -> bool:
    return value.__class__ is dict and value.get("type") == tag


def _lacks(value: Any, name: str) -> bool:
    return value.__class__ is dict and name not in value
