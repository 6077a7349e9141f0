"""Fields that an extended spec adds to the chunks of a chat stream: added up by their types, wherever they are."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from mimo_proto.additions import find_additions

from mimo_proto import CHAT_COMPLETIONS, ChatAccumulator, DecodeError, Endpoint, StreamDecoder
from tests.payloads import DONE, choice_chunk


class Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None
    dialect: str | None = None


class Call(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: Function | None = None
    thought: str | msgspec.UnsetType = msgspec.UNSET


class Delta(msgspec.Struct):
    role: str | None = None
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[Call] | None = None
    annotations: list[Any] | None = None
    audio: Any = None
    final_text_preview: str | None = None
    error_message: str | None = None
    audio_tokens: list[Any] | None = None
    subtitle: str | None = None
    marks: list[int] | str | None = None
    mood: dict[str, int] | None = msgspec.field(default=None, name="the mood")


class Choice(msgspec.Struct):
    delta: Delta
    index: int | None = None
    finish_reason: str | None = None
    seed: int | None = None


class Chunk(msgspec.Struct):
    choices: list[Choice]
    id: str | None = None
    created: int | None = None
    model: str | None = None
    usage: Any = None
    error: Any = None
    node: str | None = None


class Whole(msgspec.Struct):
    choices: list[dict[str, Any]]
    node: str | None = None


class Message(msgspec.Struct):
    subtitle: int


class Answer(msgspec.Struct):
    message: Message


class Answers(msgspec.Struct):
    choices: list[Answer]


class Narrow(msgspec.Struct):
    choices: list[int]


def added_up(*chunks: bytes, reply: Any = Whole) -> Any:
    endpoint: Endpoint[Any, Any, Any] = CHAT_COMPLETIONS.with_types(request=dict, reply=reply, event=Chunk)
    total = ChatAccumulator(endpoint)
    for each in StreamDecoder(endpoint).events(chunks):
        total.add(each)
    return total.result()


def test_additions_are_added_up_by_their_types() -> None:
    whole = added_up(
        choice_chunk({"subtitle": "a", "marks": [1], "the mood": {"a": 1}}, choice={"seed": 1}, node="n1"),
        choice_chunk({"subtitle": None, "marks": [2, 3]}),
        choice_chunk({"subtitle": "b", "the mood": {"b": 2}}, choice={"seed": 2}, node="n1"),
        choice_chunk({"subtitle": "other", "marks": [9]}, choice={"index": 1}, node="n2"),
        choice_chunk({}, "stop"),
        choice_chunk({}, "stop", choice={"index": 1}),
        DONE,
    )
    assert whole.node == "n2"
    assert whole.choices == [
        {
            "index": 0,
            "message": {"role": "assistant", "subtitle": "ab", "marks": [1, 2, 3], "the mood": {"b": 2}},
            "finish_reason": "stop",
            "seed": 2,
        },
        {
            "index": 1,
            "message": {"role": "assistant", "subtitle": "other", "marks": [9]},
            "finish_reason": "stop",
        },
    ]


def test_a_kind_that_changes_on_the_way_is_not_mixed() -> None:
    whole = added_up(
        choice_chunk({"marks": "x"}), choice_chunk({"marks": [1]}), choice_chunk({"marks": "y"}, "stop"), DONE
    )
    assert whole.choices[0]["message"]["marks"] == "y"


def test_additions_to_tool_calls() -> None:
    whole = added_up(
        choice_chunk(
            {"tool_calls": [{"index": 1, "id": "c1", "function": {"name": "f", "dialect": "py"}, "thought": "t1"}]}
        ),
        choice_chunk({"tool_calls": [{"index": 0, "id": "c0", "function": {"name": "g", "arguments": "{}"}}]}),
        choice_chunk({"tool_calls": [{"index": 1, "function": {"arguments": "{}"}, "thought": "t2"}]}),
        choice_chunk({"tool_calls": [{"id": "c2"}, {"thought": "t3"}]}, "tool_calls"),
        DONE,
    )
    calls = whole.choices[0]["message"]["tool_calls"]
    assert calls == [
        {"id": "c0", "type": "function", "function": {"name": "g", "arguments": "{}"}},
        {
            "id": "c1",
            "type": "function",
            "function": {"name": "f", "arguments": "{}", "dialect": "py"},
            "thought": "t2",
        },
        {"id": "c2", "type": "function", "function": {"name": "", "arguments": ""}, "thought": "t3"},
    ]


def test_a_sum_that_does_not_fit_says_where() -> None:
    with pytest.raises(DecodeError) as refused:
        added_up(choice_chunk({"subtitle": "x"}, "stop"), DONE, reply=Answers)
    assert refused.value.path == "$.choices[0].message.subtitle"


def test_our_own_spec_costs_nothing() -> None:
    assert find_additions(CHAT_COMPLETIONS.event) is None
    assert find_additions(Chunk) is not None

    assert find_additions(Narrow) is None
