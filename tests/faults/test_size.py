"""Servers that send too much: promises "Size". An own error at the cap, and a bounded peak of memory.

The peak is measured in a child process, which sees nothing of the server's own memory: three caps plus 8 MiB.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from functools import cache
from typing import TYPE_CHECKING

import pytest

from mimo_proto import (
    BodyTooLargeError,
    EventTooLargeError,
    Limits,
    MimoError,
    RemoteProtocolError,
    ServerError,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, sse
from tests.support.outcomes import ALL, CHAT_JSON, CHAT_STREAM, JSON, STREAMS, Kind, call, client_for
from tests.support.payloads import CHAT, CHAT_EVENTS, RESPONSE, RESPONSE_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1024 * 1024
CAP = 8 * MIB

CHUNKED = "Transfer-Encoding: chunked"
SSE = "text/event-stream"


@cache
def bomb(wrapper: bytes) -> bytes:
    """256 MiB of blanks behind some first bytes, compressed."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    return (
        compressor.compress(wrapper)
        + b"".join(compressor.compress(b" " * MIB) for _ in range(256))
        + compressor.flush()
    )


# Each case: what is sent, and the error at the cap. What is endless is sent until the client goes.
TOO_MUCH: dict[str, tuple[Callable[[Peer], object], type[MimoError]]] = {
    "body-endless": (lambda peer: flood(peer, head(200) + b'{"x": "', b" " * MIB), BodyTooLargeError),
    "body-endless-chunks": (lambda peer: flood(peer, head(200, CHUNKED), chunk(b" " * 1000)), BodyTooLargeError),
    "body-one-huge-chunk": (
        lambda peer: flood(peer, head(200, CHUNKED) + b"ffffffffff\r\n", b" " * MIB),
        BodyTooLargeError,
    ),
    "body-huge-length": (
        lambda peer: flood(peer, head(200, "Content-Length: 99999999999"), b" " * MIB),
        BodyTooLargeError,
    ),
    "body-gzip": (lambda peer: peer.send(answer(bomb(b'{"x": "'), 200, "Content-Encoding: gzip")), BodyTooLargeError),
    "body-gzip-in-chunks": (
        lambda peer: peer.send(head(200, CHUNKED, "Content-Encoding: gzip"), chunk(bomb(b'{"x": "')), END),
        BodyTooLargeError,
    ),
}
STREAM_TOO_MUCH: dict[str, tuple[Callable[[Peer], object], type[MimoError]]] = {
    "line-endless": (lambda peer: flood(peer, sse() + chunk(b"data: "), chunk(b"x" * MIB)), EventTooLargeError),
    "event-endless": (
        lambda peer: flood(peer, sse(), chunk(b"data: xxxxxxxxxxxxxxxxxxxx\n" * 9999)),
        EventTooLargeError,
    ),
    "comment-endless": (lambda peer: flood(peer, sse() + chunk(b": "), chunk(b"x" * MIB)), EventTooLargeError),
    "id-endless": (lambda peer: flood(peer, sse() + chunk(b"id: "), chunk(b"1" * MIB)), EventTooLargeError),
    "line-unframed": (lambda peer: flood(peer, head(200, kind=SSE) + b"data: ", b"x" * MIB), EventTooLargeError),
    "gzip-line": (
        lambda peer: peer.send(sse("Content-Encoding: gzip"), chunk(bomb(b"data: ")), END),
        EventTooLargeError,
    ),
}


def flood(peer: Peer, first: bytes, piece: bytes) -> None:
    peer.send(first)
    peer.flood(piece)


def too_much(name: str) -> tuple[Callable[[Peer], object], type[MimoError], bool]:
    streamed = name in STREAM_TOO_MUCH
    script, expected = (STREAM_TOO_MUCH if streamed else TOO_MUCH)[name]
    return script, expected, streamed


def server_for(script: Callable[[Peer], object]) -> Server:
    def serve(peer: Peer) -> None:
        peer.request()
        script(peer)
        peer.gone()

    return Server(serve)


CHILD = """
import json, resource, sys
from mimo_proto import Client, Limits, MimoError
from mimo_proto.client import Client
url, streamed, protocol, cap = sys.argv[1], sys.argv[2] == "True", sys.argv[3], int(sys.argv[4])

def peak():
    # The high-water mark of this process image alone; ru_maxrss would begin with the parent's.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

client = Client("sk-child", url, limits=Limits(event=cap, body=cap))
chat = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
make = {
    (True, "chat"): lambda: client.stream_chat_completion(**chat),
    (True, "responses"): lambda: client.stream_response(**{"model": "m", "input": "x"}),
    (False, "chat"): lambda: client.create_chat_completion(**chat),
    (False, "responses"): lambda: client.create_response(**{"model": "m", "input": "x"}),
}[streamed, protocol]
before = peak()
name = None
try:
    if streamed:
        with make() as stream:
            for _ in stream: pass
    else:
        make()
except MimoError as error:
    name = type(error).__name__
print(json.dumps({"error": name, "kib": peak() - before}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize("name", [*TOO_MUCH, *STREAM_TOO_MUCH])
@pytest.mark.parametrize("protocol", ["chat", "responses"])
def test_too_much_is_ended_at_the_cap_within_the_memory_promised(name: str, protocol: str) -> None:
    script, expected, streamed = too_much(name)
    with server_for(script) as server:
        child = subprocess.run(
            [sys.executable, "-c", CHILD, server.url, str(streamed), protocol, str(CAP)],
            check=True,
            capture_output=True,
            timeout=50,
        )
    assert child.stderr == b""
    result = json.loads(child.stdout)
    assert result["error"] == expected.__name__
    assert result["kib"] * 1024 <= 3 * CAP + 8 * MIB, f"{result['kib'] / 1024:.1f} MiB"


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("name", ["line-endless", "event-endless", "comment-endless", "id-endless"])
def test_events_before_the_large_one_are_kept(kind: Kind, name: str) -> None:
    script, expected, _ = too_much(name)
    first = {"chat": CHAT_EVENTS[:2], "responses": RESPONSE_EVENTS[:3]}[kind.protocol]

    class Late(Peer):
        """Puts the good events behind the head."""

        def send(self, *pieces: bytes) -> None:
            pieces = tuple(piece.replace(sse(), sse() + b"".join(map(chunk, first))) for piece in pieces)
            super().send(*pieces)

    def late(peer: Peer) -> None:
        script(Late(peer.sock, peer.server))

    with server_for(late) as server, client_for(server.url, limits=Limits(event=50_000)) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is expected
    assert outcome.kept == "Hello world"
    assert outcome.end == "incomplete"


HEADS = {
    "20000-headers": b"HTTP/1.1 200 OK\r\n" + b"X-Header: y\r\n" * 20_000 + b"\r\n",
    "long-header": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    "long-status-line": b"HTTP/1.1 200 " + b"y" * 100_000 + b"\r\n\r\n",
    "no-http": b"SSH-2.0-OpenSSH_9.9\r\n",
    "http-2": b"HTTP/2 200\r\n\r\n",
    "no-status": b"HTTP/1.1\r\n\r\n",
    "bad-status": b"HTTP/1.1 abc OK\r\n\r\n",
    "small-status": b"HTTP/1.1 12 OK\r\n\r\n",
    "header-without-colon": b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\n{}",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}",
    "chunk-size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
    "chunk-size-negative": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" + b"x" * 1000,
    "chunk-longer-than-said": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n",
    "chunk-line-endless": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 10_000,
    "trailer-endless": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 20_000,
    "binary": bytes(range(256)) * 40,
}


@pytest.mark.clients("client", "asyncio")  # the libraries read heads by rules of their own
@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("name", HEADS)
def test_what_is_not_http(kind: Kind, name: str) -> None:
    reply = HEADS[name]
    if kind.streamed:
        reply = reply.replace(b"\r\nTransfer", b"\r\nContent-Type: text/event-stream\r\nTransfer")
    with server_for(lambda peer: peer.send(reply)) as server, client_for(server.url) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is RemoteProtocolError
    assert len(str(outcome.error)) < 500
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_a_body_of_exactly_the_cap(kind: Kind) -> None:
    body = json.dumps(CHAT if kind.protocol == "chat" else RESPONSE).encode()
    events = b"".join(CHAT_EVENTS if kind.protocol == "chat" else RESPONSE_EVENTS)
    reply = sse() + chunk(events) + END if kind.streamed else answer(body)
    with server_for(lambda peer: peer.send(reply)) as server:
        for spare in (0, -1):
            with client_for(server.url, limits=Limits(body=len(body) + spare, event=len(events))) as client:
                outcome = call(client, kind)
                if kind.streamed or spare == 0:
                    assert outcome.kept == "Hello world"
                else:
                    assert type(outcome.error) is BodyTooLargeError


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_an_errors_body_is_kept_up_to_its_cap(kind: Kind) -> None:
    with (
        server_for(lambda peer: peer.send(answer(b"x" * 70_000, 500))) as server,
        client_for(server.url) as client,
    ):
        outcome = call(client, kind)
    assert type(outcome.error) is ServerError
    assert outcome.error.body == b"x" * 65536


@pytest.mark.parametrize("kind", [CHAT_JSON, CHAT_STREAM], ids=str)
def test_an_errors_body_may_be_a_bomb(kind: Kind) -> None:
    reply = answer(bomb(b""), 500, "Content-Encoding: gzip")
    with server_for(lambda peer: peer.send(reply)) as server, client_for(server.url) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is ServerError
    assert outcome.error.body == b" " * 65536


@pytest.mark.clients("client", "asyncio", "httpx", "httpx2")  # aiohttp refuses such an answer
@pytest.mark.parametrize("kind", JSON, ids=str)
def test_both_length_and_chunks(kind: Kind) -> None:
    """The chunks count, as RFC 9112 says."""
    body = json.dumps(CHAT if kind.protocol == "chat" else RESPONSE).encode()
    reply = head(200, CHUNKED, "Content-Length: 3") + chunk(body) + END
    with server_for(lambda peer: peer.send(reply)) as server, client_for(server.url) as client:
        assert call(client, kind).kept == "Hello world"
