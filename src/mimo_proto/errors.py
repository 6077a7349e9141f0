"""Every error of this package: one tree, plain data.

MimoError
├── ConfigurationError (also ValueError)      the client cannot be built like this
├── TransportError                            the bytes did not get through
│   ├── ConnectError                          no connection
│   ├── ConnectionClosed                      the connection broke before the response's end
│   ├── RedirectRefused                       the server wants the request (and the key) elsewhere
│   └── TransportTimeout (also TimeoutError)
│       ├── ConnectTimeout                    Timeouts.connect
│       ├── ReadTimeout                       Timeouts.read: between two bytes
│       ├── IdleTimeout                       Timeouts.idle: between two events
│       └── DeadlineExceeded                  Timeouts.total: the whole call
├── APIError                                  the server answered with an error
│   ├── BadRequestError                       400, 422
│   ├── AuthenticationError                   401
│   ├── InsufficientBalanceError              402
│   ├── PermissionDeniedError                 403
│   ├── NotFoundError                         404
│   ├── ContentFilterError                    421, 441, whatever the HTTP status
│   ├── RateLimitError                        429
│   └── ServerError                           5xx
├── RemoteProtocolError                       the server broke the protocol
│   ├── SSEError
│   │   └── EventTooLargeError                Limits.event
│   ├── BodyTooLargeError                     Limits.body
│   ├── DecodeError                           JSON that the models cannot hold
│   ├── UnexpectedContentType                 not what was asked for
│   ├── InvalidToolArgumentsError             what the model wrote for a tool's arguments
│   └── IncompleteStreamError                 the stream ended before the protocol's end
├── StreamCancelled                           Stream.cancel()
└── LocalProtocolError                        the caller broke the protocol
    └── InvalidRequestError (also ValueError) a request that the spec refuses

Rules: an error's text says what happened, where, and what to do.
Errors hold data only: they pickle, copy and compare by identity, and never hold a socket, a request header or the key.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "MimoError",
    "ConfigurationError",
    "TransportError",
    "ConnectError",
    "ConnectionClosed",
    "RedirectRefused",
    "TransportTimeout",
    "ConnectTimeout",
    "ReadTimeout",
    "IdleTimeout",
    "DeadlineExceeded",
    "APIError",
    "BadRequestError",
    "AuthenticationError",
    "InsufficientBalanceError",
    "PermissionDeniedError",
    "NotFoundError",
    "ContentFilterError",
    "RateLimitError",
    "ServerError",
    "RemoteProtocolError",
    "SSEError",
    "EventTooLargeError",
    "BodyTooLargeError",
    "DecodeError",
    "UnexpectedContentType",
    "InvalidToolArgumentsError",
    "IncompleteStreamError",
    "StreamCancelled",
    "LocalProtocolError",
    "InvalidRequestError",
]


class MimoError(Exception):
    """Base of every error that this package raises.

    Attributes:
        attempts: How many HTTP requests were made for the call; 0 where none was.
        partial: The reply as far as a failed stream had come (a ``ChatCompletion``, a ``Response``), else None.
    """

    attempts: int = 0
    partial: Any = None

    def __init__(self, message: str) -> None:
        super().__init__(message)

    def __str__(self) -> str:
        text = super().__str__()
        return f"{text} (attempt {self.attempts})" if self.attempts > 1 else text

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__)


def _restore(cls: type[MimoError], args: tuple[Any, ...], state: dict[str, Any]) -> MimoError:
    error = cls.__new__(cls)
    error.args = args  # an OSError, which timeouts are, does not take them from __new__
    error.__dict__.update(state)
    return error


class ConfigurationError(MimoError, ValueError):
    """The client, endpoint or header cannot be used as given: no key, a bad base URL, a bad header value."""


class TransportError(MimoError):
    """The request or the response did not get through."""


class ConnectError(TransportError):
    """No connection: name resolution, refusal, or TLS. Nothing was sent, so trying again is safe."""


class ConnectionClosed(TransportError):
    """The connection broke after the request was sent and before the response ended; the work may have been done.

    Attributes:
        reused: Whether the request went out on a kept connection (RFC 9112, 9.3.1); None where nobody can tell.
        answer_begun: Whether anything of an answer had come, be it one byte of a head, as far as the library tells.
    """

    def __init__(self, message: str, *, reused: bool | None = None, answer_begun: bool = True) -> None:
        super().__init__(message)
        self.reused = reused
        self.answer_begun = answer_begun


class RedirectRefused(TransportError):
    """The server redirects; following would carry key and prompt to another place.

    Attributes:
        status: The HTTP status, 3xx.
        location: The URL, as the server sent it.
    """

    def __init__(self, message: str, *, status: int, location: str) -> None:
        super().__init__(message)
        self.status = status
        self.location = location


class TransportTimeout(TransportError, TimeoutError):
    """One of the four clocks ran out.

    Attributes:
        seconds: The time that the clock was set to.
    """

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class ConnectTimeout(TransportTimeout):
    """No connection within ``Timeouts.connect`` seconds."""


class ReadTimeout(TransportTimeout):
    """No byte within ``Timeouts.read`` seconds."""


class IdleTimeout(TransportTimeout):
    """No event within ``Timeouts.idle`` seconds; comments and parts of events do not count."""


class DeadlineExceeded(TransportTimeout):
    """The call took longer than ``Timeouts.total`` seconds."""


class APIError(MimoError):
    """The server answered with an error: an HTTP status of 400 and up, or an error object inside a 200 stream.

    Attributes:
        status: The HTTP status (200 inside a stream).
        code: The body's code; MiMo sends the HTTP status as text, or a word. None when there was no code.
        message: The server's own text, with the detail that MiMo puts into ``param``.
        param, type: The body's fields of that name as sent.
        request_id: The id that a response header gave the call, or None.
        retry_after: The time to wait that the server asked for, in seconds, or None.
        body: The body's first bytes, at most ``Limits.error_body``; inside a stream the event's payload.
        in_stream: Whether the error came as an event of a stream that had begun with status 200.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        param: str | None = None,
        type: str | None = None,  # noqa: A002 - MiMo's own field name
        request_id: str | None = None,
        retry_after: float | None = None,
        body: bytes = b"",
        in_stream: bool = False,
    ) -> None:
        where = "in the stream" if in_stream else f"HTTP {status}"
        super().__init__(f"{where}, code {code}: {message}" if code else f"{where}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.type = type
        self.request_id = request_id
        self.retry_after = retry_after
        self.body = body
        self.in_stream = in_stream


class BadRequestError(APIError):
    """400 or 422: the server does not take the request; sending it again will not help."""


class AuthenticationError(APIError):
    """401: no key, a wrong one, or the key of another host (``sk-`` pay as you go, ``tp-`` token plan)."""


class InsufficientBalanceError(APIError):
    """402: the account has no balance left."""


class PermissionDeniedError(APIError):
    """403: the region, the account or the risk control forbids it."""


class NotFoundError(APIError):
    """404: no such model or route, or an image sent to a model that reads text only."""


class ContentFilterError(APIError):
    """421 (moderation) or 441 (risk control), also as a body's code under another HTTP status."""


class RateLimitError(APIError):
    """429: too many requests, or the plan's quota is used up."""


class ServerError(APIError):
    """5xx: the server failed or is overloaded."""


class RemoteProtocolError(MimoError):
    """The server broke the rules of HTTP, SSE or MiMo's protocol."""


class SSEError(RemoteProtocolError):
    """The event stream cannot be read on."""


class EventTooLargeError(SSEError):
    """One event is larger than ``Limits.event`` bytes."""


class BodyTooLargeError(RemoteProtocolError):
    """The decoded body is larger than ``Limits.body`` bytes."""


class DecodeError(RemoteProtocolError):
    """JSON that is broken, or that the models cannot hold.

    Attributes:
        path: The place, as a JSONPath such as ``$.choices[0].index``; ``$`` for the whole.
        data: The payload's first 1,024 bytes.
    """

    def __init__(self, message: str, *, path: str = "$", data: bytes = b"") -> None:
        super().__init__(message)
        self.path = path
        self.data = data[:1024]


class UnexpectedContentType(RemoteProtocolError):
    """A success that is not the kind that was asked for: HTML, nothing at all, JSON for a stream, a stream for JSON.

    Attributes:
        status: The HTTP status.
        content_type: The header as sent, or None.
        body: The body's first 1,024 bytes.
    """

    def __init__(self, message: str, *, status: int, content_type: str | None, body: bytes) -> None:
        super().__init__(message)
        self.status = status
        self.content_type = content_type
        self.body = body[:1024]


class InvalidToolArgumentsError(RemoteProtocolError):
    """The arguments that the model wrote for a tool are not JSON, or do not fit the type; or the call is none.

    Attributes:
        path: The place, as a JSONPath such as ``$.place.city``; ``$`` for the whole.
        text: The arguments as they came.
    """

    def __init__(self, message: str, *, path: str = "$", text: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.text = text


class IncompleteStreamError(RemoteProtocolError):
    """The stream ended, cleanly by HTTP's rules, before the protocol's end. ``partial`` has the reply so far."""


class StreamCancelled(MimoError):
    """``Stream.cancel()`` was called. ``partial`` has the reply so far."""


class LocalProtocolError(MimoError):
    """The caller did what the protocol has no place for, such as ``feed()`` after ``close()``."""


class InvalidRequestError(LocalProtocolError, ValueError):
    """The spec refuses the request; nothing was sent.

    Attributes:
        path: The place, as a JSONPath such as ``$.messages[0].role``.
    """

    def __init__(self, message: str, *, path: str = "$") -> None:
        super().__init__(message)
        self.path = path
