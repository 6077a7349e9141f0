"""`python -m bench --against CHECKOUT`: the decoders of another checkout beside those of this one, in one run.

Each block has two processes. Both run this checkout's benchmark over the same bytes; they differ in where `mimo_proto`
is imported from. Their cases take turns, so that a ratio is as good as one within a process.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Self

from bench.decode import PROTOCOLS, decode_block, dialects_of
from bench.payloads import GRANULARITIES
from bench.report import number
from bench.runner import settled
from bench.tolerant import added_field_block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.block import Block

__all__ = ["commit", "compare"]

ROOT = Path(__file__).parent.parent
HEAD = "| what | before | today | ratio | lowest to highest | floors before | floors today |\n" + "|---" * 7 + "|"


Samples = dict[str, list[float]]


def blocks() -> dict[str, Callable[[], Block]]:
    """What is compared: every way to feed a stream, every dialect, a field that the spec lacks."""
    made: dict[str, Callable[[], Block]] = {}
    for protocol in PROTOCOLS:
        for granularity in GRANULARITIES:
            made[f"{protocol} {granularity}"] = partial(decode_block, protocol, granularity)
        for dialect in dialects_of(protocol)[1:]:
            made[f"{protocol} {dialect}"] = partial(decode_block, protocol, "1 event", dialect)
        made[f"{protocol} added"] = partial(added_field_block, protocol)
    return made


class Side:
    """A process that measures the cases of one block, one when asked, with the package of one checkout."""

    def __init__(self, checkout: Path, name: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
        command = [sys.executable, "-m", "bench.against", name]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdin
        assert self.process.stdout
        self.questions, self.answers = self.process.stdin, self.process.stdout
        self.title, self.cases = json.loads(self._answer())

    def measure(self, case: str) -> float:
        """CPU µs an event."""
        self.questions.write(f"{case}\n")
        self.questions.flush()
        return float(self._answer())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def _answer(self) -> str:
        if line := self.answers.readline():
            return line
        raise SystemExit("the benchmark does not run with that checkout; what is wrong stands above")


def compare(checkout: Path, repeats: int) -> Iterator[str]:
    """The lines of one table, as they are measured."""
    yield HEAD
    for name in blocks():
        with Side(checkout, name) as old, Side(ROOT, name) as new:
            before: Samples = {case: [] for case in new.cases}
            today: Samples = {case: [] for case in new.cases}
            turns = [(old, before), (new, today)]
            for _ in range(repeats):
                turns.reverse()
                for case in new.cases:
                    for side, samples in turns:
                        samples[case].append(side.measure(case))
        for case in new.cases:
            if case not in {"floor", "ignored"}:
                yield row(f"{new.title}: {case}", case, before, today)


def row(what: str, case: str, before: Samples, today: Samples) -> str:
    """One case: both figures, their ratio, and both in floors, where the block has a floor."""
    ratios = [new / old for old, new in zip(before[case], today[case], strict=True)]
    figures = [f"{number(median(side[case]))} µs" for side in (before, today)]
    spread = f"{number(min(ratios))} to {number(max(ratios))}"
    floors = [number(median(side[case]) / median(side["floor"])) if "floor" in side else "" for side in (before, today)]
    return "| " + " | ".join([what, *figures, number(median(ratios)), spread, *floors]) + " |"


def commit(checkout: Path) -> str:
    """What git calls the checkout."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def serve(name: str) -> None:
    """Measure what is asked for, line by line, until nothing more is."""
    block = blocks()[name]()
    measures = {case.name: case.measure for case in block.cases}
    for measure in measures.values():
        measure()
    with settled():
        print(json.dumps([block.title, list(measures)]), flush=True)
        for line in sys.stdin:
            gc.collect()
            print(measures[line.strip()](), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
