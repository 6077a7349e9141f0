"""Connections: urllib3's own, with their socket handed out while they are still being made.

Rules:

- From the first moment on a `Guard` can shut the socket down: while it connects, while a proxy answers, while TLS
  shakes hands, while the head comes. urllib3 shows no socket before the head is whole.
- One clock bounds opening a connection: all addresses, the proxy's tunnel and TLS together. Name resolution is outside.
- Interim answers (1xx) are skipped, not only 100: `http.client` takes a 103 for the answer.
- Chunked bodies are taken apart by `ChunkedDecoder`: as prompt as a socket, many chunks a read.
- What follows a body's end is thrown away with its connection; it must not answer the next call.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import socket
import ssl
import sys
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection

from mimo_proto.chunked import ChunkedDecoder
from mimo_proto.watchdog import WATCHDOG, Guard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["LONGEST", "Answer", "PlainConnection", "TLSConnection", "Tunnel", "decoded"]

SMALL = 16 * 1024
"""Bodies up to this size, in bytes, are copied behind the head; it is also what a TLS record holds."""

PLAIN = http.client.HTTPConnection in HTTPConnection.__mro__
"""Not so in the fork of urllib3 that niquests puts in its place: that frames by h11, and `Answer` is not asked there.
Calls, streams, clocks and `cancel` work all the same; what it makes of answers that are no HTTP is its own."""

BUFFER = 8192
"""What is read ahead for the lines of the head, in bytes; urllib3 asks for no less at a time."""

LONGEST = 1e6
"""The longest timeout that a socket is given, in seconds: an absurd one overflows."""


class Tunnel(NamedTuple):
    """What is asked of a proxy with CONNECT.

    Attributes:
        scheme: How to talk to the proxy, "http" or "https".
        host: Where to, by the proxy.
        port: Its port.
        headers: For the proxy alone, such as its credentials.
    """

    scheme: str
    host: str
    port: int
    headers: Mapping[str, str]


class PlainConnection(HTTPConnection):
    """A connection that a `Guard` can end at any time. One call at a time; no thread shares it.

    Attributes:
        guard: The current call's.
        tunnel: Where a proxy is to connect, or None.
    """

    tunnel: Tunnel | None = None

    def __init__(self, host: str, port: int | None = None, **settings: Any) -> None:
        self.guard = Guard()
        self._held: list[bytes] | None = None
        super().__init__(host, port, **settings)

    def serve(self, guard: Guard) -> None:
        """Belong to a call from now on."""
        self.guard = guard
        vars(self)["response_class"] = functools.partial(Answer, guard)
        guard.attach(self.sock)

    def connect(self) -> None:
        """Open the connection, tunnel and TLS included, before ``guard.connect_at``."""
        if self.tunnel is not None:
            self.set_tunnel(self.tunnel.host, self.tunnel.port, self.tunnel.headers, self.tunnel.scheme)
            # The proxy's answer is read line by line, which no timeout of a socket bounds.
            WATCHDOG.watch(self.guard, self.guard.connect_at)
        self._early: socket.socket | None = None
        try:
            super().connect()
            self.guard.attach(self.sock)
        except BaseException:
            self.guard.attach(None)
            raise
        finally:
            if self._early is not None:
                self._early.close()

    def dispatch(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> None:
        """Send a request; a small one in one write, head and body together, which saves a system call in three."""
        self._held = [] if PLAIN and body is not None and len(body) <= SMALL else None
        self.request(method, target, body=body, headers=headers, preload_content=False)
        if self._held is not None:
            data, self._held = b"".join(self._held), None
            super().send(data)

    def receive(self) -> Any:
        """Read the head of the answer; gives the `Answer`, as urllib3's wrapper about it would cost 20 µs a call."""
        if not PLAIN:
            return self.getresponse()
        self.sock.settimeout(self.timeout)
        return http.client.HTTPConnection.getresponse(self)

    def send(self, data: Any, **options: Any) -> Any:
        """Send bytes, or hold them back for `dispatch`."""
        if self._held is not None:
            self._held.append(data)
            return None
        return super().send(data, **options)

    def close(self) -> None:
        """Close it, under the lock of whoever may be shutting it down."""
        with self.guard.lock:
            super().close()

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers; urllib3's own gives every address the whole timeout."""
        failure: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # TLS will take `sock` over and leave an empty shell: the guard gets a handle that lasts.
                self._hand_out(sock.dup())
                sock.settimeout(self._time_left())
                sock.connect(address)
                sock.settimeout(self._time_left())
            except OSError as exc:
                sock.close()
                failure = exc
            except BaseException:
                sock.close()
                raise
            else:
                sys.audit("http.client.connect", self, self.host, self.port)
                return sock
        raise failure or OSError("the name has no address")

    def _hand_out(self, handle: socket.socket) -> None:
        self.guard.attach(handle)
        if self._early is not None:
            self._early.close()
        self._early = handle

    def _time_left(self) -> float | None:
        at = min(self.guard.connect_at, self.guard.total_at)
        if at == inf:
            return None
        left = at - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return min(left, LONGEST)


class TLSConnection(PlainConnection, HTTPSConnection):
    """The same over TLS."""


class Answer(http.client.HTTPResponse):
    """The head and the framing of one answer."""

    def __init__(
        self,
        guard: Guard,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._guard = guard
        self._decoder = ChunkedDecoder()
        self.fp = self._wire = _Wire(self.fp.detach(), sock, guard)

    def begin(self) -> None:
        """Read the head, that of the final answer."""
        super().begin()
        while 100 < self.status < 200 and self.status != 101:
            vars(self).update(headers=None, msg=None)
            super().begin()
        if self.msg.defects or self.msg.get_payload():
            # The fields behind a broken line are lost, the framing perhaps among them. urllib3 would log the text.
            raise http.client.HTTPException("a header line is malformed")
        lengths = self.msg.get_all("content-length", ())
        if not self.chunked and len({length.strip() for value in lengths for length in value.split(",")}) > 1:
            raise http.client.HTTPException("there are two lengths")

    def read1(self, n: int = -1) -> bytes:
        """Give what has come, at most ``n`` bytes; wait when that is nothing; empty is the end."""
        if self.isclosed():
            return b""
        if self.chunked:
            return self._read_chunked(n)
        if self.length is None:
            return super().read1(n)
        data = self._wire.take(n) if self.length else b""
        if not data and self.length:
            raise http.client.IncompleteRead(b"", self.length)
        self._wire.surplus = len(data) > self.length
        data = data[: self.length]
        self.length -= len(data)
        if not self.length:
            self.close()
        return data

    def _read_chunked(self, n: int) -> bytes:
        while True:
            data = b"" if self._decoder.broken else self._wire.take(n)
            if not data and not self._decoder.broken:
                raise http.client.IncompleteRead(b"")
            body = self._decoder.feed(data)
            if self._decoder.ended:
                self._wire.surplus = self._decoder.surplus
                self.close()
                return body
            if body:
                return body
            if monotonic() >= self._guard.drain_at:
                raise TimeoutError("the end of the body did not come")


def decoded(answer: Any, headers: Mapping[str, str]) -> Callable[[int], bytes]:
    """Give the `read1` of an encoded answer that decodes it, by its Content-Encoding.

    Args:
        answer: What `PlainConnection.receive` gave.
        headers: Its header fields.
    """
    if PLAIN:
        answer = HTTPResponse(body=answer, headers=headers, preload_content=False)
    return functools.partial(answer.read1, decode_content=True)


class _Wire(io.BufferedReader):
    """The socket as a file, which looks behind the end of a body when it is closed."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, guard: Guard) -> None:
        super().__init__(raw, BUFFER)
        self._socket = sock
        self._guard = guard
        self._emptied = False
        self.surplus = False

    def take(self, n: int) -> bytes:
        """Read once; ``n`` is `BUFFER` or more, so nothing stays behind in this buffer."""
        if self._emptied:
            return self._socket.recv(n)
        self._emptied = True
        return self.read1(n)

    def close(self) -> None:
        if not self.closed and (self.surplus or self._more()):
            # Whoever takes the connection next finds it dropped.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        with self._guard.lock:
            super().close()

    def _more(self) -> bool:
        """Whether bytes are there already, in this buffer or in the TLS layer.

        What the system holds is looked at when the connection is taken: here it would cost three calls, 28 µs.
        """
        if self._emptied and type(self._socket) is socket.socket:
            return False
        if self._emptied and isinstance(self._socket, ssl.SSLSocket):
            return self._socket.pending() > 0
        try:
            timeout = self._socket.gettimeout()
            self._socket.settimeout(0)
            try:
                return bool(self.peek(1))
            finally:
                self._socket.settimeout(timeout)
        except (OSError, ValueError):
            return False
