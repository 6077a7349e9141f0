"""The daemon thread that keeps the clocks of all calls.

Rules:

- One `Watchdog` a process, started when the first clock is armed; a forked child starts its own.
- It looks at a `Guard` when its entry comes up, and enters it anew for the next clock.
- Where no thread can be started (from `atexit` since Python 3.12, at the system's limit of threads), a call keeps its
  clocks itself.
- What ending one call raises is told by `threading.excepthook`, and the clocks of the others go on.
"""

from __future__ import annotations

import heapq
import itertools
import os
import sys
import threading
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mimo_proto.http.deadlines import Guard

__all__ = ["WATCHDOG", "Watchdog"]

MAX_SLEEP_SECONDS: Final = 3600.0
"""How long the thread sleeps at most: a wait of years overflows."""

SWEEP_ENTRIES: Final = 256
"""With fewer entries it is not worth while to drop those of calls that have ended."""


class Watchdog:
    """The thread that looks at guards when their clocks may have run out. All methods: any thread."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything, the thread included: what a forked child does first."""
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Guard]] = []
        self._serial = itertools.count()
        self._sweep_above = SWEEP_ENTRIES
        self._thread: threading.Thread | None = None

    def watch(self, guard: Guard, at: float) -> None:
        """Look at the guard at that time on `time.monotonic`, and from then on as often as its clocks need it.

        Where no thread can be started, the guard is not `watched`.
        """
        if at == inf:
            return
        with self._changed:
            guard.watched = self._is_running()
            if not guard.watched:
                return
            self._enter(guard, at)
            if len(self._heap) > self._sweep_above:
                self._sweep()
            if self._heap[0][2] is guard:
                self._changed.notify()

    def __len__(self) -> int:
        """How many entries wait, those of calls that have ended included."""
        return len(self._heap)

    def _is_running(self) -> bool:
        """Whether there is a thread, be it a new one: something may have killed the last."""
        if self._thread is not None and self._thread.is_alive():
            return True
        thread = threading.Thread(target=self._run, name="mimo-proto-watchdog", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return False
        self._thread = thread
        return True

    def _enter(self, guard: Guard, at: float) -> None:
        if at < inf:
            heapq.heappush(self._heap, (at, next(self._serial), guard))

    def _sweep(self) -> None:
        """Drop the calls that have ended: they would wait here for clocks that nobody needs, ten minutes by default."""
        self._heap = [entry for entry in self._heap if not entry[2].finished]
        heapq.heapify(self._heap)
        self._sweep_above = max(SWEEP_ENTRIES, 2 * len(self._heap))

    def _run(self) -> None:
        while True:
            guard = self._next()
            try:
                at = guard.due(monotonic())
                with self._changed:
                    self._enter(guard, at)
            except Exception:  # noqa: BLE001 - whatever it is, the other calls have clocks too
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))

    def _next(self) -> Guard:
        """Wait for the first entry whose time has come, and take it."""
        with self._changed:
            while not self._heap or self._heap[0][0] > monotonic():
                self._changed.wait(min(self._heap[0][0] - monotonic(), MAX_SLEEP_SECONDS) if self._heap else None)
            return heapq.heappop(self._heap)[2]


WATCHDOG: Final = Watchdog()
"""The one of this process."""

# Where there are no forks, there is nothing to register, and a dict is made of it.
getattr(os, "register_at_fork", dict)(after_in_child=WATCHDOG.reset)
