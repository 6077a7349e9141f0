"""Send a request and read its answer on the socket of a call, under the clocks of its `Guard`.

Rules:

- The socket blocks, and the watchdog shuts it down when a clock runs out; where no watchdog runs, the socket has a
  timeout until the first of the clocks, and they are looked at when that is over.
- A small request is one write. A larger one goes block by block, and the read and the idle clock bound the gap between
  two blocks that were taken, not the whole.
- Whoever sends a body listens meanwhile (RFC 9112, 9.5): the head of an answer ends the sending, whatever its status.
- A connection that breaks while the request is sent may have brought an answer: what it holds is read first.
"""

from __future__ import annotations

import selectors
import socket
import ssl
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from mimo_proto.call.blocks import BLOCK_BYTES, blocks_of
from mimo_proto.call.connection_errors import is_clock

if TYPE_CHECKING:
    from mimo_proto.http.deadlines import Guard
    from mimo_proto.protocol.http11 import Head, HeadDecoder

__all__ = ["WOULD_BLOCK", "receive", "receive_head", "send_request"]

HEAD_READ_BYTES: Final = 16 * 1024
"""How much of a response is read at a time to find its head."""

WOULD_BLOCK: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What a socket that does not block raises where it would; over TLS also where what came was no data."""

BROKEN: Final = (ConnectionError, ssl.SSLEOFError)
"""What sending raises when the peer has closed; Python 3.11 and 3.12 have an error of their own for it over TLS."""


def receive(sock: Any, size: int, guard: Guard) -> bytes:
    """Wait for bytes, under the clocks; empty is the end of what the peer sends.

    Args:
        sock: The socket; it blocks.
        size: How many bytes are taken at most.
        guard: The call's.

    Raises:
        OSError: The connection broke.
    """
    guard.start_read()
    while True:
        if not guard.watched:
            sock.settimeout(guard.wait_seconds())
        try:
            data: bytes = sock.recv(size)
        except TimeoutError as error:
            if not is_clock(error):  # TCP has given the peer up
                raise
        else:
            guard.read_at = inf
            return data


def receive_head(sock: Any, decoder: HeadDecoder, guard: Guard) -> Head:
    """Wait for the head of the response; ``decoder.rest`` is what came behind it.

    Raises:
        OSError: The connection broke or ended.
        HeadError: It is no HTTP.
    """
    while data := receive(sock, HEAD_READ_BYTES, guard):
        head = decoder.feed(data)
        if head is not None:
            return head
    raise ConnectionResetError(decoder.end_connection())


def send_request(sock: Any, head: bytes, body: bytes, decoder: HeadDecoder, guard: Guard) -> Head | None:
    """Send a request, and stop where an answer comes before all of it is sent.

    Args:
        sock: The socket; it blocks, before and after.
        head: The head of the request.
        body: Its body, perhaps empty.
        decoder: Gets what is read meanwhile.
        guard: The call's.

    Returns:
        The head of the answer that came early, where not all was sent; None where all was.

    Raises:
        OSError: The connection broke, and no answer had come.
        HeadError: What came is no HTTP.
    """
    sock.settimeout(None)
    try:
        if len(body) <= BLOCK_BYTES:
            _send(sock, head + body, guard)
        elif isinstance(sock, socket.socket):
            _send(sock, head, guard)
            return _send_and_listen(sock, body, decoder, guard)
        else:  # TLS inside a proxy's TLS, which can only wait
            _send(sock, head, guard)
            for block in blocks_of(body):
                _send(sock, block, guard)
    except BROKEN:
        return receive_head(sock, decoder, guard)
    return None


def _send(sock: Any, data: bytes, guard: Guard) -> None:
    """Send a part, and wait until it is taken."""
    guard.start_read_and_idle()
    if not guard.watched:
        sock.settimeout(guard.wait_seconds())
    try:
        sock.sendall(data)
    except TimeoutError:
        guard.due(monotonic())  # leaves the reason behind where no watchdog does
        raise


def _send_and_listen(sock: socket.socket, body: bytes, decoder: HeadDecoder, guard: Guard) -> Head | None:
    """Send a body block by block, and look for an answer before each."""
    head, rest = None, memoryview(body)
    guard.start_read_and_idle()
    sock.setblocking(False)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE)
            while rest and (head := _hear(sock, decoder)) is None:
                try:
                    rest = rest[sock.send(rest[:BLOCK_BYTES]) :]
                    guard.start_read_and_idle()
                except WOULD_BLOCK:
                    selector.select(guard.wait_seconds())
    finally:
        sock.settimeout(None)
    return head


def _hear(sock: socket.socket, decoder: HeadDecoder) -> Head | None:
    """Give the head of the answer if it has come."""
    try:
        data = sock.recv(HEAD_READ_BYTES)
    except WOULD_BLOCK:
        return None
    if not data:
        raise ConnectionResetError(decoder.end_connection())
    return decoder.feed(data)
