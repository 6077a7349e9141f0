"""Clocks that end a call whatever it is blocked in: one daemon thread that shuts sockets down.

Rules:

- No timeout of a socket bounds a drip: one byte a while keeps every read alive. Shutting the *socket* down from another
  thread ends connect, send and read at once, on TLS too. The reader then sees an end of file or an error of no meaning,
  so the reason is left behind on the `Guard`, and whoever reads looks there first.
- `Stream.cancel()` is the same act with another reason.
- One `Guard` a call, one `Watchdog` a process, started when the first clock is armed; a forked child starts its own.
- Moving a clock is an attribute assignment: the thread looks at a guard when its entry comes up, and comes back later
  if the clock has moved on. So a read costs no lock, no heap and no wake-up, and its socket needs no timeout, with
  which it would poll before each read.
- Where no thread can be started (from `atexit` since Python 3.12, at the system's limit of threads), the socket of the
  call has a timeout until the first of its clocks.
- What ending one call raises is told by `threading.excepthook`, and the clocks of the others go on.
- A socket is shut down, never closed, here: only the reader closes, and under the guard's lock, so that no descriptor
  that the system has given away again is ever touched.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import socket
import sys
import threading
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mimo_proto.call.clocks import Reason

__all__ = ["MAX_TIMEOUT_SECONDS", "Guard", "Watchdog", "WATCHDOG"]

MAX_SLEEP_SECONDS: Final = 3600.0
"""How long the thread sleeps at most: a wait of years overflows."""

MAX_TIMEOUT_SECONDS: Final = 1e6
"""The longest timeout that a socket is given: an absurd one overflows."""

SWEEP_ENTRIES: Final = 256
"""With fewer entries it is not worth while to drop those of calls that have ended."""

ATTEMPT_REASONS: Final[frozenset[Reason]] = frozenset({"connect", "read", "idle"})
"""The clocks that end an attempt, and not the call."""


class Clocks:
    """When a call runs out of time, on `time.monotonic`; inf is never.

    Args:
        read, idle, total: As in `Timeouts`, in seconds; None is off.

    Attributes:
        total_at, connect_at, read_at, idle_at, linger_at: When each clock ends the call. The read clock is started by
            `start_read` before each wait for the peer.
        read, idle: The lengths of these clocks in seconds, inf when they are off.
    """

    def __init__(self, *, read: float | None = None, idle: float | None = None, total: float | None = None) -> None:
        self.read = inf if read is None else read
        self.idle = inf if idle is None else idle
        self.total_at = inf if total is None else monotonic() + total
        self.stop()

    def stop(self) -> None:
        """Stop all clocks but the total one."""
        self.connect_at = self.read_at = self.idle_at = self.linger_at = inf

    def start_read(self) -> None:
        """Let the read clock run: the peer is waited for from now on."""
        self.read_at = monotonic() + self.read

    def start_read_and_idle(self) -> None:
        """Let both run: the peer has just taken a piece of the request, and none of the answer has come."""
        now = monotonic()
        self.read_at, self.idle_at = now + self.read, now + self.idle

    def first(self) -> tuple[float, Reason]:
        """Give the clock that runs out first, and when."""
        clocks: list[tuple[float, Reason]] = [
            (self.total_at, "total"),
            (self.connect_at, "connect"),
            (self.read_at, "read"),
            (self.idle_at, "idle"),
            (self.linger_at, "linger"),
        ]
        return min(clocks)


class Guard(Clocks):
    """One call's clocks and the socket that they end.

    The reading thread sets the clocks; any thread may `end` the call.

    Args:
        read, idle, total: See `Clocks`.

    Attributes:
        reason: Why the call was ended from outside; None as long as it was not.
        finished: The call has ended; nothing here acts any more.
        watched: The watchdog keeps the clocks; where it does not, the timeout of the socket does, see `wait_seconds`.
        lock: Held while the socket is shut down, and by whoever closes it.
    """

    def __init__(self, *, read: float | None = None, idle: float | None = None, total: float | None = None) -> None:
        super().__init__(read=read, idle=idle, total=total)
        self.reason: Reason | None = None
        self.finished = False
        self.watched = True
        self.lock = threading.RLock()
        self._socket: socket.socket | None = None
        self._wake: threading.Event | None = None  # while the call waits between two attempts

    def attach(self, sock: socket.socket | None) -> None:
        """Name the socket that the call uses from now on, or None; a call that was ended from outside shuts it down."""
        with self.lock:
            self._socket = sock
            if self.reason is not None:
                self._shut_down()

    def detach(self) -> None:
        """Let go of the socket and stop all clocks but the total one: an attempt has ended, the call may go on."""
        with self.lock:
            self._socket = None
            self.stop()

    def end(self, reason: Reason) -> bool:
        """End the call: leave the reason behind, shut the socket down, wake the sleeper. False if it had ended.

        A socket that was not yet connecting when it was shut down is shut down when this is called again.
        """
        with self.lock:
            if self.finished:
                return False
            # A clock that has ended one attempt must not hide that the caller wants no other.
            is_first = self.reason is None or (reason == "cancelled" and self.reason in ATTEMPT_REASONS)
            if is_first:
                self.reason = reason
                if self._wake is not None:
                    self._wake.set()
            self._shut_down()
            return is_first

    def finish(self) -> None:
        """The call has ended: let go of the socket; nothing here touches it from now on."""
        with self.lock:
            self.finished = True
            self._socket = None

    def renew(self) -> None:
        """Prepare for another attempt: a clock that ended the last one does not end the call."""
        with self.lock:
            if self.reason in ATTEMPT_REASONS:
                self.reason = None

    def sleep(self, seconds: float) -> None:
        """Wait between two attempts, or until the call is ended from outside."""
        with self.lock:
            wake = self._wake = threading.Event()
            is_ended = self.reason is not None
        if not is_ended:
            wake.wait(seconds)

    def due(self, now: float) -> float:
        """End the call if a clock has run out.

        Args:
            now: The time on `time.monotonic`.

        Returns:
            When to look again; inf for a call that has ended.
        """
        if self.finished:
            return inf
        with self.lock:  # or what an attempt left behind could end the next one
            at, reason = self.first()
            if at <= now:
                self.end(reason)
                return inf
            # A clock that is started from now on ends no sooner than this.
            return min(at, now + self.read, now + self.idle)

    def drain(self, seconds: float) -> None:
        """Wait so long at most for the end of a body whose last event has come.

        The socket keeps this clock: so short a one would wake the watchdog up for each stream that ends.
        """
        self.idle_at, self.linger_at = inf, monotonic() + seconds
        self.watched = False

    def wait_seconds(self) -> float | None:
        """Give how long the socket may be waited for before the clocks are looked at again; None for no bound.

        A call that has run out of time is ended here where no thread does it.
        """
        if self.watched:
            return None
        now = monotonic()
        return min(self.due(now) - now, MAX_TIMEOUT_SECONDS)

    def _shut_down(self) -> None:
        if self._socket is not None:
            # The method of the plain class: the one of SSLSocket would drop the TLS layer under the reader's feet.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Watchdog:
    """The thread that looks at guards when their clocks may have run out. All methods: any thread."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything, the thread included: what a forked child does first."""
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Guard]] = []
        self._serial = itertools.count()
        self._sweep_above = SWEEP_ENTRIES
        self._thread: threading.Thread | None = None

    def watch(self, guard: Guard, at: float) -> None:
        """Look at the guard at that time on `time.monotonic`, and from then on as often as its clocks need it.

        Where no thread can be started, the guard is not `watched`.
        """
        if at == inf:
            return
        with self._changed:
            guard.watched = self._is_running()
            if not guard.watched:
                return
            self._enter(guard, at)
            if len(self._heap) > self._sweep_above:
                self._sweep()
            if self._heap[0][2] is guard:
                self._changed.notify()

    def __len__(self) -> int:
        """How many entries wait, those of calls that have ended included."""
        return len(self._heap)

    def _is_running(self) -> bool:
        """Whether there is a thread, be it a new one: something may have killed the last."""
        if self._thread is not None and self._thread.is_alive():
            return True
        thread = threading.Thread(target=self._run, name="mimo-proto-watchdog", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return False
        self._thread = thread
        return True

    def _enter(self, guard: Guard, at: float) -> None:
        if at < inf:
            heapq.heappush(self._heap, (at, next(self._serial), guard))

    def _sweep(self) -> None:
        """Drop the calls that have ended: they would wait here for clocks that nobody needs, ten minutes by default."""
        self._heap = [entry for entry in self._heap if not entry[2].finished]
        heapq.heapify(self._heap)
        self._sweep_above = max(SWEEP_ENTRIES, 2 * len(self._heap))

    def _run(self) -> None:
        while True:
            guard = self._next()
            try:
                at = guard.due(monotonic())
                with self._changed:
                    self._enter(guard, at)
            except Exception:  # noqa: BLE001 - whatever it is, the other calls have clocks too
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))

    def _next(self) -> Guard:
        """Wait for the first entry whose time has come, and take it."""
        with self._changed:
            while not self._heap or self._heap[0][0] > monotonic():
                self._changed.wait(min(self._heap[0][0] - monotonic(), MAX_SLEEP_SECONDS) if self._heap else None)
            return heapq.heappop(self._heap)[2]


WATCHDOG: Final = Watchdog()
"""The one of this process."""

# Where there are no forks, there is nothing to register, and a dict is made of it.
getattr(os, "register_at_fork", dict)(after_in_child=WATCHDOG.reset)
