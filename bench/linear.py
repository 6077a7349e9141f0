"""Linear in the size of an event: the same megabyte as a hundred events, as ten and as one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.allocator import KIB, keep_freed_memory
from bench.block import Block, section
from bench.decode import OURS
from bench.payloads import long_chat_event

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["linear_block", "linearity"]

TOTAL = 1000 * KIB
FEED = 4 * KIB


def linear_block(form: str, *, many_lines: bool) -> Block:
    """CPU µs a KiB for events of three sizes."""
    keep_freed_memory()
    loop = OURS[form]("chat")
    block = Block(f"{form}, long events {'in many data lines' if many_lines else 'in one line'}, 4 KiB a feed")
    for name, size in (("10 KB", 10 * KIB), ("100 KB", 100 * KIB), ("1 MB", 1000 * KIB)):
        event = long_chat_event(size, size // 10 if many_lines else 1)
        stream = event * (TOTAL // size) + b"data: [DONE]\n\n"
        chunks = [stream[start : start + FEED] for start in range(0, len(stream), FEED)]
        block.cpu(name, partial(loop, chunks), units=TOTAL // KIB)
    block.at_most("100 KB", "10 KB", 1.2)
    block.at_most("1 MB", "10 KB", 1.2)
    return block


@section("linear", "Linear in the size of an event")
def linearity(quick: bool) -> Iterator[Block]:
    """CPU time a KiB: one event of 1 MB against a hundred of 10 KB; in many lines, 1 MB is 100,000 of them.

    The allocator keeps what is freed: by default glibc hands a large buffer back to the kernel each time, which doubles
    the cost of a 1 MB event by page faults (0.9 µs a KiB).
    """
    for form in OURS:
        for many_lines in (False, True):
            if not quick or form == "events()":
                yield linear_block(form, many_lines=many_lines)
