"""Fields that the spec does not know, at every depth of a stream: in the events as they came, and in their sum."""

from __future__ import annotations

import copy
import json
import pickle
import tracemalloc
from itertools import chain
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimo_proto import CHAT_COMPLETIONS, RESPONSES, ChatAccumulator, ResponseAccumulator, StreamDecoder
from mimo_proto.protocol import widen
from mimo_proto.protocol.json_types import is_array
from tests.support.feeding import pull, run, whole_blocks
from tests.support.payloads import DONE, event

# To learn a name takes milliseconds, and each example may have some to learn.
few = settings(max_examples=50)

# Names of every sort: what Python keeps for itself, what is no attribute, and two that the sum of a delta knows.
NAMES = ["thought", "mark", "signature", "phase", "x-trace", "größe", "class", "__class__"]
# Of texts in a delta, the last counts under these names; all others are joined.
LAST_TEXTS = {"signature"}

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 2**60), st.sampled_from([0.5, -2.25]), st.text(max_size=6)
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "größe"]), SCALARS, min_size=1, max_size=2)
LISTS = st.lists(SCALARS | OBJECTS, min_size=1, max_size=3)
ADDED = st.dictionaries(st.sampled_from(NAMES), SCALARS | OBJECTS | LISTS, max_size=3)


def same(value: Any, other: Any) -> bool:
    """Whether two JSON values are the same: numbers by type too, and `true` is not 1."""
    return json.dumps(value, sort_keys=True) == json.dumps(other, sort_keys=True)


def check_events(endpoint: Any, sent: list[dict[str, Any]]) -> list[Any]:
    """Decode the stream in three ways; its events are what was sent, through pickles and copies too."""
    blocks = [event(each) for each in sent]
    end = [DONE] if endpoint is CHAT_COMPLETIONS else []
    outcome = pull(StreamDecoder(endpoint), [b"".join([*blocks, *end])])
    assert outcome.error is None
    assert run(StreamDecoder(endpoint), [*blocks, *end]) == outcome
    assert pull(StreamDecoder(endpoint), whole_blocks(b"".join([*blocks, *end]))) == outcome
    for came, value in zip(outcome.events, sent, strict=True):
        assert same(msgspec.json.decode(msgspec.json.encode(came)), value)
        assert pickle.loads(pickle.dumps(came)) == copy.deepcopy(came) == came
    return outcome.events


# Chat

PLACES = ("chunk", "usage", "choice", "delta", "call", "function")


@st.composite
def additions(draw: st.DrawFn) -> list[dict[str, dict[str, Any]]]:
    """For each of some chunks, what is added at each place."""
    return [{place: draw(ADDED) for place in PLACES} for _ in range(draw(st.integers(1, 4)))]


def chunk_with(added: dict[str, dict[str, Any]], *, last: bool) -> dict[str, Any]:
    function = {"arguments": "x", **added["function"]}
    call = {"index": 0, "id": "call_1", "type": "function", "function": function, **added["call"]}
    delta = {"content": "y", "tool_calls": [call], **added["delta"]}
    choice = {"index": 0, "delta": delta, "finish_reason": "stop" if last else None, **added["choice"]}
    usage = {"total_tokens": 3, **added["usage"]}
    return {"id": "c1", "choices": [choice], "usage": usage, **added["chunk"]}


def add_up(place: str, name: str, values: list[Any]) -> Any:
    """The one rule that adds up, for values of one type; null where nothing else came."""
    not_null = [value for value in values if value is not None]
    said = [value for value in not_null if value != ""]
    if not said:
        return not_null[-1] if not_null else None
    if isinstance(said[-1], str) and place == "delta" and name not in LAST_TEXTS:
        return "".join(map(str, said))
    if is_array(said[-1]) and place in ("delta", "choice"):
        return list(chain.from_iterable(said))
    return said[-1]


def of_one_type(values: list[Any]) -> bool:
    types: set[type] = {type(value) for value in values if value is not None}
    return len(types) <= 1


@few
@given(additions(), st.booleans())
def test_added_fields_of_chunks(chunks: list[dict[str, dict[str, Any]]], learned: bool) -> None:
    if not learned:
        widen.forget()
    sent = [chunk_with(added, last=number == len(chunks) - 1) for number, added in enumerate(chunks)]
    accumulator = ChatAccumulator()
    for came in check_events(CHAT_COMPLETIONS, sent):
        accumulator.add(came)
    result = msgspec.json.decode(msgspec.json.encode(accumulator.result()))
    [choice] = result["choices"]
    [call] = choice["message"]["tool_calls"]
    found = {
        "chunk": result,
        "usage": result["usage"],
        "choice": choice,
        "delta": choice["message"],
        "call": call,
        "function": call["function"],
    }
    for place, holder in found.items():
        # The last usage that says something is taken whole.
        rows = [added[place] for added in (chunks[-1:] if place == "usage" else chunks)]
        for name in {name for row in rows for name in row}:
            values = [row[name] for row in rows if name in row]
            assert name in holder
            if of_one_type(values):
                assert same(holder[name], add_up(place, name, values)), (place, name)
    assert (choice["message"]["content"], call["function"]["arguments"]) == ("y" * len(sent), "x" * len(sent))


# Responses

RESPONSE_PLACES = ("event", "item", "part", "response", "usage")


@st.composite
def response_additions(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    return {place: draw(ADDED) for place in RESPONSE_PLACES}


def response_stream(added: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    part = {"type": "output_text", "text": "xy", **added["part"]}
    item = {"type": "message", "id": "m1", "role": "assistant", "content": [part], **added["item"]}
    usage = {"total_tokens": 3, **added["usage"]}
    response = {"id": "r1", "status": "completed", "output": [item], "usage": usage, **added["response"]}
    begun: dict[str, Any] = {"id": "r1", "status": "in_progress", "output": [], **added["response"]}
    place = {"item_id": "m1", "output_index": 0, "content_index": 0, **added["event"]}
    return [
        {"type": "response.created", "response": begun, **added["event"]},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}, **added["event"]},
        {"type": "response.output_text.delta", "delta": "x", **place},
        {"type": "response.output_text.delta", "delta": "y", **place},
        {"type": "response.output_item.done", "output_index": 0, "item": item, **added["event"]},
        {"type": "response.completed", "response": response, **added["event"]},
    ]


@few
@given(response_additions(), st.booleans())
def test_added_fields_of_response_events(added: dict[str, dict[str, Any]], learned: bool) -> None:
    if not learned:
        widen.forget()
    sent = response_stream(added)
    events = check_events(RESPONSES, sent)
    accumulator = ResponseAccumulator()
    for came in events[:-1]:
        accumulator.add(came)
    partial: Any = msgspec.json.decode(msgspec.json.encode(accumulator.partial()))
    assert same(partial["output"], [sent[-2]["item"]])
    accumulator.add(events[-1])
    result = msgspec.json.decode(msgspec.json.encode(accumulator.result()))
    assert same(result, {**sent[-1]["response"], "output_text": "xy"})


@few
@given(response_additions(), st.booleans())
def test_added_fields_where_the_terminal_event_has_no_output(added: dict[str, dict[str, Any]], learned: bool) -> None:
    if not learned:
        widen.forget()
    sent = response_stream(added)
    item = sent[-1]["response"].pop("output")[0]
    accumulator: Any = ResponseAccumulator()
    for came in run(StreamDecoder(RESPONSES), [event(each) for each in sent]).events:
        accumulator.add(came)
    result = msgspec.json.decode(msgspec.json.encode(accumulator.result()))
    assert same(result, {**sent[-1]["response"], "output": [item], "output_text": "xy"})


# Ever new names

NEW_NAMES = {
    "chat": [
        '{"choices":[{"index":0,"delta":{"content":"x"}}],"NEW":1}',
        '{"choices":[{"index":0,"delta":{"content":"x"},"NEW":[1]}]}',
        '{"choices":[{"index":0,"delta":{"content":"x","NEW":"x"}}]}',
        '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"NEW":null}}]}}]}',
    ],
    "responses": [
        '{"type":"response.output_text.delta","item_id":"m1","output_index":0,"delta":"x","NEW":1}',
        '{"type":"response.output_item.added","item":{"type":"function_call","call_id":"c","NEW":1}}',
        '{"type":"response.in_progress","response":{"id":"r","NEW":{}}}',
        '{"type":"response.NEW"}',
    ],
}


@pytest.mark.parametrize("protocol", NEW_NAMES)
def test_ever_new_names_do_not_grow_the_memory(protocol: str) -> None:
    widen.forget()
    endpoint: Any = CHAT_COMPLETIONS if protocol == "chat" else RESPONSES
    decoder: StreamDecoder[Any] = StreamDecoder(endpoint)
    shapes = NEW_NAMES[protocol]

    def feed(numbers: range) -> None:
        for number in numbers:
            # Each name comes twice, for only then it may be learned.
            payload = shapes[number % len(shapes)].replace("NEW", f"new_{number // 8}")
            assert len(decoder.feed(event(payload.encode()))) == 1

    feed(range(2_000))
    tracemalloc.start()
    try:
        feed(range(2_000, 10_000))
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        widen.forget()
    assert grown < 256 * 1024
