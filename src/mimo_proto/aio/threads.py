"""The sync `Client` from asyncio: a thread for each call that is under way, and events handed over in batches.

    with Client() as client:
        async with ThreadsAdapter(client) as mimo:
            async with mimo.stream(CHAT_COMPLETIONS, request) as stream:
                async for event in stream: ...

Rules:

- The client does everything, in a thread of the adapter's own executor; here is only the way from there to the loop.
- A thread that has events wakes the loop once, not once for each: what comes until the loop looks is one batch.
- A loop that falls behind holds the thread, and with it the server: at most `MAX_WAITING_EVENTS` wait.
- A task that is cancelled, and `cancel()`, shut the call's socket down, so no thread is left waiting for a server.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from mimo_proto.aio.adapter import AsyncAdapter
from mimo_proto.aio.stream import AsyncStream
from mimo_proto.call.reply import accumulator_for
from mimo_proto.call.stream_state import StreamState
from mimo_proto.errors import LocalProtocolError, MimoError, StreamCancelled
from mimo_proto.http.stream import Stream
from mimo_proto.protocol.secret import without_frames
from mimo_proto.protocol.stream import StreamDecoder

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future
    from typing import Unpack

    from mimo_proto.call.options import CallOptions
    from mimo_proto.call.reply import Reply
    from mimo_proto.client import Client
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.http.attempts import SyncCall

__all__ = ["ThreadsAdapter"]

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")
EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")
WorkT = TypeVar("WorkT")

MAX_WAITING_EVENTS = 1024
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
        self._open: weakref.WeakSet[SyncCall | ThreadStream[Any, Any]] = weakref.WeakSet()
        self._closed = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._client!r}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
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
        call = self._client.prepare(endpoint, request, stream=True, **options)
        decoder: StreamDecoder[Any] = StreamDecoder(endpoint, event_type=event_type, limits=call.limits)
        stream = Stream(call, decoder, accumulator_for(endpoint, event_type))
        thread_stream: ThreadStream[Any, Any] = ThreadStream(
            self._submit, stream, StreamState(None, call, projected=event_type is not None)
        )
        self._open.add(thread_stream)
        return thread_stream

    def _submit(self, call: SyncCall | Stream[Any, Any], work: Callable[..., WorkT], *args: Any) -> Future[WorkT]:
        if self._closed:
            raise LocalProtocolError("the adapter is closed")
        return self._executor.submit(self._perform, call, work, *args)

    def _perform(self, call: SyncCall | Stream[Any, Any], work: Callable[..., WorkT], *args: Any) -> WorkT:
        if self._closed:
            # The thread was set free by the closing, which may not have come to this call yet.
            call.cancel()
        return work(*args)


class ThreadStream(AsyncStream[EventT, ResultT]):
    """A stream that a thread reads. See `AsyncStream`."""

    def __init__(
        self,
        submit: Callable[..., Future[None]],
        stream: Stream[EventT, ResultT],
        state: StreamState[EventT, ResultT],
    ) -> None:
        super().__init__(state)
        self._submit = submit
        self._stream = stream
        self._handover: Handover[EventT] = Handover(self._ready)
        self._work: Future[None] | None = None

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
        failure = self._handover.take_failure()
        if isinstance(failure, MimoError):
            # Only now it is known what the thread had read.
            error = StreamCancelled("the stream was closed before its end")
            error.partial = failure.partial
            self._state.fail(error)

    async def _open(self) -> None:
        self._opened = True
        self._handover.attach(asyncio.get_running_loop())
        with without_frames:
            try:
                self._work = self._submit(self._stream, pump, self._stream, self._handover)
            except BaseException as error:
                await self._fail(error)
                raise
        if self._handover.left:  # before there was anything to take back
            self._take_back()
        await self._follow(head=True)

    async def _wait(self) -> None:
        await self._follow()

    async def _follow(self, *, head: bool = False) -> None:
        """Wait until the thread has got something: the head, events, or the end."""
        handover, stream = self._handover, self._stream
        with without_frames:
            try:
                ended = await handover.wait(head=head)
            except BaseException as error:
                await self._fail(error)
                raise
            if head:
                self._state.open(stream.status, stream.headers)
            if not ended:
                return
            failure = handover.take_failure()
            if failure is None:
                self._state.complete()
                return
            self._state.fail(failure)
            # The thread's frames hold what the server sent, which may hold the key.
            raise failure

    async def _leave(self) -> None:
        self.cancel()

    def _whole(self) -> ResultT:
        try:
            return self._stream.result()
        except MimoError as error:
            self._state.fail(error)
            raise

    def _drop(self) -> None:
        self.cancel()


class Handover(Generic[EventT]):
    """The way of events from one thread to one loop. Neither side takes a lock while events flow.

    Args:
        events: Filled by the thread, emptied by the loop.

    Attributes:
        left: The loop's side takes nothing any more.
    """

    def __init__(self, events: deque[EventT]) -> None:
        self.events = events
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop
        self._begun = False
        self._ended = False
        self._asleep = False  # the loop waits, and is to be woken
        self._waiter: asyncio.Future[None] | None = None
        self._full = False  # the thread waits, and is to be woken
        self._room = threading.Event()
        self.left = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say where the events go, before the thread begins."""
        self._loop = loop

    def begin(self) -> None:
        """Say that the head has come. The thread's side."""
        self._begun = True
        self.wake()

    def close(self, failure: BaseException | None) -> None:
        """Say that nothing more will come, and why. The thread's side."""
        self._failure = failure
        self._ended = True
        self.wake()

    def take_failure(self) -> BaseException | None:
        """Give why nothing more will come, once; None for a good end. The loop's side."""
        failure, self._failure = self._failure, None
        return failure

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
        while len(self.events) >= MAX_WAITING_EVENTS and not self.left:
            # A loop that was closed with a stream open wakes nobody.
            if not self._room.wait(1.0) and self._loop.is_closed():
                return False
        self._full = False
        return True

    async def wait(self, *, head: bool) -> bool:
        """Wait for events, the end, or the head where that is enough; True when nothing more will come."""
        while True:
            # In this order: what comes before the end must not be passed by.
            ended = self._ended
            if self.events or ended or (head and self._begun):
                return ended and not self.events
            if self._full:
                self._room.set()
            self._waiter = self._loop.create_future()
            self._asleep = True
            # The thread may have been faster than the line above.
            if not (self.events or self._ended or (head and self._begun)):
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
                if len(events) >= MAX_WAITING_EVENTS and not handover.wait_for_room():
                    stream.cancel()
    except BaseException as exc:  # noqa: BLE001 - it is raised where the events are taken
        failure = exc
    handover.close(failure)
    del failure
