"""The report: what was measured, on what, and which budgets were kept; in Markdown."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.block import Section
    from bench.runner import Measured, Verdict

    Entry = tuple[str, Measured, Verdict]  # the title of a section, a block of it, and what became of one of its goals

__all__ = ["COLUMNS", "Results", "head", "line", "machine", "markdown", "number", "row", "table"]

PACKAGES = (
    "mimo-proto",
    "msgspec",
    "urllib3",
    "openai",
    "httpx",
    "httpx-sse",
    "sseclient-py",
    "launchdarkly-eventsource",
    "aiohttp",
    "uvloop",
)
COLUMNS = ("what", "figure", "against", "ratio", "lowest to highest", "budget", "stretch", "")
SHOWN = 5  # of these columns where nothing is judged


@dataclass
class Results:
    """All that a run measured, section by section."""

    command: str
    repeats: int
    sections: list[tuple[Section, list[Measured]]]

    def find(self, title: str) -> Measured | None:
        """The block of that title."""
        return next((one for _, blocks in self.sections for one in blocks if one.title == title), None)

    def verdicts(self) -> list[Entry]:
        return [
            (part.title, one, verdict) for part, blocks in self.sections for one in blocks for verdict in one.verdicts()
        ]


def machine() -> list[tuple[str, str]]:
    """What the run ran on."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
    return [
        ("machine", f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"),
        ("load", f"{os.getloadavg()[2]:.1f} in the last quarter of an hour; this run alone makes about 1"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("packages", ", ".join(f"{name} {version(name)}" for name in PACKAGES)),
        ("date", time.strftime("%Y-%m-%d", time.gmtime())),
    ]


def number(value: float) -> str:
    """Three figures, without an exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def bound(sense: str, value: float | None) -> str:
    return "" if value is None else f"{'≤' if sense == 'at most' else '≥'} {value:g}"


def row(measured: Measured, verdict: Verdict) -> list[str]:
    """The cells of one verdict."""
    goal = verdict.goal
    against = "" if goal.against is None else f"{goal.against} {number(measured.figure(goal.against))}"
    unit = {"at most": "", "at least": " times less", "more": " times"}[goal.sense]
    ratio = number(verdict.ratio) + ("" if goal.against is None else unit)
    ruling = {None: "", True: "stretch" if verdict.stretched else "kept", False: "**missed**"}[verdict.passed]
    return [
        f"{measured.title}: {goal.case}",
        f"{number(measured.figure(goal.case))} {measured.units[goal.case]}",
        against,
        ratio,
        f"{number(verdict.low)} to {number(verdict.high)}",
        bound(goal.sense, goal.budget),
        bound(goal.sense, goal.stretch),
        ruling,
    ]


def line(cells: Iterable[str]) -> str:
    """A line of a table."""
    return "| " + " | ".join(cells) + " |"


def table(entries: Iterable[Entry], width: int) -> list[str]:
    """One table of so many columns; each section begins with a line of its own."""
    lines, current = [line(COLUMNS[:width]), "|---" * width + "|"], ""
    for title, measured, verdict in entries:
        if title != current:
            current = title
            lines.append(line([f"**{current}**", *[""] * (width - 1)]))
        lines.append(line(row(measured, verdict)[:width]))
    return lines


def head(title: str, command: str, facts: Iterable[tuple[str, str]]) -> list[str]:
    """The first lines of a report: its title, the command that writes it, and what the run ran on."""
    lines = [
        f"# {title}",
        "",
        f"Written by `{command}`; do not edit.",
        "What a row means is said below the tables.",
        "",
    ]
    return [*lines, "| | |", "|---|---|", *(line(fact) for fact in facts), ""]


def markdown(results: Results) -> str:
    """The whole report."""
    entries = results.verdicts()
    judged = [entry for entry in entries if entry[2].passed is not None]
    kept = sum(1 for entry in judged if entry[2].passed)
    stretched = sum(1 for entry in judged if entry[2].stretched)
    facts = [*machine(), ("command", f"`{results.command}`"), ("repeats", f"{results.repeats}, interleaved; medians")]
    lines = head("Results", results.command, facts)
    lines += [f"**{kept} of {len(judged)} budgets kept, {stretched} with the stretch.**", "", "## Budgets", ""]
    lines += [*table(judged, len(COLUMNS)), "", "## Without a budget", ""]
    lines += [*table((entry for entry in entries if entry[2].passed is None), SHOWN), "", "## What the rows mean", ""]
    lines += [f"- **{part.title}.** {part.note}" for part, _ in results.sections]
    lines += ["- A ratio is the median of the ratios within each repeat, beside it the lowest and the highest of them."]
    return "\n".join(lines) + "\n"
