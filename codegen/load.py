"""Loading a spec: its files are read, each is held to the dialect, then what stands between the definitions is checked.

One `SpecError` holds all problems that were found: those of each file by itself, or else those of unions, or else
circles, and definitions that nothing uses.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path
from typing import cast

from .dialect import Messages, check_file, nearest
from .shapes import Shape, find_shapes
from .spec import Definition, Schema, Spec, in_order, target
from .values import contradictions

__all__ = ["Problem", "SpecError", "check", "decoded", "load", "parse", "read_directory"]

# A version becomes a constant of the generated package; SemVer's characters.
VERSION = re.compile(r"[0-9A-Za-z.+-]+")
# Deeper than any schema that a person writes, and less than what recursive functions can follow.
MAX_LEVELS = 100
TOO_DEEP = f"arrays and objects stand in one another on more than {MAX_LEVELS} levels"
# Neither can stand in a file of Python: half of a surrogate pair, or a control character but for tab and line ends.
UNWRITABLE = re.compile(r"[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Problem:
    """One thing that the dialect refuses.

    Attributes:
        file: The name of the file.
        path: The JSON path within the file.
        message: The reason.
    """

    file: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}#{self.path}: {self.message}"


class SpecError(ValueError):
    """The spec is refused.

    Attributes:
        problems: Everything that was found.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def read_directory(directory: Path) -> dict[str, str]:
    """The text of `VERSION` and of each `<area>.json` in a directory, by file name.

    Raises:
        SpecError: A file is not UTF-8.
    """
    paths = [directory / "VERSION", *sorted(directory.glob("*.json"))]
    return decoded({path.name: path.read_bytes() for path in paths if path.exists()})


def decoded(files: Mapping[str, bytes]) -> dict[str, str]:
    """The text of files, by file name.

    Raises:
        SpecError: A file is not UTF-8.
    """
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for file, data in files.items():
        try:
            texts[file] = data.decode("utf-8")
        except UnicodeDecodeError as error:
            problems.append(Problem(file, "", f"the file is not UTF-8: {error.reason} at byte {error.start}"))
    if problems:
        raise SpecError(problems)
    return texts


def load(files: Mapping[str, str]) -> Spec:
    """Read a spec out of its files and check it.

    Args:
        files: The text of `VERSION` and of each `<area>.json`, by file name.

    Raises:
        SpecError: The files hold anything that the dialect does not have.
    """
    return check(parse(files), files.get("VERSION", "").strip())


def parse(files: Mapping[str, str]) -> dict[str, Schema]:
    """Read the JSON of each `<area>.json`, by area; no checks but those of JSON.

    Raises:
        SpecError: A file is not JSON, an object has a name twice, or nothing can be generated of a text or a depth.
    """
    areas: dict[str, Schema] = {}
    problems: list[Problem] = []
    for file, text in files.items():
        if file.endswith(".json"):
            try:
                content = _content(text)
            except ValueError as error:
                problems.append(Problem(file, "", str(error)))
            else:
                areas[file.removesuffix(".json")] = cast("Schema", content) if isinstance(content, dict) else {}
    if problems:
        raise SpecError(problems)
    return areas


def _content(text: str) -> object:
    """The JSON of a file; what no file of Python could hold, or no recursive function follow, is a ValueError."""
    try:
        content: object = json.loads(text, object_pairs_hook=_without_duplicates)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    if _is_deeper(content, MAX_LEVELS):
        raise ValueError(TOO_DEEP)
    if any(map(UNWRITABLE.search, _texts(content))):
        raise ValueError("a text holds half of a surrogate pair, or a control character")
    return content


def _texts(content: object) -> Iterator[str]:
    """All texts of JSON, names too."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for value in chain.from_iterable(cast("Schema", content).items()):
            yield from _texts(value)
    elif isinstance(content, list):
        for value in cast("list[object]", content):
            yield from _texts(value)


def _is_deeper(content: object, levels: int) -> bool:
    """Whether arrays and objects stand in one another on more levels."""
    if not isinstance(content, dict | list):
        return False
    inner = cast("Schema", content).values() if isinstance(content, dict) else cast("list[object]", content)
    return not levels or any(_is_deeper(value, levels - 1) for value in inner)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the name {name!r} stands twice in one object")
    return dict(pairs)


def check(areas: Mapping[str, Schema], version: str) -> Spec:
    """Hold the files of a spec to the dialect.

    Raises:
        SpecError: The files are refused, with all problems that were found.
    """
    problems = list(_version(version))
    definitions: dict[str, Definition] = {}
    for definition in _definitions(areas):
        first = definitions.setdefault(definition.name, definition)
        if first is not definition:
            problems.append(_problem(definition, "", f"the name is taken by {first.area}.json"))
    for area, content in areas.items():
        problems += [Problem(f"{area}.json", path, message) for path, message in check_file(area, content, definitions)]
    problems = problems or list(_unions(definitions)) or list(_between(definitions))
    if problems:
        raise SpecError(problems)
    order = in_order(sorted(areas), _between_areas(definitions).__getitem__)
    ordered = {name: _flat(d, definitions) for area in order for name, d in definitions.items() if d.area == area}
    return Spec(version, {area: areas[area] for area in order}, ordered)


def _version(version: str) -> Iterator[Problem]:
    if not version:
        yield Problem("VERSION", "", "a spec says its version in a file of this name")
    elif not VERSION.fullmatch(version):
        yield Problem("VERSION", "", f"a version is made of ASCII letters, digits and any of . + -: {version!r}")


def _definitions(areas: Mapping[str, Schema]) -> Iterator[Definition]:
    """Find whatever is a definition in files that are not checked yet."""
    for area, content in areas.items():
        entries: object = content.get("$defs")
        for name, schema in cast("Schema", entries).items() if isinstance(entries, dict) else ():
            if isinstance(schema, dict):
                yield Definition(name, area, cast("Schema", schema))


def _problem(definition: Definition, path: str, message: str) -> Problem:
    return Problem(f"{definition.area}.json", f"/$defs/{definition.name}{path}", message)


def _unions(definitions: Mapping[str, Definition]) -> Iterator[Problem]:
    for definition in definitions.values():
        for path, message in chain(_members(definition, definitions), _accepted(definition, definitions)):
            yield _problem(definition, path, message)


def _members(union: Definition, definitions: Mapping[str, Definition]) -> Messages:
    """Hold a union to its rules: objects, its own and those of unions in it, told apart by one property."""
    tags: dict[str, str] = {}
    names: set[str] = set()
    default = union.schema.get("x-tag-default")
    for index, name in _flat_members(union, definitions):
        tag = definitions[name].tag
        if definitions[name].kind != "object":
            yield f"/oneOf/{index}", f"{name} is not an object (a union in a union has objects only)"
        elif not tag:
            yield f"/oneOf/{index}", f"{name} has no tag: no property with a const"
        elif tag[1] in tags:
            yield f"/oneOf/{index}", f"{name} and {tags[tag[1]]} have the same tag {tag[1]!r}"
        else:
            tags[tag[1]] = name
            names.add(tag[0])
            if tag[0] not in definitions[name].required and tag[1] != default:
                yield f"/oneOf/{index}", f"{name} does not require its tag {tag[0]!r}, and is not the x-tag-default"
    if len(names) > 1:
        yield "", f"the members disagree on what their tag is called: {', '.join(sorted(names))}"
    if default not in (None, *tags):
        yield "/x-tag-default", f"no member has the tag {default!r}{nearest(str(default), tags)}"


def _flat_members(union: Definition, definitions: Mapping[str, Definition]) -> Iterator[tuple[int, str]]:
    """The members of a union, those of a union in it one by one, each with its index in the file."""
    for index, name in enumerate(union.members):
        yield from ((index, member) for member in definitions[name].members or [name])


def _flat(definition: Definition, definitions: Mapping[str, Definition]) -> Definition:
    """The definition with the members of each union in it in place of that union."""
    members = [{"$ref": f"#/$defs/{name}"} for _, name in _flat_members(definition, definitions)]
    return replace(definition, schema={**definition.schema, "oneOf": members}) if members else definition


def _accepted(union: Definition, definitions: Mapping[str, Definition]) -> Messages:
    """Check that what only type checkers take for a member has no other use in the file: the name means one thing."""
    for index, name in enumerate(union.schema.get("x-accepts", [])):
        used = [d for d in definitions.values() if d.area == union.area and name in (d.name, *d.references)]
        if used:
            yield f"/x-accepts/{index}", f"{name} has another use in this file: at run time it would be a member"


def _between(definitions: Mapping[str, Definition]) -> Iterator[Problem]:
    """Check what stands between the definitions: generated names, circles, roots, and what an `x-absent` stands for."""
    for name, definition in definitions.items():
        if definition.schema.get("x-root") == "sent" and (taken := definitions.get(f"{name}Fields")):
            yield _problem(taken, "", f"the name is generated for the keyword arguments of {name}")
    edges = {name: definition.references for name, definition in definitions.items()}
    if circle := _circle(edges):
        message = f"a definition cannot contain itself: {' -> '.join(circle)}"
        yield _problem(definitions[circle[0]], "", message)
    elif circle := _circle(_between_areas(definitions)):
        yield Problem(f"{circle[0]}.json", "", f"files cannot refer to each other in a circle: {' -> '.join(circle)}")
    else:
        yield from _directions(definitions)


def _directions(definitions: Mapping[str, Definition]) -> Iterator[Problem]:
    """Check that every definition travels, that each `x-absent` suits its way, and the examples of properties."""
    shapes = find_shapes(definitions)
    for name, definition in definitions.items():
        if name not in shapes.sent | shapes.received:
            yield _problem(definition, "", "no root reaches it: mark it or what uses it with x-root, or take it out")
    for name, definition in definitions.items():
        for field, message in _absences(definition, shapes.of(name), definitions):
            yield _problem(definition, f"/properties/{field}/x-absent", message)
        for path, message in _examples(definition, definitions):
            yield _problem(definition, f"/properties/{path}", message)


def _absences(definition: Definition, shape: Shape, definitions: Mapping[str, Definition]) -> Messages:
    """Check each `x-absent` against the way that the object travels; in place of a path stands the property's name."""
    for name, schema in definition.properties.items():
        if "x-absent" not in schema:
            continue
        if shape == "sent":
            yield name, "it is for what is received: what is only sent leaves an absent property out"
        elif shape == "received" and name in definition.required:
            yield name, "the property is required, so nothing stands for it"
        elif shape == "both" and name not in definition.required:
            yield name, "where an object travels both ways, it stands for a property that is required of who sends"
        elif schema["x-absent"] == {} and "$ref" in schema and not _is_made_of_nothing(schema, definitions):
            yield name, f"{target(schema['$ref'])} cannot be made of {{}}"


def _examples(definition: Definition, definitions: Mapping[str, Definition]) -> Messages:
    """Hold defaults and examples to their own property; the path begins with its name."""
    for name, schema in definition.properties.items():
        values = [(f"examples/{index}", value) for index, value in enumerate(schema.get("examples", []))]
        for key, value in [("default", schema["default"]), *values] if "default" in schema else values:
            yield from (
                (f"{name}/{key}", f"{json.dumps(value)} {why}") for why in contradictions(value, schema, definitions)
            )


def _is_made_of_nothing(schema: Schema, definitions: Mapping[str, Definition]) -> bool:
    definition = definitions[target(schema["$ref"])]
    return definition.kind == "object" and not definition.required


def _between_areas(definitions: Mapping[str, Definition]) -> Mapping[str, list[str]]:
    """The other areas that each area refers to."""
    areas: defaultdict[str, list[str]] = defaultdict(list)
    for definition in definitions.values():
        named = (definitions[name].area for name in definition.references)
        areas[definition.area] += [area for area in named if area != definition.area]
    return areas


def _circle(edges: Mapping[str, Collection[str]]) -> list[str]:
    """A path that leads back to where it began, or nothing."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(reversed(cast("list[str]", error.args[1])))
    return []
