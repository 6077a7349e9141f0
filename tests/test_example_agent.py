"""examples/agent.py: what goes back to the model, by either API."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import AsyncClient, Client, FunctionCallItem, MessageItem, user
from mimo_proto.testing import Call, Turn

if TYPE_CHECKING:
    from mimo_proto.testing import LoopbackServer

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "agent.py"))
THOUGHT = "I need get_weather and get_time."


def ask(server: LoopbackServer, name: str) -> str:
    """Ask one question by a loop of the example."""
    question: Any = MessageItem(role="user", content="Wuhan?") if name.startswith("respond") else user("Wuhan?")
    if not name.endswith("async"):
        with Client(server.api_key, server.base_url) as client:
            answer: str = EXAMPLE[name](client, [question])
            return answer

    async def main() -> str:
        async with AsyncClient(server.api_key, server.base_url) as client:
            answer: str = await EXAMPLE[name](client, [question])
            return answer

    return asyncio.run(main())


@pytest.mark.parametrize("name", ["chat", "chat_async"])
def test_thinking_and_both_calls_go_back_by_chat(server: LoopbackServer, name: str) -> None:
    assert ask(server, name) == "The tools say: light rain in Wuhan; half past nine in Wuhan."
    _, second = server.requests
    _, called, *results = second.body["messages"]
    assert called["reasoning_content"] == THOUGHT
    assert [each["tool_call_id"] for each in results] == [each["id"] for each in called["tool_calls"]]


@pytest.mark.parametrize("name", ["respond", "respond_async"])
def test_thinking_and_both_calls_go_back_by_responses(server: LoopbackServer, name: str) -> None:
    assert ask(server, name) == "The tools say: light rain in Wuhan; half past nine in Wuhan."
    _, second = server.requests
    _, reasoning, *rest = second.body["input"]
    assert reasoning["content"] == [{"type": "reasoning_text", "text": THOUGHT}]
    calls, results = ([each for each in rest if each["type"] == f"function_call{kind}"] for kind in ("", "_output"))
    assert len(calls) == 2
    assert [each["call_id"] for each in results] == [each["call_id"] for each in calls]


@pytest.mark.parametrize("name", ["chat", "chat_async", "respond", "respond_async"])
def test_the_model_reads_of_its_mistakes(server: LoopbackServer, name: str) -> None:
    server.reply(Turn(reasoning="Hm.", calls=[Call("get_tide", {}), Call("get_time", {"city": 3})]))
    assert ask(server, name) == (
        "The tools say: error: there is no function get_tide; error: the arguments of `get_time` are wrong at $.city: "
        "Expected `str`, got `int`; they begin '{\"city\":3}'."
    )


def test_what_a_function_raises_is_not_taken_for_a_name_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(self: object) -> str:
        raise KeyError("Wuhan")

    monkeypatch.setattr(EXAMPLE["GetTime"], "run", run)
    call = FunctionCallItem(call_id="1", name="get_time", arguments='{"city": "Wuhan"}')
    with pytest.raises(KeyError, match="Wuhan"):
        EXAMPLE["run"](call)


@pytest.mark.parametrize("name", ["chat", "chat_async", "respond", "respond_async"])
def test_a_model_that_calls_without_end_is_left(server: LoopbackServer, name: str) -> None:
    server.script([Turn(reasoning="Hm.", calls=[Call("get_time", {"city": "Wuhan"})])] * 8)
    with pytest.raises(RuntimeError, match="no answer after 8 rounds"):
        ask(server, name)
    assert len(server.requests) == 8
