"""`mimo-proto decode`: recorded streams and answers, of either API, as lines of JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mimo_proto.cli import main as cli
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.testing import recorded, recordings
from tests.support.calling import payloads
from tests.support.commands import give, start
from tests.support.schemas import SPEC

EXAMPLES = SPEC / "examples"


def without_nulls(value: Any) -> Any:
    if is_object(value):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(member) for member in value] if is_array(value) else value


def shown(data: bytes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is shown of a recording on stdin, which has no error in it."""
    give(monkeypatch, data)
    assert cli.main(["decode"]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return [json.loads(line) for line in output.out.splitlines()]


@pytest.mark.parametrize("kind", ["ChatCompletionChunk.thinking", "ResponseStreamEvent.function_call"])
@pytest.mark.parametrize("piped", [False, True], ids=["file", "stdin"])
@pytest.mark.parametrize("given", [False, True], ids=["guessed", "given"])
def test_decode(
    kind: str, piped: bool, given: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, recorded(f"{kind}.sse"))
    api = ["--api", "chat" if kind.startswith("Chat") else "responses"] if given else []
    assert cli.main(["decode", *api, *([] if piped else [str(EXAMPLES / f"{kind}.sse")])]) == 0
    lines = capsys.readouterr().out.splitlines()
    sent = payloads(recorded(f"{kind}.sse"))
    assert [json.loads(line).get("type") for line in lines] == [event.get("type") for event in sent]


def test_decode_tells_of_an_early_end(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, recorded("ChatCompletionChunk.thinking.sse")[:1000])
    assert cli.main(["decode"]) == 1
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 3
    assert output.err.startswith("mimo-proto: ")


KINDS = ("ChatCompletion.", "Response.")
ANSWERS = [name for name in recordings() if name.startswith(KINDS) and ".final." not in name]


@pytest.mark.parametrize("name", ANSWERS)
def test_a_json_answer_is_one_line(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = json.loads(recorded(name))
    [line] = shown(b"\xef\xbb\xbf\n" + json.dumps(sent, indent=2).encode(), capsys, monkeypatch)
    del sent["id"]  # what is left shows which type it was read as
    assert without_nulls(sent).items() <= line.items()


@pytest.mark.parametrize("sign", [b"event: response.made\ndata: {}", b'data: {"type": "response.made"}'])
def test_the_first_event_that_says_so_says_which_api(
    sign: bytes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b': hi\n\ndata: {"type": "ping"}\n\n' + sign + b"\n\n"
    end = b'data: {"type": "response.completed", "response": {"id": "r"}}\n\n'
    lines = shown(data + end, capsys, monkeypatch)
    assert lines[:2] == [{"type": "ping"}, {"type": "response.made"}]
    assert lines[2]["type"] == "response.completed"


def test_an_event_that_is_no_json_says_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, b'data: x\n\ndata: [1]\n\ndata: {"type": "response.completed", "response": {"id": "r"}}\n\n')
    assert cli.main(["decode"]) == 1
    assert "begins b'x'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "with no content type instead of JSON"),
        (b"<html>", "with no content type instead of JSON"),
        (b"{", "is not JSON"),
        (b"[1]", "does not fit the spec at $"),
        (b"{" * 100_000, "is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"error": {"code": "429", "message": "Too\\nmany"}}', "the server's error, code 429: Too many"),
        (b'{"error": {"message": "Too many"}}', "the server's error: Too many"),
        (b'data: {"error": {"code": "429", "message": "\\u001b[2JSlow"}}\n\n', "in the stream, code 429: ?[2JSlow"),
        (b": only a comment\n\n", "the stream ended before "),
    ],
)
def test_what_is_no_answer_is_an_error_of_one_line(
    data: bytes, error: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, data)
    assert cli.main(["decode"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    [line] = output.err.splitlines()
    assert line.startswith("mimo-proto: ")
    assert error in line


def test_a_pipe_is_shown_as_it_comes() -> None:
    first, *rest = recorded("ResponseStreamEvent.function_call.sse").partition(b"\n\n")
    with start("decode") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(first + b"\n\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["type"] == "response.created"
        out, err = process.communicate(b"".join(rest[1:]), timeout=30)
    assert (process.returncode, err) == (0, b"")
    assert json.loads(out.splitlines()[-1])["type"] == "response.completed"
