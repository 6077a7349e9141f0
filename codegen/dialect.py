"""The schemas: loading them, and refusing all that the closed dialect of spec/README.md does not have.

A spec is a directory of `<area>.json` files beside a `VERSION`. Nothing is ignored silently: an unknown keyword, a
dangling `$ref`, a union without a tag and so on are `Problem`s, all of them raised at once in one `SpecError`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

__all__ = [
    "Definition",
    "Problem",
    "Schema",
    "Spec",
    "SpecError",
    "check",
    "load",
    "read_directory",
    "target",
    "types_of",
]

Schema: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["object", "union", "enum"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ID = "https://mimo-proto.invalid/spec/{area}.json"
SCALARS = ("string", "integer", "number", "boolean")
TYPES = (*SCALARS, "object", "array", "null")
REFERENCE = re.compile(r"(?:(?P<area>[a-z][a-z0-9_]*)\.json)?#/\$defs/(?P<name>\w+)")

# What may stand where: keyword -> the JSON type of its value.
FILE = {"$schema": str, "$id": str, "title": str, "description": str, "$defs": dict}
NOTES = {"description": str, "x-note": str, "x-reason": str}
KINDS: Mapping[str, Mapping[str, type]] = {
    "object": {"type": str, "properties": dict, "required": list, "x-root": str, "examples": list, **NOTES},
    "union": {"oneOf": list, "x-root": str, "x-tag-default": str, "x-accepts": list, **NOTES},
    "enum": {"type": str, "enum": list, **NOTES},
}
BOUNDS = {
    "minimum": ("integer", "number"),
    "maximum": ("integer", "number"),
    "minLength": ("string",),
    "maxLength": ("string",),
    "pattern": ("string",),
    "minItems": ("array",),
    "maxItems": ("array",),
}
VALUE = {"type", "$ref", "const", "enum", "items", "oneOf", *BOUNDS}
PROPERTY = {*VALUE, *NOTES, "default", "examples"}

# Names that the generated modules use themselves.
TAKEN = {"Annotated", "Any", "ClassVar", "Literal", "Mapping", "Meta", "Required", "Sequence", "Struct"} | {
    "TypeAlias", "TypedDict", "Unknown", "UnsetType",
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One thing that the dialect refuses: in which file, at which JSON path, and what to do about it."""

    file: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}#{self.path}: {self.message}"


class SpecError(ValueError):
    """The spec is refused; `problems` holds everything that was found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Definition:
    """One entry of a file's `$defs`."""

    name: str
    area: str
    schema: Schema

    @property
    def kind(self) -> Kind:
        """What it is, by its keywords."""
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
    areas: dict[str, Schema] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)

    def of(self, area: str) -> list[Definition]:
        """The definitions of one area, in the order of its file."""
        return [definition for definition in self.definitions.values() if definition.area == area]

    def unions_of(self, name: str) -> list[Definition]:
        """The unions that an object is a member of."""
        return [d for d in self.definitions.values() if d.kind == "union" and name in d.members]


def target(reference: str) -> str:
    """The name that a `$ref` points at."""
    return reference.rpartition("/")[2]


def types_of(schema: Schema) -> list[str]:
    """The JSON types that a value may have by its `type`; a `const` or `enum` is a string."""
    types: str | list[str] = schema.get("type", "string")
    return [types] if isinstance(types, str) else types


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield target(value)
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def read_directory(directory: Path) -> dict[str, str]:
    """The files that make up a spec, by name."""
    paths = [directory / "VERSION", *sorted(directory.glob("*.json"))]
    return {path.name: path.read_text("utf-8") for path in paths if path.exists()}


def load(files: Mapping[str, str]) -> Spec:
    """Read a spec out of its files and check it.

    Args:
        files: the text of `VERSION` and of each `<area>.json`, by file name.

    Raises:
        SpecError: the files hold anything that the dialect does not have.
    """
    areas: dict[str, Schema] = {}
    problems: list[Problem] = []
    for name, text in files.items():
        if name.endswith(".json"):
            try:
                areas[name.removesuffix(".json")] = json.loads(text, object_pairs_hook=_without_duplicates)
            except ValueError as error:
                problems.append(Problem(name, "", str(error)))
    if problems:
        raise SpecError(problems)
    return check(areas, files.get("VERSION", "").strip())


def _without_duplicates(pairs: list[tuple[str, Any]]) -> Schema:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the name {next(n for n in names if names.count(n) > 1)!r} stands twice in one object")
    return result


def check(areas: Mapping[str, Schema], version: str) -> Spec:
    """Hold the files of a spec to the dialect.

    Raises:
        SpecError: with all problems that were found: those of single files first, else those between definitions.
    """
    checker = _Checker()
    definitions: dict[str, Definition] = {}
    if not version:
        checker.refuse("VERSION", "", "a spec has a file VERSION that holds its version")
    for area, content in areas.items():
        checker.file(area, content, definitions)
    if not checker.problems:
        checker.between(definitions)
    if checker.problems:
        raise SpecError(checker.problems)
    ordered = _by_dependence(areas, definitions)
    return Spec(
        version,
        {area: areas[area] for area in ordered},
        {name: d for area in ordered for name, d in definitions.items() if d.area == area},
    )


def _by_dependence(areas: Mapping[str, Schema], definitions: Mapping[str, Definition]) -> list[str]:
    ordered: list[str] = []

    def place(area: str) -> None:
        for name, definition in definitions.items():
            if definition.area == area:
                for reference in definition.references:
                    if definitions[reference].area not in (area, *ordered):
                        place(definitions[reference].area)
        if area not in ordered:
            ordered.append(area)

    for area in sorted(areas):
        place(area)
    return ordered


class _Checker:
    """Walks the files and collects problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, file: str, path: str, message: str) -> None:
        self.problems.append(Problem(file, path, message))

    def file(self, area: str, content: Schema, definitions: dict[str, Definition]) -> None:
        for name, schema in content["$defs"].items():
            definitions[name] = Definition(name, area, schema)

    def between(self, definitions: dict[str, Definition]) -> None:
        pass
