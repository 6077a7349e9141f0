"""Tables of facts: what is generated of them, and what is refused."""

from __future__ import annotations

import copy
import json
import sys
from datetime import date, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from codegen.facts import render_facts
from codegen.load import SpecError
from mimo_proto import models
from mimo_proto.models.foreign_names import FOREIGN_NAMES
from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.models.openai_shape import OPENAI_SHAPE

if TYPE_CHECKING:
    from types import ModuleType

SPEC = Path(__file__).parents[2] / "spec"
BIRDS: dict[str, Any] = {
    "title": "Birds",
    "description": "Which there are.",
    "module": "bird_facts",
    "row": {
        "name": "Bird",
        "description": "One of them.",
        "properties": {
            "name": {"type": "string", "description": "What it is called."},
            "eggs": {"type": ["integer", "null"], "description": "How many at once."},
            "size": {"type": ["string", "null"], "enum": ["small", "large"], "default": None, "description": "Big?"},
            "places": {"type": "array", "items": {"type": "string"}, "default": [], "description": "Where it lives."},
            "sings": {"type": "boolean", "default": True, "description": "Whether it sings."},
            "more": {"type": "array", "default": [], "description": "What else."},
        },
    },
    "table": {"name": "BIRDS", "key": "name", "description": "All of them."},
    "rows": [
        {"name": "wren", "eggs": 5, "size": "small", "places": ["hedge", "wall"]},
        {"name": "crow's mate", "eggs": None, "sings": False, "more": [1, [2], {"a": None}]},
    ],
}


def write(directory: Path, facts: dict[str, Any]) -> Path:
    (directory / "facts").mkdir(exist_ok=True)
    (directory / "facts/birds.json").write_text(json.dumps(facts), "utf-8")
    return directory


def imported(directory: Path, facts: dict[str, Any]) -> ModuleType:
    files = render_facts(write(directory, facts))
    assert list(files) == ["bird_facts.py"]
    path = directory / "bird_facts.py"
    path.write_text(files["bird_facts.py"], "utf-8")
    spec = spec_from_file_location("bird_facts", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["bird_facts"] = module  # where msgspec looks for the hints
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "bird_facts", raising=False)


def test_a_table_by_key(tmp_path: Path) -> None:
    module = imported(tmp_path, BIRDS)
    bird: Any = module.Bird
    wren = bird(name="wren", eggs=5, size="small", places=("hedge", "wall"))
    mate = bird(name="crow's mate", eggs=None, sings=False, more=(1, [2], {"a": None}))
    assert dict(module.BIRDS) == {"wren": wren, "crow's mate": mate}
    assert module.__all__ == ["Bird", "BIRDS"]
    assert msgspec.json.decode(msgspec.json.encode(wren), type=bird) == wren


def test_a_table_without_a_key(tmp_path: Path) -> None:
    facts = copy.deepcopy(BIRDS)
    del facts["table"]["key"]
    facts["rows"] = [facts["rows"][0]] * 2
    module = imported(tmp_path, facts)
    assert [bird.name for bird in module.BIRDS] == ["wren", "wren"]


@pytest.mark.parametrize(
    ("row", "path", "message"),
    [
        ({"name": "wren", "eggs": 1}, "/rows/0", "the key 'wren' stands twice"),
        ({"name": "x"}, "/rows/2", "eggs is missing"),
        ({"name": "x", "eggs": True}, "/rows/2/eggs", "True is not as the row's property says"),
        ({"name": "x", "eggs": 1, "size": "huge"}, "/rows/2/size", "'huge' is not as"),
        ({"name": "x", "eggs": 1, "places": ["x", 5]}, "/rows/2/places", "is not as"),
        ({"name": "x", "eggs": 1, "colour": "x"}, "/rows/2/colour", "rows have no such property"),
    ],
)
def test_what_is_no_row_is_refused(tmp_path: Path, row: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        render_facts(write(tmp_path, {**BIRDS, "rows": [*BIRDS["rows"], row]}))
    problem = caught.value.problems[0]
    assert (problem.file, problem.path) == ("facts/birds.json", path)
    assert message in problem.message


def test_no_facts(tmp_path: Path) -> None:
    assert render_facts(tmp_path) == {}


# Ours


@pytest.mark.parametrize(
    ("file", "table"),
    [("models", list(MODEL_FACTS.values())), ("foreign", list(FOREIGN_NAMES)), ("openai_shape", list(OPENAI_SHAPE))],
)
def test_the_tables_are_those_of_the_spec(file: str, table: list[msgspec.Struct]) -> None:
    rows = json.loads((SPEC / f"facts/{file}.json").read_bytes())["rows"]
    assert len(rows) == len(table)
    for row, value in zip(rows, json.loads(msgspec.json.encode(table)), strict=True):
        assert {name: value[name] for name in row} == row


def test_the_models_of_the_spec_have_facts() -> None:
    """The ids that the schemas give as examples, and the days."""
    for request in ("chat_request", "responses_request"):
        definitions = json.loads((SPEC / f"{request}.json").read_bytes())["$defs"]
        for definition in definitions.values():
            for name in definition.get("properties", {}).get("model", {}).get("examples", []):
                assert name in MODEL_FACTS
    for facts in MODEL_FACTS.values():
        date.fromisoformat(facts.as_of)
        if facts.retired:
            datetime.fromisoformat(facts.retired)
        assert (facts.output_default or 0) <= facts.output_cap <= 131072


def test_the_facts_are_no_part_of_the_models_package() -> None:
    assert {"ModelFacts", "MODEL_FACTS", "ForeignName", "FOREIGN_NAMES", "OpenAIField", "OPENAI_SHAPE"}.isdisjoint(
        models.__all__
    )
