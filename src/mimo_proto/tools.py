"""A tool made of a Struct: the function's arguments as a type, its schema for the model.

Rules:
- MiMo checks the parameters of a tool against JSON Schema 2020-12 (esengine/DeepSeek-Reasonix#6327), the dialect that
  msgspec writes. What `$ref` points to stands in its place, so that the model reads a schema from top to bottom; only a
  type that holds itself stays in `$defs`.
- The docstring of the Struct describes the function; `msgspec.Meta` describes a field, and bounds its values.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

import msgspec
from msgspec import UNSET

from mimo_proto.errors import ConfigurationError
from mimo_proto.models import FunctionDefinition, FunctionTool

__all__ = ["function_tool"]

REFERENCE = "#/$defs/"
# The keywords under which the meta-schema of 2020-12 has one schema, a list of them, or some by name.
ONE_SCHEMA = {
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
}
LISTED_SCHEMAS = {"allOf", "anyOf", "oneOf", "prefixItems"}
NAMED_SCHEMAS = {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}


def function_tool(
    arguments: type[Any],
    *,
    name: str | None = None,
    description: str | None = None,
) -> FunctionTool:
    """Make a tool of a Struct whose fields are the arguments of the function.

    Args:
        arguments: A Struct, a dataclass or a TypedDict; `parse_arguments` makes one of what the model calls with.
        name: The function's name, 1 to 64 letters, digits, `_` and `-`; the type's own where it is None.
        description: What the function does and when to use it, for the model; the docstring where it is None.

    Raises:
        ConfigurationError: The name is not one, the type has no JSON Schema, its values are no JSON objects, or a
            schema of the caller's own in it (`Meta.extra_json_schema`) has a list for `items`.
    """
    schema = _schema_of(arguments)
    if schema.get("type") != "object":
        raise ConfigurationError(f"the arguments of a function are a JSON object, and {arguments!r} is none")
    described = schema.pop("description", UNSET)
    # The function's name says it.
    title = schema.pop("title", "")
    called = getattr(arguments, "__name__", title) if name is None else name
    try:
        msgspec.convert({"name": called}, FunctionDefinition)
    except msgspec.ValidationError as error:
        problem = str(error)
    else:
        definition = FunctionDefinition(
            name=called, description=described if description is None else description, parameters=schema
        )
        return FunctionTool(function=definition)
    raise ConfigurationError(f"{called!r} cannot be the name of a function: {problem}; give name= another")


def _schema_of(arguments: Any) -> dict[str, Any]:
    """Give the JSON Schema of a type, with what it refers to in its place."""
    try:
        schema = msgspec.json.schema(arguments)
    except TypeError as error:
        problem = str(error)
    else:
        return _Inliner(schema.pop("$defs", {})).whole(schema)
    raise ConfigurationError(f"{arguments!r} has no JSON Schema: {problem}")


class _Inliner:
    """Put definitions in the place of what refers to them.

    Args:
        definitions: The schemas that a `$ref` may name.
    """

    def __init__(self, definitions: dict[str, Any]) -> None:
        self._definitions = definitions
        # Those that hold themselves, by name: put in their own place, they would never end.
        self._kept: dict[str, Any] = {}

    def whole(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Give a schema with its definitions in place, and behind it those that hold themselves."""
        inlined = self._keywords(self._definitions.get(_name_in(schema), schema))
        return {**inlined, "$defs": self._kept} if self._kept else inlined

    def _schema(self, schema: Any) -> Any:
        if schema.__class__ is not dict:  # true and false are schemas too
            return schema
        own, name = self._keywords(schema), _name_in(schema)
        definition = self._definitions.get(name)
        if definition is None:
            return own
        if name in self._names_behind(definition):
            self._keep(name)
            return own
        del own["$ref"]
        # What stands beside a reference says more of this place than the definition does.
        return {**self._schema(definition), **own}

    def _keywords(self, schema: dict[str, Any]) -> dict[str, Any]:
        # A discriminator is OpenAPI's, not JSON Schema's.
        return {key: self._keyword(key, value) for key, value in schema.items() if key != "discriminator"}

    def _keyword(self, key: str, value: Any) -> Any:
        kind = value.__class__
        if key == "items" and kind is list:
            raise ConfigurationError("MiMo refuses a schema in which `items` is a list; write prefixItems")
        if key == "description" and kind is str:
            return cleandoc(value)
        if key in ONE_SCHEMA:
            return self._schema(value)
        if key in LISTED_SCHEMAS and kind is list:
            return [self._schema(each) for each in value]
        if key in NAMED_SCHEMAS and kind is dict:
            return {name: self._schema(each) for name, each in value.items()}
        return value

    def _names_behind(self, schema: dict[str, Any]) -> set[str]:
        """List the definitions that a schema leads to."""
        names: set[str] = set()
        ahead: list[Any] = [schema]
        while ahead:
            here = ahead.pop()
            if here.__class__ is list:
                ahead += here
            elif here.__class__ is dict:
                ahead += here.values()
                name = _name_in(here)
                if name in self._definitions and name not in names:
                    names.add(name)
                    ahead.append(self._definitions[name])
        return names

    def _keep(self, name: str) -> None:
        if name not in self._kept:
            self._kept[name] = {}
            self._kept[name] = self._keywords(self._definitions[name])


def _name_in(schema: dict[str, Any]) -> str:
    """Give the name of the definition that a schema refers to; "" for none."""
    reference = schema.get("$ref")
    return reference.removeprefix(REFERENCE) if isinstance(reference, str) else ""
