"""Live streams in asyncio: an event each 20 ms in each of many; `python -m bench.live` (make bench-live).

Every measurement is a process of its own, on a core of its own; the server has the other one. All ways take turns, and
so do plain connections and TLS. Behind them, for some, the most streams that still come at their pace are searched for.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING

from bench.live_client import Figures
from bench.live_report import LINES, Taken, chart, every_figure, facts_of, judged, markdown, rows, streams_of
from bench.live_search import most_streams
from bench.live_server import live_server
from bench.live_ways import ASYNC, THREADS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.live_server import Origins

__all__ = ["main"]

REPEATS, QUICK_REPEATS = 3, 1
RUN_SECONDS = 60  # that one measurement may take
SEARCH_SECONDS = 22  # that one search may take
HERE = Path(__file__).parent

UVLOOP = " on uvloop"
WAYS = [*ASYNC, "AsyncClient" + UVLOOP, "BufferedProtocol" + UVLOOP, *THREADS]
QUICK = ["AsyncClient", "BufferedProtocol", "openai", "Client in threads", "sockets in threads"]
# Where a search begins: near the number that is expected, over TLS a half of it.
SEARCHED = {"AsyncClient": 512, "AsyncClient" + UVLOOP: 512, "BufferedProtocol": 512, "openai": 48}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few ways, once, no search; nothing is written")
    parser.add_argument("--only", default="", help=f"ways, by commas, out of {', '.join(WAYS)}; nothing is written")
    parser.add_argument("--repeats", type=int, help=f"default {REPEATS}, quick {QUICK_REPEATS}")
    options = parser.parse_args()
    options.ways = [way for way in options.only.split(",") if way] or (QUICK if options.quick else WAYS)
    if unknown := [way for way in options.ways if way not in WAYS]:
        parser.error(f"no such way: {', '.join(unknown)}")
    return options


@dataclass
class Bench:
    """Runs clients against one server, each in a process of its own.

    Attributes:
        origins: Where the server is.
        late: How late the server was, run by run, in ms.
    """

    origins: Origins
    late: list[float] = field(default_factory=list)

    def run(self, line: str, way: str, streams: int) -> Figures:
        """Measure one way with so many streams."""
        what = {
            "way": way.removesuffix(UVLOOP),
            "loop": "uvloop" if way.endswith(UVLOOP) else "asyncio",
            "origin": self.origins.tls if line == "TLS" else self.origins.plain,
            "authority": self.origins.authority,
            "streams": streams,
            "group": f"run-{len(self.late)}",
        }
        command = [sys.executable, "-m", "bench.live_client", json.dumps(what)]
        self.late.append(0.0)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=RUN_SECONDS)
        self.late[-1] = self.origins.late()
        return Figures(**json.loads(done.stdout))

    def gap(self, line: str, way: str, streams: int) -> float:
        """The 99th percentile of the gaps, in ms; a client that breaks down, or takes too long, keeps no pace."""
        try:
            gap = self.run(line, way, streams).gap
        except subprocess.SubprocessError:
            gap = inf
        print(f"  {line + ', ' + way:<40} {streams} streams, p99 {gap:.1f} ms, server {self.late[-1]:.1f}", flush=True)
        return gap

    def take(self, ways: list[str], repeats: int) -> Taken:
        """Measure all ways, interleaved; the order rotates."""
        taken: Taken = {(line, way): [] for line in LINES for way in ways}
        cases = list(taken)
        for repeat in range(repeats):
            turn = repeat * len(cases) // repeats
            for line, way in cases[turn:] + cases[:turn]:
                figures = self.run(line, way, streams_of(way))
                taken[line, way].append(figures)
                shown = f"{figures.cpu:5.1f} µs  p99 {figures.gap:6.1f} ms  {figures.memory:5.0f} KiB"
                print(f"  {line + ', ' + way:<40} {shown}  server {self.late[-1]:.1f}", flush=True)
        return taken

    def search(self, ways: Iterable[str]) -> dict[tuple[str, str], int]:
        """The most streams a core of those ways."""
        found: dict[tuple[str, str], int] = {}
        for way in ways:
            for line in LINES:
                start = SEARCHED[way] // (2 if line == "TLS" and way != "openai" else 1)
                found[line, way] = most_streams(partial(self.gap, line, way), start, SEARCH_SECONDS)
        return found


def main() -> None:
    """Run what was asked for."""
    options = arguments()
    repeats = options.repeats or (QUICK_REPEATS if options.quick else REPEATS)
    start = monotonic()
    with live_server() as origins:
        bench = Bench(origins)
        taken = bench.take(options.ways, repeats)
        most = {} if options.quick else bench.search(way for way in SEARCHED if way in options.ways)
    sections = judged(taken, most)
    print("\n".join(["", *every_figure(taken, most), "", *rows(sections), "", f"{monotonic() - start:.0f} s"]))
    if options.quick or options.only:
        return
    facts = facts_of(repeats, median(bench.late))
    (HERE / "LIVE.md").write_text(markdown(sections, taken, most, facts))
    (HERE / "live.svg").write_text(chart(taken, most, facts))
    print(f"written: {HERE / 'LIVE.md'}, {HERE / 'live.svg'}")


if __name__ == "__main__":
    main()
