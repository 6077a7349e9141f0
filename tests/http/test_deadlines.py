"""Clocks and the thread that keeps them."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from mimo_proto.http.deadlines import WATCHDOG, Guard, Watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mimo_proto.call.clocks import Reason


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    with ours, theirs:
        yield ours, theirs


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
    before = monotonic()
    assert before + 5 <= Guard(total=5).total_at <= monotonic() + 5


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


def test_sleep_ends_with_the_call() -> None:
    guard = Guard()
    begun, done = threading.Event(), threading.Event()

    def sleep() -> None:
        begun.set()
        guard.sleep(60)
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


def test_a_call_is_ended_when_its_time_has_come(pair: tuple[socket.socket, socket.socket]) -> None:
    guard = Guard(total=0.05)
    guard.attach(pair[0])
    Watchdog().watch(guard, guard.total_at)
    assert pair[0].recv(1) == b"", "the read ends"
    assert guard.reason == "total"
    assert monotonic() >= guard.total_at


def test_an_earlier_clock_wakes_the_thread(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog = Watchdog()
    late, soon = Guard(total=1e9), Guard(total=0.05)
    watchdog.watch(late, late.total_at)
    soon.attach(pair[0])
    watchdog.watch(soon, soon.total_at)
    assert pair[0].recv(1) == b""
    assert late.reason is None
    assert len(watchdog) == 1


def test_a_clock_that_moved_on_is_followed(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog = Watchdog()
    guard = Guard(idle=0.05)
    guard.attach(pair[0])
    guard.idle_at = monotonic() + 0.15
    watchdog.watch(guard, monotonic())
    assert pair[0].recv(1) == b""
    assert guard.reason == "idle"
    assert monotonic() >= guard.idle_at


def watchdogs() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if "watchdog" in thread.name}


def test_no_clock_no_thread() -> None:
    threads = watchdogs()
    watchdog = Watchdog()
    watchdog.watch(Guard(), inf)
    assert len(watchdog) == 0
    assert watchdogs() == threads


def test_where_no_thread_is_left_the_next_call_asks_again(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    watchdog = Watchdog()
    guard = Guard(total=0.05)
    guard.attach(pair[0])
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        watchdog.watch(guard, guard.total_at)
        assert not guard.watched
        assert len(watchdog) == 0
    watchdog.watch(guard, guard.total_at)
    assert guard.watched
    assert pair[0].recv(1) == b""


def test_an_unwatched_call_looks_at_its_own_clocks(pair: tuple[socket.socket, socket.socket]) -> None:
    guard = Guard(total=60)
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


@pytest.mark.parametrize("error", [AttributeError("fd"), SystemExit()], ids=repr)
def test_a_call_that_cannot_be_ended_does_not_stop_the_clocks_of_others(
    error: BaseException, pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told by `threading.excepthook`; where the thread ends all the same, the next call starts another."""

    class Unended(Guard):
        """A call whose socket cannot be shut down, as those that some libraries put in the place of Python's."""

        def end(self, reason: Reason) -> bool:
            raise error

    def hook(args: threading.ExceptHookArgs) -> None:
        reported.append(args)
        told.set()

    reported: list[threading.ExceptHookArgs] = []
    told = threading.Event()
    monkeypatch.setattr(threading, "excepthook", hook)
    others = watchdogs()
    watchdog = Watchdog()
    late, unended = Guard(total=0.3), Unended(total=0.01)
    late.attach(pair[0])
    watchdog.watch(late, late.total_at)
    [thread] = watchdogs() - others
    watchdog.watch(unended, unended.total_at)
    assert told.wait(10)
    if isinstance(error, SystemExit):
        thread.join(10)
        watchdog.watch(Guard(), monotonic())
    assert thread.is_alive() is not isinstance(error, SystemExit)
    assert pair[0].recv(1) == b""
    assert late.reason == "total"
    assert [(args.exc_value, args.thread) for args in reported] == [(error, thread)]


def test_calls_that_have_ended_do_not_pile_up(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog = Watchdog()
    alive = Guard(total=1)
    alive.attach(pair[0])
    watchdog.watch(alive, alive.total_at)
    for _ in range(10_000):
        guard = Guard(total=600)
        watchdog.watch(guard, guard.total_at)
        guard.finish()
    assert len(watchdog) <= 257
    assert pair[0].recv(1) == b""
    assert alive.reason == "total"


def test_a_forked_child_starts_its_own() -> None:
    code = """
import os, socket, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
from mimo_proto.http.deadlines import WATCHDOG, Guard

def ends():
    ours, theirs = socket.socketpair()
    guard = Guard(total=0.05)
    guard.attach(ours)
    WATCHDOG.watch(guard, guard.total_at)
    ours.settimeout(10)
    return ours.recv(1) == b"" and guard.reason == "total"

assert ends()
pid = os.fork()
if pid == 0:
    os._exit(0 if len(WATCHDOG) == 0 and ends() else 1)
assert os.waitpid(pid, 0)[1] == 0
assert ends()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


def test_there_is_one_of_the_process() -> None:
    assert isinstance(WATCHDOG, Watchdog)
