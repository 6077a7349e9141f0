"""Errors written as a server writes them: a response of their own, or an event of a stream that has begun.

Rules:
- The status is the server's. An error that came inside a stream has that of its class, for the stream's own was 200.
  Other errors: 400 for a request that the spec refuses, 504 for a clock that ran out, 502 for the rest (RFC 9110,
  15.6).
- Code, param and type are never null: the AI SDK's provider for Open Responses passes over a body with a null in it,
  the message too. The code is the server's, else the status as text, as MiMo has it.
- In a stream of Responses the error is there twice, flat as the event has it and nested as a body has it: of openai's
  package and the AI SDK, each hears only one of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from mimo_proto.endpoints import CHAT_COMPLETIONS
from mimo_proto.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ContentFilterError,
    InsufficientBalanceError,
    InvalidRequestError,
    MimoError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    TransportTimeout,
)
from mimo_proto.protocol.decode import replace_surrogates
from mimo_proto.protocol.encode import server_sent_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mimo_proto.endpoints import Endpoint

__all__ = ["ErrorReply", "encode_error"]

BAD_GATEWAY = 502

STATUSES: Mapping[type[MimoError], int] = {
    BadRequestError: 400,
    AuthenticationError: 401,
    InsufficientBalanceError: 402,
    PermissionDeniedError: 403,
    NotFoundError: 404,
    # With this status MiMo itself refuses what its filter finds; its codes 421 and 441 are none of HTTP's.
    ContentFilterError: 400,
    RateLimitError: 429,
    InvalidRequestError: 400,
    TransportTimeout: 504,
}
"""The status of each class, where no response had one."""

KINDS: Mapping[int, str] = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    504: "timeout_error",
}
"""What OpenAI's clients know as an error's `type`, by status; of all others by the class of the status."""


class ErrorReply(Struct, frozen=True):
    """An error, ready to be sent.

    Attributes:
        status: The HTTP status.
        headers: The header fields, `retry-after` among them where the server said when to come again.
        body: The body, JSON, for a response whose head has not been sent.
        event: The server-sent event, for a stream that has begun; nothing follows it.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    event: bytes


def encode_error(
    error: MimoError, endpoint: Endpoint[Any, Any, Any] = CHAT_COMPLETIONS, *, sequence_number: int = 0
) -> ErrorReply:
    """Write an error for the client of a gateway.

    Args:
        error: What a call raised. Its text goes out: it never holds the key.
        endpoint: The endpoint that the client called; it decides what the event looks like.
        sequence_number: The place of the event in a stream of Responses: one more than that of the event before.
    """
    status = _status(error)
    code = (isinstance(error, APIError) and error.code) or str(status)
    fields: dict[str, Any] = replace_surrogates({"message": _message(error), "param": _param(error), "code": code})
    detail = {**fields, "type": replace_surrogates(_type(error, status))}
    body = msgspec.json.encode({"error": detail})
    headers = {"content-type": "application/json", **_retry_after(error)}
    if endpoint.protocol != "responses":
        return ErrorReply(status, headers, body, server_sent_event(body, ""))
    event = {"type": "error", "sequence_number": sequence_number, **fields, "error": detail}
    return ErrorReply(status, headers, body, server_sent_event(msgspec.json.encode(event), "error"))


def _status(error: MimoError) -> int:
    if isinstance(error, APIError) and 400 <= error.status <= 599:
        return error.status
    return next((status for cls, status in STATUSES.items() if isinstance(error, cls)), BAD_GATEWAY)


def _message(error: MimoError) -> str:
    return error.message if isinstance(error, APIError) else str(error)


def _param(error: MimoError) -> str:
    if isinstance(error, InvalidRequestError):
        return error.path
    return (isinstance(error, APIError) and error.param) or ""


def _type(error: MimoError, status: int) -> str:
    if isinstance(error, APIError) and error.type:
        return error.type
    if isinstance(error, ContentFilterError):
        return "content_filter"
    return KINDS.get(status, "invalid_request_error" if status < 500 else "server_error")


def _retry_after(error: MimoError) -> dict[str, str]:
    """Give the field `Retry-After` in whole seconds (RFC 9110, 10.2.3), rounded up."""
    seconds = error.retry_after if isinstance(error, APIError) else None
    return {} if seconds is None else {"retry-after": str(math.ceil(seconds))}
