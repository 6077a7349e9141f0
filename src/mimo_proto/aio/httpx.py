"""MiMo over an `httpx.AsyncClient` of yours, on asyncio. Needs the extra ``mimo-proto[httpx]``.

    async with httpx.AsyncClient() as http:
        mimo = HTTPXAdapter(http)
        async with mimo.stream(CHAT_COMPLETIONS, request) as stream:
            async for event in stream: ...

Rules:

- Requests are sent as `request` made them. The client's transports, proxies, TLS context, pool and hooks are used; its
  default headers, parameters, authentication, timeouts and redirects are not.
- httpx gives the connect clock to TCP and to TLS in turn, so a connection may take twice as long; and it waits for a
  place in the client's pool without a clock but the call's own (idle, total).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, cast

from mimo_proto.aio.adapter import HTTPAdapter
from mimo_proto.aio.library import HTTPLibrary, LibraryResponse, blocks_of, is_of_another_loop, shown
from mimo_proto.call.clocks import end_error
from mimo_proto.errors import (
    ConfigurationError,
    ConnectError,
    ConnectionClosed,
    LocalProtocolError,
    MimoError,
    RemoteProtocolError,
)

try:
    import httpx
except ImportError as error:
    raise ImportError("mimo_proto.aio.httpx needs httpx: pip install 'mimo-proto[httpx]'") from error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mimo_proto.aio.deadlines import Deadlines
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["HTTPXAdapter"]

LIBRARY_ERRORS = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)
"""All that httpx and what lies below it raise."""

CLOSED_TEXTS = ("Server disconnected", "peer closed connection")
"""How the texts begin by which httpx reports a broken connection; it has no class for that."""


class HTTPXAdapter(HTTPAdapter[httpx.AsyncClient]):
    """Calls MiMo through httpx. Any number of tasks of one loop may share one. `HTTPAdapter` says the arguments."""

    @staticmethod
    def _wrap(client: object) -> HTTPLibrary:
        if not isinstance(client, httpx.AsyncClient):
            raise ConfigurationError(f"HTTPXAdapter takes an httpx.AsyncClient, not a {type(client).__name__}")
        return HTTPXLibrary(client)


class HTTPXLibrary(HTTPLibrary):
    """How httpx is used."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def request(self, request: HTTPRequest, timeouts: Timeouts, deadlines: Deadlines) -> _Response:  # noqa: ARG002 - httpx has a write clock
        if self._client.is_closed:
            raise LocalProtocolError("the httpx.AsyncClient is closed")
        timeout = {"connect": timeouts.connect, "read": timeouts.read, "write": timeouts.read, "pool": None}
        asked = httpx.Request(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.body,
            extensions={"timeout": timeout},
        )
        if request.body is not None:
            asked.stream = _Body(request.body)  # so that hooks still find the body in `content`
        return _Response(await self._client.send(asked, stream=True, auth=None, follow_redirects=False))

    def own_error(self, exc: BaseException, timeouts: Timeouts, *, has_head: bool) -> MimoError | None:
        if is_of_another_loop(exc):
            return LocalProtocolError(f"the httpx.AsyncClient belongs to another event loop: {exc}")
        if not isinstance(exc, LIBRARY_ERRORS) or isinstance(exc, MimoError):
            return None
        if isinstance(exc, httpx.ConnectTimeout):
            return end_error("connect", timeouts)
        if isinstance(exc, httpx.TimeoutException):
            return end_error("send" if isinstance(exc, httpx.WriteTimeout) else "read", timeouts)
        text = shown(exc)
        if isinstance(exc, httpx.ConnectError | httpx.ProxyError):
            return ConnectError(f"no connection: {text}")
        if isinstance(exc, httpx.NetworkError | OSError) or text.startswith(CLOSED_TEXTS):
            where = "inside the answer" if has_head else "before an answer came"
            return ConnectionClosed(f"the connection broke {where}: {text}", answer_begun=has_head)
        return RemoteProtocolError(f"not an answer in HTTP: {type(exc).__name__}: {text}")


class _Body(httpx.AsyncByteStream):
    """A request's body, in pieces: httpx's own write clock begins anew with each."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for block in blocks_of(self._body):
            yield block


class _Response(LibraryResponse):
    """A response of httpx, unread. See `mimo_proto.aio.library.LibraryResponse`."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._response = response
        # Not aiter_raw(), which is the same with two more generators in between.
        self._blocks: AsyncIterator[bytes] = aiter(cast("httpx.AsyncByteStream", response.stream))
        self._loop = asyncio.get_running_loop()

    async def read(self) -> bytes:
        return await anext(self._blocks, b"")

    async def aclose(self) -> None:
        await self._response.aclose()

    def drop(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(_start, self._loop, self._response)


CLOSING: set[asyncio.Task[Any]] = set()
"""The loop itself does not hold its tasks."""


def _start(loop: asyncio.AbstractEventLoop, response: httpx.Response) -> None:
    task = loop.create_task(response.aclose())
    CLOSING.add(task)
    task.add_done_callback(CLOSING.discard)
