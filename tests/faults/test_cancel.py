"""A stream that is cancelled or left, from any thread: promises "Connections and threads"."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    RESPONSES,
    ConnectionClosed,
    IdleTimeout,
    ResponseOutputTextDelta,
    StreamCancelled,
    Timeouts,
    user,
)
from mimo_proto.http.transport import Exchange
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, pump, sse
from tests.support.outcomes import EVENTS, STREAMS, Kind, assert_clean, client_for, retry, words
from tests.support.payloads import CHAT_EVENTS, CHAT_REQUEST, RESPONSE_EVENTS, RESPONSE_REQUEST, error_body
from tests.support.readers import Reader, no_clocks, stream_of

if TYPE_CHECKING:
    import ssl

    import trustme


PLACES: dict[str, bytes] = {
    "before-the-head": b"",
    "in-the-status-line": b"HTTP/1.1 2",
    "in-the-headers": b"HTTP/1.1 200 OK\r\nX: y\r\nZ",
    "behind-103": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "behind-the-head": sse(),
    "in-a-chunk-size": sse() + b"1",
    "in-a-chunk": sse() + b"100\r\ndata: x",
    "between-events": sse() + chunk(b": hi\n\n"),
    "in-an-errors-body": head(500, "Content-Length: 100") + b"x",
    "unframed": head(200, kind="text/event-stream") + b": hi\n\n",
    "in-gzip": head(200, "Content-Encoding: gzip", kind="text/event-stream") + b"\x1f\x8b",
}


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", ["cancel", "close"])
def test_cancel_while_a_read_blocks(
    kind: Kind, tls: bool, place: str, way: str, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    there = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(PLACES[place])
        there.set()
        assert peer.gone()

    with (
        Server(script, authority=authority if tls else None) as server,
        client_for(server.url, ssl_context=trust, timeouts=no_clocks()) as client,
    ):
        stream = stream_of(client, kind)
        reader = Reader(stream)
        reader.start()
        assert there.wait(10)
        getattr(stream, way)()
        error = reader.ended()
    assert type(error) is StreamCancelled
    assert_clean(error, 1)
    assert stream.end == "cancelled"


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("way", ["cancel", "idle"])
def test_a_call_inside_a_proxys_tls_ends_like_any_other(
    kind: Kind, way: str, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    """TLS inside TLS; and the clocks of all other calls go on after it."""
    there = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse() + chunk(b": hi\n\n"))
        there.set()
        assert peer.gone()

    timeouts = Timeouts(connect=None, read=None, idle=None if way == "cancel" else 0.2)
    with (
        Server(script, authority=authority) as server,
        Server(pump, authority=authority) as proxy,
        client_for(server.url, ssl_context=trust, proxy=proxy.origin, timeouts=timeouts) as client,
    ):
        for _ in range(2):
            stream = stream_of(client, kind)
            reader = Reader(stream)
            reader.start()
            assert there.wait(10)
            there.clear()
            if way == "cancel":
                stream.cancel()
            error = reader.ended()
            assert type(error) is (StreamCancelled if way == "cancel" else IdleTimeout)
            assert_clean(error, 1)


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_cancel_keeps_what_had_arrived(kind: Kind) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), *map(chunk, EVENTS[kind.protocol][: 2 if kind.protocol == "chat" else 3]))
        assert peer.gone()

    def cancel_at_world() -> None:
        for each in stream:
            if "world" in repr(each):
                stream.cancel()

    with (
        Server(script) as server,
        client_for(server.url, timeouts=no_clocks()) as client,
        stream_of(client, kind) as stream,
    ):
        for again in (cancel_at_world, stream.result, stream.result, lambda: list(stream)):
            with pytest.raises(StreamCancelled) as caught:
                again()
            assert words(caught.value.partial) == "Hello world"


def test_cancel_while_connecting(black_hole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = threading.Event()
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        there.set()
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    with client_for(black_hole, timeouts=no_clocks()) as client:
        stream = client.stream_chat_completion(**CHAT_REQUEST)
        reader = Reader(stream)
        reader.start()
        assert there.wait(10)
        while reader.is_alive() and stream.end is None:
            # The thread may not have come to the system call yet.
            stream.cancel()
            reader.join(0.01)
        assert type(reader.ended()) is StreamCancelled


def test_cancel_while_tls_shakes_hands(trust: ssl.SSLContext) -> None:
    there = threading.Event()

    def script(peer: Peer) -> None:
        assert peer.sock.recv(100)
        there.set()
        assert peer.gone()

    with Server(script) as server:
        url = server.url.replace("http:", "https:")
        with client_for(url, ssl_context=trust, timeouts=no_clocks()) as client:
            stream = client.stream_chat_completion(**CHAT_REQUEST)
            reader = Reader(stream)
            reader.start()
            assert there.wait(10)
            stream.cancel()
            assert type(reader.ended()) is StreamCancelled


def test_cancel_while_a_proxy_answers(trust: ssl.SSLContext) -> None:
    there = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nX")
        there.set()
        assert peer.gone()

    with (
        Server(script) as proxy,
        client_for("https://api.example.com/v1", proxy=proxy.origin, timeouts=no_clocks()) as client,
    ):
        stream = client.stream_chat_completion(**CHAT_REQUEST)
        reader = Reader(stream)
        reader.start()
        assert there.wait(10)
        stream.cancel()
        assert type(reader.ended()) is StreamCancelled


def test_cancel_while_sending() -> None:
    there = threading.Event()

    def script(peer: Peer) -> None:
        assert peer.sock.recv(100)
        there.set()
        server.stopping.wait(30)

    with Server(script) as server, client_for(server.url, timeouts=no_clocks()) as client:
        stream = client.stream_chat_completion(model="m", messages=[user("x" * 30_000_000)])
        reader = Reader(stream)
        reader.start()
        assert there.wait(10)
        stream.cancel()
        assert type(reader.ended()) is StreamCancelled


@pytest.mark.clients("client")
@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_cancel_while_the_body_of_an_error_comes(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(PLACES["in-an-errors-body"])
        assert peer.gone()

    def read(self: Exchange) -> bytes:
        stream.cancel()
        return real(self)

    real = Exchange.read
    monkeypatch.setattr(Exchange, "read", read)
    with Server(script) as server, client_for(server.url, timeouts=no_clocks()) as client:
        stream = stream_of(client, kind)
        with pytest.raises(StreamCancelled):
            list(stream)


@pytest.mark.parametrize("end", ["cut", "cancel"])
def test_a_projected_stream_that_fails_has_nothing_to_keep(end: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), chunk(RESPONSE_EVENTS[1]))
        if end == "cut":
            peer.fin()
        assert peer.gone()

    with (
        Server(script) as server,
        client_for(server.url) as client,
        client.stream(RESPONSES, RESPONSE_REQUEST, event_type=ResponseOutputTextDelta) as stream,
    ):
        events = iter(stream)
        assert next(events).delta == "Hello"
        if end == "cancel":
            stream.cancel()
        with pytest.raises(ConnectionClosed if end == "cut" else StreamCancelled) as caught:
            next(events)
        assert caught.value.partial is None


def test_cancel_between_two_attempts() -> None:
    there = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(error_body(), 429, "Retry-After: 60"))
        there.set()
        peer.gone()

    with Server(script) as server, client_for(server.url, retry=retry(9)) as client:
        stream = client.stream_chat_completion(**CHAT_REQUEST)
        reader = Reader(stream)
        reader.start()
        assert there.wait(10)
        reader.join(0.1)
        stream.cancel()
        error = reader.ended()
    assert type(error) is StreamCancelled
    assert_clean(error, 1)
    assert len(server.requests) == 1


def test_cancel_before_the_request_is_sent() -> None:
    with Server(lambda peer: peer.gone()) as server, client_for(server.url) as client:
        stream = client.stream_chat_completion(**CHAT_REQUEST)
        stream.cancel()
        with pytest.raises(StreamCancelled) as caught, stream:
            pass
        assert caught.value.attempts == 0
        assert server.connections == 0


def test_cancel_and_close_after_the_end_change_nothing() -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(sse(), *map(chunk, CHAT_EVENTS), END)

    with Server(script) as server, client_for(server.url) as client:
        for _ in range(3):
            stream = client.stream_chat_completion(**CHAT_REQUEST)
            with stream:
                stream.result()
                stream.cancel()
            stream.cancel()
            stream.close()
            assert stream.end == "completed"
            assert words(stream.result()) == "Hello world"
        assert server.connections == 1


def test_close_before_the_end() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), chunk(CHAT_EVENTS[0]))
        assert peer.gone()

    with Server(script) as server, client_for(server.url) as client:
        with client.stream_chat_completion(**CHAT_REQUEST) as stream:
            next(iter(stream))
        assert stream.end == "cancelled"
        with pytest.raises(StreamCancelled) as caught:
            stream.result()
        assert words(caught.value.partial) == "Hello"


def test_a_stream_that_is_closed_unread_is_not_sent() -> None:
    with Server(lambda peer: None) as server, client_for(server.url) as client:
        stream = client.stream_chat_completion(**CHAT_REQUEST)
        stream.close()
        with pytest.raises(StreamCancelled):
            list(stream)
        assert server.connections == 0
