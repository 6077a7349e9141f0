"""examples/bulk_dask.py loses nothing: not by faults, not by a worker that is killed, not by being killed itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto.testing import RawReply, Refusal
from tests.support.batches import expected, faulty, read_answers, write_questions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mimo_proto.testing import LoopbackServer

# Not an import statement: the type checkers' environment has no Dask.
distributed: Any = pytest.importorskip("distributed")

SCRIPT = Path(__file__).parents[2] / "examples" / "bulk_dask.py"
WORKERS = 2
THREADS = 4
# What is with the cluster at a time: two questions a thread.
OPEN = 2 * WORKERS * THREADS


class Files:
    """The files of a batch, and the command on them, in a process of its own as people start it."""

    def __init__(self, folder: Path, cluster: Any) -> None:
        self.source = folder / "questions.jsonl"
        self.target = folder / "answers.jsonl"
        self._command = [sys.executable, str(SCRIPT), str(self.source), str(self.target)]
        self._command += ["--scheduler", cluster.scheduler_address]
        # Only the workers need the key.
        self._environment = {name: value for name, value in os.environ.items() if name != "MIMO_API_KEY"}

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(self._command, env=self._environment, stderr=subprocess.PIPE, text=True)

    def run(self) -> tuple[int, str]:
        """Run it to its end, and give its exit status and what it complained of."""
        with self.start() as command:
            _, complaints = command.communicate()
        return command.returncode, complaints


@pytest.fixture
def key(server: LoopbackServer) -> str:
    """The key that the workers have; tests put another in its place."""
    return server.api_key


@pytest.fixture
def cluster(server: LoopbackServer, key: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two workers, each a process, that have the key and the server's URL in their environment."""
    monkeypatch.setenv("MIMO_API_KEY", key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    with distributed.LocalCluster(n_workers=WORKERS, threads_per_worker=THREADS, dashboard_address=None) as running:
        yield running


@pytest.fixture
def files(cluster: Any, tmp_path: Path) -> Files:
    return Files(tmp_path, cluster)


def test_nothing_is_lost_where_every_fifth_answer_is_a_fault(server: LoopbackServer, files: Files) -> None:
    write_questions(files.source, 200)
    server.script(faulty(2000, 0.2))
    assert files.run() == (0, "")
    assert read_answers(files.target) == expected(200)
    assert len(server.requests) > 220


def test_each_worker_has_one_client_for_all_its_calls(server: LoopbackServer, files: Files) -> None:
    write_questions(files.source, 100)
    assert files.run() == (0, "")
    assert read_answers(files.target) == expected(100)
    assert server.connections <= WORKERS * THREADS


def test_what_a_killed_worker_had_is_asked_by_another(server: LoopbackServer, cluster: Any, files: Files) -> None:
    write_questions(files.source, 200)
    command = files.start()
    server.wait_for_requests(50)
    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    command.communicate()  # Dask says what it lost
    assert command.returncode == 0
    assert read_answers(files.target) == expected(200)


def test_a_batch_that_was_killed_goes_on_where_it_was(server: LoopbackServer, files: Files) -> None:
    write_questions(files.source, 300)
    command = files.start()
    server.wait_for_requests(50)
    command.kill()
    command.communicate()
    assert len(read_answers(files.target)) < 300
    assert files.run() == (0, "")
    assert read_answers(files.target) == expected(300)
    # Asked twice were at most those that were with the cluster.
    assert len(server.requests) <= 300 + OPEN


def test_what_cannot_be_answered_is_told_and_asked_again(server: LoopbackServer, files: Files) -> None:
    write_questions(files.source, 5)
    server.script([RawReply(Refusal(400, param="too long"))])
    status, complaints = files.run()
    assert status == 1
    assert re.fullmatch(r"\d: HTTP 400, code 400: .*too long\n", complaints)
    assert len(read_answers(files.target)) == 4
    assert files.run() == (0, "")
    assert read_answers(files.target) == expected(5)
    assert len(server.requests) == 6


@pytest.mark.parametrize("key", ["sk-wrong"])
def test_a_wrong_key_ends_it_at_once(server: LoopbackServer, files: Files) -> None:
    write_questions(files.source, 500)
    status, complaints = files.run()
    assert status == 1
    assert complaints.startswith("HTTP 401")
    assert "sk-wrong" not in complaints
    assert len(server.requests) < 500


@pytest.mark.parametrize("key", [""])
def test_workers_without_a_key_are_told_before_anything_is_asked(server: LoopbackServer, files: Files) -> None:
    write_questions(files.source, 5)
    status, complaints = files.run()
    assert status == 1
    assert re.fullmatch(r"a worker cannot make its client: the API key is empty.*\n", complaints)
    assert not server.requests


def test_without_a_scheduler_it_starts_workers_on_this_machine(
    server: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    source, target = tmp_path / "questions.jsonl", tmp_path / "answers.jsonl"
    write_questions(source, 20)
    subprocess.run([sys.executable, SCRIPT, source, target], stderr=subprocess.DEVNULL, check=True)
    assert read_answers(target) == expected(20)
