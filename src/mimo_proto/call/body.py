"""The body of a response as it is read, within a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mimo_proto.errors import BodyTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BodyCollector"]


class BodyCollector:
    """Collect a body, whose blocks may have any size. One thread.

    Args:
        limit: The most decoded bytes that are taken.
        tee: Gets every block as it comes.

    Attributes:
        size: How many bytes have come.
    """

    def __init__(self, limit: int, tee: Callable[[bytes], object] | None = None) -> None:
        self.size = 0
        self._limit = limit
        self._tee = tee
        self._blocks: list[bytes] = []

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self.size >= self._limit

    def add(self, block: bytes) -> None:
        """Take the next block of a body that must not be larger than the limit.

        Raises:
            BodyTooLargeError: The body is larger.
        """
        self.add_some(block)
        if self.size > self._limit:
            raise BodyTooLargeError(f"the body is larger than {self._limit} bytes (Limits.body)")
        if self._tee is not None:
            self._tee(block)

    def add_some(self, block: bytes) -> None:
        """Take the next block of a body of which the beginning is enough."""
        self.size += len(block)
        self._blocks.append(block)

    def data(self) -> bytes:
        """Give what has come, up to the limit."""
        return b"".join(self._blocks)[: self._limit]
