"""The accumulators: what chunks and events add up to, at any point of a stream, at a cost that is linear."""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    ChatAccumulator,
    ChatCompletion,
    ChatCompletionChunk,
    DecodeError,
    LocalProtocolError,
    Response,
    ResponseAccumulator,
    ResponseStreamEvent,
    StreamDecoder,
)
from mimo_proto.answer_text import AnswerText
from mimo_proto.decode import TolerantDecoder
from mimo_proto.models import ChoiceDelta, ChunkChoice, DeltaFunctionCall, DeltaToolCall
from mimo_proto.response_accumulator import with_output_text
from tests.payloads import CHAT_EVENTS, RESPONSE, RESPONSE_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from syrupy.assertion import SnapshotAssertion

CHUNKS = TolerantDecoder(ChatCompletionChunk)
EVENTS: TolerantDecoder[Any] = TolerantDecoder(RESPONSES.event)


def delta(fields: dict[str, Any] | None = None, finish: str | None = None, index: int | None = 0) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": fields or {}, "finish_reason": finish}]}


def add_up(*chunks: dict[str, Any]) -> ChatCompletion:
    accumulator = ChatAccumulator()
    for chunk in chunks:
        accumulator.add(CHUNKS.build({"id": "c1", "created": 1, "model": "m", **chunk}))
    return accumulator.result()


def message(*deltas: dict[str, Any]) -> Any:
    return add_up(*map(delta, deltas)).choices[0].message


def set_fields(struct: msgspec.Struct) -> dict[str, Any]:
    """The fields that are not null."""
    return {name: value for name, value in msgspec.structs.asdict(struct).items() if value is not None}


# Chat: the rules


def test_the_head_is_the_first_chunks() -> None:
    done = add_up({"id": "a", "created": 1, "model": "m", "choices": []}, {"id": "b", "created": 2, "choices": []})
    assert (done.id, done.created, done.model, done.object) == ("a", 1, "m", "chat.completion")


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


def test_the_last_error_message_counts() -> None:
    assert (
        message({"error_message": "slow"}, {"error_message": "gone"}, {"error_message": None}).error_message == "gone"
    )


def test_the_last_finish_reason_that_is_not_null_counts() -> None:
    done = add_up(delta({}, "stop"), delta({}, "length"), delta({}, None))
    assert done.choices[0].finish_reason == "length"


def test_the_last_usage_counts() -> None:
    done = add_up(delta(), {"choices": [], "usage": {"total_tokens": 1}}, {"choices": [], "usage": {"total_tokens": 2}})
    assert done.usage is not None
    assert done.usage.total_tokens == 2


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


# Chat: tool calls


def call(
    index: int | None = None, call_id: str | None = None, name: str | None = None, arguments: str | None = None
) -> dict[str, Any]:
    return {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calls(*pieces: dict[str, Any]) -> list[tuple[str, str, str]]:
    whole = message(*({"tool_calls": [piece]} for piece in pieces))
    return [(each.id, each.function.name, each.function.arguments) for each in whole.tool_calls]


def test_pieces_of_a_call_are_joined_by_index() -> None:
    assert calls(
        call(0, "call_0", "weather", ""),
        call(1, "call_1", "time", '{"ci'),
        call(0, None, None, '{"city":'),
        call(1, None, None, 'ty": 1}'),
        call(0, None, None, " 2}"),
    ) == [("call_0", "weather", '{"city": 2}'), ("call_1", "time", '{"city": 1}')]


def test_the_first_id_and_name_count() -> None:
    assert calls(call(0, "a", "f", "1"), call(0, "b", "g", "2")) == [("a", "f", "12")]


def test_calls_come_in_order_of_their_index() -> None:
    assert [name for _, name, _ in calls(call(7, "b", "g"), call(3, "a", "f"))] == ["f", "g"]


def test_a_piece_without_an_index_goes_on_with_the_last_call() -> None:
    assert calls(call(None, "a", "f", "1"), call(None, None, None, "2"), call(None, "a", None, "3")) == [
        ("a", "f", "123")
    ]


class MoodFunction(DeltaFunctionCall, kw_only=True):
    mood: str | None = None


class MoodCall(DeltaToolCall, kw_only=True):
    function: MoodFunction | None = None  # pyright: ignore[reportIncompatibleVariableOverride]


class MoodDelta(ChoiceDelta, kw_only=True):
    tool_calls: list[MoodCall] | None = None  # type: ignore[assignment]


class MoodChoice(ChunkChoice, kw_only=True):
    delta: MoodDelta = msgspec.field(default_factory=MoodDelta)  # pyright: ignore[reportIncompatibleVariableOverride]


class MoodChunk(ChatCompletionChunk, kw_only=True):
    choices: list[MoodChoice]  # type: ignore[assignment]


def test_added_fields_of_calls_keep_to_their_call() -> None:
    """What an extended spec adds is summed up apart, and put into the same calls."""
    extended = msgspec.structs.replace(CHAT_COMPLETIONS, event=MoodChunk)
    accumulator: Any = ChatAccumulator(extended)
    for piece in (call(None, "a", "f", "1"), call(None, "a", None, "2"), call(None, "b", "g"), call(-1, "c", "h")):
        piece["function"]["mood"] = f"of {piece['id']}"
        accumulator.add(TolerantDecoder(MoodChunk).build(delta({"tool_calls": [piece]})))
    whole: Any = accumulator.result().choices[0].message.tool_calls
    assert [(each.id, each.function.arguments, each.function.mood) for each in whole] == [
        ("c", "", "of c"),
        ("a", "12", "of a"),
        ("b", "", "of b"),
    ]


def test_a_piece_without_an_index_and_with_a_new_id_begins_a_call() -> None:
    assert calls(call(0, "a", "f"), call(2, "b", "g"), call(None, "c", "h"), call(None, None, None, "x")) == [
        ("a", "f", ""),
        ("b", "g", ""),
        ("c", "h", "x"),
    ]


def test_calls_without_an_index_may_take_turns() -> None:
    pieces = [call(None, "a", "f", "1"), call(None, "b", "g", "2"), call(None, "a", None, "3")]
    assert calls(*pieces) == [("a", "f", "13"), ("b", "g", "2")]
    assert calls(*pieces, call(None, None, None, "4")) == [("a", "f", "134"), ("b", "g", "2")]
    assert calls(*pieces, call(None, "c", "h", "4")) == [("a", "f", "13"), ("b", "g", "2"), ("c", "h", "4")]
    assert calls(call(4, "a", "f", "1"), call(2, "b", "g", "2"), call(None, "a", None, "3"), call(None, "c", "h")) == [
        ("b", "g", "2"),
        ("a", "f", "13"),
        ("c", "h", ""),
    ]


def test_the_first_type_of_a_call_counts() -> None:
    pieces = [
        {"index": 0, "type": None},
        {"index": 0, "type": "builtin"},
        {"index": 0, "type": "function"},
        {"index": 1},
    ]
    whole = message(*({"tool_calls": [piece]} for piece in pieces))
    assert [each.type for each in whole.tool_calls] == ["builtin", "function"]


def test_a_call_without_id_and_name_is_still_a_call() -> None:
    assert calls(call(None, None, None, "1"), call(None, "a", None, "2")) == [("a", "", "12")]
    assert calls({"index": 0}) == [("", "", "")]


def test_an_empty_list_of_calls_is_none() -> None:
    assert message({"tool_calls": []}).tool_calls is None


# Chat: sound


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


# Chat: when


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


# Linear cost: each part is looked at once, and joined once


class Counted(str):
    """A text that counts how often texts are put together with it."""

    __slots__ = ()
    additions = 0

    def __add__(self, other: str) -> str:
        type(self).additions += 1
        return str(self) + other

    __radd__ = __add__


def test_parts_are_kept_and_joined_once() -> None:
    Counted.additions = 0
    accumulator, responses = ChatAccumulator(), ResponseAccumulator()
    for _ in range(100):
        chunk = CHUNKS.build(delta({"content": "x", "reasoning_content": "y", "tool_calls": [call(0, "a", "f", "z")]}))
        inner = chunk.choices[0].delta
        inner.content, inner.reasoning_content = Counted("x"), Counted("y")
        assert inner.tool_calls
        assert inner.tool_calls[0].function
        inner.tool_calls[0].function.arguments = Counted("z")
        accumulator.add(chunk)
        event = EVENTS.build({"type": "response.output_text.delta", "delta": "x"})
        event.delta = Counted("x")
        responses.add(event)
    assert accumulator.result().choices[0].message.content == "x" * 100
    partial = responses.partial()
    assert partial is not None
    assert partial.output_text == "x" * 100
    assert Counted.additions == 0


# Responses


def respond(*events: dict[str, Any]) -> Any:
    """What the events add up to, with each prefix looked at on the way."""
    accumulator = ResponseAccumulator()
    for event in events:
        accumulator.add(EVENTS.build(event))
        accumulator.partial()
    return accumulator.partial()


def text_delta(text: str, item: int | None = 0, part: int | None = 0, kind: str = "output_text") -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "delta": text, "output_index": item, "content_index": part}


def added(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.added", "item": item, "output_index": index}


def done(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.done", "item": item, "output_index": index}


MESSAGE: dict[str, Any] = {"type": "message", "id": "m1", "role": "assistant", "status": "in_progress", "content": []}
CALL: dict[str, Any] = {"type": "function_call", "id": "f1", "call_id": "call_1", "name": "weather", "arguments": ""}
REASONING: dict[str, Any] = {"type": "reasoning", "id": "r1", "summary": [], "content": []}


@pytest.mark.parametrize("kind", ["completed", "incomplete", "failed"])
def test_the_terminal_event_carries_the_result(kind: str) -> None:
    accumulator = ResponseAccumulator()
    accumulator.add(EVENTS.build(text_delta("ignored")))
    terminal = EVENTS.build({"type": f"response.{kind}", "response": {**RESPONSE, "status": kind}})
    accumulator.add(terminal)
    result = accumulator.result()
    assert (result.status, result.output_text) == (kind, "Hello world")
    assert accumulator.partial() is result
    with pytest.raises(LocalProtocolError, match="after the terminal event"):
        accumulator.add(terminal)


def test_there_is_no_result_before_the_terminal_event() -> None:
    accumulator = ResponseAccumulator()
    assert accumulator.partial() is None
    accumulator.add(EVENTS.build(text_delta("a")))
    with pytest.raises(LocalProtocolError, match="before the terminal event"):
        accumulator.result()


def test_what_the_server_says_is_the_text_is_the_text() -> None:
    response = TolerantDecoder(Response).build({**RESPONSE, "output_text": "as sent"})
    assert with_output_text(response) is response


def test_the_text_is_that_of_all_answers() -> None:
    output: list[dict[str, Any]] = [REASONING, *RESPONSE["output"], {"type": "new"}, *RESPONSE["output"], CALL]
    output[1] = {**output[1], "content": [*output[1]["content"], {"type": "refusal", "text": "no"}]}
    response = TolerantDecoder(Response).build({"output": output})
    assert with_output_text(response).output_text == "Hello worldHello world"
    assert with_output_text(TolerantDecoder(Response).build({"output": []})).output_text == ""


def test_a_partial_response_is_put_together_from_deltas_alone(snapshot: SnapshotAssertion) -> None:
    partial = respond(
        text_delta("Let me ", 0, 0, "reasoning_text"),
        text_delta("think.", 0, 0, "reasoning_text"),
        text_delta("Hel", 1),
        text_delta("lo", 1),
        text_delta("!", 1, 1),
        text_delta('{"ci', 2, None, "function_call_arguments"),
        text_delta('ty": 1}', 2, None, "function_call_arguments"),
        text_delta("SELECT", 3, None, "custom_tool_call_input"),
    )
    assert partial.output_text == "Hello!"
    assert partial == snapshot


def test_a_partial_response_goes_on_from_its_items(snapshot: SnapshotAssertion) -> None:
    created: dict[str, Any] = {
        "type": "response.created",
        "response": {**RESPONSE, "status": "in_progress", "output": []},
    }
    partial = respond(
        created,
        {**created, "type": "response.in_progress"},
        added(REASONING),
        text_delta("thinking", 0, 0, "reasoning_text"),
        done({**REASONING, "content": [{"type": "reasoning_text", "text": "thought"}]}),
        added(MESSAGE, 1),
        {
            "type": "response.content_part.added",
            "part": {"type": "output_text", "text": ""},
            "output_index": 1,
            "content_index": 0,
        },
        text_delta("Hel", 1),
        added(CALL, 2),
        text_delta("{}", 2, None, "function_call_arguments"),
        {"type": "response.queued", "position": 1},
        added({"type": "new_item", "payload": [1]}, 3),
    )
    assert partial.status == "in_progress"
    assert partial.output_text == "Hel"
    assert partial == snapshot


def test_without_an_output_index_all_is_one_item() -> None:
    partial = respond(text_delta("a", None, None), text_delta("b", None, None))
    assert partial.output_text == "ab"


def test_an_item_that_is_done_is_as_the_server_says() -> None:
    partial = respond(text_delta("wrong"), done(RESPONSE["output"][0]))
    assert partial.output_text == "Hello world"


# Any prefix of any stream adds up to something

SOME_EVENTS: list[dict[str, Any]] = [
    {"type": "response.created", "response": {}},
    {"type": "response.in_progress", "response": {"output": [MESSAGE], "status": "in_progress"}},
    *(added(item, index) for item in (MESSAGE, CALL, REASONING, {"type": "new"}) for index in (0, 1)),
    *(done(item, index) for item in (MESSAGE, CALL, REASONING, {"type": "new"}) for index in (0, 1)),
    *(
        text_delta("x", item, part, kind)
        for item in (0, 1, None)
        for part in (0, 1, None)
        for kind in ("output_text", "reasoning_text", "function_call_arguments", "custom_tool_call_input")
    ),
    *(
        {"type": f"response.{kind}.done", field: "y", "output_index": item, "item_id": "m1"}
        for item in (0, None)
        for kind, field in (
            ("output_text", "text"),
            ("reasoning_text", "text"),
            ("function_call_arguments", "arguments"),
            ("custom_tool_call_input", "input"),
        )
    ),
    *(
        {"type": f"response.content_part.{action}", "part": part, "output_index": item, "content_index": 1}
        for item in (0, None)
        for action in ("added", "done")
        for part in ({"type": "output_text", "text": "z"}, {"type": "reasoning_text", "text": "t"}, {"type": "new"})
    ),
    {"type": "response.output_text.delta", "delta": "w", "item_id": "m1"},
    {"type": "response.output_text.delta", "delta": "v", "item_id": "m2"},
    {"type": "response.in_progress", "response": {"output": [{"type": "new", "content": [5]}, CALL]}},
]


@given(st.lists(st.sampled_from(SOME_EVENTS), max_size=8))
def test_a_partial_response_can_always_be_had(events: list[dict[str, Any]]) -> None:
    partial = respond(*events)
    if partial is not None:
        assert isinstance(partial, Response)
        assert TolerantDecoder(Response).decode(msgspec.json.encode(partial)).output_text == partial.output_text


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
    accumulator, text, answer_text = ChatAccumulator(), "", AnswerText()
    for fields, finish, index in deltas:
        chunk = CHUNKS.build(delta(fields, finish, index))
        accumulator.add(chunk)
        text += answer_text(chunk)
        partial = accumulator.partial()
        assert partial is not None
        assert "".join(choice.message.content or "" for choice in partial.choices if choice.index == 0) == text
        assert TolerantDecoder(ChatCompletion).decode(msgspec.json.encode(partial)) == partial


# Depth: what could be decoded may be too deep where it is added up

NESTED = b"[" * 200 + b"]" * 200


def deeper(frames: int, work: Callable[[], object]) -> object:
    return deeper(frames - 1, work) if frames else work()


@pytest.mark.parametrize(
    ("accumulator", "payload"),
    [
        (ChatAccumulator, b'{"choices": [{"delta": {"audio_tokens": %b}}]}'),
        (ChatAccumulator, b'{"choices": [{"delta": {"annotations": [{"new": %b}]}}]}'),
        (ResponseAccumulator, b'{"type": "response.created", "response": {"metadata": {"a": %b}}}'),
        (ResponseAccumulator, b'{"type": "response.output_item.added", "item": {"type": "new", "a": %b}}'),
        (ResponseAccumulator, b'{"type": "response.output_item.done", "item": {"type": "new", "a": %b}}'),
    ],
)
def test_what_is_too_deep_for_the_stack_is_our_own_error(accumulator: Any, payload: bytes) -> None:
    [event] = StreamDecoder[Any](RESPONSES if b"response" in payload else CHAT_COMPLETIONS).feed(
        b"data: " + payload % NESTED + b"\n\n"
    )
    refused = 0

    def add_up() -> None:
        nonlocal refused
        total = accumulator()
        try:
            total.add(event)
            total.partial()
        except DecodeError:
            refused += 1

    for frames in range(0, 1000, 20):
        try:
            deeper(frames, add_up)
        except RecursionError:
            # Where there is room for hardly a call, there is none for ours.
            assert frames > 750
    # From 3.12 on, calls and nesting have a limit each.
    assert refused or sys.version_info >= (3, 12)


# The words of the answer


def decoded(endpoint: Any, pieces: Sequence[bytes]) -> list[Any]:
    return list(StreamDecoder[Any](endpoint).events(pieces))


def test_the_answers_words() -> None:
    assert [*map(AnswerText(), decoded(CHAT_COMPLETIONS, CHAT_EVENTS))] == ["Hello", " world", ""]
    assert [*map(AnswerText(), decoded(RESPONSES, RESPONSE_EVENTS))] == ["", "Hello", " world", ""]


def test_the_answers_words_are_of_the_first_choice_and_no_thoughts() -> None:
    answer_text = AnswerText()
    chunk = CHUNKS.build(
        {
            "choices": [
                {"index": 1, "delta": {"content": "no"}},
                {"index": 0, "delta": {"content": "yes", "reasoning_content": "hm"}},
            ]
        }
    )
    assert answer_text(chunk) == "yes"
    thought: ResponseStreamEvent = EVENTS.build(text_delta("hm", kind="reasoning_text"))
    assert answer_text(thought) == ""
    assert answer_text(EVENTS.build({"type": "response.new", "delta": "x"})) == ""


# Memory: a word each, pieces take ten times what their text takes

ROUNDS = 5_000


def test_many_pieces_are_joined_on_the_way() -> None:
    chat: Any = ChatAccumulator()
    responses: Any = ResponseAccumulator()
    chunk = CHUNKS.build(delta({"content": "x", "tool_calls": [call(0, "a", "f", "z")]}))
    event = EVENTS.build(text_delta("x"))
    for _ in range(ROUNDS):
        chat.add(chunk)
        responses.add(event)
    choice = chat._choices[0]
    for text in (choice.texts["content"], choice.calls[0].arguments, *responses._output._items[0].texts.values()):
        assert len(text.pieces) < ROUNDS / 4
    whole = chat.result().choices[0].message
    assert (whole.content, whole.tool_calls[0].function.arguments) == ("x" * ROUNDS, "z" * ROUNDS)
    assert responses.partial().output_text == "x" * ROUNDS


def test_many_texts_are_not_gone_over_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chunk a new choice, or a new call: what a chunk costs does not depend on how many there are."""
    joined: list[Text] = []

    def count(text: Text) -> None:
        joined.append(text)

    monkeypatch.setattr(Text, "condense", count)
    chat = ChatAccumulator()
    for index in range(ROUNDS):
        chat.add(CHUNKS.build(delta({"tool_calls": [call(index, None, None, "z")]})))
        chat.add(CHUNKS.build(delta({"content": "x"}, index=index)))
    assert len(joined) < 2 * ROUNDS
