"""What is wrong between a spec and its facts of MiMo's pages; nothing, in ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.page_facts import HEADER, Line, Property, all_properties, differences, properties_of, read_facts
from codegen.sources import load_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Pages have tables of what is sent and received; bodies of errors are in none.
WITHOUT_A_PAGE = {"errors"}


def contradictions(directory: Path) -> list[str]:
    """Say, in a sentence each, what a spec and its facts do not agree on, or have only one of."""
    spec = load_directory(directory)
    properties = all_properties(spec)
    lines = [line for file in read_facts(directory / "facts").values() for line in file]
    named = {name for line in lines for name in line.spec}
    expected = {
        f"{definition.name}.{name}"
        for definition in spec.definitions.values()
        if definition.area not in WITHOUT_A_PAGE
        for name in definition.properties
    }
    found = [problem for line in lines for problem in _of_line(line, properties)]
    return found + [f"{name}: no line of facts/*.tsv is about it" for name in sorted(expected - named)]


def _of_line(line: Line, properties: Mapping[str, Property]) -> Iterator[str]:
    found = {name for _, said in properties_of(line, properties) for name in differences(line.fact, said)}
    differs = [column for column in HEADER if column in found] if line.is_on_the_page else ["name"]
    if line.differs != differs:
        yield f"{line.place}: {line.fact.name} differs in {differs}, not in {line.differs}"
    if bool(line.why) != bool(line.differs):
        yield f"{line.place}: {line.fact.name} has a reason and no difference, or a difference and no reason"
    if not line.spec:
        yield f"{line.place}: {line.fact.name} is about no property"
