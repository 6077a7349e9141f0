"""What an adapter has to bring: how its HTTP library sends a request, and how an answer is read.

What these raise is the library's own; `HTTPLibrary.own_error` says what it means, and `AsyncCall` raises that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mimo_proto.errors import MimoError
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["Answer", "HTTPLibrary", "Resumed"]


class Answer(ABC):
    """An answer whose head has come, as a library gives it. What its methods raise is the library's own.

    Attributes:
        status: The HTTP status.
        headers: The header fields, names in lower case, repeated ones joined with ", ".
    """

    status: int
    headers: dict[str, str]

    @abstractmethod
    async def read(self) -> bytes:
        """Wait for the next piece of the body, whatever its size; empty at the end."""

    @abstractmethod
    async def aclose(self) -> None:
        """Give the connection back if the body was read to its end, else close it."""

    @abstractmethod
    def drop(self) -> None:
        """Do the same without waiting, from any thread."""


class Resumed(Answer):
    """An answer of which something was read already, which comes again first. One task at a time.

    Args:
        answer: The answer.
        data: What was read of it.
    """

    def __init__(self, answer: Answer, data: bytes) -> None:
        self.status, self.headers = answer.status, answer.headers
        self._answer = answer
        self._data = data

    async def read(self) -> bytes:
        """Give what was read, then what is left."""
        data, self._data = self._data, b""
        return data or await self._answer.read()

    async def aclose(self) -> None:
        """See `Answer.aclose`."""
        await self._answer.aclose()

    def drop(self) -> None:
        """See `Answer.drop`."""
        self._answer.drop()


class HTTPLibrary(ABC):
    """What a library has to do for us."""

    @abstractmethod
    async def request(self, request: HTTPRequest, timeouts: Timeouts) -> Answer:
        """Send a request as it is and wait for the head of the answer; follow no redirect, decompress nothing."""

    @abstractmethod
    def own_error(self, exc: BaseException, timeouts: Timeouts, *, answered: bool) -> MimoError | None:
        """Map what the library raised to our tree, None for what is not an error of the network.

        Args:
            exc: What was raised.
            timeouts: What the library was told.
            answered: Whether the head of an answer had come.
        """
