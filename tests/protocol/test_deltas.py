"""What the events of a stream say, piece by piece: of every recorded stream what is in its result, and the rules."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    ChatAccumulator,
    ConfigurationError,
    Delta,
    DeltaReader,
    MimoError,
    ResponseAccumulator,
    StreamDecoder,
)
from mimo_proto.testing import recorded, recordings
from tests.support.deltas import parts_in, parts_told
from tests.support.other_servers_calls import CALL_STREAMS
from tests.support.other_servers_chat import CHAT_STREAMS
from tests.support.other_servers_chunks import CHUNK_STREAMS
from tests.support.other_servers_responses import RESPONSE_STREAMS
from tests.support.stream_cases import CASES
from tests.support.sums import CALL, CHUNKS, EVENTS, MESSAGE, REASONING, added, call, delta, done, text_delta

if TYPE_CHECKING:
    from mimo_proto import Endpoint

STREAMS: list[tuple[str, Endpoint[Any, Any, Any], bytes]] = [
    *(
        (name, CHAT_COMPLETIONS if name.startswith("Chat") else RESPONSES, recorded(name))
        for name in recordings()
        if name.endswith(".sse")
    ),
    *((case.id, case.endpoint, case.stream) for case in CASES),
    *((case.id, CHAT_COMPLETIONS, case.body) for case in (*CALL_STREAMS, *CHAT_STREAMS, *CHUNK_STREAMS)),
    *((case.id, RESPONSES, case.body) for case in RESPONSE_STREAMS),
]

# Their last event says another text than the deltas did.
CONTRADICTORY = {
    "responses-named-by-the-line",
    "responses-type-wins",
    "responses-name-does-not-stay",
    "what-it-says-counts",
    "transformers-serve",
}
AGREEING = [each for each in STREAMS if each[0] not in CONTRADICTORY]


def decoded(endpoint: Endpoint[Any, Any, Any], stream: bytes) -> list[Any]:
    """The events before the stream's end or its error."""
    events: list[Any] = []
    with contextlib.suppress(MimoError):
        events.extend(StreamDecoder[Any](endpoint).events([stream]))
    return events


@pytest.mark.parametrize(("endpoint", "stream"), [each[1:] for each in AGREEING], ids=[each[0] for each in AGREEING])
def test_the_deltas_of_a_stream_are_what_is_in_its_result(endpoint: Endpoint[Any, Any, Any], stream: bytes) -> None:
    events = decoded(endpoint, stream)
    accumulator: Any = ChatAccumulator() if endpoint is CHAT_COMPLETIONS else ResponseAccumulator()
    for event in events:
        accumulator.add(event)
    result = accumulator.partial()
    assert sorted(parts_told(endpoint, events)) == ([] if result is None else sorted(parts_in(result)))


# The rules


def chat(*chunks: dict[str, Any]) -> list[Delta]:
    reader = DeltaReader(CHAT_COMPLETIONS)
    return [each for chunk in chunks for each in reader.feed(CHUNKS.build(chunk))]


def responses(*events: dict[str, Any]) -> list[Delta]:
    reader: DeltaReader[Any] = DeltaReader(RESPONSES)
    return [each for event in events for each in reader.feed(EVENTS.build(event))]


def test_parts_are_numbered_in_each_choice_as_they_begin() -> None:
    assert chat(
        delta({"reasoning_content": "hm"}),
        delta({"content": "a"}),
        delta({"content": "b", "refusal": "no"}, index=1),
        delta({"reasoning_content": "m", "content": "c"}),
    ) == [
        Delta("reasoning", "hm"),
        Delta("text", "a", part=1),
        Delta("text", "b", choice=1),
        Delta("refusal", "no", choice=1, part=1),
        Delta("reasoning", "m"),
        Delta("text", "c", part=1),
    ]


def test_two_calls_at_one_index_are_two() -> None:
    pieces = [
        call(0, "call_a", "add", ""),
        call(0, "call_a", None, '{"a":1}'),
        call(0, "call_b", "sub", ""),
        call(0, "call_b", None, '{"b":2}'),
    ]
    assert chat(*(delta({"tool_calls": [piece]}) for piece in pieces)) == [
        Delta("tool_call", id="call_a", name="add"),
        Delta("arguments", '{"a":1}', id="call_a"),
        Delta("tool_call", part=1, id="call_b", name="sub"),
        Delta("arguments", '{"b":2}', part=1, id="call_b"),
    ]


def test_a_call_is_told_when_it_has_a_name_and_again_when_that_grows() -> None:
    pieces = [
        call(0, "call_a"),
        call(0, None, "get_"),
        call(0, None, "tide"),
        call(0, None, None, "{}"),
    ]
    assert chat(*(delta({"tool_calls": [piece]}) for piece in pieces)) == [
        Delta("tool_call", id="call_a", name="get_"),
        Delta("tool_call", id="call_a", name="get_tide"),
        Delta("arguments", "{}", id="call_a"),
    ]
    assert chat(delta({"tool_calls": [call(0, None, None, "{}")]})) == [Delta("tool_call"), Delta("arguments", "{}")]
    assert chat(delta({"tool_calls": [call(0, "call_a")]})) == []


THINKING: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([{"reasoning_content": "a", "reasoning": "a"}, {"reasoning": "b"}], ["a"]),
    ([{"reasoning": "a", "reasoning_details": [{"type": "reasoning.text", "text": "a"}]}], ["a"]),
    ([{"reasoning_content": "", "reasoning": "a"}, {"reasoning_content": "b"}], ["a", "b"]),
    ([{"reasoning_details": [{"text": "a"}, {"summary": "b"}, {"data": "c"}, "d"]}], ["ab"]),
    ([{"reasoning_details": []}, {"reasoning": None}], []),
]


@pytest.mark.parametrize(("deltas", "thinking"), THINKING)
def test_thinking_is_told_once_whatever_its_name(deltas: list[dict[str, Any]], thinking: list[str]) -> None:
    assert [(each.kind, each.text) for each in chat(*map(delta, deltas))] == [("reasoning", text) for text in thinking]


def test_a_message_in_a_chunk_brings_what_no_delta_said() -> None:
    message = {"content": "hello", "reasoning_content": "hm", "tool_calls": [call(0, "call_a", "add", "{}")]}
    last: dict[str, Any] = {"choices": [{"index": 0, "delta": {}, "message": message}]}
    assert chat(delta({"content": "hel"}), last, last) == [
        Delta("text", "hel"),
        Delta("reasoning", "hm", part=1),
        Delta("tool_call", part=2, id="call_a", name="add"),
        Delta("arguments", "{}", part=2, id="call_a"),
    ]


def test_sound_and_what_the_spec_does_not_know() -> None:
    assert chat(
        delta({"role": "assistant", "audio": {"id": "a1", "data": "AAA="}, "thought": "hm", "mood": 5}),
        delta({"audio": {"data": "AQ=="}, "thought": "m", "error_message": "x", "text": "y", "format": "wav"}),
    ) == [
        Delta("audio", "AAA="),
        Delta("thought", "hm", part=1),
        Delta("audio", "AQ=="),
        Delta("thought", "m", part=1),
    ]


def test_items_of_a_response_are_parts() -> None:
    assert responses(
        added(REASONING),
        text_delta("hm", kind="reasoning_text"),
        added(MESSAGE, 1),
        text_delta("a", 1),
        added(CALL, 2),
        {"type": "response.function_call_arguments.delta", "delta": "{}", "output_index": 2},
        text_delta("b", 1),
        text_delta("c", 1, 1),
    ) == [
        Delta("reasoning", "hm"),
        Delta("text", "a", part=1),
        Delta("tool_call", part=2, id="call_1", name="weather"),
        Delta("arguments", "{}", part=2, id="call_1"),
        Delta("text", "b", part=1),
        Delta("text", "c", part=3),
    ]


def test_what_an_event_brings_whole_is_told_once() -> None:
    part: dict[str, Any] = {"type": "output_text", "text": "hello", "annotations": []}
    whole: dict[str, Any] = {**MESSAGE, "content": [part, {"type": "sketch"}]}
    called = {**CALL, "arguments": "{}"}
    begun: dict[str, Any] = {"type": "response.created", "response": {"output": [whole]}}
    end = {"type": "response.output_text.done", "text": "hello", "output_index": 0, "content_index": 0}
    of_part: dict[str, Any] = {
        "type": "response.content_part.done",
        "part": part,
        "output_index": 0,
        "content_index": 0,
    }
    last: dict[str, Any] = {"type": "response.completed", "response": {"output": [whole, called]}}
    for first in (begun, end, of_part, done(whole)):
        assert responses(first, begun, end, of_part, done(whole), last) == [
            Delta("text", "hello"),
            Delta("tool_call", part=1, id="call_1", name="weather"),
            Delta("arguments", "{}", part=1, id="call_1"),
        ]


def test_the_last_event_gives_a_call_its_name() -> None:
    piece = {"type": "response.function_call_arguments.delta", "delta": "{}", "output_index": 0}
    last = {"type": "response.completed", "response": {"output": [{**CALL, "arguments": "{}"}]}}
    assert responses(piece, last) == [
        Delta("tool_call"),
        Delta("arguments", "{}"),
        Delta("tool_call", id="call_1", name="weather"),
    ]


def test_the_last_event_begins_nothing_of_a_kind_that_has_come() -> None:
    other: dict[str, Any] = {
        **MESSAGE,
        "id": "another",
        "content": [{"type": "output_text", "text": "hello", "annotations": []}],
    }
    calls = [{**CALL, "id": f"f{place}", "arguments": "{}"} for place in range(3)]
    last: dict[str, Any] = {"type": "response.completed", "response": {"output": [REASONING, other, *calls]}}
    assert responses(text_delta("hello", None, None), added(CALL, 7), last) == [
        Delta("text", "hello"),
        Delta("tool_call", part=1, id="call_1", name="weather"),
        Delta("arguments", "{}", part=1, id="call_1"),
    ]


def test_an_item_known_by_its_id_and_by_its_index_is_one() -> None:
    by_id = {"type": "response.function_call_arguments.delta", "delta": "{", "item_id": "f1"}
    by_index = {"type": "response.function_call_arguments.delta", "delta": "}", "output_index": 0}
    both = {**by_id, "output_index": 0, "delta": " "}
    assert {each.part for each in responses(by_id, both, by_index)} == {0}
    parts = parts_told(RESPONSES, [EVENTS.build(event) for event in (by_index, by_id, both, done(CALL))])
    assert next(part[1:] for part in parts) == ("call", "} ", "call_1", "weather")


def test_events_that_the_spec_does_not_know() -> None:
    def event(kind: str, text: object, place: object = 0) -> dict[str, Any]:
        return {"type": kind, "delta": text, "output_index": 0, "summary_index": place}

    word = "response.reasoning_summary_text.delta"
    assert responses(
        event(word, "a"),
        event("response.refusal.delta", "no"),
        event(word, "b"),
        event(word, "c", 1),
        event(word, "d", [2]),
        event("response.sketch.delta", {"x": 1}),
        event("response.sketch", "x"),
        {"type": "response.queued"},
    ) == [
        Delta("reasoning_summary_text", "a"),
        Delta("refusal", "no", part=1),
        Delta("reasoning_summary_text", "b"),
        Delta("reasoning_summary_text", "c", part=2),
        Delta("reasoning_summary_text", "d", part=3),
    ]


def test_an_endpoint_without_streams_has_no_deltas() -> None:
    with pytest.raises(ConfigurationError, match="models has no streams"):
        DeltaReader(MODELS)


def test_the_repr_shows_what_is_said() -> None:
    assert repr(Delta("text", "a", part=1)) == "Delta(kind='text', text='a', part=1)"
