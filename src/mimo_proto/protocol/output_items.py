"""The output of a response that has not ended: its items, put together from the events of the stream.

Which item an event belongs to; an id of "" is no id:

- The place is `output_index`. An id that is known there names its item. Otherwise the event goes on with the last item
  there, unless it begins another: `response.output_item.added` with another id does, and so does an event of another
  kind of item, and anything with another id once the item is done.
- Without an index the id names the item, and without either it is the item referenced last. An item known by its id
  alone and one known by its index alone are joined when an event has both.

What an item holds:

- The last event that brings an item says what it is, and so it is with a part of its content. The items in
  `response.created` and `response.in_progress` count until an event of their own comes.
- Deltas make the text at their place longer. The event that ends a text has the whole text.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.decode import plain_value
from mimo_proto.protocol.json_types import is_array, is_object, text_or_empty
from mimo_proto.protocol.sums import TextSum

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DELTAS", "OutputItems"]

# By type of delta: the type of the item that it belongs to, and the item's field, or the type of the part, that has the
# text.
DELTAS = {
    "response.output_text.delta": ("message", "output_text"),
    "response.reasoning_text.delta": ("reasoning", "reasoning_text"),
    "response.function_call_arguments.delta": ("function_call", "arguments"),
    "response.custom_tool_call_input.delta": ("custom_tool_call", "input"),
}
# By type of a part: the type of the deltas of its text.
PARTS = {"output_text": "response.output_text.delta", "reasoning_text": "response.reasoning_text.delta"}
DELTAS_OF_PARTS = frozenset(PARTS.values())
# By type of the event that ends a text: the type of its deltas, and the event's field that has the whole text.
ENDS = {
    deltas.replace(".delta", ".done"): (deltas, "text" if name in PARTS else name)
    for deltas, (_, name) in DELTAS.items()
}

ADDED, DONE = "response.output_item.added", "response.output_item.done"
PART_ADDED, PART_DONE = "response.content_part.added", "response.content_part.done"

# By type: the fields of an item that no event brought whole.
NEW_ITEMS: dict[str, dict[str, Any]] = {
    "message": {"role": "assistant", "content": []},
    "reasoning": {"content": []},
    "function_call": {"call_id": "", "name": "", "arguments": ""},
    "custom_tool_call": {"call_id": "", "name": "", "input": ""},
}


class _Item:
    """One item, as far as it has come.

    Attributes:
        arrival: The item's place in the order of arrival.
        place: The item's `output_index`; None before one comes.
        id: The item's id; "" before one comes.
        kind: The item's type; "" as long as it is not known.
        fields: The item's fields, but for parts and deltas.
        texts: The deltas of the texts that are not done, by place in the content and type of event.
        has_own_event: Whether an event other than a delta has brought something of the item.
        done: Whether the event that ends the item has come.
    """

    __slots__ = ("_ended", "_parts", "arrival", "done", "fields", "has_own_event", "id", "kind", "place", "texts")

    def __init__(self, arrival: int, place: int | None) -> None:
        self.arrival = arrival
        self.place = place
        self.id = ""
        self.kind = ""
        self.fields: dict[str, Any] = {}
        self.texts: defaultdict[tuple[int, str], TextSum] = defaultdict(TextSum)
        self.has_own_event = self.done = False
        # The content, by place and type.
        self._parts: dict[tuple[int, str], Any] = {}
        # The texts that an event has ended, by place and type of their deltas.
        self._ended: set[tuple[int, str]] = set()

    def set(self, item: dict[str, Any]) -> None:
        """Take the item as an event brings it, which does not end the deltas."""
        content = item.get("content")
        parts = content if is_array(content) else []
        self.fields = item
        self.kind = _type_of(item)
        self._parts = {(place, _type_of(part)): part for place, part in enumerate(parts)}

    def set_part(self, place: int, part: Any, *, done: bool) -> None:
        """Take a part of the content as an event brings it."""
        name = _type_of(part)
        self._parts[place, name] = part
        if done:
            self._end(place, PARTS.get(name, ""))

    def end_text(self, place: int, deltas: str, text: str) -> None:
        """Take a text as the event that ends it says."""
        name = DELTAS[deltas][1]
        self._end(place, deltas)
        if name in PARTS:
            self._parts[place, name] = {**self._parts.get((place, name), {"type": name}), "text": text}
        else:
            self.fields[name] = text

    def _end(self, place: int, deltas: str) -> None:
        self.texts.pop((place, deltas), None)
        self._ended.add((place, deltas))

    def merge(self, later: _Item) -> None:
        """Add what came of the same item under another key, and began later."""
        self.has_own_event |= later.has_own_event
        self.kind = self.kind or later.kind
        if self.done and not later.done:
            return
        said = {field: value for field, value in later.fields.items() if value}
        self.fields = {**later.fields, **self.fields, **said}
        begun = {key: part for key, part in later._parts.items() if (key[0], PARTS.get(key[1], "")) not in self._ended}
        self._parts = {**self._parts, **begun}
        if later.done:
            self.done, self._parts = True, later._parts
            self.texts.clear()
        for key in later._ended:
            self._end(*key)
        for key, text in later.texts.items():
            if key not in self._ended:
                self.texts[key].add(text.whole())

    def as_json(self) -> dict[str, Any]:
        """Give the item so far, as JSON."""
        item, parts = dict(self.fields), dict(self._parts)
        if "type" not in item:
            item = {"type": self.kind, **NEW_ITEMS[self.kind], **item} if self.kind in NEW_ITEMS else item
        for (place, deltas), text in sorted(self.texts.items(), key=itemgetter(0)):
            name = DELTAS[deltas][1]
            if name in PARTS:
                part = parts.get((place, name), {"type": name})
                parts[place, name] = {**part, "text": _longer(part.get("text"), text)}
            else:
                item[name] = _longer(item.get(name), text)
        if parts:
            # By place alone: parts of several types at one place stay in the order in which they came.
            item["content"] = [part for _, part in sorted(parts.items(), key=lambda entry: entry[0][0])]
        if self.id:
            item["id"] = item.get("id") or self.id
        return item


class OutputItems:
    """The items of a response that has not ended.

    One thread at a time.
    """

    def __init__(self) -> None:
        self._items: dict[int, _Item] = {}  # by arrival
        self._arrivals = count()
        # By place and id; by None and the id, whatever the place.
        self._known: dict[tuple[int | None, str], _Item] = {}
        # The last item at each place.
        self._at: dict[int, _Item] = {}
        # The item referenced last.
        self._last: _Item | None = None
        # No place below is free for an item that begins without one, and without an id.
        self._next = 0

    def __bool__(self) -> bool:
        return bool(self._items)

    def add_delta(self, event: Any, kind: str) -> None:
        """Add an event of one of the types in `DELTAS`."""
        item = self._known.get((event.output_index, event.item_id))
        if item is None:
            item = self._find(event.output_index, event.item_id, DELTAS[kind][0], kind)
        self._last = item
        # A call has no parts: its deltas are all of one text.
        place = (event.content_index or 0) if kind in DELTAS_OF_PARTS else 0
        item.texts[place, kind].add(event.delta)

    def add(self, event: Any, kind: str) -> None:
        """Add an event of any other type, if it is about an item.

        Raises:
            DecodeError: The event is nested too deeply for where this is called.
        """
        if kind in (ADDED, DONE):
            item = self._add_item(event, kind)
        elif kind in (PART_ADDED, PART_DONE):
            part = plain_value(event.part)
            item = self._find(event.output_index, event.item_id, _holder_of(part), kind)
            item.kind = item.kind or "message"
            item.set_part(event.content_index or 0, part, done=kind == PART_DONE)
        elif kind in ENDS:
            item = self._add_end(event, kind)
        else:
            return
        item.has_own_event, self._last = True, item

    def _add_item(self, event: Any, kind: str) -> _Item:
        fields = plain_value(event.item)
        item = self._find(event.output_index, fields.get("id"), _type_of(fields), kind)
        item.set(fields)
        self._note_id(item, fields.get("id"))
        if kind == DONE:
            item.done = True
            item.texts.clear()
        return item

    def _add_end(self, event: Any, kind: str) -> _Item:
        deltas, field = ENDS[kind]
        item = self._find(event.output_index, event.item_id, DELTAS[deltas][0], kind)
        place = (event.content_index or 0) if field == "text" else 0
        item.end_text(place, deltas, getattr(event, field))
        name = getattr(event, "name", None)
        if name:
            item.fields["name"] = item.fields.get("name") or name
        return item

    def add_snapshot(self, output: Iterable[dict[str, Any]]) -> None:
        """Add the output of a response as it was when it began, or later, as JSON."""
        for place, fields in enumerate(output):
            item_id = fields.get("id")
            item = self._known.get((None, item_id)) if isinstance(item_id, str) else None
            item = item or self._at.get(place) or self._begin(place)
            if not (item.has_own_event or item.texts):
                item.set(fields)
                self._note_id(item, item_id)

    def as_json(self) -> list[dict[str, Any]]:
        """Give the items so far, as JSON: by place, and behind them, in the order they came, those without a place."""
        ordered = sorted(self._items.values(), key=lambda item: (item.place is None, item.place or 0, item.arrival))
        return [item.as_json() for item in ordered]

    def _find(self, place: int | None, item_id: object, kind: str, event: str) -> _Item:
        """Find the item that an event belongs to, or begin it.

        Args:
            place: The event's `output_index`.
            item_id: The id of the item that the event names.
            kind: The type of the item; "" if the event does not say it.
            event: The event's type.
        """
        known_by = text_or_empty(item_id)
        item = self._known.get((place, known_by))
        if item is None and place is not None:
            item = self._find_at(place, known_by, kind, event)
        elif item is None and not known_by:
            item = self._find_last(event)
        if item is None:
            item = self._begin(None if place is None and known_by else self._free(place))
        item.kind = item.kind or kind
        if not item.id:
            self._note_id(item, known_by)
        return item

    def _find_last(self, event: str) -> _Item | None:
        """Find the item referenced last, if an event without index and id does not begin another."""
        last = self._last
        if last is None or (event == ADDED and last.has_own_event) or (event == DONE and last.done):
            return None
        return last

    def _find_at(self, place: int, item_id: str, kind: str, event: str) -> _Item | None:
        """Find the item at a place where the id is not known, if the event does not begin another there."""
        item, early = self._at.get(place), self._known.get((None, item_id))
        if early is not None and early.place is None:
            return self._put(early, place)
        if item is None or _begins(item, item_id, kind, event):
            return None
        return item

    def _put(self, early: _Item, place: int) -> _Item:
        """Put an item that is known by its id alone to a place, and join it with an item there that has no id."""
        item = self._at.get(place)
        if item is not None and not item.id and not _differ(item.kind, early.kind):
            first, later = sorted((item, early), key=attrgetter("arrival"))
            first.merge(later)
            del self._items[later.arrival]
        else:
            first = early
        if self._last is item or self._last is early:
            self._last = first
        first.place, self._at[place] = place, first
        self._note_id(first, early.id)
        return first

    def _free(self, place: int | None) -> int:
        if place is not None:
            return place
        while self._next in self._at:
            self._next += 1
        return self._next

    def _begin(self, place: int | None) -> _Item:
        item = _Item(next(self._arrivals), place)
        self._items[item.arrival] = item
        if place is not None:
            self._at[place] = item
        self._last = self._last or item
        return item

    def _note_id(self, item: _Item, item_id: object) -> None:
        """Note an id of an item."""
        if isinstance(item_id, str) and item_id:
            item.id = item_id
            self._known[item.place, item_id] = self._known[None, item_id] = item


def _begins(item: _Item, item_id: str, kind: str, event: str) -> bool:
    """Whether an event with an unknown id begins another item at the place of this one."""
    another_kind = _differ(kind, item.kind)
    if item_id and item.id:
        return another_kind or event == ADDED or item.done
    return another_kind and (item_id != "" or event in (ADDED, DONE))


def _differ(kind: str, other: str) -> bool:
    """Whether two types of items differ, as far as they are known."""
    return "" not in (kind, other) and kind != other


def _type_of(value: object) -> str:
    """Give the type of an item or a part; "" where it has none."""
    return text_or_empty(value.get("type")) if is_object(value) else ""


def _holder_of(part: object) -> str:
    """Give the type of the items that have such parts; "" where it is not known."""
    return DELTAS[PARTS[kind]][0] if (kind := _type_of(part)) in PARTS else ""


def _longer(text: object, more: TextSum) -> str:
    return text + more.whole() if isinstance(text, str) else more.whole()
