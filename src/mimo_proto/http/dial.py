"""TCP connections to a host that may have several addresses (RFC 8305, "Happy Eyeballs").

Rules:

- The order of the addresses, and when the next one is tried, are those of `call.addresses`.
- One clock bounds them together. The first that connects is taken, the others are closed. Name resolution is outside of
  the clock: the system offers no way to end it.
- While they connect, the `Guard` has one end of a socket pair: shutting it down wakes the wait for all of them.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
from time import monotonic
from typing import TYPE_CHECKING, Self, cast

from mimo_proto.call.addresses import ATTEMPT_DELAY_SECONDS, take_turns
from mimo_proto.call.keep_alive import keep_alive_options

if TYPE_CHECKING:
    from mimo_proto.call.addresses import AddressInfo
    from mimo_proto.call.route import Address
    from mimo_proto.http.deadlines import Guard

__all__ = ["dial"]


def dial(address: Address, guard: Guard) -> socket.socket:
    """Connect to a host; the socket does not block.

    Args:
        address: Which host.
        guard: The call's; its connect and total clocks, and its end from outside, end the attempts.

    Raises:
        OSError: The name does not resolve, no address took the connection in time, or the call was ended.
        UnicodeError: It is no name.
    """
    infos = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        guard.attach(theirs)
        try:
            with _Race(take_turns(infos), ended=ours) as race:
                return race.run(guard)
        finally:
            guard.attach(None)


class _Race:
    """Attempts to connect, of which one wins. To be used in a ``with`` block, which closes those that did not.

    Args:
        infos: The addresses, in the order in which they are tried.
        ended: Becomes readable when the call was ended from outside.
    """

    def __init__(self, infos: list[AddressInfo], ended: socket.socket) -> None:
        self._waiting = infos[::-1]
        self._ended = ended
        self._attempts: dict[socket.socket, AddressInfo] = {}
        self._failures: list[str] = []
        self._start_at = 0.0  # when the next address is tried, on `time.monotonic`
        self._selector = selectors.DefaultSelector()
        self._selector.register(ended, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._selector.close()
        for sock in self._attempts:
            sock.close()

    def run(self, guard: Guard) -> socket.socket:
        """Try until one is connected.

        Raises:
            OSError: None is, or the call was ended.
        """
        while self._waiting or self._attempts:
            now = monotonic()
            if self._waiting and (now >= self._start_at or not self._attempts):
                self._start_at = now + ATTEMPT_DELAY_SECONDS
                self._start(self._waiting.pop())
                continue
            waits = [guard.seconds_to_connect(), self._start_at - now if self._waiting else None]
            sock = self._wait(min((wait for wait in waits if wait is not None), default=None))
            if sock is not None:
                return sock
        raise OSError("; ".join(self._failures) or "the name has no address")

    def _start(self, info: AddressInfo) -> None:
        try:
            sock = _begin(info)
        except OSError as error:
            self._fail(info, error)
        else:
            self._attempts[sock] = info
            self._selector.register(sock, selectors.EVENT_WRITE)

    def _wait(self, timeout: float | None) -> socket.socket | None:
        """Wait until something happens, in seconds; gives the socket that has connected, if one has."""
        for key, _ in self._selector.select(timeout):
            if key.fileobj is self._ended:
                raise ConnectionAbortedError("the call was ended")
            sock = cast("socket.socket", key.fileobj)
            self._selector.unregister(sock)
            info = self._attempts.pop(sock)
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not error:
                return sock
            sock.close()
            self._fail(info, OSError(error, os.strerror(error)))
        return None

    def _fail(self, info: AddressInfo, error: OSError) -> None:
        """Note what became of an address; the next one is tried at once."""
        self._start_at = 0.0
        self._failures.append(f"{info[4][0]}: {error.strerror or error}")


def _begin(info: AddressInfo) -> socket.socket:
    """Begin to connect to an address; becomes writable when that has come to its end."""
    family, kind, protocol, _, address = info
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option in keep_alive_options(socket):
            sock.setsockopt(*option)
        with contextlib.suppress(BlockingIOError):
            sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock
