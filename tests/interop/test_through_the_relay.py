"""What users of other people's packages see through the relay beside the text: the thinking, and the way out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto.testing import Gate, Turn
from tests.interop.tool_loops import strict_openai
from tests.support.relaying import relaying

if TYPE_CHECKING:
    from collections.abc import Callable

    from mimo_proto.testing import LoopbackServer
    from tests.support.relaying import Served

openai: Any = pytest.importorskip("openai")
pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(120)]

MODEL = "mimo-v2.6-pro"
THOUGHT = "They greet me."
ASKED: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
MODES = pytest.mark.parametrize("streamed", [False, True], ids=["json", "stream"])


def by_pydantic_ai(relay: Served, streamed: bool) -> str:
    pydantic_ai: Any = pytest.importorskip("pydantic_ai")
    models: Any = pytest.importorskip("pydantic_ai.models.openai")
    providers: Any = pytest.importorskip("pydantic_ai.providers.openai")

    async def listen(_: Any, events: Any) -> None:
        async for _ in events:
            pass

    async def run() -> str:
        async with openai.AsyncOpenAI(api_key=relay.api_key, base_url=relay.base_url) as client:
            model = models.OpenAIChatModel(MODEL, provider=providers.OpenAIProvider(openai_client=client))
            done = await pydantic_ai.Agent(model).run("hi", event_stream_handler=listen if streamed else None)
        [thinking] = [part for part in done.all_messages()[-1].parts if part.part_kind == "thinking"]
        return str(thinking.content)

    return asyncio.run(run())


def by_agents(relay: Served, streamed: bool) -> str:
    agents: Any = pytest.importorskip("agents")
    agents.set_tracing_disabled(True)

    async def run() -> str:
        async with openai.AsyncOpenAI(api_key=relay.api_key, base_url=relay.base_url) as client:
            agent = agents.Agent(name="a", model=agents.OpenAIResponsesModel(model=MODEL, openai_client=client))
            if streamed:
                done = agents.Runner.run_streamed(agent, "hi")
                async for _ in done.stream_events():
                    pass
            else:
                done = await agents.Runner.run(agent, "hi")
        [thinking] = [item.raw_item for item in done.new_items if item.type == "reasoning_item"]
        return str(thinking.content[0].text)

    return asyncio.run(run())


def by_litellm(relay: Served, streamed: bool) -> str:
    litellm: Any = pytest.importorskip("litellm")
    with openai.OpenAI(api_key=relay.api_key, base_url=relay.base_url) as client:
        done = litellm.completion(**{**ASKED, "model": f"openai/{MODEL}"}, stream=streamed, client=client)
        whole = litellm.stream_chunk_builder(list(done)) if streamed else done
    return str(whole.choices[0].message.reasoning_content)


@MODES
@pytest.mark.parametrize("ask", [by_pydantic_ai, by_agents, by_litellm])
def test_the_thinking_is_shown(
    server: LoopbackServer, ask: Callable[[Served, bool], str], streamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    server.reply(Turn("Hello.", reasoning=THOUGHT))
    with relaying(server.base_url, server.api_key) as relay:
        assert ask(relay, streamed) == THOUGHT


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_client_that_leaves_a_stream_ends_the_call(server: LoopbackServer, api: str) -> None:
    server.reply(Turn("one two three"), hold={3: Gate()})
    with (
        relaying(server.base_url, server.api_key) as relay,
        openai.OpenAI(api_key=relay.api_key, base_url=relay.base_url, max_retries=0) as client,
    ):
        if api == "chat":
            stream = client.chat.completions.create(**ASKED, stream=True)
        else:
            stream = client.responses.create(model=MODEL, input="hi", stream=True)
        next(iter(stream))
        stream.close()
        assert server.wait_for_disconnects(1) == server.requests


@MODES
def test_responses_with_a_tool_that_mimo_lacks_there(server: LoopbackServer, streamed: bool) -> None:
    """The web search is left out, and the answer comes."""
    with (
        relaying(server.base_url, server.api_key) as relay,
        strict_openai(relay.base_url, relay.api_key) as client,
    ):
        asked: dict[str, Any] = {"model": MODEL, "input": "hi", "tools": [{"type": "web_search"}]}
        done = client.responses.create(**asked, stream=streamed)
        response = list(done)[-1].response if streamed else done
    assert response.output_text == "You said: hi"
    assert "tools" not in server.requests[0].body
