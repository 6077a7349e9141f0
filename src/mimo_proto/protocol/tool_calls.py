"""The tool calls of one choice, put together from their deltas.

Which call a delta belongs to; an id of "" is no id:

- (a) A known id at its index (without an index: in the choice): that call.
- (b) Another id and a name: a new call. Another id without a name: the same call, whose first id stays.
- (c) No id: the last call at its index (without an index: the one of the delta before), unless another name comes after
  arguments began: a new call.
- (d) No index and an id that no call has: a new call, or the one before if that has no id yet. Two deltas in one list
  without index and id are two calls.

A name is joined while no arguments have come; a delta that begins with the name so far replaces it.
"""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.json_types import is_object, text_or_empty
from mimo_proto.protocol.sums import Sum

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["CALLED", "StreamedCall", "CallPlaces", "ToolCalls"]

# The objects in a call that hold its name and the text that the tool is called with; and the field of that text.
CALLED = {"function": "arguments", "custom": "input"}
JOINED = frozenset(CALLED.values())


class StreamedCall:
    """One call, as far as its deltas say which one it is.

    Attributes:
        index: The call's place among the calls of the choice.
        id: The first id that came for the call; "" before one comes.
        name: The name so far.
        begun: Whether arguments have come.
    """

    __slots__ = ("begun", "id", "index", "name")

    def __init__(self, index: int) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.begun = False

    def note(self, delta: dict[str, Any]) -> None:
        """Take what the next delta says."""
        self.id = self.id or text_or_empty(delta.get("id"))
        for kind, text in CALLED.items():
            called = delta.get(kind)
            if is_object(called):
                name = text_or_empty(called.get("name"))
                if not self.begun or not self.name:
                    self.name = name if name.startswith(self.name) else self.name + name
                self.begun = self.begun or text_or_empty(called.get(text)) != ""


class CallPlaces:
    """The calls of one choice, and which of them a delta belongs to.

    One thread at a time.
    """

    def __init__(self) -> None:
        self._calls: list[StreamedCall] = []
        # By index and id; by None and the id for deltas without an index.
        self._known: dict[tuple[int | None, str], StreamedCall] = {}
        # The last call at each index; at None the call of the delta before.
        self._last: dict[int | None, StreamedCall] = {}
        self._next_index = 0

    def __bool__(self) -> bool:
        return bool(self._calls)

    def in_order(self) -> list[StreamedCall]:
        """Give the calls by index and then by arrival."""
        return sorted(self._calls, key=attrgetter("index"))

    def of(self, deltas: Iterable[dict[str, Any]]) -> Iterator[tuple[StreamedCall, dict[str, Any]]]:
        """Give the call of each of the deltas in one list, which has noted what the delta says."""
        after_unnamed = False  # whether a delta of this list had neither index nor id
        for delta in deltas:
            index, call_id = delta.get("index"), text_or_empty(delta.get("id"))
            if not isinstance(index, int):
                index = None
            unnamed = index is None and not call_id
            call = None if unnamed and after_unnamed else self._find(index, call_id, _name_of(delta))
            call = call or self._begin(index)
            call.note(delta)
            if call_id and call_id == call.id:
                self._known[call.index, call_id] = self._known[None, call_id] = call
            self._last[None] = call
            after_unnamed = after_unnamed or unnamed
            yield call, delta

    def _find(self, index: int | None, call_id: str, name: str) -> StreamedCall | None:
        """Find the call that a delta goes on with; None if the delta begins one."""
        known = self._known.get((index, call_id))
        last = self._last.get(index)
        if known is not None or last is None:
            return known
        if call_id and last.id:
            begins = index is None or name != ""
        else:
            begins = last.begun and name != "" and last.name not in ("", name)
        return None if begins else last

    def _begin(self, index: int | None) -> StreamedCall:
        place = self._next_index if index is None else index
        self._next_index = max(self._next_index, place + 1)
        call = self._last[place] = StreamedCall(place)
        self._calls.append(call)
        return call


class _CallSum:
    """What the deltas of one call have added up to, but for its id and name."""

    def __init__(self) -> None:
        self._fields = Sum()
        self._called: dict[str, Sum] = {}

    def add(self, delta: dict[str, Any]) -> None:
        """Add the next delta."""
        for name, value in delta.items():
            if name in CALLED and is_object(value):
                self._add_called(self._called.setdefault(name, Sum()), value)
            elif name not in ("id", "index"):
                self._fields.keep(name, value)

    def _add_called(self, called: Sum, fields: dict[str, Any]) -> None:
        for field, value in fields.items():
            if field in JOINED and isinstance(value, str):
                called.join(field, value)
            elif field != "name":
                called.keep(field, value)

    def whole(self, call: StreamedCall) -> dict[str, Any]:
        """Give the call so far; texts in it may be a `TextSum` still."""
        whole: dict[str, Any] = {**self._fields, "id": call.id, "type": self._fields.get("type") or "function"}
        for kind, called in (self._called or {"function": Sum()}).items():
            text = CALLED[kind]
            whole[kind] = {**called, "name": call.name, text: called.get(text) or ""}
        return whole


class ToolCalls:
    """The calls of one choice, in order.

    One thread at a time.
    """

    def __init__(self) -> None:
        self._places = CallPlaces()
        self._sums: defaultdict[StreamedCall, _CallSum] = defaultdict(_CallSum)

    def __bool__(self) -> bool:
        return bool(self._places)

    def add(self, deltas: Iterable[dict[str, Any]]) -> None:
        """Add the calls in one delta of the choice, or those of a whole message, as JSON objects."""
        for call, delta in self._places.of(deltas):
            self._sums[call].add(delta)

    def whole(self) -> list[dict[str, Any]]:
        """Give the calls so far, by index and then by arrival; texts in them may be a `TextSum` still."""
        return [self._sums[call].whole(call) for call in self._places.in_order()]


def _name_of(delta: dict[str, Any]) -> str:
    """Give the name, or the delta of a name, in the delta of a call; "" where it has none."""
    called = delta.get("function") or delta.get("custom")
    return text_or_empty(called.get("name")) if is_object(called) else ""
