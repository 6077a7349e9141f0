"""Connections kept for the next call.

Rules:

- A connection is taken out for one call and given back when the response has ended; nobody waits for one. More calls at
  a time than the pool's size make more connections, and those that find no room afterwards are closed.
- One that the server has closed, or that has bytes nobody asked for, is found so before anything is written. One that
  has been idle for too long may be dead without a sign, and is closed, too.
- Every process has its own: a forked child closes its copies, which leaves the parent's connections alone.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mimo_proto.http.connection import Connection
    from mimo_proto.http.deadlines import Guard

__all__ = ["Pool"]


class Pool:
    """The connections of one route. All methods: any thread.

    Args:
        connection: Makes a connection that is not yet open.
        size: How many idle connections are kept.
    """

    def __init__(self, connection: Callable[[], Connection], size: int) -> None:
        self._connection = connection
        self._size = size
        self._idle: list[tuple[Connection, float]] = []  # each with the end of its time, on `time.monotonic`
        weakref.finalize(self, _close_all, self._idle)  # for clients that nobody closes
        self._pid = os.getpid()
        self._closed = False

    def take(self, guard: Guard) -> Connection:
        """Give a connection to a call: an idle one, or a new one that is not yet open."""
        if self._pid != os.getpid():
            self._forget()
        while True:
            try:
                connection, until = self._idle.pop()
            except IndexError:
                connection = self._connection()
                break
            if monotonic() < until and connection.is_silent:
                break
            connection.close()
        connection.serve(guard)
        return connection

    def give(self, connection: Connection, max_idle: float) -> None:
        """Keep a connection whose response has ended, or close it where there is no room.

        Args:
            connection: Which one.
            max_idle: How long it may be kept, in seconds.
        """
        if self._closed or not max_idle or len(self._idle) >= self._size:
            connection.close()
            return
        self._idle.append((connection, monotonic() + max_idle))
        if self._closed:  # meanwhile, by another thread
            self.close()

    def close(self) -> None:
        """Close what is idle; what is in use is closed when it is given back."""
        self._closed = True
        self._forget()

    def _forget(self) -> None:
        self._pid = os.getpid()
        _close_all(self._idle)


def _close_all(idle: list[tuple[Connection, float]]) -> None:
    with contextlib.suppress(IndexError):  # other threads may take some meanwhile
        while True:
            idle.pop()[0].close()
