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
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct

from mimo_proto.kept_fields import json_names
from mimo_proto.models.openai_shape import OPENAI_SHAPE, OpenAIField
from mimo_proto.protocol.json_types import is_array, is_object

__all__ = ["in_openai_shape"]


class Plan(NamedTuple):
    """How objects of a Struct are written.

    Attributes:
        names: The JSON names of the fields, by attribute.
        tag: The tag by the name of its field; empty for a Struct without one.
        rows: The rows of the table, each with its `absent` and its `other` as JSON values.
    """

    names: dict[str, str]
    tag: dict[str, Any]
    rows: list[tuple[OpenAIField, Any, Any]]


def in_openai_shape(value: object) -> Any:
    """Make a JSON value of what was received, in OpenAI's shape.

    Args:
        value: A Struct of the spec, or a list of those; anything else comes back as it is.

    Returns:
        A value to be encoded and not to be changed: it shares its parts with others.
    """
    if isinstance(value, Struct):
        return _fields(value)
    # A list holds Structs, or any JSON, which stays as it is.
    return [_fields(part) if isinstance(part, Struct) else part for part in value] if is_array(value) else value


def _fields(value: Struct) -> Any:
    if not getattr(value, "__received__", False):
        return value
    plan = _plan(type(value))
    fields = plan.tag.copy()
    for attribute, name in plan.names.items():
        part = getattr(value, attribute)
        if part is not None and part is not UNSET:
            fields[name] = in_openai_shape(part)
    for row, absent, other in plan.rows:
        if row.nests:
            fields = _nested(fields, row.field, absent)
        else:
            fields[row.field] = _taken(fields.get(row.field), row.known, absent, other)
            if not row.absent and fields[row.field] is None:
                del fields[row.field]
    return fields


@cache
def _plan(cls: type[Struct]) -> Plan:
    config, name = cls.__struct_config__, cls.__name__
    rows = [
        (row, msgspec.json.decode(row.absent or "null"), msgspec.json.decode(row.other or "null"))
        for row in OPENAI_SHAPE
        if name in row.objects
    ]
    return Plan(json_names(cls), {} if config.tag_field is None else {config.tag_field: config.tag}, rows)


def _taken(value: object, known: tuple[str, ...], absent: object, other: object) -> Any:
    """Give the value that OpenAI's type takes in place of a value."""
    if value is None or (known and value == ""):
        return absent
    if isinstance(absent, str) and isinstance(value, (int, float)):
        return str(value)
    return other if known and value not in known else value


def _nested(fields: dict[str, Any], name: str, absent: dict[str, Any]) -> dict[str, Any]:
    """Put all fields but the type into an object beside it; what is in that object already counts."""
    type_alone = {"type": fields["type"]}
    flat = {key: value for key, value in fields.items() if key not in ("type", name)}
    given = fields.get(name)
    return {**type_alone, name: {**absent, **flat, **(given if is_object(given) else {})}}
