"""The closed dialect of spec/README.md: what one file may say, keyword by keyword.

Nothing is ignored silently: whatever is not in the tables below is a problem, with the nearest known word as a hint.
"""

import builtins
import json
import keyword
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from math import isfinite
from typing import Any, TypeAlias, cast

from codegen.spec import Definition, Schema, target, types_of

__all__ = ["BOUNDS", "BY_TYPE", "DRAFT", "Found", "check_file", "nearest"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ID = "https://mimo-proto.invalid/spec/{area}.json"
AREA = re.compile(r"[a-z][a-z0-9_]*")
NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
# It stands in the generated source as it is; outside of ASCII, Python takes some letters for others.
PROPERTY = re.compile(r"[A-Za-z0-9_$@.:/-]+")
REFERENCE = re.compile(r"(?:(?P<area>\w+)\.json)?#/\$defs/(?P<name>\w+)")

# Keyword -> the Python type of its value.
FILE: Mapping[str, type] = {"$schema": str, "$id": str, "title": str, "description": str, "$defs": dict}
NOTES: Mapping[str, type] = {"description": str, "x-note": str, "x-reason": str}
OBJECT: Mapping[str, type] = {"type": str, "properties": dict, "required": list, "x-root": str, **NOTES}
UNION: Mapping[str, type] = {"oneOf": list, "x-root": str, "x-tag-default": str, "x-accepts": list, **NOTES}
ENUM: Mapping[str, type] = {"type": str, "enum": list, **NOTES}
FORMS: Mapping[str, Mapping[str, type]] = {
    "$ref": {"$ref": str},
    "const": {"const": str, "type": str},
    "enum": {"enum": list, "type": str},
    "oneOf": {"oneOf": list},
}
BY_TYPE: Mapping[str, Mapping[str, Any]] = {
    "string": {"minLength": int, "maxLength": int, "pattern": str},
    "integer": {"minimum": int, "maximum": int},
    "number": {"minimum": (int, float), "maximum": (int, float)},
    "array": {"minItems": int, "maxItems": int, "items": dict},
    "boolean": {},
    "object": {},
    "null": {},
}
BOUNDS = ("minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems")
# What a property may say besides its type.
BESIDE: Mapping[str, Any] = {**NOTES, "default": object, "examples": list, "x-absent": object}
WORDS = sorted({*FILE, *OBJECT, *UNION, *ENUM, *BOUNDS, *BESIDE, "$ref", "const", "items"})
# What may stand for an absent property, by JSON type.
ABSENT: Mapping[str, object] = {"string": "", "array": [], "object": {}, "null": None}

# Names that the generated modules use themselves.
TAKEN = (
    *("Annotated", "Any", "ClassVar", "Literal", "Mapping", "Meta", "NoneType", "Required", "Sequence"),
    *("Struct", "TypeAlias", "TypedDict", "Unknown", "UnsetType", "WholeSpec"),
)
HIDING = ("str", "int", "float", "bool", "list", "dict", "field", "UNSET")

# A JSON path within a file, and what is wrong there.
Found: TypeAlias = Iterator[tuple[str, str]]


def _get(schema: Schema, key: str, kind: type) -> Any:
    """A keyword's value, or an empty one where it is absent or of the wrong type (which is a problem of its own)."""
    value = schema.get(key)
    return value if isinstance(value, kind) else kind()


def nearest(word: str, words: Collection[str]) -> str:
    """A hint at the known word that looks most like an unknown one, or nothing."""
    found = get_close_matches(word, words, n=1)
    return f", did you mean {found[0]!r}?" if found else ""


def _keywords(path: str, schema: Schema, allowed: Mapping[str, Any], needed: Collection[str], where: str) -> Found:
    for key, value in schema.items():
        if key not in allowed:
            known = f"the keyword {key!r} has no meaning {where}"
            yield f"{path}/{key}", known if key in WORDS else f"unknown keyword {key!r}{nearest(key, WORDS)}"
        elif not isinstance(value, allowed[key]) or (isinstance(value, bool) and allowed[key] is not object):
            yield f"{path}/{key}", f"the value has the wrong type: {json.dumps(value)}"
        elif value == "" and allowed[key] is str:
            yield f"{path}/{key}", "the text is empty"
    for key in needed:
        if key not in schema:
            yield path, f"{key!r} is missing"


def check_file(area: str, content: Schema, definitions: Mapping[str, Definition]) -> Found:
    """Check one file by itself; of the other definitions only names and kinds count.

    Args:
        area: the file's name without its ending.
        content: its JSON.
        definitions: those of all files, by name.

    Returns:
        The JSON path and the description of each problem.
    """
    yield from _keywords("", content, FILE, FILE, "at the top of a file")
    if not AREA.fullmatch(area) or keyword.iskeyword(area):
        yield "", "a file's name becomes a module's: lower case letters, digits and _"
    for key, value in (("$schema", DRAFT), ("$id", ID.format(area=area))):
        if content.get(key, value) != value:
            yield f"/{key}", f"must be {value!r}"
    for name, schema in _get(content, "$defs", dict).items():
        path = f"/$defs/{name}"
        if not NAME.fullmatch(name):
            yield path, "a definition's name is PascalCase"
        elif keyword.iskeyword(name) or hasattr(builtins, name) or name in TAKEN:
            yield path, "the name means something else in Python or in the generated modules"
        if name not in definitions:
            yield path, "a definition is an object"
        elif "oneOf" in schema:
            yield from _union(path, area, schema, definitions)
        elif schema.get("type") == "object":
            yield from _object(path, area, schema, definitions)
        else:
            yield from _keywords(path, schema, ENUM, ("type", "enum", "description"), "in an enum")
            yield from _values(path, schema)


def _object(path: str, area: str, schema: Schema, definitions: Mapping[str, Definition]) -> Found:
    yield from _keywords(path, schema, OBJECT, ("description", "properties"), "in an object")
    yield from _root(path, schema)
    properties: Schema = _get(schema, "properties", dict)
    if not properties:
        yield f"{path}/properties", "an object with a name has properties; a property of type object may hold anything"
    for name, value in properties.items():
        here = f"{path}/properties/{name}"
        if not PROPERTY.fullmatch(name):
            yield here, "a property's name is made of ASCII letters, digits and any of _ - . : / $ @"
        elif schema.get("x-root") == "sent" and not _is_argument(name):
            yield (
                here,
                "a field of a request is a keyword argument: its name is one that Python takes, without _ before it",
            )
        if name in HIDING or name in TAKEN or name in definitions:
            yield here, "a field of this name would hide a type from the annotations after it"
        problems = list(_value(here, area, value, definitions, is_property=True))
        yield from problems or _absent(here, value, definitions)
    yield from _names(path, schema, "required", "property", properties)


def _absent(path: str, schema: Schema, definitions: Mapping[str, Definition]) -> Found:
    """What stands for an absent property: an empty value, of a type that the property has."""
    if "x-absent" not in schema:
        return
    value = schema["x-absent"]
    kind = next((kind for kind, empty in ABSENT.items() if empty == value), "")
    if not kind:
        yield f"{path}/x-absent", f'must be "", [], {{}} or null, not {json.dumps(value)}'
    elif kind not in _kinds(schema, definitions) or "const" in schema or "enum" in schema:
        yield f"{path}/x-absent", f"{json.dumps(value)} is not of the property's type"


def _kinds(schema: Schema, definitions: Mapping[str, Definition]) -> list[str]:
    """The JSON types of what a sound schema takes."""
    if "oneOf" in schema:
        return [kind for member in schema["oneOf"] for kind in _kinds(member, definitions)]
    if "$ref" in schema:
        return ["string" if definitions[target(schema["$ref"])].kind == "enum" else "object"]
    return types_of(schema)


def _is_argument(name: str) -> bool:
    """Whether a property's attribute has its name: if not, a keyword argument of that name would be another's."""
    return name.isidentifier() and not keyword.iskeyword(name) and name[0] != "_"


def _names(path: str, schema: Schema, key: str, what: str, known: Collection[str]) -> Found:
    """A list of names, each of something that there is, and each once."""
    names = list(map(str, _get(schema, key, list)))
    for index, name in enumerate(names):
        if name not in known:
            yield f"{path}/{key}/{index}", f"there is no {what} {name!r}{nearest(name, known)}"
        elif name in names[:index]:
            yield f"{path}/{key}/{index}", f"{name!r} stands twice"


def _root(path: str, schema: Schema) -> Found:
    if schema.get("x-root", "sent") not in ("sent", "received"):
        yield f"{path}/x-root", "must be 'sent' or 'received'"


def _union(path: str, area: str, schema: Schema, definitions: Mapping[str, Definition]) -> Found:
    yield from _keywords(path, schema, UNION, ("description",), "in a union")
    yield from _root(path, schema)
    if not (members := _get(schema, "oneOf", list)):
        yield f"{path}/oneOf", "a union has members"
    for index, member in enumerate(members):
        if isinstance(member, dict) and [*member] == ["$ref"]:
            yield from _reference(f"{path}/oneOf/{index}", area, cast("Schema", member), definitions)
        else:
            yield f"{path}/oneOf/{index}", "a union's members are references, and nothing beside them"
    objects = {name for name, definition in definitions.items() if definition.kind == "object"}
    yield from _names(path, schema, "x-accepts", "object", objects)


def _values(path: str, schema: Schema) -> Found:
    values = _get(schema, "enum", list)
    if schema.get("type", "string") != "string":
        yield f"{path}/type", "const and enum are of type string"
    if "enum" in schema and (not values or any(not isinstance(v, str) or values.count(v) > 1 for v in values)):
        yield f"{path}/enum", "an enum lists strings, each once"


def _value(
    path: str, area: str, schema: Any, definitions: Mapping[str, Definition], *, is_property: bool = False
) -> Found:
    if not isinstance(schema, dict):
        yield path, "a schema is an object"
        return
    schema = cast("Schema", schema)
    form = next((form for form in FORMS if form in schema), "type")
    allowed: dict[str, Any] = {"type": (str, list)} if form == "type" else dict(FORMS[form])
    types = types_of(schema) if isinstance(schema.get("type", ""), str | list) else []
    if form == "type":
        for name in types:
            allowed.update(BY_TYPE.get(str(name), {}))
    if is_property:
        allowed.update(BESIDE)
    where = f"beside {form!r}" if form != "type" else f"on type {' or '.join(map(str, types))}"
    needed = ([form] if form == "type" else []) + (["description"] if is_property else [])
    yield from _keywords(path, schema, allowed, needed, where)
    match form:
        case "$ref":
            yield from _reference(path, area, schema, definitions)
        case "const" | "enum":
            yield from _values(path, schema)
        case "oneOf":
            yield from _alternatives(path, area, schema, definitions)
        case _:
            yield from _types(path, schema.get("type"), types)
            if "items" in schema:
                yield from _value(f"{path}/items", area, schema["items"], definitions)
            yield from _bounds(path, schema)


def _types(path: str, written: object, types: list[str]) -> Found:
    for name in map(str, types):
        if name not in BY_TYPE:
            yield f"{path}/type", f"there is no type {name!r}{nearest(name, BY_TYPE)}"
    if isinstance(written, list) and (len(types) != 2 or types[1] != "null" or types[0] == "null"):
        yield f"{path}/type", 'a list of types is [X, "null"]; else use oneOf'


def _bounds(path: str, schema: Schema) -> Found:
    for key in BOUNDS:
        value = schema.get(key)
        # msgspec holds whole numbers to no other bounds, and Python's JSON takes NaN and Infinity for numbers.
        if (isinstance(value, int) and not -(2**63) <= value < 2**63) or (
            isinstance(value, float) and not isfinite(value)
        ):
            yield f"{path}/{key}", f"a bound is a number that fits into 64 bits, {value} is none"
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        bounds = [schema[key] for key in (low, high) if isinstance(schema.get(key), int | float)]
        if bounds != sorted(bounds) or (low != "minimum" and min(bounds, default=0) < 0):
            yield path, f"{low} and {high} are no range: {' to '.join(map(str, bounds))}"
    try:
        re.compile(_get(schema, "pattern", str))
    except re.error as error:
        yield f"{path}/pattern", f"no regular expression: {error}"


def _reference(path: str, area: str, schema: Schema, definitions: Mapping[str, Definition]) -> Found:
    match = REFERENCE.fullmatch(str(schema["$ref"]))
    if not match:
        yield f"{path}/$ref", "a reference is '#/$defs/Name' or 'area.json#/$defs/Name'"
    elif match["name"] not in definitions:
        yield f"{path}/$ref", f"there is no definition {match['name']!r}{nearest(match['name'], definitions)}"
    elif definitions[match["name"]].area != (match["area"] or area):
        yield f"{path}/$ref", f"{match['name']} is in {definitions[match['name']].area}.json"


def _alternatives(path: str, area: str, schema: Schema, definitions: Mapping[str, Definition]) -> Found:
    """The members of a property's `oneOf`: a reader must be able to tell them by their JSON types."""
    seen: list[str] = []
    members = _get(schema, "oneOf", list)
    if len(members) < 2:
        yield f"{path}/oneOf", "needs two members or more"
    for index, member in enumerate(members):
        here = f"{path}/oneOf/{index}"
        problems = list(_value(here, area, member, definitions))
        yield from problems
        if problems:
            continue
        if "oneOf" in member:
            yield here, "a oneOf within a oneOf: list the members flat"
            continue
        for kind in _kinds(member, definitions):
            if kind in seen:
                yield here, f"two members are of type {kind}"
            elif {kind, *seen} >= {"integer", "number"}:
                yield here, "every integer is a number: of the two, only one can be a member"
            seen.append(kind)
