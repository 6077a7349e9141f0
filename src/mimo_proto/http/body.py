"""The body of one answer, read from a socket as its head frames it.

Rules:

- A piece is what one read of the socket gave; in chunks, all that stands in it whole (`ChunkedDecoder`).
- An end that comes too early is an error, with chunks as with a length.
- What follows a body's end is thrown away with its connection; it must not answer the next call.
"""

from __future__ import annotations

import functools
import socket
import ssl
from time import monotonic
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPResponse

from mimo_proto.protocol.chunked import ChunkedDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mimo_proto.http.deadlines import Guard
    from mimo_proto.protocol.http11 import Head

__all__ = ["Answer", "ForeignAnswer"]


class Answer:
    """One answer whose head has come. One thread.

    Args:
        head: Its head.
        rest: What of the body came with it.
        sock: Where the rest comes from.
        guard: The call's; ``drain_at`` bounds the wait for the end of a chunked body.

    Attributes:
        status: The HTTP status.
        headers: The header fields, names in lower case, repeated ones joined with ", ".
        closed: The body has ended.
        kept: The connection can carry another call after it.
    """

    def __init__(self, head: Head, rest: bytes, sock: Any, guard: Guard) -> None:
        self.status, self.headers, chunked, self._left, self.kept = head
        self._rest = rest
        self._socket = sock
        self._guard = guard
        self._decoder = ChunkedDecoder() if chunked else None
        self.closed = False
        if self._left == 0:
            self._end(surplus=bool(rest))

    def read1(self, n: int) -> bytes:
        """Give what has come, at most ``n`` bytes; wait when that is nothing; empty is the end.

        Raises:
            OSError: The connection broke or ended, or nothing came in time.
            ChunkedError: The framing is broken.
        """
        if self.closed:
            return b""
        if self._decoder is not None:
            return self._read_chunked(self._decoder, n)
        data = self._take(n)
        if self._left is None:
            self.closed = not data
            return data
        if not data:
            raise ConnectionResetError(f"{self._left} bytes of the body are missing")
        body = data[: self._left]
        self._left -= len(body)
        if not self._left:
            self._end(surplus=len(data) > len(body) or bool(self._rest))
        return body

    read = read1
    """What urllib3 takes for a file."""

    def decoding(self) -> Callable[[int], bytes]:
        """Give the `read1` that decodes the body by its Content-Encoding."""
        # Its type wants a whole file; it uses `read1`, `closed` and `close`.
        body: Any = self
        wrapper = HTTPResponse(body=body, headers=self.headers, preload_content=False)
        return functools.partial(wrapper.read1, decode_content=True)

    def close(self) -> None:
        """Give the body up."""
        self.closed = True

    def _take(self, n: int) -> bytes:
        if self._rest:
            data, self._rest = self._rest[:n], self._rest[n:]
            return data
        received: bytes = self._socket.recv(n)
        return received

    def _read_chunked(self, decoder: ChunkedDecoder, n: int) -> bytes:
        while True:
            data = b"" if decoder.broken else self._take(n)
            if not data and not decoder.broken:
                raise ConnectionResetError("the last chunk is missing")
            body = decoder.feed(data)
            if decoder.ended:
                self._end(surplus=decoder.surplus or bool(self._rest))
                return body
            if body:
                return body
            if monotonic() >= self._guard.drain_at:
                raise TimeoutError("the end of the body did not come")

    def _end(self, *, surplus: bool) -> None:
        self.closed = True
        if self.kept and (surplus or self._more()):
            self.kept = False

    def _more(self) -> bool:
        """Whether bytes wait in the TLS layer.

        What the system holds is looked at when the connection is taken: here it would cost three calls, 28 µs.
        """
        sock = self._socket
        if type(sock) is socket.socket:
            return False
        if isinstance(sock, ssl.SSLSocket):
            return sock.pending() > 0
        try:  # TLS inside of a proxy's TLS
            timeout = sock.gettimeout()
            sock.settimeout(0)
            try:
                return bool(sock.recv(1))
            finally:
                sock.settimeout(timeout)
        except (OSError, ValueError):
            return False


class ForeignAnswer:
    """The same, where urllib3 is a fork that frames by itself.

    Args:
        response: What its connection gave.
    """

    kept = True

    def __init__(self, response: Any) -> None:
        self.status: int = response.status
        self.headers = _merged(response.headers.items())
        self._response = response
        self.read1: Callable[[int], bytes] = response.read1

    @property
    def closed(self) -> bool:
        """Whether the body has ended."""
        return bool(self._response.closed)

    def decoding(self) -> Callable[[int], bytes]:
        """Give the `read1` that decodes the body by its Content-Encoding."""
        return functools.partial(self._response.read1, decode_content=True)

    def close(self) -> None:
        """Give the body up."""
        self._response.close()


def _merged(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Header fields, names in lower case; repeated ones are joined."""
    headers: dict[str, str] = {}
    for field, value in fields:
        name = field.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
