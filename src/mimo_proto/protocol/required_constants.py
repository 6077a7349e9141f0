"""The texts that the spec requires and to which it leaves no choice, where they are no tags: the `type` of a tool call.

Rules:
- A Struct always sends such a text, as the default of its field; so msgspec takes an object without it. A dict is sent
  as it is written, so the text is looked for in a dict.
- Structs, `Raw` and `Unknown` are trusted, as by `validate`, and so are mappings that are not dicts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.models import ChatCompletionRequest, ResponseRequest
from mimo_proto.protocol.convert import Mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
        for place, tool in _dicts(request, "tools", "web_search", tag_field="type"):
            location: Any = tool.get("user_location")
            if location.__class__ is dict and "type" not in location:
                raise Mismatch("`type` is missing", "user_location", place, "tools")
    elif kind.__name__ == ResponseRequest.__name__:
        for place, item in _dicts(request, "input", "additional_tools", tag_field="type"):
            if "role" not in item:
                raise Mismatch("`role` is missing", place, "input")


def _look_through_calls(request: Mapping[str, Any]) -> None:
    for place, message in _dicts(request, "messages", "assistant", tag_field="role"):
        for number, call in _dicts(message, "tool_calls"):
            if "type" not in call:
                raise Mismatch("`type` is missing", number, "tool_calls", place, "messages")


def _dicts(
    holder: Mapping[str, Any], name: str, tag: str = "", *, tag_field: str = ""
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the dicts in a list, or those of them with a tag, each with its place."""
    elements: Any = holder.get(name)
    for place, element in enumerate(elements if elements.__class__ in (list, tuple) else ()):
        if element.__class__ is dict and (not tag or element.get(tag_field) == tag):
            yield place, element
