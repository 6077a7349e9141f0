"""Let the model call functions of yours until it has its answer."""

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta, Struct

from mimo_proto import (
    ChatMessage,
    Client,
    InvalidToolArgumentsError,
    ToolCall,
    function_tool,
    parse_arguments,
    to_request,
    tool,
    user,
)


class GetWeather(Struct):
    """Tell the weather in a city."""

    city: Annotated[str, Meta(description="The city's name, in English.")]


def get_weather(wanted: GetWeather) -> str:
    """The weather in a city."""
    return f"light rain in {wanted.city}"


FUNCTIONS: dict[str, tuple[type[Struct], Callable[[Any], str]]] = {"get_weather": (GetWeather, get_weather)}
TOOLS = [function_tool(arguments, name=name) for name, (arguments, _) in FUNCTIONS.items()]


def run(call: ToolCall) -> str:
    """Run what the model called; it wrote the name and the arguments, and reads of its mistakes."""
    if call.function.name not in FUNCTIONS:
        return f"error: there is no function {call.function.name}"
    arguments, function = FUNCTIONS[call.function.name]
    try:
        wanted = parse_arguments(call, arguments)
    except InvalidToolArgumentsError as error:
        return f"error: {error}"
    return function(wanted)


with Client() as client:
    messages: list[ChatMessage] = [user("Do I need an umbrella in Wuhan?")]
    while True:
        done = client.create_chat_completion(model="mimo-v2.6-pro", messages=messages, tools=TOOLS)
        message = done.choices[0].message
        messages.append(to_request(message))
        if not message.tool_calls:
            break
        for call in message.tool_calls:
            result = run(call)
            print(f"{call.function.name}{call.function.arguments} -> {result}")
            messages.append(tool(result, call.id))
    print(message.content)
