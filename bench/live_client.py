"""One way to read many streams, measured in a process of its own: `python -m bench.live_client`, arguments in JSON.

A thread beside the way looks at the process from outside: at its memory while all streams are open and nothing comes,
and at its CPU time and the number of events at the ends of a window in which all streams are under way. So connecting,
TLS handshakes and requests count in none of the figures.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import ssl
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import process_time, sleep
from typing import TYPE_CHECKING, Any

from bench.http_server import TICK
from bench.live_server import CLIENT_CORE, OPEN_SECONDS, allow_many_sockets, pin
from bench.live_ways import ASYNC, THREADS, Target, Times

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Figures", "gap_of", "measure"]

WARM_SECONDS, WINDOW_SECONDS, COOL_SECONDS = 0.4, 1.2, 0.2
EVENTS = round((WARM_SECONDS + WINDOW_SECONDS + COOL_SECONDS) / TICK)
FIRST_CALL_EVENTS = 5
POLL_SECONDS = 0.02
STACK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Figures:
    """What was measured.

    Attributes:
        cpu: CPU time of the process an event, in µs.
        gap: The 99th percentile of the time between two events of a stream, in ms; or how far the streams fell behind
            their pace, where that is more.
        memory: What an open stream on which nothing comes takes, in KiB.
    """

    cpu: float
    gap: float
    memory: float


def resident() -> float:
    """The memory of this process, in KiB; on Linux only, else 0."""
    status = Path("/proc/self/status")
    return float(status.read_text().partition("VmRSS:")[2].split()[0]) if status.exists() else 0.0


def run(way: str, loop: str, target: Target, streams: list[Times]) -> None:
    """Read the streams to their end."""
    if way in THREADS:
        THREADS[way](target, streams)
        return
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop

    async def main() -> None:
        await ASYNC[way](target, streams)

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())


def watch(streams: list[Times], before: float, ended: threading.Event) -> tuple[float, float]:
    """Memory a stream in KiB and CPU µs an event, taken while the streams run."""
    while not all(streams) and not ended.is_set():
        sleep(POLL_SECONDS)
    sleep(OPEN_SECONDS / 2)
    gc.collect()
    memory = (resident() - before) / len(streams)
    sleep(OPEN_SECONDS / 2 + WARM_SECONDS)
    cpu, events = process_time(), sum(map(len, streams))
    sleep(WINDOW_SECONDS)
    return memory, (process_time() - cpu) / (sum(map(len, streams)) - events or 1) * 1e6


def gap_of(streams: list[Times]) -> float:
    """The gap of `Figures`; the first gap is the pause in which nothing comes.

    Whoever cannot keep the pace at all reads the whole backlog of a stream at once: one long gap, and then none.
    """
    gaps = sorted(after - before for times in streams for before, after in pairwise(times[1:]))
    behind = median(times[-1] - times[1] - (len(times) - 2) * TICK for times in streams)
    return max(gaps[len(gaps) * 99 // 100], behind) * 1e3


def measure(*, way: str, loop: str, origin: str, authority: str, streams: int, group: str) -> Figures:
    """Measure a way with so many streams, over the loop "asyncio" or "uvloop".

    One short stream comes first: what is imported and built at the first call belongs to no stream.
    """
    context = ssl.create_default_context(cafile=authority) if origin.startswith("https") else None
    run(way, loop, Target(f"{origin}/1/{FIRST_CALL_EVENTS}/{group}/v1", context), [[]])
    gc.collect()
    times: list[Times] = [[] for _ in range(streams)]
    ended = threading.Event()
    with ThreadPoolExecutor(1) as watcher:
        watched = watcher.submit(watch, times, resident(), ended)
        try:
            run(way, loop, Target(f"{origin}/{streams}/{EVENTS}/{group}/v1", context), times)
        finally:
            ended.set()
        memory, cpu = watched.result()
    if {len(one) for one in times} != {EVENTS}:
        raise AssertionError("events were lost")
    return Figures(cpu, gap_of(times), memory)


def main(arguments: dict[str, Any]) -> None:
    """Print the figures in JSON. Behind that nothing is waited for: what the process holds is the system's to free."""
    pin(CLIENT_CORE)
    allow_many_sockets()
    threading.stack_size(STACK_BYTES)
    print(json.dumps(asdict(measure(**arguments))), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
