"""What the stand-in model says: prompts read out of requests, and the turns that answer them."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto.testing import Call, Turn
from mimo_proto.testing.prompts import read_chat, read_response
from mimo_proto.testing.turns import take_turn, tokens
from tests.support.calling import said, tool

THOUGHT = "The user wants an answer. I give the words back."


def chat(*words: str, **more: Any) -> Turn:
    return take_turn(read_chat(said(*words, **more)))


def respond(given: Any, **more: Any) -> Turn:
    return take_turn(read_response({"model": "mimo-v2.6-pro", "input": given, **more}))


def test_it_gives_the_words_back_after_a_thought() -> None:
    assert chat("first", "Hello there") == Turn("You said: Hello there", THOUGHT, [])
    assert respond([{"role": "user", "content": "Hello there"}]) == respond("Hello there") == chat("Hello there")


def test_without_thinking_there_is_no_reasoning() -> None:
    assert chat("hi", thinking={"type": "disabled"}).reasoning is None
    assert respond("hi", reasoning={"effort": "none"}).reasoning is None
    assert respond("hi", reasoning={"effort": "low"}).reasoning == THOUGHT


def test_parts_that_are_no_text_are_named() -> None:
    parts = [
        {"type": "text", "text": "What is"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "https://example.com/a.wav"}},
    ]
    prompt = read_chat({"model": "mimo-v2.5", "messages": [{"role": "user", "content": parts}]})
    assert take_turn(prompt).text == "You said: What is [image] [audio]"
    assert prompt.media == {"image": 1, "audio": 1}


def test_each_tool_is_called_once_with_arguments_that_fit() -> None:
    weather = tool(
        "get_weather",
        city={"type": "string"},
        unit={"enum": ["C", "F"]},
        near={"examples": ["home"]},
        fixed={"const": 7},
        days={"type": "integer", "minimum": 2},
        share={"type": "number"},
        now={"type": "boolean"},
        list={"type": "array"},
        more={"type": "object"},
        none={"type": "null"},
        limit={"default": 5},
        odd=True,
    )
    bare = {"type": "function", "function": {"name": "now"}}
    turn = chat("What is the weather in Wuhan?", tools=[weather, bare, {"type": "web_search"}])
    assert (turn.text, turn.reasoning, turn.ended) == ("", "I need get_weather and now.", "tool_calls")
    arguments: dict[str, Any] = {
        "city": "Wuhan",
        "unit": "C",
        "near": "home",
        "fixed": 7,
        "days": 2,
        "share": 1,
        "now": True,
        "list": [],
        "more": {},
        "none": None,
        "limit": 5,
        "odd": "Wuhan",
    }
    assert turn.calls == [Call("get_weather", arguments), Call("now", {})]
    assert not turn.annotations


def test_only_what_is_required_is_filled_in() -> None:
    weather = tool("get_weather", city={"type": "string"}, unit={"type": "string"})
    weather["function"]["parameters"]["required"] = ["unit"]
    assert chat("…", tools=[weather]).calls == [Call("get_weather", {"unit": ""})]


def test_once_the_tools_have_answered_it_speaks_of_the_results() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "When?"},
        {"role": "assistant", "content": "", "tool_calls": [call], "reasoning_content": ""},
        {"role": "tool", "tool_call_id": "1", "content": "noon"},
        {"role": "tool", "tool_call_id": "2", "content": [{"type": "text", "text": "12:00"}]},
    ]
    tools = [tool("now"), {"type": "web_search"}]
    turn = take_turn(read_chat({"model": "mimo-v2.6-pro", "messages": messages, "tools": tools}))
    assert turn == Turn("The tools say: noon; 12:00.", "The tools have answered.", [])
    messages.append({"role": "user", "content": "And now?"})
    assert take_turn(read_chat({"model": "mimo-v2.6-pro", "messages": messages, "tools": tools})).calls == [
        Call("now", {})
    ]


def test_responses_tools_in_namespaces_and_added_ones() -> None:
    tools = [
        {"type": "namespace", "name": "harbour", "description": "", "tools": [{"type": "function", "name": "tide"}]}
    ]
    added = {"type": "additional_tools", "role": "developer", "tools": [{"type": "custom", "name": "sketch"}]}
    turn = respond([{"role": "user", "content": "north"}, added], tools=tools)
    assert turn.calls == [Call("tide", {}, "harbour"), Call("sketch", "north", custom=True)]


def test_responses_results() -> None:
    items = [
        {"role": "user", "content": "When?"},
        {"type": "reasoning", "id": "rs_1"},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "noon"},
        {"type": "custom_tool_call", "call_id": "2", "name": "g", "input": ""},
        {"type": "custom_tool_call_output", "call_id": "2", "output": [{"type": "input_text", "text": "12"}]},
    ]
    assert respond(items, tools=[{"type": "function", "name": "f"}]).text == "The tools say: noon; 12."


@pytest.mark.parametrize(
    ("tools", "searched"),
    [
        ([{"type": "web_search"}], True),
        ([{"type": "web_search", "force_search": True}, tool("f")], True),
        ([{"type": "web_search"}, tool("f")], False),
    ],
)
def test_a_search_brings_sources(tools: list[Any], searched: bool) -> None:
    assert bool(chat("hi", tools=tools).annotations) == searched


def test_json_is_asked_for() -> None:
    assert chat("hi", response_format={"type": "json_object"}).text == '{"echo":"You said: hi"}'
    assert respond("hi", text={"format": {"type": "json_object"}}).text == '{"echo":"You said: hi"}'


@pytest.mark.parametrize("stop", [" there", ["never", " there"]])
def test_it_ends_before_a_stop(stop: Any) -> None:
    assert chat("Hello there", stop=stop).text == "You said: Hello"


@pytest.mark.parametrize(("limit", "reasoning", "text"), [(2, "The user ", ""), (12, THOUGHT, "You said: ")])
def test_the_limit_counts_thinking_too(limit: int, reasoning: str, text: str) -> None:
    turn = chat("Hello", max_completion_tokens=limit)
    assert turn == Turn(text, reasoning, finish_reason="length")
    assert respond("Hello", max_output_tokens=limit) == turn
    assert len(tokens(reasoning)) + len(tokens(text)) == limit


def test_the_limit_may_cut_calls_and_answers_without_thinking() -> None:
    off = {"type": "disabled"}
    assert chat("hi", tools=[tool("f")], thinking=off, max_completion_tokens=1).calls == [Call("f", {})]
    wide = tool("f", a={"default": "many words are in here"})
    assert chat("hi", tools=[wide], thinking=off, max_completion_tokens=1) == Turn("", None, (), "length")


def test_tokens_joined_are_the_text() -> None:
    text = " 明天武汉会下雨吗? \n\nwell, incomprehensibilities\t😊 "
    assert "".join(tokens(text)) == text


@pytest.mark.parametrize(
    ("audio", "stream", "begins", "length"),
    [
        ({}, False, b"RIFF", 44 + 2 * 480),
        ({"format": "wav"}, True, b"RIFF", 44 + 2 * 480),
        ({}, True, b"\x00\x00\x3c\x00", 2 * 480),
        ({"format": "pcm16"}, False, b"\x00\x00\x3c\x00", 2 * 480),
        ({"format": "mp3"}, False, b"\xff\xfb", 2 * 417),
    ],
)
def test_speech(audio: dict[str, Any], stream: bool, begins: bytes, length: int) -> None:
    spoken = [{"role": "assistant", "content": "Good day"}]
    body = {"model": "mimo-v2.5-tts", "messages": spoken, "audio": audio, "stream": stream}
    turn = take_turn(read_chat(body))
    assert turn.audio is not None
    assert (turn.audio[: len(begins)], len(turn.audio), turn.preview) == (begins, length, None)


def test_voice_design_tells_what_it_made_up() -> None:
    body = said("An old sailor", model="mimo-v2.5-tts-voicedesign", audio={"optimize_text_preview": True})
    turn = take_turn(read_chat(body))
    assert turn.preview == "Aye, the sea gives, and the sea takes."


def test_speech_recognition() -> None:
    part = {"type": "input_audio", "input_audio": {"data": "A" * 64_000, "format": "wav"}}
    body = {"model": "mimo-v2.5-asr", "messages": [{"role": "user", "content": [part]}]}
    assert take_turn(read_chat(body)) == Turn("A recording of 64000 bytes.", seconds=3)


def test_no_user_no_words() -> None:
    assert take_turn(read_chat({"model": "mimo-v2.5", "messages": []})).text == "You said: "
