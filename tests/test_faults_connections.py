"""Which connection carries a call, and how often a call is sent: promises "Connections"."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import gc
import socket
import subprocess
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    APIError,
    AuthenticationError,
    ConnectError,
    ConnectionClosed,
    ContentFilterError,
    InsufficientBalanceError,
    RateLimitError,
    ServerError,
)
from tests.dummyserver import END, Peer, Server, answer, chunk, head, sse
from tests.outcomes import (
    ALL,
    CHAT_JSON,
    CHAT_STREAM,
    JSON,
    STREAMS,
    Kind,
    assert_clean,
    call,
    client_for,
    retry,
)
from tests.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST, RESPONSE, RESPONSE_EVENTS, chat_chunk, error_body

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    import trustme

EVENTS = {"chat": CHAT_EVENTS, "responses": RESPONSE_EVENTS}


def good(kind: Kind) -> bytes:
    if kind.streamed:
        return sse() + b"".join(map(chunk, EVENTS[kind.protocol])) + END
    return answer(CHAT if kind.protocol == "chat" else RESPONSE)


# --- one connection for all ----------------------------------------------------------------------------------------


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


def once(reply: bytes) -> Callable[[Peer], None]:
    """A script that answers one request, and waits for the client to go."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(reply)
        peer.gone()

    return script


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


# --- what the server leaves behind ---------------------------------------------------------------------------------

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


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_unread_bytes_never_answer_the_next_call(kind: Kind) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(good(kind) if peer.number == 2 else sse() + chunk(EVENTS[kind.protocol][0]) + chunk(FORGED))

    with Server(script) as server, client_for(server.url) as client:
        stream: Any = client.stream_chat_completion if kind.protocol == "chat" else client.stream_response
        with stream(CHAT_REQUEST if kind.protocol == "chat" else {"model": "m", "input": "x"}) as opened:
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


# --- the idle connection that the server has closed ----------------------------------------------------------------


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


# --- retries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("status", [429, 502, 503])
def test_listed_statuses_are_tried_again(kind: Kind, status: int) -> None:
    def script(peer: Peer) -> None:
        for _ in range(2):
            peer.request()
            peer.send(answer(error_body(str(status)), status))
        peer.request()
        peer.send(good(kind))
        peer.gone()

    with Server(script) as server, client_for(server.url, retry=retry(5)) as client:
        assert call(client, kind).kept == "Hello world"
    assert len(server.requests) == 3
    assert len({request.raw for request in server.requests}) == 1
    assert server.connections == 1


def test_attempts_are_told() -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(error_body(), 429) if len(server.requests) % 3 else answer(CHAT))

    from mimo_proto import CHAT_COMPLETIONS

    with Server(script) as server, client_for(server.url, retry=retry(3)) as client:
        assert client.send(CHAT_COMPLETIONS, CHAT_REQUEST).attempts == 3
        error = call(client, CHAT_JSON, retry=retry(2)).error
        assert isinstance(error, RateLimitError)
        assert_clean(error, 2)
        assert "attempt 2" in str(error)
    with (
        Server(once(good(CHAT_STREAM))) as server,
        client_for(server.url) as client,
    ):
        stream = client.stream_chat_completion(CHAT_REQUEST)
        assert stream.attempts == 0
        with stream:
            assert stream.attempts == 1


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "401", AuthenticationError),
        (402, "402", InsufficientBalanceError),
        (421, "421", ContentFilterError),
        (400, "421", ContentFilterError),
        (429, "402", InsufficientBalanceError),
        (500, "500", ServerError),
    ],
)
def test_some_are_never_tried_again(kind: Kind, status: int, code: str, expected: type[APIError]) -> None:
    policy = retry(5, on=(400, 401, 402, 421, 429))
    with Server(once(answer(error_body(code), status))) as server, client_for(server.url, retry=policy) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is expected
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_not_after_the_first_byte_of_an_answer(kind: Kind) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), chunk(b"data: " + json_error + b"\n\n"), END)
        peer.gone()

    json_error = b'{"error": {"code": "429", "message": "slow down"}}'
    with Server(script) as server, client_for(server.url, retry=retry(5)) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is RateLimitError
    assert_clean(outcome.error, 1)
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_connect_errors_are_tried_again(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []

    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        tried.append(args)
        if len(tried) < 3:
            raise socket.gaierror(-3, "try again")
        return real(*args, **kwargs)

    real = socket.getaddrinfo
    with Server(once(good(kind))) as server, client_for(server.url, retry=retry(3)) as client:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        assert call(client, kind).kept == "Hello world"
        tried.clear()
        with client_for(server.url, retry=retry(2)) as other:
            outcome = call(other, kind)
    assert type(outcome.error) is ConnectError
    assert_clean(outcome.error, 2)
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("header", ["600", "Fri, 31 Dec 2199 23:59:59 GMT"])
def test_an_absurd_retry_after_ends_it_at_once(kind: Kind, header: str) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(error_body(), 429, f"Retry-After: {header}"))

    with Server(script) as server, client_for(server.url, retry=retry(5)) as client:
        outcome = call(client, kind)
    assert isinstance(outcome.error, RateLimitError)
    assert outcome.error.retry_after is not None
    assert outcome.error.retry_after >= 600
    assert len(server.requests) == 1


@pytest.mark.parametrize("header", ["0", "Sun, 06 Nov 1994 08:49:37 GMT", "soon", "-7"])
def test_a_retry_after_that_is_over_or_odd(header: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(error_body(), 429, f"Retry-After: {header}"))
        peer.request()
        peer.send(answer(CHAT))
        peer.gone()

    with Server(script) as server, client_for(server.url, retry=retry(2)) as client:
        assert call(client, CHAT_JSON).kept == "Hello world"


# --- the pool ------------------------------------------------------------------------------------------------------


def test_no_more_idle_connections_are_kept_than_asked_for() -> None:
    closed = threading.Semaphore(0)

    def script(peer: Peer) -> None:
        try:
            while True:
                peer.request()
                peer.send(sse(), chunk(chat_chunk("x", "stop")), chunk(CHAT_EVENTS[-1]), END)
        except ConnectionError:
            closed.release()

    with Server(script) as server, client_for(server.url, pool_size=2) as client:
        streams = [client.stream_chat_completion(CHAT_REQUEST) for _ in range(5)]
        for stream in streams:
            stream.__enter__()
        assert server.connections == 5
        for stream in streams:
            stream.result()
            stream.close()
        for _ in range(3):
            assert closed.acquire(timeout=10)
        assert not closed.acquire(blocking=False)
        assert len(client._transport._pool._idle) == 2
    for _ in range(2):
        assert closed.acquire(timeout=10), "close() closes the idle ones"


def test_what_is_given_back_after_close_is_closed() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(CHAT_STREAM))
        assert peer.gone()

    with Server(script) as server:
        client = client_for(server.url)
        with client.stream_chat_completion(CHAT_REQUEST) as stream:
            client.close()
            stream.result()
        assert client._transport._pool._idle == []


def test_given_back_while_another_thread_closes() -> None:
    from mimo_proto.pool import Pool
    from mimo_proto.watchdog import Guard

    class Meanwhile(list[Any]):
        def append(self, item: Any) -> None:
            super().append(item)
            pool._closed = True

    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        pool = Pool(origin, size=1, ssl_context=None, proxy=None)
        connection = pool.take(Guard())
        connection.connect()
        pool._idle = Meanwhile()
        pool.give(connection)
        assert pool._idle == []
        assert connection.is_closed


# --- forks ---------------------------------------------------------------------------------------------------------


FORK = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
from mimo_proto import Client
client = Client("sk-fork", sys.argv[1])
def ask():
    done = client.create_chat_completion(model="m", messages=[{"role": "user", "content": "x"}])
    return done.choices[0].message.content
assert ask() == "1"
pid = os.fork()
if pid == 0:
    os._exit(0 if ask() == "2" and ask() == "2" else 1)
assert os.waitpid(pid, 0)[1] == 0
assert ask() == "1", "the parent goes on with its own"
"""


def test_a_forked_child_opens_its_own_connections() -> None:
    def script(peer: Peer) -> None:
        number = peer.number
        while True:
            peer.request()
            message = {"role": "assistant", "content": str(number)}
            peer.send(answer({**CHAT, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))

    with Server(script) as server:
        subprocess.run([sys.executable, "-c", FORK, server.url], check=True, timeout=30)
    assert server.connections == 2


# --- streams that nobody closes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("way", ["stream", "iterator", "text", "cycle"])
def test_a_stream_left_without_close(kind: Kind, way: str) -> None:
    left = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), *map(chunk, EVENTS[kind.protocol][:2]))
        assert peer.gone()
        left.set()

    with Server(script) as server, client_for(server.url) as client:
        make: Any = client.stream_chat_completion if kind.protocol == "chat" else client.stream_response
        stream = make(CHAT_REQUEST if kind.protocol == "chat" else {"model": "m", "input": "x"})
        words = stream.text() if way == "text" else iter(stream)
        next(words)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if way == "cycle":
                words = [words]
                words.append(words)
            del stream, words
            gc.collect()
        assert [warning.category for warning in caught] == [ResourceWarning]
        assert "unclosed <Stream" in str(caught[0].message)
        assert left.wait(10)


def test_a_stream_that_was_never_read_needs_no_close() -> None:
    with client_for("http://127.0.0.1:1/v1") as client, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client.stream_chat_completion(CHAT_REQUEST)
        gc.collect()
    assert caught == []


def test_an_iteration_may_be_left_and_taken_up_again() -> None:
    with (
        Server(once(good(CHAT_STREAM))) as server,
        client_for(server.url) as client,
        client.stream_chat_completion(CHAT_REQUEST) as stream,
    ):
        for _ in stream:
            break
        assert stream.end is None
        assert list(stream.text()) == [" world"]
        assert stream.result().choices[0].message.content == "Hello world"


@pytest.mark.parametrize("kind", JSON, ids=str)
def test_a_failing_tee_passes_and_drops_the_connection(kind: Kind) -> None:
    class MyError(Exception):
        pass

    def tee(data: bytes) -> None:
        raise MyError

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(kind)[:-1])
        assert peer.gone() or True

    with Server(script) as server, client_for(server.url) as client, pytest.raises(MyError):
        call(client, kind, tee=tee)


def test_a_failing_tee_ends_a_stream() -> None:
    def tee(data: bytes) -> None:
        raise ZeroDivisionError

    with (
        Server(once(good(CHAT_STREAM)[:-5])) as server,
        client_for(server.url) as client,
        client.stream_chat_completion(CHAT_REQUEST, tee=tee) as stream,
    ):
        with pytest.raises(ZeroDivisionError):
            list(stream)
        assert stream.end == "cancelled"
        assert client._transport._pool._idle == []
