"""Let the model call functions of yours until it has its answer."""

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta, Struct

from mimo_proto import (
    ChatMessage,
    Client,
    InvalidToolArgumentsError,
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

with Client() as client:
    messages: list[ChatMessage] = [user("Do I need an umbrella in Wuhan?")]
    while True:
        done = client.create_chat_completion(model="mimo-v2.6-pro", messages=messages, tools=TOOLS)
        message = done.choices[0].message
        messages.append(to_request(message))
        if not message.tool_calls:
            break
        for call in message.tool_calls:
            try:  # the model wrote the arguments, and the name: they may not fit, and it may be none of ours
                arguments, function = FUNCTIONS[call.function.name]
                result = function(parse_arguments(call, arguments))
            except (KeyError, InvalidToolArgumentsError) as error:
                result = f"error: {error}"
            print(f"{call.function.name}{call.function.arguments} -> {result}")
            messages.append(tool(result, call.id))
    print(message.content)
