"""Emoji that were cut in two.

JSON writes a character beyond U+FFFF as two escapes, a high and a low surrogate. A server that cuts its text by UTF-16
units can end one delta with the first half and begin the next with the second. Alone, a half is no character (RFC 8259
section 8.2); so the first is held back and put before the next delta of that field. What stays alone becomes U+FFFD.

These functions work on plain JSON values, whose strings may hold lone surrogates; only payloads that need it come here.
"""

from __future__ import annotations

from typing import Any

from mimo_proto.decode import replace_surrogates
from mimo_proto.jsontypes import is_array, is_object

__all__ = ["HalfKeeper"]

REPLACEMENT = "\ufffd"
# The fields of a chat delta that are pieces of one text.
CHAT_FIELDS = ("content", "reasoning_content", "final_text_preview", "error_message")

Key = tuple[object, ...]


class HalfKeeper:
    """Holds the first halves that wait for their second, one per field of a stream.

    `held` is empty when nothing waits, which is nearly always.
    """

    def __init__(self) -> None:
        self.held: dict[Key, str] = {}
        self._events: dict[Key, dict[str, Any]] = {}

    def join(self, event: Any) -> list[Any]:
        """Take an event's plain value and return the values to hand out for it.

        It is one, the event itself with its halves joined, held back or replaced; a Responses event that ends a text
        with a half still waiting is preceded by a delta that brings U+FFFD.
        """
        before: list[Any] = []
        if is_object(event):
            kind = event.get("type")
            if isinstance(kind, str) and kind.startswith("response."):
                before = self._join_response_event(kind, event)
            else:
                self._join_chunk(event)
        return [*before, replace_surrogates(event)]

    def _join_chunk(self, chunk: dict[str, Any]) -> None:
        for choice in _objects(chunk.get("choices")):
            index, delta = choice.get("index"), choice.get("delta")
            if not is_object(delta):
                continue
            over = choice.get("finish_reason") is not None
            for name in CHAT_FIELDS:
                self._join_field(delta, name, (index, name), last=over)
            for call in _objects(delta.get("tool_calls")):
                function = call.get("function")
                if is_object(function):
                    self._join_field(function, "arguments", (index, "arguments", call.get("index")), last=over)

    def _join_response_event(self, kind: str, event: dict[str, Any]) -> list[Any]:
        stem, _, action = kind.rpartition(".")
        key = (stem, event.get("item_id"), event.get("output_index"), event.get("content_index"))
        if action == "delta":
            self._join_field(event, "delta", key, last=False)
            if key in self.held:
                self._events[key] = event
        elif self.held.pop(key, ""):
            return [{**replace_surrogates(self._events.pop(key)), "delta": REPLACEMENT}]
        return []

    def _join_field(self, fields: dict[str, Any], name: str, key: Key, *, last: bool) -> None:
        """Put the half that waits before the field's text, and hold back the one that the text ends with."""
        text = fields.get(name)
        if not isinstance(text, str):
            if last and self.held.pop(key, ""):
                fields[name] = REPLACEMENT
            return
        if not text and not last:
            return
        text = self.held.pop(key, "") + text
        if not last and "\ud800" <= text[-1:] <= "\udbff":
            self.held[key] = text[-1]
            text = text[:-1]
        fields[name] = text


def _objects(value: object) -> list[dict[str, Any]]:
    """The objects in a list; nothing for whatever is not a list."""
    return [item for item in value if is_object(item)] if is_array(value) else []
