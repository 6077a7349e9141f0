"""A piece of what a stream says, and the texts and calls that grow by such pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Delta", "DeltaKind", "Part"]

DeltaKind: TypeAlias = Literal["reasoning", "text", "refusal", "tool_call", "arguments", "audio"] | str  # noqa: PYI051 - open
"""What a delta adds to; any other text is the server's name for something that the spec does not know."""


class Delta(msgspec.Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """A piece of what a stream says. Immutable: any thread.

    Attributes:
        kind: "text", "reasoning" or "refusal"; "tool_call", which begins a call, and "arguments" of one; "audio", each
            piece of which is base64 by itself; or a word that the spec does not know.
        text: What is added; "" in a "tool_call".
        choice: The choice of a chat reply; 0 in Responses.
        part: Which of the texts and calls of the choice grows, from 0.
        id: The call's id, in "tool_call" and "arguments"; "" where none has come.
        name: The name of the tool, in "tool_call". A second "tool_call" for a part brings a longer name, or an id that
            came late.
    """

    kind: DeltaKind
    text: str = ""
    choice: int = 0
    part: int = 0
    id: str = ""
    name: str = ""


class Part:
    """A text or call that has begun.

    Attributes:
        choice: The choice that the part belongs to.
        number: The part's number in its choice.
        has_text: Whether a text has come.
    """

    __slots__ = ("_named", "choice", "has_text", "number")

    def __init__(self, choice: int, number: int) -> None:
        self.choice = choice
        self.number = number
        self.has_text = False
        # The id and the name that the last delta for them had.
        self._named: tuple[str, str] | None = None

    def grow(self, kind: str, text: str, call_id: str = "") -> Delta:
        """Add a piece of text."""
        self.has_text = True
        return Delta(kind, text, self.choice, self.number, call_id)

    def call(self, call_id: str, name: str, arguments: str) -> Iterator[Delta]:
        """Add what has come of a call, whose id and name are given when they change."""
        if self._named != (call_id, name):
            self._named = call_id, name
            yield Delta("tool_call", "", self.choice, self.number, call_id, name)
        if arguments:
            yield self.grow("arguments", arguments, call_id)
