"""One call: as many attempts as its policy allows, under one set of clocks, and errors that say how it went.

Rules:

- The clocks belong to the call, not to an attempt: the total one runs through the waits between attempts too.
- What follows an attempt is decided in `call.outcome`, before anything of an answer was handed out. To read a whole
  reply is part of the attempt; a stream's attempt ends with its head.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, TypeVar

from mimo_proto.call.clocks import end_error
from mimo_proto.call.outcome import BaseCall, Wait, after_attempt
from mimo_proto.call.reply import read_reply
from mimo_proto.errors import MimoError
from mimo_proto.http.deadlines import Guard
from mimo_proto.http.watchdog import WATCHDOG
from mimo_proto.protocol.response import refuse_answer
from mimo_proto.protocol.secret import without_frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from mimo_proto.call.observed import ObservedCall
    from mimo_proto.call.reply import Reply
    from mimo_proto.call.settings import Settings
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.http.transport import Exchange, Transport
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["SyncCall"]

ReplyT = TypeVar("ReplyT")
ResultT = TypeVar("ResultT")


class SyncCall(BaseCall):
    """One call of a client. One thread; `cancel` any.

    Args:
        transport: What sends.
        request: What is sent.
        settings: The client's settings, with what the options of the call say otherwise.
        tee: Gets the bytes of the body as they come, or None.
        observed: Reports the call; None where nobody observes it.

    Attributes:
        guard: The clocks of the call.
    """

    def __init__(
        self,
        transport: Transport,
        request: HTTPRequest,
        settings: Settings,
        tee: Callable[[bytes], object] | None = None,
        *,
        observed: ObservedCall | None = None,
    ) -> None:
        super().__init__(settings, tee, observed)
        self._transport = transport
        self._request = request
        self.guard = Guard(read=settings.timeouts.read, idle=settings.timeouts.idle)

    def open(self) -> Exchange:
        """Send the request, again where the policy says so, until a response of success has begun.

        Raises:
            APIError, RedirectRefused: The status is not 2xx.
            TransportError, RemoteProtocolError, StreamCancelled: See `Transport.open`.
        """
        return self._send(lambda exchange: exchange)

    def reply(self, endpoint: Endpoint[Any, ReplyT, Any]) -> Reply[ReplyT]:
        """Send the request, and read the JSON answer; again where the policy says so.

        Args:
            endpoint: Says what the answer is decoded into.

        Raises:
            MimoError: What `open` raises, `BodyTooLargeError`, and what `parse_response` raises.
        """

        def read(exchange: Exchange) -> Reply[ReplyT]:
            body = exchange.body(self.limits.body, self.tee)
            return read_reply(endpoint, exchange, body, attempts=self.attempts)

        try:
            reply = self._send(read)
        except BaseException as error:
            self.fail(error)
            raise
        finally:
            self.guard.finish()
        self.complete(reply.value)
        return reply

    def cancel(self) -> bool:
        """End the call from any thread, whatever it is doing. False if it had ended."""
        return self.guard.end("cancelled")

    def _send(self, read: Callable[[Exchange], ResultT]) -> ResultT:
        """Make attempts until one succeeds or none follows.

        Args:
            read: Reads as much of a response of success as belongs to the attempt.
        """
        guard = self.guard
        with without_frames:
            self.start()
            guard.start_total(self._settings.timeouts.total)
            WATCHDOG.watch(guard, guard.total_at)
            while guard.reason is None:
                outcome = self._attempt(read)
                step = after_attempt(
                    outcome,
                    self.attempts,
                    self._settings.retry,
                    seconds_left=guard.total_at - time.monotonic(),
                    fraction=random.random(),  # noqa: S311 - it spreads load, it keeps no secret
                )
                if isinstance(step, MimoError):
                    raise self.report(step)
                if not isinstance(step, Wait):
                    return step
                self.retry(outcome, step.seconds)
                guard.renew()
                guard.sleep(step.seconds)
            raise self.report(end_error(guard.reason, self._settings.timeouts))

    def _attempt(self, read: Callable[[Exchange], ResultT]) -> ResultT | MimoError:
        """Make one request; returns what came of it."""
        self.start_attempt()
        try:
            exchange = self._transport.open(self._request, self.guard, self._settings.timeouts)
            exchange.headers = self.receive_head(exchange.status, exchange.headers)
            if 200 <= exchange.status <= 299:
                return read(exchange)
            is_redirect = 300 <= exchange.status <= 399
            body = b"" if is_redirect else exchange.error_body(self.limits.error_body)
            exchange.close()
        except MimoError as error:
            return error
        return refuse_answer(exchange.status, exchange.headers, body, wanted="an answer", now=time.time())
