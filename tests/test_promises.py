"""docs/promises.md: every promise names tests that hold it, and each of them exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs/promises.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("|") and not re.match(r"\|(?:---| what happens)", line)]


@cache
def names_in(file: str) -> set[str]:
    """The names of the test functions in a file."""
    return {
        node.name
        for node in ast.parse((TESTS / file).read_bytes()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:60])
def test_a_promise_names_tests_that_exist(row: str) -> None:
    _, _, held_by = row.rstrip("| ").rpartition(" | ")
    names = re.findall(r"`((?:\w+/)*test_\w+\.py)::(test_\w+)`", held_by)
    assert " ".join(f"`{file}::{test}`" for file, test in names) == held_by
    assert names
    for file, test in names:
        assert test in names_in(file)


def test_the_page_is_read() -> None:
    assert len(ROWS) == len(re.findall(r"^\| .*`(?:\w+/)*test_", PAGE, re.MULTILINE)) > 50
