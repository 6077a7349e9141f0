"""How the process keeps memory, for the blocks that fill a megabyte at a time."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["KIB", "keep_freed_memory"]

KIB = 1024
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt


def keep_freed_memory() -> None:
    """Have glibc keep what is freed.

    Else it gives a megabyte back and fetches it again at every large event, and page faults are what is measured.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, 32 * KIB * KIB)
        libc.mallopt(M_TRIM_THRESHOLD, 256 * KIB * KIB)
