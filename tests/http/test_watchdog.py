"""The thread that keeps the clocks."""

from __future__ import annotations

import subprocess
import sys
import threading
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from mimo_proto.http.deadlines import Guard
from mimo_proto.http.watchdog import WATCHDOG, Watchdog

if TYPE_CHECKING:
    import socket

    from mimo_proto.call.clocks import Reason


def started(guard: Guard, total: float) -> Guard:
    """Let the total clock of a call run, for so many seconds."""
    guard.start_total(total)
    return guard


def test_a_call_is_ended_when_its_time_has_come(pair: tuple[socket.socket, socket.socket]) -> None:
    guard = started(Guard(), 0.05)
    guard.attach(pair[0])
    Watchdog().watch(guard, guard.total_at)
    assert pair[0].recv(1) == b"", "the read ends"
    assert guard.reason == "total"
    assert monotonic() >= guard.total_at


def test_an_earlier_clock_wakes_the_thread(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog = Watchdog()
    late, soon = started(Guard(), 1e9), started(Guard(), 0.05)
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
    guard = started(Guard(), 0.05)
    guard.attach(pair[0])
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        watchdog.watch(guard, guard.total_at)
        assert not guard.watched
        assert len(watchdog) == 0
    watchdog.watch(guard, guard.total_at)
    assert guard.watched
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
    late, unended = started(Guard(), 0.3), started(Unended(), 0.01)
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
    alive = started(Guard(), 1)
    alive.attach(pair[0])
    watchdog.watch(alive, alive.total_at)
    for _ in range(10_000):
        guard = started(Guard(), 600)
        watchdog.watch(guard, guard.total_at)
        guard.finish()
    assert len(watchdog) <= 257
    assert pair[0].recv(1) == b""
    assert alive.reason == "total"


def test_a_forked_child_starts_its_own() -> None:
    code = """
import os, socket, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
from mimo_proto.http.deadlines import Guard
from mimo_proto.http.watchdog import WATCHDOG

def ends():
    ours, theirs = socket.socketpair()
    guard = Guard()
    guard.start_total(0.05)
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
