"""What changed between two versions of a spec, and whether it breaks those who use the models.

Direction decides, as for the arguments and results of a function: what is *sent* may come to allow more, what is
*received* may come to promise more; the other way round breaks. What goes both ways has to keep to both.

| change | breaks what is sent | breaks what is received |
|---|---|---|
| definition, field, or union member added | no (a required field: yes) | no |
| definition, field, union member, or `x-accepts` removed | yes | yes |
| newly required / newly optional | yes / no | no / yes (what is only received, with `x-absent`: no) |
| an `x-absent` more / another or gone | no / no | no / yes (null stands for an absent one anyway) |
| a type more / a type less | no / yes | yes / no |
| integer to number / number to integer | no / yes | yes / no |
| enum value more / less | no / yes | no (enums are open) |
| bound narrowed or new / widened or gone | yes / no | no (bounds are not generated) |
| another tag, kind or direction | yes | yes |
| tag default new / changed or gone | no / yes | no / yes |
| a `const` more on what was optional / another or gone | yes / yes | no |
| the server's default | no | no |
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

from codegen.dialect import BOUNDS
from codegen.shapes import Shape, find_shapes
from codegen.spec import Definition, Schema, Spec, target, types_of

__all__ = ["Change", "Format", "compare", "report"]

Format: TypeAlias = Literal["text", "markdown", "json"]
Found: TypeAlias = Iterator[tuple[str, str, bool]]


@dataclass(frozen=True)
class Change:
    """One difference: of which definition or field, in which direction it travels, and whether it breaks."""

    area: str
    name: str
    direction: Shape
    change: str
    breaking: bool


def compare(old: Spec, new: Spec) -> list[Change]:
    """Find all changes of meaning, in the order of the new spec; what was removed comes last."""
    before, after = find_shapes(old.definitions), find_shapes(new.definitions)
    changes: list[Change] = []
    for name, definition in new.definitions.items():
        found = iter([(name, "added", False)])
        if name in old.definitions:
            found = _definition(old, new, name, before.of(name), after.of(name))
        changes += [Change(definition.area, path, after.of(name), what, breaking) for path, what, breaking in found]
    for name, definition in old.definitions.items():
        if name not in new.definitions:
            changes.append(Change(definition.area, name, before.of(name), "removed", breaking=True))
    return changes


def _definition(old: Spec, new: Spec, name: str, before: Shape, after: Shape) -> Found:
    was, now = old.definitions[name], new.definitions[name]
    if was.area != now.area:
        yield name, f"moved from {was.area} to {now.area}", False
    if before != after:
        yield name, f"was {before}, is {after}", True
    if was.kind != now.kind:
        yield name, f"was {_a(was.kind)}, is {_a(now.kind)}", True
        return
    if (was_root := was.schema.get("x-root")) != (now_root := now.schema.get("x-root")):
        yield name, f"x-root was {was_root or 'absent'}, is {now_root or 'absent'}", was_root is not None
    if now.kind == "object":
        yield from _object(old, new, was, now, after)
    elif now.kind == "union":
        yield from _union(was, now)
    else:
        yield from _enum(name, was.schema["enum"], now.schema["enum"], after)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _object(old: Spec, new: Spec, was: Definition, now: Definition, shape: Shape) -> Found:
    (was_tag, was_value), (is_tag, is_value) = _tag(old, was), _tag(new, now)
    if was_tag != is_tag:
        yield now.name, f"the tag's property was {was_tag or 'none'}, is {is_tag or 'none'}", True
    for field in now.properties:
        path = f"{now.name}.{field}"
        if field not in was.properties:
            required = field in now.required
            yield path, f"added, {'required' if required else 'optional'}", required and shape != "received"
        elif field == was_tag == is_tag:
            # Whether it must be there is the union's to say: see its tag default.
            if was_value != is_value:
                yield path, f"the tag was {was_value!r}, is {is_value!r}", True
        else:
            yield from _presence(was, now, field, shape)
            yield from _said(was, now, field, shape)
            before, after = was.properties[field], now.properties[field]
            # A field that is received was null already when it was optional; what is within it was not.
            was_null = shape == "received" and field not in was.required and not _stands_in(before)
            for place, what, breaking in _value(path, _alternatives(old, before), _alternatives(new, after), shape):
                yield place, what, breaking and not (was_null and (place, what) == (path, "type null added"))
    yield from ((f"{now.name}.{field}", "removed", True) for field in was.properties if field not in now.properties)


def _presence(was: Definition, now: Definition, field: str, shape: Shape) -> Found:
    """Compare whether a field must be there, and what stands for it where it is not."""
    path, before, after = f"{now.name}.{field}", was.properties[field], now.properties[field]
    required = field in now.required
    if required and field not in was.required:
        yield path, "newly required", shape != "received"
    if not required and field in was.required:
        yield path, "newly optional", shape == "both" or (shape == "received" and not _stands_in(after))
    was_absent, is_absent = _shown(before, "x-absent"), _shown(after, "x-absent")
    if was_absent != is_absent:
        breaking = shape == "received" and not required and _stands_in(before)
        yield path, f"what stands for an absent one was {was_absent}, is {is_absent}", breaking


def _stands_in(schema: Schema) -> bool:
    """Whether something other than null stands for a field that is absent."""
    return schema.get("x-absent") is not None


def _shown(schema: Schema, keyword: str) -> str:
    return json.dumps(schema[keyword]) if keyword in schema else "none"


def _said(was: Definition, now: Definition, field: str, shape: Shape) -> Found:
    """Compare the server's default and the constant of a field."""
    path, before, after = f"{now.name}.{field}", was.properties[field], now.properties[field]
    if before.get("default") != after.get("default"):
        yield path, f"the server's default was {_shown(before, 'default')}, is {_shown(after, 'default')}", False
    # A const is the default of a field that is sent: without one, the field must be given or is left out.
    if shape != "received" and before.get("const") != after.get("const"):
        was_const, is_const = (repr(s["const"]) if "const" in s else "none" for s in (before, after))
        yield path, f"the constant was {was_const}, is {is_const}", "const" in before or field not in was.required


def _tag(spec: Spec, definition: Definition) -> tuple[str, str]:
    """What tells an object from the other members of its union: property and value, empty if it is in none."""
    return (definition.tag if spec.unions_of(definition.name) else None) or ("", "")


def _union(was: Definition, now: Definition) -> Found:
    for keyword, before, after in (
        ("member", was.members, now.members),
        ("x-accepts", was.schema.get("x-accepts", []), now.schema.get("x-accepts", [])),
    ):
        yield from ((now.name, f"{keyword} {name} added", False) for name in after if name not in before)
        yield from ((now.name, f"{keyword} {name} removed", True) for name in before if name not in after)
    old, new = was.schema.get("x-tag-default"), now.schema.get("x-tag-default")
    if old != new:
        yield now.name, f"the tag default was {old or 'none'}, is {new or 'none'}", old is not None


def _enum(path: str, old: list[str], new: list[str], shape: Shape) -> Found:
    yield from ((path, f"value {value!r} added", False) for value in new if value not in old)
    yield from ((path, f"value {value!r} removed", shape != "received") for value in old if value not in new)


def _value(path: str, was: Schema, now: Schema, shape: Shape) -> Found:
    """Compare the types that a value may have, as `_alternatives` gives them."""
    was, now = _spread(was, now), _spread(now, was)
    # An integer is a number: the one in place of the other widens or narrows a type, and the bounds are compared.
    if "integer" in was and "number" in now:
        yield path, "type integer widened to number", shape != "sent"
        was = {"number" if kind == "integer" else kind: value for kind, value in was.items()}
    elif "number" in was and "integer" in now:
        yield path, "type number narrowed to integer", shape != "received"
        now = {"number" if kind == "integer" else kind: value for kind, value in now.items()}
    yield from ((path, f"type {kind} added", shape != "sent") for kind in now if kind not in was)
    yield from ((path, f"type {kind} removed", shape != "received") for kind in was if kind not in now)
    for kind in now:
        if kind not in was:
            continue
        before, after = was[kind], now[kind]
        yield from _bounds(path, before, after, shape)
        match "enum" in before, "enum" in after:
            case True, True:
                # A named enum that is used as before has its own entry.
                if "name" not in after or before.get("name") != after["name"]:
                    yield from _enum(path, before["enum"], after["enum"], shape)
            case False, True:
                yield path, f"only {', '.join(map(repr, after['enum']))} from now on", shape != "received"
            case True, False:
                yield path, "any text from now on", False
            case _:
                pass
        if "items" in before and "items" in after:
            yield from _value(f"{path}[]", before["items"], after["items"], shape)
        elif "items" in before or "items" in after:
            yield f"{path}[]", "the items' type was added or removed", True


def _alternatives(spec: Spec, schema: Schema) -> dict[str, Schema]:
    """The types that a value may have; enums, named ones too, and consts are strings with values."""
    if "oneOf" in schema:
        return {kind: value for member in schema["oneOf"] for kind, value in _alternatives(spec, member).items()}
    if "$ref" in schema:
        definition = spec.definitions[target(schema["$ref"])]
        if definition.kind != "enum":
            return {definition.name: {"members": definition.members}}
        return {"string": {"enum": definition.schema["enum"], "name": definition.name}}
    if "const" in schema:
        return {"string": {"enum": [schema["const"]]}}
    kept = {key: schema[key] for key in (*BOUNDS, "enum") if key in schema}
    if "items" in schema:
        kept["items"] = _alternatives(spec, schema["items"])
    return {kind: {} if kind == "null" else kept for kind in types_of(schema)}


def _spread(types: dict[str, Schema], others: Collection[str]) -> dict[str, Schema]:
    """The same types with each union's members in place of the union, if the other side does not have the union."""
    spread: dict[str, Schema] = {}
    for kind, value in types.items():
        spread.update({kind: value} if kind in others else dict.fromkeys(value.get("members") or [kind], value))
    return spread


def _bounds(path: str, was: Schema, now: Schema, shape: Shape) -> Found:
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
        yield path, what, narrowed and shape != "received"


def report(old: Spec, new: Spec, changes: list[Change], form: Format) -> str:
    """Write changes down, for a terminal, a changelog or a program."""
    breaking = sum(change.breaking for change in changes)
    title = f"spec {old.version} -> {new.version}: {len(changes)} changes, {breaking} breaking"
    if form == "json":
        content: Mapping[str, object] = {"old": old.version, "new": new.version, "breaking": breaking > 0}
        return json.dumps({**content, "changes": [asdict(change) for change in changes]}, indent=2) + "\n"
    if form == "markdown":
        lines = [f"## {title}", ""]
        for change in changes:
            mark = "**breaking** " if change.breaking else ""
            lines.append(f"- {mark}`{change.name}` ({change.direction}): {change.change}")
    else:
        lines = [title]
        for change in changes:
            mark = "BREAKING" if change.breaking else "compatible"
            lines.append(f"{mark:<10} {change.name} ({change.direction}): {change.change}")
    return "\n".join(lines) + "\n"
