"""What changed between two versions of a spec, and whether it breaks those who use the models.

Direction decides, as for the arguments and results of a function: what is *sent* may come to allow more, what is
*received* may come to promise more; the other way round breaks. What goes both ways has to keep to both. A promise of
what is received is *stricter*: no program breaks, but a reply without what was promised is refused from then on.

| change | breaks what is sent | breaks what is received |
|---|---|---|
| definition, field, or union member added | no (a required field: yes) | no |
| definition, field, union member, or `x-accepts` removed | yes | yes |
| `x-accepts` added | | yes, if it was received before and not given back: all its unknown fields are encoded then |
| newly required / newly optional | yes / no | stricter / yes (what is only received, with `x-absent`: no) |
| an `x-absent` more / another or gone | no / no | no / yes (null stands for an absent one anyway) |
| a type more / a type less | no / yes | yes / stricter (null, where absent is as good: no) |
| integer to number / number to integer | no / yes | yes / stricter |
| enum value more / less | no / yes | no (enums are open) |
| bound narrowed or new / widened or gone | yes / no | no (bounds are not generated) |
| another tag, kind or direction | yes | yes |
| tag default new / changed or gone | no / yes | no / yes |
| a `const` more on what was optional / another or gone | yes / yes | no |
| the server's default | no | no |
| a description, a note, an example | documentation | documentation |
"""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .dialect import BOUNDS
from .shapes import Shape, Shapes, find_shapes
from .spec import Definition, Schema, Spec, target, types_of

__all__ = ["Change", "Mark", "compare"]

Mark: TypeAlias = Literal["breaking", "stricter", "compatible", "documentation"]
# The path of what differs, how, and what that means.
Differences: TypeAlias = Iterator[tuple[str, str, Mark]]
# What is said of the protocol, and has no other meaning.
NOTES = ("description", "x-note")


@dataclass(frozen=True)
class Change:
    """One change between two specs.

    Attributes:
        area: The file, without its ending.
        name: The definition, or the path of a field.
        direction: The way that the definition travels.
        change: The change in words.
        mark: What the change means for those who use the models.
    """

    area: str
    name: str
    direction: Shape
    change: str
    mark: Mark


def compare(old: Spec, new: Spec) -> list[Change]:
    """Find all changes of meaning, in the order of the new spec; what was removed comes last."""
    before, after = find_shapes(old.definitions), find_shapes(new.definitions)
    changes: list[Change] = []
    for name, definition in new.definitions.items():
        found = _each(name, ["added"], "compatible")
        if name in old.definitions:
            found = _definition(old, new, name, before.of(name), after.of(name))
        changes += [Change(definition.area, path, after.of(name), what, mark) for path, what, mark in found]
    for name, definition in old.definitions.items():
        if name not in new.definitions:
            changes.append(Change(definition.area, name, before.of(name), "removed", "breaking"))
    return changes


def _definition(old: Spec, new: Spec, name: str, before: Shape, after: Shape) -> Differences:
    was, now = old.definitions[name], new.definitions[name]
    if was.area != now.area:
        yield name, f"moved from {was.area} to {now.area}", "compatible"
    if before != after:
        yield name, f"was {before}, is {after}", "breaking"
    if was.kind != now.kind:
        yield name, f"was {_with_article(was.kind)}, is {_with_article(now.kind)}", "breaking"
        return
    if (was_root := was.schema.get("x-root")) != (now_root := now.schema.get("x-root")):
        yield name, f"x-root was {was_root or 'absent'}, is {now_root or 'absent'}", _breaking(was_root is not None)
    yield from _notes(name, was.schema, now.schema)
    if now.kind == "object":
        yield from _object(old, new, was, now, after)
    elif now.kind == "union":
        yield from _union(was, now)
        yield from _accepted(old, was, now, find_shapes(old.definitions))
    else:
        yield from _enum(name, was.schema["enum"], now.schema["enum"], after)


def _each(path: str, changes: Iterable[str], mark: Mark) -> Differences:
    for change in changes:
        yield path, change, mark


def _breaking(breaking: bool) -> Mark:
    return "breaking" if breaking else "compatible"


def _promised(shape: Shape) -> Mark:
    """The mark of what is demanded of whoever sends: of the caller, or of the server alone."""
    return "stricter" if shape == "received" else "breaking"


def _notes(path: str, was: Schema, now: Schema) -> Differences:
    """Compare what is only said: the description with its notes, and the examples."""
    if any(was.get(key) != now.get(key) for key in NOTES):
        yield path, "described otherwise", "documentation"
    before, after = was.get("examples", []), now.get("examples", [])
    yield from _each(
        path, (f"example {json.dumps(each)} added" for each in after if each not in before), "documentation"
    )
    yield from _each(
        path, (f"example {json.dumps(each)} removed" for each in before if each not in after), "documentation"
    )


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _object(old: Spec, new: Spec, was: Definition, now: Definition, shape: Shape) -> Differences:
    (was_tag, was_value), (is_tag, is_value) = old.tag_of(was) or ("", ""), new.tag_of(now) or ("", "")
    if was_tag != is_tag:
        yield now.name, f"the tag's property was {was_tag or 'none'}, is {is_tag or 'none'}", "breaking"
    for name, after in now.properties.items():
        path, required = f"{now.name}.{name}", name in now.required
        if name not in was.properties:
            yield (
                path,
                f"added, {'required' if required else 'optional'}",
                _promised(shape) if required else "compatible",
            )
        elif name != was_tag or name != is_tag:
            field = _Field(path, shape, was.properties[name], after, name in was.required, required)
            yield from _presence(field)
            yield from _default_and_const(field)
            yield from _field_types(field, _alternatives(old, field.before), _alternatives(new, after))
        elif was_value != is_value:
            # Whether the tag must be there is the union's to say: see its tag default.
            yield path, f"the tag was {was_value!r}, is {is_value!r}", "breaking"
        yield from _notes(path, was.properties.get(name, after), after)
    for name in was.properties:
        if name not in now.properties:
            yield f"{now.name}.{name}", "removed", "breaking"


@dataclass(frozen=True)
class _Field:
    """A field that both specs have: its schema before and after, and whether the object required it."""

    path: str
    shape: Shape
    before: Schema
    after: Schema
    was_required: bool
    is_required: bool


def _presence(field: _Field) -> Differences:
    """Compare whether a field must be there, and the value that stands for an absent one."""
    received = field.shape == "received"
    if field.is_required and not field.was_required:
        yield field.path, "newly required", _promised(field.shape)
    if field.was_required and not field.is_required:
        breaking = field.shape == "both" or (received and not _has_absent_value(field.after))
        yield field.path, "newly optional", _breaking(breaking)
    before, after = _json_or_none(field.before, "x-absent"), _json_or_none(field.after, "x-absent")
    if before != after:
        breaking = received and not field.is_required and _has_absent_value(field.before)
        yield field.path, f"what stands for an absent one was {before}, is {after}", _breaking(breaking)


def _has_absent_value(schema: Schema) -> bool:
    """Whether something other than null stands for a field that is absent."""
    return schema.get("x-absent") is not None


def _json_or_none(schema: Schema, keyword: str) -> str:
    return json.dumps(schema[keyword]) if keyword in schema else "none"


def _default_and_const(field: _Field) -> Differences:
    """Compare the server's default and the constant of a field."""
    before, after = field.before, field.after
    if before.get("default") != after.get("default"):
        defaults = _json_or_none(before, "default"), _json_or_none(after, "default")
        yield field.path, "the server's default was {}, is {}".format(*defaults), "compatible"
    # A const is the default of a field that is sent: without one, the field must be given or is left out.
    if field.shape != "received" and before.get("const") != after.get("const"):
        was_const, is_const = (repr(schema["const"]) if "const" in schema else "none" for schema in (before, after))
        breaking = "const" in before or not field.was_required
        yield field.path, f"the constant was {was_const}, is {is_const}", _breaking(breaking)


def _field_types(field: _Field, before: dict[str, Schema], after: dict[str, Schema]) -> Differences:
    # A field that is received is null already where it is optional; what is within it is not.
    was_null = field.shape == "received" and not field.was_required and not _has_absent_value(field.before)
    is_null = field.shape == "received" and not field.is_required
    for path, what, mark in _types(field.path, before, after, field.shape):
        as_before = path == field.path and (what in ["type null added"] * was_null + ["type null removed"] * is_null)
        yield path, what, "compatible" if as_before else mark


def _union(was: Definition, now: Definition) -> Differences:
    yield from _each(
        now.name, (f"member {name} added" for name in now.members if name not in was.members), "compatible"
    )
    yield from _each(
        now.name, (f"member {name} removed" for name in was.members if name not in now.members), "breaking"
    )
    old, new = was.schema.get("x-tag-default"), now.schema.get("x-tag-default")
    if old != new:
        yield now.name, f"the tag default was {old or 'none'}, is {new or 'none'}", _breaking(old is not None)


def _accepted(old: Spec, was: Definition, now: Definition, shapes: Shapes) -> Differences:
    """Compare what type checkers take for a member; what is given back is encoded with all of its unknown fields."""
    before, after = was.schema.get("x-accepts", []), now.schema.get("x-accepts", [])
    for name in after:
        if name not in before:
            encoded_otherwise = name in old.definitions and name not in shapes.sent_back
            yield now.name, f"x-accepts {name} added", _breaking(encoded_otherwise)
    yield from _each(now.name, (f"x-accepts {name} removed" for name in before if name not in after), "breaking")


def _enum(path: str, old: list[str], new: list[str], shape: Shape) -> Differences:
    yield from _each(path, (f"value {value!r} added" for value in new if value not in old), "compatible")
    yield from _each(
        path, (f"value {value!r} removed" for value in old if value not in new), _breaking(shape != "received")
    )


def _types(path: str, was: dict[str, Schema], now: dict[str, Schema], shape: Shape) -> Differences:
    """Compare the types that a value may have, as `_alternatives` gives them."""
    was, now = _expanded(was, now), _expanded(now, was)
    # An integer is a number: the one in place of the other widens or narrows a type, and the bounds are compared.
    if "integer" in was and "number" in now:
        yield path, "type integer widened to number", _breaking(shape != "sent")
        was = _integer_as_number(was)
    elif "number" in was and "integer" in now:
        yield path, "type number narrowed to integer", _promised(shape)
        now = _integer_as_number(now)
    yield from _each(path, (f"type {name} added" for name in now if name not in was), _breaking(shape != "sent"))
    yield from _each(path, (f"type {name} removed" for name in was if name not in now), _promised(shape))
    for name in [name for name in now if name in was]:
        yield from _bounds(path, was[name], now[name], shape)
        yield from _values(path, was[name], now[name], shape)
        yield from _items(f"{path}[]", was[name], now[name], shape)


def _integer_as_number(types: dict[str, Schema]) -> dict[str, Schema]:
    return {"number" if name == "integer" else name: schema for name, schema in types.items()}


def _values(path: str, before: Schema, after: Schema, shape: Shape) -> Differences:
    """Compare the texts that a string may be."""
    if "enum" in before and "enum" in after:
        # A named enum that is used as before has its own entry.
        if "name" not in after or before.get("name") != after["name"]:
            yield from _enum(path, before["enum"], after["enum"], shape)
    elif "enum" in after:
        yield path, f"only {', '.join(map(repr, after['enum']))} from now on", _breaking(shape != "received")
    elif "enum" in before:
        yield path, "any text from now on", "compatible"
    known, still = before.get("x-known", []), after.get("x-known", [])
    yield from _each(path, (f"known value {value!r} added" for value in still if value not in known), "compatible")
    yield from _each(path, (f"known value {value!r} removed" for value in known if value not in still), "compatible")


def _items(path: str, before: Schema, after: Schema, shape: Shape) -> Differences:
    if "items" in before and "items" in after:
        yield from _types(path, before["items"], after["items"], shape)
    elif "items" in before or "items" in after:
        yield path, "the items' type was added or removed", "breaking"


def _alternatives(spec: Spec, schema: Schema) -> dict[str, Schema]:
    """The types that a value may have; enums, named ones too, and consts are strings with values."""
    if "oneOf" in schema:
        return {name: value for member in schema["oneOf"] for name, value in _alternatives(spec, member).items()}
    if "$ref" in schema:
        return _named_type(spec.definitions[target(schema["$ref"])])
    if "const" in schema:
        return {"string": {"enum": [schema["const"]]}}
    kept = {key: schema[key] for key in (*BOUNDS, "enum", "x-known") if key in schema}
    if "items" in schema:
        kept["items"] = _alternatives(spec, schema["items"])
    return {name: {} if name == "null" else kept for name in types_of(schema)}


def _named_type(definition: Definition) -> dict[str, Schema]:
    if definition.kind == "enum":
        return {"string": {"enum": definition.schema["enum"], "name": definition.name}}
    return {definition.name: {"members": definition.members}}


def _expanded(types: dict[str, Schema], others: Collection[str]) -> dict[str, Schema]:
    """The same types with each union's members in place of the union, if the other side does not have the union."""
    expanded: dict[str, Schema] = {}
    for name, schema in types.items():
        names = [name] if name in others else schema.get("members") or [name]
        expanded.update(dict.fromkeys(names, schema))
    return expanded


def _bounds(path: str, was: Schema, now: Schema, shape: Shape) -> Differences:
    for bound in BOUNDS:
        old, new = was.get(bound), now.get(bound)
        if old == new:
            continue
        if old is None:
            narrowed, what = True, f"{bound} {new} added"
        elif new is None:
            narrowed, what = False, f"{bound} {old} removed"
        else:
            narrowed = bound == "pattern" or (new > old) == bound.startswith("min")
            how = "changed" if bound == "pattern" else "narrowed" if narrowed else "widened"
            what = f"{bound} {how} from {old} to {new}"
        yield path, what, _breaking(narrowed and shape != "received")
