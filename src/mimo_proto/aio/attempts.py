"""One call over somebody else's HTTP library: attempts, clocks, cancellation, and errors of ours only.

This is `mimo_proto.http.attempts` for asyncio:

- The library sends and receives; it is given the connect and the read clock. The other clocks, and `cancel()`, end
  whatever it waits for (`aio.deadlines`); a call that was cancelled begins no other wait.
- The idle clock begins with the attempt.
- What a library raises ends here. Its frames hold the request's headers, so our errors, and what passes through (a
  cancelled task), leave without frames.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import TYPE_CHECKING, Any, TypeVar

from mimo_proto.aio.content_coding import decoded
from mimo_proto.aio.deadlines import Deadlines
from mimo_proto.aio.library import is_without_threads
from mimo_proto.call.clocks import DRAIN_TIMEOUT_SECONDS
from mimo_proto.call.outcome import BaseCall, Wait, after_attempt, refuse_larger
from mimo_proto.call.reply import read_reply
from mimo_proto.errors import ConnectError, MimoError, StreamCancelled
from mimo_proto.protocol.response import refuse_answer
from mimo_proto.protocol.secret import without_frames

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from mimo_proto.aio.library import HTTPLibrary, LibraryResponse
    from mimo_proto.call.observed import ObservedCall
    from mimo_proto.call.reply import Reply
    from mimo_proto.call.settings import Settings
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.protocol.request import HTTPRequest
    from mimo_proto.protocol.stream import StreamDecoder

__all__ = ["AsyncCall"]

ReplyT = TypeVar("ReplyT")
ResultT = TypeVar("ResultT")


class AsyncCall(BaseCall):
    """One call. One task at a time; `cancel` any thread.

    Args:
        library: What sends.
        request: What is sent.
        settings: The client's settings, with what the options of the call say otherwise.
        tee: Gets the bytes of the body as they come, or None.
        decoder: What takes the bytes of a stream; None where no stream is read.
        observed: Reports the call; None where nobody observes it.

    Attributes:
        deadlines: The clocks of the call; what is waited for is waited for in a ``with`` block of theirs.
    """

    def __init__(
        self,
        library: HTTPLibrary,
        request: HTTPRequest,
        settings: Settings,
        tee: Callable[[bytes], object] | None = None,
        decoder: StreamDecoder[Any] | None = None,
        *,
        observed: ObservedCall | None = None,
    ) -> None:
        super().__init__(settings, tee, observed)
        self._library = library
        self._request = request
        self.deadlines = Deadlines(settings.timeouts, settings.limits, decoder)

    async def open(self) -> LibraryResponse:
        """Send the request, again where the policy says so, until a response of success has begun.

        Raises:
            APIError, RedirectRefused: The status is not 2xx.
            TransportError, RemoteProtocolError, StreamCancelled: As they say.
        """
        return await self._repeat(_as_it_is)

    async def reply(self, endpoint: Endpoint[Any, ReplyT, Any]) -> Reply[ReplyT]:
        """Send the request, and read the JSON answer; again where the policy says so.

        Args:
            endpoint: Says what the answer is decoded into.

        Raises:
            MimoError: What `open` raises, `BodyTooLargeError`, and what `parse_response` raises.
        """

        async def read(response: LibraryResponse) -> Reply[ReplyT]:
            try:
                body = await self.body(response)
                return read_reply(endpoint, response, body, attempts=self.attempts)
            finally:
                await self.close(response)

        with without_frames:
            try:
                reply = await self._repeat(read)
            except BaseException as error:
                self.fail(error)
                raise
        self.complete(reply.value)
        return reply

    async def _repeat(self, read: Callable[[LibraryResponse], Coroutine[Any, Any, ResultT]]) -> ResultT:
        """Make attempts until one succeeds or none follows.

        Args:
            read: Reads as much of a response of success as belongs to the attempt.
        """
        with without_frames:
            self.start()
            self.deadlines.attach(self._library.running_loop())
            while True:
                outcome = await self._attempt(read)
                step = after_attempt(
                    outcome,
                    self.attempts,
                    self._settings.retry,
                    seconds_left=self.deadlines.seconds_left(),
                    fraction=random.random(),  # noqa: S311 - it spreads load, it keeps no secret
                )
                if isinstance(step, MimoError):
                    raise step
                if not isinstance(step, Wait):
                    return step
                self.retry(outcome, step.seconds)
                self.deadlines.suspend()
                with self.deadlines:
                    await asyncio.sleep(step.seconds)

    async def read(self, response: LibraryResponse) -> bytes:
        """Wait for the next bytes of the body; empty at its end.

        Raises:
            ConnectionClosed, ReadTimeout, IdleTimeout, DeadlineExceeded, StreamCancelled, RemoteProtocolError: As they
                say.
        """
        with self.deadlines:
            try:
                return await response.read()
            except BaseException as exc:  # noqa: BLE001 - nothing of a library's gets out
                raise self.own_error(exc, has_head=True) from None

    async def body(self, response: LibraryResponse) -> bytes:
        """Read the whole body.

        Raises:
            BodyTooLargeError: It is larger than ``Limits.body``.
        """
        body = bytearray()
        while data := await self.read(response):
            body += data
            refuse_larger(body, self.limits.body)
            if self.tee is not None:
                self.tee(data)
        return bytes(body)

    async def error_body(self, response: LibraryResponse, beginning: bytes = b"") -> bytes:
        """Read an error's body as far as it comes and as the limit allows: the status has said what matters.

        Args:
            response: The response.
            beginning: What has been read of its body.

        Raises:
            StreamCancelled: The caller does not want it any more.
        """
        body, limit = bytearray(beginning), self.limits.error_body
        try:
            while len(body) < limit and (data := await self.read(response)):
                body += data
        except StreamCancelled:
            raise
        except MimoError:
            pass
        return bytes(body[:limit])

    async def finish(self, response: LibraryResponse) -> None:
        """Read on to the body's end behind the last event, within a bound, to keep the connection; then let it go."""
        bytes_left = self.limits.drain
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT_SECONDS):
                while bytes_left > 0 and (size := len(await self._guarded(response.read(), has_head=True))):
                    bytes_left -= size
        except (MimoError, TimeoutError):
            pass
        finally:
            await self.close(response)

    async def close(self, response: LibraryResponse) -> None:
        """Let the connection go, from any loop."""
        if not self.deadlines.is_in_loop:
            self.drop(response)
            return
        self.deadlines.stop()
        with contextlib.suppress(MimoError):
            await self._guarded(response.aclose(), has_head=True)

    def drop(self, response: LibraryResponse) -> None:
        """Do the same without waiting, from any thread."""
        self.deadlines.stop_soon()
        response.drop()

    def cancel(self) -> None:
        """End the call from any thread, whatever it is waiting for."""
        self.deadlines.cancel()

    async def _attempt(self, read: Callable[[LibraryResponse], Coroutine[Any, Any, ResultT]]) -> ResultT | MimoError:
        """Make one request; returns what came of it."""
        self.deadlines.begin_attempt()
        try:
            with self.deadlines:
                self.start_attempt()
                sending = self._library.request(self._request, self._settings.timeouts, self.deadlines)
                response = await self._guarded(sending, has_head=False)
            response.headers = self.receive_head(response.status, response.headers)
            response = decoded(response)
            if 200 <= response.status <= 299:
                return await read(response)
            try:
                is_redirect = 300 <= response.status <= 399
                body = b"" if is_redirect else await self.error_body(response)
            finally:
                await self.close(response)
        except MimoError as error:
            return error
        return refuse_answer(response.status, response.headers, body, wanted="an answer", now=time.time())

    async def _guarded(self, work: Awaitable[ResultT], *, has_head: bool) -> ResultT:
        """Await what the library does, and see to it that nothing of it gets out but its result."""
        with without_frames:
            try:
                return await work
            except BaseException as exc:  # noqa: BLE001 - nothing of a library's gets out
                raise self.own_error(exc, has_head=has_head) from None

    def own_error(self, exc: BaseException, *, has_head: bool) -> BaseException:
        """Give our error for what the library raised; what passes through, a cancellation, comes without its frames."""
        failure = self._library.own_error(exc, self._settings.timeouts, has_head=has_head)
        if is_without_threads(exc):
            failure = ConnectError(f"no connection: a name is resolved in a thread, and there is none: {exc}")
        exc.__context__ = None
        return (failure or exc).with_traceback(None)


async def _as_it_is(response: LibraryResponse) -> LibraryResponse:
    """Leave the body of a response to the reader of the stream."""
    return response
