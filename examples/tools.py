"""Let the model call functions of yours until it has its answer."""

import json
from collections.abc import Callable

from mimo_proto import ChatMessage, Client, FunctionDefinition, FunctionTool, to_request, tool, user


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"light rain in {city}"


FUNCTIONS: dict[str, Callable[..., str]] = {"get_weather": get_weather}
TOOLS = [
    FunctionTool(
        function=FunctionDefinition(
            name="get_weather",
            description="The weather in a city.",
            parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        )
    )
]

with Client() as client:
    messages: list[ChatMessage] = [user("Do I need an umbrella in Wuhan?")]
    while True:
        done = client.create_chat_completion(model="mimo-v2.6-pro", messages=messages, tools=TOOLS)
        message = done.choices[0].message
        messages.append(to_request(message))
        if not message.tool_calls:
            break
        for call in message.tool_calls:
            try:  # the model wrote the arguments: they may be no JSON, or not fit
                result = FUNCTIONS[call.function.name](**json.loads(call.function.arguments))
            except (KeyError, TypeError, ValueError) as error:
                result = f"error: {error!r}"
            print(f"{call.function.name}{call.function.arguments} -> {result}")
            messages.append(tool(result, call.id))
    print(message.content)
