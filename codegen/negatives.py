"""Payloads that the spec refuses: for each constraint of each object that is sent, a request with one thing wrong.

Each is a whole request, valid but for one place; `path` is where msgspec would point: at the value, or at the object
that lacks a name. What travels both ways has no bounds and open enums (see `prepare`), so nothing is broken there.
"""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from .dialect import BOUNDS
from .shapes import find_shapes
from .spec import Definition, Schema, Spec, json_types, target, types_of

__all__ = ["negatives"]

Wrap: TypeAlias = Callable[[Any], Any]
# The path within an object or value, the constraint, and what stands there instead.
Violations: TypeAlias = Iterator[tuple[str, str, Any]]

# One value of each JSON type that no other type takes.
SAMPLES: dict[str, Any] = {"string": "text", "integer": 7, "boolean": True, "array": [], "object": {}, "null": None}


@dataclass(frozen=True)
class _Place:
    """The place of an object in a request.

    Attributes:
        definition: The object's.
        root: The name of the request.
        path: The JSON path of the object.
        wrap: Makes a whole request of the object.
    """

    definition: Definition
    root: str
    path: str
    wrap: Wrap


def negatives(spec: Spec) -> str:
    """The negative vectors as JSON: a list of {root, definition, path, constraint, payload}, one a line."""
    shapes = find_shapes(spec.definitions)
    closed = shapes.sent - shapes.received
    vectors = [
        {
            "root": place.root,
            "definition": place.definition.name,
            "path": place.path + path,
            "constraint": constraint,
            "payload": place.wrap(value),
        }
        for place in _places(spec)
        for path, constraint, value in _violations(spec, place.definition, closed)
    ]
    return "[\n" + ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors) + "\n]\n"


def _places(spec: Spec) -> Iterator[_Place]:
    """Find the first place of each sent object, breadth first from the roots."""
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
                    wrap = _in_object(place.wrap, whole, field, nest)
                    waiting.append(_Place(spec.definitions[name], place.root, f"{place.path}.{field}{suffix}", wrap))


def _in_object(outer: Wrap, whole: Schema, field: str, inner: Wrap) -> Wrap:
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
                yield name, f"[0]{suffix}", _in_list(nest)


def _in_list(inner: Wrap) -> Wrap:
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
    if examples := schema.get("examples") or schema.get("x-known"):
        return examples[0]
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


def _violations(spec: Spec, definition: Definition, closed: Collection[str]) -> Violations:
    """Each way to break one object: the path within it, the constraint, and the object."""
    whole = _example(spec, definition)
    if definition.name not in closed:
        closed = ()
    tag = spec.tag_of(definition)
    for field, schema in definition.properties.items():
        if tag and field == tag[0]:
            continue
        if field in definition.required:
            yield "", f"required {field}", {name: value for name, value in whole.items() if name != field}
        for path, constraint, value in _value_violations(spec, schema, closed):
            yield f".{field}{path}", constraint, {**whole, field: value}
    if definition.schema.get("x-root") == "sent":
        yield ".no_such_name", "known name", {**whole, "no_such_name": 1}


def _value_violations(spec: Spec, schema: Schema, closed: Collection[str]) -> Violations:
    types = json_types(schema, spec.definitions)
    # A number is no wrong type where an integer is one; what takes every type cannot be of the wrong one.
    taken = {*types, "integer"} if "number" in types else {*types}
    for wrong in [value for name, value in SAMPLES.items() if name not in taken][:1]:
        yield "", f"type {' or '.join(types)}", wrong
    for member in schema.get("oneOf", [schema]):
        if "items" in member:
            for path, constraint, value in _value_violations(spec, member["items"], closed):
                yield f"[0]{path}", constraint, [value]
        if "$ref" in member:
            yield from _tag_violations(spec, spec.definitions[target(member["$ref"])])
        if closed:
            yield from _bound_violations(spec, member, closed)


def _tag_violations(spec: Spec, union: Definition) -> Violations:
    """Objects that are not a member of the union."""
    if union.members and (tag := spec.definitions[union.members[0]].tag):
        yield f".{tag[0]}", "tag", {tag[0]: "no_such_tag"}
        if "x-tag-default" not in union.schema:
            yield "", f"required {tag[0]}", {}


def _bound_violations(spec: Spec, schema: Schema, closed: Collection[str]) -> Violations:
    if "$ref" in schema:
        name = target(schema["$ref"])
        schema = spec.definitions[name].schema if name in closed else {}
    if "enum" in schema or "const" in schema:
        yield "", "enum", "no_such_value"
    for bound in BOUNDS:
        # Nothing is shorter than what is empty.
        if bound in schema and (bound, schema[bound]) not in {("minLength", 0), ("minItems", 0)}:
            yield "", f"{bound} {schema[bound]}", _out_of_bounds(spec, schema, bound)


def _out_of_bounds(spec: Spec, schema: Schema, bound: str) -> Any:
    """A value that one bound refuses."""
    if bound == "pattern":
        return "no\nsuch text"
    beyond = schema[bound] + (-1 if bound.startswith("min") else 1)
    if bound.endswith("Length"):
        return "a" * beyond
    return _list(spec, schema, beyond) if bound.endswith("Items") else beyond
