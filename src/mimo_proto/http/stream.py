"""A streamed call in progress: events as they come, the whole when it has ended, and how it ended.

Rules:

- The request is sent when the stream is entered or first read, so that there is something to cancel from the start.
- `call.stream_state` knows the four ends.
- A stream that is dropped is closed at once, with a `ResourceWarning`: nothing here refers back to itself.
"""

from __future__ import annotations

import warnings
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, Self, TypeVar

from mimo_proto.call.stream_state import StreamBase, StreamState
from mimo_proto.errors import StreamCancelled
from mimo_proto.protocol.response import FirstBytes, is_event_stream, refuse_answer
from mimo_proto.protocol.secret import without_frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mimo_proto.call.reply import Accumulator
    from mimo_proto.http.attempts import SyncCall
    from mimo_proto.http.transport import Exchange
    from mimo_proto.protocol.delta_parts import Delta
    from mimo_proto.protocol.stream import StreamDecoder

__all__ = ["Stream"]

EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")


class Stream(StreamBase[EventT, ResultT]):
    """The events of one answer, and the answer.

    Iterate over it, or over `text()`, then ask for `result()`, which reads what is left. Use it in a ``with`` block, or
    `close()` it. Leaving an iteration early is fine: the next one goes on where it was left.

    One thread at a time; `cancel()` and `close()` may be called from any.
    """

    def __init__(
        self, call: SyncCall, decoder: StreamDecoder[EventT], accumulator: Accumulator[EventT, ResultT] | None
    ) -> None:
        super().__init__(StreamState(accumulator, call, projected=accumulator is None))
        self._call = call
        self._decoder = decoder
        self._exchange: Exchange | None = None
        self._events: Iterator[EventT] = iter(())

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *error: object) -> None:
        self.close()

    def open(self) -> Self:
        """Send the request and check the head of the response, unless that has been done.

        A gateway that does so before it sends a head of its own can pass an error on as one.

        Raises:
            APIError: The server answered with an error.
            TransportError, RemoteProtocolError: The request or the head did not get through.
            StreamCancelled: `cancel()` was called.
        """
        self._open()
        return self

    def __iter__(self) -> Iterator[EventT]:
        """Yield the events; send the request first if that has not been done.

        Raises:
            APIError: The server answered with an error, or sent one as an event.
            TransportError, RemoteProtocolError: The stream broke; `partial` has what had arrived.
            StreamCancelled: `cancel()` was called.
        """
        self._open()
        add = self._state.add
        with without_frames:
            try:
                for event in self._events:
                    add(event)
                    yield event
                self._complete()
            except GeneratorExit:
                raise
            except BaseException as error:
                self._fail(error)
                raise

    def text(self) -> Iterator[str]:
        """Yield the answer's text as it comes: the content of choice 0, or the output text; no reasoning.

        Raises:
            LocalProtocolError: The stream is projected: what the text is in it, the library cannot know.
        """
        self._state.refuse_projected("text()", "iterate over its events")
        return filter(None, map(self._state.text_of, self))

    def deltas(self) -> Iterator[Delta]:
        """Yield what the events say, piece by piece and alike in both APIs: text, reasoning, tool calls; see `Delta`.

        Begin with it: what was iterated over before is not told again.

        Raises:
            LocalProtocolError: The stream is projected: what its events say, the library cannot know.
        """
        self._state.refuse_projected("deltas()", "iterate over its events")
        return chain.from_iterable(map(self._state.deltas_of, self))

    def result(self) -> ResultT:
        """Read what is left, and give what the JSON call would have given.

        Raises:
            MimoError: What the iteration raises, now or earlier; `partial` has what had arrived.
            LocalProtocolError: The stream is projected: its events are not the whole.
        """
        self._state.refuse_projected("result()", "collect what you need yourself")
        if self.end is None:
            deque(self, maxlen=0)
        return self._state.result()

    def cancel(self) -> None:
        """End the stream from any thread, even while another waits for the head or for an event.

        The iterating thread gets `StreamCancelled`. A stream that has ended already stays as it is.
        """
        self._call.cancel()

    def close(self) -> None:
        """Leave the stream: its connection is closed, unless the answer was complete. Twice does no harm."""
        if self.end is None:
            if self._exchange is None or not self._exchange.has_ended:
                self.cancel()  # for the thread that reads, if another one does
            self._fail(StreamCancelled("the stream was closed before its end"))

    def __del__(self) -> None:
        if getattr(self, "_exchange", None) is not None and self.end is None:
            problem = f"unclosed {self!r}: use it in a with block"
            self.close()  # first: where warnings are errors, nothing comes behind one
            warnings.warn(problem, ResourceWarning, stacklevel=2, source=self)

    def _open(self) -> None:
        """Send the request and check the head, once."""
        self._state.raise_failure()
        if self._exchange is not None:
            return
        with without_frames:
            try:
                self._events = self._begin()
            except BaseException as error:
                self._fail(error)
                raise

    def _begin(self) -> Iterator[EventT]:
        call = self._call
        self._exchange = exchange = call.open()
        self._state.raise_failure()  # another thread may have closed the stream meanwhile
        self._state.open(exchange.status, exchange.headers)
        if not (is_event_stream(exchange.status, exchange.headers) or self._begins_as_one(exchange)):
            body = exchange.error_body(call.limits.error_body)
            raise refuse_answer(exchange.status, exchange.headers, body, wanted="an event stream")
        return self._decoder.events(exchange.chunks(self._decoder, call.limits.linger, call.tee))

    def _begins_as_one(self, exchange: Exchange) -> bool:
        """Whether the first bytes are those of an event stream, whatever the type says."""
        first = FirstBytes(self._call.limits.error_body)
        while first.is_event_stream is None:
            first.feed(exchange.read())
        exchange.unread(first.data)
        return first.is_event_stream

    def _complete(self) -> None:
        if self.end is None and self._exchange is not None:
            self._state.complete()
            self._exchange.finish(self._call.limits.drain)
            self._call.guard.finish()

    def _fail(self, error: BaseException) -> None:
        """Note how the stream ended, and complete the error; close the connection, unless the answer was complete."""
        self._state.fail(error)  # first: a thread that opens the stream meanwhile looks there
        self._call.guard.finish()
        if self._exchange is not None:
            self._exchange.close()
