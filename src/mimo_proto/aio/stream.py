"""A stream for asyncio: its events with `async for`, and how an HTTP library's bytes become them.

Rules:

- `AsyncStream` is told from `Stream` by its `await` only; `call.stream_state` knows the four ends.
- One loop and one task at a time; `cancel()` may be called from any thread.
- A task that is cancelled ends its call at once: the connection is closed, and `end` is "cancelled".
- It is one sequence: head, is it an event stream, bytes to the decoder, events, the verdict, what is left of the body.
  Nothing here looks into a byte.
"""

from __future__ import annotations

import warnings
from collections import deque
from typing import TYPE_CHECKING, Self, TypeVar, cast

from mimo_proto.call.stream_state import StreamBase, StreamState
from mimo_proto.errors import MimoError, StreamCancelled
from mimo_proto.protocol.response import FirstBytes, is_event_stream, refuse_answer
from mimo_proto.protocol.secret import without_frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mimo_proto.aio.attempts import AsyncCall
    from mimo_proto.aio.library import LibraryResponse
    from mimo_proto.call.reply import Accumulator
    from mimo_proto.protocol.delta_parts import Delta
    from mimo_proto.protocol.stream import StreamDecoder

__all__ = ["AsyncStream"]

EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")


class AsyncStream(StreamBase[EventT, ResultT]):
    """The events of one answer, and the answer, for asyncio.

    Iterate over it, or over `text()`, then await `result()`, which reads what is left. Use it in an ``async with``
    block, or await `aclose()`. Leaving an iteration early is fine: the next one goes on where it was left.

    One task at a time; `cancel()` may be called from any thread.
    """

    def __init__(
        self, call: AsyncCall, decoder: StreamDecoder[EventT], accumulator: Accumulator[EventT, ResultT] | None
    ) -> None:
        super().__init__(StreamState(accumulator, call, projected=accumulator is None))
        self._call = call
        self._decoder = decoder
        self._opened = False
        self._response: LibraryResponse | None = None
        # What was read to see whether it is an event stream.
        self._first = b""
        # What has come and was not handed out yet.
        self._ready: deque[EventT] = deque()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def open(self) -> Self:
        """Send the request and check the head of the response, unless that has been done.

        A gateway that does so before it sends a head of its own can pass an error on as one.

        Raises:
            APIError: The server answered with an error.
            TransportError, RemoteProtocolError: The request or the head did not get through.
            StreamCancelled: `cancel()` was called.
        """
        self._state.raise_failure()
        if not self._opened:
            self._opened = True
            with without_frames:
                try:
                    await self._begin()
                except BaseException as error:
                    await self._fail(error)
                    raise
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> EventT:
        """Give the next event; send the request first if that has not been done.

        Raises:
            APIError: The server answered with an error, or sent one as an event.
            TransportError, RemoteProtocolError: The stream broke; `partial` has what had arrived.
            StreamCancelled: `cancel()` was called.
        """
        ready = self._ready
        while not ready:
            if self.end is not None or not self._opened:
                await self.open()
            if self.end is not None:
                raise StopAsyncIteration
            await self._wait()
        event = ready.popleft()
        try:
            self._state.add(event)
        except MimoError as error:
            with without_frames:
                await self._fail(error)
                raise
        return event

    def text(self) -> AsyncIterator[str]:
        """Give the answer's text as it comes: the content of choice 0, or the output text; no reasoning.

        Raises:
            LocalProtocolError: The stream is projected: what the text is in it, the library cannot know.
        """
        self._state.refuse_projected("text()", "iterate over its events")
        return self._texts()

    def deltas(self) -> AsyncIterator[Delta]:
        """Give what the events say, piece by piece and alike in both APIs: text, reasoning, tool calls; see `Delta`.

        Begin with it: what was iterated over before is not told again.

        Raises:
            LocalProtocolError: The stream is projected: what its events say, the library cannot know.
        """
        self._state.refuse_projected("deltas()", "iterate over its events")
        return self._deltas()

    async def result(self) -> ResultT:
        """Read what is left, and give what the JSON call would have given.

        Raises:
            MimoError: What the iteration raises, now or earlier; `partial` has what had arrived.
            LocalProtocolError: The stream is projected: its events are not the whole.
        """
        self._state.refuse_projected("result()", "collect what you need yourself")
        with without_frames:
            async for _ in self:
                pass
            return self._state.result()

    def cancel(self) -> None:
        """End the stream from any thread, even while a task waits for the head or for an event.

        The iterating task gets `StreamCancelled`. A stream that has ended already stays as it is.
        """
        self._call.cancel()

    async def aclose(self) -> None:
        """Leave the stream: its connection is closed, unless the answer was complete. Twice does no harm."""
        if self.end is None:
            self.cancel()  # for the task that waits for an event, if another one does
            await self._fail(StreamCancelled("the stream was closed before its end"))

    def __del__(self) -> None:
        if getattr(self, "_response", None) is not None and self.end is None:
            problem = f"unclosed {self!r}: use it in an async with block"
            self._call.drop(cast("LibraryResponse", self._response))
            self._state.fail(StreamCancelled("the stream was dropped before its end"))
            warnings.warn(problem, ResourceWarning, stacklevel=2, source=self)

    async def _begin(self) -> None:
        call = self._call
        self._response = response = await call.open()
        self._state.raise_failure()  # another task may have closed the stream meanwhile
        self._state.open(response.status, response.headers)
        if not (is_event_stream(response.status, response.headers) or await self._begins_as_one(response)):
            body = await call.error_body(response, self._first)
            raise refuse_answer(response.status, response.headers, body, wanted="an event stream")

    async def _begins_as_one(self, response: LibraryResponse) -> bool:
        """Whether the first bytes are those of an event stream, whatever the type says."""
        first = FirstBytes(self._call.limits.error_body)
        while first.is_event_stream is None:
            first.feed(await self._call.read(response))
        self._first = first.data
        return first.is_event_stream

    async def _wait(self) -> None:
        """Wait for events and put them to the ready ones; or note the end; or fail."""
        response = cast("LibraryResponse", self._response)
        try:
            events = self._take_first() if self._first or self._decoder.has_failed else []
            while not events and not self._decoder.done:
                try:
                    with self._call.deadlines:
                        data = await response.read()
                except BaseException as exc:  # noqa: BLE001 - the call knows what it is
                    data = self._take_failure(exc)
                if not data:
                    events = self._decoder.close()
                    break
                events = self._take(data)
        except BaseException as error:
            with without_frames:
                await self._fail(error)
                raise
        self._ready.extend(events)
        if not events:
            self._state.complete()
            with without_frames:
                await self._call.finish(response)

    def _take_first(self) -> list[EventT]:
        """Give the events of what was read to see what it is; or raise the error that stood behind the last events."""
        data, self._first = self._first, b""
        return self._take(data) if data else self._decoder.feed(b"")

    def _take(self, data: bytes) -> list[EventT]:
        """Give the events that bytes complete."""
        if self._call.tee is not None:
            self._call.tee(data)
        return self._decoder.feed(data)

    def _take_failure(self, exc: BaseException) -> bytes:
        """Take a cut or silence behind a complete answer for its end; raise what else broke the reading."""
        error = self._call.own_error(exc, has_head=True)
        if isinstance(error, MimoError) and not isinstance(error, StreamCancelled) and self._decoder.finished:
            return b""
        raise error from None

    async def _fail(self, error: BaseException) -> None:
        """Note how the stream ended, complete the error, and let the connection go."""
        # What was not handed out does not count as arrived, as with `Stream`.
        self._ready.clear()
        self._state.fail(error)
        if self._response is not None:
            await self._call.close(self._response)

    async def _texts(self) -> AsyncIterator[str]:
        with without_frames:
            async for event in self:
                if text := self._state.text_of(event):
                    yield text

    async def _deltas(self) -> AsyncIterator[Delta]:
        with without_frames:
            async for event in self:
                for delta in self._state.deltas_of(event):
                    yield delta
