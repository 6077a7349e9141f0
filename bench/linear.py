"""Linear in the size of an event: the same megabyte as a hundred events and as one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.allocator import KIB, keep_freed_memory
from bench.block import Block, section
from bench.decode import event_loop
from bench.payloads import long_chat_event

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["linear_block", "linearity"]

TOTAL = 1000 * KIB
FEEDS = {"4 KiB": 4 * KIB, "7 B": 7}


def linear_block(*, many_lines: bool, granularity: str = "4 KiB") -> Block:
    """CPU µs a KiB for events of two sizes; where the stream comes in a few bytes at a time that is only shown."""
    keep_freed_memory()
    loop, feed = event_loop("chat"), FEEDS[granularity]
    block = Block(f"long events {'in many data lines' if many_lines else 'in one line'}, {granularity} a feed")
    for name, size in (("10 KB", 10 * KIB), ("1 MB", 1000 * KIB)):
        event = long_chat_event(size, size // 10 if many_lines else 1)
        stream = event * (TOTAL // size) + b"data: [DONE]\n\n"
        chunks = [stream[start : start + feed] for start in range(0, len(stream), feed)]
        block.cpu(name, partial(loop, chunks), units=TOTAL // KIB)
    block.at_most("1 MB", "10 KB", 1.3 if granularity == "4 KiB" else None)
    return block


@section("linear", "Linear in the size of an event")
def linearity(quick: bool) -> Iterator[Block]:
    """CPU time of `events()` a KiB: one event of 1 MB against a hundred of 10 KB; in many lines, 1 MB is 100,000.

    The allocator keeps what is freed: by default glibc hands a large buffer back to the kernel each time, and the page
    faults of a 1 MB event are what is measured.
    """
    for granularity in ("4 KiB",) if quick else FEEDS:
        for many_lines in (False, True):
            yield linear_block(many_lines=many_lines, granularity=granularity)
