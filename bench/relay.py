"""What the relay of examples/ adds to an event, over a relay of bare bytes on the same server: `python -m bench.relay`.

Both are routes of one application on uvicorn, in a process of its own, before the server of the other benchmarks. They
take turns, and CPU time is that of their process while all streams are under way. Two modes: one stream, an event each
150 µs (paced, as in `bench.http_client`); and many streams, each an event each 20 ms (as in `bench.live`), where caches
are cold and an event costs more either way. It needs what `make check` brings: run it by `.venv/bin/python`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections import deque
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from bench.http_client import KEY, REQUESTS
from bench.http_server import PACED_EVENTS, server
from bench.live_bare import SIZE, VIEW, request_bytes
from bench.live_server import CLIENT_CORE, live_server, pin
from mimo_proto.protocol.chunked import ChunkedDecoder
from mimo_proto.protocol.http11 import HeadDecoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LIVE_STREAMS, LIVE_EVENTS, REPEATS = 48, 60, 15
BUDGET = 25  # µs an event, paced
WAYS = {"bytes": "/bytes", "relay": "/v1/chat/completions"}


class Pieces(asyncio.BufferedProtocol):
    """The bytes of one answer as they come, out of the chunked coding."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.head: Any = None
        self.heads, self.chunks = HeadDecoder(), ChunkedDecoder()
        self.pieces: deque[bytes] = deque()
        self.waiting: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self.request)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio calls it
        return VIEW

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(VIEW[:nbytes])
        if self.head is None:
            self.head, data = self.heads.feed(data), self.heads.rest
            if self.head is None:
                return
        if data := self.chunks.feed(data):
            self.pieces.append(data)
        if self.waiting is not None and (self.pieces or self.chunks.ended):
            self.waiting.set_result(None)
            self.waiting = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.pieces or not self.chunks.ended:
            if not self.pieces:
                self.waiting = asyncio.get_running_loop().create_future()
                await self.waiting
            while self.pieces:
                yield self.pieces.popleft()


def serve(base_url: str) -> None:
    """Serve both ways until killed; print the port first. `/cpu` gives the CPU time so far."""
    import uvicorn
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route

    from examples.relay import app

    url = urlsplit(base_url)
    host, port = url.hostname or "", url.port or 0
    sent = request_bytes(base_url, KEY, REQUESTS["chat"])

    async def cpu(_: Any) -> Response:
        return Response(str(process_time()))

    async def pass_on(request: Any) -> Response:
        await request.body()
        _, pieces = await asyncio.get_running_loop().create_connection(lambda: Pieces(sent), host, port)
        return StreamingResponse(aiter(pieces), media_type="text/event-stream")

    app.router.routes += [Route(WAYS["bytes"], pass_on, methods=["POST"]), Route("/cpu", cpu)]
    pin(CLIENT_CORE)
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="error", access_log=False, loop="asyncio", http="h11")
    uvicorn.Server(config).run(sockets=[listener])


async def read_streams(port: int, path: str, streams: int, events: int) -> float:
    """Read all streams to their ends, and give the CPU time of the process an event, in µs."""
    body = json.dumps({**REQUESTS["chat"], "stream": True}).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: relay\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(streams)]
    for _, writer in opened:
        writer.write(head.encode() + body)
    begun = [await reader.readuntil(b"data: ") for reader, _ in opened]
    before = await cpu_of(port)
    count = sum(await asyncio.gather(*(count_events(reader) for reader, _ in opened)))
    after = await cpu_of(port)
    for _, writer in opened:
        writer.close()
    if len(begun) + count < streams * events:
        raise AssertionError("events were lost")
    return (after - before) / (streams * (events - 1)) * 1e6


async def count_events(reader: asyncio.StreamReader) -> int:
    return (await reader.read(-1)).count(b"data: {")


async def cpu_of(port: int) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /cpu HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
    answer = await reader.read(SIZE)
    while not answer.rpartition(b"\r\n\r\n")[2]:
        answer += await reader.read(SIZE)
    writer.close()
    return float(answer.rpartition(b"\r\n\r\n")[2])


def compare(base_url: str, streams: int, events: int) -> str:
    """Have both ways take turns, and say what an event costs."""
    environment = {**os.environ, "MIMO_BASE_URL": base_url, "MIMO_API_KEY": KEY}
    command = [sys.executable, "-m", "bench.relay", base_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            rounds = [
                {way: asyncio.run(read_streams(port, path, streams, events)) for way, path in WAYS.items()}
                for _ in range(REPEATS + 1)
            ]
        finally:
            process.kill()
    taken = rounds[1:]  # the first warms up
    bare, relay = (median(one[way] for one in taken) for way in WAYS)
    added = median(one["relay"] - one["bytes"] for one in taken)
    return f"bytes {bare:.0f}, relay {relay:.0f}, added {added:.1f}"


def main() -> None:
    """Compare both ways in both modes."""
    print(f"CPU µs an event, medians of {REPEATS}:")
    with server() as origin:
        print(f"1 stream, an event each 150 µs: {compare(f'{origin}/paced/v1', 1, PACED_EVENTS)} (budget {BUDGET})")
    with live_server() as origins:
        base_url = f"{origins.plain}/{LIVE_STREAMS}/{LIVE_EVENTS}/group/v1"
        print(f"{LIVE_STREAMS} streams, an event each 20 ms: {compare(base_url, LIVE_STREAMS, LIVE_EVENTS)}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(sys.argv[1])
    else:
        main()
