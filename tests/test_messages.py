"""Messages to send, and replies given back."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from mimo_proto.messages import assistant, developer, system, to_request, tool, user
from mimo_proto.models import (
    AssistantMessage,
    ChatCompletion,
    ChatCompletionMessage,
    FunctionCall,
    FunctionCallItem,
    ImagePart,
    ImageURL,
    OutputItem,
    OutputMessage,
    OutputText,
    ReasoningItem,
    Response,
    TextPart,
    ToolCall,
    UserMessage,
)
from mimo_proto.protocol.decode import TolerantDecoder
from mimo_proto.unknown import Unknown

CALL = ToolCall(id="1", function=FunctionCall(name="f", arguments="{}"))
CALL_JSON = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
HI_JSON = {"type": "text", "text": "hi"}
CAT = ImagePart(image_url=ImageURL(url="https://example.com/cat.png"))
CAT_JSON = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}


def encoded(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (system("hi"), {"role": "system", "content": "hi"}),
        (system([TextPart(text="hi")], name="a"), {"role": "system", "content": [HI_JSON], "name": "a"}),
        (developer("hi"), {"role": "developer", "content": "hi"}),
        (developer("hi", name="a"), {"role": "developer", "content": "hi", "name": "a"}),
        (user("hi"), {"role": "user", "content": "hi"}),
        (user((TextPart(text="hi"), CAT), name="a"), {"role": "user", "content": [HI_JSON, CAT_JSON], "name": "a"}),
        (assistant("hi"), {"role": "assistant", "content": "hi"}),
        (assistant(tool_calls=[CALL]), {"role": "assistant", "content": "", "tool_calls": [CALL_JSON]}),
        (
            assistant("hi", reasoning_content="", name="a"),
            {"role": "assistant", "content": "hi", "reasoning_content": "", "name": "a"},
        ),
        (tool("4", "1"), {"role": "tool", "content": "4", "tool_call_id": "1"}),
        (tool([CAT], tool_call_id="1"), {"role": "tool", "content": [CAT_JSON], "tool_call_id": "1"}),
    ],
)
def test_makers(message: Any, wire: dict[str, Any]) -> None:
    assert encoded(message) == wire


@pytest.mark.parametrize(
    ("reply", "wire"),
    [
        (ChatCompletionMessage(role="assistant", content="hi"), {"content": "hi"}),
        (ChatCompletionMessage(content=None), {"content": ""}),
        (ChatCompletionMessage(content=None, tool_calls=[CALL]), {"content": "", "tool_calls": [CALL_JSON]}),
        (
            ChatCompletionMessage(content="hi", tool_calls=[], reasoning_content=""),
            {"content": "hi", "reasoning_content": ""},
        ),
        (
            ChatCompletionMessage(content="", tool_calls=[CALL], reasoning_content="hm"),
            {"content": "", "tool_calls": [CALL_JSON], "reasoning_content": "hm"},
        ),
        (
            ChatCompletionMessage(content=None, tool_calls=[CALL], reasoning="hm", reasoning_details=[{"text": "hm"}]),
            {"content": "", "tool_calls": [CALL_JSON], "reasoning": "hm", "reasoning_details": [{"text": "hm"}]},
        ),
        (
            ChatCompletionMessage(content="", refusal="No.", reasoning="", reasoning_content=""),
            {"content": "", "refusal": "No.", "reasoning": "", "reasoning_content": ""},
        ),
        (
            ChatCompletionMessage(content="hi", error_message="x", annotations=[], final_text_preview="y"),
            {"content": "hi"},
        ),
    ],
)
def test_a_chat_reply_given_back(reply: ChatCompletionMessage, wire: dict[str, Any]) -> None:
    message = to_request(reply)
    assert isinstance(message, AssistantMessage)
    assert encoded(message) == {"role": "assistant", **wire}


def decoded(**message: Any) -> ChatCompletionMessage:
    data = json.dumps({"choices": [{"message": message}]}).encode()
    return TolerantDecoder(ChatCompletion).decode(data).choices[0].message


def test_what_the_server_added_is_given_back() -> None:
    call = {**CALL_JSON, "score": 1, "function": {"name": "f", "arguments": "{}", "lang": "x"}}
    message = to_request(decoded(role="assistant", content=None, tool_calls=[call], mood="good", name="Mimo"))
    assert isinstance(message, AssistantMessage)
    assert message.name == "Mimo"
    assert encoded(message) == {
        "role": "assistant",
        "content": "",
        "name": "Mimo",
        "tool_calls": [call],
        "mood": "good",
    }


def test_a_name_that_only_requests_have_in_the_spec() -> None:
    assert to_request(decoded(content="hi", name="Mimo")) == assistant("hi", name="Mimo")


def test_past_the_caps_the_message_goes_first() -> None:
    reply = decoded(content="hi", mood="good")
    for number in range(256):
        to_request(decoded(content="hi", **{f"fill_{number}": 1}))
    assert to_request(reply) == assistant("hi")


def test_a_field_that_was_learned_and_is_absent_is_not_in_the_message() -> None:
    for _ in range(2):
        decoded(content="hi", mood="good")
    reply = decoded(content="hi", mood="good")
    assert json.loads(msgspec.json.encode(to_request(reply)))["mood"] == "good"
    assert to_request(decoded(content="hi")) == assistant("hi")
    assert to_request(decoded(content="hi", mood=None)) != assistant("hi")


def test_items_and_messages_go_back_as_they_are() -> None:
    items: list[OutputItem | UserMessage] = [
        OutputMessage(id="msg_1", role="assistant", content=[OutputText(text="hi")], status="completed"),
        FunctionCallItem(call_id="1", name="f", arguments="{}"),
        ReasoningItem(id="rs_1", summary=[]),
        Unknown({"type": "dance"}),
        user("hi"),
    ]
    assert [to_request(item) for item in items] == items
    item = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "x", "new": 1}],
        "more": 2,
    }
    output = TolerantDecoder(Response).decode(json.dumps({"output": [item]}).encode()).output
    assert encoded(list(map(to_request, output))) == [item]


def test_the_summary_of_a_reasoning_item_is_not_given_back() -> None:
    text = {"type": "reasoning_text", "text": "Hm."}
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "H."}],
        "content": [text],
        "mood": 1,
    }
    [read] = TolerantDecoder(Response).decode(json.dumps({"output": [item]}).encode()).output
    assert encoded(to_request(read)) == {**item, "summary": []}
    assert encoded(read) == item
    for silent in (ReasoningItem(summary=[]), ReasoningItem(summary=None), ReasoningItem()):
        assert to_request(silent) is silent
