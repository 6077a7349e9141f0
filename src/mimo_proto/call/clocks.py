"""The clocks of a call: what ends it from outside, the error that this becomes, and when the clocks of a stream run.

Rules:

- Four clocks are in `Timeouts`; the fifth, `Limits.linger`, runs when an answer is complete and may still be followed.
- The idle and the linger clock run while bytes are waited for, and while bytes without an event are decoded. They stand
  still while the caller looks at an event.
- The time is an argument.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from mimo_proto.errors import (
    ConnectTimeout,
    DeadlineExceeded,
    IdleTimeout,
    ReadTimeout,
    StreamCancelled,
    TransportTimeout,
)

if TYPE_CHECKING:
    from mimo_proto.errors import MimoError
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.stream import StreamDecoder

__all__ = ["DRAIN_TIMEOUT_SECONDS", "Reason", "StreamClocks", "end_error"]

Reason: TypeAlias = Literal["cancelled", "total", "connect", "send", "read", "idle", "linger"]
"""What ends a call or an attempt from outside: the caller, or a clock."""

DRAIN_TIMEOUT_SECONDS: Final = 0.1
"""How long the end of a body is waited for behind a stream's last event, for the connection's sake."""

TIMEOUTS: Final[dict[Reason, tuple[type[TransportTimeout], str, str]]] = {
    "total": (DeadlineExceeded, "the call took longer than", "total"),
    "connect": (ConnectTimeout, "no connection within", "connect"),
    "send": (ReadTimeout, "the request could not be sent for", "read"),
    "read": (ReadTimeout, "no byte came for", "read"),
    "idle": (IdleTimeout, "no event came for", "idle"),
    "linger": (IdleTimeout, "no event came for", "idle"),
}
"""The error of each clock, its text, and the attribute of `Timeouts` that sets it."""


def end_error(reason: Reason, timeouts: Timeouts) -> MimoError:
    """Make the error of a call that was ended from outside."""
    if reason == "cancelled":
        return StreamCancelled("the stream was cancelled")
    kind, text, clock = TIMEOUTS[reason]
    seconds = getattr(timeouts, clock) or 0.0
    return kind(f"{text} {seconds:g} s (Timeouts.{clock})", seconds=seconds)


class StreamClocks:
    """The idle and the linger clock of one answer. The reader calls `start` before each read, and `stop` behind it.

    Args:
        idle: The idle clock's length in seconds, inf when it is off.
        linger: The linger clock's length in seconds.
        idle_at: When the idle clock ends the wait for the first event.
        decoder: What has become of the bytes of a stream so far; None where no stream is read.

    Attributes:
        idle_at: When the idle clock ends the wait.
        linger_at: When the linger clock ends the wait; inf as long as the answer is not complete.
    """

    __slots__ = ("_decoder", "_events_seen", "_idle", "_linger", "_stopped_at", "idle_at", "linger_at")

    def __init__(self, *, idle: float, linger: float, idle_at: float, decoder: StreamDecoder[Any] | None) -> None:
        self.idle_at = idle_at
        self.linger_at = inf
        self._idle = idle
        self._linger = linger
        self._decoder = decoder
        self._events_seen = 0
        self._stopped_at = 0.0

    def restart(self, now: float) -> None:
        """Begin an attempt: the first event is waited for from now on."""
        self.idle_at = now + self._idle

    def start(self, now: float) -> None:
        """Let the clocks run: bytes are waited for from now on."""
        decoder = self._decoder
        if decoder is None:
            return
        if decoder.events_seen != self._events_seen:
            self._events_seen = decoder.events_seen
            self.idle_at = now + self._idle
            self.linger_at += now - self._stopped_at
        if decoder.finished:
            self.linger_at = min(self.linger_at, now + self._linger)

    def stop(self, now: float) -> None:
        """Let the clocks stand still: bytes have come."""
        self._stopped_at = now
