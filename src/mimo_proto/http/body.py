"""The body of one response, read from a socket as its head frames it.

Rules:

- A read gives what one read of the socket gave; in chunks, all that stands in it whole (`ChunkedDecoder`).
- An end that comes too early is an error, with chunks as with a length.
- What follows a body's end is thrown away with its connection; it must not answer the next call.
"""

from __future__ import annotations

import socket
import ssl
import zlib
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPResponse

from mimo_proto.http.socket_io import receive
from mimo_proto.protocol.chunked import ChunkedDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
        closed: The body has ended.
        reusable: The connection can carry another call after it.
    """

    def __init__(self, head: Head, received: bytes, sock: Any, guard: Guard) -> None:
        _, _, chunked, self._bytes_left, self.reusable = head
        self._received = received
        self._socket = sock
        self._guard = guard
        self._decoder = ChunkedDecoder() if chunked else None
        self.closed = False
        if self._bytes_left == 0:
            self._end(surplus=bool(received))

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
        if self._bytes_left is None:
            self.closed = not data
            return data
        if not data:
            raise ConnectionResetError(f"{self._bytes_left} bytes of the body are missing")
        body = data[: self._bytes_left]
        self._bytes_left -= len(body)
        if not self._bytes_left:
            self._end(surplus=len(data) > len(body) or bool(self._received))
        return body

    read = read1
    """What urllib3 takes for a file."""

    def decoding(self, codings: Sequence[str]) -> Callable[[int], bytes]:
        """Give the `read1` that undoes content codings, as `content_codings` lists them."""
        # Its type wants a whole file; it uses `read1`, `closed` and `close`.
        body: Any = self
        headers = {"content-encoding": ", ".join(codings)}
        wrapper = HTTPResponse(body=body, headers=headers, preload_content=False)

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

    def _read_chunked(self, decoder: ChunkedDecoder, n: int) -> bytes:
        while True:
            data = b"" if decoder.broken else self._take(n)
            if not data and not decoder.broken:
                raise ConnectionResetError("the last chunk is missing")
            body = decoder.feed(data)
            if decoder.ended:
                self._end(surplus=decoder.surplus or bool(self._received))
                return body
            if body:
                return body

    def _end(self, *, surplus: bool) -> None:
        self.closed = True
        if self.reusable and (surplus or self._has_pending_bytes()):
            self.reusable = False

    def _has_pending_bytes(self) -> bool:
        """Whether bytes wait in the TLS layer; what the system holds is looked at when the connection is taken."""
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
