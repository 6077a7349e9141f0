"""Which tool call of a choice a piece in a stream belongs to.

MiMo numbers its calls: pieces with one `index` are one call. Where a server sends none, pieces with one id are one
call, and a piece without an id goes on with the call of the piece before it.
"""

from __future__ import annotations

from typing import Any

__all__ = ["CallPlaces"]


class CallPlaces:
    """The calls of one choice that have begun.

    One thread at a time.
    """

    __slots__ = ("_indices", "_last", "_named", "_next")

    def __init__(self) -> None:
        self._indices: dict[str, int] = {}  # by id
        self._named: set[int] = set()  # the calls whose id was told
        self._last = self._next = 0

    def of(self, piece: Any) -> int:
        """Tell the index of the call that a piece belongs to; pieces are asked about in order, and once."""
        index: int | None = piece.index
        if index is None:
            index = self._last
            if piece.id:
                # The first id of a call that had none is its own.
                index = self._indices.get(piece.id, self._next if index in self._named else index)
        if piece.id:
            self._indices.setdefault(piece.id, index)
            self._named.add(index)
        self._last, self._next = index, max(self._next, index + 1)
        return index
