"""spec/VERSION, the top of spec/CHANGELOG.md and what `codegen diff` says since the commit of that heading agree."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from codegen.diff import Change, Mark, compare
from codegen.sources import load_directory, load_older

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "spec"
# Which place of a version a change moves.
PLACES: dict[Mark, int] = {"breaking": 0, "stricter": 1, "compatible": 1, "documentation": 2}


def git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stdout.splitlines()


def following(version: str, changes: list[Change]) -> str:
    """The version after some changes: the same without any."""
    if not changes:
        return version
    place = min(PLACES[change.mark] for change in changes)
    numbers = [int(number) for number in version.split(".")]
    return ".".join(map(str, [*numbers[:place], numbers[place] + 1, *[0] * (2 - place)]))


def change(mark: Mark) -> Change:
    return Change("area", "Name", "sent", "changed", mark)


@pytest.mark.parametrize(
    ("marks", "version"),
    [
        ([], "2.3.4"),
        (["documentation"], "2.3.5"),
        (["documentation", "compatible"], "2.4.0"),
        (["stricter"], "2.4.0"),
        (["compatible", "breaking", "documentation"], "3.0.0"),
    ],
)
def test_the_version_that_follows(marks: list[Mark], version: str) -> None:
    assert following("2.3.4", list(map(change, marks))) == version


@pytest.mark.skipif(not git("log", "-1", "--format=%h", "--", "spec/VERSION"), reason="no checkout with its history")
def test_the_version_is_the_one_that_the_changes_want() -> None:
    spec = load_directory(SPEC)
    titles = re.findall(r"^## (\S+)", (SPEC / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert titles[0] == spec.version
    # A heading that is not committed yet names the version after that of the heading below it; merges bring some (-m).
    found = [git("log", "-m", "--format=%h", f"-S## {title}\n", "--", "spec/CHANGELOG.md") for title in titles[:2]]
    commits = [oldest for *_, oldest in filter(None, found)]
    older = load_older(commits[0], SPEC)
    changes = compare(older, spec)
    assert spec.version == following(older.version, changes), (
        f"since {commits[0]}: give {following(older.version, changes)} to spec/VERSION, and a heading in its changelog"
    )
