"""Overlays: somebody else's additions to a spec, in the same dialect, merged over it without touching its files.

- A definition that the spec does not have is added. A file that it does not have is a new area.
- A definition that it has is changed: `properties` are added or replaced one by one, `required` names and the members
  of `oneOf` and `x-accepts` are appended, values of an `enum` too; a `description` replaces the one that was there.
- Each definition of an overlay says in `x-reason` why it is there. It ends up in the docstring.

Existing files need only their `$defs`; new ones are whole, as spec/README.md says. References to the spec's own
definitions are written as between files of one spec: `chat_messages.json#/$defs/ToolCall`.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, cast

from .dialect import Messages
from .load import Problem, SpecError
from .spec import Schema

__all__ = ["adds", "merge"]

CANNOT_CHANGE = "an overlay cannot change this"
# The other keywords are lists and `properties`, which are added to.
REPLACED_KEYWORDS = ("description", "x-note", "x-reason", "x-tag-default", "x-root")


def merge(areas: Mapping[str, Schema], overlay: Mapping[str, Schema]) -> dict[str, Schema]:
    """Lay one set of files over another.

    Args:
        areas: The spec's files, by area; they are left as they are.
        overlay: The additions, by area.

    Returns:
        The merged files, still to be checked.

    Raises:
        SpecError: The overlay lacks a reason, or changes what it can only add to.
    """
    merged = deepcopy({**areas})
    problems: list[Problem] = []
    for area, content in overlay.items():
        file = merged.setdefault(area, {**content, "$defs": {}})
        problems += [Problem(f"{area}.json", path, message) for path, message in _merge_file(file, content)]
    if problems:
        raise SpecError(problems)
    return merged


def _merge_file(ours: Schema, content: Schema) -> Messages:
    """Add a file of the overlay to a file of ours; give the path of what cannot be added."""
    yield from (
        (f"/{key}", CANNOT_CHANGE) for key, value in content.items() if key != "$defs" and ours.get(key) != value
    )
    definitions: object = content.get("$defs")
    if not isinstance(definitions, dict):
        yield "/$defs", "an overlay's file has definitions"
        return
    for name, addition in cast("Schema", definitions).items():
        path = f"/$defs/{name}"
        if not isinstance(addition, dict) or "x-reason" not in addition:
            yield path, "'x-reason' is missing: why the overlay has this"
        else:
            changes = _merge_definition(ours["$defs"].setdefault(name, {}), cast("Schema", addition))
            yield from ((f"{path}/{key}", CANNOT_CHANGE) for key in changes)


def _merge_definition(ours: Schema, addition: Schema) -> Iterator[str]:
    """Add to a definition of ours, empty if it is new; give the keywords that cannot be changed so."""
    for key, value in deepcopy(addition).items():
        was: Any = ours.get(key)
        if key in REPLACED_KEYWORDS or key not in ours:
            ours[key] = value
        elif isinstance(was, dict) and isinstance(value, dict):
            ours[key] = {**was, **value}
        elif isinstance(was, list) and isinstance(value, list):
            ours[key] = [*was, *(entry for entry in cast("list[object]", value) if entry not in was)]
        elif was != value:
            yield key


def adds(areas: Mapping[str, Schema], overlay: Mapping[str, Schema], problem: Problem) -> bool:
    """Whether a problem of merged files is about what the overlay brought.

    Args:
        areas: The spec's files, by area.
        overlay: The additions, by area.
        problem: What was found in both together; of a version, only an addition can be refused.
    """
    if problem.file == "VERSION":
        return True
    area = problem.file.removesuffix(".json")
    if area not in areas:
        return True
    name = problem.path.removeprefix("/$defs/").partition("/")[0]
    path, addition = f"/$defs/{name}", overlay.get(area, {}).get("$defs", {}).get(name)
    if addition is None:
        return False
    added = _added_paths(areas[area]["$defs"].get(name, {}), addition)
    return problem.path == path or any(f"{problem.path}/".startswith(f"{path}{each}/") for each in added)


def _added_paths(ours: Schema, addition: Schema) -> Iterator[str]:
    """The paths, in a merged definition, of what the overlay added to ours or put in the place of it."""
    for key, value in addition.items():
        was: Any = ours.get(key)
        if isinstance(was, dict) and isinstance(value, dict):
            yield from (f"/{key}/{name}" for name in cast("Schema", value))
        elif isinstance(was, list) and isinstance(value, list):
            first, count = len(cast("list[object]", was)), len(cast("list[object]", value))
            yield from (f"/{key}/{index}" for index in range(first, first + count))
        else:
            yield f"/{key}"
