"""A text that comes in pieces.

Pieces are kept as they come and joined once, so time and memory are linear in what arrived.
"""

from __future__ import annotations

__all__ = ["MANY", "Text"]

MANY = 1024
"""So many pieces are joined on the way."""


class Text:
    """A text in pieces."""

    __slots__ = ("_joined", "pieces")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._joined = 0

    def add(self, piece: str) -> None:
        """Add the next piece."""
        self.pieces.append(piece)
        self.condense()

    def condense(self) -> None:
        """Join the newest pieces when they are many: a word each, they take ten times the memory of the text."""
        if len(self.pieces) - self._joined >= MANY:
            self.pieces[self._joined :] = ["".join(self.pieces[self._joined :])]
            self._joined += 1

    def __str__(self) -> str:
        return "".join(self.pieces)
