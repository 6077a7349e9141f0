"""How `AsyncClient` sends over the caller's `httpx.AsyncClient`, or `httpx2.AsyncClient`.

Rules:

- The two packages have the same names, and are used by those; the one that the client comes from is loaded already.
- Requests are sent as `request` made them. The client's transports, proxies, TLS context, pool and hooks are used; its
  default headers, parameters, authentication, timeouts and redirects are not.
- httpx gives the connect clock to TCP and to TLS in turn, so a connection may take twice as long; and it waits for a
  place in the client's pool without a clock but the call's own (idle, total).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from mimo_proto.aio.library import HTTPLibrary, LibraryResponse, is_of_another_loop
from mimo_proto.call.blocks import blocks_of
from mimo_proto.call.clocks import end_error
from mimo_proto.call.connection_errors import connection_closed, shown
from mimo_proto.errors import ConnectError, LocalProtocolError, MimoError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from mimo_proto.aio.deadlines import Deadlines
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["HTTPXLibrary"]

CLOSED_TEXTS = ("Server disconnected", "peer closed connection", "peer unexpectedly closed connection")
"""How the texts begin by which httpx reports a broken connection; it has no class for that."""


class HTTPXLibrary(HTTPLibrary):
    """How httpx is used.

    Args:
        client: The caller's; it stays open.
        httpx: The package that it comes from, httpx or httpx2.
    """

    def __init__(self, client: Any, httpx: Any) -> None:
        self._client = client
        self._httpx = httpx
        # The client refuses a body whose class is not derived from that of its package.
        self._body = type("_Body", (_Body, httpx.AsyncByteStream), {})

    async def request(self, request: HTTPRequest, timeouts: Timeouts, deadlines: Deadlines) -> LibraryResponse:  # noqa: ARG002 - httpx has a write clock
        """See `HTTPLibrary`."""
        if self._client.is_closed:
            raise LocalProtocolError("the httpx client given as http= is closed")
        timeout = {"connect": timeouts.connect, "read": timeouts.read, "write": timeouts.read, "pool": None}
        asked = self._httpx.Request(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.body,
            extensions={"timeout": timeout},
        )
        if request.body is not None:
            asked.stream = self._body(request.body)  # so that hooks still find the body in `content`
        return _Response(await self._client.send(asked, stream=True, auth=None, follow_redirects=False))

    def own_error(self, exc: BaseException, timeouts: Timeouts, *, has_head: bool) -> MimoError | None:
        """See `HTTPLibrary`."""
        if is_of_another_loop(exc):
            return LocalProtocolError(f"the httpx client given as http= belongs to another event loop: {exc}")
        httpx = self._httpx
        # All that httpx and what lies below it raise.
        if not isinstance(exc, (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)) or isinstance(exc, MimoError):
            return None
        if isinstance(exc, httpx.ConnectTimeout):
            return end_error("connect", timeouts)
        if isinstance(exc, httpx.TimeoutException):
            return end_error("send" if isinstance(exc, httpx.WriteTimeout) else "read", timeouts)
        text = shown(exc)
        if isinstance(exc, (httpx.ConnectError, httpx.ProxyError)):
            return ConnectError(f"no connection: {text}")
        if isinstance(exc, (httpx.NetworkError, OSError)) or text.startswith(CLOSED_TEXTS):
            return connection_closed(exc, "body" if has_head else "head", answer_begun=has_head)
        return RemoteProtocolError(f"not an answer in HTTP: {type(exc).__name__}: {text}")


class _Body:
    """A request's body, in pieces: httpx's own write clock begins anew with each."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for block in blocks_of(self._body):
            yield block


class _Response(LibraryResponse):
    """A response of httpx, unread. See `mimo_proto.aio.library.LibraryResponse`."""

    def __init__(self, response: Any) -> None:
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._response = response
        # Not aiter_raw(), which is the same with two more generators in between.
        self._blocks: AsyncIterator[bytes] = aiter(response.stream)
        self._loop = asyncio.get_running_loop()

    def read(self) -> Awaitable[bytes]:
        return anext(self._blocks, b"")

    async def aclose(self) -> None:
        await self._response.aclose()

    def drop(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(_start, self._loop, self._response)


CLOSING: set[asyncio.Task[Any]] = set()
"""The loop itself does not hold its tasks."""


def _start(loop: asyncio.AbstractEventLoop, response: Any) -> None:
    task = loop.create_task(response.aclose())
    CLOSING.add(task)
    task.add_done_callback(CLOSING.discard)
