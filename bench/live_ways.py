"""The ways to read many streams at once: each opens its client, reads all streams to their end, and notes the time of
each event. Libraries are imported where they are used; pools are as large as the number of streams, and nothing that
could be left out is asked for.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bench.http_client import KEY, REQUESTS
from bench.live_bare import open_stream, socket_events

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterable

__all__ = ["ASYNC", "THREADS", "Target", "Times"]

REQUEST = REQUESTS["chat"]
READ_SECONDS = 600.0

Times = list[float]
"""When each event of one stream came, in seconds."""


@dataclass(frozen=True)
class Target:
    """Where the streams come from: a base URL, and the context for TLS, or None for plain connections."""

    base_url: str
    context: ssl.SSLContext | None

    @property
    def verify(self) -> Any:
        """The context as httpx takes it, which makes one of its own for plain connections, too, unless it is told."""
        return False if self.context is None else self.context


async def read_all(read: Callable[[Times], Awaitable[None]], streams: list[Times]) -> None:
    await asyncio.gather(*map(read, streams))


async def through(client: Any, streams: list[Times]) -> None:
    """Read with an `AsyncClient`."""

    async def read(times: Times) -> None:
        async with client.stream_chat_completion(**REQUEST) as stream:
            async for _ in stream:
                times.append(perf_counter())

    await read_all(read, streams)


async def by_itself(target: Target, streams: list[Times]) -> None:
    """AsyncClient over asyncio's own transports."""
    from mimo_proto import AsyncClient

    async with AsyncClient(KEY, target.base_url, ssl_context=target.context) as client:
        await through(client, streams)


async def over_aiohttp(target: Target, streams: list[Times]) -> None:
    """AsyncClient over aiohttp."""
    import aiohttp

    from mimo_proto import AsyncClient

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=target.context or True)) as session:
        await through(AsyncClient(KEY, target.base_url, http=session), streams)


async def over_httpx(target: Target, streams: list[Times]) -> None:
    """AsyncClient over httpx."""
    import httpx

    from mimo_proto import AsyncClient

    async with httpx.AsyncClient(verify=target.verify, limits=httpx.Limits()) as session:
        await through(AsyncClient(KEY, target.base_url, http=session), streams)


async def buffered_protocol(target: Target, streams: list[Times]) -> None:
    """The bare protocol with our decoders."""

    async def read(times: Times) -> None:
        async for _ in await open_stream(target.base_url, KEY, REQUEST, target.context):
            times.append(perf_counter())

    await read_all(read, streams)


async def bare_aiohttp(target: Target, streams: list[Times]) -> None:
    """aiohttp and a StreamDecoder."""
    import aiohttp

    from mimo_proto import CHAT_COMPLETIONS, StreamDecoder, build_request

    http = build_request(CHAT_COMPLETIONS, REQUEST, api_key=KEY, base_url=target.base_url, stream=True)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=target.context or True)) as session:

        async def read(times: Times) -> None:
            decoder = StreamDecoder(CHAT_COMPLETIONS)
            async with session.post(http.url, headers=http.headers, data=http.body) as response:
                async for data in response.content.iter_any():
                    for _ in decoder.feed(data):
                        times.append(perf_counter())
            decoder.close()

        await read_all(read, streams)


async def bare_httpx(target: Target, streams: list[Times]) -> None:
    """httpx and a StreamDecoder."""
    import httpx

    from mimo_proto import CHAT_COMPLETIONS, StreamDecoder, build_request

    http = build_request(CHAT_COMPLETIONS, REQUEST, api_key=KEY, base_url=target.base_url, stream=True)
    # With a clock on each read, as its users have one; the default of 5 s may end the wait for a head.
    async with httpx.AsyncClient(verify=target.verify, limits=httpx.Limits(), timeout=READ_SECONDS) as client:

        async def read(times: Times) -> None:
            decoder = StreamDecoder(CHAT_COMPLETIONS)
            async with client.stream("POST", http.url, headers=http.headers, content=http.body) as response:
                async for data in response.aiter_raw():
                    for _ in decoder.feed(data):
                        times.append(perf_counter())
            decoder.close()

        await read_all(read, streams)


async def openai(target: Target, streams: list[Times]) -> None:
    """AsyncOpenAI."""
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    http = DefaultAsyncHttpxClient(verify=target.verify)
    async with AsyncOpenAI(api_key=KEY, base_url=target.base_url, max_retries=0, http_client=http) as client:
        create: Any = client.chat.completions.create

        async def read(times: Times) -> None:
            async for _ in await create(**REQUEST, stream=True):
                times.append(perf_counter())

        await read_all(read, streams)


def in_threads(events: Callable[[], Iterable[Any]], streams: list[Times]) -> None:
    """A thread a stream."""

    def read(times: Times) -> None:
        for _ in events():
            times.append(perf_counter())

    with ThreadPoolExecutor(len(streams)) as pool:
        for done in [pool.submit(read, times) for times in streams]:
            done.result()


def sync_client(target: Target, streams: list[Times]) -> None:
    """Client."""
    from mimo_proto import Client

    with Client(KEY, target.base_url, ssl_context=target.context) as client:

        def events() -> Iterable[Any]:
            with client.stream_chat_completion(**REQUEST) as stream:
                yield from stream

        in_threads(events, streams)


def blocking_sockets(target: Target, streams: list[Times]) -> None:
    """Blocking sockets with our decoders."""
    in_threads(lambda: socket_events(target.base_url, KEY, REQUEST, target.context), streams)


ASYNC: dict[str, Callable[[Target, list[Times]], Awaitable[None]]] = {
    "AsyncClient": by_itself,
    "BufferedProtocol": buffered_protocol,
    "AsyncClient over aiohttp": over_aiohttp,
    "aiohttp": bare_aiohttp,
    "AsyncClient over httpx": over_httpx,
    "httpx": bare_httpx,
    "openai": openai,
}
THREADS: dict[str, Callable[[Target, list[Times]], None]] = {
    "Client in threads": sync_client,
    "sockets in threads": blocking_sockets,
}
