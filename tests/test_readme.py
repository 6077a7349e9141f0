"""README.md: each block of it runs when it is copied alone, in a process of its own, with warnings as errors.

`mimo-proto serve` answers, and the two variables that it prints are exported.
The comments at the end of a block are what it prints.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.commands import run_pytest, start
from tests.support.services import serving

if TYPE_CHECKING:
    from collections.abc import Generator

    from mimo_proto.testing import LoopbackServer

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
TESTS = [code for code in PYTHON if "\ndef test_" in code]
SCRIPTS = [code for code in PYTHON if code not in TESTS]
SHELL = [code for language, code in BLOCKS if language == "sh"]
NOT_RUN = {"python3 -m venv .venv && . .venv/bin/activate": "it installs the package, and serves until it is ended"}
"""The first lines of the shell blocks that are not run, with the reason."""
PORT = ":8123/"
MAX_LINES = 200


def output_of(code: str) -> str:
    """What the comments at the end of a block say that it prints."""
    [comments] = re.findall(r"(?:^# .*\n)*\Z", code, re.MULTILINE)[:1]
    return re.sub(r"^# ", "", comments, flags=re.MULTILINE)


def first_line(code: str) -> str:
    return code.partition("\n")[0]


@pytest.fixture(scope="module")
def exported() -> Generator[dict[str, str]]:
    """The variables that `mimo-proto serve` prints, for as long as it serves."""
    with start("serve", "--port", "0") as serve:
        assert serve.stdout is not None
        lines = serve.stdout.readline() + serve.stdout.readline()
        yield dict(re.findall(r"^export (\w+)=(.+)$", lines.decode(), re.MULTILINE))
        serve.terminate()


def run(command: list[str], folder: Path, exported: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **exported},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


@pytest.mark.parametrize("code", SCRIPTS, ids=first_line)
def test_a_python_block_runs_alone(code: str, exported: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "block.py").write_text(code, "utf-8")
    done = run([sys.executable, "-W", "error", "block.py"], tmp_path, exported)
    assert (done.returncode, done.stdout, done.stderr) == (0, output_of(code), "")


@pytest.mark.parametrize("code", TESTS, ids=first_line)
def test_a_block_of_tests_passes(code: str, tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(code, "utf-8")
    outcome = run_pytest(tmp_path)
    assert (outcome.returncode, outcome.stderr) == (0, ""), outcome.stdout
    assert f"{code.count('def test_')} passed" in outcome.stdout


@pytest.mark.parametrize("code", [code for code in SHELL if first_line(code) not in NOT_RUN], ids=first_line)
def test_a_shell_block_runs_alone(code: str, exported: dict[str, str], tmp_path: Path) -> None:
    mimo_proto = f'mimo-proto() {{ "{sys.executable}" -W error -m mimo_proto "$@"; }}\n'
    port = exported["MIMO_BASE_URL"].rpartition(":")[2].partition("/")[0]
    script = code.replace(PORT, f":{port}/")
    done = run(["bash", "-eu", "-c", mimo_proto + script], tmp_path, {})
    assert (done.returncode, done.stdout, done.stderr) == (0, output_of(code), "")


def test_what_is_not_run_is_there() -> None:
    assert NOT_RUN.keys() <= {first_line(code) for code in SHELL}
    assert {language for language, _ in BLOCKS} == {"python", "sh"}
    assert (len(SCRIPTS), len(TESTS)) == (4, 1)


def test_what_serve_prints_is_what_is_exported(exported: dict[str, str]) -> None:
    told = dict(re.findall(r"^export (\w+)=(.+)$", "\n".join(SHELL), re.MULTILINE))
    assert told.keys() == exported.keys()
    assert told["MIMO_API_KEY"] == exported["MIMO_API_KEY"]
    assert re.sub(r":\d+/", PORT, exported["MIMO_BASE_URL"]) == told["MIMO_BASE_URL"]
    assert f"--port {PORT[1:-1]} &" in README


def test_the_gateway_streams_and_passes_refusals_on(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    [code] = [code for code in SCRIPTS if "app = " in code]
    names: dict[str, Any] = {"__name__": "gateway"}
    exec(compile(code, "gateway.py", "exec", dont_inherit=True), names)
    body = {"model": "mimo-v2.6-pro", "messages": [{"role": "user", "content": "hi"}], "stream": True, "seed": 7}
    with serving(names["app"]) as (host, port), httpx.Client(trust_env=False) as http:
        url = f"http://{host}:{port}/v1/chat/completions"
        answer = http.post(url, json=body)
        refused = http.post(url, json={**body, "model": "mimo-v9"})
    *events, done = (line.removeprefix("data: ") for line in answer.text.splitlines() if line)
    pieces = [choice["delta"].get("content") or "" for event in events for choice in json.loads(event)["choices"]]
    assert ("".join(pieces), done) == ("You said: hi", "[DONE]")
    assert (refused.status_code, refused.json()["error"]["message"][:15]) == (400, "Param Incorrect")


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= MAX_LINES
