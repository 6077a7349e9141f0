"""What came to a server: the requests, those whose client hung up, and what went wrong in the script.

Rules: any thread writes and reads; what is given out is a copy.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from .replies import Received

__all__ = ["Log"]

Kind: TypeAlias = Literal["requests", "disconnects"]


class Log:
    """The log of one server; all threads may use it."""

    def __init__(self) -> None:
        self._entries: dict[Kind, list[Received]] = {"requests": [], "disconnects": []}
        self._changed = threading.Condition()
        self.failures: list[BaseException] = []
        """What the functions of the script raised, in order."""

    def add(self, kind: Kind, request: Received) -> int:
        """Write down a request, and give how many of this kind there are."""
        with self._changed:
            self._entries[kind].append(request)
            self._changed.notify_all()
            return len(self._entries[kind])

    def entries(self, kind: Kind) -> list[Received]:
        """Give what was written down so far, in order."""
        with self._changed:
            return list(self._entries[kind])

    def wait_for(self, kind: Kind, count: int, timeout: float) -> list[Received]:
        """Block until a number of entries have come, and give them.

        Args:
            kind: Which entries are counted.
            count: The number of entries, from the start.
            timeout: The longest wait, in seconds.

        Raises:
            TimeoutError: The entries did not come.
        """
        entries = self._entries[kind]
        with self._changed:
            if not self._changed.wait_for(lambda: len(entries) >= count, timeout):
                raise TimeoutError(f"{len(entries)} of {count} {kind} came in {timeout} s")
            return list(entries)
