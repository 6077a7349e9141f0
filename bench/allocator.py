"""How the process keeps memory: as one does that has lived for a while, not as one that was just born."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["KIB", "half_fill_pools", "keep_freed_memory"]

KIB = 1024
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt


def half_fill_pools() -> list[list[bytes]]:
    """Leave pools of every size half full; hold what is returned.

    A collection frees whole pools. Where a size has no other, CPython fetches one for an object and gives it back with
    it, at every event, by chance.
    """
    return [[bytes(size) for _ in range(1000)][::2] for size in range(1, 480, 16)]


def keep_freed_memory() -> None:
    """Have glibc keep what is freed.

    Else it gives a megabyte back and fetches it again at every large event, and page faults are what is measured.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, 32 * KIB * KIB)
        libc.mallopt(M_TRIM_THRESHOLD, 256 * KIB * KIB)
