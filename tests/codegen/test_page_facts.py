"""The files of facts: spec/ is held to ours, and what is no such file is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from codegen.load import check
from codegen.page import Fact, PageError
from codegen.page_facts import HEADER, Line, all_properties, differences, properties_of, read_facts
from tests.support.page_facts import contradictions

SPEC = Path(__file__).parents[2] / "spec"
FILES = read_facts(SPEC / "facts")


def test_spec_says_what_the_pages_do_or_differs_as_the_facts_say() -> None:
    """Names, types, bounds, defaults, options and what is required; a reason where spec/ differs, and only there."""
    assert contradictions(SPEC) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "found"),
    [
        # The page changes, and spec/ does not.
        ("facts/chat.tsv", "no\t5\t1 to 50\t", "no\t5\t1 to 60\t", "max_keyword differs in ['range'], not in []"),
        ("facts/chat.tsv", "enabled, disabled\tdefault", "enabled\tdefault", "['default', 'options'], not in"),
        # The other way round: default, options, what is required, and a name more.
        ("chat_request.json", '"default": 0.95', '"default": 0.9', "top_p differs in ['default'], not in []"),
        ("responses_items.json", '"enum": ["lark", "regex"]', '"enum": ["lark"]', "syntax differs in ['options']"),
        ("chat_messages.json", '["role", "tool_call_id", "content"]', '["role", "content"]', "differs in ['required']"),
        ("chat_messages.json", '"url": {', '"x": {"type": "null", "description": "x"}, "url": {', "ImageURL.x: no"),
        # Reasons where nothing differs, and the other way round.
        ("facts/chat.tsv", "\t\tWebSearchTool.limit", "\tWhy not.\tWebSearchTool.limit", "a reason and no difference"),
        ("facts/chat.tsv", "\tThe text of the row says so.", "\t", "a difference and no reason"),
        ("facts/chat.tsv", "range\tThe text of the row says so.", "\t", "stop differs in ['range'], not in []"),
        ("facts/chat.tsv", "\tWebSearchTool.limit", "\t", "limit is about no property"),
    ],
)  # fmt: skip
def test_what_spec_and_facts_do_not_agree_on_is_found(
    tmp_path: Path, file: str, before: str, after: str, found: str
) -> None:
    changed = Path(shutil.copytree(SPEC, tmp_path / "spec")) / file
    text = changed.read_text("utf-8")
    assert before in text
    changed.write_text(text.replace(before, after, 1), "utf-8")
    assert found in "\n".join(contradictions(tmp_path / "spec"))


def test_every_fact_is_once_in_its_file() -> None:
    for path, lines in FILES.items():
        names = [(line.fact.table, line.fact.name) for line in lines]
        assert len(names) == len(set(names)), path.name


def test_what_no_page_has_says_nothing_but_its_name() -> None:
    for line in (line for lines in FILES.values() for line in lines):
        assert line.is_on_the_page or line.fact == Fact(line.fact.table, line.fact.name, "", "", "", "", ""), line.place


# What is compared, and how

SENT: dict[str, Any] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 64},
    "size": {"type": ["number", "null"], "minimum": 0.1, "maximum": 10.0, "default": 2.0},
    "age": {"type": "integer", "minimum": 1},
    "kind": {"const": "bird"},
    "colour": {"$ref": "#/$defs/Colour"},
    "place": {"type": "string", "x-known": ["tree", "lake"], "default": "tree"},
    "songs": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": 4}]},
    "nest": {"$ref": "#/$defs/Nest"},
}
DEFINITIONS: dict[str, Any] = {
    "Bird": {"type": "object", "x-root": "sent", "properties": SENT, "required": ["name", "kind"]},
    "Seen": {
        "type": "object",
        "x-root": "received",
        "properties": {"size": {"type": ["number", "null"]}, "colour": {"$ref": "#/$defs/Colour"}},
    },
    "Colour": {"type": "string", "enum": ["blue", "red"]},
    "Nest": {"type": "object", "properties": {"eggs": {"type": "integer", "default": 5}}},
}


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, with the descriptions that the dialect wants."""
    properties: dict[str, Any] = schema.get("properties", {})
    inner = {"properties": {name: described(each) for name, each in properties.items()}} if properties else {}
    return {"description": "x", **schema, **inner}


BIRDS = all_properties(
    check(
        {
            "birds": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "$id": "https://mimo-proto.invalid/spec/birds.json",
                "title": "Birds",
                "description": "x",
                "$defs": {name: described(schema) for name, schema in DEFINITIONS.items()},
            }
        },
        "1.0.0",
    )
)


@pytest.mark.parametrize(
    ("place", "cells", "differs"),
    [
        ("Bird.name", ("string", "yes", "", "1 to 64 characters", ""), {}),
        ("Bird.name", ("string", "", "", "1 to 64 characters", ""), {}),
        ("Bird.name", ("integer", "no", "x", "1 to 65 characters", "a"),
         {"type": "string", "required": "yes", "default": "", "range": "1 to 64 characters", "options": ""}),
        ("Bird.size", ("null | number", "no", "2", "0.1 to 10", ""), {}),
        ("Bird.size", ("number", "no", "2 for wren-1; 3 for crow-1", "", ""),
         {"type": "number | null", "default": "2", "range": "0.1 to 10"}),
        ("Bird.size", ("number | null", "no", "2 for wren-1 crow-1", "0.1 to 10", ""), {}),
        ("Bird.age", ("long", "no", "", "at least 1", ""), {}),
        ("Bird.kind", ("string", "yes", "", "", ""), {}),
        ("Bird.kind", ("string", "yes", "", "", "bird"), {}),
        ("Bird.kind", ("string", "yes", "", "", "bird, tree"), {"options": "bird"}),
        ("Bird.colour", ("string", "no", "", "", "red, blue"), {}),
        ("Bird.colour", ("string", "no", "", "", ""), {"options": "blue, red"}),
        ("Bird.place", ("string", "no", "tree", "", "tree, lake"), {}),
        ("Bird.songs", ("array | string", "no", "", "at most 4 items", ""), {}),
        ("Bird.nest", ("object", "no", "", "", ""), {}),
        ("Nest.eggs", ("integer", "no", "", "", ""), {"default": "5"}),
        # Null is not compared in what is received.
        ("Seen.size", ("number", "", "", "", ""), {}),
        ("Seen.colour", ("string | null", "", "", "", "blue, red"), {}),
    ],
)  # fmt: skip
def test_differences(place: str, cells: tuple[str, ...], differs: dict[str, str]) -> None:
    kind, required, default, bounds, options = cells
    assert differences(Fact("request", "x", kind, required, default, bounds, options), BIRDS[place]) == differs


# Files

FACT = "request\tname\tstring\tyes\t\t1 to 64 characters\t\t\t\tBird.name Seen.colour"


def write(directory: Path, *lines: str) -> Path:
    path = directory / "birds.tsv"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def test_a_file_of_facts(tmp_path: Path) -> None:
    other = "request\tsize\t\t\t\t\t\tname type\tNot here.\tBird.size"
    path = write(tmp_path, "\t".join(HEADER), FACT, other)
    name = Fact("request", "name", "string", "yes", "", "1 to 64 characters", "")
    size = Fact("request", "size", "", "", "", "", "")
    lines = read_facts(tmp_path)[path]
    assert lines == [
        Line(f"{path}:2", name, [], "", ["Bird.name", "Seen.colour"]),
        Line(f"{path}:3", size, ["name", "type"], "Not here.", ["Bird.size"]),
    ]
    assert [line.is_on_the_page for line in lines] == [True, False]
    assert [place for place, _ in properties_of(lines[0], BIRDS)] == ["Bird.name", "Seen.colour"]


def test_a_property_that_the_spec_does_not_have_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "\t".join(HEADER), FACT.replace("Seen.colour", "Bird.song"))
    [line] = read_facts(tmp_path)[path]
    with pytest.raises(PageError, match=re.escape(f"{path}:2: the spec has no property Bird.song")):
        list(properties_of(line, BIRDS))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "1: the columns are not table, name, type"),
        (["table\tname"], "1: the columns are not table, name, type"),
        (["\t".join(HEADER), FACT, "request\tsize"], "3: 2 columns, not 10"),
        (["\t".join(HEADER), f"{FACT}\tmore"], "2: 11 columns, not 10"),
    ],
)
def test_what_is_no_file_of_facts_is_refused(tmp_path: Path, lines: list[str], message: str) -> None:
    path = write(tmp_path, *lines)
    with pytest.raises(PageError, match=re.escape(f"{path}:{message}")):
        read_facts(tmp_path)


def test_no_files_of_facts(tmp_path: Path) -> None:
    with pytest.raises(PageError, match=re.escape(f"{tmp_path}: no facts (*.tsv) are here; a checkout")):
        read_facts(tmp_path)
