"""The report on a page that changed: the facts that did, as rows, and what spec/ says otherwise.

Rules:
- A page is held to the file of facts that shares most fields with it.
- What spec/ says otherwise on purpose is counted only, for as long as the page says what the file of facts has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

from .page import Fact, PageError, read_page
from .page_facts import HEADER, Line, Property, all_properties, differences, properties_of, read_facts
from .spec import Spec

__all__ = ["compare_pages"]


def compare_pages(old: Path, new: Path, directory: Path, spec: Spec) -> tuple[str, bool]:
    """Compare two ages of a page, and the newer one to a spec.

    Args:
        old: The older page.
        new: The newer one; may be the same.
        directory: The directory of the spec.
        spec: The spec.

    Returns:
        The report, and whether there is any difference that is not on purpose.

    Raises:
        PageError: A page or a file of facts cannot be read, or there are no facts of such a page.
        OSError: A page is not there.
    """
    older, newer = _by_name(read_page(old)), _by_name(read_page(new))
    path, lines = _file_of(new, newer, read_facts(directory / "facts"))
    changed = list(_changed(older, newer))
    otherwise = list(_otherwise(newer, lines, all_properties(spec)))
    shown = [row for row, on_purpose in otherwise if not on_purpose]
    report: list[str] = []
    if changed:
        report += [f"--- {old}", f"+++ {new}", *_aligned(["", *HEADER[:7]], changed)]
    if shown:
        report += ["The spec says otherwise:", *_aligned(["table", "name", "what", "page", "spec", "where"], shown)]
    # A field that several properties have differs once.
    if meant := {row[:3] for row, on_purpose in otherwise if on_purpose}:
        report.append(f"{len(meant)} more on purpose: {directory.resolve().name}/facts/{path.name} says why.")
    return "".join(f"{line}\n" for line in report), bool(changed or shown)


def _by_name(facts: Iterable[Fact]) -> dict[tuple[str, str], Fact]:
    return {(fact.table, fact.name): fact for fact in facts}


def _file_of(
    page: Path, facts: Mapping[tuple[str, str], Fact], files: Mapping[Path, list[Line]]
) -> tuple[Path, list[Line]]:
    """The file of facts that a page is held to."""
    shared = {path: len(facts.keys() & _by_name(line.fact for line in lines)) for path, lines in files.items()}
    path = max(shared, key=shared.__getitem__)
    if not shared[path]:
        raise PageError(f"{page}:1: none of the files of facts has a field of this page")
    return path, files[path]


def _changed(older: Mapping[tuple[str, str], Fact], newer: Mapping[tuple[str, str], Fact]) -> Iterator[tuple[str, ...]]:
    """The rows that are gone, changed or new, in the order of the older page."""
    for name in dict.fromkeys([*older, *newer]):
        if older.get(name) != newer.get(name):
            yield from ((mark, *astuple(page[name])) for mark, page in (("-", older), ("+", newer)) if name in page)


def _otherwise(
    facts: Mapping[tuple[str, str], Fact], lines: Iterable[Line], properties: Mapping[str, Property]
) -> Iterator[tuple[tuple[str, ...], bool]]:
    """What the spec says otherwise than a page, as rows, each with whether it is on purpose."""
    known = {(line.fact.table, line.fact.name): line for line in lines if line.is_on_the_page}
    for name, fact in facts.items():
        if name not in known:
            yield (*name, "name", fact.type, "", "in no line of the facts"), False
            continue
        line = known[name]
        for where, property_ in properties_of(line, properties):
            for column, text in differences(fact, property_).items():
                page = getattr(fact, column)
                on_purpose = column in line.differs and page == getattr(line.fact, column)
                yield (*name, column, page, text, where), on_purpose
    for name, line in known.items():
        if name not in facts:
            yield (*name, "name", "", line.fact.type, " ".join(line.spec)), False


def _aligned(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines with columns of one width each; "-" stands for what is not said."""
    table = [header, *([cell or "-" for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
