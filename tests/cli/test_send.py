"""`mimo-proto send`: a request from a file, and the answer as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto.cli import main as cli
from mimo_proto.testing import LoopbackServer, Turn
from tests.support.commands import give
from tests.support.preflighting import CHAT, RESPONSES

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = {"chat": CHAT, "responses": RESPONSES}


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize("piped", [False, True], ids=["file", "stdin"])
@pytest.mark.parametrize("stream", [{}, {"stream": False}])
def test_the_reply_is_a_line(
    server: LoopbackServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    api: str,
    piped: bool,
    stream: dict[str, bool],
) -> None:
    server.reply(Turn("42"))
    text = json.dumps(REQUESTS[api] | stream).encode()
    give(monkeypatch, text)
    (tmp_path / "request.json").write_bytes(text)
    assert cli.main(["send", api, "-" if piped else str(tmp_path / "request.json")]) == 0
    output = capsys.readouterr()
    [line] = output.out.splitlines()
    assert json.loads(line)["object"] == ("chat.completion" if api == "chat" else "response")
    assert '"42"' in line
    assert output.err == ""
    assert REQUESTS[api].items() <= server.requests[0].body.items()
    assert not server.requests[0].streamed


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_the_events_are_lines(
    server: LoopbackServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    give(monkeypatch, json.dumps(REQUESTS[api] | {"stream": True}).encode())
    assert cli.main(["send", api, "-"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) > 3
    assert server.requests[0].streamed
    assert all("choices" in line if api == "chat" else line["type"].startswith("response.") for line in lines)


@pytest.mark.parametrize("stream", [False, True])
def test_a_response_that_has_failed(
    server: LoopbackServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    failed: dict[str, Any] = {"id": "r", "object": "response", "output": [], "status": "failed"}
    event = b"data: %b\n\n" % json.dumps({"type": "response.failed", "response": failed}).encode()
    server.reply(event if stream else failed)
    give(monkeypatch, json.dumps(RESPONSES | {"stream": stream}).encode())
    assert cli.main(["send", "responses", "-"]) == 1
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 1
    assert output.err == "mimo-proto: the response has failed: the server gives no reason\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`, got `array`"),
        (b"\xff", "malformed"),
        (b'{"a": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"model": "m", "messages": []}', "$.messages: "),
        (b'{"model": "m", "stream": "yes", "messages": [{"role": "user", "content": "hi"}]}', "$.stream: "),
    ],
)
def test_what_is_no_request_is_not_sent(
    server: LoopbackServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: bytes,
    error: str,
) -> None:
    give(monkeypatch, text)
    assert cli.main(["send", "chat", "-"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    [line] = output.err.splitlines()
    assert error in line
    assert server.requests == []
