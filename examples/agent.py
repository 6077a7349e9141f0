"""An agent: three questions in one conversation, each with two tools called at once, while the model thinks.

The loop stands here four times, for both APIs, without asyncio and with it: copy the one that you need.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from msgspec import Meta, Struct

from mimo_proto import (
    AsyncClient,
    ChatMessage,
    Client,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputItem,
    InvalidToolArgumentsError,
    MessageItem,
    ResponseFunctionTool,
    ToolCall,
    function_tool,
    parse_arguments,
    to_request,
    tool,
    user,
)

MODEL = "mimo-v2.6-pro"
QUESTIONS = ["What is it like in Wuhan?", "And in Harbin?", "And in Beijing?"]
MAX_ROUNDS = 8  # models were seen to call tools without end, and each round costs

City = Annotated[str, Meta(description="The city's name, in English.")]


class GetWeather(Struct):
    """Tell the weather in a city."""

    city: City

    def run(self) -> str:
        """Give what the model gets to read."""
        return f"light rain in {self.city}"


class GetTime(Struct):
    """Tell the time of day in a city."""

    city: City

    def run(self) -> str:
        """Give what the model gets to read."""
        return f"half past nine in {self.city}"


FUNCTIONS: dict[str, type[GetWeather] | type[GetTime]] = {"get_weather": GetWeather, "get_time": GetTime}
CHAT_TOOLS = [function_tool(arguments, name=name) for name, arguments in FUNCTIONS.items()]
RESPONSE_TOOLS = [  # the same fields, flat
    ResponseFunctionTool(
        name=each.function.name, description=each.function.description, parameters=each.function.parameters
    )
    for each in CHAT_TOOLS
]


def run(call: ToolCall | FunctionCallItem) -> str:
    """Run what the model called; it reads of its own mistakes, and may mend them."""
    name = call.function.name if isinstance(call, ToolCall) else call.name
    if name not in FUNCTIONS:
        return f"error: there is no function {name}"
    try:
        arguments = parse_arguments(call, FUNCTIONS[name])
    except InvalidToolArgumentsError as error:
        return f"error: {error}"
    return arguments.run()


def run_all(calls: Sequence[ToolCall | FunctionCallItem]) -> list[str]:
    """Run calls at the same time."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(run, calls))


async def run_all_async(calls: Sequence[ToolCall | FunctionCallItem]) -> list[str]:
    """Run calls at the same time."""
    return await asyncio.gather(*(asyncio.to_thread(run, call) for call in calls))


def chat(client: Client, messages: list[ChatMessage]) -> str:
    """Go on with a conversation until the model answers, by Chat Completions."""
    for _ in range(MAX_ROUNDS):
        done = client.create_chat_completion(
            model=MODEL, messages=messages, tools=CHAT_TOOLS, thinking={"type": "enabled"}
        )
        message = done.choices[0].message
        messages.append(to_request(message))  # with its thinking, which MiMo wants back beside calls
        if not message.tool_calls:
            return message.content or ""
        results = run_all(message.tool_calls)
        messages += [tool(result, call.id) for call, result in zip(message.tool_calls, results, strict=True)]
    raise RuntimeError(f"no answer after {MAX_ROUNDS} rounds")


async def chat_async(client: AsyncClient, messages: list[ChatMessage]) -> str:
    """Go on with a conversation until the model answers, by Chat Completions."""
    for _ in range(MAX_ROUNDS):
        done = await client.create_chat_completion(
            model=MODEL, messages=messages, tools=CHAT_TOOLS, thinking={"type": "enabled"}
        )
        message = done.choices[0].message
        messages.append(to_request(message))
        if not message.tool_calls:
            return message.content or ""
        results = await run_all_async(message.tool_calls)
        messages += [tool(result, call.id) for call, result in zip(message.tool_calls, results, strict=True)]
    raise RuntimeError(f"no answer after {MAX_ROUNDS} rounds")


def respond(client: Client, items: list[InputItem]) -> str:
    """Go on with a conversation until the model answers, by Responses, where it thinks unless told otherwise."""
    for _ in range(MAX_ROUNDS):
        response = client.create_response(model=MODEL, input=items, tools=RESPONSE_TOOLS)
        items += map(to_request, response.output)  # thinking, calls and texts are items of their own
        calls = [item for item in response.output if isinstance(item, FunctionCallItem)]
        if not calls:
            return response.output_text or ""
        results = run_all(calls)
        items += [
            FunctionCallOutputItem(call_id=call.call_id, output=result)
            for call, result in zip(calls, results, strict=True)
        ]
    raise RuntimeError(f"no answer after {MAX_ROUNDS} rounds")


async def respond_async(client: AsyncClient, items: list[InputItem]) -> str:
    """Go on with a conversation until the model answers, by Responses."""
    for _ in range(MAX_ROUNDS):
        response = await client.create_response(model=MODEL, input=items, tools=RESPONSE_TOOLS)
        items += map(to_request, response.output)
        calls = [item for item in response.output if isinstance(item, FunctionCallItem)]
        if not calls:
            return response.output_text or ""
        results = await run_all_async(calls)
        items += [
            FunctionCallOutputItem(call_id=call.call_id, output=result)
            for call, result in zip(calls, results, strict=True)
        ]
    raise RuntimeError(f"no answer after {MAX_ROUNDS} rounds")


def main() -> None:
    """Ask without asyncio."""
    messages: list[ChatMessage] = []
    items: list[InputItem] = []
    with Client() as client:
        for question in QUESTIONS:
            messages.append(user(question))
            print("chat:", chat(client, messages))
            items.append(MessageItem(role="user", content=question))
            print("responses:", respond(client, items))


async def main_async() -> None:
    """Ask with asyncio."""
    messages: list[ChatMessage] = []
    items: list[InputItem] = []
    async with AsyncClient() as client:
        for question in QUESTIONS:
            messages.append(user(question))
            print("chat, async:", await chat_async(client, messages))
            items.append(MessageItem(role="user", content=question))
            print("responses, async:", await respond_async(client, items))


if __name__ == "__main__":
    main()
    asyncio.run(main_async())
