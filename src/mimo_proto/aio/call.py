"""One call over somebody else's HTTP library: attempts, clocks, cancellation, and errors of ours only.

This is `mimo_proto.http.attempts` and the watchdog's part of the transport, for asyncio:

- The library sends and receives; it is told the connect and the read clock. The idle, the total and the linger clock,
  and `cancel()`, end whatever it waits for by cancelling that wait; a call that was cancelled begins no other.
- The idle clock begins with the attempt. It and the linger clock run only while something is waited for.
- What a library raises ends here. Its frames hold the request's headers, so our errors are raised outside the `except`
  block (no ``__context__``), and what passes through (a cancelled task) loses its traceback up to here.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from functools import partial
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from mimo_proto.aio.coding import decoded
from mimo_proto.errors import BodyTooLargeError, MimoError, StreamCancelled
from mimo_proto.http.deadlines import ended
from mimo_proto.protocol.response import refuse_answer
from mimo_proto.protocol.secret import redact, redact_error
from mimo_proto.retry import retry_delay

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from mimo_proto.aio.answer import Answer, HTTPLibrary
    from mimo_proto.http.deadlines import Reason
    from mimo_proto.limits import Limits, Timeouts
    from mimo_proto.protocol.request import HTTPRequest
    from mimo_proto.protocol.secret import Secret
    from mimo_proto.retry import RetryPolicy

__all__ = ["AsyncCall"]

ResultT = TypeVar("ResultT")

DRAIN_SECONDS = 0.1
"""How long the end of a body is waited for behind a stream's last event, for the connection's sake."""


class AsyncCall:
    """One call. One task at a time; `cancel` any thread.

    Args:
        library: What sends.
        request: What is sent.
        key: What is kept out of errors.
        timeouts, retry, limits: Of this call.
        tee: Gets the raw bytes of the answer, or None.

    Attributes:
        attempts: How many requests were made.
        idle_at: When the idle clock ends the call, on `time.monotonic`; inf is never, but for the next read to set it.
        linger: For how many seconds more the end of the stream is waited for; inf as long as it is not finished.
    """

    def __init__(
        self,
        library: HTTPLibrary,
        request: HTTPRequest,
        *,
        key: Secret,
        timeouts: Timeouts,
        retry: RetryPolicy,
        limits: Limits,
        tee: Callable[[bytes], object] | None,
    ) -> None:
        self._library = library
        self._request = request
        self._key = key
        self._timeouts = timeouts
        self._retry = retry
        self.limits = limits
        self.tee = tee
        self.attempts = 0
        self.idle_at = self.linger = inf
        self._idle = inf if timeouts.idle is None else timeouts.idle
        self._total_at = inf if timeouts.total is None else monotonic() + timeouts.total
        self._cancelled = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: asyncio.Timeout | None = None

    async def open(self) -> Answer:
        """Send the request, again where the policy says so, until an answer of success has begun.

        Raises:
            APIError, RedirectRefused: The status is not 2xx.
            TransportError, RemoteProtocolError, StreamCancelled: As they say.
        """
        self._loop = asyncio.get_running_loop()
        while True:
            self._refuse_if_cancelled()
            outcome = await self._attempt()
            if not isinstance(outcome, MimoError):
                return outcome
            fraction = random.random()  # noqa: S311 - it spreads load, it keeps no secret
            delay = retry_delay(self._retry, outcome, self.attempts, fraction=fraction)
            if delay is None or monotonic() + delay >= self._total_at:
                try:
                    raise outcome
                finally:
                    del outcome
            self.idle_at = inf
            await self._bounded(partial(asyncio.sleep, delay), answered=False)

    async def read(self, answer: Answer) -> bytes:
        """Wait for the next piece of the body; empty at its end.

        Raises:
            ConnectionClosed, ReadTimeout, IdleTimeout, DeadlineExceeded, StreamCancelled, RemoteProtocolError: As they
                say.
        """
        begun = monotonic()
        if self.idle_at == inf:
            self.idle_at = begun + self._idle
        try:
            return await self._bounded(answer.read, answered=True)
        finally:
            self.linger -= monotonic() - begun

    async def body(self, answer: Answer) -> bytes:
        """Read the whole body.

        Raises:
            BodyTooLargeError: It is larger than ``Limits.body``.
        """
        limit = self.limits.body
        pieces: list[bytes] = []
        size = 0
        while piece := await self.read(answer):
            size += len(piece)
            if size > limit:
                raise BodyTooLargeError(f"the body is larger than {limit} bytes (Limits.body)")
            if self.tee is not None:
                self.tee(piece)
            pieces.append(piece)
        return b"".join(pieces)

    async def error_body(self, answer: Answer) -> bytes:
        """Read an error's body as far as it comes and as the limit allows: the status has said what matters."""
        limit = self.limits.error_body
        pieces: list[bytes] = []
        size = 0
        try:
            while size < limit and (piece := await self.read(answer)):
                pieces.append(piece)
                size += len(piece)
        except StreamCancelled:
            raise
        except MimoError:
            pass
        return b"".join(pieces)[:limit]

    async def finish(self, answer: Answer) -> None:
        """Leave the answer after its last event: read on to the body's end, within a bound, to keep the connection."""
        left = self.limits.drain
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while left > 0 and (size := len(await self._guarded(answer.read(), answered=True))):
                    left -= size
        except (MimoError, TimeoutError):
            pass
        finally:
            await self.close(answer)

    async def close(self, answer: Answer) -> None:
        """Let the connection go."""
        with contextlib.suppress(MimoError):
            await self._guarded(answer.aclose(), answered=True)

    def cancel(self) -> None:
        """End it from any thread, whatever it is waiting for."""
        self._cancelled = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nothing waits any more
                self._loop.call_soon_threadsafe(self._wake)

    def report(self, error: MimoError) -> MimoError:
        """Complete an error that leaves the call: how many attempts, and no key. Returns the same object."""
        error.attempts = self.attempts
        redact_error(error, self._key)
        return error

    async def _attempt(self) -> Answer | MimoError:
        """Make one request; returns what came of it."""
        self.attempts += 1
        self.idle_at = monotonic() + self._idle
        try:
            send = partial(self._library.request, self._request, self._timeouts)
            answer = await self._bounded(send, answered=False)
        except MimoError as exc:
            return exc
        answer.headers = {name: redact(value, self._key) for name, value in answer.headers.items()}
        answer = decoded(answer)
        if 200 <= answer.status <= 299:
            return answer
        try:
            body = await self.error_body(answer)
        except MimoError as exc:
            return exc
        finally:
            await self.close(answer)
        return refuse_answer(answer.status, answer.headers, body, wanted="an answer", now=time.time())

    async def _bounded(self, work: Callable[[], Coroutine[Any, Any, ResultT]], *, answered: bool) -> ResultT:
        """Await what the library does until it is done, a clock runs out, or the call is cancelled."""
        # While nothing was waited for, `_wake` found nothing to end.
        self._refuse_if_cancelled()
        clocks: list[tuple[float, Reason]] = [
            (self._total_at, "total"),
            (self.idle_at, "idle"),
            (monotonic() + self.linger, "linger"),
        ]
        at, reason = min(clocks)
        self._waiting = timer = asyncio.timeout(None if at == inf else at - monotonic())
        try:
            async with timer:
                return await self._guarded(work(), answered=answered)
        except TimeoutError:
            if not timer.expired():
                raise
        finally:
            self._waiting = None
        self._refuse_if_cancelled()
        raise ended(reason, self._timeouts)

    def _refuse_if_cancelled(self) -> None:
        if self._cancelled:
            raise ended("cancelled", self._timeouts)

    async def _guarded(self, work: Coroutine[Any, Any, ResultT], *, answered: bool) -> ResultT:
        """Await what the library does, and see to it that nothing of it gets out but its result."""
        try:
            return await work
        except BaseException as exc:  # noqa: BLE001 - see the rules above
            failure: BaseException | None = self._library.own_error(exc, self._timeouts, answered=answered)
            if failure is None:
                exc.__cause__ = exc.__context__ = None
                failure = exc.with_traceback(None)
        try:
            raise failure
        finally:
            del failure

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(monotonic())
