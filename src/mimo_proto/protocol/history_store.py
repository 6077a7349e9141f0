"""Entries in memory, bounded by their bytes: those that nobody has used for longest go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from threading import Lock

__all__ = ["BoundedStore"]

# What Python adds to an entry, about: the headers of its two objects, and its place in the table.
ENTRY_OVERHEAD_BYTES = 256


class BoundedStore(MutableMapping[str, bytes]):
    """A mapping that forgets what has not been used for longest. Any number of threads may use it.

    Its `repr` shows no entry, and it does not pickle: what it holds is people's conversations.

    Args:
        max_bytes: How many bytes all entries together may take, their keys and what Python adds included. An entry that
            is larger by itself is not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def __getitem__(self, key: str) -> bytes:
        with self._lock:
            entry = self._entries[key]
            self._entries.move_to_end(key)
            return entry

    def __setitem__(self, key: str, entry: bytes) -> None:
        with self._lock:
            if key in self._entries:
                self._remove(key)
            size = _size_of(key, entry)
            if size > self._max_bytes:
                return
            self._entries[key] = entry
            self._size += size
            while self._size > self._max_bytes:
                self._remove(next(iter(self._entries)))

    def __delitem__(self, key: str) -> None:
        with self._lock:
            self._remove(key)

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def _remove(self, key: str) -> None:
        self._size -= _size_of(key, self._entries.pop(key))


def _size_of(key: str, entry: bytes) -> int:
    return len(key) + len(entry) + ENTRY_OVERHEAD_BYTES
