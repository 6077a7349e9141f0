"""The negative vectors: each is refused by the models, at the path that it names."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator, ValidationError

from codegen.dialect import BOUNDS, DRAFT
from codegen.load import check, load, read_directory
from codegen.negatives import negatives
from codegen.shapes import find_shapes
from mimo_proto import models
from mimo_proto.testing import LoopbackServer
from tests.support.calling import CHAT, RESPONSES, call
from tests.support.schemas import DEFINED_IN, REGISTRY, SPEC

HERE = Path(__file__).parents[1]
VECTORS: list[dict[str, Any]] = json.loads((HERE / "fixtures/negatives.json").read_text("utf-8"))
NAME: Callable[[dict[str, Any]], str] = lambda vector: f"{vector['path']} {vector['constraint']}"  # noqa: E731


@pytest.fixture(scope="module")
def running() -> Iterator[LoopbackServer]:
    """One server for all vectors."""
    with LoopbackServer() as server:
        yield server


@pytest.mark.parametrize("vector", VECTORS, ids=NAME)
def test_refused_at_its_path(vector: dict[str, Any]) -> None:
    root = getattr(models, vector["root"])
    if vector["constraint"] == "known name":
        # The models ignore an unknown name; `validate` refuses it.
        *_, name = vector["path"].split(".")
        assert name not in root.__struct_fields__
        return
    what, _, name = vector["constraint"].partition(" ")
    fields = {field.name: field.default for field in msgspec.structs.fields(getattr(models, vector["definition"]))}
    if what == "required" and isinstance(fields.get(name), str):
        # The models fill in a const; `validate` refuses an object without it.
        msgspec.convert(vector["payload"], root)
        return
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(vector["payload"], root)
    _, _, path = str(refused.value).partition(" - at ")
    assert path.strip("`").replace("[...]", "[0]") == vector["path"].removeprefix("$" if vector["path"] == "$" else "")


def test_covers_every_kind_of_constraint() -> None:
    kinds = {vector["constraint"].split()[0] for vector in VECTORS}
    assert kinds == {
        *("required", "type", "enum", "known", "tag"),
        *("minimum", "maximum", "minLength", "maxLength", "maxItems", "pattern"),
    }


def bounds(schema: Any) -> Iterator[str]:
    """The bounds and enums that stand anywhere in a property, named ones aside."""
    for key, value in schema.items():
        if key in BOUNDS:
            yield f"{key} {value}"
    yield from ("enum" for key in ("enum", "const") if key in schema)
    for inner in [*schema.get("oneOf", []), *([schema["items"]] if "items" in schema else [])]:
        yield from bounds(inner)


def test_each_constraint_of_each_sent_object_has_one() -> None:
    spec = load(read_directory(SPEC))
    shapes = find_shapes(spec.definitions)
    expected: set[tuple[str, str, str]] = set()
    for definition in (spec.definitions[name] for name in shapes.sent):
        tag = spec.tag_of(definition)
        for field, schema in definition.properties.items():
            if tag and field == tag[0]:
                continue
            expected.add((definition.name, field, "type"))
            if field in definition.required:
                expected.add((definition.name, "", f"required {field}"))
            if shapes.of(definition.name) == "sent":
                expected |= {(definition.name, field, bound) for bound in bounds(schema)}
        if "x-root" in definition.schema and definition.kind == "object":
            expected.add((definition.name, "no_such_name", "known name"))
    made = {
        (
            vector["definition"],
            "" if what.startswith("required") else vector["path"].rpartition(".")[2].partition("[")[0],
            "type" if what.startswith("type ") else what,
        )
        for vector in VECTORS
        for what in [vector["constraint"]]
    }
    assert len(expected) > 200
    assert not expected - made


@pytest.mark.parametrize("vector", VECTORS, ids=NAME)
def test_the_schema_refuses_it_there_too(vector: dict[str, Any]) -> None:
    schema = {"$ref": f"{DEFINED_IN[vector['root']]}#/$defs/{vector['root']}"}
    validator: Any = Draft202012Validator(schema, registry=REGISTRY)
    found: list[ValidationError] = [*validator.iter_errors(vector["payload"])]
    where = "$" if vector["constraint"] == "known name" else vector["path"]
    assert where in {error.json_path for whole in found for error in deep(whole)}


def deep(error: ValidationError) -> Iterator[ValidationError]:
    yield error
    for inner in error.context or ():
        yield from deep(inner)


@pytest.mark.wrong_requests
@pytest.mark.parametrize("vector", VECTORS, ids=NAME)
def test_the_server_answers_400_in_mimos_shape(running: LoopbackServer, vector: dict[str, Any]) -> None:
    path = CHAT if vector["root"] == "ChatCompletionRequest" else RESPONSES
    for payload in (vector["payload"], {**vector["payload"], "stream": True}):
        answer = call(running, path, payload if vector["path"] != "$.stream" else vector["payload"])
        if vector["constraint"] == "known name" or vector["path"] == "$.tool_choice":
            # MiMo filters names that it does not know, and drops every choice but "auto".
            assert answer.status == 200
            continue
        assert answer.status == 400
        error = json.loads(answer.body.removeprefix(b"data:"))["error"]
        assert error.keys() <= {"code", "message", "param", "type"}
        # A tool of another kind has a code of its own.
        assert error["code"] in {"400", "responses_feature_not_supported"}
        assert error["message"]


ANY = ["string", "number", "boolean", "array", "object", "null"]
# What our own spec does not hold, and the constraints that can be broken.
ODD: dict[str, tuple[Any, list[str]]] = {
    "a list of anything, not too short": ({"type": "array", "minItems": 2}, ["type array", "minItems 2"]),
    "a list of anything, not too long": ({"type": "array", "maxItems": 2}, ["type array", "maxItems 2"]),
    "no bound at all": ({"type": "array", "minItems": 0}, ["type array"]),
    "a text that may be empty": ({"type": "string", "minLength": 0}, ["type string"]),
    "all but null": (
        {"oneOf": [{"type": name} for name in ANY[:-1]]},
        ["type string or number or boolean or array or object"],
    ),
    "anything": ({"oneOf": [{"type": name} for name in ANY]}, []),
}


@pytest.mark.parametrize("name", ODD)
def test_takes_what_the_dialect_takes(name: str) -> None:
    value, constraints = ODD[name]
    properties = {"value": {**value, "description": "x"}}
    request = {"type": "object", "description": "x", "x-root": "sent", "properties": properties, "required": ["value"]}
    head = {"title": "x", "description": "x", "$schema": DRAFT, "$id": "https://mimo-proto.invalid/spec/odd.json"}
    spec = check({"odd": {**head, "$defs": {"Odd": request}}}, "1")
    vectors = json.loads(negatives(spec))
    assert [vector["constraint"] for vector in vectors] == ["required value", *constraints, "known name"]
    validator: Any = Draft202012Validator(request)
    assert not [vector for vector in vectors[:-1] if validator.is_valid(vector["payload"])]
    assert validator.is_valid(vectors[-1]["payload"])


def test_mini_spec_has_places_of_all_forms() -> None:
    vectors = json.loads(negatives(load(read_directory(HERE / "fixtures/mini_spec"))))
    assert {vector["definition"] for vector in vectors} >= {
        "Request",
        "NoteItem",
        "Author",
        "TextPart",
        "Image",
        "Mode",
    }
    assert any(vector["constraint"] == "minItems 1" for vector in vectors)
