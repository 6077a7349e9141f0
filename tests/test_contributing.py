"""CONTRIBUTING.md speaks of the package as it is: its layers, its files and the names in them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.test_layers import ORDER

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src/mimo_proto"
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
GLOSSARY_ROWS = 43
PLACES = 5
QUESTIONS = 24


def section(title: str) -> str:
    """What stands under a heading, up to the next one."""
    [text] = re.findall(rf"^#+ {title}\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(text)


def rows(title: str) -> list[list[str]]:
    """The cells of the rows of the table in a section, its head aside."""
    lines = [line for line in section(title).splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in lines[1:]]


ANSWERS = rows("Which file answers which question")


def test_the_questions_are_read() -> None:
    assert len(ANSWERS) == QUESTIONS


@pytest.mark.parametrize(("question", "file", "name"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_a_question_leads_to_a_file_that_defines_the_name(question: str, file: str, name: str) -> None:
    assert question.endswith("?")
    defined = {
        node.name
        for node in ast.parse((PACKAGE / file.strip("`")).read_text("utf-8")).body
        if isinstance(node, DEFINITIONS)
    }
    assert name.strip("`") in defined


def test_the_drawing_has_every_layer_in_its_order() -> None:
    [drawing] = re.findall(r"```text\n(.*?)```", section("The layers"), re.DOTALL)
    # From the bottom to the top, and what shares a line from left to right; what a layer is stands behind its name.
    lines = [re.split(r" {3,}", line)[0].split() for line in reversed(drawing.splitlines())]
    drawn = [name for names in lines for name in names if name in ORDER]
    assert drawn == [name for name in ORDER if name not in {"_version", "__main__"}]


@pytest.mark.parametrize("title", ["The way of a byte", "The way of a request"])
def test_a_way_leads_through_files_that_exist(title: str) -> None:
    places = [row[1].strip("`") for row in rows(title)]
    assert 0 < len(places) <= PLACES
    assert len(set(places)) == len(places)
    for file in [*places, *re.findall(r"`(\w+/\w+\.py)`", section(title))]:
        assert (PACKAGE / file).is_file(), file


def test_the_glossary_says_each_word_once_and_is_short() -> None:
    words = [word for row in rows("Glossary") for word in row[0].split(", ")]
    assert len(words) == len(set(words))
    assert 0 < len(rows("Glossary")) <= GLOSSARY_ROWS
