from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mimo_proto.cli import main as cli
from mimo_proto.testing import Call, LoopbackServer, Turn

if TYPE_CHECKING:
    import pytest

LABEL = re.compile(r"  (\w[\w ]*?) +\| (.*)")


def labels(out: str) -> list[list[str]]:
    """The labels of each exchange, in order."""
    return [[match[1] for match in LABEL.finditer(part)] for part in out.split("\n\n")[1:]]


def test_without_a_key_a_stand_in_answers(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("MIMO_API_KEY", raising=False)
    assert cli.main(["demo"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("MIMO_API_KEY is not set: a stand-in answers at http://127.0.0.1:")
    end = ["final", "usage", "first delta"]
    assert labels(out) == [
        ["question", "answer", "final", "usage", "answered"],
        ["question", "thinking", "answer", *end],
        ["question", "thinking", "call", "call", *end, "result", "result", "thinking", "answer", *end],
        ["question", "answer", "final", "usage", "answered"],
        ["question", "thinking", "answer", *end],
    ]
    finals = [json.loads(match[2]) for match in LABEL.finditer(out) if match[1] == "final"]
    assert [final["object"] for final in finals] == ["chat.completion"] * 4 + ["response"] * 2
    assert "The tools say: light rain, 17 degrees; 08:30." in out


def test_with_a_key_it_is_the_real_service(
    server: LoopbackServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    server.script(
        [
            {"choices": [{"message": {}}]},
            Turn("1,545 m"),
            Turn(reasoning="Hm.", calls=[Call("other", "")]),
            Turn("Sorry."),
        ]
    )
    assert cli.main(["demo", "--model", "mimo-v2.6-flash"]) == 0
    out = capsys.readouterr().out
    assert server.base_url in out
    assert server.api_key not in out
    assert "result      | other there is no such tool" in out
    assert {request.body["model"] for request in server.requests} == {"mimo-v2.6-flash"}
    assert [request.path for request in server.requests] == ["/v1/chat/completions"] * 4 + ["/v1/responses"] * 2
