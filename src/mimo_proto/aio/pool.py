"""Connections kept for the next call, in one loop.

Rules:

- A connection is taken out for one call and given back when the response has ended; nobody waits for one. More calls at
  a time than the pool's size make more connections, and those that find no room afterwards are closed.
- One that is older than its greatest age, that the server has closed, or on which anything came, is not used.
- A connection belongs to its loop, so each loop has a pool of its own. That holds for a forked child too, which has to
  start a loop of its own.
"""

from __future__ import annotations

import contextlib
import weakref
from typing import TYPE_CHECKING

from mimo_proto.aio.connection import READ_BUFFER_BYTES

if TYPE_CHECKING:
    import asyncio

    from mimo_proto.aio.connection import AsyncConnection

__all__ = ["AsyncPool", "AsyncPools"]


class AsyncPool:
    """The idle connections of one loop. `close`: any thread; the other methods: the loop's.

    Args:
        loop: The loop.
        size: How many idle connections are kept.

    Attributes:
        loop: The loop.
        buffer: What the loop reads into, for all connections.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, size: int) -> None:
        self.loop = loop
        self.buffer = memoryview(bytearray(READ_BUFFER_BYTES))
        self._size = size
        self._idle: list[AsyncConnection] = []
        self._closed = False
        # For clients that nobody closes; at exit the loop is gone, and the system closes them.
        weakref.finalize(self, _close_soon, loop, self._idle).atexit = False

    def take(self) -> AsyncConnection | None:
        """Give an idle connection to a call; None when there is none."""
        while self._idle:
            connection = self._idle.pop()
            idle_until, connection.idle_until = connection.idle_until, None
            if idle_until is not None and idle_until > self.loop.time() and connection.is_open:
                connection.reused = True
                return connection
            connection.close()
        return None

    def give(self, connection: AsyncConnection, seconds: float) -> None:
        """Keep a connection whose response has ended, or close it where there is no room.

        Args:
            connection: The connection; nothing waits on it.
            seconds: How long it may be idle and still be used.
        """
        if len(self._idle) >= self._size:
            self._idle[:] = [idle for idle in self._idle if idle.is_open]
        if self._closed or not seconds or len(self._idle) >= self._size:
            connection.close()
            return
        connection.idle_until = self.loop.time() + seconds
        self._idle.append(connection)

    def close(self) -> None:
        """Close what is idle as soon as the loop comes to it; what is in use is closed when it is given back."""
        self._closed = True
        _close_soon(self.loop, self._idle)


class AsyncPools:
    """The pools of one client, by loop. All methods: any thread.

    Args:
        size: How many idle connections are kept in each loop.

    Attributes:
        closed: Whether the client is closed.
    """

    def __init__(self, size: int) -> None:
        self.closed = False
        self._size = size
        self._pools: dict[asyncio.AbstractEventLoop, AsyncPool] = {}

    def of_loop(self, loop: asyncio.AbstractEventLoop) -> AsyncPool:
        """Give the pool of the running loop."""
        pool = self._pools.get(loop)
        if pool is None:
            for other in list(self._pools):
                if other.is_closed():
                    self._pools.pop(other, None)
            pool = self._pools[loop] = AsyncPool(loop, self._size)
        return pool

    def close(self) -> None:
        """Close what is idle, in every loop."""
        self.closed = True
        for pool in list(self._pools.values()):
            pool.close()


def _close_soon(loop: asyncio.AbstractEventLoop, idle: list[AsyncConnection]) -> None:
    """Close connections from any thread, as soon as their loop comes to it."""
    with contextlib.suppress(RuntimeError):  # the loop is closed, and its connections with it
        loop.call_soon_threadsafe(_close_all, idle)


def _close_all(idle: list[AsyncConnection]) -> None:
    while idle:
        idle.pop().close()
