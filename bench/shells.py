"""AsyncClient, by itself and over libraries, against the sync client: what it costs to get an event into a task.

CPU time of the whole process, threads and loop together, on connections that are kept. The modes are those of
`bench.http_client`.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING, Any

from bench.block import Block, section
from bench.http_client import KEY, MODES, REQUESTS, mimo_stream, run_through
from bench.http_server import server

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from mimo_proto import AsyncClient

__all__ = ["SHELLS", "shells"]


async def by_itself(base_url: str, stack: AsyncExitStack) -> AsyncClient:
    """Over asyncio's own transports."""
    from mimo_proto import AsyncClient

    return await stack.enter_async_context(AsyncClient(KEY, base_url))


async def httpx(base_url: str, stack: AsyncExitStack) -> AsyncClient:
    """Over httpx."""
    import httpx as library

    from mimo_proto import AsyncClient

    return AsyncClient(KEY, base_url, http=await stack.enter_async_context(library.AsyncClient()))


async def aiohttp(base_url: str, stack: AsyncExitStack) -> AsyncClient:
    """Over aiohttp."""
    from aiohttp import ClientSession

    from mimo_proto import AsyncClient

    return AsyncClient(KEY, base_url, http=await stack.enter_async_context(ClientSession()))


SHELLS: dict[str, Callable[[str, AsyncExitStack], Coroutine[Any, Any, AsyncClient]]] = {
    "AsyncClient": by_itself,
    "AsyncClient, httpx": httpx,
    "AsyncClient, aiohttp": aiohttp,
}


async def read(client: AsyncClient, endpoint: Any, request: dict[str, Any]) -> int:
    """Read one stream to its end."""
    count = 0
    async with client.stream(endpoint, request) as stream:
        async for _ in stream:
            count += 1
    return count


def reading(loop: asyncio.Runner, client: AsyncClient, count: int) -> Callable[[], int]:
    """A run of the whole stream, counted once so that nothing is lost."""
    from mimo_proto import CHAT_COMPLETIONS

    def run() -> int:
        return loop.run(read(client, CHAT_COMPLETIONS, REQUESTS["chat"]))

    if (seen := run()) != count:
        raise AssertionError(f"{seen} events of {count}")
    return run


def close(loop: asyncio.Runner, stack: AsyncExitStack) -> None:
    loop.run(stack.aclose())


@section("async", "From asyncio")
def shells(quick: bool) -> Iterator[Block]:
    """CPU time an event in the client's process, by shell; the sync client for comparison.

    One stream at a time.
    """
    with server() as origin, asyncio.Runner() as loop:
        for mode in ("ahead",) if quick else ("ahead", "paced"):
            with ExitStack() as stack:
                title, count, *_ = MODES[mode]
                block = Block(f"chat, {title}")
                base_url = f"{origin}/{mode}/v1"
                block.cpu("Client", run_through(mimo_stream(base_url, "chat", stack), count), units=count)
                closing = AsyncExitStack()
                stack.callback(close, loop, closing)
                for name, connect in SHELLS.items():
                    client = loop.run(connect(base_url, closing))
                    block.cpu(name, reading(loop, client, count), units=count)
                    block.at_most(name, "Client")
                yield block
