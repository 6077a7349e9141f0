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
# The keywords of JSON Schema 2020-12 in which msgspec writes schemas that may refer to others: one schema, a list of
# them, or some by name.
ONE_SCHEMA = ("items", "additionalProperties")
LISTED_SCHEMAS = ("anyOf", "prefixItems")
NAMED_SCHEMAS = ("properties",)
# OpenAPI's, not JSON Schema's; it names what stood in `$defs`.
LEFT_OUT = ("$ref", "discriminator")


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
        # Those that hold themselves, by name.
        self._kept: dict[str, Any] = {}

    def whole(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Give a schema with its definitions in place, and behind it those that hold themselves."""
        inlined = self._schema(schema, ())
        return {**inlined, "$defs": self._kept} if self._kept else inlined

    def _schema(self, schema: Any, inside: tuple[str, ...]) -> Any:
        """Give a schema; `inside` names the definitions that it stands in."""
        if isinstance(schema, bool):
            return schema
        own = {key: self._keyword(key, value, inside) for key, value in schema.items() if key not in LEFT_OUT}
        name = schema.get("$ref", "").removeprefix(REFERENCE)
        if not name:
            return own
        if name in inside:
            self._keep(name)
            return {**own, "$ref": REFERENCE + name}
        # What stands beside a reference says more of this place than the definition does.
        return {**self._schema(self._definitions[name], (*inside, name)), **own}

    def _keyword(self, key: str, value: Any, inside: tuple[str, ...]) -> Any:
        if key == "description":
            return cleandoc(value)
        if key == "items" and isinstance(value, list):
            raise ConfigurationError("MiMo refuses a schema in which `items` is a list; write prefixItems")
        if key in ONE_SCHEMA:
            return self._schema(value, inside)
        if key in LISTED_SCHEMAS:
            return [self._schema(each, inside) for each in value]
        if key in NAMED_SCHEMAS:
            return {name: self._schema(each, inside) for name, each in value.items()}
        return value

    def _keep(self, name: str) -> None:
        if name not in self._kept:
            self._kept[name] = {}
            self._kept[name] = self._schema(self._definitions[name], (name,))
