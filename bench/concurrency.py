"""Many streams at once: 64 and 256, an event each 20 ms; `python -m bench.concurrency` (make bench-concurrency).

Each variant is a process of its own. Its CPU time covers the streams from the first request to the last event; a gap is
the time between two events of one stream as its reader sees them, and the pace is what it should be.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from bench.http_client import KEY, REQUESTS
from bench.http_server import TICK, TICK_EVENTS, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["VARIANTS", "measure"]

STREAMS = (64, 256)
WARM = 25  # events of each stream that are left out: half a second for all to be under way


def arrivals(events: Iterable[Any]) -> list[float]:
    """When each event came."""
    return [perf_counter() for _ in events]


def in_threads(streams: int, run: Callable[[], list[float]]) -> list[list[float]]:
    with ThreadPoolExecutor(streams) as pool:
        return [done.result() for done in [pool.submit(run) for _ in range(streams)]]


def mimo_threads(base_url: str, streams: int) -> list[list[float]]:
    """Client, a thread a stream."""
    from mimo_proto import Client

    with Client(api_key=KEY, base_url=base_url, pool_size=streams) as client:

        def run() -> list[float]:
            with client.stream_chat_completion(**REQUESTS["chat"]) as stream:
                return arrivals(stream)

        return in_threads(streams, run)


def openai_threads(base_url: str, streams: int) -> list[list[float]]:
    """OpenAI, a thread a stream."""
    from openai import OpenAI

    with OpenAI(api_key=KEY, base_url=base_url, max_retries=0) as client:
        create: Any = client.chat.completions.create

        def run() -> list[float]:
            with create(**REQUESTS["chat"], stream=True) as stream:
                return arrivals(stream)

        return in_threads(streams, run)


def openai_async(base_url: str, streams: int) -> list[list[float]]:
    """AsyncOpenAI, a task a stream."""
    from openai import AsyncOpenAI

    async def run(client: AsyncOpenAI) -> list[float]:
        create: Any = client.chat.completions.create
        stream = await create(**REQUESTS["chat"], stream=True)
        return [perf_counter() async for _ in stream]

    async def run_all() -> list[list[float]]:
        async with AsyncOpenAI(api_key=KEY, base_url=base_url, max_retries=0) as client:
            return await asyncio.gather(*(run(client) for _ in range(streams)))

    return asyncio.run(run_all())


VARIANTS: dict[str, Callable[[str, int], list[list[float]]]] = {
    "Client, threads": mimo_threads,
    "openai, threads": openai_threads,
    "openai, async": openai_async,
}


def measure(variant: str, base_url: str, streams: int) -> dict[str, float]:
    """Run a variant; its CPU seconds and the gaps in ms."""
    threading.stack_size(256 * 1024)
    start = process_time()
    times = VARIANTS[variant](base_url, streams)
    cpu = process_time() - start
    if {len(one) for one in times} != {TICK_EVENTS}:
        raise AssertionError("events were lost")
    gaps = sorted(
        (after - before) * 1e3 for one in times for before, after in zip(one[WARM:], one[WARM + 1 :], strict=False)
    )
    return {"cpu": cpu, "p50": gaps[len(gaps) // 2], "p99": gaps[len(gaps) * 99 // 100], "max": gaps[-1]}


def in_a_process(variant: str, base_url: str, streams: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.concurrency", variant, base_url, str(streams)]
    figures: dict[str, float] = json.loads(
        subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    )
    return figures


def report() -> None:
    """Every variant and number of streams, each in its own process; a table in Markdown."""
    pace = TICK * 1e3
    print(f"An event each {pace:.0f} ms, {TICK_EVENTS} events a stream.\n")
    print("| streams | | CPU s | gap p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|---|")
    with server() as origin:
        for streams in STREAMS:
            figures: dict[str, dict[str, float]] = {}
            for variant in VARIANTS:
                figures[variant] = one = in_a_process(variant, f"{origin}/ticks/{streams}/v1", streams)
                cells = f"{one['cpu']:.2f} | {one['p50']:.1f} | {one['p99']:.1f} | {one['max']:.1f}"
                print(f"| {streams} | {variant} | {cells} |", flush=True)
            ours = figures.pop("Client, threads")
            share = ours["cpu"] / min(one["cpu"] for one in figures.values())
            ratio = ours["p99"] / pace
            print(
                f"| {streams} | **Client** | {share:.2f} of openai at its best, at most 0.4: {verdict(share <= 0.4)} |"
                f" | {ratio:.2f} times the pace, at most 1.25: {verdict(ratio <= 1.25)} | |"
            )


def verdict(kept: bool) -> str:
    return "kept" if kept else "**missed**"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
    else:
        report()
