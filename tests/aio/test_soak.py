"""Calls of all kinds leave behind what the first of them did; `python -m tests.support.soak` makes 100,000."""

from __future__ import annotations

import sys

import pytest

from tests.support.soak import TASKS, soak


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors as Linux shows them")
@pytest.mark.parametrize(
    ("shell", "calls"), [("asyncio", 2_000), ("uvloop", 1_200), ("httpx", 1_200), ("httpx2", 1_200), ("aiohttp", 1_200)]
)
def test_calls_leave_nothing_behind(shell: str, calls: int) -> None:
    first, last = soak(shell, calls, calls // 2)
    # As many idle connections as there were calls at a time.
    assert last.descriptors <= first.descriptors + TASKS
    assert last.tasks == first.tasks == 1
    # One object kept by each call would be a block or more for each.
    assert last.blocks - first.blocks < calls // 2
