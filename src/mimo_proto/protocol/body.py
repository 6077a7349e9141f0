"""The body of a response as its head frames it (RFC 9112, 6.3), sans-IO: bytes of a connection in, of the body out.

Rules:

- The body comes in chunks (`ChunkedDecoder`), is as long as the head says, or lasts until the connection ends.
- A connection that ends before the body does is an error, with chunks as with a length.
- Bytes behind the end belong to no response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mimo_proto.protocol.chunked import ChunkedDecoder

if TYPE_CHECKING:
    from mimo_proto.protocol.http11 import Head

__all__ = ["BodyDecoder"]


class BodyDecoder:
    """Take the framing off one body. One thread at a time.

    Args:
        head: The head of the response.

    Attributes:
        ended: Whether the body's end was seen.
        surplus: Whether bytes came behind the end.
        broken: Whether the framing is broken, so that nothing more can come: the next `feed` raises.
    """

    __slots__ = ("_bytes_left", "_chunks", "broken", "ended", "surplus")

    def __init__(self, head: Head) -> None:
        self._chunks = ChunkedDecoder() if head.chunked else None
        self._bytes_left = head.length
        self.ended = head.length == 0
        self.surplus = self.broken = False

    def feed(self, data: bytes) -> bytes:
        """Take in bytes, cut anywhere.

        Args:
            data: The bytes that were read from the connection.

        Returns:
            The bytes of the body among them; empty when there was only framing.

        Raises:
            ChunkedError: The framing is broken. The bytes before that were given first.
        """
        if self._chunks is not None:
            body = self._chunks.feed(data)
            self.ended, self.surplus = self._chunks.ended, self._chunks.surplus
            self.broken = self._chunks.broken is not None
            return body
        if self._bytes_left is None:
            return data
        body = data[: self._bytes_left]
        self._bytes_left -= len(body)
        self.ended = not self._bytes_left
        self.surplus = self.surplus or len(data) > len(body)
        return body

    def end_connection(self) -> str:
        """Take note that the connection has ended.

        Returns:
            What of the body is missing; empty when the end of the connection is that of the body.
        """
        if self._chunks is not None:
            return "the last chunk is missing"
        if self._bytes_left is not None:
            return f"{self._bytes_left} bytes of the body are missing"
        self.ended = True
        return ""
