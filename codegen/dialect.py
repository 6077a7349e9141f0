"""The closed dialect of spec/README.md: what one file may say, keyword by keyword.

Nothing is ignored silently: whatever is not in the tables below is a problem, with the nearest known keyword as a hint.
"""

import builtins
import json
import keyword
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from math import isfinite
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from .spec import Definition, Schema, json_types, types_of

__all__ = ["BOUNDS", "DRAFT", "KEYWORDS_BY_TYPE", "Messages", "check_file", "nearest"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ID = "https://mimo-proto.invalid/spec/{area}.json"
AREA_NAME = re.compile(r"[a-z][a-z0-9_]*")
DEFINITION_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
# A property's name stands in the generated source as it is; outside of ASCII, Python takes some letters for others.
PROPERTY_NAME = re.compile(r"[A-Za-z0-9_$@.:/-]+")
REFERENCE = re.compile(r"(?:(?P<area>\w+)\.json)?#/\$defs/(?P<name>\w+)")

# Keyword -> the Python type of its value.
FILE_KEYWORDS: Mapping[str, type] = {"$schema": str, "$id": str, "title": str, "description": str, "$defs": dict}
NOTES: Mapping[str, type] = {"description": str, "x-note": str, "x-reason": str}
OBJECT_KEYWORDS: Mapping[str, type] = {"type": str, "properties": dict, "required": list, "x-root": str, **NOTES}
UNION_KEYWORDS: Mapping[str, type] = {"oneOf": list, "x-root": str, "x-tag-default": str, "x-accepts": list, **NOTES}
ENUM_KEYWORDS: Mapping[str, type] = {"type": str, "enum": list, **NOTES}
# What may stand beside the keyword that says which values a schema takes: the first of these that it has.
KEYWORDS_BESIDE: Mapping[str, Mapping[str, Any]] = {
    "$ref": {"$ref": str},
    "const": {"const": str, "type": str},
    "enum": {"enum": list, "type": str},
    "oneOf": {"oneOf": list},
    "type": {"type": (str, list)},
}
KEYWORDS_BY_TYPE: Mapping[str, Mapping[str, Any]] = {
    "string": {"minLength": int, "maxLength": int, "pattern": str, "x-known": list},
    "integer": {"minimum": int, "maximum": int},
    "number": {"minimum": (int, float), "maximum": (int, float)},
    "array": {"minItems": int, "maxItems": int, "items": dict},
    "boolean": {},
    "object": {},
    "null": {},
}
BOUNDS = ("minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems")
# What a property may say besides its type.
PROPERTY_KEYWORDS: Mapping[str, Any] = {**NOTES, "default": object, "examples": list, "x-absent": object}
ALL_KEYWORDS = sorted(
    {
        *FILE_KEYWORDS,
        *OBJECT_KEYWORDS,
        *UNION_KEYWORDS,
        *PROPERTY_KEYWORDS,
        *BOUNDS,
        "$ref",
        "const",
        "enum",
        "items",
        "x-known",
    }
)
# What may stand for an absent property, by JSON type.
ABSENT_VALUES: Mapping[str, object] = {"string": "", "array": [], "object": {}, "null": None}

# Names that the generated modules use themselves.
RESERVED_NAMES = (
    *("Annotated", "Any", "ClassVar", "Literal", "Mapping", "Meta", "NoneType", "Required", "Sequence"),
    *("STATIC_ONLY", "Struct", "TypeAlias", "TypedDict", "Unknown", "UnsetType", "WholeSpec"),
)
SHADOWING_NAMES = ("str", "int", "float", "bool", "list", "dict", "field", "UNSET")

# A JSON path within a file, and what is wrong there.
Messages: TypeAlias = Iterator[tuple[str, str]]


def _get(schema: Schema, key: str, value_type: type) -> Any:
    """A keyword's value, or an empty one where that is absent or of the wrong type (a problem of its own)."""
    value = schema.get(key)
    return value if isinstance(value, value_type) else value_type()


def nearest(name: str, known: Collection[str]) -> str:
    """A hint at the known name that looks most like an unknown one, or nothing."""
    found = get_close_matches(name, known, n=1)
    return f", did you mean {found[0]!r}?" if found else ""


def _keywords(path: str, schema: Schema, allowed: Mapping[str, Any], needed: Collection[str], where: str) -> Messages:
    for key, value in schema.items():
        if key not in allowed:
            unknown = f"unknown keyword {key!r}{nearest(key, ALL_KEYWORDS)}"
            yield f"{path}/{key}", f"the keyword {key!r} has no meaning {where}" if key in ALL_KEYWORDS else unknown
        elif not isinstance(value, allowed[key]) or (isinstance(value, bool) and allowed[key] is not object):
            yield f"{path}/{key}", f"the value has the wrong type: {json.dumps(value)}"
        elif value == "" and allowed[key] is str:
            yield f"{path}/{key}", "the text is empty"
    for key in needed:
        if key not in schema:
            yield path, f"{key!r} is missing"


def check_file(area: str, content: Schema, definitions: Mapping[str, Definition]) -> Messages:
    """Check one file by itself; of the other definitions only names and kinds count.

    Args:
        area: The file's name without its ending.
        content: The JSON of the file.
        definitions: The definitions of all files, by name.

    Returns:
        The JSON path and the description of each problem.
    """
    yield from _keywords("", content, FILE_KEYWORDS, FILE_KEYWORDS, "at the top of a file")
    if not AREA_NAME.fullmatch(area) or keyword.iskeyword(area):
        yield "", "a file's name becomes a module's: lower case letters, digits and _"
    for key, value in (("$schema", DRAFT), ("$id", ID.format(area=area))):
        if content.get(key, value) != value:
            yield f"/{key}", f"must be {value!r}"
    for name, schema in _get(content, "$defs", dict).items():
        path = f"/$defs/{name}"
        yield from _definition_name(path, name)
        if isinstance(schema, dict):
            yield from _definition(path, area, cast("Schema", schema), definitions)
        else:
            yield path, "a definition is an object"


def _definition_name(path: str, name: str) -> Messages:
    if not DEFINITION_NAME.fullmatch(name):
        yield path, "a definition's name is PascalCase"
    elif keyword.iskeyword(name) or hasattr(builtins, name) or name in RESERVED_NAMES:
        yield path, "the name means something else in Python or in the generated modules"


def _definition(path: str, area: str, schema: Schema, definitions: Mapping[str, Definition]) -> Messages:
    if "oneOf" in schema:
        yield from _union(path, area, schema, definitions)
    elif schema.get("type") == "object":
        yield from _object(path, area, schema, definitions)
    else:
        yield from _keywords(path, schema, ENUM_KEYWORDS, ("type", "enum", "description"), "in an enum")
        yield from _values(path, schema)


def _object(path: str, area: str, schema: Schema, definitions: Mapping[str, Definition]) -> Messages:
    yield from _keywords(path, schema, OBJECT_KEYWORDS, ("description", "properties"), "in an object")
    yield from _root(path, schema)
    properties: Schema = _get(schema, "properties", dict)
    if not properties:
        yield f"{path}/properties", "an object with a name has properties; a property of type object may hold anything"
    for name, value in properties.items():
        here = f"{path}/properties/{name}"
        yield from _property_name(here, name, is_argument=schema.get("x-root") == "sent")
        if name in SHADOWING_NAMES or name in RESERVED_NAMES or name in definitions:
            yield here, "a field of this name would hide a type from the annotations after it"
        problems = list(_value(here, area, value, definitions, PROPERTY_KEYWORDS))
        yield from problems or _absent(here, value, definitions)
    yield from _names(path, schema, "required", "property", properties)


def _property_name(path: str, name: str, *, is_argument: bool) -> Messages:
    """Hold a name to what an attribute, and in a request a keyword argument, can be called."""
    if not PROPERTY_NAME.fullmatch(name):
        yield path, "a property's name is made of ASCII letters, digits and any of _ - . : / $ @"
    elif is_argument and (not name.isidentifier() or keyword.iskeyword(name) or name[0] == "_"):
        # The attribute would be called otherwise, and a keyword argument of that name could be another's.
        yield path, "a field of a request is a keyword argument: its name is one that Python takes, without _ before it"


def _absent(path: str, schema: Schema, definitions: Mapping[str, Definition]) -> Messages:
    """Check what stands for an absent property: an empty value, of a type that the property has."""
    if "x-absent" not in schema:
        return
    value = schema["x-absent"]
    json_type = next((name for name, empty in ABSENT_VALUES.items() if empty == value), "")
    if not json_type:
        yield f"{path}/x-absent", f'must be "", [], {{}} or null, not {json.dumps(value)}'
    elif json_type not in json_types(schema, definitions) or "const" in schema or "enum" in schema:
        yield f"{path}/x-absent", f"{json.dumps(value)} is not of the property's type"


def _names(path: str, schema: Schema, key: str, what: str, known: Collection[str]) -> Messages:
    """Check a list of names: each stands for something that there is, and stands there once."""
    names = list(map(str, _get(schema, key, list)))
    for index, name in enumerate(names):
        if name not in known:
            yield f"{path}/{key}/{index}", f"there is no {what} {name!r}{nearest(name, known)}"
        elif name in names[:index]:
            yield f"{path}/{key}/{index}", f"{name!r} stands twice"


def _root(path: str, schema: Schema) -> Messages:
    if schema.get("x-root", "sent") not in ("sent", "received"):
        yield f"{path}/x-root", "must be 'sent' or 'received'"


def _union(path: str, area: str, schema: Schema, definitions: Mapping[str, Definition]) -> Messages:
    yield from _keywords(path, schema, UNION_KEYWORDS, ("description",), "in a union")
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


def _values(path: str, schema: Schema) -> Messages:
    values = _get(schema, "enum", list)
    if schema.get("type", "string") != "string":
        yield f"{path}/type", "const and enum are of type string"
    if "enum" in schema and not _are_texts(values):
        yield f"{path}/enum", "an enum lists strings, each once"


def _known(path: str, schema: Schema) -> Messages:
    if "x-known" in schema and not _are_texts(_get(schema, "x-known", list)):
        yield f"{path}/x-known", "the known values are strings, each once"


def _are_texts(values: list[Any]) -> bool:
    """Whether a list has strings, each once, and nothing else."""
    return bool(values) and all(isinstance(value, str) and values.count(value) == 1 for value in values)


def _value(
    path: str,
    area: str,
    schema: Any,
    definitions: Mapping[str, Definition],
    notes: Mapping[str, Any] = MappingProxyType({}),
) -> Messages:
    """Check the schema of a value; `notes` are the keywords that do not say which values those are."""
    if not isinstance(schema, dict):
        yield path, "a schema is an object"
        return
    schema = cast("Schema", schema)
    leading = next((key for key in KEYWORDS_BESIDE if key in schema), "type")
    types = list(map(str, types_of(schema))) if isinstance(schema.get("type", ""), str | list) else []
    allowed, where = {**KEYWORDS_BESIDE[leading], **notes}, f"beside {leading!r}"
    if leading == "type":
        where = f"on type {' or '.join(types)}"
        for name in types:
            allowed |= KEYWORDS_BY_TYPE.get(name, {})
    needed = [key for key in ("type", "description") if key in (leading, *notes)]
    yield from _keywords(path, schema, allowed, needed, where)
    match leading:
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
            yield from _known(path, schema)
            yield from _bounds(path, schema)


def _types(path: str, written: object, types: list[str]) -> Messages:
    for name in types:
        if name not in KEYWORDS_BY_TYPE:
            yield f"{path}/type", f"there is no type {name!r}{nearest(name, KEYWORDS_BY_TYPE)}"
    if isinstance(written, list) and (len(types) != 2 or types[1] != "null" or types[0] == "null"):
        yield f"{path}/type", 'a list of types is [X, "null"]; else use oneOf'


def _bounds(path: str, schema: Schema) -> Messages:
    for key in BOUNDS:
        if key in schema and not _fits_into_64_bits(schema[key]):
            yield f"{path}/{key}", f"a bound is a number that fits into 64 bits, {schema[key]} is not one"
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        bounds = [schema[key] for key in (low, high) if isinstance(schema.get(key), int | float)]
        if bounds != sorted(bounds) or (low != "minimum" and min(bounds, default=0) < 0):
            yield path, f"{low} and {high} are not a range: {' to '.join(map(str, bounds))}"
    try:
        re.compile(_get(schema, "pattern", str))
    except re.error as error:
        yield f"{path}/pattern", f"not a regular expression: {error}"


def _fits_into_64_bits(value: object) -> bool:
    """Whether msgspec can hold a number to this bound; Python's JSON takes NaN and Infinity for numbers."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return not isinstance(value, float) or isfinite(value)


def _reference(path: str, area: str, schema: Schema, definitions: Mapping[str, Definition]) -> Messages:
    match = REFERENCE.fullmatch(str(schema["$ref"]))
    if not match:
        yield f"{path}/$ref", "a reference is '#/$defs/Name' or 'area.json#/$defs/Name'"
    elif match["name"] not in definitions:
        yield f"{path}/$ref", f"there is no definition {match['name']!r}{nearest(match['name'], definitions)}"
    elif definitions[match["name"]].area != (match["area"] or area):
        yield f"{path}/$ref", f"{match['name']} is in {definitions[match['name']].area}.json"


def _alternatives(path: str, area: str, schema: Schema, definitions: Mapping[str, Definition]) -> Messages:
    """Check the members of a property's `oneOf`: their JSON types must tell them apart."""
    seen: list[str] = []
    members = _get(schema, "oneOf", list)
    if len(members) < 2:
        yield f"{path}/oneOf", "needs two members or more"
    for index, member in enumerate(members):
        here = f"{path}/oneOf/{index}"
        if problems := list(_value(here, area, member, definitions)):
            yield from problems
        elif "oneOf" in member:
            yield here, "a oneOf within a oneOf: list the members flat"
        else:
            types = json_types(member, definitions)
            yield from _distinct(here, types, seen)
            seen += types


def _distinct(path: str, types: list[str], others: list[str]) -> Messages:
    """Check that no type of one member is one of another member's too."""
    for name in types:
        if name in others:
            yield path, f"two members are of type {name}"
        elif {name, *others} >= {"integer", "number"}:
            yield path, "every integer is a number: of the two, only one can be a member"
