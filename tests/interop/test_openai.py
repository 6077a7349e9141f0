"""The official openai package talks to LoopbackServer: the server speaks the protocol, not just our dialect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mimo_proto.testing import LoopbackServer

# Not an import statement: the type checkers' environment has no openai.
openai: Any = pytest.importorskip("openai")
pytestmark = pytest.mark.interop

MODEL = "mimo-v2.6-pro"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CHAT_TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": CITY}} for name in ("get_weather", "get_time")
]
RESPONSE_TOOLS = [
    {"type": "function", "name": name, "parameters": CITY, "strict": False} for name in ("get_weather", "get_time")
]
THOUGHT = "The user wants an answer. I give the words back."


@pytest.fixture
def client(server: LoopbackServer) -> Iterator[Any]:
    with openai.OpenAI(api_key=server.api_key, base_url=server.base_url, max_retries=0) as made:
        yield made


def test_models(client: Any) -> None:
    assert MODEL in [model.id for model in client.models.list()]


def test_chat(client: Any) -> None:
    done = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hi"}])
    [choice] = done.choices
    assert (choice.message.content, choice.finish_reason) == ("You said: hi", "stop")
    assert choice.message.reasoning_content == THOUGHT
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens
    assert done.usage.completion_tokens_details.reasoning_tokens == 10


def test_chat_streamed(client: Any) -> None:
    chunks = list(
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hi"}], stream=True)
    )
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "You said: hi"
    assert "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas) == THOUGHT
    assert chunks[-1].usage.total_tokens == 14
    assert chunks[-2].choices[0].finish_reason == "stop"


@pytest.mark.wrong_requests  # the client adds stream_options, which MiMo takes and the spec does not name
def test_chat_by_the_stream_helper(client: Any) -> None:
    with client.chat.completions.stream(
        model=MODEL, messages=[{"role": "user", "content": "hi"}], stream_options={"include_usage": True}
    ) as stream:
        kinds = {event.type for event in stream}
        done = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert done.choices[0].message.content == "You said: hi"
    assert done.usage.total_tokens == 14


@pytest.mark.parametrize("streamed", [False, True], ids=["json", "stream"])
def test_chat_with_tools(client: Any, streamed: bool) -> None:
    messages: list[Any] = [{"role": "user", "content": "The weather and the time in Wuhan?"}]
    if streamed:
        with client.chat.completions.stream(model=MODEL, messages=messages, tools=CHAT_TOOLS) as stream:
            stream.until_done()
            message = stream.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(model=MODEL, messages=messages, tools=CHAT_TOOLS).choices[0].message
    assert [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls] == [
        ("get_weather", {"city": "Wuhan"}),
        ("get_time", {"city": "Wuhan"}),
    ]
    messages.append(
        {
            "role": "assistant",
            "content": message.content,
            "reasoning_content": "I need get_weather and get_time.",
            "tool_calls": [
                {"id": call.id, "type": "function", "function": call.function.model_dump(include={"name", "arguments"})}
                for call in message.tool_calls
            ],
        }
    )
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "fine"} for call in message.tool_calls]
    done = client.chat.completions.create(model=MODEL, messages=messages, tools=CHAT_TOOLS)
    assert done.choices[0].message.content == "The tools say: fine; fine."


@pytest.mark.parametrize("given", ["hi", [{"role": "user", "content": "hi"}]], ids=["text", "messages"])
def test_response(client: Any, given: Any) -> None:
    response = client.responses.create(model=MODEL, input=given)
    assert (response.status, response.output_text) == ("completed", "You said: hi")
    assert [item.type for item in response.output] == ["reasoning", "message"]
    assert response.output[0].content[0].text == THOUGHT
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


@pytest.mark.parametrize("given", ["hi", [{"role": "user", "content": "hi"}]], ids=["text", "messages"])
def test_response_streamed(client: Any, given: Any) -> None:
    events = list(client.responses.create(model=MODEL, input=given, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "You said: hi"
    assert "".join(event.delta for event in events if event.type == "response.reasoning_text.delta") == THOUGHT
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == "You said: hi"


def test_response_by_the_stream_helper(client: Any) -> None:
    with client.responses.stream(model=MODEL, input=[{"role": "user", "content": "hi"}]) as stream:
        kinds = [event.type for event in stream]
        response = stream.get_final_response()
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert response.output_text == "You said: hi"


@pytest.mark.wrong_requests  # the client's helper leaves names of its own in the items, which MiMo filters
@pytest.mark.parametrize("streamed", [False, True], ids=["json", "stream"])
def test_response_with_tools(client: Any, streamed: bool) -> None:
    items: list[Any] = [{"role": "user", "content": "The weather and the time in Wuhan?"}]
    if streamed:
        with client.responses.stream(model=MODEL, input=items, tools=RESPONSE_TOOLS) as stream:
            stream.until_done()
            response = stream.get_final_response()
    else:
        response = client.responses.create(model=MODEL, input=items, tools=RESPONSE_TOOLS)
    calls = [item for item in response.output if item.type == "function_call"]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [
        ("get_weather", {"city": "Wuhan"}),
        ("get_time", {"city": "Wuhan"}),
    ]
    items += [item.model_dump(exclude_unset=True) for item in response.output]
    items += [{"type": "function_call_output", "call_id": call.call_id, "output": "fine"} for call in calls]
    assert (
        client.responses.create(model=MODEL, input=items, tools=RESPONSE_TOOLS).output_text
        == "The tools say: fine; fine."
    )


def test_errors_come_as_the_clients_own(client: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="Param Incorrect") as caught:
        client.chat.completions.create(model="mimo-v9", messages=[{"role": "user", "content": "hi"}])
    assert caught.value.param == "Not supported model mimo-v9"
    with pytest.raises(openai.BadRequestError, match="Unsupported model"):
        client.responses.create(model="mimo-v9", input="hi")
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="mimo-v9", input="hi", stream=True)
    assert caught.value.response.text.startswith('data:{"error":')  # the client cannot read it; it was MiMo's to send
    with pytest.raises(openai.AuthenticationError, match="Invalid API Key"):
        client.with_options(api_key="sk-wrong").models.list()
