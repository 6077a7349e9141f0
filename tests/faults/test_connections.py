"""Which connection carries a call: promises "Connections", of reuse and of what a server leaves behind."""

from __future__ import annotations

import selectors
import threading
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    ConnectionClosed,
    RateLimitError,
    ServerError,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, sse
from tests.support.outcomes import (
    ALL,
    CHAT_JSON,
    EVENTS,
    STREAMS,
    Kind,
    assert_clean,
    call,
    client_for,
    good,
    retry,
)
from tests.support.payloads import CHAT, CHAT_REQUEST, RESPONSE_REQUEST, error_body
from tests.support.server_tls import BROKEN_RECORD, ServerTLS, server_context

if TYPE_CHECKING:
    import ssl

    import trustme


def framings(kind: Kind) -> dict[str, list[bytes]]:
    """Good answers, and the pieces that they are sent in."""
    body = good(kind).partition(b"\r\n\r\n")[2] if not kind.streamed else b"".join(EVENTS[kind.protocol])
    media_type = "text/event-stream" if kind.streamed else "application/json"
    pieces = EVENTS[kind.protocol] if kind.streamed else [body[:9], body[9:]]
    chunked = head(200, "Transfer-Encoding: chunked", kind=media_type)
    return {
        "length": [answer(body, kind=media_type)],
        "length-in-pieces": [head(200, f"Content-Length: {len(body)}", kind=media_type), *pieces],
        "chunked": [chunked + b"".join(map(chunk, pieces)) + END],
        "chunked-in-pieces": [chunked, *map(chunk, pieces), END],
        "chunked-late-end": [chunked, *map(chunk, pieces), b"0\r\n", b"\r\n"],
        "chunked-trailer": [chunked, *map(chunk, pieces), b"0\r\nX-Sum: 1\r\n\r\n"],
        "hints": [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", answer(body, kind=media_type)],
        "continue": [b"HTTP/1.1 100 Continue\r\n\r\n" * 3, answer(body, kind=media_type)],
        "processing": [b"HTTP/1.1 102 Processing\r\n\r\n", answer(body, kind=media_type)],
    }


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("framing", framings(CHAT_JSON))
def test_five_calls_one_connection(
    kind: Kind, tls: bool, framing: str, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            for piece in framings(kind)[framing]:
                peer.send(piece)

    with (
        Server(script, authority=authority if tls else None) as server,
        client_for(server.url, ssl_context=trust) as client,
    ):
        for _ in range(5):
            assert call(client, kind).kept == "Hello world"
        assert server.connections == 1
    assert len(server.requests) == 5


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_errors_and_answers_share_a_connection(kind: Kind) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(error_body(), 429))
            peer.request()
            peer.send(good(kind))

    with Server(script) as server, client_for(server.url) as client:
        for _ in range(5):
            assert type(call(client, kind).error) is RateLimitError
            assert call(client, kind).kept == "Hello world"
        assert server.connections == 1


@pytest.mark.parametrize("fields", [["Connection: close"], []], ids=["close", "no-length"])
@pytest.mark.parametrize("kind", ALL, ids=str)
def test_a_connection_that_is_to_be_closed_is_not_kept(kind: Kind, fields: list[str]) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        body = b"".join(EVENTS[kind.protocol]) if kind.streamed else good(kind).partition(b"\r\n\r\n")[2]
        length = [f"Content-Length: {len(body)}"] if fields else []
        peer.send(head(200, *fields, *length, kind="text/event-stream" if kind.streamed else "application/json"), body)
        if not fields:
            peer.fin()
        peer.gone()

    with Server(script) as server, client_for(server.url) as client:
        for count in (1, 2, 3):
            assert call(client, kind).kept == "Hello world"
            assert server.connections == count


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_http_1_0(kind: Kind) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(kind).replace(b"HTTP/1.1", b"HTTP/1.0"))
        peer.fin()
        peer.gone()

    with Server(script) as server, client_for(server.url) as client:
        assert call(client, kind).kept == "Hello world"


FORGED = answer({**CHAT, "choices": [{"index": 0, "message": {"role": "assistant", "content": "forged"}}]})


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("size", [0, 20_000])
@pytest.mark.parametrize("when", ["same-write", "next-write"])
def test_surplus_bytes_never_answer_the_next_call(
    kind: Kind, tls: bool, size: int, when: str, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    surplus = FORGED + b"x" * size

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            if when == "same-write":
                peer.send(good(kind) + surplus)
            else:
                peer.send(good(kind), surplus)
            sent.set()

    with (
        Server(script, authority=authority if tls else None) as server,
        client_for(server.url, ssl_context=trust) as client,
    ):
        for _ in range(3):
            sent = threading.Event()
            assert call(client, kind).kept == "Hello world"
            assert sent.wait(10)
        assert server.connections == 3


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_surplus_bytes_behind_an_empty_body(tls: bool, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(b"", 500) + FORGED)
            sent.set()

    with (
        Server(script, authority=authority if tls else None) as server,
        client_for(server.url, ssl_context=trust) as client,
    ):
        for _ in range(3):
            sent = threading.Event()
            assert type(call(client, CHAT_JSON).error) is ServerError
            assert sent.wait(10)
        assert server.connections == 3


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_unread_bytes_never_answer_the_next_call(kind: Kind) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(good(kind) if peer.number == 2 else sse() + chunk(EVENTS[kind.protocol][0]) + chunk(FORGED))

    with Server(script) as server, client_for(server.url) as client:
        stream: Any = client.stream_chat_completion if kind.protocol == "chat" else client.stream_response
        with stream(**(CHAT_REQUEST if kind.protocol == "chat" else RESPONSE_REQUEST)) as opened:
            next(iter(opened))
        assert call(client, kind).kept == "Hello world"
        assert server.connections == 2


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("rest", ["much", "drip", "drip-in-a-size-line", "broken"])
def test_the_wait_for_the_bodys_end_is_bounded(kind: Kind, rest: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), *map(chunk, EVENTS[kind.protocol]))
        if peer.number > 1:
            peer.send(END)
        elif rest == "much":
            peer.flood(chunk(b": x\n" * 100))
        elif rest == "drip":
            peer.drip([chunk(b":")] * 1000, 0.02)
        elif rest == "drip-in-a-size-line":
            peer.drip([b"0"] * 1000, 0.02)
        else:
            peer.send(b"zzz\r\n")
        peer.gone()

    with Server(script) as server, client_for(server.url) as client:
        assert call(client, kind).kept == "Hello world"
        assert call(client, kind).kept == "Hello world"
        assert server.connections == 2


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("leave", ["fin", "rst", "408"])
def test_a_stale_connection_is_noticed_before_writing(kind: Kind, leave: str) -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(kind))
        assert used.wait(10)
        if leave == "fin":
            peer.fin()
        elif leave == "rst":
            peer.rst()
        else:
            peer.send(answer(b"", 408))
        gone.set()
        if leave != "rst":
            peer.gone()

    with Server(script) as server, client_for(server.url) as client:
        for count in (1, 2, 3):
            gone.clear()
            used = threading.Event()
            assert call(client, kind).kept == "Hello world"
            used.set()
            assert gone.wait(10)
            assert server.connections == count
    assert len(server.requests) == 3


def test_where_there_is_only_select_a_stale_connection_is_noticed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, and where green threads replace what waits."""
    monkeypatch.delattr(selectors, "PollSelector", raising=False)
    monkeypatch.setattr(selectors, "DefaultSelector", selectors.SelectSelector)
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(CHAT_JSON))
        if peer.number == 1:
            peer.request()
            peer.send(good(CHAT_JSON))
            peer.fin()
            gone.set()
        peer.gone()

    with Server(script) as server, client_for(server.url) as client:
        for count in (1, 1):
            assert call(client, CHAT_JSON).kept == "Hello world"
            assert server.connections == count
        assert gone.wait(10)
        assert call(client, CHAT_JSON).kept == "Hello world"
        assert server.connections == 2


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("leave", ["fin", "rst"])
@pytest.mark.parametrize("attempts", [1, 3])
def test_lost_in_the_race_is_not_sent_again(kind: Kind, leave: str, attempts: int) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(kind))
        peer.request()
        if leave == "fin":
            peer.fin()
        else:
            peer.rst()

    with Server(script) as server, client_for(server.url, retry=retry(attempts)) as client:
        assert call(client, kind).kept == "Hello world"
        outcome = call(client, kind)
    assert type(outcome.error) is ConnectionClosed
    assert_clean(outcome.error, 1)
    assert len(server.requests) == 2


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "cut"])
def test_what_stands_before_a_broken_record_counts(
    kind: Kind, whole: bool, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    """Of an answer that has come nothing is lost, and what has begun is not asked for again."""
    context = server_context(authority, "127.0.0.1")

    def script(peer: Peer) -> None:
        tls = ServerTLS(peer, context)
        tls.handshake()
        peer.send(tls.unsent())
        tls.read_head()
        peer.send(tls.records(good(kind) if whole else good(kind)[:120]) + BROKEN_RECORD)
        peer.gone()

    with Server(script) as server:
        url = server.url.replace("http:", "https:")
        with client_for(url, ssl_context=trust, retry=retry(3, connection_lost=True)) as client:
            outcome = call(client, kind)
            if whole:
                assert outcome.kept == "Hello world"
            else:
                assert isinstance(outcome.error, ConnectionClosed)
                assert outcome.error.answer_begun
        assert server.connections == 1


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("broken", [False, True], ids=["ended", "broken"])
def test_an_end_inside_a_proxys_tls_is_found_before_the_next_call(
    kind: Kind, broken: bool, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    """It came in one record with the answer, so that nothing is left for the system to tell of."""
    context = server_context(authority, "a.example")

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        tls = ServerTLS(peer, context)
        tls.handshake()
        peer.send(tls.unsent())
        tls.read_head()
        peer.send(tls.records(good(kind)) + (BROKEN_RECORD if broken else tls.goodbye()))
        peer.gone()

    with Server(script, authority=authority) as proxy:
        with client_for("https://a.example/v1", ssl_context=trust, proxy=proxy.origin) as client:
            for _ in range(2):
                assert call(client, kind).kept == "Hello world"
        assert proxy.connections == 2
