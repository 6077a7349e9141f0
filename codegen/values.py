"""Whether a value is what a schema says: the examples and defaults are held to their property."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from .spec import Definition, Schema, target, types_of

__all__ = ["contradictions"]

# Which of Python's types the values of a JSON type have.
PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "boolean": (bool,),
    "object": (dict,),
    "null": (type(None),),
}


def contradictions(value: Any, schema: Schema, definitions: Mapping[str, Definition]) -> Iterator[str]:
    """Say what a value contradicts in a schema that the dialect takes.

    Args:
        value: JSON, parsed.
        schema: The schema of a property, or of the items of one.
        definitions: The definitions of all files, by name.

    Returns:
        A reason for each contradiction; of a `oneOf`, one for all of its members.
    """
    if "oneOf" in schema:
        yield from _of_members(value, schema["oneOf"], definitions)
    elif "$ref" in schema:
        yield from _of_definition(value, definitions[target(schema["$ref"])], definitions)
    elif "const" in schema or "enum" in schema:
        if value not in schema.get("enum", [schema.get("const")]):
            yield "is none of the values that there are"
    elif not any(_is_of_type(value, name) for name in types_of(schema)):
        yield f"is not of type {' or '.join(types_of(schema))}"
    elif isinstance(value, list):
        yield from _of_items(cast("list[object]", value), schema, definitions)
    else:
        yield from _out_of_bounds(value, schema)


def _is_of_type(value: Any, name: str) -> bool:
    # JSON has one kind of number: 1.0 is an integer too. A bool is no number, although Python's is an int.
    whole = value.__class__ is float and value.is_integer() and name == "integer"
    return whole or value.__class__ in PYTHON_TYPES[name]


def _of_items(value: list[object], schema: Schema, definitions: Mapping[str, Definition]) -> Iterator[str]:
    yield from _out_of_range(len(value), schema, "minItems", "maxItems")
    for element in value if "items" in schema else ():
        yield from contradictions(element, schema["items"], definitions)


def _of_members(value: Any, members: Iterable[Schema], definitions: Mapping[str, Definition]) -> Iterator[str]:
    if all(any(contradictions(value, member, definitions)) for member in members):
        yield "is of none of the types that there are"


def _of_definition(value: Any, definition: Definition, definitions: Mapping[str, Definition]) -> Iterator[str]:
    if definition.kind == "enum":
        yield from contradictions(value, definition.schema, definitions)
    elif not isinstance(value, dict):
        yield "is no object"
    elif definition.kind == "union":
        yield from _of_members(value, definition.schema["oneOf"], definitions)
    else:
        content = cast("Schema", value)
        yield from (f"lacks {name!r}" for name in definition.required if name not in content)
        for name, schema in definition.properties.items():
            if name in content:
                yield from contradictions(content[name], schema, definitions)


def _out_of_bounds(value: Any, schema: Schema) -> Iterator[str]:
    """The bounds that a text or a number does not keep."""
    if isinstance(value, str):
        yield from _out_of_range(len(value), schema, "minLength", "maxLength")
        if not re.search(schema.get("pattern", ""), value):
            yield f"does not match the pattern {schema['pattern']}"
    elif isinstance(value, int | float):
        yield from _out_of_range(value, schema, "minimum", "maximum")


def _out_of_range(size: float, schema: Schema, low: str, high: str) -> Iterator[str]:
    if size < schema.get(low, size):
        yield f"is below the {low} {schema[low]}"
    if size > schema.get(high, size):
        yield f"is above the {high} {schema[high]}"
