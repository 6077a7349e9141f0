"""MiMo over an `aiohttp.ClientSession` of yours. Needs the extra ``mimo-proto[aiohttp]``.

    async with aiohttp.ClientSession() as http:
        mimo = AiohttpAdapter(http)
        async with mimo.stream(CHAT_COMPLETIONS, request) as stream:
            async for event in stream: ...

Rules:

- The session's connector, trust, proxies and cookies are used; its timeouts, redirects, `raise_for_status` and
  decompression are not. Default headers of the session are sent where ours do not say otherwise; default credentials
  are refused by aiohttp beside ours.
- One piece is all that has come since the last one, so a server ahead of us costs little.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from math import inf
from typing import TYPE_CHECKING

from mimo_proto.aio.answer import Answer, HTTPLibrary
from mimo_proto.aio.exchange import HTTPAdapter
from mimo_proto.errors import (
    ConfigurationError,
    ConnectError,
    ConnectionClosed,
    LocalProtocolError,
    MimoError,
    ReadTimeout,
    RemoteProtocolError,
)
from mimo_proto.http.deadlines import ended

try:
    import aiohttp
except ImportError as error:
    raise ImportError("mimo_proto.aio.aiohttp needs aiohttp: pip install 'mimo-proto[aiohttp]'") from error

if TYPE_CHECKING:
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["AiohttpAdapter"]

FOREIGN = (aiohttp.ClientError, OSError, ValueError)
"""All that aiohttp and what lies below it raise."""

NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ServerFingerprintMismatch)
BROKEN = (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, OSError)

LARGE = 2**20
"""Above so many bytes aiohttp wants a body as a file, in bytes."""


class AiohttpAdapter(HTTPAdapter[aiohttp.ClientSession]):
    """Calls MiMo through aiohttp. Any number of tasks of one loop may share one. `HTTPAdapter` says the arguments."""

    @staticmethod
    def _wrap(client: aiohttp.ClientSession) -> HTTPLibrary:
        return _Aiohttp(client)


class _Aiohttp(HTTPLibrary):
    """How aiohttp is used."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(self, request: HTTPRequest, timeouts: Timeouts) -> _Answer:
        if self._session.closed:
            raise LocalProtocolError("the aiohttp.ClientSession is closed")
        body = request.body
        response = await self._session.request(
            request.method,
            request.url,
            headers=request.headers,
            data=body if body is None or len(body) <= LARGE else io.BytesIO(body),
            allow_redirects=False,
            raise_for_status=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=timeouts.connect, sock_read=timeouts.read, ceil_threshold=inf
            ),
        )
        return _Answer(response)

    def own_error(self, exc: BaseException, timeouts: Timeouts, *, answered: bool) -> MimoError | None:
        if not isinstance(exc, FOREIGN) or isinstance(exc, MimoError):
            return None
        if isinstance(exc, aiohttp.ConnectionTimeoutError):
            return ended("connect", timeouts)
        if isinstance(exc, TimeoutError):
            seconds = timeouts.read or 0.0
            return ReadTimeout(f"no byte came for {seconds:g} s (Timeouts.read)", seconds=seconds)
        text = str(exc)[:300] or type(exc).__name__
        if isinstance(exc, NO_CONNECTION):
            return ConnectError(f"no connection: {text}")
        if isinstance(exc, BROKEN):
            where = "inside the answer" if answered else "before an answer came"
            return ConnectionClosed(f"the connection broke {where}: {text}")
        if isinstance(exc, ValueError):
            return ConfigurationError(f"aiohttp refuses to send the request: {text}")
        return RemoteProtocolError(f"not an answer in HTTP: {type(exc).__name__}: {text}")


class _Answer(Answer):
    """A response of aiohttp, unread. See `mimo_proto.aio.answer.Answer`."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.status = response.status
        fields = response.headers
        self.headers = {name.lower(): ", ".join(fields.getall(name)) for name in fields}
        self._response = response
        self._loop = asyncio.get_running_loop()
        # aiohttp tells nobody when it closes a connection over a broken chunk: whoever reads would wait for ever.
        protocol = None if response.connection is None else response.connection.protocol
        self._closed: asyncio.Future[None] | None = getattr(protocol, "closed", None)
        if self._closed is not None:
            self._closed.add_done_callback(self._tell)

    async def read(self) -> bytes:
        content = self._response.content
        if content.exception() is not None:
            # Behind an error aiohttp hands out nothing, not even what came before it.
            pieces = getattr(content, "_buffer", None)
            if pieces:
                data = b"".join(pieces)
                pieces.clear()
                return data
        return await content.readany()

    async def aclose(self) -> None:
        if self._closed is not None:
            self._closed.remove_done_callback(self._tell)
        # A connection whose answer has been read to its end was given back by then.
        self._response.close()

    def drop(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._response.close)

    def _tell(self, closed: asyncio.Future[None]) -> None:
        content = self._response.content
        closed.exception()  # retrieved, or asyncio would log it
        if not content.is_eof() and content.exception() is None:
            content.set_exception(RemoteProtocolError("the answer is framed as HTTP does not allow"))
