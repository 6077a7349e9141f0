"""The report of what changed between two specs: for a terminal, a changelog or a program."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal, TypeAlias

from .diff import Change, Mark
from .spec import Spec

__all__ = ["Format", "report"]

Format: TypeAlias = Literal["text", "markdown", "json"]
IN_TEXT: Mapping[Mark, str] = {
    "breaking": "BREAKING",
    "stricter": "stricter: replies may fail",
    "compatible": "compatible",
    "documentation": "documentation",
}


def report(old: Spec, new: Spec, changes: list[Change], output_format: Format) -> str:
    """Write changes down.

    Args:
        old: The older spec.
        new: The newer one.
        changes: What `compare` found between them.
        output_format: Lines for a terminal, a list for a changelog, or JSON.
    """
    marks = Counter(change.mark for change in changes)
    title = f"spec {old.version} -> {new.version}: {len(changes)} changes, {marks['breaking']} breaking"
    if marks["stricter"]:
        title += f", {marks['stricter']} stricter"
    if output_format == "json":
        content: Mapping[str, object] = {"old": old.version, "new": new.version, "breaking": marks["breaking"] > 0}
        return json.dumps({**content, "changes": [asdict(change) for change in changes]}, indent=2) + "\n"
    lines = [f"## {title}", ""] if output_format == "markdown" else [title]
    for change in changes:
        what = f"({change.direction}): {change.change}"
        if output_format == "markdown":
            mark = "" if change.mark == "compatible" else f"**{IN_TEXT[change.mark].lower()}** "
            lines.append(f"- {mark}`{change.name}` {what}")
        else:
            lines.append(f"{IN_TEXT[change.mark]:<10} {change.name} {what}")
    return "\n".join(lines) + "\n"
