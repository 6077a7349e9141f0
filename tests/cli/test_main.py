"""The command line, in this process where that tells all, in one of its own for signals and pipes."""

from __future__ import annotations

import io
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import mimo_proto
from mimo_proto import NotFoundError
from mimo_proto.cli import main as cli
from mimo_proto.models import SPEC_VERSION
from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.testing import Gate, LoopbackServer, Refusal, Turn, recorded
from tests.support.commands import start
from tests.support.schemas import SPEC

EXAMPLES = SPEC / "examples"
FULL = Path("/dev/full")
REQUEST = EXAMPLES / "ChatCompletionRequest.web_search.json"


def test_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models"]) == 0
    assert capsys.readouterr().out.splitlines() == sorted(MODEL_FACTS)


def test_errors_are_told_in_a_line(server: LoopbackServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.reply(Refusal(429, "Too many requests", None))
    assert cli.main(["chat", "hi"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "Too many requests" in output.err
    assert len(output.err.splitlines()) == 1


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", "not-there.json"]) == 1
    assert "No such file or directory: 'not-there.json'" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["models"], ["chat", "hi"], ["respond", "hi"], ["send", "chat", str(REQUEST)]])
def test_without_a_key(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.delenv("MIMO_API_KEY")
    assert cli.main([*command]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "mimo-proto: there is no key: set the variable MIMO_API_KEY to yours"
    assert "`mimo-proto serve`" in hint


@pytest.mark.parametrize("arguments", [[], ["sing"], ["decode", "--api", "morse"]])
def test_a_wrong_call(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: mimo-proto")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"mimo-proto {mimo_proto.__version__}, spec {SPEC_VERSION}\n"


@pytest.mark.wrong_requests
@pytest.mark.parametrize("path", ["", "/", "/v1/chat/completions"])
@pytest.mark.parametrize("command", [["models"], ["chat", "hi"], ["send", "chat", str(REQUEST)]])
def test_a_base_url_that_does_not_end_in_v1(
    server: LoopbackServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    command: list[str],
) -> None:
    base_url = server.base_url.removesuffix("/v1") + path
    monkeypatch.setenv("MIMO_BASE_URL", base_url)
    assert cli.main(command) == 1
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("mimo-proto: HTTP 404")
    assert hint == f"mimo-proto: hint: MiMo's base URLs end in /v1, and MIMO_BASE_URL does not: {base_url!r}"


@pytest.mark.parametrize("base_url", ["with /v1", None])
def test_another_404_has_no_hint(
    server: LoopbackServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, base_url: str | None
) -> None:
    def missing(*_: object) -> None:
        raise NotFoundError("no such model", status=404)

    if base_url is None:
        monkeypatch.delenv("MIMO_BASE_URL")
    monkeypatch.setattr("mimo_proto.client.Client.list_models", missing)
    assert cli.main(["models"]) == 1
    assert capsys.readouterr().err == "mimo-proto: HTTP 404: no such model\n"


def test_plain_http_to_another_machine(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIMO_BASE_URL", "http://mimo.invalid/v1")
    assert cli.main(["models"]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert "would send the key in the clear" in error
    assert "add --allow-http" in hint
    assert cli.main(["models", "--allow-http"]) == 1  # and there is no such machine
    [error] = capsys.readouterr().err.splitlines()
    assert "mimo.invalid" in error


def test_https_to_a_server_of_plain_http(
    server: LoopbackServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    base_url = server.base_url.replace("http", "https")
    monkeypatch.setenv("MIMO_BASE_URL", base_url)
    assert cli.main(["models"]) == 1
    _, hint = capsys.readouterr().err.splitlines()
    assert hint.startswith(f"mimo-proto: hint: does the server speak plain http? MIMO_BASE_URL, {base_url!r}, ")


def test_python_m(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mimo-proto", "models"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("mimo_proto", run_name="__main__")
    assert caught.value.code == 0
    assert "mimo-v2.6-pro" in capsys.readouterr().out


def test_an_interrupt(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mimo_proto.client.Client.list_models", interrupt)
    assert cli.main(["models"]) == 130
    assert capsys.readouterr() == ("", "mimo-proto: interrupted\n")


def test_what_a_reader_that_has_gone_did_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is thrown away; the interpreter would try to write it again when it ends."""
    descriptor = os.open(tmp_path / "out", os.O_CREAT | os.O_WRONLY)

    class Gone(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

        def fileno(self) -> int:
            return descriptor

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Gone())
        assert cli.main(["decode", str(EXAMPLES / "ChatCompletionChunk.thinking.sse")]) == 141
    os.write(descriptor, b"what is left")
    os.close(descriptor)
    assert (tmp_path / "out").read_bytes() == b""


def test_ctrl_c(server: LoopbackServer) -> None:
    gate = Gate()
    server.reply(Turn("one two three"), hold={2: gate})
    with start("chat", "hi", stdin=subprocess.DEVNULL) as process:
        gate.wait(30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err.decode().splitlines()[-1]) == (130, "mimo-proto: interrupted")


def test_a_reader_that_has_gone() -> None:
    with start("decode") as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(recorded("ChatCompletionChunk.thinking.sse"), timeout=30)
    assert (process.returncode, err) == (141, b"")


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("command", [["models"], ["decode", str(EXAMPLES / "ChatCompletionChunk.thinking.sse")]])
def test_a_full_disk(server: LoopbackServer, command: list[str]) -> None:
    with FULL.open("wb") as full, start(*command, stdin=subprocess.DEVNULL, stdout=full) as process:
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, b"mimo-proto: [Errno 28] No space left on device\n")
