"""What an adapter has to bring: how its HTTP library sends a request, and how a response is read.

What these raise is the library's own; `HTTPLibrary.own_error` says what it means, and `AsyncCall` raises that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mimo_proto.errors import MimoError
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["HTTPLibrary", "LibraryResponse"]


class LibraryResponse(ABC):
    """A response whose head has come, as a library gives it. What its methods raise is the library's own.

    Attributes:
        status: The HTTP status.
        headers: The header fields, names in lower case, repeated ones joined with ", ".
    """

    status: int
    headers: dict[str, str]

    @abstractmethod
    async def read(self) -> bytes:
        """Wait for the next bytes of the body, however many; empty at the end."""

    @abstractmethod
    async def aclose(self) -> None:
        """Give the connection back if the body was read to its end, else close it."""

    @abstractmethod
    def drop(self) -> None:
        """Do the same without waiting, from any thread."""


class HTTPLibrary(ABC):
    """What a library has to do for us."""

    @abstractmethod
    async def request(self, request: HTTPRequest, timeouts: Timeouts) -> LibraryResponse:
        """Send a request as it is and wait for the head of the response; follow no redirect, decompress nothing."""

    @abstractmethod
    def own_error(self, exc: BaseException, timeouts: Timeouts, *, has_head: bool) -> MimoError | None:
        """Map what the library raised to our tree, None for what is not an error of the network.

        Args:
            exc: What was raised.
            timeouts: What the library was given.
            has_head: Whether the head of a response had come.
        """
