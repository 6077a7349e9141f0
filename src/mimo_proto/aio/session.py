"""What every shell for asyncio offers: a call that is awaited, and a stream that is iterated with `async for`.

Rules:

- No mirror of the client: two verbs, `send` and `stream`, for every endpoint. What they take, give and raise is what
  `Client.send` and `Client.stream` take, give and raise; `AsyncStream` is told from `Stream` by its `await` only.
- One loop and one task at a time; `cancel()` may be called from any thread.
- A task that is cancelled ends its call at once: the connection is closed, and `end` is "cancelled".
"""

from __future__ import annotations

import copy
import warnings
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Never, Self, TypeVar, overload

from mimo_proto.errors import APIError, LocalProtocolError, MimoError, StreamCancelled
from mimo_proto.protocol.answer_text import AnswerText

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from types import TracebackType
    from typing import Unpack

    from mimo_proto.call.options import CallOptions
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.http.attempts import Reply
    from mimo_proto.http.stream import End

__all__ = ["AsyncAdapter", "AsyncStream"]

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")
EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")
ProjectedT = TypeVar("ProjectedT")


class AsyncStream(ABC, Generic[EventT, ResultT]):
    """The events of one answer, and the answer, for asyncio.

    Iterate over it, or over `text()`, then await `result()`, which reads what is left. Use it in an ``async with``
    block, or await `aclose()`. Leaving an iteration early is fine: the next one goes on where it was left.

    One task at a time; `cancel()` may be called from any thread.

    Attributes:
        status: The HTTP status; None until the head has come.
        headers: The header fields of the answer, names in lower case; empty until the head has come.
        request_id: The id that a header gave the call, if any.
        end: How it ended, as `Stream.end` tells it; None while it has not.
    """

    def __init__(self, *, whole: bool) -> None:
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.request_id: str | None = None
        self.end: End | None = None
        self._whole = whole
        # What has come and was not handed out yet.
        self._ready: deque[EventT] = deque()
        self._answer_text = AnswerText()
        self._failure: MimoError | None = None
        self._opened = False

    @property
    @abstractmethod
    def attempts(self) -> int:
        """How many HTTP requests were made."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} status={self.status} end={self.end!r}>"

    async def __aenter__(self) -> Self:
        if self._failure is not None:
            raise copy.copy(self._failure)
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

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
            if self._failure is not None:
                raise copy.copy(self._failure)
            if self.end is not None:
                raise StopAsyncIteration
            await self._open()
            await self._wait()
        return ready.popleft()

    def text(self) -> AsyncIterator[str]:
        """Give the answer's words as they come: the content of choice 0, or the output text; no reasoning.

        Raises:
            LocalProtocolError: The stream is projected: what the words are in it, the library cannot know.
        """
        if not self._whole:
            raise LocalProtocolError("a projected stream (event_type=) has no text(): iterate over its events")
        return self._words()

    async def result(self) -> ResultT:
        """Read what is left, and give what the JSON call would have given.

        Raises:
            MimoError: What the iteration raises, now or earlier; `partial` has what had arrived.
            LocalProtocolError: The stream is projected: its events are not the whole.
        """
        if not self._whole:
            raise LocalProtocolError("a projected stream (event_type=) has no result(): collect what you need yourself")
        async for event in self:
            del event  # nothing that the server sent stays in the frame
        return await self._result()

    @abstractmethod
    def cancel(self) -> None:
        """End the stream from any thread, even while a task waits for the head or for an event.

        The iterating task gets `StreamCancelled`. A stream that has ended already stays as it is.
        """

    async def aclose(self) -> None:
        """Leave the stream: its connection is closed, unless the answer was complete. Twice does no harm."""
        if self.end is None:
            await self._fail(StreamCancelled("the stream was closed before its end"))

    def __del__(self) -> None:
        if getattr(self, "_opened", False) and self.end is None:
            warnings.warn(
                f"unclosed {self!r}: use it in an async with block", ResourceWarning, stacklevel=2, source=self
            )
            self._drop()

    @abstractmethod
    async def _open(self) -> None:
        """Send the request and check the head, once; fill in what they tell."""

    @abstractmethod
    async def _wait(self) -> None:
        """Wait for events and put them to the ready ones; or set `end`; or fail."""

    @abstractmethod
    async def _fail(self, error: MimoError) -> None:
        """Note how the stream ended, complete the error, and let the connection go."""

    def _note(self, error: MimoError) -> None:
        """Note how the stream ended."""
        self._ready.clear()
        if isinstance(error, APIError):
            self.end = "error"
        else:
            self.end = "cancelled" if isinstance(error, StreamCancelled) else "incomplete"
        # A copy without its traceback, whose frames would refer back to this.
        self._failure = copy.copy(error)

    @abstractmethod
    async def _result(self) -> ResultT:
        """Give the whole of a completed stream; or fail, if nothing came of it."""

    @abstractmethod
    def _drop(self) -> None:
        """Let the connection go without waiting for it."""

    async def _words(self) -> AsyncIterator[str]:
        async for event in self:
            words = self._answer_text(event)
            del event  # nothing that the server sent stays in the frame
            if words:
                yield words
            del words


class AsyncAdapter(ABC):
    """Calls MiMo from asyncio: any endpoint, whole or streamed. Any number of tasks of one loop may share one."""

    @abstractmethod
    async def send(
        self,
        endpoint: Endpoint[RequestT, ReplyT, Any],
        request: RequestT | Mapping[str, Any] | None = None,
        /,
        **options: Unpack[CallOptions],
    ) -> Reply[ReplyT]:
        """Call an endpoint, and get the answer with its status, headers and raw body.

        Args:
            endpoint: `CHAT_COMPLETIONS`, `RESPONSES`, `MODELS`, or one of your own.
            request: The request as a Struct or a dict.
            **options: See `CallOptions`.

        Raises:
            InvalidRequestError: The spec refuses the request; nothing was sent.
            APIError: The server answered with an error.
            TransportError: The request or the answer did not get through.
            RemoteProtocolError: The answer is not what the protocol says.
        """

    @overload
    def stream(
        self,
        endpoint: Endpoint[RequestT, ReplyT, EventT],
        request: RequestT | Mapping[str, Any] | None = None,
        /,
        **options: Unpack[CallOptions],
    ) -> AsyncStream[EventT, ReplyT]: ...
    @overload
    def stream(
        self,
        endpoint: Endpoint[RequestT, Any, Any],
        request: RequestT | Mapping[str, Any] | None = None,
        /,
        *,
        event_type: type[ProjectedT],
        **options: Unpack[CallOptions],
    ) -> AsyncStream[ProjectedT, Never]: ...
    @overload
    def stream(
        self,
        endpoint: Endpoint[RequestT, Any, Any],
        request: RequestT | Mapping[str, Any] | None = None,
        /,
        *,
        event_type: Any,
        **options: Unpack[CallOptions],
    ) -> AsyncStream[Any, Never]: ...
    def stream(
        self,
        endpoint: Endpoint[Any, Any, Any],
        request: Any = None,
        /,
        *,
        event_type: Any = None,
        **options: Unpack[CallOptions],
    ) -> AsyncStream[Any, Any]:
        """Call an endpoint that streams; the request is sent when the stream is entered or first read.

        Args:
            endpoint: `CHAT_COMPLETIONS`, `RESPONSES`, or one of your own.
            request: The request as a Struct or a dict.
            event_type: Decode the events into this Struct (or union) only; see `mimo_proto.protocol.projection`. Such a
                stream has no `text()` and no `result()`.
            **options: See `CallOptions`.

        Raises:
            InvalidRequestError: The spec refuses the request; nothing was sent.
            ConfigurationError: The endpoint has no streams, or the event type cannot be followed to its end.
        """
        return self._stream(endpoint, request, event_type, options)

    @abstractmethod
    def _stream(
        self, endpoint: Endpoint[Any, Any, Any], request: Any, event_type: Any, options: CallOptions
    ) -> AsyncStream[Any, Any]:
        """Make the stream; nothing is sent yet."""
