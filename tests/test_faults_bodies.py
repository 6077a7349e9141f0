"""Bodies that are not what was asked: promises "Bodies", for JSON calls and streams of both protocols."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from mimo_proto import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConnectionClosed,
    ContentFilterError,
    DecodeError,
    IncompleteStreamError,
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
)
from tests.dummyserver import END, Peer, Server, answer, chunk, head, sse
from tests.outcomes import ALL, CHAT_JSON, CHAT_STREAM, JSON, STREAMS, Kind, Outcome, call, client_for
from tests.payloads import CHAT, CHAT_EVENTS, RESPONSE, RESPONSE_EVENTS, chat_chunk, error_body, event

WHOLE = {"chat": CHAT_EVENTS, "responses": RESPONSE_EVENTS}
VALUE = {"chat": CHAT, "responses": RESPONSE}


def good(kind: Kind) -> bytes:
    if kind.streamed:
        return sse() + b"".join(map(chunk, WHOLE[kind.protocol])) + END
    return answer(VALUE[kind.protocol])


def outcome_of(kind: Kind, reply: bytes, **settings: Any) -> Outcome:
    """Call a server that sends these bytes, then check that the connection was kept or replaced, and works."""

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            if len(server.requests) > 1:
                peer.send(good(kind))
                continue
            peer.send(reply)
            if b"\r\nContent-Length" not in reply and b"\r\nTransfer-Encoding" not in reply and b" 204 " not in reply:
                peer.fin()

    with Server(script) as server, client_for(server.url, **settings) as client:
        outcome = call(client, kind)
        assert len(server.requests) == 1
        assert call(client, kind).kept == "Hello world"
        outcome.end = f"{server.connections} connections"
    return outcome


ODD_TYPES = {
    "html": answer(b"<html>Welcome!</html>", kind="text/html"),
    "html-without-a-type": answer(b"<html>Welcome!</html>", kind=None),
    "empty": answer(b""),
    "blank": answer(b" \r\n"),
    "204": head(204, kind=None),
    "text": answer(b"it works", kind="text/plain"),
}


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("name", ODD_TYPES)
def test_another_type_of_body(kind: Kind, name: str) -> None:
    outcome = outcome_of(kind, ODD_TYPES[name])
    error = outcome.error
    if name == "html-without-a-type" and kind.streamed:
        # Taken for a stream, and then found not to be one.
        assert type(error) is IncompleteStreamError
        return
    assert type(error) is UnexpectedContentType
    assert error.status == (204 if name == "204" else 200)
    assert len(error.body) <= 1024
    assert outcome.end == "1 connections"


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_a_long_body_of_another_type_is_kept_in_part(kind: Kind) -> None:
    error = outcome_of(kind, answer(b"<p>" * 30_000, kind="text/html")).error
    assert type(error) is UnexpectedContentType
    assert error.content_type == "text/html"
    assert error.body == (b"<p>" * 342)[:1024]


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_json_where_a_stream_was_asked(kind: Kind) -> None:
    error = outcome_of(kind, answer(VALUE[kind.protocol])).error
    assert type(error) is UnexpectedContentType
    assert error.content_type == "application/json"
    error = outcome_of(kind, answer(error_body("401", "no key"))).error
    assert type(error) is AuthenticationError
    assert error.status == 200


@pytest.mark.parametrize("kind", JSON, ids=str)
def test_a_stream_where_json_was_asked(kind: Kind) -> None:
    error = outcome_of(kind, answer(b"".join(WHOLE[kind.protocol]), kind="text/event-stream")).error
    assert type(error) is UnexpectedContentType
    error = outcome_of(kind, answer(event(error_body("401", "no key")), kind="text/event-stream")).error
    assert type(error) is AuthenticationError


BROKEN = {
    "truncated": b'{"id": "c1", "choices": [{"in',
    "trailing-garbage": json.dumps(CHAT).encode() + b"x",
    "trailing-value": json.dumps(CHAT).encode() + b"{}",
    "scalar": b"7",
    "list": b"[]",
    "null": b"null",
    "string": b'"hi"',
    "choices-null": b'{"choices": null, "output": null}',
    "choices-missing": b"{}",
    "choices-of-nulls": b'{"choices": [null], "output": [null]}',
    "choices-number": b'{"choices": 7, "output": 7}',
    "message-null": b'{"choices": [{"message": null}], "output": {}}',
    "deep": b'{"choices": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep-object": b'{"choices":' * 20_000 + b"1" + b"}" * 20_000,
    "nan": b'{"choices": NaN}',
}


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("name", BROKEN)
def test_json_that_the_models_cannot_hold(kind: Kind, name: str) -> None:
    body = BROKEN[name]
    outcome = outcome_of(kind, sse() + chunk(event(body)) + END if kind.streamed else answer(body))
    error = outcome.error
    assert isinstance(error, RemoteProtocolError), outcome
    if isinstance(error, DecodeError):
        assert error.path.startswith("$")
        assert len(error.data) <= 1024


ODD_VALUES: dict[str, str] = {
    "unknown-enum": '"finish_reason": "tired"',
    "2^70": f'"index": {2**70}',
    "5000-digits": '"index": ' + "9" * 5000,
    "duplicate-keys": '"index": 1, "index": 0',
    "lone-surrogate": r'"x": "\ud83d"',
    "null-content": '"message": {"role": "assistant", "content": null}, "delta": {"content": null}',
    "control-character": '"x": "\x01"',
    "deep-extra": '"x": ' + "[" * 50_000 + "]" * 50_000,
}


@pytest.mark.parametrize("name", ODD_VALUES)
@pytest.mark.parametrize("kind", [CHAT_JSON, CHAT_STREAM], ids=str)
def test_odd_values_give_a_value_or_an_own_error(kind: Kind, name: str) -> None:
    body = (
        '{"choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "delta": {"content": "x"}, '
        f'"finish_reason": "stop", {ODD_VALUES[name]}}}]}}'
    ).encode()
    outcome = outcome_of(kind, sse() + chunk(event(body)) + END if kind.streamed else answer(body))
    assert (outcome.error is None) != (outcome.value is None)
    if outcome.value is not None:
        msgspec.json.encode(outcome.value)


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("name", ["bom", "no-type", "invalid-utf-8"])
def test_odd_bytes_around_good_answers(kind: Kind, name: str) -> None:
    body = b"".join(WHOLE[kind.protocol]) if kind.streamed else json.dumps(VALUE[kind.protocol]).encode()
    if name == "bom":
        body = b"\xef\xbb\xbf" + body
    elif name == "invalid-utf-8":
        body = body.replace(b"Hello", b"He\xff\xfello")
    media_type = None if name == "no-type" else "text/event-stream" if kind.streamed else "application/json"
    outcome = outcome_of(kind, answer(body, kind=media_type))
    if name == "invalid-utf-8":
        assert outcome.error is None or isinstance(outcome.error, DecodeError)
    else:
        assert outcome.kept == "Hello world"


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_blocks_without_data_are_nothing(kind: Kind) -> None:
    first, *rest = WHOLE[kind.protocol]
    noise = [b"event: ping\n\n", b"retry: 10\n\n", b"id: 1\n\n", b": c\n\n", b"\n\n"]
    body = b"".join([*noise, first, *noise, *rest])
    outcome = outcome_of(kind, sse() + chunk(body) + END)
    assert outcome.kept == "Hello world"
    assert len(outcome.events) == (3 if kind.protocol == "chat" else 4)


@pytest.mark.parametrize("payload", [b"{", b"7", b'{"a":1}{"b":2}', b"hello", b'"x"', b"[]"])
@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_a_bad_event_is_named(kind: Kind, payload: bytes) -> None:
    outcome = outcome_of(kind, sse() + chunk(event(payload, "strange.event")) + END)
    assert type(outcome.error) is DecodeError
    assert "strange.event" in str(outcome.error)
    assert outcome.error.data.strip() == payload


@pytest.mark.parametrize("before", [b"", event({"choices": [], "usage": {"total_tokens": 1}})], ids=["", "usage"])
def test_done_without_a_choice_is_no_answer(before: bytes) -> None:
    outcome = outcome_of(CHAT_STREAM, sse() + chunk(before + event(b"[DONE]")) + END)
    assert type(outcome.error) is IncompleteStreamError


# --- errors with an HTTP status ------------------------------------------------------------------------------------

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
    assert ("slow down" in outcome.error.message) == (b"slow down" in body)
    assert outcome.end == ("2 connections" if framing == "close" else "1 connections")


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_the_code_in_the_body_wins_over_the_status(kind: Kind) -> None:
    assert type(outcome_of(kind, answer(error_body("421", "blocked"), 400)).error) is ContentFilterError
    assert type(outcome_of(kind, answer(error_body("401", "no"), 400)).error) is AuthenticationError


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
@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, br", "rot13"])
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
