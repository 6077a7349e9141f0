"""The clocks of an asyncio call, by themselves."""

from __future__ import annotations

import asyncio
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

import pytest

from mimo_proto import DeadlineExceeded, IdleTimeout, Limits, LocalProtocolError, ReadTimeout, StreamCancelled, Timeouts
from mimo_proto.aio.deadlines import Deadlines
from tests.support.shells import run

if TYPE_CHECKING:
    from collections.abc import Callable

NONE = Timeouts(read=None, idle=None, total=None)


def attached(timeouts: Timeouts) -> Deadlines:
    deadlines = Deadlines(timeouts, Limits(), None)
    deadlines.attach(asyncio.get_running_loop())
    deadlines.begin_attempt()
    return deadlines


def this_task() -> asyncio.Task[Any]:
    return cast("asyncio.Task[Any]", asyncio.current_task())


def nothing(deadlines: Deadlines) -> None:
    """What a clock needs that runs already."""


@pytest.mark.parametrize(
    ("timeouts", "begin", "error"),
    [
        (Timeouts(read=None, idle=None, total=0.05), nothing, DeadlineExceeded),
        (Timeouts(read=None, idle=0.05), nothing, IdleTimeout),
        (Timeouts(read=0.05, idle=None), Deadlines.expect_send, ReadTimeout),
        (Timeouts(read=0.05, idle=None), Deadlines.expect_bytes, ReadTimeout),
    ],
    ids=["total", "idle", "send", "read"],
)
def test_a_clock_ends_the_wait(timeouts: Timeouts, begin: Callable[[Deadlines], None], error: type[Exception]) -> None:
    async def main() -> None:
        deadlines = attached(timeouts)
        asyncio.get_running_loop().call_soon(begin, deadlines)  # while it is waited for
        with pytest.raises(error):
            with deadlines:
                await asyncio.sleep(20)
        assert this_task().cancelling() == 0

    run(main)


def test_a_clock_that_moves_on_ends_nothing() -> None:
    async def main() -> None:
        deadlines = attached(Timeouts(read=0.2, idle=None))
        begun = monotonic()
        with deadlines:
            for _ in range(8):
                deadlines.expect_send()
                await asyncio.sleep(0.05)
        assert monotonic() - begun > 0.3
        with pytest.raises(ReadTimeout):
            with deadlines:
                await asyncio.sleep(20)

    run(main)


def test_no_clock_runs_outside_of_a_wait_but_the_total_one() -> None:
    async def main() -> None:
        deadlines = attached(Timeouts(read=0.05, idle=None, total=0.3))
        deadlines.expect_bytes()
        await asyncio.sleep(0.1)
        with deadlines:
            await asyncio.sleep(0)
        await asyncio.sleep(0.25)
        assert deadlines.seconds_left() < 0
        with pytest.raises(DeadlineExceeded):
            with deadlines:
                await asyncio.sleep(20)

    run(main)


def test_between_two_attempts_no_clock_runs_but_the_total_one() -> None:
    async def main() -> None:
        deadlines = attached(Timeouts(read=0.05, idle=0.05))
        deadlines.expect_bytes()
        deadlines.suspend()
        with deadlines:
            await asyncio.sleep(0.15)

    run(main)


def test_cancelled_by_a_thread() -> None:
    async def main() -> None:
        deadlines = attached(NONE)
        threading.Timer(0.05, deadlines.cancel).start()
        for _ in range(2):
            with pytest.raises(StreamCancelled):
                with deadlines:
                    await asyncio.sleep(20)
        assert this_task().cancelling() == 0

    run(main)


def test_a_cancellation_from_elsewhere_wins() -> None:
    async def wait(deadlines: Deadlines) -> None:
        with deadlines:
            await asyncio.sleep(20)

    async def main() -> None:
        deadlines = attached(NONE)
        task = asyncio.create_task(wait(deadlines))
        await asyncio.sleep(0)
        deadlines.cancel()
        asyncio.get_running_loop().call_soon(task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)


def test_what_comes_in_spite_of_a_clock_is_kept() -> None:
    """Whoever catches the cancellation has got something after all."""

    async def main() -> None:
        deadlines = attached(Timeouts(read=None, idle=0.05))
        with deadlines:
            with pytest.raises(asyncio.CancelledError):
                await asyncio.sleep(20)
        assert this_task().cancelling() == 0

    run(main)


def test_two_tasks_do_not_wait_at_a_time() -> None:
    async def main() -> None:
        deadlines = attached(NONE)
        with deadlines, pytest.raises(LocalProtocolError, match="one task at a time"):
            with deadlines:
                pass
        with deadlines:
            pass

    run(main)


def stops(deadlines: Deadlines) -> None:
    with deadlines:
        deadlines.expect_bytes()
    deadlines.stop()


def stops_soon(deadlines: Deadlines) -> None:
    with deadlines:
        deadlines.expect_bytes()
    deadlines.stop_soon()


def fails(deadlines: Deadlines) -> None:
    with pytest.raises(ConnectionResetError):
        with deadlines:
            deadlines.expect_bytes()
            raise ConnectionResetError


@pytest.mark.parametrize("end", [stops, stops_soon, fails])
def test_a_call_that_has_ended_leaves_no_timer(end: Callable[[Deadlines], None]) -> None:
    """With clocks of minutes, those of an hour of failed calls would pile up."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        timers: list[asyncio.TimerHandle] = []

        def call_later(*args: Any) -> asyncio.TimerHandle:
            timers.append(real(*args))
            return timers[-1]

        real = loop.call_later
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "call_later", call_later)
            end(attached(Timeouts(read=60)))
            await asyncio.sleep(0)
        assert timers
        assert all(timer.cancelled() for timer in timers)

    run(main)


def test_before_there_is_a_loop_and_behind_its_end() -> None:
    deadlines = Deadlines(NONE, Limits(), None)
    deadlines.cancel()

    async def main() -> None:
        deadlines.attach(asyncio.get_running_loop())

    run(main)
    deadlines.cancel()
    with pytest.raises(StreamCancelled):
        with deadlines:
            pass
