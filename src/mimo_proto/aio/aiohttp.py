"""How `AsyncClient` sends over the caller's `aiohttp.ClientSession`.

Rules:

- The session's connector, TLS context, proxies and cookies are used; its timeouts, redirects, `raise_for_status` and
  decompression are not. Default headers of the session are sent where ours do not say otherwise; default credentials
  are refused by aiohttp beside ours.
- A read gives all that has come since the last one, so a server ahead of us costs little.
"""

from __future__ import annotations

import asyncio
import contextlib
from math import inf
from typing import TYPE_CHECKING

import aiohttp

from mimo_proto.aio.library import HTTPLibrary, LibraryResponse, is_of_another_loop
from mimo_proto.call.blocks import blocks_of
from mimo_proto.call.clocks import end_error
from mimo_proto.call.connection_errors import MAX_SHOWN_CHARACTERS, connection_closed, shown
from mimo_proto.errors import (
    ConfigurationError,
    ConnectError,
    LocalProtocolError,
    MimoError,
    RemoteProtocolError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiohttp.abc import AbstractStreamWriter

    from mimo_proto.aio.deadlines import Deadlines
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["AiohttpLibrary"]

LIBRARY_ERRORS = (aiohttp.ClientError, OSError, ValueError)
"""All that aiohttp and what lies below it raise."""

CLOSED = "the aiohttp.ClientSession is closed"
CONNECT_ERRORS = (aiohttp.ClientConnectorError, aiohttp.ServerFingerprintMismatch)
CLOSED_ERRORS = (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, OSError)


class AiohttpLibrary(HTTPLibrary):
    """How aiohttp is used.

    Args:
        session: The caller's; it stays open.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(self, request: HTTPRequest, timeouts: Timeouts, deadlines: Deadlines) -> LibraryResponse:
        """See `HTTPLibrary`."""
        if self._session.closed:
            raise LocalProtocolError(CLOSED)
        while True:
            body = None if request.body is None else RequestBody(request.body, deadlines)
            response = await self._send(request, body, timeouts)
            if body is None or body.begun:
                return _Response(response, self._session)
            # It had come before the request went out: an answer to none.
            response.close()

    async def _send(self, request: HTTPRequest, body: RequestBody | None, timeouts: Timeouts) -> aiohttp.ClientResponse:
        try:
            return await self._session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=body,
                allow_redirects=False,
                raise_for_status=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(
                    # Where a body has told when all of it has gone, the read clock is the call's: aiohttp's is a timer
                    # a read.
                    total=None,
                    sock_connect=timeouts.connect,
                    sock_read=timeouts.read if body is None else None,
                    ceil_threshold=inf,
                ),
            )
        finally:
            if body is not None:
                body.end()

    def own_error(self, exc: BaseException, timeouts: Timeouts, *, has_head: bool) -> MimoError | None:
        """See `HTTPLibrary`."""
        if is_of_another_loop(exc):
            return LocalProtocolError(f"the aiohttp.ClientSession belongs to another event loop: {exc}")
        if not isinstance(exc, LIBRARY_ERRORS) or isinstance(exc, MimoError):
            return None
        if isinstance(exc, aiohttp.ConnectionTimeoutError):
            return end_error("connect", timeouts)
        if isinstance(exc, TimeoutError):
            return end_error("read", timeouts)
        if isinstance(exc, aiohttp.ClientHttpProxyError):
            return ConnectError(f"no connection: the proxy answered {exc.status} {exc.message}"[:MAX_SHOWN_CHARACTERS])
        if isinstance(exc, aiohttp.InvalidURL):
            # Ours has been checked; and what is no URL has no userinfo that could be taken out.
            return ConfigurationError("aiohttp refuses the URL of its proxy")
        text = shown(exc)
        if isinstance(exc, CONNECT_ERRORS):
            return ConnectError(f"no connection: {text}")
        if isinstance(exc, CLOSED_ERRORS):
            # In the place of its text aiohttp puts the head as far as it had come.
            has_begun = has_head or not isinstance(getattr(exc, "message", ""), str)
            return connection_closed(exc, "body" if has_head else "head", answer_begun=has_begun)
        if isinstance(exc, ValueError):
            return ConfigurationError(f"aiohttp refuses to send the request: {text}")
        return RemoteProtocolError(f"not an answer in HTTP: {type(exc).__name__}: {text}")


class RequestBody(aiohttp.Payload):
    """A request's body, written block by block, so that the send clock sees its progress.

    Attributes:
        begun: Whether any of the request has gone.
    """

    def __init__(self, body: bytes, deadlines: Deadlines) -> None:
        super().__init__(body)
        self.begun = False
        self._body = body
        self._deadlines: Deadlines | None = deadlines

    @property
    def size(self) -> int:
        """How many bytes are sent."""
        return len(self._body)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Give the body as text, for middlewares of the session."""
        return self._body.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write the body, a block at a time.

        Raises:
            ConnectionResetError: The server has sent something already.
        """
        # An answer that is there already is nobody's. The loop looks at its sockets behind the next of our steps, and
        # hands out what it has found behind the one after that.
        for _ in range(2):
            await asyncio.sleep(0)
        if getattr(getattr(writer, "protocol", None), "should_close", False):
            raise ConnectionResetError("the server sent something before the request")
        self.begun = True
        for number, block in enumerate(blocks_of(self._body)):
            if number:
                await asyncio.sleep(0)  # the loop reads meanwhile, perhaps an answer
            if self._deadlines is None:
                # The answer is here: aiohttp cancels this when it has been read, and closes the connection.
                await asyncio.Event().wait()
            else:
                self._deadlines.expect_send()
            await writer.write(block)
            await writer.drain()
        self.end()

    def end(self) -> None:
        """Send nothing on: the answer has come, perhaps before all of the request had gone."""
        if self._deadlines is not None:
            self._deadlines.expect_bytes()
            self._deadlines = None


class _Response(LibraryResponse):
    """A response of aiohttp, unread. See `mimo_proto.aio.library.LibraryResponse`."""

    def __init__(self, response: aiohttp.ClientResponse, session: aiohttp.ClientSession) -> None:
        self.status = response.status
        fields = response.headers
        self.headers = {name.lower(): ", ".join(fields.getall(name)) for name in fields}
        self._response = response
        self._session = session
        self._loop = asyncio.get_running_loop()
        # aiohttp tells nobody when it closes a connection over a broken chunk: whoever reads would wait for ever.
        protocol = None if response.connection is None else response.connection.protocol
        self._closed: asyncio.Future[None] | None = getattr(protocol, "closed", None)
        if self._closed is not None:
            self._closed.remove_done_callback(_retrieve)  # an earlier response's
            self._closed.add_done_callback(_retrieve)
            self._closed.add_done_callback(self._report_closed)

    def read(self) -> Awaitable[bytes]:
        content = self._response.content
        return content.readany() if content.exception() is None else _read_broken(content)

    async def aclose(self) -> None:
        if self._closed is not None:
            self._closed.remove_done_callback(self._report_closed)
        # A connection whose answer has been read to its end was given back by then.
        self._response.close()

    def drop(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._response.close)
        except RuntimeError:  # the loop is closed, and the response would complain when it is collected
            self._response.close()

    def _report_closed(self, _: asyncio.Future[None]) -> None:
        content = self._response.content
        if not content.is_eof() and content.exception() is None:
            is_closed = self._session.closed  # by its owner, over our heads
            broken = RemoteProtocolError("the answer is framed as HTTP does not allow")
            content.set_exception(LocalProtocolError(CLOSED) if is_closed else broken)


async def _read_broken(content: aiohttp.StreamReader) -> bytes:
    """Read what came before an error: behind one aiohttp hands out nothing."""
    buffer = getattr(content, "_buffer", None)
    if buffer:
        data = b"".join(buffer)
        buffer.clear()
        return data
    return await content.readany()


def _retrieve(closed: asyncio.Future[None]) -> None:
    """Take the exception of a connection that was broken off, or asyncio would log it."""
    with contextlib.suppress(asyncio.CancelledError):
        closed.exception()
