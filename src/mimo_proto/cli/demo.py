"""Five exchanges over a real socket: with MiMo where a key is set, else with a stand-in on this machine.

Rules: text is shown as it comes, thinking apart from the answer; then the final object, usage and timing.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from mimo_proto.cli.text import TextWriter, json_line, takes_dimming
from mimo_proto.client import Client
from mimo_proto.messages import to_request, tool, user
from mimo_proto.models import FunctionDefinition, FunctionTool, Thinking
from mimo_proto.testing import LoopbackServer

if TYPE_CHECKING:
    from mimo_proto.http.stream import Stream
    from mimo_proto.models import ChatMessage, ToolCall

__all__ = ["run_demo"]

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [
    FunctionTool(function=FunctionDefinition(name=name, description=description, parameters=CITY))
    for name, description in (("get_weather", "The weather in a city."), ("get_time", "The local time in a city."))
]
RESULTS = {"get_weather": "light rain, 17 degrees", "get_time": "08:30"}


def run_demo(model: str) -> None:
    """Have the five exchanges, and print them.

    Args:
        model: The model that answers.

    Raises:
        MimoError: An exchange failed.
    """
    if os.environ.get("MIMO_API_KEY"):
        with Client() as client:
            _say(f"MIMO_API_KEY is set: this is {client!r}, and it is billed.")
            _exchanges(client, model)
        return
    with LoopbackServer() as server, Client(server.api_key, server.base_url) as client:
        _say(f"MIMO_API_KEY is not set: a stand-in answers at {server.base_url}.")
        _exchanges(client, model)


def _exchanges(client: Client, model: str) -> None:
    _title("1. A chat", "Say hello in one sentence.")
    begun = time.perf_counter()
    done = client.create_chat_completion(model=model, messages=[user("Say hello in one sentence.")])
    _label("answer", done.choices[0].message.content or "")
    _summary(done, "answered", begun, time.perf_counter())

    question = "How high is Mount Tai?"
    _title("2. A chat, streamed, with thinking", question)
    _stream(client.stream_chat_completion(model=model, messages=[user(question)], thinking=Thinking(type="enabled")))

    question = "What are the weather and the local time in Wuhan?"
    _title("3. Tool calls in parallel, and the second turn", question)
    history: list[ChatMessage] = [user(question)]
    done = _stream(client.stream_chat_completion(model=model, messages=history, tools=TOOLS))
    message = done.choices[0].message
    history.append(to_request(message))
    for call in message.tool_calls or ():
        _label("result", f"{call.function.name} {_run(call)}")
        history.append(tool(_run(call), call.id))
    _stream(client.stream_chat_completion(model=model, messages=history, tools=TOOLS))

    question = "Name one tide table."
    _title("4. A response", question)
    begun = time.perf_counter()
    response = client.create_response(model=model, input=question)
    _label("answer", response.output_text or "")
    _summary(response, "answered", begun, time.perf_counter())

    question = "Why are there two tides a day?"
    _title("5. A response, streamed", question)
    _stream(client.stream_response(model=model, input=[{"role": "user", "content": question}]))


def _run(call: ToolCall) -> str:
    """Run a tool."""
    return RESULTS.get(call.function.name, "there is no such tool")


def _stream(stream: Stream[Any, Any]) -> Any:
    """Show a stream, and give its result."""
    writer = TextWriter(sys.stdout, sys.stdout, labels=True, dim=takes_dimming(sys.stdout, os.environ))
    begun, first = time.perf_counter(), 0.0
    with stream:
        for delta in stream.deltas():
            first = first or time.perf_counter()
            writer.show(delta)
        writer.end()
        result = stream.result()
    _summary(result, "first delta", begun, first)
    return result


def _title(title: str, question: str) -> None:
    _say(f"\n{title}")
    _label("question", question)


def _summary(result: Any, what: str, begun: float, then: float) -> None:
    _label("final", json_line(result))
    _label("usage", json_line(result.usage))
    _label(what, f"after {1000 * (then - begun):.1f} ms")


def _label(label: str, text: str) -> None:
    _say(f"  {label:11} | {text}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
