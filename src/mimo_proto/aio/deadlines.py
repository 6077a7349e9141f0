"""The clocks of one call in asyncio: one timer of the loop, which ends what the call's task waits for.

    with deadlines:
        data = await response.read()

Rules:

- Moving a clock is an assignment. The timer looks at the clocks when it comes up, and again later if they have moved
  on, so a read starts no timer and no task.
- What has run out, or `cancel()`, cancels the task while it waits in the ``with`` block, and the block turns that into
  our error, as `asyncio.timeout` does. A cancellation from elsewhere wins.
- The idle and the linger clock stand still outside of the block, where the caller looks at an event.
"""

from __future__ import annotations

import asyncio
import contextlib
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from mimo_proto.call.clocks import StreamClocks, end_error
from mimo_proto.errors import LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mimo_proto.call.clocks import Reason
    from mimo_proto.limits import Limits, Timeouts
    from mimo_proto.protocol.stream import StreamDecoder

__all__ = ["Deadlines"]


class Deadlines:
    """The clocks of one call. One task at a time; `cancel` any thread.

    Args:
        timeouts: The lengths of the clocks, in seconds.
        limits: Has the length of the linger clock, in seconds.
        decoder: What takes the bytes of a stream; None where no stream is read.

    Attributes:
        send_at: When the read clock ends the wait for a piece of the request to go; inf while none is sent.
        read_at: When the read clock ends the wait for the next bytes; inf while none are waited for.
    """

    __slots__ = (
        "_cancellations",
        "_cancelled",
        "_clocks",
        "_loop",
        "_reason",
        "_task",
        "_timeouts",
        "_timer",
        "_timer_at",
        "_total_at",
        "read_at",
        "send_at",
    )

    def __init__(self, timeouts: Timeouts, limits: Limits, decoder: StreamDecoder[Any] | None) -> None:
        self.send_at = inf
        self.read_at = inf
        self._timeouts = timeouts
        self._total_at = inf
        idle = inf if timeouts.idle is None else timeouts.idle
        self._clocks = StreamClocks(idle=idle, linger=limits.linger, idle_at=inf, decoder=decoder)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf  # when it comes up; uvloop's handles do not all tell
        self._task: asyncio.Task[Any] | None = None  # the one that waits
        self._cancellations = 0  # those that came for it before it waited
        self._reason: Reason | None = None
        self._cancelled = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say in which loop the call is made, before anything is waited for, and let the total clock run."""
        self._loop = loop
        self._total_at = monotonic() + (self._timeouts.total or inf)

    @property
    def is_in_loop(self) -> bool:
        """Whether the loop that runs here is the one in which the call is made."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def begin_attempt(self) -> None:
        """Let the idle clock run: the first event is waited for from now on."""
        self.send_at = self.read_at = inf
        self._clocks.restart(monotonic())

    def suspend(self) -> None:
        """Let no clock run but the total one: another attempt is waited for, or a connection under its own clock."""
        self.send_at = self.read_at = self._clocks.idle_at = inf

    def seconds_left(self) -> float:
        """Give what is left of the total clock; inf where it is off."""
        return self._total_at - monotonic()

    def expect_send(self) -> None:
        """Let the read clock run until the next piece of the request has gone, and the idle clock begin anew."""
        now = monotonic()
        self.send_at = now + (self._timeouts.read or inf)
        self._clocks.restart(now)
        self._start_timer()

    def expect_bytes(self) -> None:
        """Let the read clock run until the next bytes come, from now on anew in each wait: all of the request has gone.

        A library that does not say so has a read clock of its own.
        """
        self.send_at, self.read_at = inf, monotonic() + (self._timeouts.read or inf)
        self._start_timer()

    def cancel(self) -> None:
        """End the call from any thread: what is waited for ends, and nothing else can be waited for."""
        self._cancelled = True
        self._call_soon(self._end_cancelled)

    def stop(self) -> None:
        """Take the timer back; it starts again when something is waited for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def stop_soon(self) -> None:
        """Do the same from any thread."""
        self._call_soon(self.stop)

    def __enter__(self) -> None:
        """Begin to wait.

        Raises:
            StreamCancelled: The call has been cancelled.
            LocalProtocolError: Another loop runs here, or another task waits already.
        """
        if self._cancelled:
            raise end_error("cancelled", self._timeouts)
        if self._task is not None:
            raise LocalProtocolError("another task reads this answer already: one task at a time")
        task = asyncio.current_task(self._loop)
        if task is None:  # none of that loop runs here
            raise LocalProtocolError("this answer belongs to the event loop in which it was asked for: read it there")
        now = monotonic()
        self._clocks.start(now)
        if self.read_at < inf:
            self.send_at, self.read_at = inf, now + (self._timeouts.read or inf)
        self._task, self._cancellations = task, task.cancelling()
        # Clocks that run on their own move on only, so a timer that runs comes up in time.
        if self._timer is None or self._clocks.linger_at < inf:
            self._start_timer()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Stop waiting.

        Raises:
            TransportTimeout, StreamCancelled: The wait was ended from here.
        """
        if error is not None:
            self.stop()  # a call that goes on starts it again; one that has failed does not stay until it comes up
        if self._clocks.linger_at < inf:
            self._clocks.stop(monotonic())
        task, self._task = self._task, None
        reason, self._reason = self._reason, None
        if reason is None or task is None:
            return
        if task.uncancel() <= self._cancellations and error is not None:
            raise end_error(reason, self._timeouts)

    def _next(self) -> tuple[float, Reason]:
        """Find which clock runs out first, and when."""
        clocks: list[tuple[float, Reason]] = [
            (self._total_at, "total"),
            (self.send_at, "send"),
            (self.read_at, "read"),
            (self._clocks.idle_at, "idle"),
            (self._clocks.linger_at, "linger"),
        ]
        return min(clocks)

    def _start_timer(self) -> None:
        """See to it that the timer comes up in time; one that comes up sooner is left alone."""
        at = min(self._total_at, self.send_at, self.read_at, self._clocks.idle_at, self._clocks.linger_at)
        if self._loop is None or at == inf:
            return
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_later(at - monotonic(), self._look)

    def _look(self) -> None:
        """End what is waited for if a clock has run out, or look again later."""
        self._timer = None
        if self._task is None:
            return
        at, reason = self._next()
        if at <= monotonic():
            self._end(reason)
        else:
            self._start_timer()

    def _end(self, reason: Reason) -> None:
        if self._task is not None and self._reason is None:
            self._reason = reason
            self._task.cancel()

    def _end_cancelled(self) -> None:
        self._end("cancelled")

    def _call_soon(self, act: Callable[[], object]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nothing waits any more
                self._loop.call_soon_threadsafe(act)
