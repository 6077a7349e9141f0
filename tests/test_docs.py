"""The pages do what they say: their Python runs against a LoopbackServer, and prints what they show.

The blocks of a page share their names and run from top to bottom; a `text` block right behind one is what it prints.
Those of the pages for newcomers run alone, each as it would when it is copied.
Type checkers must take them too, since people copy them.
`test_readme.py` runs README.md, and `test_how_to_extend.py` runs `how-to-extend.md`, which speaks of what the spec does
not have.
"""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mimo_proto import Client

if TYPE_CHECKING:
    from mimo_proto.testing import LoopbackServer

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of a page, and what it prints if the page says so."""

    code: str
    output: str


def blocks(path: Path) -> list[Block]:
    """The blocks of a page, each behind as many empty lines as make its line numbers those of the page."""
    text = path.read_text("utf-8")
    return [
        Block("\n" * text.count("\n", 0, found.start(1)) + found[1], found[2] or "") for found in FENCE.finditer(text)
    ]


ELSEWHERE = {"how-to-extend"}
ALONE = {"README", "quickstart", "from-openai"}
README = ROOT / "README.md"
PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if page.stem not in ELSEWHERE and blocks(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(
    page: Path, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    names: dict[str, Any] = {"__name__": "page"}
    with ExitStack() as stack:
        for block in blocks(page):
            if page.stem in ALONE:
                names = {"__name__": "page"}
            exec(compile(block.code, page, "exec", dont_inherit=True), names)
            printed = capsys.readouterr().out
            assert not block.output or printed == block.output
            # Pages leave their client open: a snippet is no program.
            for client in (name for name in names.values() if isinstance(name, Client)):
                stack.callback(client.close)


def programs(page: Path) -> list[str]:
    """What a page has type checkers read: one program, or one for each block that runs alone."""
    if page.stem in ALONE:
        return [block.code for block in blocks(page)]
    program = ""
    for block in blocks(page):
        program += block.code[program.count("\n") :]
    return [program]


# What snippets may do and programs should not: use a name again for something else, and read `usage` unasked.
AS_SNIPPETS = ["--allow-redefinition-new", "--local-partial-types", "--disable-error-code=union-attr"]


def test_type_checkers_take_what_the_pages_say(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    for page in [README, *PAGES]:
        for number, program in enumerate(programs(page)):
            (tmp_path / f"{page.stem.replace('-', '_')}_{number}.py").write_text(program, "utf-8")
    mypy = [sys.executable, "-m", "mypy", "--config-file=", "--check-untyped-defs", *AS_SNIPPETS, "."]
    checked = subprocess.run(mypy, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.stdout.startswith("Success: no issues found"), checked.stdout + checked.stderr


def test_the_pages_are_found() -> None:
    assert {"streaming", "errors-and-retries", "sans-io", "how-to-test"} <= {page.stem for page in PAGES}
