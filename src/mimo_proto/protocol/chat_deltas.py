"""What the chunks of a chat stream say, piece by piece; see `deltas`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.models import ChoiceDelta
from mimo_proto.protocol.decode import plain_value
from mimo_proto.protocol.delta_parts import Part
from mimo_proto.protocol.json_types import is_array, is_object, text_or_empty
from mimo_proto.protocol.sums import WHOLE_TEXTS
from mimo_proto.protocol.tool_calls import CALLED, CallPlaces, StreamedCall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mimo_proto.protocol.delta_parts import Delta

__all__ = ["ChatDeltas"]

REASONING = ("reasoning_content", "reasoning", "reasoning_details")
# The kinds of texts, by the names of their fields; a text that the spec does not know has its name for a kind.
KINDS = {"content": "text", "refusal": "refusal", "audio": "audio"}
# The fields whose texts are no deltas: they are in the result. No unknown name passes for a kind of ours.
NO_DELTAS = {*ChoiceDelta.__struct_fields__, *WHOLE_TEXTS, "text", "tool_call", "arguments"} - KINDS.keys()


class _Choice:
    """A choice of a chat reply."""

    def __init__(self, index: int) -> None:
        self._index = index
        # By kind; of calls, by call.
        self._parts: dict[str | StreamedCall, Part] = {}
        self._calls = CallPlaces()
        # The place in REASONING of the name under which thinking has come.
        self._rank = len(REASONING)

    def read(self, choice: dict[str, Any], *, takes_message: bool) -> Iterator[Delta]:
        """Give the deltas in a chunk's choice; of a message only if that may be."""
        delta: dict[str, Any] = choice.get("delta") or {}
        message = choice.get("message")
        yield from self._read_texts(delta)
        yield from self._read_calls(delta)
        if takes_message and is_object(message):
            yield from self._read_texts(message, frozenset(self._parts))
            if not self._calls:
                yield from self._read_calls(message)

    def _read_texts(self, fields: dict[str, Any], but: frozenset[str | StreamedCall] = frozenset()) -> Iterator[Delta]:
        for kind, text in self._texts(fields):
            if text and kind not in but:
                yield self._part(kind).grow(kind, text)

    def _texts(self, fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Give the texts in a delta or a message, with their kinds; "" among them."""
        yield "reasoning", self._reasoning(fields)
        for name, value in fields.items():
            if name not in NO_DELTAS:
                text = value.get("data") if name == "audio" and is_object(value) else value
                yield KINDS.get(name, name), text_or_empty(text)

    def _reasoning(self, fields: dict[str, Any]) -> str:
        for rank, name in enumerate(REASONING):
            text = _text_of(fields[name]) if name in fields and rank <= self._rank else ""
            if text:
                self._rank = rank
                return text
        return ""

    def _read_calls(self, fields: dict[str, Any]) -> Iterator[Delta]:
        calls = fields.get("tool_calls")
        if not is_array(calls):
            return
        for call, delta in self._calls.of(calls):
            called = ((delta.get(kind), text) for kind, text in CALLED.items())
            arguments = "".join(text_or_empty(fields.get(text)) for fields, text in called if is_object(fields))
            # A call begins when it has a name, or is called without one.
            if call.name or call.begun:
                yield from self._part(call).call(call.id, call.name, arguments)

    def _part(self, key: str | StreamedCall) -> Part:
        if key not in self._parts:
            self._parts[key] = Part(self._index, len(self._parts))
        return self._parts[key]


def _text_of(value: object) -> str:
    """Give the text of a field for thinking: itself, or those of the objects in a list."""
    if is_array(value):
        details = (detail for detail in value if is_object(detail))
        return "".join(text_or_empty(detail.get("text") or detail.get("summary")) for detail in details)
    return text_or_empty(value)


class ChatDeltas:
    """The choices of a chat stream.

    Attributes:
        takes_wholes: Whether a message may bring what no delta has said.
    """

    def __init__(self) -> None:
        self.takes_wholes = True
        self._choices: dict[int, _Choice] = {}

    def read(self, chunk: Any) -> Iterator[Delta]:
        """Give the deltas in a chunk."""
        for choice in chunk.choices:
            index = choice.index or 0
            if index not in self._choices:
                self._choices[index] = _Choice(index)
            yield from self._choices[index].read(plain_value(choice), takes_message=self.takes_wholes)
