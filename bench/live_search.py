"""The most streams that still come at their pace, found by doubling and then bisecting."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAX_GAP_MS", "most_streams"]

MAX_GAP_MS = 26.0  # of streams with an event each 20 ms, at the 99th percentile
NEAR = 2.0  # times as long: a machine that was busy for a moment does no more; measured again
CLOSE_ENOUGH = 1.15  # between the most that were kept and the fewest that were not


def most_streams(gap_of: Callable[[int], float], start: int, seconds: float) -> int:
    """Find the most streams whose gaps stay within the bound.

    Args:
        gap_of: Runs so many streams; the 99th percentile of their gaps, in ms.
        start: How many streams are tried first.
        seconds: When the search has taken so long, it ends with the most streams that were kept by then.

    Returns:
        The most streams that were kept; 0 if not even one was.
    """
    deadline = monotonic() + seconds
    kept, missed = 0, 0
    streams = start
    while streams and monotonic() < deadline:
        if holds(gap_of, streams):
            kept = streams
        else:
            missed = streams
        if not missed:
            streams = kept * 2
        elif not kept:
            streams = missed // 2
        elif missed > kept * CLOSE_ENOUGH and missed - kept > 1:
            streams = (kept + missed) // 2
        else:
            break
    return kept


def holds(gap_of: Callable[[int], float], streams: int) -> bool:
    """Whether so many streams are kept, at the first try, or at the second after a near miss."""
    gap = gap_of(streams)
    return gap <= MAX_GAP_MS or (gap <= MAX_GAP_MS * NEAR and gap_of(streams) <= MAX_GAP_MS)
