"""Tool loops as users of other people's packages write them: each asks, runs the tools that the model calls, answers.

Rules: a loop gets a base URL, a key, the API ("chat" or "responses") and whether to stream, and gives the last text.
Nothing here knows MiMo: what these packages drop of a history, and what they add to it, is theirs.
"""

from __future__ import annotations

import asyncio
import json
import operator
from functools import reduce
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LOOPS", "MODEL", "QUESTION", "Loop", "strict_openai"]

Loop: TypeAlias = "Callable[[str, str, str, bool], str]"

MODEL = "mimo-v2.6-pro"
QUESTION = "Is it warm in Harbin, and what time is it there?"
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"-11 in {city}"


def get_time(city: str) -> str:
    """The time in a city."""
    return f"noon in {city}"


TOOLS = {"get_weather": get_weather, "get_time": get_time}


def _run(call: Any) -> str:
    return TOOLS[call.name](**json.loads(call.arguments))


def strict_openai(base_url: str, api_key: str) -> Any:
    """Make a client of the openai package that holds replies to its types."""
    openai: Any = import_module("openai")
    return openai.OpenAI(api_key=api_key, base_url=base_url, max_retries=0, _strict_response_validation=True)


def openai_loop(base_url: str, api_key: str, api: str, streamed: bool) -> str:
    """The openai package, its replies held to its types."""
    with strict_openai(base_url, api_key) as client:
        return (_openai_chat if api == "chat" else _openai_responses)(client, streamed)


def _openai_chat(client: Any, streamed: bool) -> str:
    messages: list[Any] = [{"role": "user", "content": QUESTION}]
    tools = [{"type": "function", "function": {"name": name, "parameters": CITY, "strict": True}} for name in TOOLS]
    asked: dict[str, Any] = {
        "model": MODEL,
        "messages": messages,
        "tools": tools,
        "parallel_tool_calls": False,
        "seed": 7,
    }
    while True:
        if streamed:
            with client.chat.completions.stream(**asked, stream_options={"include_usage": True}) as stream:
                message = stream.get_final_completion().choices[0].message
        else:
            message = client.chat.completions.create(**asked).choices[0].message
        if not message.tool_calls:
            return str(message.content)
        messages.append(
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [call.model_dump(include={"id", "type", "function"}) for call in message.tool_calls],
            }
        )
        messages += [
            {"role": "tool", "tool_call_id": call.id, "content": _run(call.function)} for call in message.tool_calls
        ]


def _openai_responses(client: Any, streamed: bool) -> str:
    items: list[Any] = [{"role": "user", "content": QUESTION}]
    tools = [{"type": "function", "name": name, "parameters": CITY, "strict": True} for name in TOOLS]
    more = {"store": False, "include": ["reasoning.encrypted_content"]}
    asked: dict[str, Any] = {"model": MODEL, "input": items, "tools": tools, **more}
    while True:
        if streamed:
            with client.responses.stream(**asked) as stream:
                stream.until_done()
                response = stream.get_final_response()
        else:
            response = client.responses.create(**asked)
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            return str(response.output_text)
        items += response.output
        items += [{"type": "function_call_output", "call_id": call.call_id, "output": _run(call)} for call in calls]


def agents_loop(base_url: str, api_key: str, api: str, streamed: bool) -> str:
    """The OpenAI Agents SDK."""
    agents: Any = import_module("agents")
    openai: Any = import_module("openai")
    agents.set_tracing_disabled(True)

    async def run() -> str:
        async with openai.AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0) as client:
            kind = agents.OpenAIChatCompletionsModel if api == "chat" else agents.OpenAIResponsesModel
            agent = agents.Agent(
                name="Weather",
                model=kind(model=MODEL, openai_client=client),
                tools=[agents.function_tool(tool) for tool in TOOLS.values()],
            )
            if not streamed:
                return str((await agents.Runner.run(agent, QUESTION)).final_output)
            running = agents.Runner.run_streamed(agent, QUESTION)
            async for _ in running.stream_events():
                pass
            return str(running.final_output)

    return asyncio.run(run())


def pydantic_ai_loop(base_url: str, api_key: str, api: str, streamed: bool) -> str:
    """Pydantic AI."""
    openai: Any = import_module("openai")
    pydantic_ai: Any = import_module("pydantic_ai")
    models: Any = import_module("pydantic_ai.models.openai")
    providers: Any = import_module("pydantic_ai.providers.openai")

    async def listen(_: Any, events: Any) -> None:
        async for _ in events:
            pass

    async def run() -> str:
        async with openai.AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0) as client:
            kind = models.OpenAIChatModel if api == "chat" else models.OpenAIResponsesModel
            model = kind(MODEL, provider=providers.OpenAIProvider(openai_client=client))
            agent = pydantic_ai.Agent(model, tools=list(TOOLS.values()))
            # It streams where somebody listens; its `run_stream` takes the first text for the answer.
            return str((await agent.run(QUESTION, event_stream_handler=listen if streamed else None)).output)

    return asyncio.run(run())


def langchain_loop(base_url: str, api_key: str, api: str, streamed: bool) -> str:
    """langchain-openai."""
    openai: Any = import_module("openai")
    langchain_openai: Any = import_module("langchain_openai")
    messages: Any = import_module("langchain_core.messages")
    history: list[Any] = [messages.HumanMessage(QUESTION)]
    with openai.DefaultHttpxClient() as http:
        where = {"base_url": base_url, "api_key": api_key, "http_client": http}
        model = langchain_openai.ChatOpenAI(
            model=MODEL, max_retries=0, use_responses_api=api == "responses", **where
        ).bind_tools(list(TOOLS.values()))
        while True:
            pieces: list[Any] = list(model.stream(history)) if streamed else [model.invoke(history)]
            said = reduce(operator.add, pieces)
            if not said.tool_calls:
                return str(said.text)
            history.append(said)
            history += [
                messages.ToolMessage(TOOLS[call["name"]](**call["args"]), tool_call_id=call["id"])
                for call in said.tool_calls
            ]


def litellm_loop(base_url: str, api_key: str, api: str, streamed: bool) -> str:
    """litellm, by which only Chat is asked."""
    openai: Any = import_module("openai")
    litellm: Any = import_module("litellm")
    messages: list[Any] = [{"role": "user", "content": QUESTION}]
    tools = [{"type": "function", "function": {"name": name, "parameters": CITY}} for name in TOOLS]
    with openai.OpenAI(api_key=api_key, base_url=base_url, max_retries=0) as client:
        while True:
            done = litellm.completion(
                model=f"openai/{MODEL}", messages=messages, tools=tools, stream=streamed, client=client
            )
            if streamed:
                done = litellm.stream_chunk_builder(list(done), messages=messages)
            message = done.choices[0].message
            if not message.tool_calls:
                return str(message.content)
            messages.append(message)
            messages += [
                {"role": "tool", "tool_call_id": call.id, "content": _run(call.function)} for call in message.tool_calls
            ]


LOOPS: dict[str, Loop] = {
    "openai": openai_loop,
    "openai-agents": agents_loop,
    "pydantic-ai": pydantic_ai_loop,
    "langchain-openai": langchain_loop,
    "litellm": litellm_loop,
}
