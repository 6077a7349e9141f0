"""examples/batch.py loses nothing: not by faults, not by being killed; and it keeps to its bound."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mimo_proto.testing import RawReply, Refusal
from tests.support.batches import expected, faulty, read_answers, write_questions

if TYPE_CHECKING:
    from mimo_proto.testing import LoopbackServer

SCRIPT = Path(__file__).parents[1] / "examples" / "batch.py"


class Files:
    """The files of a batch, and the command on them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.source = folder / "questions.jsonl"
        self.target = folder / "answers.jsonl"
        self._monkeypatch = monkeypatch

    def run(self, *options: str) -> None:
        arguments = [str(SCRIPT), str(self.source), str(self.target), *options]
        self._monkeypatch.setattr(sys, "argv", arguments)
        runpy.run_path(str(SCRIPT), run_name="__main__")

    def start(self) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, str(SCRIPT), str(self.source), str(self.target), "--at-once", "4"]
        return subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env=dict(os.environ))


@pytest.fixture
def files(server: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    return Files(tmp_path, monkeypatch)


def test_nothing_is_lost_where_every_fifth_answer_is_a_fault(server: LoopbackServer, files: Files) -> None:
    write_questions(files.source, 200)
    server.script(faulty(2000, 0.2))
    files.run()
    assert read_answers(files.target) == expected(200)
    assert len(server.requests) > 220


def test_a_batch_that_was_killed_goes_on_where_it_was(server: LoopbackServer, files: Files) -> None:
    write_questions(files.source, 60)
    process = files.start()
    server.wait_for_requests(20)
    process.kill()
    process.wait()
    assert len(read_answers(files.target)) >= 16
    with files.target.open("ab") as file:
        file.write(b'{"id":"59","respon')
    files.run()
    assert read_answers(files.target) == expected(60)
    # Asked twice were at most those that were open.
    assert 60 <= len(server.requests) <= 64


def test_no_more_is_open_at_once_than_was_allowed(server: LoopbackServer, files: Files) -> None:
    write_questions(files.source, 50)
    files.run("--at-once", "3")
    assert server.connections <= 3
    assert read_answers(files.target) == expected(50)


def test_what_cannot_be_answered_is_told_and_asked_again(server: LoopbackServer, files: Files) -> None:
    write_questions(files.source, 5)
    server.script([RawReply(None), RawReply(Refusal(400, param="too long"))])
    with pytest.raises(SystemExit, match=r"^\d: HTTP 400, code 400: .*too long$"):
        files.run("--at-once", "1")
    assert len(read_answers(files.target)) == 4
    files.run("--at-once", "1")
    assert read_answers(files.target) == expected(5)
    assert len(server.requests) == 6


def test_a_wrong_key_ends_it_at_once(server: LoopbackServer, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    write_questions(files.source, 50)
    monkeypatch.setenv("MIMO_API_KEY", "sk-wrong")
    with pytest.raises(SystemExit, match="HTTP 401"):
        files.run("--at-once", "2")
    assert len(server.requests) <= 4


@pytest.mark.parametrize(
    ("line", "said"), [('{"id": "0", "request": {}}', "the id '0' was there before"), ("{", "truncated")]
)
def test_questions_that_are_wrong_are_refused_before_anything_is_asked(
    server: LoopbackServer, files: Files, line: str, said: str
) -> None:
    write_questions(files.source, 3)
    with files.source.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with pytest.raises(SystemExit, match=f"line 4: .*{said}"):
        files.run()
    assert server.requests == []
