"""Errors written as a server writes them: status, header fields, body, and the event of a stream."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    APIError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConnectError,
    ConnectionClosed,
    ConnectTimeout,
    ContentFilterError,
    DeadlineExceeded,
    DecodeError,
    IdleTimeout,
    IncompleteStreamError,
    InsufficientBalanceError,
    InvalidRequestError,
    MimoError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ReadTimeout,
    RedirectRefused,
    ServerError,
    StreamCancelled,
    StreamDecoder,
    UnexpectedContentType,
    encode_error,
    parse_response,
)

JSON = {"content-type": "application/json"}
LIMITED = RateLimitError("Too many", status=429, code="429", param="tpm", type="limitation", retry_after=2.2)


def data_of(event: bytes) -> Any:
    return json.loads(event.partition(b"data: ")[2])


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (BadRequestError("x", status=400), 400, "invalid_request_error"),
        (BadRequestError("x", status=422), 422, "invalid_request_error"),
        (AuthenticationError("x", status=401), 401, "authentication_error"),
        (InsufficientBalanceError("x", status=402), 402, "insufficient_quota"),
        (PermissionDeniedError("x", status=403), 403, "permission_error"),
        (NotFoundError("x", status=404), 404, "not_found_error"),
        (ContentFilterError("x", status=421), 421, "content_filter"),
        (RateLimitError("x", status=429), 429, "rate_limit_error"),
        (ServerError("x", status=500), 500, "server_error"),
        (ServerError("x", status=529), 529, "server_error"),
        (APIError("x", status=418), 418, "invalid_request_error"),
        # Inside a stream the status was 200.
        (BadRequestError("x", status=200, in_stream=True), 400, "invalid_request_error"),
        (AuthenticationError("x", status=200, in_stream=True), 401, "authentication_error"),
        (InsufficientBalanceError("x", status=200, in_stream=True), 402, "insufficient_quota"),
        (PermissionDeniedError("x", status=200, in_stream=True), 403, "permission_error"),
        (NotFoundError("x", status=200, in_stream=True), 404, "not_found_error"),
        (ContentFilterError("x", status=200, code="441", in_stream=True), 400, "content_filter"),
        (RateLimitError("x", status=200, in_stream=True), 429, "rate_limit_error"),
        (ServerError("x", status=200, in_stream=True), 502, "server_error"),
        (APIError("x", status=200, in_stream=True), 502, "server_error"),
        # No server said anything.
        (InvalidRequestError("x"), 400, "invalid_request_error"),
        (ConnectTimeout("x", seconds=1), 504, "timeout_error"),
        (ReadTimeout("x", seconds=1), 504, "timeout_error"),
        (IdleTimeout("x", seconds=1), 504, "timeout_error"),
        (DeadlineExceeded("x", seconds=1), 504, "timeout_error"),
        (ConnectError("x"), 502, "server_error"),
        (ConnectionClosed("x"), 502, "server_error"),
        (DecodeError("x"), 502, "server_error"),
        (IncompleteStreamError("x"), 502, "server_error"),
        (RedirectRefused("x", status=302, location="/"), 502, "server_error"),
        (UnexpectedContentType("x", status=200, content_type=None, body=b""), 502, "server_error"),
        (StreamCancelled("x"), 502, "server_error"),
        (ConfigurationError("x"), 502, "server_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_the_status_and_the_type(error: MimoError, status: int, kind: str) -> None:
    reply = encode_error(error)
    assert reply.status == status
    detail = json.loads(reply.body)["error"]
    assert detail["type"] == kind
    assert detail["code"] == (getattr(error, "code", None) or str(status))


def test_an_error_of_chat() -> None:
    reply = encode_error(LIMITED, CHAT_COMPLETIONS)
    detail = {"message": "Too many", "param": "tpm", "code": "429", "type": "limitation"}
    assert json.loads(reply.body) == {"error": detail}
    assert reply.event == b"data: " + reply.body + b"\n\n"
    assert reply == encode_error(LIMITED)


def test_an_error_of_responses_is_flat_and_nested() -> None:
    reply = encode_error(LIMITED, RESPONSES)
    assert reply.body == encode_error(LIMITED).body
    assert reply.event.startswith(b"event: error\ndata: {")
    flat = {"message": "Too many", "param": "tpm", "code": "429"}
    wanted = {"type": "error", "sequence_number": 0, **flat, "error": {**flat, "type": "limitation"}}
    assert data_of(reply.event) == wanted
    assert data_of(encode_error(LIMITED, RESPONSES, sequence_number=7).event) == {**wanted, "sequence_number": 7}


def test_an_endpoint_without_streams() -> None:
    assert encode_error(LIMITED, MODELS) == encode_error(LIMITED, CHAT_COMPLETIONS)


def test_a_refused_request_names_the_place() -> None:
    detail = json.loads(encode_error(InvalidRequestError("no role", path="$.messages[0]")).body)["error"]
    assert (detail["message"], detail["param"], detail["code"]) == ("no role", "$.messages[0]", "400")


@pytest.mark.parametrize("error", [ConnectError("nobody there"), RateLimitError("x", status=429), LIMITED])
@pytest.mark.parametrize("endpoint", [CHAT_COMPLETIONS, RESPONSES], ids=["chat", "responses"])
def test_every_field_is_a_text(endpoint: Any, error: MimoError) -> None:
    """A null costs the message in the AI SDK's provider for Open Responses, see tests/interop/test_ai_sdk.py."""
    reply = encode_error(error, endpoint)
    for detail in (json.loads(reply.body)["error"], data_of(reply.event)["error"]):
        assert {name: type(value) for name, value in detail.items()} == dict.fromkeys(
            ["message", "param", "code", "type"], str
        )


@pytest.mark.parametrize(("seconds", "field"), [(None, None), (0.0, "0"), (2.0, "2"), (2.2, "3"), (0.001, "1")])
def test_retry_after_is_passed_on(seconds: float | None, field: str | None) -> None:
    headers = encode_error(RateLimitError("x", status=429, retry_after=seconds)).headers
    assert headers == {**JSON, **({} if field is None else {"retry-after": field})}


def test_other_errors_have_no_retry_after() -> None:
    assert encode_error(ConnectError("x")).headers == JSON


@pytest.mark.parametrize("endpoint", [CHAT_COMPLETIONS, RESPONSES], ids=["chat", "responses"])
@pytest.mark.parametrize("message", ["no\n\ndata: {}\n\n", "\r\r", "half an emoji: \ud83c"])
def test_no_text_breaks_out_of_the_event(endpoint: Any, message: str) -> None:
    event = encode_error(InvalidRequestError(message), endpoint).event
    assert b"\n" not in event.partition(b"data: ")[2].removesuffix(b"\n\n")
    assert b"\r" not in event
    assert data_of(event).get("error")["message"] == message.replace("\ud83c", "\ufffd")


@pytest.mark.parametrize("endpoint", [CHAT_COMPLETIONS, RESPONSES], ids=["chat", "responses"])
@pytest.mark.parametrize(
    "error",
    [
        BadRequestError("x", status=400),
        AuthenticationError("x", status=401),
        InsufficientBalanceError("x", status=402),
        ContentFilterError("x", status=400, code="421"),
        LIMITED,
        ServerError("x", status=503),
    ],
    ids=lambda error: type(error).__name__,
)
def test_our_own_client_hears_the_same_error(endpoint: Any, error: APIError) -> None:
    reply = encode_error(error, endpoint)
    with pytest.raises(type(error)) as caught:
        parse_response(endpoint, reply.status, reply.headers, reply.body)
    assert (caught.value.status, caught.value.code) == (error.status, error.code or str(error.status))
    with pytest.raises(type(error)) as in_stream:
        list(StreamDecoder[Any](endpoint).events([reply.event]))
    assert in_stream.value.in_stream
    assert error.message in in_stream.value.message
