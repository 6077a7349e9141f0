"""How often a call is sent: promises "Connections", of retries."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConnectError,
    ConnectTimeout,
    ContentFilterError,
    InsufficientBalanceError,
    RateLimitError,
    RetryPolicy,
    ServerError,
    Timeouts,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, once, sse
from tests.support.outcomes import (
    ALL,
    CHAT_JSON,
    CHAT_STREAM,
    JSON,
    STREAMS,
    Kind,
    assert_clean,
    call,
    client_for,
    good,
    retry,
)
from tests.support.payloads import CHAT, CHAT_REQUEST, error_body
from tests.support.shells import SHELLS, Seen, open_shell, run
from tests.support.shells import call as call_over

if TYPE_CHECKING:
    import ssl


def seen_by(shell: str, kind: Kind, server: Server, policy: RetryPolicy, **options: Any) -> Seen:
    """Make one call over a shell of its own."""

    async def main() -> Seen:
        async with open_shell(shell, server.url, retry=policy) as client:
            return await call_over(client, kind, **options)

    seen: Seen = run(main, shell)
    return seen


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
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
        (400, "441", ContentFilterError),
        (501, "501", ServerError),
    ],
)
def test_what_is_not_listed_is_not_tried_again(kind: Kind, status: int, code: str, expected: type[APIError]) -> None:
    with Server(once(answer(error_body(code), status))) as server, client_for(server.url, retry=retry(5)) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is expected
    assert len(server.requests) == 1


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "400", BadRequestError),
        (401, "401", AuthenticationError),
        (402, "402", InsufficientBalanceError),
        (400, "421", ContentFilterError),
        (429, "402", InsufficientBalanceError),
    ],
)
def test_what_is_listed_is_tried_again_whatever_its_class(
    shell: str, kind: Kind, status: int, code: str, expected: type[APIError]
) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(error_body(code), status))

    with Server(script) as server:
        seen = seen_by(shell, kind, server, retry(3, on=[status]))
    assert (seen.error, seen.attempts) == (expected, 3)
    assert len(server.requests) == 3


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", ALL, ids=str)
def test_a_listed_code_inside_a_200(shell: str, kind: Kind) -> None:
    """Where a whole reply was asked for it is tried again, and a stream is not: its head has come."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(error_body("503")))
        peer.request()
        peer.send(good(kind))
        peer.gone()

    with Server(script) as server:
        seen = seen_by(shell, kind, server, retry(2))
    assert (seen.error, seen.attempts) == ((ServerError, 1) if kind.streamed else (None, 2))
    assert len(server.requests) == seen.attempts


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", JSON, ids=str)
def test_a_code_inside_a_200_is_tried_as_often_as_the_policy_says(shell: str, kind: Kind) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(error_body("402" if len(server.requests) == 3 else "429"), 200, "retry-after-ms: 1"))

    with Server(script) as server:
        seen = seen_by(shell, kind, server, retry(2))
        assert (seen.error, seen.attempts) == (RateLimitError, 2)
        seen = seen_by(shell, kind, server, retry(2))
        assert (seen.error, seen.attempts) == (InsufficientBalanceError, 1), "not listed"


def test_tee_gets_an_attempt_that_was_not_the_last() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(b'{"error": {"code": "503", "message": "busy"}}'))
        peer.request()
        peer.send(answer(CHAT))
        peer.gone()

    record = bytearray()
    with Server(script) as server, client_for(server.url, retry=retry(2)) as client:
        assert call(client, CHAT_JSON, tee=record.extend).kept == "Hello world"
    assert record.startswith(b'{"error": {"code": "503", "message": "busy"}}{"id"')


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
