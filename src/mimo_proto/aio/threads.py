"""The sync `Client` from asyncio: a thread for each call that is under way, and events handed over in batches.

    with Client() as client:
        async with ThreadsAdapter(client) as mimo:
            async with mimo.stream(CHAT_COMPLETIONS, request) as stream:
                async for event in stream: ...

Rules:

- The client does everything, in a thread of the adapter's own executor; here is only the way from there to the loop.
- A thread that has events wakes the loop once, not once for each: what comes until the loop looks is one batch.
- A loop that falls behind holds the thread, and with it the server: so many events wait and no more.
- A task that is cancelled, and `cancel()`, shut the call's socket down, so no thread is left waiting for a server.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from mimo_proto.aio.session import AsyncAdapter, AsyncStream
from mimo_proto.errors import LocalProtocolError, MimoError, StreamCancelled

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Unpack

    from mimo_proto.call.options import CallOptions
    from mimo_proto.client import Client
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.http.attempts import Call, Reply
    from mimo_proto.http.stream import Stream

__all__ = ["ThreadsAdapter"]

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")
EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")
WorkT = TypeVar("WorkT")

CAPACITY = 1024
"""How many events wait for the loop before the thread waits for it."""


class ThreadsAdapter(AsyncAdapter):
    """Calls MiMo through a `Client` in threads. Any number of tasks of one loop may share one.

    Use it in an ``async with`` block, or await `aclose()`.

    Args:
        client: What does the calls; the caller's, it stays open.
        threads: How many calls may be under way at a time, open streams included; more wait for their turn. A thread is
            started when it is first needed.
    """

    def __init__(self, client: Client, *, threads: int = 256) -> None:
        self._client = client
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="mimo-proto")
        self._open: weakref.WeakSet[Call | ThreadStream[Any, Any]] = weakref.WeakSet()
        self._closed = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._client!r}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Cancel what is under way or waits for a thread, and wait for the threads to end. Twice does no harm."""
        self._closed = True
        for call in list(self._open):
            call.cancel()
        await asyncio.to_thread(self._executor.shutdown)

    async def send(
        self,
        endpoint: Endpoint[RequestT, ReplyT, Any],
        request: RequestT | Mapping[str, Any] | None = None,
        /,
        **options: Unpack[CallOptions],
    ) -> Reply[ReplyT]:
        """See `AsyncAdapter.send`.

        Raises:
            LocalProtocolError: The adapter is closed.
        """
        call = self._client.prepare(endpoint, request, **options)
        self._open.add(call)
        try:
            return await asyncio.wrap_future(self._submit(call, call.reply, endpoint))
        finally:
            call.cancel()

    def _stream(
        self, endpoint: Endpoint[Any, Any, Any], request: Any, event_type: Any, options: CallOptions
    ) -> AsyncStream[Any, Any]:
        stream = self._client.stream(endpoint, request, event_type=event_type, **options)
        handed_over: ThreadStream[Any, Any] = ThreadStream(self._submit, stream, whole=event_type is None)
        self._open.add(handed_over)
        return handed_over

    def _submit(self, call: Call | Stream[Any, Any], work: Callable[..., WorkT], *args: Any) -> Future[WorkT]:
        if self._closed:
            raise LocalProtocolError("the adapter is closed")
        return self._executor.submit(self._perform, call, work, *args)

    def _perform(self, call: Call | Stream[Any, Any], work: Callable[..., WorkT], *args: Any) -> WorkT:
        if self._closed:
            # The thread was set free by the closing, which may not have come to this call yet.
            call.cancel()
        return work(*args)


class ThreadStream(AsyncStream[EventT, ResultT]):
    """A stream that a thread reads. See `AsyncStream`."""

    def __init__(self, submit: Callable[..., Future[None]], stream: Stream[EventT, ResultT], *, whole: bool) -> None:
        super().__init__(whole=whole)
        self._submit = submit
        self._stream = stream
        self._handover: Handover[EventT] = Handover(self._ready)
        self._work: Future[None] | None = None

    @property
    def attempts(self) -> int:
        """How many HTTP requests were made."""
        return self._stream.attempts

    def cancel(self) -> None:
        """See `AsyncStream.cancel`."""
        self._stream.cancel()
        self._handover.leave()
        self._take_back()

    def _take_back(self) -> None:
        """Do not wait for a thread any more."""
        if self._work is not None and self._work.cancel():
            self._handover.close(StreamCancelled("the stream was cancelled"))

    async def aclose(self) -> None:
        """See `AsyncStream.aclose`; the thread is free afterwards."""
        await super().aclose()
        if self._work is None:
            return
        await asyncio.wait([asyncio.wrap_future(self._work)])
        if self._failure is not None:
            # Only now it is known what the thread had read.
            failure, self._handover.failure = self._handover.failure, None
            if isinstance(failure, MimoError):
                self._failure.partial = failure.partial

    async def _open(self) -> None:
        if self._opened:
            return
        self._opened = True
        self._handover.attach(asyncio.get_running_loop())
        try:
            self._work = self._submit(self._stream, pump, self._stream, self._handover)
        except BaseException as exc:
            self._leave(exc if isinstance(exc, MimoError) else StreamCancelled("the call was interrupted"))
            raise
        if self._handover.left:  # before there was anything to take back
            self._take_back()
        await self._news(head=True)

    async def _wait(self) -> None:
        await self._news()

    async def _news(self, *, head: bool = False) -> None:
        """Wait until the thread has something to tell: the head, events, or the end."""
        handover, stream = self._handover, self._stream
        try:
            over = await handover.wait(head=head)
        except BaseException:
            self._leave(StreamCancelled("the reading was interrupted"))
            raise
        if head:
            self.status, self.headers, self.request_id = stream.status, stream.headers, stream.request_id
        if not over:
            return
        failure, handover.failure = handover.failure, None
        if failure is None:
            self.end = "completed"
            return
        if isinstance(failure, MimoError):
            self._note(failure)
            failure.__traceback__ = None  # the thread's frames hold what the server sent, which may hold the key
        else:
            self._note(StreamCancelled("the reading was interrupted"))
        try:
            raise failure
        finally:
            del failure

    async def _fail(self, error: MimoError) -> None:
        self._leave(error)

    def _leave(self, error: MimoError) -> None:
        error.attempts = self.attempts
        self._note(error)
        self._drop()

    async def _result(self) -> ResultT:
        try:
            return self._stream.result()
        except MimoError as error:
            self._note(error)
            raise

    def _drop(self) -> None:
        self.cancel()


class Handover(Generic[EventT]):
    """The way of events from one thread to one loop. Neither side takes a lock while events flow.

    Args:
        events: Filled by the thread, emptied by the loop.

    Attributes:
        failure: Why nothing more will come; None for a good end.
        left: The loop's side takes nothing any more.
    """

    def __init__(self, events: deque[EventT]) -> None:
        self.events = events
        self.failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop
        self._begun = False
        self._over = False
        self._asleep = False  # the loop waits, and is to be woken
        self._waiter: asyncio.Future[None] | None = None
        self._full = False  # the thread waits, and is to be woken
        self._room = threading.Event()
        self.left = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say where the events go, before the thread begins."""
        self._loop = loop

    def begin(self) -> None:
        """Tell that the head has come. The thread's side."""
        self._begun = True
        self.wake()

    def close(self, failure: BaseException | None) -> None:
        """Tell that nothing more will come, and why. The thread's side."""
        self.failure = failure
        self._over = True
        self.wake()

    def wake(self) -> None:
        """Wake the loop if it waits. The thread's side, after every event."""
        if self._asleep:
            self._asleep = False
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._notify)

    def wait_for_room(self) -> bool:
        """Wait until the loop has taken what is there; False when it will not. The thread's side."""
        self._room.clear()
        self._full = True
        while len(self.events) >= CAPACITY and not self.left:
            # A loop that was closed with a stream open wakes nobody.
            if not self._room.wait(1.0) and self._loop.is_closed():
                return False
        self._full = False
        return True

    async def wait(self, *, head: bool) -> bool:
        """Wait for events, the end, or the head where that is enough; True when nothing more will come."""
        while True:
            # In this order: what comes before the end must not be passed by.
            over = self._over
            if self.events or over or (head and self._begun):
                return over and not self.events
            if self._full:
                self._room.set()
            self._waiter = self._loop.create_future()
            self._asleep = True
            # The thread may have been faster than the line above.
            if not (self.events or self._over or (head and self._begun)):
                await self._waiter

    def leave(self) -> None:
        """The call is cancelled: the thread waits for no room, what it has read is all that comes. Any thread."""
        self.left = True
        self._room.set()

    def _notify(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def pump(stream: Stream[EventT, Any], handover: Handover[EventT]) -> None:
    """Read a stream to its end. A thread's whole work."""
    failure: BaseException | None = None
    events, wake = handover.events, handover.wake
    try:
        with stream:
            handover.begin()
            for event in stream:
                events.append(event)
                wake()
                if len(events) >= CAPACITY and not handover.wait_for_room():
                    stream.cancel()
    except BaseException as exc:  # noqa: BLE001 - it is raised where the events are taken
        failure = exc
    handover.close(failure)
    del failure
