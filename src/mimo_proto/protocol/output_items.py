"""The output of a response that has not ended: its items, put together from the events of the stream.

`output_places` says which item an event belongs to. What an item holds:

- The last event that brings an item says what it is, and so it is with a part of its content. The items in
  `response.created` and `response.in_progress` count until an event of their own comes.
- Deltas make the text at their place longer. The event that ends a text has the whole text.
"""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.decode import plain_value
from mimo_proto.protocol.json_types import is_array
from mimo_proto.protocol.output_places import (
    ADDED,
    DELTAS,
    DONE,
    ENDS,
    PART_ADDED,
    PART_DONE,
    PARTS,
    Item,
    OutputPlaces,
    type_of,
)
from mimo_proto.protocol.sums import TextSum

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["OutputItems"]

DELTAS_OF_PARTS = frozenset(PARTS.values())

# By type: the fields of an item that no event brought whole.
NEW_ITEMS: dict[str, dict[str, Any]] = {
    "message": {"role": "assistant", "content": []},
    "reasoning": {"content": []},
    "function_call": {"call_id": "", "name": "", "arguments": ""},
    "custom_tool_call": {"call_id": "", "name": "", "input": ""},
}


class _Item(Item):
    """One item, as far as it has come.

    Attributes:
        fields: The item's fields, but for parts and deltas.
        parts: The content, by place and type.
        texts: The deltas of the texts that are not done, by place in the content and type of event.
        ended: The texts that an event has ended, by place and type of their deltas.
    """

    __slots__ = ("ended", "fields", "parts", "texts")

    def __init__(self, arrival: int, place: int | None) -> None:
        super().__init__(arrival, place)
        self.fields: dict[str, Any] = {}
        self.texts: defaultdict[tuple[int, str], TextSum] = defaultdict(TextSum)
        self.parts: dict[tuple[int, str], Any] = {}
        self.ended: set[tuple[int, str]] = set()

    def set(self, item: dict[str, Any]) -> None:
        """Take the item as an event brings it, which does not end the deltas."""
        content = item.get("content")
        parts = content if is_array(content) else []
        self.fields = item
        self.parts = {(place, type_of(part)): part for place, part in enumerate(parts)}

    def set_part(self, place: int, part: Any, *, done: bool) -> None:
        """Take a part of the content as an event brings it."""
        name = type_of(part)
        self.parts[place, name] = part
        if done:
            self._end(place, PARTS.get(name, ""))

    def end_text(self, place: int, deltas: str, text: str) -> None:
        """Take a text as the event that ends it says."""
        name = DELTAS[deltas][1]
        self._end(place, deltas)
        if name in PARTS:
            self.parts[place, name] = {**self.parts.get((place, name), {"type": name}), "text": text}
        else:
            self.fields[name] = text

    def _end(self, place: int, deltas: str) -> None:
        self.texts.pop((place, deltas), None)
        self.ended.add((place, deltas))

    def merge(self, later: Any) -> None:
        """See `Item.merge`."""
        was_done = self.done
        super().merge(later)
        if was_done and not later.done:
            return
        said = {field: value for field, value in later.fields.items() if value}
        self.fields = {**later.fields, **self.fields, **said}
        begun = {key: part for key, part in later.parts.items() if (key[0], PARTS.get(key[1], "")) not in self.ended}
        self.parts = {**self.parts, **begun}
        if later.done:
            self.parts = later.parts
            self.texts.clear()
        for key in later.ended:
            self._end(*key)
        for key, text in later.texts.items():
            if key not in self.ended:
                self.texts[key].add(text.whole())

    def as_json(self) -> dict[str, Any]:
        """Give the item so far, as JSON."""
        item, parts = dict(self.fields), dict(self.parts)
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
        self._places = OutputPlaces(_Item)

    def __bool__(self) -> bool:
        return bool(self._places)

    def add_delta(self, event: Any, kind: str) -> None:
        """Add an event of one of the types in `DELTAS`."""
        # A call has no parts: its deltas are all of one text.
        place = (event.content_index or 0) if kind in DELTAS_OF_PARTS else 0
        self._places.of_delta(event, kind).texts[place, kind].add(event.delta)

    def add(self, event: Any, kind: str) -> None:
        """Add an event of any other type, if it is about an item.

        Raises:
            DecodeError: The event is nested too deeply for where this is called.
        """
        if kind in (ADDED, DONE):
            fields = plain_value(event.item)
            item = self._places.of_item(event, kind, fields)
            item.set(fields)
            if kind == DONE:
                item.texts.clear()
        elif kind in (PART_ADDED, PART_DONE):
            part = plain_value(event.part)
            self._places.of_part(event, kind, part).set_part(event.content_index or 0, part, done=kind == PART_DONE)
        elif kind in ENDS:
            self._add_end(event, kind)

    def _add_end(self, event: Any, kind: str) -> None:
        deltas, field = ENDS[kind]
        item = self._places.of_end(event, kind)
        place = (event.content_index or 0) if field == "text" else 0
        item.end_text(place, deltas, getattr(event, field))
        name = getattr(event, "name", None)
        if name:
            item.fields["name"] = item.fields.get("name") or name

    def add_snapshot(self, output: Iterable[dict[str, Any]]) -> None:
        """Add the output of a response as it was when it began, or later, as JSON."""
        for place, fields in enumerate(output):
            item = self._places.of_snapshot(place, fields)
            if not (item.has_own_event or item.texts):
                self._places.take_snapshot(item, fields)
                item.set(fields)

    def as_json(self) -> list[dict[str, Any]]:
        """Give the items so far, as JSON, in order."""
        return [item.as_json() for item in self._places.in_order()]


def _longer(text: object, more: TextSum) -> str:
    return text + more.whole() if isinstance(text, str) else more.whole()
