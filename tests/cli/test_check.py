"""`mimo-proto validate` and `preflight`: lines on each request, and a status that says whether one would be refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto.cli import main as cli
from tests.support.commands import give
from tests.support.preflighting import CHAT, RESPONSES
from tests.support.schemas import SPEC

if TYPE_CHECKING:
    from pathlib import Path

GONE = {**CHAT, "model": "mimo-v2.5-pro"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIMO_API_KEY", raising=False)
    monkeypatch.delenv("MIMO_BASE_URL", raising=False)


def written(folder: Path, *requests: Any, indent: int | None = None) -> str:
    path = folder / "requests"
    path.write_text("\n".join(json.dumps(each, indent=indent) for each in requests), "utf-8")
    return str(path)


@pytest.mark.parametrize("indent", [None, 2])
def test_a_request(tmp_path: Path, capsys: pytest.CaptureFixture[str], indent: int | None) -> None:
    name = written(tmp_path, {**CHAT, "temperature": 0.2}, indent=indent)
    assert cli.main(["preflight", name]) == 0
    output = capsys.readouterr()
    assert output.out.startswith(
        f"{name}: ignored $.temperature: MiMo sets `temperature` to 1.0 while the model thinks"
    )
    assert output.out.endswith("(sampling; CHAT-2 RESP-2 THINK)\n")
    assert output.err == ""


def test_a_request_on_each_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = written(tmp_path, CHAT, GONE, RESPONSES, {"model": "x"})
    assert cli.main(["preflight", name]) == 1
    output = capsys.readouterr()
    assert [line.partition(" $")[0] for line in output.out.splitlines()] == [f"{name}:2: refused"]
    assert output.err.startswith(f"mimo-proto: {name}:4: this is no request")


@pytest.mark.parametrize("bad", ["{", '{"messages": [', "3", "Traceback (most recent call last):"])
def test_a_line_that_is_no_request_hides_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str) -> None:
    path = tmp_path / "requests"
    for lines in ([bad, json.dumps(GONE), json.dumps(GONE)], [bad, "", json.dumps(GONE), bad]):
        path.write_text("\n".join(lines), "utf-8")
        assert cli.main(["preflight", str(path)]) == 1
        output = capsys.readouterr()
        places = [line.partition(" ")[0] for line in output.out.splitlines()]
        assert places == [f"{path}:{at}:" for at, line in enumerate(lines, 1) if line == json.dumps(GONE)]
        told = [line.split()[1] for line in output.err.splitlines()]
        assert told == [f"{path}:{at}:" for at, line in enumerate(lines, 1) if line == bad]


@pytest.mark.parametrize("command", ["validate", "preflight"])
def test_a_file_that_cannot_be_read_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert cli.main([command, str(tmp_path / "nowhere"), str(tmp_path), written(tmp_path, GONE)]) == 1
    output = capsys.readouterr()
    assert output.out.startswith(str(tmp_path / "requests"))
    assert [line.startswith("mimo-proto: [Errno") for line in output.err.splitlines()] == [True, True]


def test_a_name_cannot_break_the_line_or_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["preflight", written(tmp_path, {**CHAT, "a\n\x1b[31m": 1})]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.isprintable()


def test_nothing_to_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = written(tmp_path, CHAT)
    assert cli.main(["preflight", name, name]) == 0
    assert capsys.readouterr() == ("", "")


def test_another_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["preflight", written(tmp_path, GONE), "--today", "2026-10-20"]) == 0
    assert capsys.readouterr().out == ""
    with pytest.raises(SystemExit, match="2"):
        cli.main(["preflight", written(tmp_path, GONE), "--today", "tomorrow"])


def test_the_environment_says_where_to_and_with_which_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIMO_API_KEY", "tp-0123456789")
    assert cli.main(["preflight", written(tmp_path, CHAT)]) == 1
    shown = capsys.readouterr().out
    assert "key_and_host" in shown
    assert "0123456789" not in shown
    monkeypatch.setenv("MIMO_BASE_URL", "https://gateway.example/v1")
    assert cli.main(["preflight", written(tmp_path, GONE)]) == 0
    monkeypatch.setenv("MIMO_BASE_URL", "gateway.example")
    assert cli.main(["preflight", written(tmp_path, GONE)]) == 2


@pytest.mark.parametrize("command", ["validate", "preflight"])
@pytest.mark.parametrize(
    "data", [b"", b"{", b'[\n{"input": "x"}\n]', b"{\n", b'"\xff"', b"[1]\n{", b"[" * 100_000, b"[" * 100_000 + b"\n1"]
)
def test_what_is_no_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str, data: bytes
) -> None:
    give(monkeypatch, data)
    assert cli.main([command, "-"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("mimo-proto: -")
    assert output.err.count("\n") == 1


def test_validate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    good = SPEC / "examples" / "ResponseRequest.basic.json"
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"model": "m", "messages": [], "temperature": 3}')
    give(monkeypatch, b"[]")
    assert cli.main(["validate", str(wrong), str(good), "-"]) == 1
    output = capsys.readouterr()
    assert output.out == f"{good}: a ResponseRequest\n"
    first, second = output.err.splitlines()
    assert first.startswith(f"mimo-proto: {wrong}: $.temperature: ")
    assert second == "mimo-proto: -: Expected `object`, got `array`"


def test_stdin_twice(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b'{"model": "m", "input": "x"}')
    assert cli.main(["validate", "-", "-"]) == 1
    output = capsys.readouterr()
    assert output.out == "-: a ResponseRequest\n"
    assert output.err == "mimo-proto: -: Input data was truncated\n"


def test_validate_a_request_on_each_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = written(tmp_path, CHAT, {**CHAT, "temperature": 3}, RESPONSES)
    assert cli.main(["validate", name]) == 1
    output = capsys.readouterr()
    assert output.out == f"{name}:1: a ChatCompletionRequest\n{name}:3: a ResponseRequest\n"
    assert output.err.startswith(f"mimo-proto: {name}:2: $.temperature: ")
    assert output.err.count("\n") == 1


@pytest.mark.parametrize("requests", [[CHAT], [CHAT, RESPONSES]])
def test_a_byte_order_mark(tmp_path: Path, capsys: pytest.CaptureFixture[str], requests: list[Any]) -> None:
    name = written(tmp_path, *requests)
    (tmp_path / "requests").write_text((tmp_path / "requests").read_text("utf-8"), "utf-8-sig")
    assert cli.main(["validate", name]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(requests)
