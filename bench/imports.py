"""What an import costs: the CPU time of a Python process that does nothing else, and the memory it ends with."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

from bench.block import Block, section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["imports"]

STATEMENTS = {
    "nothing": "pass",
    "msgspec": "import msgspec",
    "mimo_proto": "import mimo_proto",
    "mimo_proto.Client": "from mimo_proto import Client",
    "openai": "from openai import OpenAI",
}
# An installed package is compiled; a checkout is by its first import, unless the environment forbids it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
PEAK = "; print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"


def process_time_of(statement: str) -> Callable[[], float]:
    """CPU ms of a process, its start included."""

    def measure() -> float:
        with subprocess.Popen([sys.executable, "-c", statement], env=ENVIRONMENT) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise AssertionError(f"{statement!r} failed")
        return (usage.ru_utime + usage.ru_stime) * 1e3

    return measure


def memory_of(statement: str) -> Callable[[], float]:
    """MiB of a process's peak."""
    command = [sys.executable, "-c", statement + PEAK]
    run = partial(subprocess.run, command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True)
    return lambda: float(run().stdout) / 1024


@section("import", "Import")
def imports(quick: bool) -> Iterator[Block]:
    """CPU time and peak memory of `python -c "import ..."`, the interpreter's own start included."""
    block = Block("import, CPU")
    for name, statement in STATEMENTS.items():
        block.add(name, process_time_of(statement), "ms")
    block.at_most("mimo_proto", "msgspec", 1.8)
    block.at_least("mimo_proto.Client", "openai", 7)
    yield block
    if quick:
        return
    block = Block("import, memory", once=True)
    for name, statement in STATEMENTS.items():
        block.add(name, memory_of(statement), "MiB")
    block.at_most("mimo_proto", "msgspec")
    block.at_least("mimo_proto.Client", "openai")
    yield block
