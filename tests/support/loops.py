"""The loops that AsyncClient is tested on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import uvloop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["LOOPS", "run_on"]

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


def run_on(loop: str, main: Callable[[], Coroutine[Any, Any, Any]], *, seconds: float = 30) -> Any:
    """Run a test's coroutine on a loop of that kind, for so long at most."""

    async def bounded() -> Any:
        async with asyncio.timeout(seconds):
            return await main()

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(bounded())
