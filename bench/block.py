"""What a benchmark is made of: cases that give one figure a repeat, goals that compare two of them, and blocks.

All cases of a block run interleaved; only what stands in one block is ever compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from time import process_time
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Block", "Case", "Goal", "Section", "cpu_time", "section", "sections"]

TARGET = 0.02  # CPU seconds a repeat takes at least: a thousand times the clock's own cost


@dataclass(frozen=True)
class Case:
    """One thing measured.

    Attributes:
        name: Unique in its block.
        measure: Runs it once and returns the figure in the case's unit.
        unit: Of the figure: "µs" (an event, a call, a request), "ms", "MiB".
    """

    name: str
    measure: Callable[[], float]
    unit: str


@dataclass(frozen=True)
class Goal:
    """A ratio that is wanted.

    Attributes:
        case: The name of what is judged.
        against: The name of what it is set against, or None for a bound on the figure itself.
        sense: "at most" wants case / against below the budget; above it, "at least" wants against / case, and "more"
            case / against.
        budget: The bound, or None where the ratio is only shown.
        stretch: The bound that would be better still.
    """

    case: str
    against: str | None
    sense: Literal["at most", "at least", "more"]
    budget: float | None = None
    stretch: float | None = None

    def met_by(self, ratio: float, bound: float) -> bool:
        return ratio <= bound if self.sense == "at most" else ratio >= bound

    def ratio(self, case: float, against: float) -> float:
        return against / case if self.sense == "at least" else case / against


@dataclass
class Block:
    """Cases that run interleaved, and what is wanted of them; `once` for what repeating would not change."""

    title: str
    once: bool = False
    cases: list[Case] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)

    def add(self, name: str, measure: Callable[[], float], unit: str) -> None:
        self.cases.append(Case(name, measure, unit))

    def cpu(self, name: str, run: Callable[[], object], *, units: int) -> None:
        """Add a function whose CPU time is taken, in µs for each of the units that one run does."""
        self.add(name, cpu_time(run, units=units), "µs")

    def at_most(
        self, case: str, against: str | None, budget: float | None = None, stretch: float | None = None
    ) -> None:
        self.goals.append(Goal(case, against, "at most", budget, stretch))

    def at_least(self, case: str, against: str, budget: float | None = None, stretch: float | None = None) -> None:
        self.goals.append(Goal(case, against, "at least", budget, stretch))


def cpu_time(run: Callable[[], object], *, units: int) -> Callable[[], float]:
    """A measuring function for `run`: CPU µs a unit, over as many runs as fill the target."""
    loops = 0

    def measure() -> float:
        nonlocal loops
        if not loops:
            run()  # the first run warms caches and the specialising interpreter
            start = process_time()
            run()
            loops = max(1, math.ceil(TARGET / max(process_time() - start, 1e-6)))
        start = process_time()
        for _ in range(loops):
            run()
        return (process_time() - start) / loops / units * 1e6

    return measure


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        name: What the command line calls it.
        title: What the report calls it.
        note: What its rows mean.
        blocks: Makes them one by one, so that it can hold a server open around them.
        parts: What it is called with, behind whether the run is a quick one; each call has a process of its own.
    """

    name: str
    title: str
    note: str
    blocks: Callable[..., Iterator[Block]]
    parts: list[tuple[Any, ...]]


sections: dict[str, Section] = {}


def section(
    name: str, title: str, parts: Iterable[tuple[Any, ...]] = ((),)
) -> Callable[[Callable[..., Iterator[Block]]], Callable[..., Iterator[Block]]]:
    """Register a generator of blocks; its docstring is the note. The rest is said at `Section`."""

    def register(blocks: Callable[..., Iterator[Block]]) -> Callable[..., Iterator[Block]]:
        sections[name] = Section(name, title, " ".join((blocks.__doc__ or "").split()), blocks, [*parts])
        return blocks

    return register
