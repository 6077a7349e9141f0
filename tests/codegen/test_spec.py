"""spec/: every schema is valid, and every example says what its schema says.

A file in spec/examples is named after the definition that it is an example of, then after what it shows:
`ChatCompletion.thinking.json` is a `ChatCompletion`, each event of `ChatCompletionChunk.thinking.sse` a
`ChatCompletionChunk`, and `ChatCompletion.thinking.final.json` is what that stream adds up to.
A `.txt` is a JSON body behind `data:`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, validate

from tests.support.schemas import DEFINED_IN, REGISTRY, SCHEMAS, SPEC, check

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = sorted((SPEC / "examples").iterdir())


def payloads(path: Path) -> list[Any]:
    """The JSON values in an example."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return [json.loads(text)]
    if path.suffix == ".txt":
        return [json.loads(text.removeprefix("data:"))]
    assert path.suffix == ".sse", f"{path.name}: not a kind of example"
    blocks = [[line for line in block.split("\n") if line.startswith("data:")] for block in text.split("\n\n")]
    joined = ["\n".join(line.removeprefix("data:").removeprefix(" ") for line in lines) for lines in blocks if lines]
    return [json.loads(data) for data in joined if data != "[DONE]"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_valid(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"https://mimo-proto.invalid/spec/{name}"


@pytest.mark.parametrize("name", SCHEMAS)
def test_references_lead_somewhere(name: str) -> None:
    resolver = REGISTRY.resolver(SCHEMAS[name]["$id"])
    for reference in re.findall(r'"\$ref": "([^"]+)"', (SPEC / name).read_text(encoding="utf-8")):
        resolver.lookup(reference)


def test_a_definition_has_one_home() -> None:
    assert len(DEFINED_IN) == sum(len(schema["$defs"]) for schema in SCHEMAS.values())


@pytest.mark.parametrize("name", SCHEMAS)
def test_defaults_and_examples_fit_their_property(name: str) -> None:
    for definition, content in SCHEMAS[name]["$defs"].items():
        for field, schema in content.get("properties", {}).items():
            reference = {"$ref": f"{SCHEMAS[name]['$id']}#/$defs/{definition}/properties/{field}"}
            for value in [*schema.get("examples", []), *([schema["default"]] if "default" in schema else [])]:
                validate(value, reference, cls=Draft202012Validator, registry=REGISTRY)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example_is_what_its_name_says(path: Path) -> None:
    definition = path.name.split(".", 1)[0]
    assert definition in DEFINED_IN, f"{path.name}: the spec has no {definition}"
    values = payloads(path)
    assert values
    for value in values:
        check(value, definition)


@pytest.mark.parametrize("path", [p for p in EXAMPLES if p.name.endswith(".final.json")], ids=lambda path: path.name)
def test_a_final_object_has_its_stream(path: Path) -> None:
    what = path.name.split(".", 1)[1].removesuffix(".final.json")
    assert [stream for stream in EXAMPLES if stream.name.endswith(f".{what}.sse")]


@pytest.mark.parametrize("path", [p for p in EXAMPLES if p.suffix == ".json"], ids=lambda path: path.name)
def test_example_has_no_key_twice(path: Path) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    json.loads(path.read_bytes(), object_pairs_hook=once)
