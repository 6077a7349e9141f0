"""Connections: urllib3's own, with their socket handed out while they are still being made.

Rules:

- From the first moment on a `Guard` can shut the socket down: while it connects, while a proxy answers, while TLS
  shakes hands, while the head comes. urllib3 shows no socket before the head is whole.
- One clock bounds opening a connection: all addresses, the proxy's tunnel and TLS together. Name resolution is outside.
- What is sent and read on it is HTTP/1.1 as `socket_io` and `body` have it; `http.client` is not asked.
"""

from __future__ import annotations

import http.client
import select
import socket
import sys
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from urllib3.connection import HTTPConnection, HTTPSConnection

from mimo_proto.errors import ConfigurationError
from mimo_proto.http.deadlines import MAX_TIMEOUT_SECONDS, WATCHDOG, Guard

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TCPConnection", "TLSConnection", "Tunnel", "check_urllib3"]


def check_urllib3() -> None:
    """Refuse the fork of urllib3 that niquests installs in its place: its connections read and write otherwise.

    Raises:
        ConfigurationError: It is installed.
    """
    if http.client.HTTPConnection not in HTTPConnection.__mro__:
        raise ConfigurationError(
            "the fork urllib3-future is installed as urllib3: install urllib3 itself, "
            "or use mimo_proto.aio.httpx or mimo_proto.aio.aiohttp"
        )


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


class TCPConnection(HTTPConnection):
    """A connection that a `Guard` can end at any time. One call at a time; no thread shares it.

    Attributes:
        guard: The current call's.
        tunnel: Where a proxy is to connect, or None.
    """

    tunnel: Tunnel | None = None

    def __init__(self, host: str, port: int | None = None, **settings: Any) -> None:
        self.guard = Guard()
        self._poll: select.poll | None = None
        super().__init__(host, port, **settings)

    def serve(self, guard: Guard) -> None:
        """Belong to a call from now on."""
        self.guard = guard
        guard.attach(_innermost(self.sock))

    @property
    def is_connected(self) -> bool:
        """Whether it is open and silent; urllib3's own makes a `poll` object for each look, a twentieth of a call."""
        if self._poll is None:
            return super().is_connected
        return self.sock is not None and not self._poll.poll(0)

    def connect(self) -> None:
        """Open the connection, tunnel and TLS included, before ``guard.connect_at``."""
        if self.tunnel is not None:
            self.set_tunnel(self.tunnel.host, self.tunnel.port, self.tunnel.headers, self.tunnel.scheme)
            # The proxy's response is read line by line, which no timeout of a socket bounds.
            WATCHDOG.watch(self.guard, self.guard.connect_at)
        self._early: socket.socket | None = None
        try:
            super().connect()
            self.guard.attach(_innermost(self.sock))
            if hasattr(select, "poll"):  # not on Windows
                self._poll = select.poll()
                self._poll.register(self.sock, select.POLLIN)
        except BaseException:
            self.guard.attach(None)
            raise
        finally:
            if self._early is not None:
                self._early.close()

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
        return min(left, MAX_TIMEOUT_SECONDS)


class TLSConnection(TCPConnection, HTTPSConnection):
    """The same over TLS."""


def _innermost(sock: Any) -> Any:
    """The socket itself: TLS inside a proxy's TLS is an object of urllib3 around one, which nothing can shut down."""
    return getattr(sock, "socket", sock)
