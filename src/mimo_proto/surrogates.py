"""Emoji that were cut in two.

JSON writes a character beyond U+FFFF as two escapes, a high and a low surrogate. A server that cuts its text by UTF-16
units can end one delta with the first half and begin the next with the second. Alone, a half is no character (RFC 8259
section 8.2). So:

- The first half is held back, and put before the next delta of its field.
- When the field's text ends first (its choice finishes, its item is done, the stream ends), an event comes before that
  end which brings U+FFFD in the half's place. Any other half that stands alone becomes U+FFFD where it is.

These functions work on plain JSON values, whose strings may hold lone surrogates; only payloads that need it come here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mimo_proto.decode import replace_surrogates
from mimo_proto.jsontypes import is_array, is_object
from mimo_proto.projection import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["HalfKeeper"]

REPLACEMENT = "\ufffd"

# The texts in a chat delta that are no pieces of a longer one: the last counts.
WHOLE = ("role", "error_message")

Object = dict[str, Any]
Key = tuple[int | str | None, ...]


class Half(NamedTuple):
    """The first half of a character, and the event that is handed out for it should the second never come."""

    text: str
    alone: Object


class HalfKeeper:
    """Holds the first halves that wait for their second, one per field of a stream.

    `held` is empty when nothing waits, which is nearly always.
    """

    def __init__(self) -> None:
        self.held: dict[Key, Half] = {}

    def join(self, event: Any) -> list[Any]:
        """Take an event's plain value and return the values to hand out for it.

        The last is the event itself, its halves joined, held back or replaced. Before it comes what tells of a half
        whose text ends with this event.
        """
        before: list[Any] = []
        if is_object(event):
            kind = event.get("type")
            if isinstance(kind, str) and kind.startswith("response."):
                before = self._join_response_event(kind, event)
            else:
                before = self._join_chunk(event)
        return [*before, replace_surrogates(event)]

    def rest(self) -> list[Object]:
        """Let go of all that waits, as the stream ends, and return the events that tell of it."""
        return self._let_go(list(self.held))

    def _join_chunk(self, chunk: Object) -> list[Object]:
        before: list[Object] = []
        for choice in _objects(chunk.get("choices")):
            delta = choice.get("delta")
            if not is_object(delta):
                continue
            index, over = _place(choice, "index"), bool(choice.get("finish_reason"))
            for place, holder, name, alone in _texts(delta):
                only = {**choice, "finish_reason": None, "delta": dict.fromkeys(delta) | alone}
                self._join_text((index, *place), holder, name, {**chunk, "choices": [only], "usage": None}, last=over)
            if over:
                before += self._let_go([key for key in self.held if key[0] == index])
        return before

    def _join_response_event(self, kind: str, event: Object) -> list[Object]:
        if kind in TERMINAL:
            return self.rest()
        stem, _, action = kind.rpartition(".")
        place = tuple(_place(event, name) for name in ("item_id", "output_index", "content_index"))
        if action == "delta":
            self._join_text((*place, stem), event, "delta", event | {"delta": REPLACEMENT}, last=False)
        elif action == "done":
            return self._let_go([key for key in self.held if _is_within(key, place)])
        return []

    def _join_text(self, key: Key, holder: Object, name: str, alone: Object, *, last: bool) -> None:
        """Put the half that waits before the text, and hold back the one that the text ends with."""
        text = holder.get(name)
        if not isinstance(text, str) or not (text or last):
            return
        if key in self.held:
            text = self.held.pop(key).text + text
        if not last and "\ud800" <= text[-1] <= "\udbff":
            self.held[key] = Half(text[-1], alone)
            text = text[:-1]
        holder[name] = text

    def _let_go(self, keys: list[Key]) -> list[Object]:
        return [replace_surrogates(self.held.pop(key).alone) for key in keys]


def _texts(delta: Object) -> Iterator[tuple[Key, Object, str, Object]]:
    """The texts that a chat delta has pieces of: where in the choice, what holds it, its name, a delta of U+FFFD.

    That is each text in it but the whole ones, those of an extended spec too, and the arguments of tool calls.
    """
    for name in [name for name, text in delta.items() if isinstance(text, str) and name not in WHOLE]:
        yield (name,), delta, name, {name: REPLACEMENT}
    for call in _objects(delta.get("tool_calls")):
        function = call.get("function")
        if is_object(function):
            only = {"index": call.get("index"), "function": dict.fromkeys(function) | {"arguments": REPLACEMENT}}
            place = ("arguments", _place(call, "index"))
            yield place, function, "arguments", {"tool_calls": [dict.fromkeys(call) | only]}


def _place(value: Object, name: str) -> int | str | None:
    """Part of a key; what is neither number nor text cannot be one, and will be refused anyway."""
    part = value.get(name)
    return part if isinstance(part, int | str) else None


def _is_within(key: Key, place: Key) -> bool:
    """Whether a text is part of what an event names by item, output index and content index, or by some of them."""
    return all(mine is None or named is None or mine == named for mine, named in zip(key, place, strict=False))


def _objects(value: object) -> list[Object]:
    """The objects in a list; nothing for whatever is not a list."""
    return [item for item in value if is_object(item)] if is_array(value) else []
