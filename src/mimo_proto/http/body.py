"""The body of one response, read from a socket; its framing is `protocol.body`'s.

Rules:

- A read gives what one read of the socket gave; in chunks, all that stands in it whole.
- What follows a body's end is thrown away with its connection; it must not answer the next call.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPResponse

from mimo_proto.http.socket_io import receive
from mimo_proto.protocol.body import BodyDecoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from mimo_proto.http.deadlines import Guard
    from mimo_proto.protocol.http11 import Head

__all__ = ["ResponseBody"]


class ResponseBody:
    """The body of a response whose head has come. One thread.

    Args:
        head: The head of the response.
        received: What of the body came with the head.
        sock: Where the rest comes from.
        guard: The call's.

    Attributes:
        closed: Whether nothing more is read of it: it has ended, or was given up.
    """

    def __init__(self, head: Head, received: bytes, sock: Any, guard: Guard) -> None:
        self._decoder = BodyDecoder(head)
        self._received = received
        self._socket = sock
        self._guard = guard
        self.closed = self._decoder.ended

    @property
    def has_surplus(self) -> bool:
        """Whether bytes have come behind its end, once that was seen."""
        return self._decoder.surplus or bool(self._received)

    def read1(self, n: int) -> bytes:
        """Give what has come, at most ``n`` bytes; wait when that is nothing; empty is the end.

        Raises:
            OSError: The connection broke or ended, or nothing came in time.
            ChunkedError: The framing is broken.
        """
        decoder = self._decoder
        while not self.closed:
            data = b"" if decoder.broken else self._take(n)
            if not data and not decoder.broken and (missing := decoder.end_connection()):
                raise ConnectionResetError(missing)
            body = decoder.feed(data)
            self.closed = decoder.ended
            if body:
                return body
        return b""

    read = read1
    """What urllib3 takes for a file."""

    def decoding(self, coding: str) -> Callable[[int], bytes]:
        """Give the `read1` that undoes a content coding, one of `DECODABLE`."""
        # Its type wants a whole file; it uses `read1`, `closed` and `close`.
        body: Any = self
        wrapper = HTTPResponse(body=body, headers={"content-encoding": coding}, preload_content=False)

        def read1(n: int) -> bytes:
            try:
                return wrapper.read1(n, decode_content=True)
            except zlib.error:
                # urllib3 passes over what follows the last member of gzip, and flushes at the end what had refused it:
                # CPython 3.14 over zlib 1.3.2 raises then.
                return b""

        return read1

    def close(self) -> None:
        """Give the body up."""
        self.closed = True

    def _take(self, n: int) -> bytes:
        if self._received:
            data, self._received = self._received[:n], self._received[n:]
            return data
        return receive(self._socket, n, self._guard)
