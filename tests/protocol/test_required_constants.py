"""Texts to which the spec leaves no choice: a dict without one is refused. The negative vectors have each of them."""

from __future__ import annotations

from collections import UserDict
from typing import Any

import msgspec
import pytest

from mimo_proto import CHAT_COMPLETIONS, RESPONSES, build_request
from mimo_proto.errors import InvalidRequestError
from mimo_proto.models import (
    AdditionalToolsItem,
    AssistantMessage,
    ChatCompletionRequest,
    FunctionCall,
    ResponseRequest,
    ToolCall,
    UserLocation,
    UserMessage,
    WebSearchTool,
)
from mimo_proto.protocol.validate import validate
from mimo_proto.unknown import Unknown

CALL: dict[str, Any] = {"id": "1", "function": {"name": "f", "arguments": "{}"}}
ASKED: dict[str, Any] = {"role": "assistant", "tool_calls": [{**CALL, "type": "function"}, CALL]}
HI = {"role": "user", "content": "hi"}


def chat(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": messages or [HI], **more}


def path_of(request: Any) -> tuple[str, str]:
    with pytest.raises(InvalidRequestError) as caught:
        validate(request)
    return caught.value.path, str(caught.value).partition(": ")[2]


def test_a_tool_call_without_its_type() -> None:
    assert path_of(chat(HI, ASKED)) == ("$.messages[1].tool_calls[1]", "`type` is missing")
    assert path_of(chat(UserMessage(content="hi"), ASKED))[0] == "$.messages[1].tool_calls[1]"
    with pytest.raises(InvalidRequestError):
        build_request(CHAT_COMPLETIONS, chat(ASKED), api_key="k")


def test_a_place_without_its_type() -> None:
    tool = {"type": "web_search", "user_location": {"city": "Wuhan"}}
    assert path_of(chat(tools=[tool])) == ("$.tools[0].user_location", "`type` is missing")
    function = {"type": "function", "function": {"name": "f"}}
    assert path_of(chat(tools=(function, tool)))[0] == "$.tools[1].user_location"
    # Where the spec does not have it, the name means nothing.
    validate(chat(tools=[{**function, "user_location": {}}]))


def test_additional_tools_without_a_role() -> None:
    item: dict[str, Any] = {"type": "additional_tools", "tools": []}
    request = {"model": "m", "input": [HI, item]}
    assert path_of(request) == ("$.input[1]", "`role` is missing")
    with pytest.raises(InvalidRequestError):
        build_request(RESPONSES, request, api_key="k")
    validate({"model": "m", "input": "hi"})
    validate({"model": "m", "input": [{**HI, "tools": []}, {**item, "role": "developer"}]})


def test_a_dict_in_a_struct() -> None:
    asked = AssistantMessage(tool_calls=[CALL])  # type: ignore[list-item]
    assert path_of(ChatCompletionRequest(model="m", messages=[asked]))[0] == "$.messages[0].tool_calls[0]"


def test_structs_say_it_themselves() -> None:
    call = ToolCall(id="1", function=FunctionCall(name="f", arguments=""))
    search = WebSearchTool(user_location=UserLocation(city="Wuhan"))
    validate(chat(AssistantMessage(tool_calls=[call]), {"role": "assistant", "tool_calls": (call,)}, tools=[search]))
    validate(chat(tools=[{"type": "web_search", "user_location": UserLocation(city="Wuhan")}]))
    validate(ResponseRequest(model="m", input=[AdditionalToolsItem(tools=[])]))


def test_what_is_trusted() -> None:
    validate(chat(Unknown(ASKED), msgspec.Raw(b"{}"), {"role": "assistant", "tool_calls": [Unknown(CALL)]}))
    validate(chat({"role": "assistant", "tool_calls": msgspec.Raw(b"[]")}))
    validate(chat(UserDict(ASKED), {**HI, "tool_calls": [CALL]}, {"role": "assistant", "tool_calls": None}))


def test_a_long_conversation() -> None:
    assert path_of(chat(HI, ASKED, *[HI] * 1000))[0] == "$.messages[1].tool_calls[1]"


def test_a_type_of_ones_own() -> None:
    mine = msgspec.defstruct("Mine", [("messages", list[dict[str, Any]])])
    validate({"messages": [ASKED]}, mine)
    for name in ("ChatCompletionRequest", "ResponseRequest"):
        validate({"model": "m"}, msgspec.defstruct(name, [("model", str)]))
    overlaid = msgspec.defstruct("ChatCompletionRequest", [("mood", int)], bases=(ChatCompletionRequest,), kw_only=True)
    with pytest.raises(InvalidRequestError):
        validate(chat(ASKED, mood=1), overlaid)
