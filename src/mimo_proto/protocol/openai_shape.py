"""Replies and events in the shape that OpenAI's types have, by one table: spec/facts/openai_shape.json.

Rules:
- A field that is absent or null gets what the table has for it: an empty value, or the constant that it always is.
- A value that OpenAI's type does not have is replaced where the table says by which. A number in the place of a text,
  which an error's code may be, is its text.
- Sources of the web search, flat in MiMo's shape, are nested as OpenAI has them.
- What the table does not name goes out as it is, but for nulls: fields of MiMo's alone, unknown fields, and objects
  that are no Structs of the spec, `Unknown` among them.
- Places are never made up: an `index` or a `sequence_number` that is absent stays so, for 0 would make one of two.
"""

from __future__ import annotations

from functools import cache
from operator import is_
from typing import Any, NamedTuple

import msgspec
from msgspec import NODEFAULT, UNSET, Struct

from mimo_proto.kept_fields import json_names
from mimo_proto.models.openai_shape import OPENAI_SHAPE, OpenAIField
from mimo_proto.protocol.hints import structs_in
from mimo_proto.protocol.json_types import is_array, is_object

__all__ = ["in_openai_shape"]


class FieldRule(NamedTuple):
    """A row of the table, for one Struct.

    Attributes:
        attribute: The attribute that has the field; None where the Struct has no such field.
        row: The row.
        absent: Its `absent`, as a JSON value.
        other: Its `other`, as a JSON value.
    """

    attribute: str | None
    row: OpenAIField
    absent: Any
    other: Any


class Plan(NamedTuple):
    """How objects of a Struct are written.

    Attributes:
        names: The JSON names of the fields, by attribute.
        parts: The attributes that may hold Structs.
        rules: The rows of the table that fill or replace a value.
        nests: Those that nest the other fields.
        tag: The tag by the name of its field; empty for a Struct without one.
        absent: What stands where a field is absent, by JSON name.
        is_copied: Whether no object goes out as it is: its own encoding writes nulls, or leaves out some that are
            wanted.
    """

    names: dict[str, str]
    parts: list[str]
    rules: list[FieldRule]
    nests: list[FieldRule]
    tag: dict[str, Any]
    absent: dict[str, Any]
    is_copied: bool


def in_openai_shape(value: object) -> Any:
    """Make a JSON value of what was received, in OpenAI's shape.

    Args:
        value: A Struct of the spec, or a list of those; anything else comes back as it is.

    Returns:
        A value to be encoded and not to be changed: it shares its parts with others, and is the value itself where
        nothing in it changes, as in most chunks.
    """
    if isinstance(value, Struct):
        return _shaped(value) if getattr(value, "__received__", False) else value
    if not is_array(value):
        return value
    # A list holds Structs, or any JSON, which stays as it is.
    parts = [in_openai_shape(part) if isinstance(part, Struct) else part for part in value]
    return value if all(map(is_, parts, value)) else parts


def _shaped(value: Struct) -> Any:
    plan = _plan(type(value))
    changed: dict[str, Any] = {}
    for name in plan.parts:
        given = getattr(value, name)
        if given and (part := in_openai_shape(given)) is not given:
            changed[plan.names[name]] = part
    for attribute, row, absent, other in plan.rules:
        given = None if attribute is None else getattr(value, attribute)
        taken = _taken(given, row.known, absent, other)
        if taken is not given:
            changed[row.field] = taken
    return _copied(value, plan, changed) if changed or plan.is_copied else value


def _taken(value: object, known: tuple[str, ...], absent: object, other: object) -> Any:
    """Give the value that OpenAI's type takes in place of a value."""
    if value is None or value is UNSET or (known and value == ""):
        return absent
    if isinstance(absent, str) and isinstance(value, (int, float)):
        return str(value)
    return other if known and value not in known else value


def _copied(value: Struct, plan: Plan, changed: dict[str, Any]) -> dict[str, Any]:
    given = {name: getattr(value, attribute) for attribute, name in plan.names.items()} | changed
    fields = plan.tag | {name: part for name, part in given.items() if part is not None and part is not UNSET}
    for name, absent in plan.absent.items():
        fields.setdefault(name, absent)
    for rule in plan.nests:
        fields = _nested(fields, rule.row.field, rule.absent)
    return fields


@cache
def _plan(cls: type[Struct]) -> Plan:
    config, names = cls.__struct_config__, json_names(cls)
    attributes = {name: attribute for attribute, name in names.items()}
    rules = [
        FieldRule(attributes.get(row.field), row, _json(row.absent), _json(row.other))
        for row in OPENAI_SHAPE
        if cls.__name__ in row.objects
    ]
    fills, nests = [rule for rule in rules if not rule.row.nests], [rule for rule in rules if rule.row.nests]
    absent = {rule.row.field: rule.absent for rule in fills if rule.row.absent}
    return Plan(
        names,
        [field.name for field in msgspec.structs.fields(cls) if structs_in(field.type)],
        fills,
        nests,
        {} if config.tag_field is None else {config.tag_field: config.tag},
        absent,
        bool(nests) or _writes_other_nulls(cls, {name for name, value in absent.items() if value is None}),
    )


def _json(text: str) -> Any:
    return msgspec.json.decode(text or "null")


def _writes_other_nulls(cls: type[Struct], wanted: set[str]) -> bool:
    """Whether a Struct may be encoded with other nulls than are wanted."""
    fields = msgspec.structs.fields(cls)
    # A field with a factory is always written; one that may be UNSET is written where it is null.
    written = {field.encode_name for field in fields if field.default_factory is not NODEFAULT}
    keeps_nulls = any(field.default is UNSET for field in fields)
    return keeps_nulls or not cls.__struct_config__.omit_defaults or not wanted <= written


def _nested(fields: dict[str, Any], name: str, absent: dict[str, Any]) -> dict[str, Any]:
    """Put all fields but the type into an object beside it; what is in that object already counts."""
    type_alone = {"type": fields["type"]}
    flat = {key: value for key, value in fields.items() if key not in ("type", name)}
    given = fields.get(name)
    return {**type_alone, name: {**absent, **flat, **(given if is_object(given) else {})}}
