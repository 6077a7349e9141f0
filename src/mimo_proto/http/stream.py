"""A streamed call in progress: events as they come, the whole when it has ended, and how it ended.

Rules:

- A stream has one of four ends, told by `Stream.end`: "completed" (the protocol says so), "error" (the server said so),
  "cancelled" (the caller did), "incomplete" (anything else). Only "completed" has a result; every error carries in
  `partial` what had arrived.
- The request is sent when the stream is entered or first read, so that there is something to cancel from the start.
- Errors leave with their traceback cut off here: the frames below hold what the server sent, which may hold the key.
- A stream that is dropped is closed at once, with a `ResourceWarning`: nothing here refers back to itself.
"""

from __future__ import annotations

import contextlib
import copy
import warnings
from collections import deque
from typing import TYPE_CHECKING, Generic, Literal, Protocol, Self, TypeAlias, TypeVar

from mimo_proto.errors import APIError, IncompleteStreamError, LocalProtocolError, MimoError, StreamCancelled
from mimo_proto.protocol.answer_text import AnswerText
from mimo_proto.protocol.response import FirstBytes, find_request_id, is_event_stream, refuse_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from mimo_proto.http.attempts import Call
    from mimo_proto.http.transport import Exchange
    from mimo_proto.protocol.stream import StreamDecoder

__all__ = ["Accumulator", "End", "Stream"]

EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")
AddedT_contra = TypeVar("AddedT_contra", contravariant=True)
WholeT_co = TypeVar("WholeT_co", covariant=True)

End: TypeAlias = Literal["completed", "error", "incomplete", "cancelled"]


class Accumulator(Protocol[AddedT_contra, WholeT_co]):
    """Puts events together; `ChatAccumulator` and `ResponseAccumulator` are such."""

    def add(self, event: AddedT_contra, /) -> None:
        """Take the next event."""

    def result(self) -> WholeT_co:
        """Give the whole."""
        ...

    def partial(self) -> WholeT_co | None:
        """Give what there is."""
        ...


class Stream(Generic[EventT, ResultT]):
    """The events of one answer, and the answer.

    Iterate over it, or over `text()`, then ask for `result()`, which reads what is left. Use it in a ``with`` block, or
    `close()` it. Leaving an iteration early is fine: the next one goes on where it was left.

    One thread at a time; `cancel()` may be called from any.

    Attributes:
        status: The HTTP status; None until the head has come.
        headers: The header fields of the answer, names in lower case; empty until the head has come.
        end: How it ended; None while it has not.
    """

    def __init__(
        self, call: Call, decoder: StreamDecoder[EventT], accumulator: Accumulator[EventT, ResultT] | None
    ) -> None:
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.end: End | None = None
        self._call = call
        self._decoder = decoder
        self._accumulator = accumulator
        self._exchange: Exchange | None = None
        self._events: Iterator[EventT] = iter(())
        self._answer_text = AnswerText()
        self._failure: MimoError | None = None
        self._result: ResultT | None = None

    @property
    def attempts(self) -> int:
        """How many HTTP requests were made."""
        return self._call.attempts

    @property
    def request_id(self) -> str | None:
        """The id that a header of the answer gave the call, if any."""
        return find_request_id(self.headers)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} status={self.status} end={self.end!r}>"

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[EventT]:
        """Yield the events; send the request first if that has not been done.

        Raises:
            APIError: The server answered with an error, or sent one as an event.
            TransportError, RemoteProtocolError: The stream broke; `partial` has what had arrived.
            StreamCancelled: `cancel()` was called.
        """
        self._open()
        add = None if self._accumulator is None else self._accumulator.add
        event: EventT | None = None
        try:
            for event in self._events:
                if add is not None:
                    add(event)
                yield event
            self._complete()
        except GeneratorExit:
            raise
        except MimoError as error:
            failure = self._fail(error)
        except BaseException:
            self._fail(StreamCancelled("the reading was interrupted"))
            raise
        else:
            return
        event = None  # nothing that the server sent stays in the frame
        try:
            raise failure.with_traceback(None)
        finally:
            del failure

    def text(self) -> Iterator[str]:
        """Yield the answer's words as they come: the content of choice 0, or the output text; no reasoning.

        Raises:
            LocalProtocolError: The stream is projected: what the words are in it, the library cannot know.
        """
        if self._accumulator is None:
            raise LocalProtocolError("a projected stream (event_type=) has no text(): iterate over its events")
        return filter(None, map(self._answer_text, self))

    def result(self) -> ResultT:
        """Read what is left, and give what the JSON call would have given.

        Raises:
            MimoError: What the iteration raises, now or earlier; `partial` has what had arrived.
            LocalProtocolError: The stream is projected: its events are not the whole.
        """
        if self._accumulator is None:
            raise LocalProtocolError("a projected stream (event_type=) has no result(): collect what you need yourself")
        if self.end is None:
            deque(self, maxlen=0)
        if self._failure is not None:
            raise copy.copy(self._failure)
        if self._result is None:
            with contextlib.suppress(LocalProtocolError):  # not one event came before the end mark
                self._result = self._accumulator.result()
            if self._result is None or getattr(self._result, "choices", None) == []:
                self._fail(IncompleteStreamError("the stream said that it was complete, but not one choice came"))
                return self.result()
        return self._result

    def cancel(self) -> None:
        """End the stream from any thread, even while another waits for the head or for an event.

        The iterating thread gets `StreamCancelled`. A stream that has ended already stays as it is.
        """
        self._call.cancel()

    def close(self) -> None:
        """Leave the stream: its connection is closed, unless the answer was complete. Twice does no harm."""
        if self.end is None:
            self._fail(StreamCancelled("the stream was closed before its end"))

    def __del__(self) -> None:
        if getattr(self, "_exchange", None) is not None and self.end is None:
            warnings.warn(f"unclosed {self!r}: use it in a with block", ResourceWarning, stacklevel=2, source=self)
            self.close()

    def _open(self) -> None:
        """Send the request and check the head, once."""
        if self._failure is not None:
            raise copy.copy(self._failure)
        if self._exchange is not None:
            return
        try:
            self._events = self._begin(self._call)
        except MimoError as error:
            failure = self._fail(error)
        except BaseException:
            self._fail(StreamCancelled("the call was interrupted"))
            raise
        else:
            return
        try:
            raise failure.with_traceback(None)
        finally:
            del failure

    def _begin(self, call: Call) -> Iterator[EventT]:
        self._exchange = exchange = call.open()
        self.status, self.headers = exchange.status, exchange.headers
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
            self.end = "completed"
            self._exchange.finish(self._call.limits.drain)
            self._call.guard.finish()

    def _fail(self, error: MimoError) -> MimoError:
        """Note how the stream ended, close the connection, complete the error; returns the same object."""
        if self._exchange is not None:
            self._exchange.close()
        self._call.guard.finish()
        self._call.report(error)
        if self._accumulator is not None:
            # What has come may be too little, or too odd, to make anything of.
            with contextlib.suppress(MimoError):
                error.partial = self._accumulator.partial()
        if isinstance(error, APIError):
            self.end = "error"
        else:
            self.end = "cancelled" if isinstance(error, StreamCancelled) else "incomplete"
        # A copy without its traceback, whose frames would refer back to this.
        self._failure = copy.copy(error)
        return error
