"""A spec in memory: its areas (one per file), and all definitions by name."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Definition", "Kind", "Schema", "Spec", "in_order", "json_types", "target", "types_of"]

Schema: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["object", "union", "enum"]


@dataclass(frozen=True)
class Definition:
    """One entry of a file's `$defs`."""

    name: str
    area: str
    schema: Schema

    @property
    def kind(self) -> Kind:
        """The kind of definition that the keywords make it."""
        if "oneOf" in self.schema:
            return "union"
        return "object" if self.schema.get("type") == "object" else "enum"

    @property
    def properties(self) -> dict[str, Schema]:
        """The properties of an object, in order."""
        properties: dict[str, Schema] = self.schema.get("properties", {})
        return properties

    @property
    def required(self) -> list[str]:
        """The names that an object must have."""
        required: list[str] = self.schema.get("required", [])
        return required

    @property
    def tag(self) -> tuple[str, str] | None:
        """Name and value of the first property with a `const`: what tells an object from the others of its union."""
        return next(((name, prop["const"]) for name, prop in self.properties.items() if "const" in prop), None)

    @property
    def members(self) -> list[str]:
        """The names of a union's objects."""
        return [target(member["$ref"]) for member in self.schema.get("oneOf", [])]

    @property
    def references(self) -> list[str]:
        """The names of all definitions that values of this one are made of, in order."""
        return list(_references(self.schema))


@dataclass(frozen=True)
class Spec:
    """All files of a spec, merged: areas in order of dependence, definitions in the order of their files."""

    version: str
    areas: dict[str, Schema]
    definitions: dict[str, Definition]

    def of(self, area: str) -> list[Definition]:
        """The definitions of one area, in the order of its file."""
        return [definition for definition in self.definitions.values() if definition.area == area]

    def tag_of(self, definition: Definition) -> tuple[str, str] | None:
        """Name and value of an object's tag, or None if the object is in no union."""
        return definition.tag if self.unions_of(definition.name) else None

    def unions_of(self, name: str) -> list[Definition]:
        """The unions that an object is a member of."""
        return [d for d in self.definitions.values() if d.kind == "union" and name in d.members]


def in_order(names: Iterable[str], parts: Callable[[str], Iterable[str]]) -> list[str]:
    """Sort so that what something is made of comes before it, and all else stays where it was."""
    seen: set[str] = set()
    order: list[str] = []

    def place(name: str) -> None:
        if name not in seen:
            seen.add(name)
            for part in parts(name):
                place(part)
            order.append(name)

    for name in names:
        place(name)
    return order


def target(reference: str) -> str:
    """The name that a `$ref` points at."""
    return reference.rpartition("/")[2]


def types_of(schema: Schema) -> list[str]:
    """The JSON types that a schema names in its `type`; a `const` or `enum` is a string."""
    types: str | list[str] = schema.get("type", "string")
    return [types] if isinstance(types, str) else types


def json_types(schema: Schema, definitions: Mapping[str, Definition]) -> list[str]:
    """The JSON types of what a schema takes, through references and alternatives."""
    if "oneOf" in schema:
        return [name for member in schema["oneOf"] for name in json_types(member, definitions)]
    if "$ref" in schema:
        return ["string" if definitions[target(schema["$ref"])].kind == "enum" else "object"]
    return types_of(schema)


def _references(schema: Schema) -> Iterator[str]:
    if "$ref" in schema:
        yield target(schema["$ref"])
    inner = [*schema.get("properties", {}).values(), *schema.get("oneOf", [])]
    for value in [*inner, schema["items"]] if "items" in schema else inner:
        yield from _references(value)
