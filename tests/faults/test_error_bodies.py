"""Errors with an HTTP status, and bodies encoded in odd ways: promises "Bodies"."""

from __future__ import annotations

import json

import pytest

from mimo_proto import (
    APIError,
    AuthenticationError,
    BadRequestError,
    Client,
    ConnectionClosed,
    ContentFilterError,
    InsufficientBalanceError,
    Limits,
    MimoError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RemoteProtocolError,
    ServerError,
    Timeouts,
    UnexpectedContentType,
    user,
)
from mimo_proto.testing import LoopbackServer, Refusal
from tests.support.answered import outcome_of
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, sse
from tests.support.outcomes import (
    ALL,
    CHAT_STREAM,
    Kind,
    call,
    client_for,
    good,
)
from tests.support.payloads import chat_chunk, error_body
from tests.support.shells import OWN

STATUSES: dict[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: InsufficientBalanceError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: APIError,
    421: ContentFilterError,
    422: BadRequestError,
    429: RateLimitError,
    500: ServerError,
    502: ServerError,
    503: ServerError,
    529: ServerError,
    600: APIError,
}
WORDS = error_body("", "slow down")
ERROR_BODIES = {
    "json": json.dumps(WORDS).encode(),
    "data": b"data:" + json.dumps(WORDS).encode(),
    "data-ended": b"data: " + json.dumps(WORDS).encode() + b"\n\n",
    "unterminated": json.dumps(WORDS).encode()[:-3] + b" slow down",
    "text": b"slow down",
    "html": b"<html><h1>slow down</h1></html>",
    "null-error": b'{"error": null}',
    "null": b"null",
    "empty": b"",
    "binary": bytes(range(256)),
    "deep": b"[" * 30_000,
}


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("status", STATUSES)
def test_the_status_decides_the_class(kind: Kind, status: int) -> None:
    outcome = outcome_of(kind, answer(WORDS, status, "Retry-After: 7", "X-Request-Id: q9"))
    error = outcome.error
    assert type(error) is STATUSES[status]
    assert isinstance(error, APIError)
    assert (error.status, error.message, error.in_stream) == (status, "slow down", False)
    assert (error.request_id, error.retry_after, error.attempts) == ("q9", 7.0, 1)
    assert outcome.end == "1 connections", "given back"


@pytest.mark.clients(*OWN, "aiohttp")  # httpx takes 101 for what is no HTTP
@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("status", [101, 999])
def test_a_status_that_means_nothing_here(kind: Kind, status: int) -> None:
    assert isinstance(outcome_of(kind, answer(WORDS, status)).error, APIError | ConnectionClosed)


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("name", ERROR_BODIES)
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_bodies_of_errors(kind: Kind, name: str, framing: str) -> None:
    body = ERROR_BODIES[name]
    if framing == "length":
        reply = answer(body, 503, kind="text/plain")
    elif framing == "chunked":
        reply = head(503, "Transfer-Encoding: chunked") + (chunk(body) if body else b"") + END
    else:
        reply = head(503) + body
    outcome = outcome_of(kind, reply)
    assert type(outcome.error) is ServerError
    assert outcome.error.body == body
    if name in ("json", "data", "data-ended"):  # not the whole body, for want of an error in it
        assert outcome.error.message == "slow down"
    else:
        assert ("slow down" in outcome.error.message) == (b"slow down" in body)
    assert outcome.end == ("2 connections" if framing == "close" else "1 connections")


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_the_code_in_the_body_wins_over_the_status(kind: Kind) -> None:
    assert type(outcome_of(kind, answer(error_body("421", "blocked"), 400)).error) is ContentFilterError
    assert type(outcome_of(kind, answer(error_body("401", "no"), 400)).error) is AuthenticationError


@pytest.mark.clients(*OWN, "httpx", "httpx2")  # aiohttp uses a connection again whose body it has, undecoded or not
@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("way", ["hanging", "endless", "endless-chunks", "drip", "cut", "brotli"])
def test_bodies_of_errors_that_do_not_end(kind: Kind, way: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        if len(server.requests) > 1:
            peer.send(good(kind))
        elif way == "hanging":
            peer.send(head(429, "Content-Length: 99"), b"slow")
        elif way == "endless":
            peer.send(head(429))
            peer.flood(b"slow " * 1000)
        elif way == "endless-chunks":
            peer.send(head(429, "Transfer-Encoding: chunked"))
            peer.flood(chunk(b"slow"))
        elif way == "drip":
            peer.send(head(429, "Content-Length: 9999"))
            peer.drip([b"slow"] * 1000, 0.02)
        elif way == "cut":
            peer.send(head(429, "Content-Length: 99"), b"slow")
            peer.fin()
        else:
            peer.send(answer(b"slow\x80\x00", 429, "Content-Encoding: br"))
        peer.gone()

    timeouts, limits = Timeouts(read=0.2, idle=0.4), Limits(error_body=10_000)
    with Server(script) as server, client_for(server.url, timeouts=timeouts, limits=limits) as client:
        outcome = call(client, kind)
        assert type(outcome.error) is RateLimitError
        assert len(outcome.error.body) <= 10_000
        assert (b"slow" in outcome.error.body) == (way != "brotli")
        assert call(client, kind).kept == "Hello world"
    assert server.connections == 2


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, br", "x-compress"])
def test_an_encoding_that_is_not_understood(kind: Kind, coding: str) -> None:
    reply = answer(b"\x1f\x8b", 200, f"Content-Encoding: {coding}", kind="text/event-stream" if kind.streamed else None)
    error = outcome_of(kind, reply).error
    assert type(error) is RemoteProtocolError
    assert coding in str(error)


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_a_body_that_is_not_encoded_as_it_says(kind: Kind) -> None:
    reply = answer(b"plain text", 200, "Content-Encoding: gzip", kind="text/event-stream" if kind.streamed else None)
    error = outcome_of(kind, reply).error
    assert type(error) is RemoteProtocolError
    assert "Content-Encoding" in str(error)


def test_a_chunk_may_carry_usage_beside_its_choices() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    body = [chat_chunk("Hello world"), chat_chunk(None, "stop", usage=usage)]
    assert outcome_of(CHAT_STREAM, sse() + b"".join(map(chunk, body)) + END).kept == "Hello world"
    assert issubclass(UnexpectedContentType, MimoError)


@pytest.mark.wrong_requests  # the path is that of a request to a proxy
def test_a_401_to_the_key_of_another_host_says_so() -> None:
    # A plain http base URL goes through a proxy, which is the server here, so that nothing leaves this machine.
    with LoopbackServer() as server:
        server.reply(Refusal(401, "Invalid API Key", "Please provide valid API Key", type="invalid_key"))
        proxy = server.base_url.removesuffix("/v1")
        plan = "http://token-plan-cn.xiaomimimo.com/v1"
        with (
            Client("sk-0123456789", plan, proxy=proxy, allow_http=True) as client,
            pytest.raises(
                AuthenticationError, match=r"sk- \(pay as you go\) does not belong to token-plan-cn"
            ) as caught,
        ):
            client.create_chat_completion(model="mimo-v2.6-pro", messages=[user("hi")])
    assert "0123456789" not in str(caught.value)
