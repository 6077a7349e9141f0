"""How a stream can end: promises "Ends of a stream", over real sockets, for both protocols.

Each case says what the server sends behind the head, how it leaves, and what the caller sees.
"""

from __future__ import annotations

import gzip
import json
import socket
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    ConnectionClosed,
    IncompleteStreamError,
    Limits,
    Timeouts,
)
from mimo_proto.http.watchdog import WATCHDOG
from tests.support.dummyserver import END, Peer, Server, chunk, head, sse
from tests.support.endings import FIRST, end, fin, serve, silence
from tests.support.outcomes import (
    ALL,
    CHAT_STREAM,
    EVENTS,
    JSON,
    STREAMS,
    Kind,
    call,
    client_for,
)
from tests.support.payloads import (
    CHAT,
    CHAT_REQUEST,
    chat_chunk,
    error_body,
    event,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    import trustme


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("leave", [fin, Peer.rst], ids=["fin", "rst"])
@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_cut_inside_the_framing(kind: Kind, leave: Any, framing: str) -> None:
    with serve(kind, FIRST[kind.protocol], leave, framing) as server, client_for(server.url) as client:
        outcome = call(client, kind)
    # A reset throws away what the client has not read yet.
    assert type(outcome.error) is ConnectionClosed
    assert outcome.end == "incomplete"
    assert outcome.kept == "Hello world" or leave is Peer.rst
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("way", ["close-notify", "fin", "rst"])
def test_cut_inside_the_framing_over_tls(kind: Kind, way: str, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse() if kind.streamed else CHUNKED)
        if kind.streamed:
            peer.send(*map(chunk, FIRST[kind.protocol]))
        if way == "close-notify":
            peer.fin()
        elif way == "fin":
            socket.socket.shutdown(peer.sock, socket.SHUT_WR)
        else:
            peer.rst()
            return
        peer.gone()

    with Server(script, authority=authority) as server, client_for(server.url, ssl_context=trust) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is ConnectionClosed
    assert len(server.requests) == 1


CHUNKED = head(200, "Transfer-Encoding: chunked")


@pytest.mark.parametrize("kind", JSON, ids=str)
@pytest.mark.parametrize("leave", [fin, Peer.rst], ids=["fin", "rst"])
@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(b"", id="before-the-head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Ty", id="in-the-head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", id="between-two-lines-of-the-head"),
        pytest.param(head(200, "Content-Length: 50") + b'{"id"', id="in-the-body"),
        pytest.param(head(200, "Content-Length: 50"), id="before-the-body"),
        pytest.param(CHUNKED + b"5\r\n{", id="in-a-chunk"),
        pytest.param(CHUNKED + b"5", id="in-a-size-line"),
        pytest.param(
            head(200, "Transfer-Encoding: chunked") + chunk(json.dumps(CHAT).encode()), id="before-the-last-chunk"
        ),
    ],
)
def test_json_cut_inside_the_framing(kind: Kind, leave: Any, cut: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(cut)
        leave(peer)

    with Server(script) as server, client_for(server.url) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is ConnectionClosed
    assert len(server.requests) == 1


UNFINISHED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "empty": lambda first: [],
    "comments-only": lambda first: [b": hi\n\n", b":\n\n"],
    "no-end-mark": lambda first: first,
    "half-an-event": lambda first: [*first, b'data: {"id":'],
    "an-event-one-line-end-short": lambda first: [*first[:-1], first[-1][:-1]],
    "fields-without-data": lambda first: [*first, b"event: ping\n\nid: 7\n\nretry: 5\n\n"],
}


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("name", UNFINISHED)
@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_clean_end_without_the_protocols_end(kind: Kind, name: str, framing: str) -> None:
    body = UNFINISHED[name](FIRST[kind.protocol])
    with (
        serve(kind, body, end if framing == "chunked" else fin, framing) as server,
        client_for(server.url) as client,
    ):
        outcome = call(client, kind)
    assert type(outcome.error) is IncompleteStreamError
    assert outcome.end == "incomplete"
    if name in {"empty", "comments-only"}:
        assert outcome.partial is None
    elif name == "an-event-one-line-end-short":
        assert outcome.kept == "Hello"
    else:
        assert outcome.kept == "Hello world"
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_truncated_gzip(kind: Kind, framing: str) -> None:
    whole = gzip.compress(b"".join(EVENTS[kind.protocol]) + b": " + bytes(range(33, 127)) * 9)
    cut = whole[: len(whole) - 60]

    def script(peer: Peer) -> None:
        peer.request()
        if framing == "chunked":
            peer.send(sse("Content-Encoding: gzip"), chunk(cut[:20]), chunk(cut[20:120]), END)
        else:
            fields = ("Content-Encoding: gzip", "Connection: close")
            peer.send(head(200, *fields, kind="text/event-stream"), cut[:120])
        fin(peer)

    with Server(script) as server, client_for(server.url) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is IncompleteStreamError
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_whole_gzip_is_read(kind: Kind, coding: str) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(sse(f"Content-Encoding: {coding}"), chunk(gzip.compress(b"".join(EVENTS[kind.protocol]))), END)

    with Server(script) as server, client_for(server.url) as client:
        assert call(client, kind).kept == call(client, kind).kept == "Hello world"
    assert server.connections == 1


FINISHED = [chat_chunk("Hello"), chat_chunk(" world"), chat_chunk(None, "stop")]
USAGE = event({"id": "c1", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}})


@pytest.mark.parametrize("leave", [end, fin, Peer.rst, silence], ids=["end", "fin", "rst", "silence"])
@pytest.mark.parametrize("usage", [False, True], ids=["", "usage"])
def test_finish_reason_without_done_is_complete(leave: Any, usage: bool) -> None:
    body = [*FINISHED, USAGE] if usage else FINISHED
    read = threading.Event()

    def leave_when_read(peer: Peer) -> None:
        assert leave is not Peer.rst or read.wait(5), "a reset throws away what is not read"
        leave(peer)

    with (
        serve(CHAT_STREAM, body, leave_when_read) as server,
        client_for(server.url) as client,
        client.stream_chat_completion(**CHAT_REQUEST) as stream,
    ):
        seen = 0
        for seen, _ in enumerate(stream, 1):
            if seen == len(body):
                read.set()
        assert seen == len(body)
        assert stream.end == "completed"
        result = stream.result()
    assert result.choices[0].message.content == "Hello world"
    assert (result.usage is not None) == usage
    assert len(server.requests) == 1


def test_two_choices_of_which_one_has_finished_are_not_complete() -> None:
    body = [chat_chunk("a"), chat_chunk("b", index=1), chat_chunk(None, "stop")]
    with serve(CHAT_STREAM, body, end) as server, client_for(server.url) as client:
        outcome = call(client, CHAT_STREAM)
    assert type(outcome.error) is IncompleteStreamError
    assert [choice.finish_reason for choice in outcome.partial.choices] == ["stop", None]


def test_drips_do_not_prolong_the_linger() -> None:
    def drip(peer: Peer) -> None:
        peer.drip([chunk(b": still here\n\n")] * 1000, every=0.02)

    started = monotonic()
    with serve(CHAT_STREAM, FINISHED, drip) as server, client_for(server.url) as client:
        outcome = call(client, CHAT_STREAM)
    assert outcome.kept == "Hello world"
    assert monotonic() - started < 4, "0.2 s are asked for"


@pytest.mark.parametrize("leave", [end, silence], ids=["end", "silence"])
def test_the_linger_stands_still_while_an_event_is_looked_at(leave: Any) -> None:
    """What comes late, but was waited for in time, is taken; what does not come is not waited for longer."""
    looked = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), *map(chunk, FINISHED))
        assert looked.wait(10)
        looked.clear()
        peer.send(chunk(chat_chunk("")))
        assert looked.wait(10)
        peer.send(chunk(USAGE))
        leave(peer)

    limits, timeouts = Limits(linger=0.2), Timeouts(read=None, idle=None)
    with (
        Server(script) as server,
        client_for(server.url, limits=limits, timeouts=timeouts) as client,
        client.stream_chat_completion(**CHAT_REQUEST) as stream,
    ):
        others = len(WATCHDOG)
        for seen, _ in enumerate(stream, 1):
            if seen == len(FINISHED):
                looked.set()
            elif seen == len(FINISHED) + 1:
                while len(WATCHDOG) > others:
                    pass  # the watchdog will look at the stream's clocks again
                looked.set()
        assert stream.end == "completed"
        assert stream.result().usage is not None


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_the_end_mark_ends_it_at_once(kind: Kind) -> None:
    limits = Limits(linger=60)
    started = monotonic()
    with serve(kind, EVENTS[kind.protocol], silence) as server, client_for(server.url, limits=limits) as client:
        outcome = call(client, kind)
    assert outcome.kept == "Hello world"
    assert outcome.end == "completed"
    assert monotonic() - started < 4, "neither linger nor a clock was waited for"


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_what_follows_the_end_mark_is_not_read_as_events(kind: Kind) -> None:
    body = [*EVENTS[kind.protocol], event(error_body()), chat_chunk("more")]
    with serve(kind, body, end) as server, client_for(server.url) as client:
        outcome = call(client, kind)
    assert outcome.kept == "Hello world"
