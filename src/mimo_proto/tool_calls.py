"""Which tool call of a choice a piece in a stream belongs to.

MiMo numbers its calls: pieces with one `index` are one call. Where a server sends none, a piece goes on with the last
call, unless it begins another by naming another id.
"""

from __future__ import annotations

from typing import Any

__all__ = ["CallPlaces"]


class CallPlaces:
    """The calls of one choice that have begun.

    One thread at a time.
    """

    __slots__ = ("_ids",)

    def __init__(self) -> None:
        self._ids: dict[int, str | None] = {}

    def of(self, piece: Any) -> int:
        """Tell the index of the call that a piece belongs to; pieces are asked about in order, and once."""
        index: int | None = piece.index
        if index is None:
            index = max(self._ids, default=0)
            last = self._ids.get(index)
            if last and piece.id and piece.id != last:
                index += 1
        self._ids[index] = self._ids.get(index) or piece.id
        return index
