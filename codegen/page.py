"""MiMo's raw Markdown pages: the facts in their tables.

Rules:
- A page holds each table as JSON, in a template literal of JavaScript: <InlineSchemaV2 schema={`[...]`} />.
- The heading above a table says what it describes: the request, the reply, a chunk, or an event by its name.
- A row has `name`, `type` (a text, or a list of them) and `isBold`: false marks what is no field, but a variant of the
  value around it. It may have `required`, `defaultValue`, a `description` in HTML, and `children`.
- Bounds and options stand in the description, and so do defaults that depend on the model.
- A field is called by its path, with points between: `tools[function].function.name`. In brackets stand the variants
  that are objects: by the one option of their `type` or `role`; by their name on the page, if they have none, or two
  have the same; and not at all, if one without an option is the only one.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from typing import Any, cast

__all__ = ["Fact", "PageError", "bounds", "json_text", "read_page", "text_of"]

# A block of code, whose lines are no headings; a heading; a table, of which the text between the backquotes is wanted.
PIECE = re.compile(
    r"^ *```.*?^ *```"
    r"|^#{1,6} +(?P<heading>[^\n]+?) *$"
    r"|<InlineSchemaV2\b(?: schema=\{`(?P<table>(?:\\.|[^\\`])*)`\})?",
    re.MULTILINE | re.DOTALL,
)
# What a heading with the word is about; the first that fits. An event's heading is its name.
TABLES: Mapping[str, str] = {"request": "request", "chunk": "chunk", "response": "reply"}
EVENT = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")
CODE = r"<code\b[^>]*>([^<]*)</code>"
# What bounds are called, and what they count.
UNITS: Mapping[str, str] = {
    "Required range": "",
    "Required string length": "characters",
    "Required array length": "items",
    "MinLength": "characters",
    "MaxLength": "characters",
}
RANGE = re.compile(rf"({'|'.join(UNITS)}): *{CODE}")
# Options go on for as long as there are only options, and marks and words between them.
OPTIONS = re.compile(rf"Available options:((?:[\s,;.:]|and|or|</?(?:ul|li|br)\b[^>]*>|{CODE})*)")
# What a colon follows is a model; its options come behind it.
OPTION = re.compile(rf"{CODE}(?! *:)")
ONLY_OPTION = re.compile(rf"\b(?:[Aa]lways|only) {CODE}")
DEFAULT_OF_MODELS = re.compile(rf"<li\b[^>]*>((?:(?!</li>).)*): default {CODE}")
REQUIRED: Mapping[str, str] = {"true": "yes", "false": "no"}


class PageError(ValueError):
    """A page, or a table of facts, cannot be read; the text begins with the file and its line."""


@dataclass(frozen=True)
class Fact:
    """What a table says of a field, as texts; "" is what it does not say.

    Attributes:
        table: What the table describes: "request", "reply", "chunk", or the name of an event.
        name: The path of the field.
        type: The JSON types, as on the page: "string | null".
        required: "yes" or "no".
        default: The default; where it depends on the model, "131072 for mimo-x mimo-y; 32768 for mimo-z".
        range: The bounds, as `bounds` writes them.
        options: The values that there are: "auto, zh, en".
    """

    table: str
    name: str
    type: str
    required: str
    default: str
    range: str
    options: str


@dataclass(frozen=True)
class _Row:
    """A row of a table."""

    name: str
    types: list[str]
    is_field: bool
    required: str
    default: str
    description: str
    children: "list[_Row]"


def read_page(path: Path) -> list[Fact]:
    """The facts of a page, in its order.

    Raises:
        PageError: The page is not UTF-8, has no table, or a table that is not as the rules of this module say.
        OSError: The file cannot be read.
    """
    text = text_of(path)
    facts: dict[tuple[str, str], Fact] = {}
    heading = ""
    for piece in PIECE.finditer(text):
        heading = piece["heading"] or heading
        if not piece[0].startswith("<"):
            continue
        line = text.count("\n", 0, piece.start()) + 1
        for fact in _facts_of_table(piece["table"], heading, path, line):
            if facts.setdefault((fact.table, fact.name), fact) is not fact:
                raise PageError(f"{path}:{line}: the table of the {fact.table} has {fact.name!r} twice")
    if not facts:
        raise PageError(f"{path}:1: the page has no table: no <InlineSchemaV2 schema={{`[...]`}} /> with rows in it")
    return list(facts.values())


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        PageError: It is not UTF-8.
        OSError: The file cannot be read.
    """
    data = path.read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PageError(f"{path}:{line}: the file is not UTF-8: {error.reason}") from None


def bounds(low: str | None, high: str | None, unit: str = "") -> str:
    """The text of a range: "0 to 1.5", "1 to 64 characters", "at most 4 items"; None is no bound."""
    if low is None:
        text = "" if high is None else f"at most {high} {unit}"
    else:
        text = f"at least {low} {unit}" if high is None else f"{low} to {high} {unit}"
    return text.strip()


def json_text(value: object) -> str:
    """The text of JSON: a text as it is, and a number without what does not change it, 1.0 as "1", quoted or not."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.rstrip("0").rstrip(".") if re.fullmatch(r"-?\d+\.\d+", text) else text


def _facts_of_table(table: str | None, heading: str, path: Path, line: int) -> Iterator[Fact]:
    """The facts of the table that begins in a line of a page."""
    place = f"{path}:{line}"
    if table is None:
        raise PageError(f"{place}: a table is not of the form <InlineSchemaV2 schema={{`[...]`}} />")
    if not heading:
        raise PageError(f"{place}: a table stands under no heading, so nothing says what it describes")
    try:
        rows = _rows(json.loads(re.sub(r"\\([\\`$])", r"\1", table)), place, "")
    except JSONDecodeError as error:
        raise PageError(f"{path}:{line + error.lineno - 1}: a table is not JSON: {error.msg}") from None
    except RecursionError:
        raise PageError(f"{place}: a table is nested too deeply") from None
    return _facts(_table(heading), rows, "")


def _table(heading: str) -> str:
    """What a table under a heading describes."""
    if EVENT.fullmatch(heading):
        return heading
    return next((table for word, table in TABLES.items() if word in heading.lower()), heading)


def _rows(content: object, place: str, path: str) -> list[_Row]:
    if not isinstance(content, list):
        raise PageError(f"{place}: {path or 'the table'}: the rows are no list")
    return [_row(row, place, path) for row in cast("list[object]", content)]


def _row(content: object, place: str, path: str) -> _Row:
    """Check a row, and those under it."""
    row = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    name = row.get("name")
    if not isinstance(name, str):
        raise PageError(f"{place}: {path or 'the table'}: a row has no name")
    path = f"{path}/{name}".lstrip("/")
    types = row.get("type")
    types = cast("list[object]", types) if isinstance(types, list) else [types]
    if not all(isinstance(kind, str) for kind in types):
        raise PageError(f"{place}: {path}: the type is missing, or neither a text nor a list of texts")
    if not isinstance(row.get("isBold"), bool):
        raise PageError(f"{place}: {path}: isBold is missing, which tells fields from variants")
    return _Row(
        name,
        cast("list[str]", types),
        row["isBold"],
        REQUIRED.get(json.dumps(row.get("required")), ""),
        json_text(row.get("defaultValue", "")),
        json_text(row.get("description") or ""),
        _rows(row.get("children") or [], place, path),
    )


def _facts(table: str, rows: list[_Row], path: str) -> Iterator[Fact]:
    """The facts of rows, and of those under them."""
    for row, name in zip(rows, _names(rows), strict=True):
        inner = path + name
        if row.is_field:
            inner = f"{path}.{name}".lstrip(".")
            options = ", ".join(_options(row))
            yield Fact(table, inner, " | ".join(row.types), row.required, _default(row), _range(row), options)
        yield from _facts(table, row.children, inner)


def _names(rows: list[_Row]) -> Iterator[str]:
    """What rows add to the path: the name of a field, what an object is called in brackets, and "" for any other."""
    tags = [_tag(row) for row in rows if not row.is_field and "object" in row.types]
    for row in rows:
        tag = _tag(row)
        if row.is_field:
            yield row.name
        elif "object" not in row.types or tags == [""]:
            yield ""
        else:
            yield f"[{tag if tag and tags.count(tag) == 1 else row.name}]"


def _tag(row: _Row) -> str:
    """The one option of an object's `type`, or else `role`; "" without."""
    options = {child.name: _options(child) for child in row.children if child.is_field}
    return next((options[name][0] for name in ("type", "role") if len(options.get(name, [])) == 1), "")


def _options(row: _Row) -> list[str]:
    found = OPTIONS.search(row.description)
    options = OPTION.findall(found[1]) if found else []
    # "Always `null`" of a number is no list of values.
    if not options and row.types == ["string"]:
        options = ONLY_OPTION.findall(row.description)
    return list(map(html.unescape, options))


def _range(row: _Row) -> str:
    found = RANGE.search(row.description)
    if not found:
        return ""
    label, text = found.groups()
    numbers = [json_text(each) for each in re.findall(r"-?\d+(?:\.\d+)?", text)]
    if len(numbers) == 2:
        return bounds(numbers[0], numbers[1], UNITS[label])
    low, high = {"MinLength": (text, None), "MaxLength": (None, text)}.get(label, (None, None))
    return bounds(low, high, UNITS[label]) or text


def _default(row: _Row) -> str:
    """The default of the row, or else those that its text gives to models."""
    models: dict[str, list[str]] = {}
    for names, value in DEFAULT_OF_MODELS.findall(row.description):
        models.setdefault(json_text(html.unescape(value)), []).extend(re.findall(CODE, names))
    return row.default or "; ".join(f"{value} for {' '.join(names)}" for value, names in models.items())
