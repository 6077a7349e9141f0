"""MiMo's raw pages: which facts are read of them, and what is refused."""

from __future__ import annotations

import re
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import pytest

from codegen.page import PageError, bounds, read_page
from tests.support.pages import BEGINNING, code, row, table, variant, write_page

if TYPE_CHECKING:
    from pathlib import Path

MODELS = (
    f"How many.<br /><ul><li>{code('wren-1', 'wren-2')}: default {code('1.0')}</li>"
    f"<li>{code('crow-1')}: default {code('3')}</li><li>{code('owl-1')}: default {code('1.0')}</li></ul>"
)


def facts(path: Path) -> list[tuple[str, ...]]:
    """The facts of a page, without what their table is called."""
    return [astuple(fact)[1:] for fact in read_page(path)]


def first(path: Path, *args: Any, **more: Any) -> tuple[str, ...]:
    """The one fact, without table and name, of a page with one row."""
    return facts(write_page(path / "page.md", {"Request body": [row("x", *args, **more)]}))[0][1:]


def test_a_field(tmp_path: Path) -> None:
    description = f"Its size.<br />Required range: {code('[0.1, 10.0]')}"
    size = row("size", ["number", "null"], description, required=False, defaultValue="2.0")
    name = row("name", "string", f"<br />Required string length: {code('1 - 64')}", required=True)
    page = write_page(tmp_path / "page.md", {"Request body": [size, name]})
    assert [astuple(fact) for fact in read_page(page)] == [
        ("request", "size", "number | null", "no", "2", "0.1 to 10", ""),
        ("request", "name", "string", "yes", "", "1 to 64 characters", ""),
    ]


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Request body", "request"),
        ("Request Body", "request"),
        ("Chat response object (non-streaming output)", "reply"),
        ("Response", "reply"),
        ("Chat response chunk object (streaming output)", "chunk"),
        ("response.output_text.delta", "response.output_text.delta"),
        ("error", "error"),
    ],
)
def test_what_a_table_describes_is_said_by_its_heading(tmp_path: Path, heading: str, name: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{BEGINNING}### {heading}  \n\nSome words.\n{table(row('x'))}", "utf-8")
    assert [fact.table for fact in read_page(page)] == [name]


def test_the_form_of_a_page_itself(tmp_path: Path) -> None:
    # As it stands in a file: each backslash of the JSON is doubled, for the template literal around it.
    page = tmp_path / "page.md"
    page.write_text(
        "## Request body\n\n<InlineSchemaV2 schema={`[\n  {\n"
        '    "name": "bird",\n    "type": "string",\n    "isBold": true,\n    "required": true,\n'
        '    "description": "A \\`bird\\` for \\$1.<br />'
        'Available options: <code class=\\\\"a\\\\">wren</code>, <code class=\\\\"a\\\\">crow</code>"\n'
        "  }\n]`} />\n",
        "utf-8",
    )
    assert facts(page) == [("bird", "string", "yes", "", "", "wren, crow")]


@pytest.mark.parametrize(
    ("kind", "description", "options"),
    [
        ("string", f"Available options: {code('a', 'b')}", "a, b"),
        ("string", f"Available options:  {code('a')} and {code('b')}.", "a, b"),
        ("string", f"Available options: {code('a')}<br />Required range: {code('1 - 2')}", "a"),
        ("string", f"Available options: {code('&quot;a&quot;')}<blockquote>not {code('c')}</blockquote>", '"a"'),
        ("string", f"Available options:<br /><ul><li>{code('wren-1')}: {code('a', 'b')}</li></ul>", "a, b"),
        ("integer", f"Available options: {code('1', '2')}", "1, 2"),
        ("string", f"The kind. Always {code('a')}.", "a"),
        ("string", f"Which is always {code('a')}.", "a"),
        ("string", f"Currently, only {code('a')} is supported.", "a"),
        ("string", f"Currently, only the {code('wren-1')} model sings.", ""),
        ("integer", f"Always {code('0')}.", ""),
        (["string", "null"], f"Currently always {code('null')}.", ""),
        ("string", f"Better {code('a')} than {code('b')}.", ""),
    ],
)
def test_options(tmp_path: Path, kind: str | list[str], description: str, options: str) -> None:
    assert first(tmp_path, kind, description)[-1] == options


@pytest.mark.parametrize(
    ("description", "text"),
    [
        (f"Required range: {code('[-2.0, 2.0]')}", "-2 to 2"),
        (f"Required array length: {code('1 - 4')}", "1 to 4 items"),
        (f"MinLength: {code('1')}", "at least 1 characters"),
        (f"MaxLength: {code('64')}", "at most 64 characters"),
        (f"Required range: {code('above 1')}", "above 1"),
        (f"<li>{code('wren-1')}: the required range is {code('[1, 2]')}</li>", ""),
    ],
)
def test_ranges(tmp_path: Path, description: str, text: str) -> None:
    assert first(tmp_path, "string", description)[-2] == text


def test_no_bounds_are_no_range() -> None:
    assert bounds(None, None, "items") == ""


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({}, ""),
        ({"defaultValue": "10.50"}, "10.5"),
        ({"defaultValue": "false"}, "false"),
        ({"defaultValue": False}, "false"),
        ({"defaultValue": 1.0}, "1"),
        ({"description": MODELS}, "1 for wren-1 wren-2 owl-1; 3 for crow-1"),
        ({"description": MODELS, "defaultValue": "2"}, "2"),
    ],
)
def test_defaults(tmp_path: Path, more: dict[str, Any], text: str) -> None:
    assert first(tmp_path, **{"kind": "integer", **more})[2] == text


def test_what_is_in_a_field_is_called_by_its_path(tmp_path: Path) -> None:
    kind = f"Available options: {code('crow')}"
    tags = [
        # By their options; by the name on the page without one, or where two have the same.
        variant("A crow", row("type", "string", kind), row("age")),
        variant("A wren", row("role", "string", f"Always {code('wren')}"), row("age")),
        variant("Any bird", row("type"), row("age")),
        variant("An owl", row("type", "string", f"Always {code('owl')}")),
        variant("A big owl", row("type", "string", f"Always {code('owl')}")),
    ]
    birds = row(
        "birds", ["string", "array"], children=[variant("Text", kind="string"), variant("List", *tags, kind="array")]
    )
    alone = row("nest", "object", children=[variant("A nest", variant("Really", row("eggs", "integer")))])
    tagged = row("tree", "object", children=[variant("A tree", row("type", "string", f"Always {code('oak')}"))])
    page = write_page(
        tmp_path / "page.md", {"Request body": [birds, alone, tagged, row("plain", "object", children=[row("x")])]}
    )
    assert [name for name, *_ in facts(page)] == [
        "birds",
        "birds[crow].type",
        "birds[crow].age",
        "birds[wren].role",
        "birds[wren].age",
        "birds[Any bird].type",
        "birds[Any bird].age",
        "birds[An owl].type",
        "birds[A big owl].type",
        "nest",
        "nest.eggs",
        "tree",
        "tree[oak].type",
        "plain",
        "plain.x",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BEGINNING, "1: the page has no table"),
        (BEGINNING + table(), "1: the page has no table"),
        (table(row("x")), "1: a table stands under no heading"),
        (f"## Request\n\n{table(row('x'))}\n{table(row('x'))}", "12: the table of the request has 'x' twice"),
        ("## Request\n\n<InlineSchemaV2 schema={`[`", "3: a table is not of the form"),
        ("## Request\n<InlineSchemaV2 rows={[]} />", "2: a table is not of the form"),
        ("## Request\n<InlineSchemaV2 schema={`[\n{\n]`} />", "4: a table is not JSON: Expecting property name"),
        ("## Request\n<InlineSchemaV2 schema={`{}`} />", "2: the table: the rows are no list"),
        (f"## Request\n{table(row('x', children={'y': 1}))}", "2: x: the rows are no list"),
        ("## Request\n<InlineSchemaV2 schema={`[1]`} />", "2: the table: a row has no name"),
        (f"## Request\n{table(row('x', children=[{'type': 'string'}]))}", "2: x: a row has no name"),
        ('## Request\n<InlineSchemaV2 schema={`[{"name": "x", "isBold": true}]`} />', "2: x: the type is missing"),
        (f"## Request\n{table(row('x', children=[row('y', [1])]))}", "2: x/y: the type is missing"),
        ('## Request\n<InlineSchemaV2 schema={`[{"name": "x", "type": "string"}]`} />', "2: x: isBold is missing"),
        (f"## Request\n<InlineSchemaV2 schema={{`{'[' * 200_000}`}} />", "2: a table is nested too deeply"),
    ],
)
def test_what_is_no_page_is_refused_in_a_sentence(tmp_path: Path, text: str, message: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    with pytest.raises(PageError, match=re.escape(f"{page}:{message}")) as caught:
        read_page(page)
    assert "\n" not in str(caught.value)


def test_what_is_not_utf8_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(b"# Birds\n\nr\xe9gulus\n")
    with pytest.raises(PageError, match=re.escape(f"{page}:3: the file is not UTF-8")):
        read_page(page)
