"""examples/pydantic_ai_model.py: agents of pydantic-ai against LoopbackServer, whose rules are MiMo's."""

from __future__ import annotations

import asyncio
import json
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import AsyncClient
from mimo_proto.testing import Call, Refusal, Turn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mimo_proto.testing import LoopbackServer, Received

# Not an import statement: the type checkers' environment has no pydantic-ai.
pydantic_ai: Any = pytest.importorskip("pydantic_ai")
pytestmark = pytest.mark.interop

SCRIPT = Path(__file__).parents[2] / "examples" / "pydantic_ai_model.py"
EXAMPLE = runpy.run_path(str(SCRIPT))
MODEL = "mimo-v2.6-pro"


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"light rain in {city}"


def get_time(city: str) -> str:
    """Tell the time of day in a city."""
    return f"half past nine in {city}"


def run(server: LoopbackServer, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Do some work with a model of the example."""

    async def main() -> Any:
        async with AsyncClient(server.api_key, server.base_url) as client:
            return await work(EXAMPLE["MimoModel"](client, MODEL))

    return asyncio.run(main())


def thoughts(request: Received) -> list[str]:
    return [each["reasoning_content"] for each in request.body["messages"] if each.get("tool_calls")]


def test_three_turns_with_two_tools_each(server: LoopbackServer) -> None:
    async def work(model: Any) -> list[str]:
        agent = pydantic_ai.Agent(model, instructions="Be brief.", tools=[get_weather, get_time])
        said: list[str] = []
        history: list[Any] = []
        for city in ("Wuhan", "Harbin", "Beijing"):
            result = await agent.run(city, message_history=history)
            said.append(result.output)
            history = result.all_messages()
        return said

    cities = ("Wuhan", "Harbin", "Beijing")
    assert run(server, work) == [f"The tools say: light rain in {city}; half past nine in {city}." for city in cities]
    assert len(server.requests) == 6
    last = server.requests[-1]
    assert thoughts(last) == ["I need get_weather and get_time."] * 3
    assert last.body["messages"][0] == {"role": "system", "content": "Be brief."}


def test_a_stream(server: LoopbackServer) -> None:
    async def work(model: Any) -> Any:
        async with pydantic_ai.Agent(model).run_stream("hi") as result:
            pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
            return pieces, result.usage

    pieces, usage = run(server, work)
    assert pieces == ["You ", "said: ", "hi"]
    assert (usage.input_tokens, usage.output_tokens, usage.details) == (1, 13, {"reasoning_tokens": 10})


def test_a_stream_is_asked_for_by_the_keywords_of_the_interface(server: LoopbackServer) -> None:
    async def work(model: Any) -> Any:
        asked = [pydantic_ai.ModelRequest(parts=[pydantic_ai.UserPromptPart("hi")])]
        parameters = pydantic_ai.models.ModelRequestParameters()
        async with model.request_stream(asked, None, parameters, run_context=None) as stream:
            assert [event async for event in stream]
        return stream.get()

    response = run(server, work)
    assert (response.text, response.finish_reason, response.model_name) == ("You said: hi", "stop", MODEL)


def test_a_typed_answer(server: LoopbackServer) -> None:
    server.script(
        [
            Turn(reasoning="Hm.", calls=[Call("final_result", {"response": "many"})]),
            Turn(reasoning="Hm.", calls=[Call("final_result", {"response": 42})]),
        ]
    )

    async def work(model: Any) -> Any:
        return (await pydantic_ai.Agent(model, output_type=int).run("6 by 7?")).output

    assert run(server, work) == 42
    assert thoughts(server.requests[-1]) == ["Hm."]
    assert "integer" in server.requests[-1].body["messages"][-1]["content"]


def test_settings(server: LoopbackServer) -> None:
    settings = {"max_tokens": 300, "temperature": 0.5, "thinking": False}

    async def work(model: Any) -> Any:
        return await pydantic_ai.Agent(model, model_settings=settings).run("hi")

    assert run(server, work).output == "You said: hi"
    [request] = server.requests
    assert request.body["thinking"] == {"type": "disabled"}
    assert (request.body["max_completion_tokens"], request.body["temperature"]) == (300, 0.5)


def test_the_usage_is_mimos_own(server: LoopbackServer) -> None:
    usage = {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens": 2}
    choice = {"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}
    chunk = json.dumps({"id": "1", "choices": [choice], "usage": usage})
    server.reply(f"data: {chunk}\n\ndata: [DONE]\n\n".encode())

    async def work(model: Any) -> Any:
        return (await pydantic_ai.Agent(model).run("hi")).usage

    used = run(server, work)
    assert (used.input_tokens, used.cache_read_tokens, used.output_tokens) == (9, 4, 2)


def test_an_error_is_pydantic_ais(server: LoopbackServer) -> None:
    server.reply(Refusal(429, "Too many requests", None, type="limitation"))

    async def work(model: Any) -> Any:
        return await pydantic_ai.Agent(model).run("hi")

    with pytest.raises(pydantic_ai.exceptions.ModelHTTPError) as caught:
        run(server, work)
    assert caught.value.status_code == 429


def test_a_cut_stream_is_an_error(server: LoopbackServer) -> None:
    server.reply(Turn("one two three"), cut=400)

    async def work(model: Any) -> Any:
        return await pydantic_ai.Agent(model).run("hi")

    with pytest.raises(pydantic_ai.exceptions.ModelAPIError):
        run(server, work)


def test_other_media_are_refused_before_anything_is_sent(server: LoopbackServer) -> None:
    async def work(model: Any) -> Any:
        return await pydantic_ai.Agent(model).run(["What is it?", pydantic_ai.ImageUrl("https://example.com/a.png")])

    with pytest.raises(pydantic_ai.exceptions.UserError, match="UserPromptPart"):
        run(server, work)
    assert server.requests == []


def test_the_script(
    server: LoopbackServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert capsys.readouterr().out == "The tools say: light rain in Wuhan.\n"


def test_its_length() -> None:
    assert len(SCRIPT.read_text("utf-8").splitlines()) < 150
