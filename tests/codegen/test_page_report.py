"""`codegen page`: what changed in a page, and what the spec says otherwise."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import main
from codegen.page import read_page
from codegen.page_facts import HEADER, read_facts
from tests.support.pages import code, row, write_facts, write_page

ROOT = Path(__file__).parents[2]
OURS = read_facts(ROOT / "spec/facts")
BIRDS: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://mimo-proto.invalid/spec/birds.json",
    "title": "Birds",
    "description": "What is asked of them.",
    "$defs": {
        "Bird": {
            "type": "object",
            "description": "One of them.",
            "x-root": "sent",
            "properties": {
                "name": {"type": "string", "description": "What it is called."},
                "size": {"type": "number", "description": "In cm.", "minimum": 5, "maximum": 90, "default": 20},
                "kind": {"type": "string", "description": "Which it is.", "enum": ["wren", "crow"]},
                "song": {"type": "string", "description": "What it sings."},
            },
            "required": ["name"],
        },
        "Flock": {
            "type": "object",
            "description": "Some of them.",
            "x-root": "received",
            "properties": {"count": {"type": "integer", "description": "How many."}},
        },
    },
}
LINES = [
    "request\tname\tstring\tyes\t\t\t\t\t\tBird.name",
    "request\tsize\tnumber\tno\t20\t5 to 90\t\t\t\tBird.size",
    "request\tkind\tstring\tno\t\t\twren\toptions\tCrows are known too.\tBird.kind",
    "request\tsong\t\t\t\t\t\tname\tNot on the page.\tBird.song",
    "reply\tcount\tinteger\t\t\t\t\t\t\tFlock.count",
]
# The rows of the page that the lines are about.
NAME = row("name", required=True)
SIZE = row("size", "number", f"Required range: {code('[5, 90]')}", required=False, defaultValue="20")
KIND = row("kind", "string", f"Available options: {code('wren')}", required=False)
COUNT = row("count", "integer")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec with facts of two pages."""
    directory = tmp_path / "spec"
    (directory / "facts").mkdir(parents=True)
    (directory / "VERSION").write_text("1.0.0\n", "utf-8")
    (directory / "birds.json").write_text(json.dumps(BIRDS), "utf-8")
    other = ["request\tname\tstring\tyes\t\t\t\t\t\tBird.name", "request\tage\tinteger\tno\t\t\t\t\t\tBird.size"]
    for name, lines in {"birds": LINES, "ages": other}.items():
        (directory / f"facts/{name}.tsv").write_text("\n".join(["\t".join(HEADER), *lines, ""]), "utf-8")
    return directory


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are named as the command line has them."""
    monkeypatch.chdir(tmp_path)


def page(name: str, *rows: dict[str, Any], reply: dict[str, Any] = COUNT) -> str:
    return str(write_page(Path(name), {"Request body": list(rows), "Response object": [reply]}))


def run(spec: Path, old: str, new: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = main(["--spec", str(spec), "page", old, new])
    out, err = capsys.readouterr()
    return status, out, err


def test_no_differences(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same = page("birds.md", NAME, SIZE, KIND)
    assert run(spec, same, same, capsys) == (0, "1 more on purpose: spec/facts/birds.tsv says why.\n", "")


def test_what_changed_and_what_the_spec_says_otherwise(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = page("old.md", NAME, SIZE, KIND)
    larger = row("size", "number", f"Required range: {code('[5, 120.0]')}", required=False, defaultValue="20")
    moved = page("new.md", row("colour", required=False, defaultValue="blue"), larger, NAME)
    assert run(spec, old, moved, capsys) == (
        1,
        """\
--- old.md
+++ new.md
   table    name    type    required  default  range     options
-  request  size    number  no        20       5 to 90   -
+  request  size    number  no        20       5 to 120  -
-  request  kind    string  no        -        -         wren
+  request  colour  string  no        blue     -         -
The spec says otherwise:
table    name    what   page      spec     where
request  colour  name   string    -        in no line of the facts
request  size    range  5 to 120  5 to 90  Bird.size
request  kind    name   -         string   Bird.kind
""",
        "",
    )


def test_the_same_page_twice_shows_only_what_the_spec_says(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same = page("birds.md", NAME, SIZE, KIND, reply=row("count", "string"))
    assert run(spec, same, same, capsys) == (
        1,
        """\
The spec says otherwise:
table  name   what  page    spec     where
reply  count  type  string  integer  Flock.count
1 more on purpose: spec/facts/birds.tsv says why.
""",
        "",
    )


def test_a_change_that_the_spec_has_already(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = page("old.md", NAME, row("size", "number", required=False), KIND)
    status, out, _ = run(spec, old, page("new.md", NAME, SIZE, KIND), capsys)
    assert (status, "The spec says otherwise" in out) == (1, False)


def test_what_differed_on_purpose_is_shown_when_the_page_says_something_new(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = row("kind", "string", f"Available options: {code('wren', 'owl')}", required=False)
    same = page("birds.md", NAME, SIZE, both)
    status, out, _ = run(spec, same, same, capsys)
    assert (status, out.splitlines()[2:]) == (1, ["request  kind  options  wren, owl  wren, crow  Bird.kind"])


def test_a_field_that_only_the_spec_had_until_now(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same = page("birds.md", NAME, SIZE, KIND, row("song", required=False))
    status, out, _ = run(spec, same, same, capsys)
    assert (status, out.splitlines()[2]) == (1, "request  song  name  string  -     in no line of the facts")


def test_the_page_is_held_to_the_file_with_most_of_its_fields(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same = page("ages.md", NAME, row("age", "integer", required=False))
    status, out, _ = run(spec, same, same, capsys)
    # Its file has no reply; the property of the spec that it names is a number.
    assert (status, [line.split()[:3] for line in out.splitlines()[2:]]) == (
        1,
        [
            ["request", "age", "type"],
            ["request", "age", "default"],
            ["request", "age", "range"],
            ["reply", "count", "name"],
        ],
    )


# What cannot be read: one sentence, exit code 2


@pytest.mark.parametrize("place", [0, 1])
def test_a_page_that_cannot_be_read(spec: Path, capsys: pytest.CaptureFixture[str], place: int) -> None:
    pages = [page("birds.md", NAME, SIZE)] * 2
    pages[place] = "text.md"
    Path("text.md").write_text("# Text\n", "utf-8")
    status, out, err = run(spec, pages[0], pages[1], capsys)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("text.md:1: the page has no table")


def test_a_page_that_is_not_there(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(spec, "nowhere.md", page("birds.md", NAME), capsys)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "nowhere.md" in err


def test_a_page_of_something_else(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = str(write_page(Path("trees.md"), {"Request body": [row("leaves")]}))
    expected = (2, "", "trees.md:1: none of the files of facts has a field of this page\n")
    assert run(spec, other, other, capsys) == expected


def test_a_fact_of_a_property_that_is_gone(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = spec / "facts/birds.tsv"
    facts.write_text(facts.read_text("utf-8").replace("Bird.size", "Bird.length"), "utf-8")
    same = page("birds.md", NAME, SIZE)
    assert run(spec, same, same, capsys) == (2, "", f"{facts}:3: the spec has no property Bird.length\n")


def test_without_facts_the_command_says_where_they_are(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(spec / "facts")
    same = page("birds.md", NAME)
    status, out, err = run(spec, same, same, capsys)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"{spec / 'facts'}: no facts (*.tsv) are here; a checkout of mimo-proto has them")


def test_two_pages_are_needed(spec: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--spec", str(spec), "page", "old.md"])
    assert caught.value.code == 2


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_a_page_with_our_own_facts_has_no_differences(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The facts are named as `codegen page` names those of a page, and today's pages give exit code 0."""
    facts = [line.fact for line in OURS[path] if line.is_on_the_page]
    written = write_facts(Path("page.md"), facts)
    assert read_page(written) == facts
    status, out, err = run(ROOT / "spec", str(written), str(written), capsys)
    on_purpose = sum(len(line.differs) for line in OURS[path] if line.is_on_the_page)
    assert (status, err) == (0, "")
    assert out.startswith(f"{on_purpose} more on purpose: spec/facts/{path.name}") if on_purpose else out == ""


def test_our_own_facts_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    """A page with one of our fields is held to our spec, which has many that are not on it."""
    limit = row("limit", "integer", f"Required range: {code('[1, 60]')}", required=False, defaultValue="5")
    search = {"name": "Search", "type": "object", "isBold": False}
    kind = row("type", "string", f"Always {code('web_search')}.", required=True)
    tools = row("tools", "array", required=False, children=[{**search, "children": [kind, limit]}])
    same = str(write_page(Path("chat.md"), {"Request body": [tools]}))
    status, out, _ = run(ROOT / "spec", same, same, capsys)
    lines = [re.split(r"  +", line) for line in out.splitlines()[2:]]
    assert status == 1
    assert [line for line in lines if line[2] != "name"] == [
        ["request", "tools[web_search].limit", "range", "1 to 60", "1 to 50", "WebSearchTool.limit"]
    ]
