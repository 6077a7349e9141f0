"""What a stream says, shown as it comes: the text of the answer, the thinking, the tool calls.

Rules: text is written at once and never changed, but that thinking is dim where it is written to a terminal; each part
of the reply begins a line of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from mimo_proto.errors import DecodeError
from mimo_proto.protocol.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mimo_proto.protocol.delta_parts import Delta

__all__ = ["TextWriter", "json_line", "takes_dimming"]

# What a line is called, by the kind of its deltas.
LABELS = {"reasoning": "thinking", "text": "answer", "tool_call": "call"}

# Select Graphic Rendition of ECMA-48, 8.3.117: faint, and normal intensity.
DIM, NORMAL = "\x1b[2m", "\x1b[22m"


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


def takes_dimming(out: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether text may be dim there: on a terminal that knows how, unless NO_COLOR says no (no-color.org)."""
    return out.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


class TextWriter:
    """A writer of the deltas of a stream, of either API; sound is left out. One thread.

    Args:
        answer: Where the text of the answer is written, or of its refusal.
        other: Where everything else is written, such as thinking and tool calls.
        labels: Whether a label says what each line is, for when all is written to one place.
        dim: Whether thinking is written dim.
    """

    def __init__(self, answer: TextIO, other: TextIO, *, labels: bool = False, dim: bool = False) -> None:
        self._answer = answer
        self._other = other
        self._labels = labels
        self._dim = dim
        # Where the line that was begun is written, and the choice and the part that it shows.
        self._out: TextIO | None = None
        self._shown: tuple[int, int] | None = None

    def show(self, delta: Delta) -> None:
        """Write what a delta says; each part begins a line of its own, and so does the name of a tool."""
        if delta.kind == "audio":
            return
        if delta.kind == "tool_call" or self._shown != (delta.choice, delta.part):
            self.end()
            self._shown = delta.choice, delta.part
            self._out = self._answer if delta.kind in ("text", "refusal") else self._other
            self._write(f"  {LABELS.get(delta.kind, delta.kind):11} | " if self._labels else "")
        text = f"{delta.name} " if delta.kind == "tool_call" else delta.text
        # Each piece by itself: whatever ends the program, the terminal is not left dim.
        self._write(f"{DIM}{text}{NORMAL}" if self._dim and delta.kind == "reasoning" else text)

    def end(self) -> None:
        """End the line that was begun, if one was."""
        self._write("\n")
        self._out = self._shown = None

    def _write(self, text: str) -> None:
        if self._out is not None:
            self._out.write(text)
            self._out.flush()
