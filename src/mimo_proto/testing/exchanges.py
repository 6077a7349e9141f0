"""The exchanges of one connection: requests are read, and answers written, by HTTP/1.1.

Rules: a body comes with its length or in chunks; a request whose body is neither, or ends too early, is no request: it
is answered 400, and nobody hears of it. The connection is kept, unless the answer is one that ends it.
"""

from __future__ import annotations

import socket
import struct
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .replies import Received
    from .script import Gate, RawReply

__all__ = ["Exchanges", "Played"]

Played: TypeAlias = "tuple[Received, RawReply, list[bytes | Gate]]"
"""A request, what was answered to it, and the writes of it."""


class Exchanges(BaseHTTPRequestHandler):
    """The exchanges of one connection; making it serves them, and returns when the connection is to be closed.

    Args:
        connection: The connection.
        take: Answers a request: method, path, header fields with their names in lower case, and body.
        write: Writes an answer to the connection.

    Raises:
        OSError: The client has gone.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(
        self,
        connection: socket.socket,
        take: Callable[[str, str, Mapping[str, str], bytes], Played],
        write: Callable[[socket.socket, Received, Iterable[bytes | Gate]], None],
    ) -> None:
        self._take = take
        self._write = write
        super().__init__(connection, connection.getpeername(), cast("Any", None))

    def _body(self) -> bytes:
        """Read the body of a request (RFC 9112, 6 and 7.1).

        Raises:
            ValueError: A length or the size of a chunk is not a number, or the body ends before its end.
        """
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self._read(int(self.headers.get("Content-Length", "0")))
        chunks: list[bytes] = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self._read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # the trailer section
            pass
        return b"".join(chunks)

    def _read(self, size: int) -> bytes:
        data = self.rfile.read(size) if size > 0 else b""
        if len(data) != size:
            raise ValueError(f"{len(data)} of {size} bytes came")
        return data

    def _exchange(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            body = self._body()
        except ValueError:
            self.send_error(400)
            return
        request, reply, writes = self._take(self.command, self.path, headers, body)
        if self.command == "HEAD":  # what a body would be is left out (RFC 9110, 9.3.2)
            whole = b"".join(write for write in writes if isinstance(write, bytes))
            writes = [b"".join(whole.partition(b"\r\n\r\n")[:2])]
        self._write(self.connection, request, writes)
        if reply.raw or reply.cut is not None or reply.reset:
            self.close_connection = True
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def parse_request(self) -> bool:
        """Read a head; the base class looks for what serves a method under its name, and all are served alike."""
        is_read = super().parse_request()
        setattr(self, f"do_{self.command}", self._exchange)
        return is_read

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing on stderr."""
