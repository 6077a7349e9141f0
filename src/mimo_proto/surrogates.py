"""Emoji that were cut in two.

JSON writes a character beyond U+FFFF as two escapes, a high and a low surrogate. A server that cuts its text by UTF-16
units can end one delta with the first half and begin the next with the second. Alone, a half is no character (RFC 8259
section 8.2). So:

- The first half is held back, and put before the next delta of its field.
- When the field's text ends first (its choice finishes, its item is done, the stream ends), an event comes before that
  end which brings U+FFFD in the half's place. Any other half that stands alone becomes U+FFFD where it is.
- Few halves wait at a time, with little of the events that they came in. One too many becomes U+FFFD at once.

These functions work on plain JSON values, whose strings may hold lone surrogates; only payloads that need it come here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mimo_proto.completion import TERMINAL
from mimo_proto.decode import replace_surrogates, whole_number
from mimo_proto.jsontypes import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pieces = Callable[[], "Object"]

__all__ = ["HalfKeeper"]

REPLACEMENT = "\ufffd"

# So many halves wait at once; a stream of many choices, or of items that are never done, could leave any number.
MOST = 128

# What is kept of their events may be so large, in bytes and together: all of it is copied when the stream ends.
ROOM = 2**21

# What a value, or the name of one, takes beside its text.
EACH = 32

# The texts in a chat delta that are no pieces of a longer one: the last counts.
WHOLE = ("role", "error_message")

Object = dict[str, Any]
Key = tuple[int | str | None, ...]


class Half(NamedTuple):
    """The first half of a character, the event that is handed out for it should the second never come, and its size."""

    text: str
    alone: Object
    size: int


class HalfKeeper:
    """Holds the first halves that wait for their second, one per field of a stream.

    Attributes:
        held: The halves by their keys, by what the keys begin with: the choice's index, or the item's id. Empty when
            nothing waits, which is nearly always.
    """

    def __init__(self) -> None:
        self.held: dict[int | str | None, dict[Key, Half]] = {}
        self._count = 0
        self._room = ROOM

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
        return self._let_go([key for group in self.held.values() for key in group])

    def _join_chunk(self, chunk: Object) -> list[Object]:
        before: list[Object] = []
        # Once for all halves in it: there may be many.
        size = _size({**chunk, "choices": None})
        for choice in _objects(chunk.get("choices")):
            delta = choice.get("delta")
            if not is_object(delta):
                continue
            index, over = _place(choice, "index"), bool(choice.get("finish_reason"))
            around = size + _size({**choice, "delta": dict.fromkeys(delta)})
            for place, holder, name, pieces, own in _texts(delta):
                alone = partial(_only_choice, chunk, choice, pieces)
                self._join_text((index, *place), holder, name, alone, around + own, last=over)
            if over:
                before += self._let_go(list(self.held.get(index, ())))
        return before

    def _join_response_event(self, kind: str, event: Object) -> list[Object]:
        if kind in TERMINAL:
            return self.rest()
        stem, _, action = kind.rpartition(".")
        place = tuple(_place(event, name) for name in ("item_id", "output_index", "content_index"))
        if action == "delta":
            size = _size(event | {"delta": None})
            self._join_text((*place, stem), event, "delta", lambda: event | {"delta": REPLACEMENT}, size, last=False)
        elif action == "done":
            item = place[0]
            groups = list(self.held.values()) if item is None else [self.held.get(each, {}) for each in (item, None)]
            return self._let_go([key for group in groups for key in group if _is_within(key, place)])
        return []

    def _join_text(self, key: Key, holder: Object, name: str, alone: Pieces, size: int, *, last: bool) -> None:
        """Put the half that waits before the text, and hold back the one that the text ends with."""
        text = holder.get(name)
        if not isinstance(text, str) or not (text or last):
            return
        if key in self.held.get(key[0], ()):
            text = self._pop(key).text + text
        if not last and "\ud800" <= text[-1] <= "\udbff" and self._count < MOST and size <= self._room:
            self.held.setdefault(key[0], {})[key] = Half(text[-1], alone(), size)
            self._count += 1
            self._room -= size
            text = text[:-1]
        holder[name] = text

    def _pop(self, key: Key) -> Half:
        group = self.held[key[0]]
        half = group.pop(key)
        if not group:
            del self.held[key[0]]
        self._count -= 1
        self._room += half.size
        return half

    def _let_go(self, keys: list[Key]) -> list[Object]:
        return [replace_surrogates(self._pop(key).alone) for key in keys]


def _texts(delta: Object) -> Iterator[tuple[Key, Object, str, Pieces, int]]:
    """The texts that a chat delta has pieces of: where in the choice, what holds it, its name, a delta of U+FFFD.

    Last comes the size of what that delta has beside the names of this one.

    That is each text in it but the whole ones, those of an extended spec too, and the arguments of tool calls. The
    delta is made when it is needed: it is as large as the delta that it stands in for, and there may be many texts.
    """
    for name in [name for name, text in delta.items() if isinstance(text, str) and name not in WHOLE]:
        yield (name,), delta, name, partial(dict, {name: REPLACEMENT}), 0
    for call in _objects(delta.get("tool_calls")):
        function = call.get("function")
        if is_object(function):
            place = ("arguments", _place(call, "index"))
            alone = partial(_only_arguments, call, function)
            yield place, function, "arguments", alone, _size(alone())


def _only_choice(chunk: Object, choice: Object, pieces: Pieces) -> Object:
    only = {**choice, "finish_reason": None, "delta": dict.fromkeys(choice["delta"]) | pieces()}
    return {**chunk, "choices": [only], "usage": None}


def _only_arguments(call: Object, function: Object) -> Object:
    only = {"index": call.get("index"), "function": dict.fromkeys(function) | {"arguments": REPLACEMENT}}
    return {"tool_calls": [dict.fromkeys(call) | only]}


def _size(value: object) -> int:
    """About how many bytes a JSON value takes; of one that has no room, only that."""
    size, todo = 0, [value]
    while todo and size <= ROOM:
        each = todo.pop()
        size += EACH
        if isinstance(each, str):
            size += len(each)
        elif is_array(each):
            todo += each
        elif is_object(each):
            todo += each
            todo += each.values()
    return size


def _place(value: Object, name: str) -> int | str | None:
    """Part of a key; what is neither integer nor text cannot be one, and will be refused anyway."""
    part = value.get(name)
    return part if isinstance(part, str) else whole_number(part)


def _is_within(key: Key, place: Key) -> bool:
    """Whether a text is part of what an event names by item, output index and content index, or by some of them."""
    return all(mine is None or named is None or mine == named for mine, named in zip(key, place, strict=False))


def _objects(value: object) -> list[Object]:
    """The objects in a list; nothing for whatever is not a list."""
    return [item for item in value if is_object(item)] if is_array(value) else []
