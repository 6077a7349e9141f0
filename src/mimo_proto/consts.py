"""The texts that the spec requires and to which it leaves no choice, where they are no tags: the `type` of a tool call.

Rules:
- A Struct always sends them, as defaults of its fields; so msgspec takes an object without them. A dict is sent as it
  is written, so in a dict they are looked for.
- Structs, `Raw` and `Unknown` are trusted, as by `validate`, and so are mappings that are no dicts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.models import ChatCompletionRequest, ResponseRequest
from mimo_proto.walk import Misfit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["find_missing_const"]


def find_missing_const(request: Mapping[str, Any], kind: type) -> None:
    """Look through a request that fits its Struct otherwise.

    Args:
        request: The request.
        kind: Its Struct; one that was generated with an overlay has the name of ours.

    Raises:
        Misfit: A text is missing.
    """
    if kind.__name__ == ChatCompletionRequest.__name__:
        for index, message in _having("tool_calls", request.get("messages")):
            if message.get("role") == "assistant":
                for place, call in enumerate(_elements(message["tool_calls"])):
                    if call.__class__ is dict and "type" not in call:
                        raise Misfit("`type` is missing", place, "tool_calls", index, "messages")
        for index, tool in _having("user_location", request.get("tools")):
            where = tool["user_location"]
            if tool["type"] == "web_search" and where.__class__ is dict and "type" not in where:
                raise Misfit("`type` is missing", "user_location", index, "tools")
    elif kind.__name__ == ResponseRequest.__name__:
        for index, item in _having("tools", request.get("input")):
            if item.get("type") == "additional_tools" and "role" not in item:
                raise Misfit("`role` is missing", index, "input")


def _having(name: str, values: Any) -> list[tuple[int, dict[str, Any]]]:
    """The dicts with a name among the elements of a list, and their places."""
    elements = enumerate(_elements(values))
    return [(index, value) for index, value in elements if value.__class__ is dict and name in value]


def _elements(values: Any) -> Sequence[Any]:
    # Not so a text, null, or a list that is encoded already.
    return values if values.__class__ in (list, tuple) else ()
