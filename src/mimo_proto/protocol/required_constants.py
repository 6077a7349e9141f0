"""The texts that the spec requires and to which it leaves no choice, where they are no tags: the `type` of a tool call.

Rules:
- A Struct always sends them, as defaults of its fields; so msgspec takes an object without them. A dict is sent as it
  is written, so in a dict they are looked for.
- Structs, `Raw` and `Unknown` are trusted, as by `validate`, and so are mappings that are no dicts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.models import ChatCompletionRequest, ResponseRequest
from mimo_proto.protocol.convert import Mismatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["find_missing_const"]

LISTS = (list, tuple)
ADDITIONAL = "additional_tools"


def find_missing_const(request: Mapping[str, Any], kind: type) -> None:
    """Look through a request that fits its Struct otherwise.

    Args:
        request: The request.
        kind: Its Struct; one that was generated with an overlay has the name of ours.

    Raises:
        Mismatch: A text is missing.
    """
    if kind.__name__ == ChatCompletionRequest.__name__:
        _look_through_calls(_elements(request.get("messages")))
        tools = _elements(request.get("tools"))
        for tool in tools:
            if tool.__class__ is dict and tool.get("type") == "web_search":
                where = tool.get("user_location")
                if where.__class__ is dict and "type" not in where:
                    raise Mismatch("`type` is missing", "user_location", _place(tool, tools), "tools")
    elif kind.__name__ == ResponseRequest.__name__:
        items = _elements(request.get("input"))
        for item in items:
            # Most items have no tools, which is found sooner than a type.
            if item.__class__ is dict and "tools" in item and "role" not in item and item.get("type") == ADDITIONAL:
                raise Mismatch("`role` is missing", _place(item, items), "input")


def _look_through_calls(messages: Sequence[Any]) -> None:
    """Look at every call of a conversation; with places counted on the way it would take twice the time."""
    for message in messages:
        if message.__class__ is dict and "tool_calls" in message:
            calls = message["tool_calls"]
            if calls.__class__ in LISTS:
                for call in calls:
                    if call.__class__ is dict and "type" not in call and message.get("role") == "assistant":
                        places = (_place(call, calls), "tool_calls", _place(message, messages), "messages")
                        raise Mismatch("`type` is missing", *places)


def _elements(values: Any) -> Sequence[Any]:
    # Not so a text, null, or a list that is encoded already.
    return values if values.__class__ in LISTS else ()


def _place(element: object, elements: Sequence[object]) -> int:
    return next(place for place, each in enumerate(elements) if each is element)
