"""Which item of a response's output an event of its stream belongs to; an id of "" is no id.

- The place is `output_index`. An id that is known there names its item. Otherwise the event goes on with the last item
  there, unless it begins another: `response.output_item.added` with another id does, and so does an event of another
  kind of item, and anything with another id once the item is done.
- Without an index the id names the item, and without either it is the item referenced last. An item known by its id
  alone and one known by its index alone are joined when an event has both.
"""

from __future__ import annotations

from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mimo_proto.protocol.json_types import is_object, text_or_empty

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ADDED", "DELTAS", "DONE", "ENDS", "PARTS", "PART_ADDED", "PART_DONE", "Item", "OutputPlaces", "type_of"]

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
# By type of the event that ends a text: the type of its deltas, and the event's field that has the whole text.
ENDS = {
    deltas.replace(".delta", ".done"): (deltas, "text" if name in PARTS else name)
    for deltas, (_, name) in DELTAS.items()
}

ADDED = "response.output_item.added"
DONE = "response.output_item.done"
PART_ADDED = "response.content_part.added"
PART_DONE = "response.content_part.done"


class Item:
    """One item, as far as its events say which one it is.

    Attributes:
        arrival: The item's place in the order of arrival.
        place: The item's `output_index`; None before one comes.
        id: The item's id; "" before one comes.
        kind: The item's type; "" as long as it is not known.
        has_own_event: Whether an event other than a delta has brought something of the item.
        done: Whether the event that ends the item has come.
    """

    __slots__ = ("arrival", "done", "has_own_event", "id", "kind", "place")

    def __init__(self, arrival: int, place: int | None) -> None:
        self.arrival = arrival
        self.place = place
        self.id = ""
        self.kind = ""
        self.has_own_event = self.done = False

    def merge(self, later: Any) -> None:
        """Add what came of the same item under another key, and began later."""
        self.has_own_event |= later.has_own_event
        self.kind = self.kind or later.kind
        self.done |= later.done


ItemT = TypeVar("ItemT", bound=Item)


class OutputPlaces(Generic[ItemT]):
    """The items of a response that has not ended, and where they are.

    One thread at a time.

    Args:
        make: Makes an item of its place in the order of arrival and its `output_index`.
    """

    def __init__(self, make: Callable[[int, int | None], ItemT]) -> None:
        self._make = make
        self._items: dict[int, ItemT] = {}  # by arrival
        self._arrivals = count()
        # By place and id; by None and the id, whatever the place.
        self._known: dict[tuple[int | None, str], ItemT] = {}
        # The last item at each place.
        self._at: dict[int, ItemT] = {}
        # The item referenced last.
        self._last: ItemT | None = None
        # No place below is free for an item that begins without one, and without an id.
        self._next = 0

    def __bool__(self) -> bool:
        return bool(self._items)

    def in_order(self) -> list[ItemT]:
        """Give the items by place, and behind them, in the order they came, those without a place."""
        return sorted(self._items.values(), key=lambda item: (item.place is None, item.place or 0, item.arrival))

    def of_delta(self, event: Any, kind: str) -> ItemT:
        """Find the item of an event of one of the types in `DELTAS`, or begin it."""
        item = self._known.get((event.output_index, event.item_id))
        if item is None:
            item = self._find(event.output_index, event.item_id, DELTAS[kind][0], kind)
        self._last = item
        return item

    def of_item(self, event: Any, kind: str, fields: dict[str, Any]) -> ItemT:
        """Find the item of an event that brings it, as `fields`, or begin it."""
        item = self._find(event.output_index, fields.get("id"), type_of(fields), kind)
        item.kind = type_of(fields)
        self._note_id(item, fields.get("id"))
        item.done = item.done or kind == DONE
        return self._referenced(item)

    def of_part(self, event: Any, kind: str, part: object) -> ItemT:
        """Find the item of an event that brings a part of its content, or begin it."""
        name = type_of(part)
        holder = DELTAS[PARTS[name]][0] if name in PARTS else ""
        item = self._find(event.output_index, event.item_id, holder, kind)
        item.kind = item.kind or "message"
        return self._referenced(item)

    def of_end(self, event: Any, kind: str) -> ItemT:
        """Find the item of an event of one of the types in `ENDS`, or begin it."""
        deltas, _ = ENDS[kind]
        return self._referenced(self._find(event.output_index, event.item_id, DELTAS[deltas][0], kind))

    def of_snapshot(self, place: int, fields: dict[str, Any]) -> ItemT:
        """Find an item of the output of a response as it was when it began, or later, or begin it."""
        item_id = fields.get("id")
        item = self._known.get((None, item_id)) if isinstance(item_id, str) else None
        return item or self._at.get(place) or self._begin(place)

    def take_snapshot(self, item: ItemT, fields: dict[str, Any]) -> None:
        """Take what a snapshot says of an item that no event has said anything of."""
        item.kind = type_of(fields)
        self._note_id(item, fields.get("id"))

    def _referenced(self, item: ItemT) -> ItemT:
        item.has_own_event, self._last = True, item
        return item

    def _find(self, place: int | None, item_id: object, kind: str, event: str) -> ItemT:
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

    def _find_last(self, event: str) -> ItemT | None:
        """Find the item referenced last, if an event without index and id does not begin another."""
        last = self._last
        if last is None or (event == ADDED and last.has_own_event) or (event == DONE and last.done):
            return None
        return last

    def _find_at(self, place: int, item_id: str, kind: str, event: str) -> ItemT | None:
        """Find the item at a place where the id is not known, if the event does not begin another there."""
        item, early = self._at.get(place), self._known.get((None, item_id))
        if early is not None and early.place is None:
            return self._put(early, place)
        if item is None or _begins(item, item_id, kind, event):
            return None
        return item

    def _put(self, early: ItemT, place: int) -> ItemT:
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

    def _begin(self, place: int | None) -> ItemT:
        item = self._make(next(self._arrivals), place)
        self._items[item.arrival] = item
        if place is not None:
            self._at[place] = item
        self._last = self._last or item
        return item

    def _note_id(self, item: ItemT, item_id: object) -> None:
        """Note an id of an item."""
        if isinstance(item_id, str) and item_id:
            item.id = item_id
            self._known[item.place, item_id] = self._known[None, item_id] = item


def _begins(item: Item, item_id: str, kind: str, event: str) -> bool:
    """Whether an event with an unknown id begins another item at the place of this one."""
    another_kind = _differ(kind, item.kind)
    if item_id and item.id:
        return another_kind or event == ADDED or item.done
    return another_kind and (item_id != "" or event in (ADDED, DONE))


def _differ(kind: str, other: str) -> bool:
    """Whether two types of items differ, as far as they are known."""
    return "" not in (kind, other) and kind != other


def type_of(value: object) -> str:
    """Give the type of an item or a part; "" where it has none."""
    return text_or_empty(value.get("type")) if is_object(value) else ""
