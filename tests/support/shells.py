"""The clients behind one face, so that one test runs over all of them.

A shell is entered inside a running loop and gives an `AsyncClient`; the sync client gets an `async` coat that blocks
the loop, which is fine as long as the server is a thread.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import aiohttp
import httpx
import httpx2
import msgspec

from mimo_proto import CHAT_COMPLETIONS, RESPONSES, AsyncClient, Client, Limits, MimoError, Timeouts
from tests.support.loops import LOOPS, run_on
from tests.support.outcomes import KEY, Kind, assert_clean
from tests.support.payloads import CHAT_REQUEST, RESPONSE_REQUEST

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator

    from mimo_proto import AsyncStream

__all__ = ["ASYNC", "LIBRARIES", "OWN", "SHELLS", "Seen", "call", "make_http", "open_shell", "run"]

LIBRARIES: Final = ("httpx", "httpx2", "aiohttp")
"""AsyncClient over the client of a library, on asyncio's own loop."""

OWN: Final = ("client", *LOOPS)
"""Those with connections of our own."""

ASYNC: Final = (*LOOPS, *LIBRARIES)
"""AsyncClient: by itself, by loop; and over the libraries."""

SHELLS: Final = ("client", *ASYNC)


class _Blocking:
    """The sync client, with the face of `AsyncClient`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def send(self, endpoint: Any, request: Any = None, /, **options: Any) -> Any:
        return self._client.send(endpoint, request, **options)

    def stream(self, endpoint: Any, request: Any = None, /, **options: Any) -> _BlockingStream:
        return _BlockingStream(self._client.stream(endpoint, request, **options))


class _BlockingStream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._events: Any = None

    def __repr__(self) -> str:
        return repr(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def __aenter__(self) -> Any:
        self._stream.__enter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._stream.close()

    async def __aiter__(self) -> AsyncIterator[Any]:
        for event in self._stream:
            yield event

    def text(self) -> AsyncIterator[str]:
        return _each(self._stream.text())

    async def result(self) -> Any:
        return self._stream.result()

    async def aclose(self) -> None:
        self._stream.close()


async def _each(words: Iterator[str]) -> AsyncIterator[str]:
    for word in words:
        yield word


@functools.cache
def _default_context() -> ssl.SSLContext:
    return ssl.create_default_context()


def make_http(library: str, trust: ssl.SSLContext | None = None) -> Any:
    """Make a client of a library, to be used and closed in the running loop.

    Args:
        library: Which one.
        trust: The context for TLS; None for the library's own.
    """
    if library == "aiohttp":
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust or True))
    # Both read the system's certificates for each client that is given no context.
    return (httpx2 if library == "httpx2" else httpx).AsyncClient(verify=trust or _default_context())


@asynccontextmanager
async def open_shell(name: str, url: str | None, **settings: Any) -> AsyncGenerator[AsyncClient]:
    """Make a shell with clocks that fit tests; what it was given is closed behind it."""
    settings.setdefault("timeouts", Timeouts(connect=5, read=5, idle=5))
    settings.setdefault("limits", Limits(linger=0.2))
    key = settings.pop("api_key", KEY)
    if name == "client":
        with Client(key, url, **settings) as client:
            yield cast("AsyncClient", _Blocking(client))
    elif name in LIBRARIES:
        async with make_http(name) as http, AsyncClient(key, url, http=http, **settings) as client:
            yield client
    else:
        async with AsyncClient(key, url, **settings) as client:
            yield client


def run(main: Callable[[], Coroutine[Any, Any, Any]], shell: str = "asyncio") -> Any:
    """Run a test's coroutine on the loop of a shell, for so long at most."""
    return run_on(shell if shell in LOOPS else "asyncio", main)


@dataclass
class Seen:
    """All that a caller sees of a call, as values that compare."""

    events: list[bytes] = field(default_factory=list[bytes])
    value: bytes | None = None
    error: type[BaseException] | None = None
    told: dict[str, Any] = field(default_factory=dict[str, Any])
    partial: bytes | None = None
    end: str | None = None
    attempts: int = 0
    # Not every library tells.
    reused: bool | None = field(default=None, compare=False)
    status: int | None = None
    request_id: str | None = None


def _told(error: MimoError) -> dict[str, Any]:
    """What an error says, without its text: that names what the library below said."""
    return {name: value for name, value in vars(error).items() if name not in ("partial", "attempts", "reused")}


async def call(shell: AsyncClient, kind: Kind, *, cancel_at: int | None = None, **options: Any) -> Seen:
    """Make a call of that kind, to its end; own errors are part of what is seen, and checked.

    Args:
        shell: What makes it.
        kind: Which one.
        cancel_at: Cancel the stream behind so many events, from a thread, while nothing is waited for.
        **options: Of the call.
    """
    seen = Seen()
    endpoint: Any = CHAT_COMPLETIONS if kind.protocol == "chat" else RESPONSES
    request = CHAT_REQUEST if kind.protocol == "chat" else RESPONSE_REQUEST
    encode = msgspec.json.encode
    try:
        if kind.streamed:
            stream: AsyncStream[Any, Any] = shell.stream(endpoint, request, **options)
            try:
                async with stream:
                    async for event in stream:
                        seen.events.append(encode(event))
                        if len(seen.events) == cancel_at:
                            await asyncio.to_thread(stream.cancel)
                    seen.value = encode(await stream.result())
            finally:
                seen.end, seen.attempts = stream.end, stream.attempts
                seen.status, seen.request_id = stream.status, stream.request_id
        else:
            reply = await shell.send(endpoint, request, **options)
            seen.value, seen.attempts = encode(reply.value), reply.attempts
            seen.status, seen.request_id = reply.status, reply.request_id
    except MimoError as error:
        assert_clean(error)
        seen.error, seen.told, seen.attempts = type(error), _told(error), error.attempts
        seen.reused = getattr(error, "reused", None)
        seen.partial = None if error.partial is None else encode(error.partial)
    return seen
