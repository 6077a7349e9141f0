"""One rule for all fields of chunks: those of the spec, of an extended spec, and those that neither knows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    ChatAccumulator,
    ChatCompletionChunk,
    DecodeError,
)
from mimo_proto.kept_fields import unknown_fields
from mimo_proto.models import ChoiceDelta, ChunkChoice
from mimo_proto.protocol.decode import TolerantDecoder
from tests.support.sums import CHUNKS, add_up, call, delta, message, said

# One rule for known and unknown fields


def unknown(*deltas: dict[str, Any]) -> dict[str, Any]:
    """What the unknown fields of the deltas add up to."""
    return unknown_fields(message(*deltas))


DELTA_VALUES: list[tuple[list[Any], Any]] = [
    (["a", "", "b", None], "ab"),
    ([""], ""),
    ([None, None], None),
    ([None, ""], ""),
    ([[1], [], [2, [3]], None], [1, 2, [3]]),
    ([[]], []),
    ([0, None], 0),
    ([1, 0], 0),
    ([True, False], False),
    ([{"a": 1}, {"b": [None]}], {"b": [None]}),
    ([{"a": 1}, {}], {}),
    (["a", [1], "b"], "b"),
    (["a", [1]], [1]),
    (["a", 1, None], 1),
    ([[1], {"a": 1}, [2]], [2]),
]


@pytest.mark.parametrize(("values", "whole"), DELTA_VALUES)
def test_an_unknown_field_of_a_delta(values: list[Any], whole: Any) -> None:
    assert unknown(*({"mood": value} for value in values)) == {"mood": whole}


@pytest.mark.parametrize("name", ["type", "id", "index", "name", "format", "object", "model", "status", "signature"])
def test_of_names_in_a_delta_the_last_that_says_something_counts(name: str) -> None:
    assert unknown({name: "a"}, {name: "b"}, {name: ""}, {name: None}) == {name: "b"}
    assert unknown({name: ""}) == {name: ""}
    assert unknown({name: "a"}, {name: [1]}, {name: ""}) == {name: ""}


def test_the_last_role_that_says_something_counts() -> None:
    assert message({"role": "tool"}, {"role": "assistant"}, {"role": ""}).role == "assistant"
    assert message({"role": ""}).role == "assistant"


def test_elements_with_an_index_are_merged() -> None:
    pieces = [
        [{"index": 1, "type": "reasoning.text", "text": "Ebb", "format": "x", "parts": [1]}],
        [{"index": 0, "type": "reasoning.encrypted", "data": "c2"}, {"type": "x", "text": "a"}],
        [{"index": 1, "type": "reasoning.text", "text": " and", "format": None, "signature": "old"}],
        [{"index": 0, "data": "Vh"}, {"type": "x", "text": "a"}, 5, {"index": True}, {"index": "0"}],
        [{"index": 1, "text": " flow", "signature": "new", "parts": [2, {"index": 0, "a": "b"}]}],
        [{"index": 1, "format": "", "parts": [{"index": 0, "a": "c", "n": 1}], "more": {"a": 1}}],
    ]
    whole = [
        {
            "index": 1,
            "type": "reasoning.text",
            "text": "Ebb and flow",
            "format": "x",
            "signature": "new",
            "parts": [1, 2, {"index": 0, "a": "bc", "n": 1}],
            "more": {"a": 1},
        },
        {"index": 0, "type": "reasoning.encrypted", "data": "c2Vh"},
        {"type": "x", "text": "a"},
        {"type": "x", "text": "a"},
        5,
        {"index": True},
        {"index": "0"},
    ]
    assert message(*({"reasoning_details": elements} for elements in pieces)).reasoning_details == whole
    assert unknown(*({"mood": elements} for elements in pieces)) == {"mood": whole}


def of_choice(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {}, **fields}]}


CHOICE_VALUES: list[tuple[list[Any], Any]] = [
    (["a", "b", "", None], "b"),
    ([""], ""),
    ([None], None),
    ([[1], [], [{"index": 0}], [{"index": 0}]], [1, {"index": 0}, {"index": 0}]),
    ([{"a": 1}, {"b": 2}], {"b": 2}),
    ([0, False, None], False),
    (["a", [1], "b"], "b"),
]


@pytest.mark.parametrize(("values", "whole"), CHOICE_VALUES)
def test_an_unknown_field_of_a_choice(values: list[Any], whole: Any) -> None:
    done = add_up(*(of_choice(mood=value) for value in values))
    assert unknown_fields(done.choices[0]) == {"mood": whole}


def test_the_lists_in_logprobs_are_extended() -> None:
    values: list[Any] = [
        None,
        {"content": [{"token": "a", "index": 0}], "refusal": None},
        {"content": [{"token": "b", "index": 0}], "model": "m"},
        {"content": None, "model": "", "more": {"a": 1}},
    ]
    done = add_up(*(of_choice(logprobs=value) for value in values))
    assert unknown_fields(done.choices[0]) == {
        "logprobs": {
            "content": [{"token": "a", "index": 0}, {"token": "b", "index": 0}],
            "refusal": None,
            "model": "m",
            "more": {"a": 1},
        }
    }


CHUNK_VALUES: list[tuple[list[Any], Any]] = [
    (["a", "b", "", None], "b"),
    ([[1], [2], []], []),
    ([{"a": 1}, {}], {}),
    ([0, None], 0),
    ([None], None),
]


@pytest.mark.parametrize(("values", "whole"), CHUNK_VALUES)
def test_an_unknown_field_of_a_chunk(values: list[Any], whole: Any) -> None:
    done = add_up(*({**delta({"content": "x"}), "mood": value} for value in values))
    assert unknown_fields(done) == {"mood": whole}


KNOWN: dict[str, Any] = {
    "role": "assistant",
    "content": "a",
    "reasoning_content": "b",
    "reasoning": "c",
    "reasoning_details": [{"type": "reasoning.text", "text": "d"}],
    "refusal": "e",
    "tool_calls": [{"id": "f", "type": "function", "function": {"name": "g", "arguments": "{}"}}],
    "annotations": [{"type": "url_citation", "url": "h"}],
    "error_message": "i",
    "audio": {"id": "j", "data": "YQ=="},
    "final_text_preview": "k",
    "audio_tokens": [1],
}


def test_each_documented_field_is_in_the_sum() -> None:
    """Behind a first chunk: a chunk that brings nothing but this one field must not count for one with a text alone."""
    assert set(KNOWN) == set(ChoiceDelta.__struct_encode_fields__)
    for name, value in KNOWN.items():
        whole = message({"content": ""}, {name: value})
        assert msgspec.to_builtins(whole) == {"role": "assistant", "content": "", name: value}
        assert msgspec.to_builtins(message({"content": ""}, {"content": "x", name: value}))[name] in (value, "xa")


def test_each_documented_field_of_choice_and_chunk_is_in_the_sum() -> None:
    choice_fields = set(ChunkChoice.__struct_encode_fields__) - {"index", "delta", "message", "usage"}
    assert choice_fields == {"finish_reason", "error"}
    fields: list[tuple[str, Any]] = [("finish_reason", "stop"), ("error", {}), ("error", "")]
    for name, value in fields:
        done = add_up(delta({"content": ""}), {"choices": [{"index": 0, "delta": {}, name: value}]})
        assert msgspec.to_builtins(done.choices[0])[name] == value
    assert set(ChatCompletionChunk.__struct_encode_fields__) - {"id", "created", "model", "object", "choices"} == {
        "usage",
        "error",
    }
    fields = [("usage", {"total_tokens": 1}), ("error", {}), ("error", "")]
    for name, value in fields:
        assert msgspec.to_builtins(add_up(delta({"content": ""}), {"choices": [], name: value}))[name] == value


# A message in a chunk's choice


def whole_message(fields: dict[str, Any], of_delta: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": of_delta or {}, "finish_reason": None, "message": fields}]}


@pytest.mark.parametrize(
    ("chunks", "content"),
    [
        ([whole_message({"content": "hello"})], "hello"),
        ([delta({"content": "hel"}), delta({"content": "lo"}), whole_message({"content": "hello"})], "hello"),
        ([delta({"content": ""}), delta({"content": None}), whole_message({"content": "hello"})], "hello"),
        ([delta({"content": "hel"}), whole_message({"content": "hello"}), delta({"content": "lo"})], "hello"),
        ([whole_message({"content": "hello"}, {"content": "hello"})], "hello"),
        ([whole_message({"content": "hel"}), delta({"content": "lo"})], "hello"),
        ([whole_message({"content": ""}), whole_message({"content": "hello"})], "hello"),
        ([whole_message({"content": "hello"}), whole_message({"content": "hello"})], "hello"),
    ],
)
def test_a_message_brings_what_no_delta_said(chunks: list[dict[str, Any]], content: str) -> None:
    assert add_up(*chunks).choices[0].message.content == content
    assert said(map(CHUNKS.build, chunks)) == content


def test_a_message_brings_each_field_by_itself() -> None:
    whole = {**KNOWN, "content": "no", "reasoning_details": [], "mood": ["x"]}
    seen = add_up(delta({"content": "yes", "annotations": []}), whole_message(whole)).choices[0].message
    assert msgspec.to_builtins(seen) == {**KNOWN, "content": "yes", "reasoning_details": [], "mood": ["x"]}


def test_the_calls_of_a_message_count_if_no_delta_brought_one() -> None:
    streamed, whole = call(0, "a", "f", "{}"), [{**call(None, "b", "g", "1"), "index": 5}, call(None, "", "h", "2")]
    done = add_up(whole_message({"tool_calls": whole}))
    assert [each.id for each in done.choices[0].message.tool_calls or ()] == ["b", ""]
    done = add_up(delta({"tool_calls": [streamed]}), whole_message({"tool_calls": whole}))
    assert [each.id for each in done.choices[0].message.tool_calls or ()] == ["a"]


# Structs of an extended spec, and of the caller's own


class Delta(msgspec.Struct):
    content: str | None = None
    subtitle: str | None = None
    marks: list[int] | str | None = None
    mood: dict[str, int] | None = msgspec.field(default=None, name="the mood")


class Choice(msgspec.Struct):
    delta: Delta | None
    index: int | None = None
    seed: int | None = None


class Chunk(msgspec.Struct):
    choices: list[Choice]
    node: str | None = None


class Whole(msgspec.Struct):
    choices: list[dict[str, Any]]
    node: str | None = None


class Answer(msgspec.Struct):
    message: dict[str, int | str]


class Answers(msgspec.Struct):
    choices: list[Answer]


def extended(*chunks: dict[str, Any], reply: Any = Whole) -> Any:
    total: Any = ChatAccumulator(CHAT_COMPLETIONS.with_types(request=dict, reply=reply, event=Chunk))
    for chunk in chunks:
        total.add(TolerantDecoder(Chunk).build(chunk))
    return total.result()


def test_fields_of_an_extended_spec_are_added_up_by_the_same_rule() -> None:
    whole = extended(
        {**delta({"subtitle": "a", "marks": [1], "the mood": {"a": 1}}), "node": "n1"},
        delta({"subtitle": None, "marks": [2, 3]}),
        {"choices": [{"index": 0, "delta": {"subtitle": "b", "the mood": {"b": 2}}, "seed": 2}], "node": "n2"},
        {"choices": [{"index": 1, "delta": {"content": "other", "marks": [9]}}, {"delta": None}]},
    )
    mine = {"role": "assistant", "subtitle": "ab", "marks": [1, 2, 3], "the mood": {"b": 2}}
    other = {"role": "assistant", "content": "other", "marks": [9]}
    assert whole.node == "n2"
    assert whole.choices == [
        {"index": 0, "message": mine, "finish_reason": None, "seed": 2},
        {"index": 1, "message": other, "finish_reason": None},
    ]


def test_a_kind_that_changes_on_the_way_is_not_mixed() -> None:
    assert extended(*(delta({"marks": marks}) for marks in ("x", [1], "y"))).choices[0]["message"]["marks"] == "y"


def test_a_sum_that_does_not_fit_says_where() -> None:
    with pytest.raises(DecodeError) as refused:
        extended(delta({"marks": [1]}), reply=Answers)
    assert refused.value.path == "$.choices[0].message.marks"
