"""The spec for other tools: one JSON Schema, and OpenAPI 3.1; that both are up to date, the check of drift says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator, validate
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mimo_proto import CHAT_COMPLETIONS, MODELS, RESPONSES, SPEC_VERSION, Client, Endpoint
from tests.codegen.test_spec import EXAMPLES, payloads
from tests.support.schemas import DEFINED_IN, SPEC

BUNDLE: dict[str, Any] = json.loads((SPEC / "dist/bundle.json").read_bytes())
OPENAPI: dict[str, Any] = json.loads((SPEC / "dist/openapi.json").read_bytes())
REGISTRY: Registry[Any] = Registry[Any]().with_resource(BUNDLE["$id"], DRAFT202012.create_resource(BUNDLE))
OPERATIONS: dict[str, tuple[Any, str]] = {
    "create_chat_completion": (CHAT_COMPLETIONS, "ChatCompletionChunk"),
    "create_response": (RESPONSES, "ResponseStreamEvent"),
    "list_models": (MODELS, ""),
}


def schema_of(content: dict[str, Any], kind: str = "application/json") -> str:
    """The name of the schema that a content has; of a stream, that of its events."""
    schema = content[kind]["schema"]
    return str(schema.get("x-event-schema", schema)["$ref"]).rpartition("/")[2]


def test_the_bundle_has_all_definitions() -> None:
    Draft202012Validator.check_schema(BUNDLE)
    assert BUNDLE["$defs"].keys() == DEFINED_IN.keys()
    assert SPEC_VERSION in BUNDLE["title"]


@pytest.mark.parametrize("export", [BUNDLE, OPENAPI], ids=["bundle", "openapi"])
def test_references_stay_in_the_file(export: dict[str, Any]) -> None:
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(export)):
        target: Any = export
        for name in reference.removeprefix("#/").split("/"):
            target = target[name]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_valid_by_the_bundle(path: Any) -> None:
    schema = {"$ref": f"{BUNDLE['$id']}#/$defs/{path.name.split('.', 1)[0]}"}
    for value in payloads(path):
        validate(value, schema, cls=Draft202012Validator, registry=REGISTRY)


def test_the_description_is_openapi() -> None:
    OpenAPIV31SpecValidator(OPENAPI).validate()
    assert OPENAPI["info"]["version"] == SPEC_VERSION


def test_the_operations_are_the_endpoints() -> None:
    operations = {
        operation["operationId"]: (path, method.upper(), operation)
        for path, methods in OPENAPI["paths"].items()
        for method, operation in methods.items()
    }
    assert operations.keys() == OPERATIONS.keys()
    for name, (path, method, operation) in operations.items():
        assert hasattr(Client, name)
        endpoint: Endpoint[Any, Any, Any] = OPERATIONS[name][0]
        assert (path.lstrip("/"), method) == (endpoint.path.lstrip("/"), endpoint.method)
        answered = operation["responses"]["200"]["content"]
        assert schema_of(answered) == endpoint.reply.__name__
        if endpoint.request is not None:
            assert schema_of(operation["requestBody"]["content"]) == endpoint.request.__name__
            assert schema_of(answered, "text/event-stream") == OPERATIONS[name][1]
            assert answered["text/event-stream"]["schema"]["type"] == "string"
        for status, refused in operation["responses"].items():
            assert status == "200" or {schema_of(refused["content"], kind) for kind in refused["content"]} == {
                "ErrorResponse"
            }


def test_the_key_goes_where_the_server_looks_for_it() -> None:
    schemes = OPENAPI["components"]["securitySchemes"]
    assert {name for each in OPENAPI["security"] for name in each} == schemes.keys()
    assert (schemes["key"]["in"], schemes["key"]["name"], schemes["bearer"]["scheme"]) == (
        "header",
        "api-key",
        "bearer",
    )


def test_lists_say_what_they_hold() -> None:
    """Generators of clients refuse an array without `items`."""
    for definition in OPENAPI["components"]["schemas"].values():
        for schema in definition.get("properties", {}).values():
            for each in schema.get("oneOf", [schema]):
                assert "array" not in each.get("type", []) or "items" in each
