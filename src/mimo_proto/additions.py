"""What an extended spec adds to the chunks of a chat stream, added up beside what ours has.

Models that were generated with an overlay may have fields of which `accumulate` knows nothing. What they mean is not
known either, so their types decide:

- In a delta a text is a piece: the pieces are joined. A list is appended to. Of anything else the last one counts.
- In a chunk, in a choice, and in the pieces of a tool call, the last one counts.
- Null says nothing.

The sum stands under the same name in the completion, the choice, the message, the tool call; the extended spec has it
there with the type of the sum. A message and its tool calls keep it even where the spec does not.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from io import StringIO
from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto.decode import plain_value
from mimo_proto.jsontypes import is_array
from mimo_proto.models import ChatCompletionChunk
from mimo_proto.tool_calls import CallPlaces
from mimo_proto.walk import Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Additions", "find_additions"]

# Where fields may be added: the way from the chunk to the object.
CHUNK: tuple[str, ...] = ()
CHOICE = ("choices",)
DELTA = ("choices", "delta")
CALL = ("choices", "delta", "tool_calls")
FUNCTION = ("choices", "delta", "tool_calls", "function")


@lru_cache(maxsize=128)
def _added_names(event: Any) -> Mapping[tuple[str, ...], Mapping[str, str]]:
    """The fields that an event type has beyond ours, by place: JSON names by attribute; no place without any."""
    added: dict[tuple[str, ...], dict[str, str]] = {}
    for place in (CHUNK, CHOICE, DELTA, CALL, FUNCTION):
        ours = _names(ChatCompletionChunk, place).values()
        names = {name: key for name, key in _names(event, place).items() if key not in ours}
        if names:
            added[place] = names
    return added


def _names(event: Any, place: Sequence[str]) -> dict[str, str]:
    node = Node(event)
    for key in place:
        inside = (field.node for shape in node.structs.values() for field in shape.fields if field.key == key)
        node = next(inside, Node(Any))
        node = node.item or node
    return {field.name: field.key for shape in node.structs.values() for field in shape.fields}


def find_additions(event: Any) -> Additions | None:
    """Make a sum of what an event type has beyond ours, or None if that is nothing."""
    if event is ChatCompletionChunk or not (added := _added_names(event)):
        return None
    return Additions(added)


class Additions:
    """The sum of what was added, for one stream.

    Args:
        added: The added fields by place, their JSON names by attribute.
    """

    def __init__(self, added: Mapping[tuple[str, ...], Mapping[str, str]]) -> None:
        self._added = added
        self._chunk: dict[str, Any] = {}
        self._choices: defaultdict[int, dict[str, Any]] = defaultdict(dict)
        self._messages: defaultdict[int, dict[str, Any]] = defaultdict(dict)
        self._calls: defaultdict[int, dict[int, tuple[dict[str, Any], dict[str, Any]]]] = defaultdict(dict)
        self._places: defaultdict[int, CallPlaces] = defaultdict(CallPlaces)

    def add(self, chunk: Any) -> None:
        """Add the next chunk."""
        self._take(self._chunk, chunk, CHUNK)
        for choice in chunk.choices:
            index = choice.index or 0
            calls, places = self._calls[index], self._places[index]
            self._take(self._choices[index], choice, CHOICE)
            self._take(self._messages[index], choice.delta, DELTA, joined=True)
            for piece in choice.delta.tool_calls or ():
                call, function = calls.setdefault(places.of(piece), ({}, {}))
                self._take(call, piece, CALL)
                self._take(function, piece.function, FUNCTION)

    def _take(self, total: dict[str, Any], value: Any, place: tuple[str, ...], *, joined: bool = False) -> None:
        for attribute, name in self._added.get(place, {}).items():
            piece = getattr(value, attribute, None)
            if piece is None or piece is msgspec.UNSET:
                continue
            was: Any = total.get(name)
            if joined and isinstance(piece, str):
                text = total[name] = was if isinstance(was, StringIO) else StringIO()
                text.write(piece)
            elif joined and is_array(piece):
                total[name] = elements = was if is_array(was) else []
                elements += piece
            else:
                total[name] = piece

    def put_into(self, completion: dict[str, Any]) -> None:
        """Put the sum so far into a completion, a plain JSON value that holds the sum of all that is ours."""
        completion.update(_plain(self._chunk))
        for choice in completion["choices"]:
            index, message = choice["index"], choice["message"]
            choice.update(_plain(self._choices[index]))
            message.update(_plain(self._messages[index]))
            sums = [sums for _, sums in sorted(self._calls[index].items())]
            for call, (whole, function) in zip(message.get("tool_calls", []), sums, strict=True):
                call.update(_plain(whole))
                call["function"].update(_plain(function))


def _plain(total: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.getvalue() if isinstance(value, StringIO) else plain_value(value) for name, value in total.items()
    }
