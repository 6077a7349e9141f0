"""What the events of a Responses stream say, piece by piece; see `deltas`."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.completion import TERMINAL
from mimo_proto.protocol.decode import plain_value
from mimo_proto.protocol.delta_parts import Part
from mimo_proto.protocol.json_types import is_array, text_or_empty
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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mimo_proto.protocol.delta_parts import Delta

__all__ = ["ResponseDeltas"]

# The events of Responses that bring a piece of a text in `delta`.
DELTA_EVENT = re.compile(r"response\.(\w+)\.delta")
# The items of Responses that are calls, and the field that the tool is called with.
CALL_ITEMS: dict[str, str] = {"function_call": "arguments", "custom_tool_call": "input"}
# By type of the deltas of a part's text.
KINDS = {"response.output_text.delta": "text", "response.reasoning_text.delta": "reasoning"}
# The key of what grows in an item that is a call.
CALL = (0, "call")


class _OutputItem(Item):
    """An item of a response.

    Attributes:
        call_id: The call's id, if the item is a call; "" where none has come.
        name: The name of the tool, if the item is a call; "" where none has come.
        parts: What has begun of the item, by place in the content and type of deltas.
    """

    __slots__ = ("call_id", "name", "parts")

    def __init__(self, arrival: int, place: int | None) -> None:
        super().__init__(arrival, place)
        self.call_id = self.name = ""
        self.parts: dict[tuple[int, str], Part] = {}

    def merge(self, later: Any) -> None:
        """See `Item.merge`."""
        super().merge(later)
        self.call_id, self.name = self.call_id or later.call_id, self.name or later.name
        self.parts = {**later.parts, **self.parts}


class ResponseDeltas:
    """The items of a Responses stream.

    Attributes:
        takes_wholes: Whether an event that brings a text whole may bring what no delta has said.
    """

    def __init__(self) -> None:
        self.takes_wholes = True
        self._places = OutputPlaces(_OutputItem)
        self._begun = 0
        # What has begun of things that the spec does not know, by word and place.
        self._unknown: defaultdict[tuple[object, ...], Part] = defaultdict(self._begin)
        # The kinds of all deltas so far, and those of which nothing more begins: the items of the last event may have
        # other ids and places than they had before.
        self._kinds: set[str] = set()
        self._closed: frozenset[str] = frozenset()

    def read(self, event: Any) -> Iterator[Delta]:
        """Give the deltas in an event."""
        kind: str = event.type
        for delta in self._read(event, kind):
            self._kinds.add(delta.kind)
            yield delta

    def _read(self, event: Any, kind: str) -> Iterator[Delta]:
        place: int = getattr(event, "content_index", None) or 0
        if kind in DELTAS:
            return self._grow(self._places.of_delta(event, kind), place, kind, event.delta)
        if kind in (ADDED, DONE):
            fields = plain_value(event.item)
            return self._read_item(self._places.of_item(event, kind, fields), fields)
        if kind in (PART_ADDED, PART_DONE):
            part = plain_value(event.part)
            return self._read_part(self._places.of_part(event, kind, part), place, part)
        if kind in ENDS:
            item, (deltas, field) = self._places.of_end(event, kind), ENDS[kind]
            item.name = item.name or text_or_empty(getattr(event, "name", None))
            return self._read_whole(item, place, deltas, getattr(event, field))
        if kind in ("response.created", "response.in_progress"):
            return self._read_snapshot(event.response)
        if kind in TERMINAL:
            self._closed = frozenset(self._kinds)
            return self._read_output(event.response)
        return self._read_unknown(plain_value(event))

    def _grow(self, item: _OutputItem, place: int, kind: str, text: str) -> Iterator[Delta]:
        """Give a piece of a text that has deltas of this kind, or of the arguments of a call."""
        if kind not in KINDS:
            # A call begins when it has a name, or is called without one.
            part = self._part(item, CALL, "tool_call") if item.name or text else None
            if part is not None:
                yield from part.call(item.call_id, item.name, text)
        elif text:
            part = self._part(item, (place, kind), KINDS[kind])
            if part is not None:
                yield part.grow(KINDS[kind], text)

    def _read_whole(self, item: _OutputItem, place: int, kind: str, text: object) -> Iterator[Delta]:
        """Give a text that came whole, if nothing of it has come before."""
        part = item.parts.get((place, kind) if kind in KINDS else CALL)
        is_new = self.takes_wholes and (part is None or not part.has_text)
        return self._grow(item, place, kind, text_or_empty(text) if is_new else "")

    def _read_item(self, item: _OutputItem, fields: dict[str, Any]) -> Iterator[Delta]:
        kind, content = type_of(fields), fields.get("content")
        if kind in CALL_ITEMS:
            item.call_id = text_or_empty(fields.get("call_id")) or item.call_id
            item.name = text_or_empty(fields.get("name")) or item.name
            yield from self._read_whole(item, 0, kind, fields.get(CALL_ITEMS[kind]))
        for place, part in enumerate(content if is_array(content) else ()):
            yield from self._read_part(item, place, part)

    def _read_part(self, item: _OutputItem, place: int, part: Any) -> Iterator[Delta]:
        name = type_of(part)
        if name in PARTS:
            yield from self._read_whole(item, place, PARTS[name], part.get("text"))

    def _read_snapshot(self, response: Any) -> Iterator[Delta]:
        for place, fields in enumerate(plain_value(response.output or ())):
            item = self._places.of_snapshot(place, fields)
            if not (item.has_own_event or item.parts):
                self._places.take_snapshot(item, fields)
                yield from self._read_item(item, fields)

    def _read_output(self, response: Any) -> Iterator[Delta]:
        for place, fields in enumerate(plain_value(response.output or ())):
            yield from self._read_item(self._places.of_snapshot(place, fields), fields)

    def _read_unknown(self, event: dict[str, Any]) -> Iterator[Delta]:
        found, text = DELTA_EVENT.fullmatch(text_or_empty(event.get("type"))), text_or_empty(event.get("delta"))
        if found and text:
            numbers = (event.get(name) for name in ("output_index", "content_index", "summary_index"))
            place = (number if isinstance(number, int) else None for number in numbers)
            yield self._unknown[found[1], *place].grow(found[1], text)

    def _part(self, item: _OutputItem, key: tuple[int, str], kind: str) -> Part | None:
        """Give a part that has begun, or begin it; None if it is too late for that."""
        if key not in item.parts and kind not in self._closed:
            item.parts[key] = self._begin()
        return item.parts.get(key)

    def _begin(self) -> Part:
        self._begun += 1
        return Part(0, self._begun - 1)
