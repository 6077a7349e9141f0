"""Bodies that are not what was asked: promises "Bodies", for JSON calls and streams of both protocols."""

from __future__ import annotations

import json

import msgspec
import pytest

from mimo_proto import (
    AuthenticationError,
    DecodeError,
    IncompleteStreamError,
    RemoteProtocolError,
    UnexpectedContentType,
)
from tests.support.answered import outcome_of
from tests.support.dummyserver import END, answer, chunk, head, sse
from tests.support.outcomes import (
    ALL,
    CHAT_JSON,
    CHAT_STREAM,
    EVENTS,
    JSON,
    STREAMS,
    VALUES,
    Kind,
)
from tests.support.payloads import CHAT, error_body, event

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
    error = outcome_of(kind, answer(VALUES[kind.protocol])).error
    assert type(error) is UnexpectedContentType
    assert error.content_type == "application/json"
    error = outcome_of(kind, answer(error_body("401", "no key"))).error
    assert type(error) is AuthenticationError
    assert error.status == 200


@pytest.mark.parametrize("kind", JSON, ids=str)
def test_a_stream_where_json_was_asked(kind: Kind) -> None:
    error = outcome_of(kind, answer(b"".join(EVENTS[kind.protocol]), kind="text/event-stream")).error
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
    "choices-null": b'{"choices": null, "output": 7}',
    "choices-missing": b'{"output": 7}',
    "choices-of-nulls": b'{"choices": [null], "output": [null]}',
    "choices-number": b'{"choices": 7, "output": 7}',
    "message-null": b'{"choices": [{"message": null}], "output": {}}',
    "deep": b'{"choices": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep-object": b'{"choices":' * 200_000 + b"1" + b"}" * 200_000,
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
    body = b"".join(EVENTS[kind.protocol]) if kind.streamed else json.dumps(VALUES[kind.protocol]).encode()
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
    first, *rest = EVENTS[kind.protocol]
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
