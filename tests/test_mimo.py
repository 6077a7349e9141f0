"""docs/mimo.md, and that the spec, LoopbackServer, docs and examples say the same of every model."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
from pathlib import Path

import pytest

from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.protocol import preflight as package
from mimo_proto.protocol.preflight.check import Rule

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/mimo.md").read_text("utf-8")
COMPLAINTS = re.findall(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
CODES = re.findall(r"^\| `(\w+)` \| ((?:refused|ignored|risky)(?:, \w+)?) \| .+ \|$", PAGE, re.MULTILINE)


def test_each_complaint_has_its_row() -> None:
    assert [int(number) for number, *_ in COMPLAINTS] == list(range(1, 30))


@pytest.mark.parametrize(("number", "held_by"), [(row[0], row[3]) for row in COMPLAINTS], ids=lambda value: value[:2])
def test_a_row_names_tests_that_exist(number: str, held_by: str) -> None:
    names = re.findall(r"`((?:\w+/)*test_\w+\.py)::(test_\w+)`", held_by)
    assert names
    assert " ".join(f"`{file}::{test}`" for file, test in names) == held_by
    for file, test in names:
        tree = ast.parse((ROOT / "tests" / file).read_bytes())
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, number


def test_the_page_has_each_code_of_preflight() -> None:
    modules = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    values = [value for module in modules for value in vars(importlib.import_module(module.name)).values()]
    rules = {(rule.code, rule.severity) for rule in values if isinstance(rule, Rule)}
    assert {(code, severity) for code, severities in CODES for severity in severities.split(", ")} == rules


MODEL_ID = re.compile(r"(?<![\w/])mimo-v\d[a-z0-9.-]*[a-z0-9]")
# An id that nobody has, and what the ids of an age begin with.
NO_IDS = {"mimo-v9", "mimo-v2.6"}
OURS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").rglob("*.py")),
    *(path for path in sorted((ROOT / "src").rglob("*.py")) if path.parent.name != "models"),
]


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_where_we_choose_the_model_it_is_a_living_one(path: Path) -> None:
    named = set(MODEL_ID.findall(path.read_text("utf-8"))) - NO_IDS
    living = {facts.id for facts in MODEL_FACTS.values() if not facts.retired}
    assert named <= living


@pytest.mark.parametrize("path", sorted((ROOT / "spec").glob("*.json")), ids=lambda path: path.name)
def test_the_spec_names_models_that_the_facts_have(path: Path) -> None:
    assert set(MODEL_ID.findall(path.read_text("utf-8"))) - NO_IDS <= MODEL_FACTS.keys()


@pytest.mark.parametrize("path", sorted((ROOT / "spec/examples").glob("*Request.*.json")), ids=lambda path: path.name)
def test_the_examples_name_models_that_the_facts_have(path: Path) -> None:
    facts = MODEL_FACTS[json.loads(path.read_bytes())["model"]]
    assert ("chat" if path.name.startswith("Chat") else "responses") in facts.endpoints


@pytest.mark.parametrize(
    ("api", "file", "name"),
    [("chat", "chat_request", "ChatCompletionRequest"), ("responses", "responses_request", "ResponseRequest")],
)
def test_the_spec_knows_the_models_that_the_facts_have(api: str, file: str, name: str) -> None:
    spec = json.loads((ROOT / f"spec/{file}.json").read_bytes())
    # Those of v2 were gone before the pages that the spec follows.
    models = [facts.id for facts in MODEL_FACTS.values() if api in facts.endpoints and facts.retired != "2026-06-30"]
    assert spec["$defs"][name]["properties"]["model"]["x-known"] == models


def test_the_page_on_speech_names_the_voices_as_they_were_measured() -> None:
    page = (ROOT / "docs/media-and-search.md").read_text("utf-8")
    [voices] = re.findall(r"^\| `mimo-v2.5-tts` \|.*\|.*: (.*) \|$", page, re.MULTILINE)
    assert voices == ", ".join(f"`{voice.lower()}`" for voice in MODEL_FACTS["mimo-v2.5-tts"].voices)
