"""The schemas of spec/, closed: a member that they do not name is refused, so that no example shows a forgotten one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, validate
from referencing import Registry
from referencing.jsonschema import DRAFT202012

__all__ = ["SPEC", "SCHEMAS", "DEFINED_IN", "REGISTRY", "check", "properties"]

SPEC = Path(__file__).parents[2] / "spec"
SCHEMAS: dict[str, dict[str, Any]] = {path.name: json.loads(path.read_bytes()) for path in sorted(SPEC.glob("*.json"))}
DEFINED_IN = {name: schema["$id"] for schema in SCHEMAS.values() for name in schema["$defs"]}


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Refuse members that the schema does not name."""
    return {
        **schema,
        "$defs": {
            name: {**definition, "additionalProperties": False} if "properties" in definition else definition
            for name, definition in schema["$defs"].items()
        },
    }


REGISTRY: Registry[Any] = Registry[Any]().with_resources(
    (schema["$id"], DRAFT202012.create_resource(closed(schema))) for schema in SCHEMAS.values()
)


def check(value: Any, definition: str) -> None:
    """Raise `jsonschema.ValidationError` unless the value is what the definition says."""
    schema = {"$ref": f"{DEFINED_IN[definition]}#/$defs/{definition}"}
    validate(value, schema, cls=Draft202012Validator, registry=REGISTRY)


def properties(definition: str) -> dict[str, dict[str, Any]]:
    """The properties of a definition, so that a test of its bounds moves with them."""
    [schema] = [schema for schema in SCHEMAS.values() if definition in schema["$defs"]]
    found: dict[str, dict[str, Any]] = schema["$defs"][definition]["properties"]
    return found
