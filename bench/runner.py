"""Run a block: every case once a repeat, in an order that rotates, the garbage collected in between.

A ratio is the median of the ratios within each repeat: what slows the machine for a while slows both sides.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from bench.allocator import half_fill_pools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.block import Block, Goal

__all__ = ["Measured", "Verdict", "run_block", "settled"]


@dataclass(frozen=True)
class Verdict:
    """What became of a goal: the ratio's median, its lowest and highest value."""

    goal: Goal
    ratio: float
    low: float
    high: float

    @property
    def passed(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        return None if self.goal.budget is None else self.goal.met_by(self.ratio, self.goal.budget)

    @property
    def stretched(self) -> bool:
        return self.goal.stretch is not None and self.goal.met_by(self.ratio, self.goal.stretch)


@dataclass(frozen=True)
class Measured:
    """A block's figures: one a repeat for each case, in the case's unit."""

    title: str
    units: dict[str, str]
    samples: dict[str, list[float]]
    goals: list[Goal]

    def figure(self, case: str) -> float:
        return median(self.samples[case])

    def verdicts(self) -> list[Verdict]:
        return [self._judge(goal) for goal in self.goals]

    def _judge(self, goal: Goal) -> Verdict:
        ours = self.samples[goal.case]
        theirs = self.samples[goal.against] if goal.against else [1.0] * len(ours)
        ratios = [goal.ratio(our, their) for our, their in zip(ours, theirs, strict=True)]
        return Verdict(goal, median(ratios), min(ratios), max(ratios))


@contextmanager
def settled() -> Iterator[None]:
    """Set apart what is alive now: else every collection would walk the rivals' imports, and charge them to others."""
    gc.collect()
    gc.freeze()
    pools = half_fill_pools()
    yield
    gc.unfreeze()
    pools.clear()


def run_block(block: Block, repeats: int) -> Measured:
    """Measure a block's cases, interleaved."""
    if block.once:
        repeats = 1
    else:
        for case in block.cases:
            case.measure()
    samples: dict[str, list[float]] = {case.name: [] for case in block.cases}
    with settled():
        for repeat in range(repeats):
            turn = repeat % len(block.cases)
            for case in block.cases[turn:] + block.cases[:turn]:
                gc.collect()
                samples[case.name].append(case.measure())
    return Measured(block.title, {case.name: case.unit for case in block.cases}, samples, block.goals)
