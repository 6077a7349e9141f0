"""One call: as many attempts as its policy allows, under one set of clocks, and errors that say how it went.

Rules:

- The clocks belong to the call, not to an attempt: the total one runs through the waits between attempts too.
- What is tried again is decided by `mimo_proto.retry`, before anything of an answer was handed out.
- Every error leaves with the number of attempts, and without the key, even where the server has sent it back.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from mimo_proto.errors import MimoError
from mimo_proto.http.deadlines import WATCHDOG, Guard, ended
from mimo_proto.protocol.response import find_request_id, parse_response, refuse_answer
from mimo_proto.protocol.secret import REVEALING_CHARACTERS, redact, redact_error
from mimo_proto.retry import retry_delay

if TYPE_CHECKING:
    from collections.abc import Callable

    from mimo_proto.endpoints import Endpoint
    from mimo_proto.http.transport import Exchange, Transport
    from mimo_proto.limits import Limits, Timeouts
    from mimo_proto.protocol.request import HTTPRequest
    from mimo_proto.protocol.secret import Secret
    from mimo_proto.retry import RetryPolicy

__all__ = ["Call", "Reply"]

ReplyT = TypeVar("ReplyT")


class Reply(msgspec.Struct, Generic[ReplyT], frozen=True, kw_only=True):
    """An answer with what HTTP said around it. Immutable: any thread.

    Attributes:
        value: The typed answer.
        status: The HTTP status.
        headers: The header fields, names in lower case.
        request_id: The id that a header gave the call, if any.
        attempts: How many HTTP requests were made.
        body: The body as it came, decompressed.
    """

    value: ReplyT
    status: int
    headers: dict[str, str]
    request_id: str | None
    attempts: int
    body: bytes


class Call:
    """One call of a client. One thread; `cancel` any.

    Args:
        transport: What sends.
        request: What is sent.
        key: What is kept out of errors.
        timeouts, retry, limits: Of this call.
        tee: Gets the raw bytes of the answer, or None.

    Attributes:
        attempts: How many requests were made.
    """

    def __init__(
        self,
        transport: Transport,
        request: HTTPRequest,
        *,
        key: Secret,
        timeouts: Timeouts,
        retry: RetryPolicy,
        limits: Limits,
        tee: Callable[[bytes], object] | None,
    ) -> None:
        self._transport = transport
        self._request = request
        self._key = key
        self._timeouts = timeouts
        self._retry = retry
        self.limits = limits
        self.tee = tee
        self.attempts = 0
        self.guard = Guard(idle=timeouts.idle, total=timeouts.total)

    def open(self) -> Exchange:
        """Send the request, again where the policy says so, until an answer of success has begun.

        Raises:
            APIError, RedirectRefused: The status is not 2xx.
            TransportError, RemoteProtocolError, StreamCancelled: See `Transport.open`.
        """
        guard = self.guard
        WATCHDOG.watch(guard, guard.total_at)
        while guard.reason is None:
            outcome = self._attempt()
            if not isinstance(outcome, MimoError):
                return outcome
            fraction = random.random()  # noqa: S311 - it spreads load, it keeps no secret
            delay = retry_delay(self._retry, outcome, self.attempts, fraction=fraction)
            if delay is None or time.monotonic() + delay >= guard.total_at:
                try:
                    raise self.report(outcome)
                finally:
                    del outcome
            guard.renew()
            guard.sleep(delay)
        raise self.report(ended(guard.reason, self._timeouts))

    def reply(self, endpoint: Endpoint[Any, ReplyT, Any]) -> Reply[ReplyT]:
        """Send the request, and read the JSON answer.

        Args:
            endpoint: Says what the answer is decoded into.

        Raises:
            MimoError: What `open` raises, `BodyTooLargeError`, and what `parse_response` raises.
        """
        reply = self._perform(endpoint)
        if isinstance(reply, MimoError):
            try:
                # Without its traceback: the frames below hold what the server sent, which may hold the key.
                raise reply.with_traceback(None)
            finally:
                del reply
        return reply

    def _perform(self, endpoint: Endpoint[Any, ReplyT, Any]) -> Reply[ReplyT] | MimoError:
        """Make the call; own errors are returned."""
        try:
            exchange = self.open()
            body = exchange.body(self.limits.body, self.tee)
            value = parse_response(endpoint, exchange.status, exchange.headers, body)
        except MimoError as error:
            return self.report(error)
        finally:
            self.guard.finish()
        return Reply(
            value=value,
            status=exchange.status,
            headers=exchange.headers,
            request_id=find_request_id(exchange.headers),
            attempts=self.attempts,
            body=body,
        )

    def report(self, error: MimoError) -> MimoError:
        """Complete an error that leaves the call: how many attempts, and no key. Returns the same object."""
        error.attempts = self.attempts
        redact_error(error, self._key)
        return error

    def cancel(self) -> bool:
        """End it from any thread, whatever it is doing. False if it was over."""
        return self.guard.trip("cancelled")

    def _attempt(self) -> Exchange | MimoError:
        """Make one request; returns what came of it."""
        self.attempts += 1
        try:
            exchange = self._transport.open(self._request, self.guard, self._timeouts)
            if self._key[:REVEALING_CHARACTERS] in "\n".join(exchange.headers.values()):
                exchange.headers = {name: redact(value, self._key) for name, value in exchange.headers.items()}
            if 200 <= exchange.status <= 299:
                return exchange
            redirect = 300 <= exchange.status <= 399
            body = b"" if redirect else exchange.error_body(self.limits.error_body)
            exchange.close()
        except MimoError as exc:
            return exc
        return refuse_answer(exchange.status, exchange.headers, body, wanted="an answer", now=time.time())
