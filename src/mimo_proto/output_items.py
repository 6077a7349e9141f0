"""The output of a response that has not ended: its items, put together from what the events say of them.

- Which item is meant, `output_index` says; where there is none, the item's id; where there is none either, it is the
  one that was told of last, or the first. An event that has both joins what came under either.
- An item is what the last event that brings it says, a part of its content likewise. What `response.created` and
  `response.in_progress` say of it counts until an event of its own comes.
- Deltas make the text at their place longer. The event that ends a text says what it is.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from mimo_proto.decode import plain_value
from mimo_proto.jsontypes import is_array, is_object
from mimo_proto.pieces import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DELTAS", "OutputItems"]

# What the deltas are pieces of: the type of the item, and the field of it, or the type of the part in its content.
DELTAS = {
    "response.output_text.delta": ("message", "output_text"),
    "response.reasoning_text.delta": ("reasoning", "reasoning_text"),
    "response.function_call_arguments.delta": ("function_call", "arguments"),
    "response.custom_tool_call_input.delta": ("custom_tool_call", "input"),
}
# The events that end a text, the deltas of it, and their field that has all of it.
ENDS = {
    "response.output_text.done": ("response.output_text.delta", "text"),
    "response.reasoning_text.done": ("response.reasoning_text.delta", "text"),
    "response.function_call_arguments.done": ("response.function_call_arguments.delta", "arguments"),
    "response.custom_tool_call_input.done": ("response.custom_tool_call_input.delta", "input"),
}
# The parts of a content that are a text, with the deltas of it.
PARTS = {"output_text": "response.output_text.delta", "reasoning_text": "response.reasoning_text.delta"}
IN_PARTS = frozenset(PARTS.values())

# What an item needs is filled in where the event that begins it did not come.
NEW_ITEMS: dict[str, dict[str, Any]] = {
    "message": {"type": "message", "role": "assistant", "content": []},
    "reasoning": {"type": "reasoning", "id": "", "content": []},
    "function_call": {"type": "function_call", "call_id": "", "name": "", "arguments": ""},
    "custom_tool_call": {"type": "custom_tool_call", "call_id": "", "name": "", "input": ""},
}

# An item's output index, or its id.
Key = int | str


class _Item:
    """What has come of one item."""

    __slots__ = ("born", "done", "ended", "fields", "of_its_own", "parts", "texts")

    def __init__(self, born: int) -> None:
        self.born = born
        self.fields: dict[str, Any] = {}
        # The content, by index and type.
        self.parts: dict[tuple[int, str], Any] = {}
        # The deltas of the texts that are not done, by index and type of event.
        self.texts: defaultdict[tuple[int, str], Text] = defaultdict(Text)
        # Those of them that an event has ended.
        self.ended: set[tuple[int, str]] = set()
        # An event of its own has told of it; and the one that ends it.
        self.of_its_own = self.done = False

    def set(self, item: dict[str, Any]) -> None:
        """Take the item as an event brings it, without what the deltas add."""
        content = item.get("content")
        self.fields = item
        self.parts = {}
        if is_array(content):
            self.parts = {(place, _type_of(part)): part for place, part in enumerate(content)}

    def end_text(self, place: int, deltas: str, text: str) -> None:
        """Take a text as the event that ends it says."""
        kind, name = DELTAS[deltas]
        self.fill_in(kind)
        self.end_deltas(place, deltas)
        if name in PARTS:
            self.parts[place, name] = {**self.parts.get((place, name), {"type": name}), "text": text}
        else:
            self.fields[name] = text

    def end_deltas(self, place: int, deltas: str) -> None:
        """Drop the deltas of a text that has come whole."""
        self.texts.pop((place, deltas), None)
        self.ended.add((place, deltas))

    def fill_in(self, kind: str) -> None:
        """Give the item what it needs, if it has it not, and is not of another type."""
        if self.fields.get("type", kind) == kind:
            self.fields = {**NEW_ITEMS[kind], **self.fields}

    def take_in(self, later: _Item) -> None:
        """Add what came of the same item under another key, and began later."""
        self.of_its_own |= later.of_its_own
        if self.done and not later.done:
            return
        # What was only filled in is empty.
        said = {field: value for field, value in later.fields.items() if value}
        self.fields = {**later.fields, **self.fields, **said}
        begun = {key: part for key, part in later.parts.items() if (key[0], PARTS.get(key[1], "")) not in self.ended}
        self.parts = {**self.parts, **begun}
        if later.done:
            self.done, self.parts = True, later.parts
            self.texts.clear()
        for key in later.ended:
            self.end_deltas(*key)
        for key, text in later.texts.items():
            if key not in self.ended:
                self.texts[key].add(str(text))

    def plain(self) -> dict[str, Any]:
        """The item so far, as plain JSON."""
        item, parts = dict(self.fields), dict(self.parts)
        for (place, deltas), text in sorted(self.texts.items(), key=itemgetter(0)):
            kind, name = DELTAS[deltas]
            if item.get("type", kind) == kind:
                item = {**NEW_ITEMS[kind], **item}
            if name in PARTS:
                part = parts.get((place, name), {"type": name})
                parts[place, name] = {**part, "text": _longer(part.get("text"), text)}
            else:
                item[name] = _longer(item.get(name), text)
        if parts:
            # By place alone: at one place, parts of several types stay in the order in which they came.
            item["content"] = [part for _, part in sorted(parts.items(), key=lambda entry: entry[0][0])]
        return item


class OutputItems:
    """The items of a response that is on its way.

    One thread at a time.
    """

    def __init__(self) -> None:
        # The numbers tell which of two items began first.
        self._items: defaultdict[Key, _Item] = defaultdict(map(_Item, count()).__next__)
        # Where the items are whose ids were told together with an index.
        self._places: dict[str, int] = {}
        # The item that was told of last.
        self._last: Key = 0
        # No index below is free for an item that begins without one, and without an id.
        self._next = 0

    def __bool__(self) -> bool:
        return bool(self._items)

    def add_delta(self, event: Any, kind: str) -> None:
        """Add an event of one of the types in `DELTAS`."""
        key: Key | None = event.output_index
        item_id: str | None = event.item_id
        # Here, not in `_key`: that would be a call for each delta.
        if key is None or (item_id and item_id not in self._places):
            key = self._key(event.output_index, item_id)
        self._last = key
        # A call has no parts: its deltas all make one text.
        place = (event.content_index or 0) if kind in IN_PARTS else 0
        self._items[key].texts[place, kind].add(event.delta)

    def add(self, event: Any, kind: str) -> None:
        """Add an event of any other type, if it tells of an item.

        Raises:
            DecodeError: It is nested too deeply for where this is called.
        """
        if kind in ("response.output_item.added", "response.output_item.done"):
            plain = plain_value(event.item)
            key = self._key(event.output_index, plain.get("id"))
            ends, nameless = kind == "response.output_item.done", event.output_index is None and not plain.get("id")
            if nameless and not ends and self._items[key].of_its_own:
                # Another one begins: the one before is not to be lost.
                while self._next in self._items:
                    self._next += 1
                key = self._next
            item = self._items[key]
            item.set(plain)
            if ends:
                item.done = True
                item.texts.clear()
        elif kind in ("response.content_part.added", "response.content_part.done"):
            part, place = plain_value(event.part), event.content_index or 0
            key, name = self._key(event.output_index, event.item_id), _type_of(part)
            item = self._items[key]
            item.fill_in("reasoning" if name == "reasoning_text" else "message")
            item.parts[place, name] = part
            if kind == "response.content_part.done":
                item.end_deltas(place, PARTS.get(name, ""))
        elif kind in ENDS:
            key, (deltas, field) = self._key(event.output_index, event.item_id), ENDS[kind]
            item = self._items[key]
            place = (event.content_index or 0) if field == "text" else 0
            item.end_text(place, deltas, getattr(event, field))
            if item.fields.get("name") == "":
                item.fields["name"] = getattr(event, "name", None) or ""
        else:
            return
        item.of_its_own, self._last = True, key

    def add_snapshot(self, output: Iterable[dict[str, Any]]) -> None:
        """Add the output of a response as it was when it began, or later, as plain JSON."""
        for index, plain in enumerate(output):
            item = self._items[self._key(index, plain.get("id"))]
            if not (item.of_its_own or item.texts):
                item.set(plain)

    def plain(self) -> list[dict[str, Any]]:
        """The items so far, as plain JSON: by index, and behind them, in the order they came, those that have none."""
        by_index: list[Key] = sorted(key for key in self._items if isinstance(key, int))
        others: list[Key] = [key for key in self._items if isinstance(key, str)]
        items = [self._items[key].plain() for key in [*by_index, *others]]
        for item, item_id in zip(items[len(by_index) :], others, strict=True):
            item["id"] = item.get("id") or item_id
        return items

    def _key(self, index: int | None, item_id: object) -> Key:
        """Which item an event tells of; what came of it under its id alone is joined with what came under its index."""
        if not isinstance(item_id, str) or not item_id:
            return self._last if index is None else index
        if index is None:
            return self._places.get(item_id, item_id)
        self._places[item_id] = index
        if item_id in self._items:
            self._join(item_id, index)
        return index

    def _join(self, item_id: str, index: int) -> None:
        """Put what came under an id to what came under an index."""
        item = self._items.pop(item_id)
        if index in self._items:
            item, later = sorted((item, self._items[index]), key=attrgetter("born"))
            item.take_in(later)
        item.fields["id"] = item.fields.get("id") or item_id
        self._items[index] = item
        if self._last == item_id:
            self._last = index


def _type_of(part: object) -> str:
    kind = part.get("type") if is_object(part) else None
    return kind if isinstance(kind, str) else ""


def _longer(text: object, more: Text) -> str:
    return text + str(more) if isinstance(text, str) else str(more)
