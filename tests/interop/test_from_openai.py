"""The page for those who come from openai is fair: what it shows of that package prints what ours prints."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mimo_proto.testing import LoopbackServer

openai: Any = pytest.importorskip("openai")
pytestmark = pytest.mark.interop

PAGE = (Path(__file__).parents[2] / "docs/from-openai.md").read_text("utf-8")
# Theirs, ours, and what both print.
PAIRS: list[tuple[str, str]] = re.findall(
    r"^```py\n(.*?)^```\n\n```python\n.*?^```\n\n```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
)


def test_every_block_of_theirs_has_one_of_ours() -> None:
    assert len(PAIRS) == PAGE.count("```py\n") > 2


@pytest.mark.parametrize(("theirs", "output"), PAIRS)
def test_both_print_the_same(
    theirs: str,
    output: str,
    server: LoopbackServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    exec(theirs, {"__name__": "page"})
    assert capsys.readouterr().out == output
