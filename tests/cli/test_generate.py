"""`mimo-proto generate`; in a checkout the generator has another name than in the wheel (tests/test_wheel.py)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import codegen
import codegen.__main__
from mimo_proto.cli import main as cli

OVERLAY = Path(__file__).parents[2] / "examples/overlay/my_spec"


@pytest.fixture
def as_in_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """The generator under the name that it has in the wheel."""
    monkeypatch.setitem(sys.modules, "mimo_proto.codegen", codegen)
    monkeypatch.setitem(sys.modules, "mimo_proto.codegen.__main__", codegen.__main__)


def test_a_checkout_has_it_under_another_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["generate", "--out", "models"]) == 2
    assert "in a checkout it is `python -m codegen`" in capsys.readouterr().err


@pytest.mark.usefixtures("as_in_the_wheel")
def test_models_are_written_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["generate", "--out", str(tmp_path / "models")]
    assert cli.main([*arguments, "--overlay", str(OVERLAY)]) == 0
    assert "reasoning_effort" in (tmp_path / "models/chat_request.py").read_text("utf-8")
    assert capsys.readouterr().out == ""
    # Without the overlay they would be others.
    assert cli.main([*arguments, "--check"]) == 1
    assert "-class ResponseQueued(" in capsys.readouterr().out


def test_the_place_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["generate"])
    assert "--out" in capsys.readouterr().err
