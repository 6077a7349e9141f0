"""What `AsyncClient` sends with: how its HTTP library sends a request, and how a response is read.

What these raise is the library's own; `HTTPLibrary.own_error` says what it means, and `AsyncCall` raises that.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from mimo_proto.errors import LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from mimo_proto.aio.deadlines import Deadlines
    from mimo_proto.errors import MimoError
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["HTTPLibrary", "LibraryResponse", "is_of_another_loop", "is_without_threads"]

NO_THREAD_TEXTS = ("can't start new thread", "can't register atexit", "cannot schedule new futures")
"""How the texts begin by which Python says that no thread can be started, as at the end of the process."""


def is_of_another_loop(exc: BaseException) -> bool:
    """Whether asyncio says that something belongs to another event loop, or to one that is closed.

    It has no class for that, and words of several kinds.
    """
    return type(exc) is RuntimeError and "loop" in str(exc)


def is_without_threads(exc: BaseException) -> bool:
    """Whether there was no thread to resolve a name in; Python has no class for that."""
    return type(exc) is RuntimeError and str(exc).startswith(NO_THREAD_TEXTS)


class LibraryResponse(ABC):
    """A response whose head has come, as a library gives it. What its methods raise is the library's own.

    Attributes:
        status: The HTTP status.
        headers: The header fields, names in lower case, repeated ones joined with ", ".
    """

    status: int
    headers: dict[str, str]

    @abstractmethod
    def read(self) -> Awaitable[bytes]:
        """Wait for the next bytes of the body, however many; empty at the end."""

    @abstractmethod
    async def aclose(self) -> None:
        """Give the connection back if the body was read to its end, else close it."""

    @abstractmethod
    def drop(self) -> None:
        """Do the same without waiting, from any thread."""


class HTTPLibrary(ABC):
    """What a library has to do for us. One event loop."""

    _loop: asyncio.AbstractEventLoop | None = None

    def running_loop(self) -> asyncio.AbstractEventLoop:
        """Give the loop that runs: the one of the first call, to which the library's connections belong.

        Raises:
            LocalProtocolError: No loop of asyncio runs here, or another one.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is None:
            raise LocalProtocolError("no event loop of asyncio runs here (trio has another kind): use asyncio.run()")
        if self._loop is None:
            self._loop = loop
        if self._loop is not loop:
            raise LocalProtocolError(
                "this AsyncClient was first used in another event loop, to which the connections of its http= belong: "
                "make both anew inside each asyncio.run()"
            )
        return loop

    @abstractmethod
    async def request(self, request: HTTPRequest, timeouts: Timeouts, deadlines: Deadlines) -> LibraryResponse:
        """Send a request as it is and wait for the head of the response; follow no redirect, decompress nothing.

        Args:
            request: What is sent.
            timeouts: Has the connect and the read clock, in seconds, which are the library's to keep.
            deadlines: Has the send clock, for a library that has none of its own.
        """

    @abstractmethod
    def own_error(self, exc: BaseException, timeouts: Timeouts, *, has_head: bool) -> MimoError | None:
        """Map what the library raised to our tree, None for what is not an error of the network.

        Args:
            exc: What was raised.
            timeouts: What the library was given.
            has_head: Whether the head of a response had come.
        """
