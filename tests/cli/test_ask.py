"""`mimo-proto chat` and `respond`: what is asked, and what is shown."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from mimo_proto.cli import main as cli
from mimo_proto.testing import Call, LoopbackServer, Turn
from tests.support.commands import give, start

needs_a_terminal = pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")


def asked(server: LoopbackServer) -> str:
    """The prompt of the last request."""
    body = server.requests[-1].body
    prompt: str = body["messages"][-1]["content"] if "messages" in body else body["input"]
    return prompt


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


def test_words_that_the_terminal_lacks_are_no_error(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    server.reply(Turn("泰山", "山"))
    assert cli.main(["chat", "hi"]) == 0
    assert written.getvalue() == b"\\u6cf0\\u5c71\n"


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


@pytest.mark.parametrize("command", ["chat", "respond"])
@pytest.mark.parametrize(
    ("piped", "arguments", "prompt"),
    [
        (b"", ["hi"], "hi"),
        (b" \n", ["hi"], "hi"),
        (b"hi", [" "], "hi"),
        (b"print(1)\n", ["What is wrong here?"], "print(1)\n\nWhat is wrong here?"),
        (b"  a\n", ["-"], "  a\n"),
        ("山\n".encode(), [], "山\n"),
    ],
)
def test_stdin_stands_before_the_prompt(
    server: LoopbackServer,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    piped: bytes,
    arguments: list[str],
    prompt: str,
) -> None:
    give(monkeypatch, piped)
    assert cli.main([command, *arguments]) == 0
    assert asked(server) == prompt


@pytest.mark.parametrize("command", ["chat", "respond"])
@pytest.mark.parametrize("arguments", [[], [""], [" "], ["-"]])
def test_an_empty_prompt_is_refused(
    server: LoopbackServer, capsys: pytest.CaptureFixture[str], command: str, arguments: list[str]
) -> None:
    assert cli.main([command, *arguments]) == 2
    assert capsys.readouterr() == ("", "mimo-proto: there is nothing to ask: give a prompt, or a text on stdin\n")
    assert server.requests == []


@needs_a_terminal
def test_a_terminal_is_read_for_a_dash_alone(server: LoopbackServer) -> None:
    typist, terminal = os.openpty()
    with os.fdopen(typist, "wb", buffering=0) as typing, os.fdopen(terminal, "rb") as screen:
        with start("chat", "hi", "--no-thinking", stdin=screen) as process:
            out, err = process.communicate(timeout=30)
        assert (out, err) == (b"You said: hi\n", b"")
        typing.write(b"typed\n\x04")
        with start("chat", "-", "--no-thinking", stdin=screen) as process:
            out, err = process.communicate(timeout=30)
        assert (out, err) == (b"You said: typed\n\n", b"")


def test_without_a_stdin(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under pythonw, or where the shell has closed it."""
    monkeypatch.setattr(sys, "stdin", None)
    assert cli.main(["chat", "hi"]) == 0
    assert asked(server) == "hi"


@pytest.mark.parametrize(("piped", "prompt"), [(b"\xff\xfe", "What is this?"), (b"", "\udcff")])
def test_what_is_no_text(
    server: LoopbackServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    piped: bytes,
    prompt: str,
) -> None:
    give(monkeypatch, piped)
    assert cli.main(["chat", prompt]) == 1
    error = capsys.readouterr().err
    assert error.startswith("mimo-proto: ")
    assert "'utf-8' codec can't" in error
    assert error.count("\n") == 1
    assert server.requests == []


def test_an_error_begins_a_line_of_its_own(server: LoopbackServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.reply(b'data: {"choices": [{"index": 0, "delta": {"reasoning_content": "Hm"}}]}\n\n')
    assert cli.main(["chat", "hi"]) == 1
    thought, error = capsys.readouterr().err.splitlines()
    assert thought == "Hm"
    assert error.startswith("mimo-proto: the stream ended without ")


DIM = b"\x1b[2mHm.\x1b[22m\r\n"


@needs_a_terminal
@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({"NO_COLOR": "", "TERM": "xterm"}, DIM),
        ({"NO_COLOR": "1", "TERM": "xterm"}, b"Hm.\r\n"),
        ({"NO_COLOR": "", "TERM": "dumb"}, b"Hm.\r\n"),
    ],
)
def test_thinking_is_dim_on_a_terminal(server: LoopbackServer, variables: dict[str, str], shown: bytes) -> None:
    server.reply(Turn("42", "Hm."))
    reader, terminal = os.openpty()
    with os.fdopen(reader, "rb", buffering=0) as screen:
        with os.fdopen(terminal, "wb", buffering=0) as stderr:
            with start("chat", "hi", stdin=subprocess.DEVNULL, stderr=stderr, environment=variables) as process:
                out, _ = process.communicate(timeout=30)
            assert (process.returncode, out) == (0, b"42\n")
            assert screen.read(1000) == shown


def test_thinking_is_not_dim_elsewhere(server: LoopbackServer) -> None:
    server.reply(Turn("42", "Hm."))
    with start("chat", "hi", stdin=subprocess.DEVNULL, environment={"NO_COLOR": "", "TERM": "xterm"}) as process:
        assert process.communicate(timeout=30) == (b"42\n", b"Hm.\n")
