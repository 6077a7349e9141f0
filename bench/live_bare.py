"""What nobody who uses our decoders can go below: one connection, and no promise of a client kept.

Both know this server: the answer is a stream in the chunked coding, nothing is cut short, nothing fails, nothing is
called off; there is no pool, no clock, no bound on what waits. `ProtocolStream` is for asyncio: one buffer for all
connections (a plain `asyncio.Protocol` allocates one of 256 KiB a read), one future that wakes the reader.
`SocketStream` blocks, without a timeout: a socket that has one polls before each read.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from mimo_proto import CHAT_COMPLETIONS, ChatAccumulator, StreamDecoder, build_request
from mimo_proto.protocol.chunked import ChunkedDecoder
from mimo_proto.protocol.http11 import HeadDecoder

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator

    from mimo_proto import ChatCompletionChunk

__all__ = ["Answer", "ProtocolStream", "open_stream", "socket_events"]

SIZE = 64 * 1024
BUFFER = bytearray(SIZE)
VIEW = memoryview(BUFFER)


class Answer:
    """The bytes of a connection to the events of the answer, and what they add up to."""

    def __init__(self) -> None:
        self.head: Any = None
        self.heads = HeadDecoder()
        self.chunks = ChunkedDecoder()
        self.decoder = StreamDecoder(CHAT_COMPLETIONS)
        self.total = ChatAccumulator()

    def feed(self, data: bytes) -> list[ChatCompletionChunk]:
        if self.head is None:
            self.head = self.heads.feed(data)
            if self.head is None:
                return []
            data = self.heads.rest
        events = self.decoder.feed(self.chunks.feed(data))
        for event in events:
            self.total.add(event)
        return events

    @property
    def ended(self) -> bool:
        return self.chunks.ended


def request_bytes(base_url: str, key: str, request: dict[str, Any]) -> bytes:
    """Head and body of a request, as one."""
    http = build_request(CHAT_COMPLETIONS, request, api_key=key, base_url=base_url, stream=True)
    url = urlsplit(http.url)
    fields = "".join(f"{name}: {value}\r\n" for name, value in {"Host": url.netloc, **dict(http.headers)}.items())
    body = http.body or b""
    if "content-length" not in {name.lower() for name in http.headers}:
        fields += f"Content-Length: {len(body)}\r\n"
    return f"{http.method} {url.path} HTTP/1.1\r\n{fields}\r\n".encode() + body


class ProtocolStream(asyncio.BufferedProtocol):
    """A stream as asyncio's transport hands it over. One reader."""

    def __init__(self, loop: asyncio.AbstractEventLoop, request: bytes) -> None:
        self.loop = loop
        self.request = request
        self.answer = Answer()
        self.events: deque[ChatCompletionChunk] = deque()
        self.waiting: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is of no class of asyncio's
        self.transport.write(self.request)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio calls it
        return VIEW

    def buffer_updated(self, nbytes: int) -> None:
        self.events.extend(self.answer.feed(bytes(VIEW[:nbytes])))
        if self.waiting is not None and (self.events or self.answer.ended):
            self.waiting.set_result(None)
            self.waiting = None

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answer.ended:
            raise ConnectionError("the stream was cut") from exc

    async def __aiter__(self) -> AsyncIterator[ChatCompletionChunk]:
        events = self.events
        while events or not self.answer.ended:
            if not events:
                self.waiting = self.loop.create_future()
                await self.waiting
            while events:
                yield events.popleft()
        if self.transport is not None:
            self.transport.abort()  # the server closes it as well


async def open_stream(
    base_url: str, key: str, request: dict[str, Any], context: ssl.SSLContext | None
) -> ProtocolStream:
    """Send the request by asyncio."""
    url = urlsplit(base_url)
    loop = asyncio.get_running_loop()
    sent = request_bytes(base_url, key, request)
    host, port = url.hostname or "", url.port or 0
    _, stream = await loop.create_connection(lambda: ProtocolStream(loop, sent), host, port, ssl=context)
    return stream


def socket_events(
    base_url: str, key: str, request: dict[str, Any], context: ssl.SSLContext | None
) -> Iterator[ChatCompletionChunk]:
    """The events of one stream, by a blocking socket."""
    url = urlsplit(base_url)
    host = url.hostname or ""
    connection = socket.create_connection((host, url.port or 0))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if context is not None:
        connection = context.wrap_socket(connection, server_hostname=host)
    with connection:
        connection.sendall(request_bytes(base_url, key, request))
        answer = Answer()
        while not answer.ended:
            data = connection.recv(SIZE)
            if not data:
                raise ConnectionError("the stream was cut")
            yield from answer.feed(data)
