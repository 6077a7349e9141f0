"""Payloads that the spec refuses: for each constraint of each object that is sent, a request with one thing wrong.

Each is a whole request, valid but for one place; `path` is where msgspec would point: at the value, or at the object
that lacks a name. What travels both ways has no bounds and open enums (see `prepare`), so nothing is broken there.
"""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from codegen.dialect import BOUNDS
from codegen.shapes import find_shapes
from codegen.spec import Definition, Schema, Spec, target, types_of

__all__ = ["negatives"]

Wrap: TypeAlias = Callable[[Any], Any]
Broken: TypeAlias = Iterator[tuple[str, str, Any]]

# One value of each JSON type that no other type takes.
SAMPLES: dict[str, Any] = {"string": "text", "integer": 7, "boolean": True, "array": [], "object": {}, "null": None}


@dataclass(frozen=True)
class _Place:
    """Where an object stands in a request: its path there, and how to put it there."""

    definition: Definition
    root: str
    path: str
    wrap: Wrap


def negatives(spec: Spec) -> str:
    """The negative vectors as JSON: a list of {root, definition, path, constraint, payload}, one a line."""
    closed = {name for name in spec.definitions if find_shapes(spec.definitions).of(name) == "sent"}
    vectors = [
        {
            "root": place.root,
            "definition": place.definition.name,
            "path": place.path + path,
            "constraint": constraint,
            "payload": place.wrap(value),
        }
        for place in _places(spec)
        for path, constraint, value in _broken(spec, place.definition, closed)
    ]
    return "[\n" + ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors) + "\n]\n"


def _places(spec: Spec) -> Iterator[_Place]:
    """The first place of each sent object, breadth first from the roots."""
    waiting = [
        _Place(definition, name, "$", lambda value: value)
        for name, definition in spec.definitions.items()
        if definition.schema.get("x-root") == "sent"
    ]
    seen = [place.definition.name for place in waiting]
    while waiting:
        place = waiting.pop(0)
        yield place
        whole = _example(spec, place.definition)
        for field, schema in place.definition.properties.items():
            for name, suffix, nest in _objects(spec, schema):
                if name not in seen:
                    seen.append(name)
                    wrap = _nested(place.wrap, whole, field, nest)
                    waiting.append(_Place(spec.definitions[name], place.root, f"{place.path}.{field}{suffix}", wrap))


def _nested(outer: Wrap, whole: Schema, field: str, inner: Wrap) -> Wrap:
    return lambda value: outer({**whole, field: inner(value)})


def _objects(spec: Spec, schema: Schema) -> Iterator[tuple[str, str, Wrap]]:
    """The objects that a value may hold: the name, the path to it within the value, and how to put it there."""
    for member in schema.get("oneOf", [schema]):
        if "$ref" in member:
            definition = spec.definitions[target(member["$ref"])]
            for name in definition.members or ([definition.name] if definition.kind == "object" else []):
                yield name, "", lambda value: value
        elif "items" in member:
            for name, suffix, nest in _objects(spec, member["items"]):
                yield name, f"[0]{suffix}", _listed(nest)


def _listed(inner: Wrap) -> Wrap:
    return lambda value: [inner(value)]


def _example(spec: Spec, definition: Definition) -> Schema:
    """The smallest valid object: its tag and what is required."""
    tag = definition.tag[0] if definition.tag else None
    return {
        name: _value(spec, schema)
        for name, schema in definition.properties.items()
        if name in definition.required or name == tag
    }


def _value(spec: Spec, schema: Schema) -> Any:
    if "const" in schema:
        return schema["const"]
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "oneOf" in schema:
        return _value(spec, schema["oneOf"][0])
    if "$ref" in schema:
        definition = spec.definitions[target(schema["$ref"])]
        if definition.kind == "enum":
            return definition.schema["enum"][0]
        return _example(spec, spec.definitions[definition.members[0]] if definition.members else definition)
    match types_of(schema)[0]:
        case "array":
            return _list(spec, schema, schema.get("minItems", 0))
        case "string":
            return "a" * max(1, schema.get("minLength", 1))
        case "integer" | "number":
            return schema.get("minimum", 1)
        case kind:
            return SAMPLES[kind]


def _list(spec: Spec, schema: Schema, length: int) -> list[Any]:
    return [_value(spec, schema.get("items", {"type": "string"}))] * length


def _broken(spec: Spec, definition: Definition, closed: Collection[str]) -> Broken:
    """Each way to break one object: the path within it, the constraint, and the object."""
    whole = _example(spec, definition)
    bounded = definition.name in closed
    tagged = bool(spec.unions_of(definition.name))
    for field, schema in definition.properties.items():
        if tagged and definition.tag and field == definition.tag[0]:
            continue
        if field in definition.required:
            yield "", f"required {field}", {name: value for name, value in whole.items() if name != field}
        for path, constraint, value in _broken_values(spec, schema, closed if bounded else ()):
            yield f".{field}{path}", constraint, {**whole, field: value}
    if definition.schema.get("x-root") == "sent":
        yield ".no_such_name", "known name", {**whole, "no_such_name": 1}


def _broken_values(spec: Spec, schema: Schema, closed: Collection[str]) -> Broken:
    kinds = _kinds(spec, schema)
    # What takes every type cannot be of the wrong one.
    for wrong in [value for kind, value in SAMPLES.items() if kind not in kinds][:1]:
        yield "", f"type {' or '.join(kinds)}", wrong
    for member in schema.get("oneOf", [schema]):
        if "items" in member:
            for path, constraint, value in _broken_values(spec, member["items"], closed):
                yield f"[0]{path}", constraint, [value]
        if "$ref" in member:
            yield from _untagged(spec, spec.definitions[target(member["$ref"])])
        if closed:
            yield from _out_of_bounds(spec, member, closed)


def _untagged(spec: Spec, union: Definition) -> Broken:
    """Objects of no kind that a union has."""
    if union.members and (tag := spec.definitions[union.members[0]].tag):
        yield f".{tag[0]}", "tag", {tag[0]: "no_such_tag"}
        if "x-tag-default" not in union.schema:
            yield "", f"required {tag[0]}", {}


def _kinds(spec: Spec, schema: Schema) -> list[str]:
    if "oneOf" in schema:
        return [kind for member in schema["oneOf"] for kind in _kinds(spec, member)]
    if "$ref" in schema:
        return ["string" if spec.definitions[target(schema["$ref"])].kind == "enum" else "object"]
    kinds = types_of(schema)
    return [*kinds, "integer"] if "number" in kinds else kinds


def _out_of_bounds(spec: Spec, schema: Schema, closed: Collection[str]) -> Broken:
    if "$ref" in schema:
        name = target(schema["$ref"])
        schema = spec.definitions[name].schema if name in closed else {}
    if "enum" in schema or "const" in schema:
        yield "", "enum", "no_such_value"
    for bound in [bound for bound in BOUNDS if bound in schema]:
        limit = schema[bound]
        if limit == 0 and bound in {"minLength", "minItems"}:
            # Nothing is shorter.
            continue
        beyond = limit if bound == "pattern" else limit + (-1 if bound.startswith("min") else 1)
        value: Any = beyond
        if bound == "pattern":
            value = "no\nsuch text"
        elif bound.endswith("Length"):
            value = "a" * beyond
        elif bound.endswith("Items"):
            value = _list(spec, schema, beyond)
        yield "", f"{bound} {limit}", value
