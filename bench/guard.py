"""`python -m bench.guard`: the decoder has not become slower than it may be; part of `make check`.

Ratios to the floor within the same run, so that a slow or busy machine does not matter much, and a bound that is
generous: it is here to notice that the fast path is no longer taken, not to measure. Needs no rivals. A row that
fails is measured again before it counts.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from bench.decode import PROTOCOLS, decode_block, dialect_block
from bench.linear import linear_block
from bench.runner import run_block
from bench.tolerant import added_field_block

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.block import Block

__all__ = ["main"]

SLACK = 1.5  # times the budget of the benchmark
RETRIES, REPEATS, COUNT = 2, 5, 400


def blocks() -> list[Callable[[], Block]]:
    """What is guarded: whole events and large chunks, a field that the spec lacks, long events."""
    made: list[Callable[[], Block]] = []
    for protocol in PROTOCOLS:
        made += [partial(decode_block, protocol, granularity, count=COUNT) for granularity in ("1 event", "64 KiB")]
        made += [partial(dialect_block, protocol, "1 event"), partial(added_field_block, protocol)]
    return [*made, *(partial(linear_block, many_lines=many_lines) for many_lines in (False, True))]


def slow_rows(block: Block) -> list[str]:
    """What is slower than the bound, said in words."""
    measured = run_block(block, REPEATS)
    return [
        f"{measured.title}, {verdict.goal.case}: {verdict.ratio:.2f} times {verdict.goal.against},"
        f" at most {verdict.goal.budget * SLACK:.1f} are allowed"
        for verdict in measured.verdicts()
        if verdict.goal.budget is not None and verdict.ratio > verdict.goal.budget * SLACK
    ]


def main() -> int:
    """Exit status 1 if a row stays slow."""
    failed: list[str] = []
    guarded = blocks()
    for make in guarded:
        slow = slow_rows(make())
        for _ in range(RETRIES):
            slow = slow and slow_rows(make())
        failed += slow
    for line in failed:
        print(f"too slow: {line}", file=sys.stderr)
    print(f"speed: {len(guarded)} blocks, {len(failed)} rows too slow")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
