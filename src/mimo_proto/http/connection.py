"""Connections: opened as a route says, and ended at any time by a `Guard`.

Rules:

- From the first moment on the guard can shut the socket down: while it connects, while a proxy answers, while TLS
  shakes hands, while the head comes.
- One clock bounds opening a connection: all addresses, the proxy's tunnel and TLS together. Name resolution is outside.
- What is sent and read on it is HTTP/1.1 as `socket_io` and `body` have it.
"""

from __future__ import annotations

import os
import selectors
import socket
import ssl
from typing import TYPE_CHECKING, Any

from mimo_proto.call.route import unresolved
from mimo_proto.http.deadlines import Guard
from mimo_proto.http.dial import dial
from mimo_proto.http.socket_io import WOULD_BLOCK
from mimo_proto.http.tunnel import open_tunnel
from mimo_proto.http.watchdog import WATCHDOG

if TYPE_CHECKING:
    from mimo_proto.call.route import Route
    from mimo_proto.http.tls import TLS

__all__ = ["Connection"]


class Connection:
    """A connection that a `Guard` can end at any time. One call at a time; no thread shares it.

    Args:
        route: Where it leads.
        tls: How TLS is talked on it.

    Attributes:
        guard: The current call's.
        sock: What is sent and read on: a socket, or TLS over one; None as long as it is not open.
        reused: Whether the current call found it open.
    """

    def __init__(self, route: Route, tls: TLS) -> None:
        self.guard = Guard()
        self.sock: Any = None
        self.reused = False
        self._route = route
        self._tls = tls

    def serve(self, guard: Guard) -> None:
        """Belong to a call from now on."""
        self.guard = guard
        self.reused = not self.is_closed
        guard.attach(_innermost(self.sock))

    @property
    def is_closed(self) -> bool:
        """Whether it is not open, or not yet."""
        return self.sock is None

    @property
    def is_silent(self) -> bool:
        """Whether nothing has come; what comes while no call uses the connection is its end, or nobody's answer."""
        # Not the default selector, which takes a descriptor: a look must not fail for want of one. Windows has no poll.
        with getattr(selectors, "PollSelector", selectors.SelectSelector)() as selector:
            selector.register(self.sock, selectors.EVENT_READ)
            return not selector.select(0) and not _has_decrypted(self.sock)

    def connect(self) -> None:
        """Open the connection, tunnel and TLS included, before ``guard.connect_at``.

        Raises:
            ConnectError: A proxy refuses.
            OSError, ValueError: It could not be opened, or not in time.
        """
        guard, route = self.guard, self._route
        sock: Any = self._dial()
        handle: socket.socket | None = None
        try:
            # TLS takes the socket over and leaves an empty shell: the guard gets a handle that lasts.
            handle = sock.dup()
            guard.attach(handle)
            sock.settimeout(guard.seconds_to_connect())
            if route.address.tls:
                sock = self._tls.wrap(sock, route.address.name)
            if route.tunnelled:
                sock = self._tunnelled(sock)
            self.sock = sock
        except BaseException:
            sock.close()
            raise
        finally:
            guard.attach(_innermost(self.sock))
            if handle is not None:
                handle.close()

    def _dial(self) -> socket.socket:
        try:
            return dial(self._route.address, self.guard)
        except (socket.gaierror, UnicodeError) as error:
            problem = unresolved(self._route, error, os.getenv)
        raise OSError(problem)

    def _tunnelled(self, sock: Any) -> Any:
        """Have the proxy connect to the origin, and put TLS on that."""
        guard = self.guard
        # The response to CONNECT, and TLS inside of TLS, are read in pieces, which no timeout bounds together.
        WATCHDOG.watch(guard, guard.connect_at)
        sock.settimeout(guard.seconds_to_connect())
        open_tunnel(sock, self._route)
        sock.settimeout(guard.seconds_to_connect())
        return self._tls.wrap(sock, self._route.origin.name)

    def close(self) -> None:
        """Close it, under the lock of whoever may be shutting it down."""
        with self.guard.lock:
            sock, self.sock = self.sock, None
            if sock is not None:
                sock.close()


def _has_decrypted(sock: Any) -> bool:
    """Whether bytes or the end wait in a layer of TLS, where the system does not know of them."""
    if type(sock) is socket.socket:
        return False
    if isinstance(sock, ssl.SSLSocket):
        return sock.pending() > 0
    try:  # TLS inside of a proxy's TLS
        timeout = sock.gettimeout()
        sock.settimeout(0)
        try:
            sock.recv(1)
        finally:
            sock.settimeout(timeout)
    except (OSError, ValueError) as error:
        return not isinstance(error, WOULD_BLOCK)
    return True


def _innermost(sock: Any) -> Any:
    """The socket itself: TLS inside a proxy's TLS is an object of urllib3 around one, which nothing can shut down."""
    return getattr(sock, "socket", sock)
