"""Overlays: somebody else's additions to a spec, in the same dialect, merged over it without touching its files.

- A definition that the spec does not have is added. A file that it does not have is a new area.
- A definition that it has is changed: `properties` are added or replaced one by one, `required` names and the members
  of `oneOf` and `x-accepts` are appended, values of an `enum` too; a `description` replaces the one that was there.
- Each definition of an overlay says in `x-reason` why it is there. It ends up in the docstring.

Existing files need only their `$defs`; new ones are whole, as spec/README.md says. References to the spec's own
definitions are written as between files of one spec: `chat_messages.json#/$defs/ToolCall`.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import cast

from codegen.load import Problem, SpecError
from codegen.spec import Schema

__all__ = ["merge"]

LISTS = ("required", "oneOf", "x-accepts", "enum")
REPLACED = ("description", "x-note", "x-reason", "x-tag-default", "x-root")


def merge(areas: Mapping[str, Schema], overlay: Mapping[str, Schema]) -> dict[str, Schema]:
    """Lay one set of files over another.

    Args:
        areas: the spec's files, by area; they are left as they are.
        overlay: the additions, by area.

    Returns:
        The merged files, still to be checked.

    Raises:
        SpecError: the overlay lacks a reason, or changes what it can only add to.
    """
    merged = deepcopy({**areas})
    problems: list[Problem] = []
    for area, content in overlay.items():
        base = merged.setdefault(area, {**content, "$defs": {}})
        for name, addition in cast("dict[str, Schema]", content.get("$defs", {})).items():
            path = f"/$defs/{name}"
            if "x-reason" not in addition:
                problems.append(Problem(f"{area}.json", path, "'x-reason' is missing: why the overlay has this"))
            changed = base["$defs"].setdefault(name, deepcopy(addition))
            for key, value in addition.items():
                if key == "properties" and key in changed:
                    changed[key].update(deepcopy(value))
                elif key in LISTS and (key in changed or key in ("required", "x-accepts")):
                    changed[key] = changed.get(key, []) + [
                        entry for entry in value if entry not in changed.get(key, [])
                    ]
                elif key in REPLACED:
                    changed[key] = value
                elif changed.get(key) != value:
                    problems.append(Problem(f"{area}.json", f"{path}/{key}", "an overlay cannot change this"))
    if problems:
        raise SpecError(problems)
    return merged
