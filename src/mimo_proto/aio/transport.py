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
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mimo_proto.aio.connect import connect
from mimo_proto.aio.library import HTTPLibrary, LibraryResponse
from mimo_proto.aio.pool import AsyncPools
from mimo_proto.aio.tls import default_context
from mimo_proto.call.clocks import end_error
from mimo_proto.call.keep_alive import max_idle_seconds
from mimo_proto.call.route import make_route
from mimo_proto.errors import ConnectError, ConnectionClosed, LocalProtocolError, MimoError, RemoteProtocolError
from mimo_proto.protocol.body import BodyDecoder
from mimo_proto.protocol.http11 import HeadDecoder

if TYPE_CHECKING:
    import ssl

    from mimo_proto.aio.connection import AsyncConnection
    from mimo_proto.aio.deadlines import Deadlines
    from mimo_proto.aio.pool import AsyncPool
    from mimo_proto.call.clocks import Reason
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.http11 import Head
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["AsyncTransport"]

PIECE_BYTES: Final = 16 * 1024
"""How much of a request is written at a time; what a TLS record holds."""

Stage: TypeAlias = Literal["connect", "send", "head", "body"]

CLOCKS: Final[dict[Stage, Reason]] = {"connect": "connect", "send": "send", "head": "read", "body": "read"}
"""The clock that runs in each stage."""

PLACES: Final[dict[Stage, str]] = {
    "send": "while the request was sent",
    "head": "before an answer came",
    "body": "inside the answer",
}
"""Where a connection broke, for its error."""


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

    async def request(self, request: HTTPRequest, timeouts: Timeouts, deadlines: Deadlines) -> LibraryResponse:  # noqa: ARG002 - progress is seen here
        """Send a request as it is and wait for the head of the response.

        Args:
            request: What to send; its URL lies under the base URL.
            timeouts: Has the connect and the read clock, in seconds.
            deadlines: Not used: the clock on sending is kept here.

        Raises:
            ConnectError, ConnectTimeout: Nothing was sent.
            ConnectionClosed, ReadTimeout: It may have been.
            RemoteProtocolError: The response is not HTTP.
            LocalProtocolError: The client is closed.
        """
        if self._pools.closed:
            raise LocalProtocolError("the client is closed")
        pool = self._pools.of_loop(asyncio.get_running_loop())
        connection = pool.take()
        if connection is None:
            try:
                connection = await connect(self._route, self._tls_context, pool.buffer, timeouts.connect)
            except (OSError, ValueError) as error:
                raise _own_error(error, "connect", timeouts) from None
        connection.wakeup.seconds = timeouts.read
        exchange = _Exchange(connection, pool, timeouts)
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
        timeouts: The call's.
    """

    def __init__(self, connection: AsyncConnection, pool: AsyncPool, timeouts: Timeouts) -> None:
        self._connection = connection
        self._pool = pool
        self._timeouts = timeouts
        self._head: Head
        self._body: BodyDecoder
        self._rest = b""
        self._reusable = False
        self._open = True

    async def open(self, parts: deque[bytes | memoryview]) -> None:
        """Send the request and wait for the head of the response.

        Args:
            parts: What is sent, in the order of sending; what a response made needless stays in it.

        Raises:
            ConnectionClosed, ReadTimeout, RemoteProtocolError: See `AsyncTransport.request`.
        """
        connection = self._connection
        try:
            self._head, self._rest = await _send_and_receive(connection, parts)
        except (OSError, ValueError) as error:
            stage: Stage = "head" if connection.can_write and not parts else "send"
            raise _own_error(error, stage, self._timeouts) from None
        self.status, self.headers = self._head.status, self._head.headers
        self._body = BodyDecoder(self._head)
        self._reusable = self._head.kept and connection.can_write and not parts

    async def read(self) -> bytes:
        """Wait for the next bytes of the body; empty at its end.

        Raises:
            ConnectionClosed, ReadTimeout, RemoteProtocolError: The response is cut, silent or broken.
        """
        body = self._body
        try:
            while not body.ended:
                data = self._rest or (b"" if body.broken else await self._connection.receive())
                self._rest = b""
                if not data and (missing := body.end_connection()):
                    raise ConnectionResetError(missing)
                if data and (content := body.feed(data)):
                    return content
        except (OSError, ValueError) as error:
            raise _own_error(error, "body", self._timeouts) from None
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
        # What has not been taken of a body may be its surplus.
        surplus = self._rest if self._body.ended else b""
        if self._reusable and self._body.ended and not self._body.surplus and not surplus:
            self._pool.give(self._connection, max_idle_seconds(self.headers))
        else:
            self._connection.abort()


async def _send_and_receive(connection: AsyncConnection, parts: deque[bytes | memoryview]) -> tuple[Head, bytes]:
    """Send a request until the head of its response has come, and give that with what came behind it.

    Args:
        connection: Where it is sent.
        parts: What is sent; what has been is taken away.

    Raises:
        OSError: The connection broke, or nothing went on in time. HeadError: It is no HTTP.
    """
    decoder = HeadDecoder()
    while True:
        if data := connection.take():
            head = decoder.feed(data)
            if head is not None:
                return head, decoder.rest
        elif connection.ended:
            where = " inside the head" if decoder.rest else ""
            raise connection.failure or ConnectionResetError(f"it was closed{where}")
        elif parts and connection.can_write:
            connection.write(parts.popleft())
            if parts:
                await asyncio.sleep(0)  # what the loop has read comes first
        else:
            await connection.wakeup.wait()


def _parts(head: bytes, body: bytes | None) -> deque[bytes | memoryview]:
    """Cut a request into what is written at a time; a small one in one piece, which saves a system call."""
    if body is None or len(body) <= PIECE_BYTES:
        return deque([head + (body or b"")])
    view = memoryview(body)
    return deque([head, *(view[at : at + PIECE_BYTES] for at in range(0, len(body), PIECE_BYTES))])


def _own_error(exc: OSError | ValueError, stage: Stage, timeouts: Timeouts) -> MimoError:
    """Map what asyncio, ssl, socket and the decoders raise to our tree.

    Args:
        exc: What was raised.
        stage: What was being done.
        timeouts: The call's.
    """
    # A timeout with a number is TCP's own: its probes were not answered.
    if isinstance(exc, TimeoutError) and exc.errno is None:
        return end_error(CLOCKS[stage], timeouts)
    text = str(exc)[:300] or type(exc).__name__
    if stage == "connect":
        return ConnectError(f"no connection: {text}")
    if isinstance(exc, OSError):
        return ConnectionClosed(f"the connection broke {PLACES[stage]}: {text}")
    return RemoteProtocolError(f"not an answer in HTTP/1.1: {type(exc).__name__}: {text}")
