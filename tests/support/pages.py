"""Raw Markdown pages in the form that MiMo's have, for the tests of `codegen page`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

BEGINNING = (
    "# Birds\n\nWhich are seen.\n\n## Address\n\n```bash\n# A remark, no heading\nhttps://example.com/v1/birds\n```\n\n"
)


def code(*values: str) -> str:
    """Values as the descriptions of a page show them."""
    return ", ".join(f'<code class="schema-inline-code">{value}</code>' for value in values)


def row(name: str, kind: str | list[Any] = "string", description: str = "", **more: Any) -> dict[str, Any]:
    """A field of a table; `more` is `required`, `defaultValue`, `children`."""
    return {"name": name, "type": kind, "isBold": True, "description": description, **more}


def variant(name: str, *children: dict[str, Any], kind: str = "object") -> dict[str, Any]:
    """What a value may be, in a table."""
    return {"name": name, "type": kind, "isBold": False, "children": list(children)}


def table(*rows: dict[str, Any]) -> str:
    """A table, as the page has it: JSON in a template literal of JavaScript."""
    text = json.dumps(rows, indent=2, ensure_ascii=False)
    for character in "\\`$":
        text = text.replace(character, f"\\{character}")
    return f"<InlineSchemaV2 schema={{`{text}`}} />\n"


def write_page(path: Path, **tables: list[dict[str, Any]]) -> Path:
    """Write a page with a table under each heading; in the names of headings "_" is a blank."""
    parts = [f"## {heading.replace('_', ' ')} \n\n{table(*rows)}\n" for heading, rows in tables.items()]
    path.write_text(BEGINNING + "".join(parts), "utf-8")
    return path
