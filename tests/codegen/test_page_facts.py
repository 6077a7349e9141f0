"""The files of facts: spec/ is held to ours, and what is no such file is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from codegen.load import check
from codegen.page import Fact, PageError
from codegen.page_facts import HEADER, Line, all_properties, differences, properties_of, read_facts
from codegen.sources import load_directory

SPEC = Path(__file__).parents[2] / "spec"
OURS = load_directory(SPEC)
PROPERTIES = all_properties(OURS)
FILES = read_facts(SPEC / "facts")
LINES = [line for lines in FILES.values() for line in lines]
# Pages have tables of what is sent and received; bodies of errors are in none.
AREAS = {area for area in OURS.areas if area != "errors"}


def differing(line: Line) -> list[str]:
    """The columns in which spec/ says otherwise, in their order."""
    if not line.is_on_the_page:
        return ["name"]
    found = {column for _, said in properties_of(line, PROPERTIES) for column in differences(line.fact, said)}
    return [column for column in HEADER if column in found]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_spec_says_what_the_page_does_or_differs_as_the_line_says(path: Path) -> None:
    wrong = [
        f"{line.place}: {line.fact.name} differs in {differing(line)}, not in {line.differs}"
        for line in FILES[path]
        if line.differs != differing(line)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_reason_stands_where_spec_differs_and_nowhere_else(path: Path) -> None:
    assert [line.place for line in FILES[path] if bool(line.why) != bool(line.differs)] == []
    assert [line.place for line in FILES[path] if line.why and not line.why.endswith(".")] == []


def test_every_fact_has_a_property_and_every_property_a_fact() -> None:
    assert [line.place for line in LINES if not line.spec] == []
    named = {name for line in LINES for name in line.spec}
    properties = {
        f"{definition.name}.{name}"
        for definition in OURS.definitions.values()
        if definition.area in AREAS
        for name in definition.properties
    }
    assert sorted(properties - named) == []


def test_every_fact_is_once_in_its_file() -> None:
    for path, lines in FILES.items():
        names = [(line.fact.table, line.fact.name) for line in lines]
        assert len(names) == len(set(names)), path.name


def test_what_no_page_has_says_nothing_but_its_name() -> None:
    for line in LINES:
        if not line.is_on_the_page:
            assert line.fact == Fact(line.fact.table, line.fact.name, "", "", "", "", "")


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


def described(schema: Any) -> Any:
    """The schema, with the descriptions that the dialect wants."""
    if not isinstance(schema, dict):
        return schema
    properties = {name: {"description": "x", **each} for name, each in schema.get("properties", {}).items()}
    return {"description": "x", **schema, **({"properties": properties} if properties else {})}


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
