"""What is wanted of live streams, what became of it, and the report: tables in Markdown, and a chart."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from bench.against import ROOT, commit
from bench.block import Goal
from bench.chart import Panel, svg
from bench.live_search import MAX_GAP_MS
from bench.report import COLUMNS, head, line, machine, number, row, table
from bench.runner import Measured

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.live_client import Figures
    from bench.runner import Verdict

__all__ = ["LINES", "STREAMS", "Taken", "chart", "every_figure", "facts_of", "judged", "markdown", "rows", "streams_of"]

LINES = ("plain", "TLS")
STREAMS, FEW = 128, 64
FEW_WAYS = ("httpx", "AsyncClient over httpx")  # 128 streams would take the whole core: their events would bunch

Taken = dict[tuple[str, str], list["Figures"]]
"""What was measured, by "plain" or "TLS" and by way: figures, repeat by repeat."""

Most = dict[tuple[str, str], int]
"""The most streams that come at their pace, by the same."""

Facts = dict[str, str]
"""What a run was made on."""

COMMAND = "make bench-live"

# The budgets: for plain connections, and over TLS.
CPU = (
    Goal("AsyncClient", "BufferedProtocol", "at most", 1.25),
    Goal("AsyncClient over aiohttp", "aiohttp", "at most", 1.2),
    Goal("Client in threads", "sockets in threads", "at most", 1.25),
    Goal("AsyncClient on uvloop", "BufferedProtocol on uvloop", "at most"),
)
CPU_OF_FEW = (Goal("AsyncClient over httpx", "httpx", "at most", 1.1),)
AGAINST_OPENAI = {"plain": 0.25, "TLS": 0.35}
MEMORY = {"plain": 60, "TLS": 380}
MOST = {"plain": (650, 800), "TLS": (300, 500)}
MOST_AGAINST_OPENAI = {"plain": 8, "TLS": 4}

NOTES = f"""\
- **CPU.** Time of the client's process an event, with {STREAMS} streams, or as many as are named.
  Each stream has an event each 20 ms, one HTTP chunk an event.
  All streams are under way, so connecting and requests are no part of it.
  Where a way cannot keep the pace, its events come several at a time, which makes each of them cheaper.
- **p99.** The gap between two events of a stream as its reader sees them, at the 99th percentile; the pace is 20 ms.
  Where the streams fell behind that by more, it is how far they were behind at their end.
- **Memory.** What an open stream on which nothing comes takes: by how much the process grew.
- **Most streams, streams a core.** The most streams, on one core, whose p99 is at most {MAX_GAP_MS:g} ms.
  It is searched for by doubling, then bisecting.
- **AsyncClient** sends over asyncio's own transports, or over the library that is named.
- **BufferedProtocol** and **sockets in threads** are the limit, and keep no promise of a client.
  They are our decoders on a bare `asyncio.BufferedProtocol`, and on blocking sockets, a thread a stream.
- **aiohttp** and **httpx** are the library alone with a `StreamDecoder`.
- All but the threads run on asyncio's own loop, where uvloop is not named.
- A ratio is the median of the ratios within each repeat, beside it the lowest and the highest of them.
"""

Sections = list[tuple[str, Measured]]
"""Titles, and what was measured there."""


def streams_of(way: str) -> int:
    """How many streams a way is measured with."""
    return FEW if way in FEW_WAYS else STREAMS


def judged(taken: Taken, most: Most) -> Sections:
    """All figures, with the goals that this run has both sides of."""
    sections: Sections = []
    for where in LINES:
        title = "Plain connections" if where == "plain" else "TLS"
        cpu = figures(taken, where, lambda one: one.cpu)
        few = {way: cpu.pop(way) for way in FEW_WAYS if way in cpu}
        memory = figures(taken, where, lambda one: one.memory)
        counts = {way: [float(count)] for (over, way), count in most.items() if over == where}
        openai = Goal("AsyncClient", "openai", "at most", AGAINST_OPENAI[where])
        bound = Goal("AsyncClient", None, "at most", MEMORY[where])
        most_goals = (
            Goal("AsyncClient", None, "more", *MOST[where]),
            Goal("AsyncClient", "openai", "more", MOST_AGAINST_OPENAI[where]),
        )
        blocks = (
            measured(f"{STREAMS} streams, {where}", "µs", cpu, (openai, *CPU)),
            measured(f"{FEW} streams, {where}", "µs", few, CPU_OF_FEW),
            measured(f"memory a stream, {where}", "KiB", memory, (bound,)),
            measured(f"streams a core, {where}", "streams", counts, most_goals),
        )
        sections += [(title, block) for block in blocks]
    return sections


def figures(taken: Taken, where: str, figure: Callable[[Figures], float]) -> dict[str, list[float]]:
    return {way: [figure(one) for one in samples] for (over, way), samples in taken.items() if over == where}


def measured(title: str, unit: str, samples: dict[str, list[float]], goals: tuple[Goal, ...]) -> Measured:
    """A block, with those goals whose cases were measured; what is set against nothing at all has no ratio."""
    kept = [
        goal for goal in goals if goal.case in samples and (goal.against is None or any(samples.get(goal.against, ())))
    ]
    return Measured(title, dict.fromkeys(samples, unit), samples, kept)


def entries(sections: Sections) -> list[tuple[str, Measured, Verdict]]:
    return [(title, block, verdict) for title, block in sections for verdict in block.verdicts()]


def rows(sections: Sections) -> list[str]:
    """The verdicts, for a terminal."""
    return ["  ".join(cell for cell in row(block, verdict) if cell) for _, block, verdict in entries(sections)]


def facts_of(repeats: int, late: float) -> Facts:
    """What a run was made on; `late` is how late the server was, in ms."""
    return {
        **dict(machine()),
        "commit": commit(ROOT),
        "command": f"`{COMMAND}`",
        "repeats": f"{repeats}, interleaved; medians",
        "server": f"at the 99th percentile {late:.1f} ms late, a median over all runs",
    }


def markdown(sections: Sections, taken: Taken, most: Most, facts: Facts) -> str:
    """The whole report."""
    all_entries = entries(sections)
    with_budget = [entry for entry in all_entries if entry[2].passed is not None]
    kept = sum(1 for *_, verdict in with_budget if verdict.passed)
    lines = head("Live streams", COMMAND, facts.items())
    lines += [f"**{kept} of {len(with_budget)} budgets kept.**", "", "## Budgets", ""]
    lines += [*table(all_entries, len(COLUMNS)), "", "## All figures", "", *every_figure(taken, most), ""]
    return "\n".join([*lines, "## What the rows mean", "", NOTES])


def every_figure(taken: Taken, most: Most) -> list[str]:
    """A line a way: CPU an event, p99, memory a stream and the most streams, for plain connections and TLS."""
    titles = [f"{name}, {where}" for where in LINES for name in ("CPU µs", "p99 ms", "memory KiB", "most streams")]
    lines = [line(["", *titles]), "|---" * (len(titles) + 1) + "|"]
    for way in dict.fromkeys(way for _, way in taken):
        cells = [f"{way}, {FEW} streams" if way in FEW_WAYS else way]
        for where in LINES:
            samples = taken[where, way]
            medians = (median(getattr(one, name) for one in samples) for name in ("cpu", "gap", "memory"))
            cells += [*map(number, medians), str(most.get((where, way), ""))]
        lines.append(line(cells))
    return lines


def kind(way: str) -> str:
    """How the chart shows it: ours, a limit, or theirs."""
    if way.startswith(("AsyncClient", "Client")):
        return "ours"
    return "limit" if way.startswith(("BufferedProtocol", "sockets")) else "theirs"


def chart(taken: Taken, most: Most, facts: Facts) -> str:
    """CPU an event and the most streams, plain and over TLS."""
    panels: list[Panel] = []
    for where in LINES:
        cpu = {way: median(one.cpu for one in samples) for (over, way), samples in taken.items() if over == where}
        shown = sorted((figure, way) for way, figure in cpu.items() if way not in FEW_WAYS)
        bars = [(way, figure, kind(way)) for figure, way in shown]
        panels.append(Panel(f"{STREAMS} streams, {where}: CPU an event", "µs", bars))
    for where in LINES:
        counted = sorted(((count, way) for (over, way), count in most.items() if over == where), reverse=True)
        bars = [(way, float(count), kind(way)) for count, way in counted]
        if most.get((where, "AsyncClient")):  # else there is nothing to set the others against
            panels.append(Panel(f"The most streams a core, {where} (more is better)", "streams", bars))
    run = f"{facts['Python']}, {facts['machine']}, {facts['date']}"
    note = f"An event each 20 ms in every stream; streams a core at p99 ≤ {MAX_GAP_MS:g} ms. {run}."
    return svg("What a live stream costs in asyncio", note, panels)
