"""The clocks of a call, and what ends it."""

from __future__ import annotations

import socket
import threading
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from mimo_proto.http.deadlines import Guard

if TYPE_CHECKING:
    from mimo_proto.call.clocks import Reason


def test_a_fresh_guard_has_no_clock() -> None:
    guard = Guard()
    assert guard.due(1e18) == inf
    assert guard.reason is None


@pytest.mark.parametrize("reason", ["total", "connect", "read", "idle", "linger"])
def test_each_clock_ends_the_call_and_says_so(reason: Reason) -> None:
    guard = Guard()
    setattr(guard, f"{reason}_at", 100.0)
    assert guard.due(99.0) == 100.0
    assert guard.reason is None
    assert guard.due(100.0) == inf
    assert guard.reason == reason


def test_the_clock_that_ran_out_first_is_the_reason() -> None:
    guard = Guard()
    guard.total_at, guard.idle_at = 5.0, 4.0
    guard.due(6.0)
    assert guard.reason == "idle"


@pytest.mark.parametrize("clock", ["read", "idle"])
def test_a_clock_that_stands_still_is_looked_at_again(clock: str) -> None:
    guard = Guard(**{"read": 20.0, "idle": 20.0, clock: 10.0})
    assert guard.due(100.0) == 110.0, "one that is started from now on ends no sooner"
    setattr(guard, f"{clock}_at", 103.0)
    assert guard.due(100.0) == 103.0


def test_the_read_clock_begins_anew_with_each_wait() -> None:
    guard = Guard(read=5, idle=7)
    before = monotonic()
    guard.start_read()
    assert before + 5 <= guard.read_at <= monotonic() + 5
    assert guard.idle_at == inf
    guard.start_read_and_idle()
    assert before + 7 <= guard.idle_at <= monotonic() + 7
    guard.stop()
    assert guard.first()[0] == inf


def test_total_counts_from_the_beginning() -> None:
    guard, before = Guard(), monotonic()
    guard.start_total(5)
    assert before + 5 <= guard.total_at <= monotonic() + 5
    guard.start_total(None)
    assert guard.total_at == inf


def test_how_long_a_connection_may_take_to_open() -> None:
    guard = Guard()
    assert guard.seconds_to_connect() is None
    guard.connect_at = inf
    guard.total_at = monotonic() + 10
    seconds = guard.seconds_to_connect()
    assert seconds is not None
    assert 5 < seconds <= 10
    guard.connect_at = monotonic() + 5
    seconds = guard.seconds_to_connect()
    assert seconds is not None
    assert 0 < seconds <= 5
    guard.connect_at = monotonic()
    with pytest.raises(TimeoutError):
        guard.seconds_to_connect()
    guard.connect_at = guard.total_at = 1e300
    assert guard.seconds_to_connect() == 1e6, "an absurd one overflows"


def test_the_end_shuts_the_socket_down_once(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    guard = Guard()
    guard.attach(ours)
    assert guard.end("cancelled")
    assert ours.recv(1) == theirs.recv(1) == b""
    assert not guard.end("total")
    assert guard.reason == "cancelled"
    assert guard.due(1e18) == inf


def test_cancelled_again_the_socket_is_shut_down_again() -> None:
    """The first time it may not have come to connect, and then nothing ends that."""
    guard = Guard()
    with socket.socket() as early:
        guard.attach(early)
        assert guard.end("cancelled")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            early.connect(listener.getsockname())
            early.settimeout(10)
            assert not guard.end("cancelled")
            assert early.recv(1) == b""


def test_a_socket_that_comes_too_late_is_shut_down_too(pair: tuple[socket.socket, socket.socket]) -> None:
    guard = Guard()
    guard.end("cancelled")
    guard.attach(pair[0])
    assert pair[0].recv(1) == b""
    guard.attach(None)


@pytest.mark.parametrize(
    ("reason", "kept"),
    [("connect", None), ("read", None), ("idle", None), ("total", "total"), ("cancelled", "cancelled")],
)
def test_what_ended_an_attempt_does_not_end_the_next_one(reason: Reason, kept: Reason | None) -> None:
    guard = Guard()
    guard.end(reason)
    guard.renew()
    assert guard.reason == kept


@pytest.mark.parametrize("clock", ["connect", "read", "idle", "total", "linger"])
def test_cancel_counts_behind_a_clock_that_ended_an_attempt(clock: Reason) -> None:
    guard = Guard()
    guard.end(clock)
    overruled = clock in ("connect", "read", "idle")
    assert guard.end("cancelled") is overruled
    guard.renew()
    assert guard.reason == ("cancelled" if overruled else clock)
    assert not guard.end("cancelled")
    guard.finish()
    assert not guard.end("cancelled")


def test_a_closed_socket_does_no_harm(pair: tuple[socket.socket, socket.socket]) -> None:
    guard = Guard()
    guard.attach(pair[0])
    pair[0].close()
    assert guard.end("cancelled")


@pytest.mark.parametrize("leave", ["detach", "finish"])
def test_what_was_let_go_is_left_alone(leave: str, pair: tuple[socket.socket, socket.socket]) -> None:
    guard = Guard()
    guard.attach(pair[0])
    guard.read_at = guard.idle_at = guard.linger_at = guard.connect_at = 0.0
    getattr(guard, leave)()
    assert guard.end("cancelled") is (leave == "detach")
    pair[1].send(b"x")
    assert pair[0].recv(1) == b"x"
    assert guard.due(1.0) == inf


@pytest.mark.parametrize("seconds", [60, 1e300])
def test_sleep_ends_with_the_call(seconds: float) -> None:
    guard = Guard()
    begun, done = threading.Event(), threading.Event()

    def sleep() -> None:
        begun.set()
        guard.sleep(seconds)
        done.set()

    thread = threading.Thread(target=sleep)
    thread.start()
    assert begun.wait(10)
    assert not done.wait(0.05), "it sleeps"
    guard.end("cancelled")
    assert done.wait(10)
    thread.join()
    guard.sleep(60)  # returns at once
    Guard().sleep(0.001)


@pytest.mark.parametrize("reason", ["idle", "connect"])
def test_sleep_is_not_cut_short_by_the_clock_of_the_last_attempt(reason: Reason) -> None:
    guard = Guard()
    guard.end(reason)
    guard.renew()
    begun = monotonic()
    guard.sleep(0.05)
    assert monotonic() - begun >= 0.04


def test_an_unwatched_call_looks_at_its_own_clocks(pair: tuple[socket.socket, socket.socket]) -> None:
    guard = Guard()
    guard.start_total(60)
    guard.attach(pair[0])
    assert guard.wait_seconds() is None, "the watchdog's affair"
    guard.drain(30)
    seconds = guard.wait_seconds()
    assert seconds is not None
    assert 0 < seconds <= 30
    guard.linger_at = 0.0
    guard.wait_seconds()
    assert guard.reason == "linger"
    assert pair[0].recv(1) == b""
