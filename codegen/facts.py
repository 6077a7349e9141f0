"""Tables of facts: spec/facts/*.json -> a module each, a Struct and its rows.

A file says what a row is (`row`: a name, and properties as in the dialect: `type`, `items`, `enum`, `default`), what
the table is called (`table`, with a `key` where it is a mapping), what the `module` is called, and the rows.
What is not said of a row is its default.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .header import header
from .load import Problem, SpecError
from .prepare import docstring
from .render import formatted

__all__ = ["render_facts"]

IMPORTS = """
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct
"""
TYPES: Mapping[str, tuple[str, type]] = {
    "string": ("str", str),
    "integer": ("int", int),
    "boolean": ("bool", bool),
    "array": ("tuple[{item}, ...]", list),
    "null": ("None", type(None)),
}


def render_facts(directory: Path) -> dict[str, str]:
    """Generate the modules.

    Args:
        directory: The directory of the spec.

    Returns:
        The text of each module, by its file's name.

    Raises:
        SpecError: A row is not as its file says that rows are.
    """
    paths = sorted(directory.glob("facts/*.json"))
    files = {path.name: json.loads(path.read_text("utf-8")) for path in paths}
    problems = [Problem(f"facts/{file}", *found) for file, facts in files.items() for found in _problems(facts)]
    if problems:
        raise SpecError(problems)
    return formatted({f"{facts['module']}.py": _module(file, facts) for file, facts in files.items()})


def _problems(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Hold each row to what the file says of its properties."""
    properties = facts["row"]["properties"]
    keys = [row.get(facts["table"].get("key")) for row in facts["rows"]]
    for number, row in enumerate(facts["rows"]):
        place = f"/rows/{number}"
        for name in sorted(row.keys() - properties.keys()):
            yield f"{place}/{name}", "rows have no such property"
        for name, schema in properties.items():
            if name not in row and "default" not in schema:
                yield place, f"{name} is missing"
            elif name in row and not _fits(row[name], schema):
                yield f"{place}/{name}", f"{row[name]!r} is not as the row's property says"
        if "key" in facts["table"] and keys.count(keys[number]) > 1:
            yield place, f"the key {keys[number]!r} stands twice"


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    if value.__class__ not in [TYPES[name][1] for name in _types(schema)]:
        return False
    if value.__class__ is list:
        return "items" not in schema or all(_fits(element, schema["items"]) for element in value)
    return value is None or "enum" not in schema or value in schema["enum"]


def _types(schema: Mapping[str, Any]) -> list[str]:
    types: str | list[str] = schema["type"]
    return [types] if isinstance(types, str) else types


def _hint(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        literal = f"Literal[{', '.join(map(repr, schema['enum']))}]"
        return " | ".join([literal, *(TYPES[name][0] for name in _types(schema) if name == "null")])
    item = _hint(schema["items"]) if "items" in schema else "Any"
    return " | ".join(TYPES[name][0].format(item=item) for name in _types(schema))


def _module(file: str, facts: Mapping[str, Any]) -> str:
    row, table = facts["row"], facts["table"]
    kind, key = row["name"], table.get("key")
    fields = [
        f"    {name}: {_hint(schema)}{_default(schema)}\n    {docstring(schema['description'], 4)}"
        for name, schema in row["properties"].items()
    ]
    keyed = f"Mapping[str, {kind}]", "{{{}}}"
    hint, brackets = keyed if key else (f"tuple[{kind}, ...]", "({},)")
    rows = [f"{each[key]!r}: {_row(kind, each)}" if key else _row(kind, each) for each in facts["rows"]]
    return "\n".join(
        [
            header([f"spec/facts/{file}"]) + docstring("{title}. {description}".format_map(facts), 0),
            IMPORTS,
            f"__all__ = {[kind, table['name']]}",
            f"class {kind}(Struct, frozen=True, kw_only=True):\n    {docstring(row['description'], 4)}\n",
            *fields,
            f"{table['name']}: {hint} = {brackets.format(', '.join(rows))}",
            docstring(table["description"], 0),
        ]
    )


def _default(schema: Mapping[str, Any]) -> str:
    return f" = {_value(schema['default'])}" if "default" in schema else ""


def _row(kind: str, row: Mapping[str, Any]) -> str:
    return f"{kind}({', '.join(f'{name}={_value(value)}' for name, value in row.items())})"


def _value(value: Any) -> str:
    return repr(tuple(value)) if value.__class__ is list else repr(value)
