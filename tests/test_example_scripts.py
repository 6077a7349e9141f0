"""Each script in examples/ runs, and says what it should; so does the code on the page about testing."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mimo_proto import preflight

if TYPE_CHECKING:
    from mimo_proto.testing import LoopbackServer

EXAMPLES = Path(__file__).parent.parent / "examples"
SAYS = {
    "chat": ["You said: Why is the sky blue?", "You said: And at sunset?", "45 tokens"],
    "stream": [
        "The user wants an answer. I give the words back.You said: Is 91 a prime number?",
        "The answer was: You said: Is 91 a prime number?",
    ],
    "tools": ['get_weather{"city":"Wuhan"} -> light rain in Wuhan', "The tools say: light rain in Wuhan."],
    "agent": [
        f"{api}{mode}: The tools say: light rain in {city}; half past nine in {city}."
        for mode in ("", ", async")
        for city in ("Wuhan", "Harbin", "Beijing")
        for api in ("chat", "responses")
    ],
    "structured": ["once more: the answer is wrong at $: ", "no river: the answer is wrong at $: "],
    "responses": ["You said: Name a river in China.", "completed You said: How long is it?"],
    "sans_io_httpx": ["You said: hi", "You said: hi", "CompletionUsage(prompt_tokens=1, completion_tokens=13,"],
    "testing_a_service": ["all well"],
    "otel": ["chat mimo-v2.6-pro ['gen_ai.operation.name', 'gen_ai.provider.name', ", "answer a user []"],
}


# These have tests of their own: they run until they are stopped, need arguments, or a package of `make interop`
# or `make examples-dask`.
ELSEWHERE = ["batch", "bulk_dask", "fastapi_service", "pydantic_ai_model", "relay"]


def test_each_script_is_run() -> None:
    assert sorted([*SAYS, *ELSEWHERE]) == sorted(path.stem for path in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("name", SAYS)
def test_script(
    name: str, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(SAYS[name])
    for line, said in zip(lines, SAYS[name], strict=True):
        assert said in line.replace("\033[0m", "").replace("\033[2m", "")
    assert bool(server.requests) == (name != "testing_a_service")
    assert [finding for request in server.requests for finding in preflight(request.body)] == []
