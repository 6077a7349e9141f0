"""Many calls of all kinds over one AsyncClient, and what they leave behind: `python -m tests.support.soak 100000`.

Rules:

- The first thousand calls fill caches and pools; what is there behind them is what may be there at the end.
- Counted are descriptors, tasks, the blocks of memory that Python has allocated, and the resident memory.
- The server is a process of its own, so that nothing of it is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mimo_proto import CHAT_COMPLETIONS, APIError
from tests.support.dummyserver import END, answer, chunk, sse
from tests.support.loops import run_on
from tests.support.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST, error_body
from tests.support.shells import open_shell

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from mimo_proto import AsyncClient

__all__ = ["KINDS", "Left", "soak"]

TASKS = 8
"""How many calls are under way at a time."""

ANSWERS = {
    "whole": answer(CHAT),
    "refused": answer(error_body(), 429),
    "streamed": sse() + b"".join(map(chunk, CHAT_EVENTS)) + END,
    "held": sse() + chunk(CHAT_EVENTS[0]),
}


class Left(NamedTuple):
    """What the process holds when no call is under way."""

    calls: int
    descriptors: int
    tasks: int
    blocks: int
    resident_kib: int


async def whole(client: AsyncClient) -> None:
    """A reply that is not streamed."""
    await client.send(CHAT_COMPLETIONS, CHAT_REQUEST, extra_headers={"x-kind": "whole"})


async def refused(client: AsyncClient) -> None:
    """An error."""
    with contextlib.suppress(APIError):
        await client.send(CHAT_COMPLETIONS, CHAT_REQUEST, extra_headers={"x-kind": "refused"})


async def streamed(client: AsyncClient) -> None:
    """A stream, to its end."""
    await client.stream(CHAT_COMPLETIONS, CHAT_REQUEST, extra_headers={"x-kind": "streamed"}).result()


async def left_early(client: AsyncClient) -> None:
    """A stream that is left behind its first event."""
    async with client.stream(CHAT_COMPLETIONS, CHAT_REQUEST, extra_headers={"x-kind": "held"}) as stream:
        await anext(stream)


async def cancelled(client: AsyncClient) -> None:
    """A task that is cancelled while it waits for the second event."""
    stream = client.stream(CHAT_COMPLETIONS, CHAT_REQUEST, extra_headers={"x-kind": "held"})
    await anext(stream)
    task = asyncio.create_task(stream.result())
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


KINDS: list[Callable[[AsyncClient], Awaitable[None]]] = [whole, streamed, left_early, cancelled, refused]


async def make(client: AsyncClient, numbers: Iterator[int], last: int) -> None:
    """Make calls as long as there are numbers."""
    while (number := next(numbers)) < last:
        await KINDS[number % len(KINDS)](client)


def descriptors() -> int:
    """How many descriptors the process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def left(calls: int, at_most: int) -> Left:
    """Look at what is there; what is being closed has a second for it."""
    gc.collect()
    for _ in range(50):
        if descriptors() <= at_most and len(asyncio.all_tasks()) == 1:
            break
        await asyncio.sleep(0.02)
    resident = int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4
    return Left(calls, descriptors(), len(asyncio.all_tasks()), sys.getallocatedblocks(), resident)


async def calls_over(shell: str, url: str, parts: list[int]) -> list[Left]:
    """Make calls up to each of these numbers; gives what was there behind each."""
    found: list[Left] = []
    at_most = descriptors() + TASKS  # as many idle connections as there were calls at a time
    async with open_shell(shell, url) as client:
        for last in parts:
            numbers = count(found[-1].calls if found else 0)
            await asyncio.gather(*(make(client, numbers, last) for _ in range(TASKS)))
            found.append(await left(last, at_most))
    return found


def soak(shell: str, calls: int, warm_up: int = 1_000) -> list[Left]:
    """Make so many calls over a shell; gives what was there behind the first of them, and behind all.

    Args:
        shell: One of `tests.support.shells`.
        calls: How many, those of the warm-up among them.
        warm_up: How many before the first look.
    """
    command = [sys.executable, "-m", "tests.support.soak", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        try:
            result: list[Left] = run_on(
                shell if shell == "uvloop" else "asyncio",
                lambda: calls_over(shell, url, [warm_up, calls]),
                seconds=3600,
            )
            return result
        finally:
            server.terminate()


async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as the request's field says, until the client goes."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
            fields = dict(line.split(": ", 1) for line in lines[1:] if line)
            await reader.readexactly(int(fields["content-length"]))
            writer.write(ANSWERS[fields["x-kind"]])
    writer.close()


async def serve() -> None:
    """Serve on loopback until the process is ended; prints the port."""
    server = await asyncio.start_server(reply, "127.0.0.1", 0, backlog=300)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve())
    else:
        for each in soak(sys.argv[2] if len(sys.argv) > 2 else "asyncio", int(sys.argv[1])):
            sys.stdout.write(f"{each}\n")
