"""Connections kept for the next call.

Rules:

- A connection is taken out for one call and given back when the response has ended; nobody waits for one. More calls at
  a time than the pool's size make more connections, and those that find no room afterwards are closed.
- One that the server has closed, or that has bytes nobody asked for, is found so before anything is written.
- Every process has its own: a forked child closes its copies, which leaves the parent's connections alone.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mimo_proto.http.connection import TCPConnection
    from mimo_proto.http.deadlines import Guard
    from mimo_proto.http.route import Route

__all__ = ["Pool"]


class Pool:
    """The connections of one route. All methods: any thread.

    Args:
        route: Makes the connections.
        size: How many idle connections are kept.
    """

    def __init__(self, route: Route, size: int) -> None:
        self._route = route
        self._size = size
        self._idle: list[TCPConnection] = []
        weakref.finalize(self, _close_all, self._idle)  # for clients that nobody closes
        self._pid = os.getpid()
        self._closed = False

    def take(self, guard: Guard) -> TCPConnection:
        """Give a connection to a call: an idle one, or a new one that is not yet open."""
        if self._pid != os.getpid():
            self._forget()
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._route.connection()
                break
            if connection.is_connected:
                break
            connection.close()
        connection.serve(guard)
        return connection

    def give(self, connection: TCPConnection) -> None:
        """Keep a connection whose response has ended, or close it where there is no room."""
        if self._closed or len(self._idle) >= self._size:
            connection.close()
            return
        self._idle.append(connection)
        if self._closed:  # meanwhile, by another thread
            self.close()

    def close(self) -> None:
        """Close what is idle; what is in use is closed when it is given back."""
        self._closed = True
        self._forget()

    def _forget(self) -> None:
        self._pid = os.getpid()
        _close_all(self._idle)


def _close_all(connections: list[TCPConnection]) -> None:
    with contextlib.suppress(IndexError):  # other threads may take some meanwhile
        while True:
            connections.pop().close()
