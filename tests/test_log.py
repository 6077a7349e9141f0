"""The logger `mimo_proto`: silent unless it is asked for, a line a call at INFO, every step at DEBUG."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mimo_proto import CHAT_COMPLETIONS, MODELS, ConnectError
from tests.support.dummyserver import END, Server, answer, chunk, once, sse
from tests.support.observing import OBSERVED, Kept, run
from tests.support.outcomes import KEY, client_for
from tests.support.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST, error_body
from tests.support.shells import open_shell

if TYPE_CHECKING:
    from collections.abc import Generator

USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
STREAM = sse() + b"".join(map(chunk, CHAT_EVENTS)) + END


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Generator[pytest.LogCaptureFixture]:
    """What the logger says at DEBUG."""
    with caplog.at_level(logging.DEBUG, "mimo_proto"):
        yield caplog


def lines(log: pytest.LogCaptureFixture, level: int) -> list[str]:
    """What was said at a level, without the numbers that differ from run to run."""
    said = [record.getMessage() for record in log.records if (record.name, record.levelno) == ("mimo_proto", level)]
    return [re.sub(r"\d\.\d{3} s", "T s", re.sub(r"^call \d+", "call N", line)) for line in said]


@pytest.mark.parametrize("shell", OBSERVED)
def test_a_line_a_call(shell: str, log: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with open_shell(shell, server.url) as client, client.stream(CHAT_COMPLETIONS, CHAT_REQUEST) as stream:
            await stream.result()

    with Server(once(STREAM)) as server:
        run(shell, main)
    assert lines(log, logging.INFO) == [
        "call N, chat completions 'mimo-v2.6-pro', completed, HTTP 200, attempts 1, T s, 3 events"
    ]
    steps = [line.partition("(")[0] for line in lines(log, logging.DEBUG)]
    assert steps == ["CallStarted", "AttemptStarted", "HeadReceived", "FirstEvent", "CallFinished"]


def test_calls_of_all_kinds(log: pytest.LogCaptureFixture) -> None:
    with Server(once(answer({**CHAT, "usage": USAGE}))) as server, client_for(server.url) as client:
        client.send(CHAT_COMPLETIONS, CHAT_REQUEST)
    with Server(once(answer({"object": "list", "data": []}))) as server, client_for(server.url) as client:
        client.list_models()
    with Server(once(answer(error_body("401"), 401))) as server, client_for(server.url) as client:
        with pytest.raises(Exception, match="401"):
            client.send(MODELS)
    with client_for(server.url) as client, pytest.raises(ConnectError):
        client.send(MODELS)
    assert lines(log, logging.INFO) == [
        "call N, chat completions 'mimo-v2.6-pro', completed, HTTP 200, attempts 1, T s, 7 + 5 tokens",
        "call N, models, completed, HTTP 200, attempts 1, T s",
        "call N, models, error (AuthenticationError), HTTP 401, attempts 1, T s",
        "call N, models, incomplete (ConnectError), attempts 1, T s",
    ]


def test_at_info_there_is_nothing_but_that_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "mimo_proto"):
        with Server(once(answer(CHAT))) as server, client_for(server.url) as client:
            client.send(CHAT_COMPLETIONS, CHAT_REQUEST)
    assert [record.levelno for record in caplog.records if record.name == "mimo_proto"] == [logging.INFO]


def test_neither_content_nor_the_key_is_in_it(log: pytest.LogCaptureFixture) -> None:
    echo = json.dumps({**CHAT, "id": KEY, "model": KEY}).encode()
    with Server(once(answer(echo, 200, f"X-Request-Id: {KEY}"))) as server, client_for(server.url) as client:
        client.send(CHAT_COMPLETIONS, CHAT_REQUEST)
    said = "\n".join(lines(log, logging.DEBUG) + lines(log, logging.INFO))
    assert "CallFinished" in said
    assert [word for word in ("sk-", "Hello", "world") if word in said] == []


def test_the_log_and_an_observer_get_the_same(log: pytest.LogCaptureFixture) -> None:
    kept = Kept()
    with Server(once(STREAM)) as server, client_for(server.url, observer=kept) as client:
        client.stream(CHAT_COMPLETIONS, CHAT_REQUEST).result()
    assert [record.getMessage() for record in log.records if record.levelno == logging.DEBUG] == [
        repr(each) for each in kept.observations
    ]


def test_a_process_that_set_up_no_logging_says_nothing() -> None:
    """Not by the handler of last resort either, for what an observer raises."""
    script = f"""
from mimo_proto import Client, ConnectError
def observer(observation): raise RuntimeError("no")
try:
    Client({KEY!r}, "http://127.0.0.1:9/v1", observer=observer).list_models()
except ConnectError:
    print("refused")
"""
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (outcome.stdout, outcome.stderr) == ("refused\n", "")
