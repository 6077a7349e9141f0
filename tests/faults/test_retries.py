"""How often a call is sent: promises "Connections", of retries."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    APIError,
    AuthenticationError,
    ConnectError,
    ConnectTimeout,
    ContentFilterError,
    InsufficientBalanceError,
    RateLimitError,
    ServerError,
    Timeouts,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, once, sse
from tests.support.outcomes import (
    ALL,
    CHAT_JSON,
    CHAT_STREAM,
    STREAMS,
    Kind,
    assert_clean,
    call,
    client_for,
    good,
    retry,
)
from tests.support.payloads import CHAT, CHAT_REQUEST, error_body

if TYPE_CHECKING:
    import ssl


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
        stream = client.stream_chat_completion(**CHAT_REQUEST)
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
def test_a_clock_that_ends_an_attempt_does_not_end_the_call(kind: Kind) -> None:
    """The body of a refusal that does not end: its status says what became of the attempt."""

    def script(peer: Peer) -> None:
        peer.request()
        if len(server.requests) < 3:
            peer.send(head(503, "Content-Length: 99"), b"slow")
        else:
            peer.send(good(kind))
        peer.gone()

    timeouts = Timeouts(read=None, idle=0.1)
    with Server(script) as server, client_for(server.url, retry=retry(3), timeouts=timeouts) as client:
        assert call(client, kind).kept == "Hello world"
        server.requests.clear()
        with client_for(server.url, retry=retry(2), timeouts=timeouts) as other:
            outcome = call(other, kind)
    assert type(outcome.error) is ServerError
    assert_clean(outcome.error, 2)


def test_a_proxy_that_does_not_answer_is_asked_again(trust: ssl.SSLContext) -> None:
    with (
        Server(lambda peer: (peer.request(), peer.gone())) as proxy,
        client_for(
            "https://api.example.com/v1",
            proxy=proxy.origin,
            ssl_context=trust,
            retry=retry(3),
            timeouts=Timeouts(connect=0.1, read=None),
        ) as client,
    ):
        outcome = call(client, CHAT_JSON)
    assert type(outcome.error) is ConnectTimeout
    assert_clean(outcome.error, 3)
    assert proxy.connections == 3


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
