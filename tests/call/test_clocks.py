"""What ends a call from outside, and when the clocks of a stream run."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import pytest

from mimo_proto import (
    ConnectTimeout,
    DeadlineExceeded,
    IdleTimeout,
    ReadTimeout,
    StreamCancelled,
    Timeouts,
    TransportTimeout,
)
from mimo_proto.call.clocks import Reason, StreamClocks, end_error


@pytest.mark.parametrize(
    ("reason", "kind", "text"),
    [
        ("total", DeadlineExceeded, "the call took longer than 4 s (Timeouts.total)"),
        ("connect", ConnectTimeout, "no connection within 1 s (Timeouts.connect)"),
        ("send", ReadTimeout, "the request could not be sent for 2.5 s (Timeouts.read)"),
        ("read", ReadTimeout, "no byte came for 2.5 s (Timeouts.read)"),
        ("idle", IdleTimeout, "no event came for 3 s (Timeouts.idle)"),
        ("linger", IdleTimeout, "no event came for 3 s (Timeouts.idle)"),
    ],
)
def test_the_error_of_each_clock(reason: Reason, kind: type[TransportTimeout], text: str) -> None:
    error = end_error(reason, Timeouts(connect=1, read=2.5, idle=3, total=4))
    assert type(error) is kind
    assert isinstance(error, TransportTimeout)
    assert str(error) == text
    assert f" {error.seconds:g} s " in text


def test_a_clock_that_is_off_has_no_seconds() -> None:
    error = end_error("read", Timeouts(read=None))
    assert isinstance(error, ReadTimeout)
    assert error.seconds == 0.0


def test_the_error_of_a_cancelled_call() -> None:
    assert type(end_error("cancelled", Timeouts())) is StreamCancelled


@dataclass
class Progress:
    events_seen: int = 0
    finished: bool = False


def test_the_idle_clock_runs_from_event_to_event() -> None:
    progress: Any = Progress()
    clocks = StreamClocks(idle=10, linger=2, idle_at=100, decoder=progress)
    clocks.start(95)
    clocks.stop(96)
    clocks.start(97)
    assert clocks.idle_at == 100, "bytes without an event do not count"
    clocks.stop(98)
    progress.events_seen += 1
    clocks.start(150)
    assert clocks.idle_at == 160, "the caller has looked at the event for as long"
    assert clocks.linger_at == inf
    clocks.restart(200)
    assert clocks.idle_at == 210


def test_the_linger_clock_runs_when_the_answer_is_complete() -> None:
    progress: Any = Progress()
    clocks = StreamClocks(idle=inf, linger=2, idle_at=inf, decoder=progress)
    clocks.start(0)
    clocks.stop(1)
    progress.events_seen, progress.finished = 1, True
    clocks.start(5)
    assert clocks.linger_at == 7
    clocks.stop(6)
    clocks.start(6.5)
    assert clocks.linger_at == 7, "comments do not prolong it"
    clocks.stop(6.5)
    progress.events_seen = 2
    clocks.start(16.5)
    assert clocks.linger_at == 17, "it stands still while the caller looks at an event"
    assert clocks.idle_at == inf


def test_an_answer_without_events_has_one_idle_clock() -> None:
    clocks = StreamClocks(idle=10, linger=2, idle_at=10, decoder=None)
    for now in (1, 5, 9):
        clocks.start(now)
        clocks.stop(now)
        assert (clocks.idle_at, clocks.linger_at) == (10, inf)
