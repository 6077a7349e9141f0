"""The sum of a chat stream: what its chunks add up to, at any point of the stream."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto import (
    CHAT_COMPLETIONS,
    ChatAccumulator,
    ChatCompletion,
    LocalProtocolError,
)
from mimo_proto.kept_fields import unknown_fields
from mimo_proto.models import CompletionUsage
from mimo_proto.protocol.decode import TolerantDecoder
from tests.support.sums import CHUNKS, add_up, call, delta, message, said, set_fields

# What MiMo sends


def test_the_head_is_the_first_that_says_something() -> None:
    done = add_up({"id": "a", "created": 1, "model": "m", "choices": []}, {"id": "b", "created": 2, "choices": []})
    assert (done.id, done.created, done.model, done.object) == ("a", 1, "m", "chat.completion")
    done = add_up(
        {"id": "", "created": None, "model": "", "object": "", "choices": []},
        {"id": None, "created": 0, "model": "m", "object": "chat.completion.chunk", "choices": []},
        {"id": "b", "created": 2, "model": "n", "object": "chat.completion.chunk", "choices": []},
        {"id": "c", "choices": []},
    )
    assert (done.id, done.created, done.model, done.object) == ("b", 0, "m", "chat.completion")
    assert add_up({"id": "", "choices": []}).id == ""


def test_what_no_chunk_said_is_null() -> None:
    done = add_up(delta({}))
    assert set_fields(done.choices[0].message) == {"role": "assistant"}
    assert (done.usage, done.choices[0].finish_reason) == (None, None)


def test_texts_are_joined() -> None:
    whole = message(
        {"role": "assistant", "content": ""},
        {"reasoning_content": "Let me ", "content": None},
        {"reasoning_content": "think."},
        {"content": "Hello"},
        {"content": " world", "final_text_preview": "Hel"},
        {"final_text_preview": "lo"},
    )
    assert set_fields(whole) == {
        "role": "assistant",
        "content": "Hello world",
        "reasoning_content": "Let me think.",
        "final_text_preview": "Hello",
    }


def test_an_empty_text_is_not_null() -> None:
    assert message({"content": ""}).content == ""
    assert message({"content": None}).content is None


def test_an_error_message_is_joined_as_any_text() -> None:
    whole = message({"error_message": "too "}, {"error_message": "slow"}, {"error_message": None})
    assert whole.error_message == "too slow"


def test_the_last_finish_reason_that_says_something_counts() -> None:
    done = add_up(delta({}, "stop"), delta({}, "length"), delta({}, None), delta({}, ""))
    assert done.choices[0].finish_reason == "length"
    assert add_up(delta({}, "")).choices[0].finish_reason == ""


def test_the_last_usage_that_says_something_counts() -> None:
    def used(**usage: int) -> dict[str, Any]:
        return {"choices": [], "usage": usage}

    one, two, nothing = used(total_tokens=1), used(total_tokens=2), used()
    for chunks in ([one, two], [one, two, nothing], [nothing, two]):
        done = add_up(delta(), *chunks)
        assert done.usage is not None
        assert done.usage.total_tokens == 2
    assert add_up(delta(), nothing).usage == CompletionUsage()


def test_the_usage_of_a_choice_counts_where_no_chunk_has_one() -> None:
    def used(tokens: int, index: int = 0) -> dict[str, Any]:
        return {"choices": [{"index": index, "delta": {}, "usage": {"total_tokens": tokens} if tokens else {}}]}

    streams: list[list[dict[str, Any]]] = [
        [used(5), used(12), used(0)],
        [used(5), used(12), {"choices": [], "usage": {}}],
        [used(12, 1), used(0)],
        [{"choices": [], "usage": {"total_tokens": 12}}, used(5)],
    ]
    for chunks in streams:
        done = add_up(*chunks)
        assert done.usage is not None
        assert done.usage.total_tokens == 12
    assert not any(map(unknown_fields, add_up(used(5)).choices))


def test_what_a_choice_says_of_usage_is_not_lost_beside_that_of_a_chunk() -> None:
    done = add_up({"choices": [{"index": 0, "delta": {}, "usage": {"total_tokens": 5}}], "usage": {"total_tokens": 12}})
    assert unknown_fields(done.choices[0]) == {"usage": {"total_tokens": 5}}


def test_choices_come_in_order() -> None:
    done = add_up(delta({"content": "b"}, index=1), delta({"content": "a"}, index=0), delta({"content": "c"}, index=1))
    assert [(choice.index, choice.message.content) for choice in done.choices] == [(0, "a"), (1, "bc")]


def test_a_choice_without_an_index_is_the_first() -> None:
    done = add_up(delta({"content": "a"}, index=None), delta({"content": "b"}))
    assert [(choice.index, choice.message.content) for choice in done.choices] == [(0, "ab")]


def test_sources_are_in_order_with_what_was_added_to_them() -> None:
    sources = [{"type": "url_citation", "url": f"https://example.invalid/{n}", "rank": n} for n in range(3)]
    whole = message({"annotations": sources[:1]}, {"annotations": []}, {"annotations": sources[1:]})
    assert msgspec.to_builtins(whole.annotations) == sources


def test_tokens_of_sound_are_in_order() -> None:
    assert message({"audio_tokens": [1]}, {"audio_tokens": [2, "x"]}).audio_tokens == [1, 2, "x"]


# Sound


def test_sound_is_joined_as_bytes() -> None:
    pieces = [b"a", b"bc", b"defg"]
    whole = message(
        {"audio": {"id": "au1", "data": base64.b64encode(pieces[0]).decode()}},
        *({"audio": {"data": base64.b64encode(piece).decode()}} for piece in pieces[1:]),
        {"audio": {"id": "au2", "transcript": "abc", "data": ""}},
        {"audio": None},
    )
    assert base64.b64decode(whole.audio.data) == b"abcdefg"
    assert (whole.audio.id, whole.audio.transcript) == ("au2", "abc")


@pytest.mark.parametrize("odd", ["YQ", "a b c d", "é", "====", "@@@@"])
def test_sound_that_is_no_base64_is_joined_as_it_is(odd: str) -> None:
    assert message({"audio": {"data": "YQ=="}}, {"audio": {"data": odd}}).audio.data == "YQ==" + odd


def test_sound_without_data_has_none() -> None:
    assert set_fields(message({"audio": {"id": "a"}}).audio) == {"id": "a"}
    assert message({"audio": {"data": ""}}).audio.data == ""


# When


def test_there_is_no_result_before_the_first_chunk() -> None:
    accumulator = ChatAccumulator()
    assert accumulator.partial() is None
    with pytest.raises(LocalProtocolError, match="before the first event"):
        accumulator.result()
    accumulator.add(CHUNKS.build(delta({"content": "a"})))
    assert accumulator.result() == accumulator.result() == accumulator.partial()


def test_nothing_is_added_after_the_result() -> None:
    accumulator = ChatAccumulator()
    chunk = CHUNKS.build(delta({"content": "a"}))
    accumulator.add(chunk)
    accumulator.partial()
    accumulator.add(chunk)
    accumulator.result()
    with pytest.raises(LocalProtocolError, match="after result"):
        accumulator.add(chunk)


def test_the_reply_is_of_the_endpoints_type() -> None:
    class Mine(ChatCompletion, kw_only=True):
        pass

    mine = ChatAccumulator(msgspec.structs.replace(CHAT_COMPLETIONS, reply=Mine))
    mine.add(CHUNKS.build(delta({"content": "a"})))
    assert type(mine.result()) is Mine


SOME_DELTAS: list[dict[str, Any]] = [
    {},
    {"role": "assistant", "content": "a"},
    {"reasoning_content": "b"},
    {"content": None, "tool_calls": [call(0, "x", "f", "{"), call(1)]},
    {"tool_calls": [call(None, "y"), call(-1, None, None, "z")]},
    {"audio": {"id": "au", "data": "YQ=="}},
    {"audio": {"data": "?"}},
    {"annotations": [{"url": "u", "new": 1}]},
    {"error_message": "e", "audio_tokens": [None], "final_text_preview": "p"},
]


@given(
    st.lists(st.tuples(st.sampled_from(SOME_DELTAS), st.sampled_from([None, "stop"]), st.sampled_from([0, 1, None])))
)
def test_a_partial_completion_can_always_be_had(deltas: list[tuple[dict[str, Any], str | None, int | None]]) -> None:
    accumulator, chunks = ChatAccumulator(), list[Any]()
    for fields, finish, index in deltas:
        chunk = CHUNKS.build(delta(fields, finish, index))
        accumulator.add(chunk)
        chunks.append(chunk)
        partial = accumulator.partial()
        assert partial is not None
        assert "".join(choice.message.content or "" for choice in partial.choices if choice.index == 0) == said(chunks)
        assert TolerantDecoder(ChatCompletion).decode(msgspec.json.encode(partial)) == partial
