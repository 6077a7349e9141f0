"""What a stream says, shown as it comes: the text of the answer, the thinking, the tool calls.

Rules: text is written at once and never changed; each kind of it begins a line of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TextIO, TypeAlias

import msgspec

from mimo_proto.errors import DecodeError
from mimo_proto.protocol.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TextWriter", "json_line"]

Kind: TypeAlias = Literal["thinking", "answer", "call"]

# The events of Responses whose `delta` is a text to be shown.
KINDS: dict[str, Kind] = {
    "response.reasoning_text.delta": "thinking",
    "response.output_text.delta": "answer",
    "response.function_call_arguments.delta": "call",
    "response.custom_tool_call_input.delta": "call",
}


def json_line(value: Any) -> str:
    """Write a Struct as a line of JSON, without its nulls: on what is received they mean the same as absence.

    Raises:
        DecodeError: The value is nested too deeply.
    """
    try:
        return msgspec.json.encode(_without_nulls(msgspec.to_builtins(value))).decode()
    except RecursionError:
        pass
    raise DecodeError("what the server sent is nested too deeply to be shown")


def _without_nulls(value: Any) -> Any:
    if is_object(value):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(member) for member in value] if is_array(value) else value


class TextWriter:
    """A writer of what the events of a stream say, of either API. One thread.

    Args:
        answer: Where the text of the answer is written.
        other: Where thinking and tool calls are written.
        labels: Whether a label says what each line is, for when all is written to one place.
    """

    def __init__(self, answer: TextIO, other: TextIO, *, labels: bool = False) -> None:
        self._answer = answer
        self._other = other
        self._labels = labels
        self._kind: Kind | None = None

    def show(self, event: Any) -> None:
        """Write what an event says, if it says anything."""
        for kind, text, begins in _texts(event):
            if begins or kind != self._kind:
                self.end()
                self._kind = kind
                self._write(kind, f"  {kind:11} | " if self._labels else "")
            self._write(kind, text)

    def end(self) -> None:
        """End the line that was begun, if one was."""
        if self._kind is not None:
            self._write(self._kind, "\n")
        self._kind = None

    def _write(self, kind: Kind, text: str) -> None:
        out = self._answer if kind == "answer" else self._other
        out.write(text)
        out.flush()


def _texts(event: Any) -> Iterator[tuple[Kind, str, bool]]:
    """What an event says: the kind, the text, and whether something new begins with it."""
    if hasattr(event, "choices"):
        for choice in event.choices:
            yield from _texts_of_delta(choice.delta)
    elif event.type in KINDS:
        yield KINDS[event.type], event.delta, False
    elif event.type == "response.output_item.added" and event.item.type in ("function_call", "custom_tool_call"):
        yield "call", f"{event.item.name} ", True


def _texts_of_delta(delta: Any) -> Iterator[tuple[Kind, str, bool]]:
    if delta.reasoning_content:
        yield "thinking", delta.reasoning_content, False
    if delta.content:
        yield "answer", delta.content, False
    for function in (call.function for call in delta.tool_calls or ()):
        if function is None:  # this part of the call brings an id only
            continue
        if function.name:
            yield "call", f"{function.name} ", True
        if function.arguments:
            yield "call", function.arguments, False
