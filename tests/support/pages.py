"""Raw Markdown pages in the form that MiMo's have, for the tests of `codegen page`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from codegen.page import Fact

HEADINGS = {"request": "Request body", "reply": "Response object", "chunk": "Response chunk object"}

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


def write_page(path: Path, tables: Mapping[str, list[dict[str, Any]]]) -> Path:
    """Write a page with a table under each heading."""
    parts = [f"## {heading} \n\n{table(*rows)}\n" for heading, rows in tables.items()]
    path.write_text(BEGINNING + "".join(parts), "utf-8")
    return path


def write_facts(path: Path, facts: Iterable[Fact]) -> Path:
    """Write the page that has these facts, those of a field before those of what is in it."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for fact in facts:
        rows = tables.setdefault(HEADINGS.get(fact.table, fact.table), [])
        *outer, last = re.findall(r"\[[^]]*\]|[^].[]+", fact.name)
        for part in outer:
            rows = _inner(rows, part)
        description = f"{_default(fact)}{_range(fact)}"
        if fact.options:
            description += f"Available options: {code(*fact.options.split(', '))}"
        field = row(last, fact.type.split(" | "), description, children=[])
        if fact.required:
            field["required"] = fact.required == "yes"
        if " for " not in fact.default:
            field["defaultValue"] = fact.default
        rows.append(field)
    return write_page(path, tables)


def _inner(rows: list[dict[str, Any]], part: str) -> list[dict[str, Any]]:
    """The rows in a field, or in a variant, which is added where it is not there."""
    name = part.strip("[]")
    found = next((each for each in rows if each["name"] == name and each["isBold"] == (name == part)), None)
    if not found:
        found = variant(name)
        rows.append(found)
    children: list[dict[str, Any]] = found["children"]
    return children


def _default(fact: Fact) -> str:
    items = [default.split(" for ") for default in fact.default.split("; ") if " for " in default]
    return "".join(f"<li>{code(*models.split())}: default {code(value)}</li>" for value, models in items)


def _range(fact: Fact) -> str:
    if fact.range.startswith("at least"):
        return f"MinLength: {code(fact.range.split()[2])}<br />"
    if fact.range.endswith("characters"):
        return f"Required string length: {code(fact.range.removesuffix(' characters').replace('to', '-'))}<br />"
    return f"Required range: {code('[' + fact.range.replace(' to', ',') + ']')}<br />" if fact.range else ""
