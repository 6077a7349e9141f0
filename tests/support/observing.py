"""What an observer gets, kept and checked; and the shells that calls are observed over."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

from mimo_proto import CallFinished, CallStarted
from tests.support.loops import LOOPS, run_on
from tests.support.shells import SHELLS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from mimo_proto import Observation

__all__ = ["OBSERVED", "Kept", "run"]

OBSERVED = [shell for shell in SHELLS if shell != "threads"]
"""What calls are observed over."""

KindT = TypeVar("KindT")


class Kept:
    """An observer that keeps what it gets."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self.finished = threading.Event()

    def __call__(self, observation: Observation) -> None:
        self.observations.append(observation)
        if isinstance(observation, CallFinished):
            self.finished.set()

    @property
    def kinds(self) -> list[str]:
        """The names of the classes, in order; checked: one call, from its start to its one end."""
        kinds = [type(each).__name__ for each in self.observations]
        assert len({each.call for each in self.observations}) == 1
        assert (kinds[0], kinds[-1]) == ("CallStarted", "CallFinished")
        assert (kinds.count("CallStarted"), kinds.count("CallFinished")) == (1, 1)
        return kinds

    def of(self, kind: type[KindT]) -> list[KindT]:
        """The observations of one kind."""
        return [each for each in self.observations if isinstance(each, kind)]

    @property
    def start(self) -> CallStarted:
        [start] = self.of(CallStarted)
        return start

    @property
    def end(self) -> CallFinished:
        [end] = self.of(CallFinished)
        return end


def run(shell: str, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a test's coroutine on the loop of a shell."""
    return run_on(shell if shell in LOOPS else "asyncio", main)
