"""HTTP/1.1 over asyncio's own transports: what `AsyncClient` sends with when it is given no library.

Rules:

- Read first, then send: a response that comes while the request is still being sent is heard, sending stops, and the
  connection is not used again (RFC 9112, 9.5).
- A request goes out piece by piece, so the read clock bounds the gap between two parts, not the whole.
- Nothing is sent twice: whether to try again is the caller's decision.
- What is raised is ours; asyncio, ssl and socket are known here and below only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

from mimo_proto.aio.connect import connect
from mimo_proto.aio.library import HTTPLibrary, LibraryResponse
from mimo_proto.aio.pool import AsyncPools
from mimo_proto.aio.tls import default_context
from mimo_proto.call.blocks import BLOCK_BYTES, blocks_of
from mimo_proto.call.clocks import end_error
from mimo_proto.call.connection_errors import connection_error, is_clock
from mimo_proto.call.keep_alive import max_idle_seconds
from mimo_proto.call.route import make_route
from mimo_proto.errors import LocalProtocolError
from mimo_proto.protocol.body import BodyDecoder
from mimo_proto.protocol.http11 import HeadDecoder

if TYPE_CHECKING:
    import ssl

    from mimo_proto.aio.connection import AsyncConnection
    from mimo_proto.aio.deadlines import Deadlines
    from mimo_proto.aio.pool import AsyncPool
    from mimo_proto.call.connection_errors import Stage
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.http11 import Head
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["AsyncTransport"]


class AsyncTransport(HTTPLibrary):
    """Sends requests to one origin. Any number of tasks, and of loops.

    Args:
        base_url: Scheme and host of every request.
        pool_size: How many idle connections are kept.
        ssl_context: The context for TLS, to the proxy too; None for the system's certificates.
        proxy: ``http://`` or ``https://`` URL of a proxy, perhaps with ``user:password@``; None: no proxy.

    Raises:
        ConfigurationError: The proxy cannot be used.
    """

    def __init__(self, base_url: str, *, pool_size: int, ssl_context: ssl.SSLContext | None, proxy: str | None) -> None:
        self._route = make_route(base_url, proxy)
        self._pools = AsyncPools(pool_size)
        self._context = ssl_context

    def close(self) -> None:
        """Close the idle connections; what is in use goes on to its end."""
        self._pools.close()

    def running_loop(self) -> asyncio.AbstractEventLoop:
        """See `HTTPLibrary`; each loop has connections of its own."""
        self._loop = None
        return super().running_loop()

    async def request(self, request: HTTPRequest, timeouts: Timeouts, deadlines: Deadlines) -> LibraryResponse:
        """Send a request as it is and wait for the head of the response.

        Args:
            request: What to send; its URL lies under the base URL.
            timeouts: Has the connect clock, in seconds.
            deadlines: Has the read clock.

        Raises:
            ConnectError, ConnectTimeout: Nothing was sent.
            ConnectionClosed: It may have been.
            RemoteProtocolError: The response is not HTTP.
            LocalProtocolError: The client is closed.
        """
        if self._pools.closed:
            raise LocalProtocolError("the client is closed")
        pool = self._pools.of_loop(asyncio.get_running_loop())
        connection = pool.take()
        if connection is None:
            deadlines.suspend()
            try:
                connection = await connect(self._route, self._tls_context, pool.buffer, timeouts.connect)
            except (OSError, ValueError) as error:
                if is_clock(error):
                    raise end_error("connect", timeouts) from None
                raise connection_error(error, "connect") from None
        exchange = _Exchange(connection, pool, deadlines)
        try:
            await exchange.open(_parts(self._route.encode_request(request), request.body))
        except BaseException:
            connection.abort()
            raise
        return exchange

    def own_error(self, exc: BaseException, timeouts: Timeouts, *, has_head: bool) -> None:
        """See `HTTPLibrary`: what is raised here is ours already."""

    def _tls_context(self) -> ssl.SSLContext:
        """The one context of all connections: making one reads the system's certificates, which takes its time."""
        if self._context is None:
            self._context = default_context()
        return self._context


class _Exchange(LibraryResponse):
    """One request and its response on one connection. See `mimo_proto.aio.library.LibraryResponse`.

    Args:
        connection: Where it is sent; it belongs to the call.
        pool: Where the connection goes back to.
        deadlines: The call's.
    """

    def __init__(self, connection: AsyncConnection, pool: AsyncPool, deadlines: Deadlines) -> None:
        self._connection = connection
        self._pool = pool
        self._deadlines = deadlines
        self._body: BodyDecoder
        self._rest = b""
        self._kept = False
        self._open = True

    async def open(self, parts: deque[bytes]) -> None:
        """Send the request and wait for the head of the response.

        Args:
            parts: What is sent, in the order of sending; what a response made needless stays in it.

        Raises:
            ConnectionClosed, RemoteProtocolError: See `AsyncTransport.request`.
        """
        connection, decoder = self._connection, HeadDecoder()
        try:
            head = await _send_and_receive(connection, parts, decoder, self._deadlines)
        except (OSError, ValueError) as error:
            stage: Stage = "send" if parts else "head"
            raise connection_error(error, stage, reused=connection.reused, answer_begun=decoder.begun) from None
        self._rest = decoder.rest
        self.status, self.headers = head.status, head.headers
        self._body = BodyDecoder(head)
        self._deadlines.expect_bytes()
        self._kept = head.kept and connection.can_write and not parts

    async def read(self) -> bytes:
        """Wait for the next bytes of the body; empty at its end.

        Raises:
            ConnectionClosed, RemoteProtocolError: The response is cut or broken.
        """
        body, connection = self._body, self._connection
        try:
            while not body.ended:
                data = self._rest or connection.take()
                if data or body.broken:
                    content, self._rest = body.feed(data), b""
                    if content:
                        return content
                    self._deadlines.expect_bytes()  # more framing came
                elif not connection.ended:
                    await connection.wait()
                elif connection.failure is not None:
                    raise connection.failure
                elif missing := body.end_connection():
                    raise ConnectionResetError(missing)
        except (OSError, ValueError) as error:
            raise connection_error(error, "body", reused=connection.reused) from None
        return b""

    async def aclose(self) -> None:
        """See `LibraryResponse`; nothing is waited for."""
        self._release()

    def drop(self) -> None:
        """See `LibraryResponse`."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._pool.loop.call_soon_threadsafe(self._release)

    def _release(self) -> None:
        if not self._open:
            return
        self._open = False
        if self._kept and self._body.ended and not self._body.surplus and not self._rest:
            self._pool.give(self._connection, max_idle_seconds(self.headers))
        else:
            self._connection.abort()


async def _send_and_receive(
    connection: AsyncConnection, parts: deque[bytes], decoder: HeadDecoder, deadlines: Deadlines
) -> Head:
    """Send a request until the head of its response has come, and give that.

    Args:
        connection: Where it is sent.
        parts: What is sent; what has been is taken away.
        decoder: Finds the head; what came behind that stays in it.
        deadlines: Have the read clock, which begins anew with each part, and, when all of them have gone, with each
            byte.

    Raises:
        OSError: The connection broke. HeadError: It is no HTTP.
    """
    while (head := _head_so_far(connection, decoder)) is None:
        if not connection.can_write:
            await connection.wait()
        elif parts:
            deadlines.expect_send()
            connection.write(parts.popleft())
            if parts:
                await asyncio.sleep(0)  # what the loop has read comes first
        else:
            deadlines.expect_bytes()
            await connection.wait()
    return head


def _head_so_far(connection: AsyncConnection, decoder: HeadDecoder) -> Head | None:
    """Give the head if what has come makes it whole.

    Raises:
        OSError: The connection ended before. HeadError: It is no HTTP.
    """
    while data := connection.take():
        if (head := decoder.feed(data)) is not None:
            return head
    if connection.ended:
        raise connection.failure or ConnectionResetError(decoder.end_connection())
    return None


def _parts(head: bytes, body: bytes | None) -> deque[bytes]:
    """Cut a request into what is written at a time; a small one in one piece, which saves a system call."""
    if body is None or len(body) <= BLOCK_BYTES:
        return deque([head + (body or b"")])
    return deque([head, *blocks_of(body)])
