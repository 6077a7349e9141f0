"""The messages and tools of Chat, as other clients send them."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto import CHAT_COMPLETIONS, Adapted, InvalidRequestError, adapt_request

CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def adapt(*messages: Any, **more: Any) -> Adapted:
    said = messages or ({"role": "user", "content": "hi"},)
    return adapt_request(CHAT_COMPLETIONS, {"model": "mimo-v2.6-pro", "messages": list(said), **more})


def parts(*given: Any) -> list[Any]:
    content: list[Any] = adapt({"role": "user", "content": list(given)}).body["messages"][0]["content"]
    return content


def refused(*messages: Any, **more: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        adapt(*messages, **more)
    return caught.value


def test_null_content_of_an_assistant_is_a_text() -> None:
    given: list[dict[str, Any]] = [{"tool_calls": [CALL]}, {"tool_calls": []}, {}]
    for message in given:
        adapted = adapt({"role": "assistant", "content": None, **message})
        assert adapted.body["messages"] == [{"role": "assistant", "content": "", **message}]
    absent = {"role": "assistant", "tool_calls": [CALL]}
    assert adapt(absent).body["messages"][0] is absent
    assert adapt({"role": "assistant"}).body["messages"] == [{"role": "assistant", "content": ""}]
    assert refused({"role": "user"}).path == "$.messages[0]"


def test_thinking_under_another_name_is_mimos_too() -> None:
    said = {"role": "assistant", "content": "", "reasoning": "Hm."}
    assert adapt(said).body["messages"] == [{**said, "reasoning_content": "Hm."}]
    assert adapt({**said, "reasoning_content": ""}).body["messages"][0]["reasoning_content"] == "Hm."
    for stays in ({**said, "reasoning_content": "Ah."}, {**said, "reasoning": ""}):
        assert adapt(stays).body["messages"][0] is stays
    assert refused({**said, "reasoning": {"text": "Hm."}}).path == "$.messages[0].reasoning"


def test_a_call_without_its_type_is_that_of_a_function() -> None:
    untyped = {name: CALL[name] for name in ("id", "function")}
    for call in (untyped, {**untyped, "type": None}):
        adapted = adapt({"role": "assistant", "content": "", "tool_calls": [CALL, call]})
        assert adapted.body["messages"][0]["tool_calls"] == [CALL, CALL]
        assert adapted.body["messages"][0]["tool_calls"][0] is CALL
    calls: list[Any] = [{"id": "1", "custom": {}}, {**untyped, "type": "dance", "function": 5}, 5]
    for call in calls:
        assert refused({"role": "assistant", "tool_calls": [call]}).path.startswith("$.messages[0].tool_calls[0]")


def test_an_image_by_its_url_alone() -> None:
    assert parts({"type": "image_url", "image_url": "https://example.com/a.png"}) == [
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    ]


@pytest.mark.parametrize("detail", ["high", None])
def test_the_detail_of_an_image_is_left_out(detail: str | None) -> None:
    image = {"url": "https://example.com/a.png", "detail": detail}
    adapted = adapt({"role": "user", "content": [{"type": "image_url", "image_url": image}]})
    assert adapted.body["messages"][0]["content"][0]["image_url"] == {"url": "https://example.com/a.png"}
    assert adapted.dropped == ["messages[0].content[0].image_url.detail"]
    assert adapted.notes == []


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"data": "AA==", "format": "wav"}, {"data": "data:audio/wav;base64,AA==", "format": "wav"}),
        ({"data": "AA==", "format": "mp3"}, {"data": "data:audio/mpeg;base64,AA==", "format": "mp3"}),
        ({"data": "AA==", "format": "flac"}, {"data": "data:audio/flac;base64,AA=="}),
        (
            {"data": "https://example.com/a.wav", "format": "wav"},
            {"data": "https://example.com/a.wav", "format": "wav"},
        ),
        ({"data": "https://example.com/a.ogg", "format": "ogg"}, {"data": "https://example.com/a.ogg"}),
        ({"data": "data:audio/wav;base64,AA=="}, {"data": "data:audio/wav;base64,AA=="}),
        ({"data": "AA=="}, {"data": "AA=="}),
    ],
)
def test_sound_is_a_data_url(given: dict[str, str], sent: dict[str, str]) -> None:
    assert parts({"type": "input_audio", "input_audio": given}) == [{"type": "input_audio", "input_audio": sent}]


def test_a_refusal_among_the_parts_is_text() -> None:
    message = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
    assert adapt(message).body["messages"][0]["content"] == [{"type": "text", "text": "No."}]


@pytest.mark.parametrize(
    ("message", "path", "advice"),
    [
        ({"role": "function", "name": "f", "content": "1"}, "$.messages[0].role", '{"role": "tool"'),
        ({"role": "user", "content": [{"type": "file", "file": "x"}]}, "$.messages[0].content[0].type", "no files"),
        ({"role": "user", "content": [{"type": "input_file"}]}, "$.messages[0].content[0].type", "no files"),
        (
            {"role": "assistant", "content": None, "function_call": {"name": "f"}},
            "$.messages[0].function_call",
            "`tool_calls`",
        ),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": 5}]},
            "$.messages[0].content[0].image_url",
            "",
        ),
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": 5}]},
            "$.messages[0].content[0].input_audio",
            "",
        ),
        ({"role": "user", "content": ["x"]}, "$.messages[0].content[0]", ""),
        ({"role": ["x"], "content": "x"}, "$.messages[0].role", ""),
        ("x", "$.messages[0]", ""),
    ],
)
def test_nothing_can_be_made_of_it(message: Any, path: str, advice: str) -> None:
    error = refused(message)
    assert error.path == path
    assert advice in str(error)


@pytest.mark.parametrize("messages", [[], (), "x", 5, {}])
def test_no_conversation(messages: Any) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        adapt_request(CHAT_COMPLETIONS, {"model": "m", "messages": messages})
    assert caught.value.path == "$.messages"


# Tools


@pytest.mark.parametrize("choice", ["none", "required", "any", {"type": "function", "function": {"name": "f"}}, {}, 5])
def test_a_choice_among_the_tools_is_left_out(choice: Any) -> None:
    adapted = adapt(tool_choice=choice)
    assert "tool_choice" not in adapted.body
    assert adapted.dropped == ["tool_choice"]
    [note] = adapted.notes
    assert (note.code, note.severity, note.path) == ("changed", "ignored", "$.tool_choice")
    assert ("leave `tools` out" in note.message) == (choice == "none")


def test_mimos_own_choice_and_tools_stay() -> None:
    tools = [{"type": "function", "function": {"name": "f", "strict": True}}, {"type": "web_search", "limit": 3}]
    body = adapt(tools=tools, tool_choice="auto").body
    assert body["tools"] is tools
    assert body["tool_choice"] == "auto"
    assert adapt(tools=[]).body["tools"] == []


@pytest.mark.parametrize(
    ("kind", "advice"), [("custom", "Responses only"), ("web_search_preview", "web_search"), ("dance", "no such tool")]
)
def test_a_tool_that_mimo_lacks_is_refused(kind: str, advice: str) -> None:
    error = refused(tools=[{"type": "function", "function": {"name": "f"}}, {"type": kind}])
    assert error.path == "$.tools[1].type"
    assert advice in str(error)


@pytest.mark.parametrize("tools", [5, "x", [5], [{}], [{"type": 5}], [{"type": "function"}]])
def test_what_is_no_tool_is_refused(tools: Any) -> None:
    assert refused(tools=tools).path.startswith("$.tools")
