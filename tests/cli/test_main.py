"""The command line, in this process where that tells all, in one of its own for signals and pipes."""

from __future__ import annotations

import io
import json
import os
import runpy
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto.cli import main as cli
from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.testing import Call, Gate, LoopbackServer, Refusal, Turn, recorded
from tests.support.calling import payloads
from tests.support.schemas import SPEC

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = SPEC / "examples"


@pytest.fixture(autouse=True)
def environment(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


def test_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models"]) == 0
    assert capsys.readouterr().out.splitlines() == sorted(MODEL_FACTS)


@pytest.mark.parametrize("command", ["chat", "respond"])
def test_words_go_to_stdout_and_thinking_to_stderr(
    server: LoopbackServer, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    server.reply(Turn("Hello, you.", "A greeting.", [Call("f", {"a": 1}), Call("g", "")]))
    assert cli.main([command, "Hello?", "--model", "mimo-v2.5", "--instructions", "Be brief."]) == 0
    output = capsys.readouterr()
    assert output.out == "Hello, you.\n"
    assert output.err == 'A greeting.\nf {"a":1}\ng \n'
    body = server.requests[0].body
    assert body["model"] == "mimo-v2.5"
    told = body["messages"] if command == "chat" else [body["instructions"], body["input"]]
    assert "Be brief." in str(told[0])
    assert "Hello?" in str(told[1])


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [("chat", "thinking", {"type": "disabled"}), ("respond", "reasoning", {"effort": "none"})],
)
def test_thinking_can_be_left_out(
    server: LoopbackServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    name: str,
    value: object,
) -> None:
    give(monkeypatch, b"from a pipe")
    assert cli.main([command, "-", "--no-thinking"]) == 0
    assert capsys.readouterr() == ("You said: from a pipe\n", "")
    assert server.requests[0].body[name] == value


def test_a_custom_tool_call_is_shown(server: LoopbackServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.reply(Turn("", None, [Call("sketch", "NNE", custom=True)]))
    assert cli.main(["respond", "Draw."]) == 0
    assert capsys.readouterr() == ("", "sketch NNE\n")


@pytest.mark.parametrize("kind", ["ChatCompletionChunk.thinking", "ResponseStreamEvent.function_call"])
@pytest.mark.parametrize("piped", [False, True], ids=["file", "stdin"])
def test_decode(kind: str, piped: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, recorded(f"{kind}.sse"))
    endpoint = "chat" if kind.startswith("Chat") else "responses"
    assert cli.main(["decode", endpoint, *([] if piped else [str(EXAMPLES / f"{kind}.sse")])]) == 0
    lines = capsys.readouterr().out.splitlines()
    sent = payloads(recorded(f"{kind}.sse"))
    assert [json.loads(line).get("type") for line in lines] == [event.get("type") for event in sent]


def test_words_that_the_terminal_lacks_are_no_error(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    server.reply(Turn("泰山", "山"))
    assert cli.main(["chat", "hi"]) == 0
    assert written.getvalue() == b"\\u6cf0\\u5c71\n"


def test_decode_tells_of_an_early_end(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, recorded("ChatCompletionChunk.thinking.sse")[:1000])
    assert cli.main(["decode", "chat"]) == 1
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 3
    assert output.err.startswith("mimo-proto: ")


def test_validate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    good = EXAMPLES / "ResponseRequest.basic.json"
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


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"code": "server_error", "message": "It broke."}, "server_error: It broke."),
        ({"message": "It broke."}, "It broke."),
        ({}, "the server gives no reason"),
        (None, "the server gives no reason"),
    ],
)
def test_a_response_that_has_failed(
    server: LoopbackServer, capsys: pytest.CaptureFixture[str], error: dict[str, str] | None, told: str
) -> None:
    response: dict[str, Any] = {"id": "r", "output": [], "status": "failed", "error": error}
    failed = {"type": "response.failed", "response": response}
    server.reply(b"data: " + json.dumps(failed).encode() + b"\n\n")
    assert cli.main(["respond", "hi"]) == 1
    assert capsys.readouterr() == ("", f"mimo-proto: the response has failed: {told}\n")


def test_an_answer_without_a_choice(server: LoopbackServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.reply(b"data: [DONE]\n\n")
    assert cli.main(["chat", "hi"]) == 1
    assert "not one choice came" in capsys.readouterr().err


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


def test_without_a_key(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIMO_API_KEY")
    assert cli.main(["models"]) == 2
    assert "MIMO_API_KEY" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["sing"], ["decode", "morse"]])
def test_a_wrong_call(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: mimo-proto")


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
        assert cli.main(["decode", "chat", str(EXAMPLES / "ChatCompletionChunk.thinking.sse")]) == 141
    os.write(descriptor, b"what is left")
    os.close(descriptor)
    assert (tmp_path / "out").read_bytes() == b""


def start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "mimo_proto", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_ctrl_c(server: LoopbackServer) -> None:
    gate = Gate()
    server.reply(Turn("one two three"), hold={2: gate})
    with start("chat", "hi") as process:
        gate.wait(30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err.decode().splitlines()[-1]) == (130, "mimo-proto: interrupted")


def test_a_reader_that_has_gone() -> None:
    with start("decode", "chat") as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(recorded("ChatCompletionChunk.thinking.sse"), timeout=30)
    assert (process.returncode, err) == (141, b"")
