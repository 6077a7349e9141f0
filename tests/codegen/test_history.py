"""The proof on history: MiMo's pages of the v2.5 age, what is generated from them, and the step to today's."""

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from codegen.__main__ import main
from codegen.load import load, read_directory
from codegen.render import render

HERE = Path(__file__).parents[1]
OLD = HERE / "fixtures/spec_v25"
NEW = HERE.parent / "spec"


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """The modules of the older age, generated once."""
    return render(load(read_directory(OLD)))


def test_the_report_between_them(capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    assert main(["--spec", str(NEW), "diff", str(OLD), "--format", "markdown"]) == 1
    assert capsys.readouterr().out == snapshot


@pytest.mark.parametrize("area", sorted(path.stem for path in OLD.glob("*.json")))
def test_the_older_source(sources: dict[str, str], area: str, snapshot: SnapshotAssertion) -> None:
    assert sources[f"{area}.py"] == snapshot


def test_what_came_with_the_newer_age(sources: dict[str, str]) -> None:
    today = render(load(read_directory(NEW)))
    assert "class CustomToolCallItem(" in today["responses_items.py"]
    assert "class CustomToolCallItem(" not in sources["responses_items.py"]
    assert "output: str | list[ToolOutputContent]" in today["responses_items.py"]
    assert '"xhigh"' not in sources["responses_request.py"]
