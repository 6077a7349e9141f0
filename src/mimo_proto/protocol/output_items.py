"""The output of a response that has not ended: its items, put together from the events of the stream.

Which item an event belongs to; an id of "" is no id:

- The place is `output_index`. An id that is known there names its item. Otherwise the event goes on with the last item
  there, unless it begins another: `response.output_item.added` with another id does, and so does an event of another
  kind of item, and anything with another id once the item is done.
- Without an index the id names the item, and without either it is the item referenced last. What came under an id alone
  is joined with what came under an index when an event has both.

What an item holds:

- An item is what the last event that brings it says, a part of its content likewise. What `response.created` and
  `response.in_progress` say of it counts until an event of its own comes.
- Deltas make the text at their place longer. The event that ends a text says what it is.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.decode import plain_value
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.protocol.sums import Text

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
# The types of the items whose parts these are.
HOLDERS = {"output_text": "message", "reasoning_text": "reasoning"}

ADDED, DONE = "response.output_item.added", "response.output_item.done"
PART_ADDED, PART_DONE = "response.content_part.added", "response.content_part.done"

# What an item has of which no event brought the whole.
NEW_ITEMS: dict[str, dict[str, Any]] = {
    "message": {"type": "message", "role": "assistant", "content": []},
    "reasoning": {"type": "reasoning", "content": []},
    "function_call": {"type": "function_call", "call_id": "", "name": "", "arguments": ""},
    "custom_tool_call": {"type": "custom_tool_call", "call_id": "", "name": "", "input": ""},
}


class _Item:
    """What has come of one item.

    Attributes:
        born: Which item of the response this is, by arrival.
        place: Its `output_index`; None before one comes.
        id: Its id; "" before one comes.
        kind: Its type, as far as it is known; "" if it is not.
        fields: Its fields, but for parts and deltas.
        texts: The deltas of the texts that are not done, by place in the content and type of event.
        of_its_own: Whether an event other than a delta has brought something of it.
        done: Whether the event that ends it has come.
    """

    __slots__ = ("_ended", "_parts", "born", "done", "fields", "id", "kind", "of_its_own", "place", "texts")

    def __init__(self, born: int, place: int | None) -> None:
        self.born = born
        self.place = place
        self.id = ""
        self.kind = ""
        self.fields: dict[str, Any] = {}
        self.texts: defaultdict[tuple[int, str], Text] = defaultdict(Text)
        self.of_its_own = self.done = False
        # The content, by place and type; and the texts that an event has ended, by place and type of their deltas.
        self._parts: dict[tuple[int, str], Any] = {}
        self._ended: set[tuple[int, str]] = set()

    def set(self, item: dict[str, Any]) -> None:
        """Take the item as an event brings it, without what the deltas add."""
        content = item.get("content")
        self.fields = item
        self.kind = _type_of(item)
        self._parts = {}
        if is_array(content):
            self._parts = {(place, _type_of(part)): part for place, part in enumerate(content)}

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

    def take_in(self, later: _Item) -> None:
        """Add what came of the same item under another key, and began later."""
        self.of_its_own |= later.of_its_own
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

    def plain(self) -> dict[str, Any]:
        """The item so far, as plain JSON."""
        item, parts = dict(self.fields), dict(self._parts)
        if "type" not in item:
            item = {**NEW_ITEMS.get(self.kind, {}), **item}
        for (place, deltas), text in sorted(self.texts.items(), key=itemgetter(0)):
            name = DELTAS[deltas][1]
            if name in PARTS:
                part = parts.get((place, name), {"type": name})
                parts[place, name] = {**part, "text": _longer(part.get("text"), text)}
            else:
                item[name] = _longer(item.get(name), text)
        if parts:
            # By place alone: at one place, parts of several types stay in the order in which they came.
            item["content"] = [part for _, part in sorted(parts.items(), key=lambda entry: entry[0][0])]
        if self.id:
            item["id"] = item.get("id") or self.id
        return item


class OutputItems:
    """The items of a response that is on its way.

    One thread at a time.
    """

    def __init__(self) -> None:
        self._items: dict[int, _Item] = {}  # by arrival
        self._arrivals = count()
        # By place and id; by None and the id, whatever the place.
        self._known: dict[tuple[int | None, str], _Item] = {}
        # The last item at each place, and the one referenced last.
        self._at: dict[int, _Item] = {}
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
        # A call has no parts: its deltas all make one text.
        place = (event.content_index or 0) if kind in IN_PARTS else 0
        item.texts[place, kind].add(event.delta)

    def add(self, event: Any, kind: str) -> None:
        """Add an event of any other type, if it tells of an item.

        Raises:
            DecodeError: It is nested too deeply for where this is called.
        """
        if kind in (ADDED, DONE):
            item = self._add_item(event, kind)
        elif kind in (PART_ADDED, PART_DONE):
            part = plain_value(event.part)
            item = self._find(event.output_index, event.item_id, HOLDERS.get(_type_of(part), ""), kind)
            item.kind = item.kind or "message"
            item.set_part(event.content_index or 0, part, done=kind == PART_DONE)
        elif kind in ENDS:
            item = self._add_end(event, kind)
        else:
            return
        item.of_its_own, self._last = True, item

    def _add_item(self, event: Any, kind: str) -> _Item:
        plain = plain_value(event.item)
        item = self._find(event.output_index, plain.get("id"), _type_of(plain), kind)
        item.set(plain)
        self._note_id(item, plain.get("id"))
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
        """Add the output of a response as it was when it began, or later, as plain JSON."""
        for place, plain in enumerate(output):
            item_id = plain.get("id")
            item = self._known.get((None, item_id)) if isinstance(item_id, str) else None
            item = item or self._at.get(place) or self._begin(place)
            if not (item.of_its_own or item.texts):
                item.set(plain)
                self._note_id(item, item_id)

    def plain(self) -> list[dict[str, Any]]:
        """The items so far, as plain JSON: by place, and behind them, in the order they came, those that have none."""
        ordered = sorted(self._items.values(), key=lambda item: (item.place is None, item.place or 0, item.born))
        return [item.plain() for item in ordered]

    def _find(self, place: int | None, item_id: object, kind: str, event: str) -> _Item:
        """The item that an event belongs to; a new one if it begins one.

        Args:
            place: The event's `output_index`.
            item_id: The id of the item that the event names.
            kind: The type of the item; "" if it is not known.
            event: The event's type.
        """
        known_by = item_id if isinstance(item_id, str) else ""
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
        """The item referenced last, if an event without index and id does not begin another."""
        last = self._last
        if last is None or (event == ADDED and last.of_its_own) or (event == DONE and last.done):
            return None
        return last

    def _find_at(self, place: int, item_id: str, kind: str, event: str) -> _Item | None:
        """The item at a place in which the id is not known, if the event does not begin another there."""
        item, early = self._at.get(place), self._known.get((None, item_id))
        if early is not None and early.place is None:
            return self._put(early, place)
        if item is None or _begins(item, item_id, kind, event):
            return None
        return item

    def _put(self, early: _Item, place: int) -> _Item:
        """Put what came under an id alone to its place, and join it with what came there without an id."""
        item = self._at.get(place)
        if item is not None and not item.id and not _differ(item.kind, early.kind):
            first, later = sorted((item, early), key=attrgetter("born"))
            first.take_in(later)
            del self._items[later.born]
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
        self._items[item.born] = item
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
    """Whether an event begins another item at the place of this one, in which its id is not known."""
    another_kind = _differ(kind, item.kind)
    if item_id and item.id:
        return another_kind or event == ADDED or item.done
    return another_kind and (item_id != "" or event in (ADDED, DONE))


def _differ(kind: str, other: str) -> bool:
    """Whether two types of items differ, as far as they are known."""
    return "" not in (kind, other) and kind != other


def _type_of(part: object) -> str:
    kind = part.get("type") if is_object(part) else None
    return kind if isinstance(kind, str) else ""


def _longer(text: object, more: Text) -> str:
    return text + more.whole() if isinstance(text, str) else more.whole()
