"""The clocks of one call, and what ends it from outside, whatever it is blocked in.

Rules:

- No timeout of a socket bounds a drip: one byte a while keeps every read alive. Shutting the *socket* down from another
  thread ends connect, send and read at once, on TLS too. The reader then sees an end of file or an error of no meaning,
  so the reason is left behind on the `Guard`, and whoever reads looks there first.
- `Stream.cancel()` is the same act with another reason.
- Moving a clock is an attribute assignment: the `Watchdog` looks at the clocks when one may have run out, and comes
  back later if it has moved on. So a read costs no lock, no heap and no wake-up, and its socket needs no timeout, with
  which it would poll before each read.
- Where no watchdog runs, the socket of the call has a timeout until the first of its clocks.
- A socket is shut down, never closed, here: only the reader closes, and under the guard's lock, so that no descriptor
  that the system has given away again is ever touched.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mimo_proto.call.clocks import Reason

__all__ = ["Guard"]

MAX_TIMEOUT_SECONDS: Final = 1e6
"""The longest timeout that a socket is given, and the longest wait: an absurd one overflows."""

ATTEMPT_REASONS: Final[frozenset[Reason]] = frozenset({"connect", "read", "idle"})
"""The clocks that end an attempt, and not the call."""


class Clocks:
    """When a call runs out of time, on `time.monotonic`; inf is never.

    Args:
        read, idle: As in `Timeouts`, in seconds; None is off.

    Attributes:
        total_at, connect_at, read_at, idle_at, linger_at: When each clock ends the call. The total clock is started by
            `start_total`, the read clock by `start_read` before each wait for the peer.
        read, idle: The lengths of these clocks in seconds, inf when they are off.
    """

    def __init__(self, *, read: float | None = None, idle: float | None = None) -> None:
        self.read = inf if read is None else read
        self.idle = inf if idle is None else idle
        self.total_at = inf
        self.stop()

    def stop(self) -> None:
        """Stop all clocks but the total one."""
        self.connect_at = self.read_at = self.idle_at = self.linger_at = inf

    def start_total(self, seconds: float | None) -> None:
        """Let the total clock run, so long as `Timeouts` says: the call begins."""
        self.total_at = inf if seconds is None else monotonic() + seconds

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

    def seconds_to_connect(self) -> float | None:
        """Give how long a connection may still take to open; None for no bound.

        Raises:
            TimeoutError: The time has run out.
        """
        at = min(self.connect_at, self.total_at)
        if at == inf:
            return None
        seconds = at - monotonic()
        if seconds <= 0:
            raise TimeoutError("timed out")
        return min(seconds, MAX_TIMEOUT_SECONDS)


class Guard(Clocks):
    """One call's clocks and the socket that they end.

    The reading thread sets the clocks; any thread may `end` the call.

    Args:
        read, idle: See `Clocks`.

    Attributes:
        reason: Why the call was ended from outside; None as long as it was not.
        finished: The call has ended; nothing here acts any more.
        watched: The watchdog keeps the clocks; where it does not, the timeout of the socket does, see `wait_seconds`.
        lock: Held while the socket is shut down, and by whoever closes it.
    """

    def __init__(self, *, read: float | None = None, idle: float | None = None) -> None:
        super().__init__(read=read, idle=idle)
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
            wake.wait(min(seconds, MAX_TIMEOUT_SECONDS))

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
