"""All sections, in their order, and how one is run: each part in a process of its own, so that none is slowed by what
another left in memory, and a section alone gives the figures that it gives in a full run."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

from bench import decode, http_client, imports, linear, memory, projection, request, shells, tolerant
from bench.block import sections
from bench.report import row
from bench.runner import Measured, run_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.block import Section

__all__ = ["ORDER", "run_sections"]

# Importing a module has registered its sections.
MODULES = (decode, projection, tolerant, http_client, shells, request, imports, memory, linear)
ORDER = (
    "decode",
    "others",
    "dialects",
    "tolerant",
    "projection",
    "http",
    "async",
    "request",
    "import",
    "memory",
    "encode",
    "linear",
)


def run_sections(names: Iterable[str], *, quick: bool, repeats: int) -> Iterator[tuple[Section, list[Measured]]]:
    """Run the sections of these names, one after the other; each prints its rows as they come."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as processes:
        for name in names:
            section = sections[name]
            print(f"\n{section.title}. {section.note}", flush=True)
            parts = [processes.submit(run_part, name, place, quick, repeats) for place in range(len(section.parts))]
            yield section, [measured for part in parts for measured in part.result()]


def run_part(name: str, place: int, quick: bool, repeats: int) -> list[Measured]:
    """Run a part of a section, in this process."""
    section = sections[name]
    measured: list[Measured] = []
    for block in section.blocks(quick, *section.parts[place]):
        measured.append(run_block(block, repeats))
        for verdict in measured[-1].verdicts():
            what, *figures = row(measured[-1], verdict)
            print(f"  {what:<66} " + "  ".join(figure for figure in figures if figure), flush=True)
    return measured
