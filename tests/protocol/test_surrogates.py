"""Emoji cut in two: whole again in the events, the texts and the totals; what stays alone is U+FFFD in all of them."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    ChatAccumulator,
    Limits,
    ResponseAccumulator,
    StreamDecoder,
)
from mimo_proto.protocol.surrogates import SurrogateJoiner
from tests.support.feeding import byte_by_byte, pull, run
from tests.support.payloads import DONE, event
from tests.support.sums import said

if TYPE_CHECKING:
    from collections.abc import Callable

HIGH, LOW = "\ud83d", "\ude00"
EMOJI = (HIGH + LOW).encode("utf-16", "surrogatepass").decode("utf-16")
ALONE = "\ufffd"

# Where a chat stream has pieces of a text, and how a delta brings one.
FIELDS: dict[str, Callable[[str | None], dict[str, Any]]] = {
    "content": lambda text: {"content": text},
    "reasoning_content": lambda text: {"reasoning_content": text},
    "final_text_preview": lambda text: {"final_text_preview": text},
    "arguments": lambda text: {"tool_calls": [{"index": 1, "function": {"arguments": text}}]},
}
every_field = pytest.mark.parametrize("field", FIELDS)

KINDS = ["output_text", "reasoning_text", "function_call_arguments", "custom_tool_call_input"]
every_kind = pytest.mark.parametrize("kind", KINDS)


def choice(delta: dict[str, Any] | None, finish: str | None = None, index: int = 0) -> dict[str, Any]:
    return {"index": index, "delta": delta or {}, "finish_reason": finish}


def chunk(*choices: dict[str, Any], **more: Any) -> bytes:
    return event({"id": "c1", "choices": list(choices), **more})


def delta_event(kind: str, text: str, item: int = 0, part: int | None = 0) -> bytes:
    fields = {"item_id": f"i{item}", "output_index": item, "content_index": part}
    return event({"type": f"response.{kind}.delta", "delta": text, **fields})


def done_event(kind: str, index: int = 0, **more: Any) -> bytes:
    return event({"type": f"response.{kind}.done", "output_index": index, **more})


COMPLETED = event({"type": "response.completed", "response": {"output": []}})


def chat_events(stream: bytes) -> list[Any]:
    """The events, the same when fed in bytes and when pulled; all of them can be encoded."""
    outcome = pull(StreamDecoder(CHAT_COMPLETIONS), [stream])
    assert outcome == run(StreamDecoder(CHAT_COMPLETIONS), byte_by_byte(stream))
    assert outcome.error is None
    msgspec.json.encode(outcome.events)
    return outcome.events


def response_events(stream: bytes) -> list[Any]:
    outcome = pull(StreamDecoder(RESPONSES), [stream])
    assert outcome == run(StreamDecoder(RESPONSES), byte_by_byte(stream))
    assert outcome.error is None
    msgspec.json.encode(outcome.events)
    return outcome.events


def pieces(events: list[Any], field: str, index: int = 0) -> list[str]:
    """The pieces of one text, without the empty ones."""
    deltas: list[Any] = [one.delta for each in events for one in each.choices if one.index == index]
    if field == "arguments":
        deltas = [call.function for delta in deltas for call in delta.tool_calls or () if call.index == 1]
    return [text for delta in deltas if (text := getattr(delta, field))]


def total(events: list[Any]) -> Any:
    accumulator = ChatAccumulator()
    for each in events:
        accumulator.add(each)
    return accumulator.result()


def whole(events: list[Any], field: str) -> str:
    message = total(events).choices[0].message
    text: str = message.tool_calls[0].function.arguments if field == "arguments" else getattr(message, field)
    return text


@every_field
def test_two_halves_are_one_character(field: str) -> None:
    make = FIELDS[field]
    events = chat_events(
        chunk(choice(make("a" + HIGH))) + chunk(choice(make(LOW + "b"))) + chunk(choice(make("c"), "stop")) + DONE
    )
    assert pieces(events, field) == ["a", EMOJI + "b", "c"]
    assert whole(events, field) == f"a{EMOJI}bc"


@every_field
def test_null_and_empty_deltas_come_between(field: str) -> None:
    make = FIELDS[field]
    between = [chunk(choice(make(None))), chunk(choice(make(""))), chunk(choice({})), chunk()]
    events = chat_events(
        b"".join([chunk(choice(make(HIGH))), *between, chunk(choice(make(LOW))), chunk(choice({}, "stop")), DONE])
    )
    assert pieces(events, field) == [EMOJI]
    assert len(events) == 7


@every_field
def test_a_half_at_the_finish_stays_alone(field: str) -> None:
    make = FIELDS[field]
    events = chat_events(chunk(choice(make("a" + HIGH))) + chunk(choice({}, "stop")) + DONE)
    assert pieces(events, field) == ["a", ALONE]
    assert [each.choices[0].finish_reason for each in events] == [None, None, "stop"]
    assert whole(events, field) == "a" + ALONE


@every_field
def test_a_half_in_the_last_delta_stays_alone(field: str) -> None:
    make = FIELDS[field]
    events = chat_events(chunk(choice(make(HIGH))) + chunk(choice(make(LOW + HIGH), "stop")) + DONE)
    assert pieces(events, field) == [EMOJI + ALONE]


@every_field
def test_a_half_waits_for_nothing_at_done(field: str) -> None:
    events = chat_events(chunk(choice(FIELDS[field]("a" + HIGH))) + DONE)
    assert pieces(events, field) == ["a", ALONE]
    assert whole(events, field) == "a" + ALONE


@every_field
def test_halves_that_do_not_meet_stay_alone(field: str) -> None:
    make = FIELDS[field]
    texts = ["a" + HIGH, "b", LOW, HIGH, HIGH, LOW + LOW + "c"]
    events = chat_events(b"".join(chunk(choice(make(text))) for text in texts) + chunk(choice({}, "stop")))
    assert "".join(pieces(events, field)) == f"a{ALONE}b{ALONE}{ALONE}{EMOJI}{ALONE}c"


def test_each_field_and_choice_waits_for_its_own() -> None:
    calls = [{"index": 1, "function": {"arguments": HIGH}}, {"index": 2, "function": {"arguments": HIGH}}]
    events = chat_events(
        chunk(
            choice({"content": HIGH, "reasoning_content": HIGH, "tool_calls": calls}),
            choice({"content": HIGH}, index=1),
        )
        + chunk(choice({"content": LOW}, index=1))
        + chunk(choice({"tool_calls": [{"index": 1, "function": {"arguments": LOW}}]}))
        + chunk(choice({}, "stop", index=1))
        + chunk(choice({"content": LOW}, "stop"))
        + DONE
    )
    first, second = total(events).choices
    assert (first.message.content, first.message.reasoning_content) == (EMOJI, ALONE)
    assert [call.function.arguments for call in first.message.tool_calls] == [EMOJI, ALONE]
    assert second.message.content == EMOJI


@pytest.mark.parametrize("number", [float, int])
def test_an_index_may_be_written_as_a_float(number: Callable[[int], float]) -> None:
    parts = [(0, "A" + HIGH), (1, "B"), (0, LOW + "!")]
    calls = [{"tool_calls": [{"index": number(index), "function": {"arguments": text}}]} for index, text in parts]
    events = chat_events(b"".join(chunk(choice(call)) for call in calls) + chunk(choice({}, "stop")))
    arguments = [call.function.arguments for call in total(events).choices[0].message.tool_calls]
    assert arguments == [f"A{EMOJI}!", "B"]


def test_what_stands_in_for_a_half_says_nothing_else() -> None:
    call = {"index": 1, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": HIGH}}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    events = chat_events(
        chunk(choice({"role": "assistant", "content": "a", "tool_calls": [call]}), usage=usage)
        + chunk(choice({}, "stop"))
    )
    [_, alone, _] = events
    [one] = alone.choices
    assert alone.id == "c1"
    assert alone.usage is None
    assert (one.delta.role, one.delta.content) == (None, None)
    [piece] = one.delta.tool_calls
    assert (piece.index, piece.id, piece.function.name, piece.function.arguments) == (1, None, None, ALONE)
    assert total(events).choices[0].message.tool_calls[0].function.name == "f"


def test_a_whole_text_is_no_piece() -> None:
    events = chat_events(chunk(choice({"error_message": "x" + HIGH})) + chunk(choice({"error_message": LOW}, "stop")))
    assert [each.choices[0].delta.error_message for each in events] == ["x" + ALONE, ALONE]


def test_names_and_titles_are_replaced_where_they_are() -> None:
    source = {"type": "url_citation", "title": HIGH, HIGH: 1}
    events = chat_events(chunk(choice({"annotations": [source]}), model=HIGH) + chunk(choice({}, "stop")))
    assert events[0].model == ALONE
    assert events[0].choices[0].delta.annotations[0].title == ALONE


@every_kind
def test_responses_two_halves_are_one_character(kind: str) -> None:
    events = response_events(delta_event(kind, "a" + HIGH) + delta_event(kind, LOW + "b") + COMPLETED)
    assert [each.delta for each in events[:-1]] == ["a", EMOJI + "b"]


ENDS: dict[str, Callable[[str], bytes]] = {
    "its own done": lambda kind: event(
        {
            "type": f"response.{kind}.done",
            "output_index": 0,
            "content_index": 0,
            "item_id": "i0",
            **dict.fromkeys(("text", "arguments", "input"), ""),
        }
    ),
    "the part's": lambda _: done_event(
        "content_part", content_index=0, item_id="i0", part={"type": "output_text", "text": ""}
    ),
    "the item's": lambda _: done_event(
        "output_item", item={"type": "message", "id": "i0", "role": "assistant", "content": []}
    ),
    "the response's": lambda _: b"",
}


@every_kind
@pytest.mark.parametrize("end", ENDS)
def test_responses_a_half_at_the_end_of_its_text_stays_alone(kind: str, end: str) -> None:
    events = response_events(delta_event(kind, "a" + HIGH) + ENDS[end](kind) + COMPLETED)
    assert [each.delta for each in events[:2]] == ["a", ALONE]
    assert events[1].type == f"response.{kind}.delta"
    assert events[1].output_index == 0
    assert events[-1].type == "response.completed"


def test_responses_the_end_of_another_text_is_not_its_own() -> None:
    stream = delta_event("output_text", HIGH, 0) + delta_event("output_text", HIGH, 1)
    stream += delta_event("output_text", HIGH, 1, 1)
    stream += done_event("output_text", 1, item_id="i1", content_index=1, text="")
    stream += event({"type": "response.in_progress", "response": {}})
    stream += delta_event("output_text", LOW, 1) + delta_event("output_text", LOW, 0) + COMPLETED
    texts = [each.delta for each in response_events(stream) if each.type == "response.output_text.delta"]
    assert texts == ["", "", "", ALONE, EMOJI, EMOJI]


def test_responses_partial_totals_agree() -> None:
    events = response_events(delta_event("output_text", "a" + HIGH) + delta_event("output_text", LOW) + COMPLETED)
    accumulator = ResponseAccumulator()
    for each in events[:-1]:
        accumulator.add(each)
    partial = accumulator.partial()
    assert partial is not None
    assert partial.output_text == "a" + EMOJI == said(events)


def test_while_a_half_waits_events_come_in_order() -> None:
    unknown = event({"type": "response.queued"})
    stream = delta_event("output_text", HIGH) + unknown + delta_event("output_text", "b") + DONE + COMPLETED
    kinds = [getattr(each, "delta", each.type) for each in response_events(stream)]
    assert kinds == ["", "unknown", ALONE + "b", "response.completed"]


def test_a_cut_stream_drops_the_half() -> None:
    outcome = run(StreamDecoder(CHAT_COMPLETIONS), [chunk(choice({"content": HIGH}))])
    assert len(outcome.events) == 1
    assert outcome.error is not None


# What waits is bounded

MANY = 500
MOST = 128
LONG = "x" * 100_000


@pytest.mark.parametrize("index", [0, MOST - 1])
def test_the_end_of_a_choice_ends_its_own_text_only(index: int) -> None:
    choices = [choice({"content": HIGH}, index=number) for number in range(MOST)]
    rest = [choice({"content": LOW}, index=number) for number in range(MOST) if number != index]
    events = chat_events(chunk(*choices) + chunk(choice({}, "stop", index)) + chunk(*rest) + DONE)
    assert pieces(events, "content", index) == [ALONE]
    assert {text for number in range(MOST) if number != index for text in pieces(events, "content", number)} == {EMOJI}


def test_many_choices_end_one_after_the_other() -> None:
    joiner = SurrogateJoiner()
    for index in range(MANY):
        joiner.join({"choices": [choice({"content": HIGH}, index=index)]})
        assert len(joiner.join({"choices": [choice({}, "stop", index=index)]})) == 2
    assert not joiner.held


def test_a_choice_that_finishes_without_a_delta_ends_its_text() -> None:
    joiner = SurrogateJoiner()
    joiner.join({"choices": [choice({"content": HIGH})]})
    end = {"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]}
    alone, last = joiner.join(end)
    assert (alone["choices"][0]["delta"], last) == ({"content": ALONE}, end)


def test_many_items_end_one_after_the_other() -> None:
    joiner = SurrogateJoiner()
    for index in range(MANY):
        joiner.join({"type": "response.output_text.delta", "delta": HIGH, "item_id": f"i{index}"})
        assert len(joiner.join({"type": "response.output_text.done", "item_id": f"j{index}"})) == 1
        assert len(joiner.join({"type": "response.output_text.done", "item_id": f"i{index}"})) == 2
    assert not joiner.held


def test_the_end_of_an_item_without_an_id_is_found_by_its_index() -> None:
    delta = {"type": "response.output_text.delta", "delta": HIGH}
    joiner = SurrogateJoiner()
    for place in ({"item_id": "i0", "output_index": 0}, {"item_id": "i1", "output_index": 1}, {"output_index": 2}):
        joiner.join(delta | place)
    for end in ({"output_index": 0}, {"item_id": "i1", "output_index": 1}, {"item_id": "i2", "output_index": 2}):
        assert len(joiner.join({"type": "response.output_item.done", **end})) == 2
    assert not joiner.held


def test_an_item_whose_id_changes_is_one_text() -> None:
    first, second = (
        delta_event("output_text", text).replace(b"i0", name) for text, name in ((HIGH, b"a"), (LOW, b"b"))
    )
    assert [each.delta for each in response_events(first + second + COMPLETED)[:-1]] == ["", EMOJI]


def test_too_many_surrogates_do_not_wait() -> None:
    stream = b"".join(delta_event("output_text", "a" + HIGH, item) for item in range(MOST + 1))
    stream += b"".join(delta_event("output_text", LOW, item) for item in range(MOST + 1))
    # One that came together makes room for the next.
    stream += delta_event("output_text", HIGH, MOST + 1) + delta_event("output_text", LOW, MOST + 1) + COMPLETED
    texts = [each.delta for each in response_events(stream)[:-1]]
    assert texts == ["a"] * MOST + ["a" + ALONE] + [EMOJI] * MOST + [ALONE, "", EMOJI]


LARGE: dict[str, Any] = {f"x{number}": ["y" * 100] for number in range(100)}
LARGE_CALL = {"index": 1, "function": {"arguments": HIGH, **LARGE}}


@pytest.mark.parametrize(
    ("held", "delta"),
    [
        ({"choices": [choice({"content": HIGH})], **LARGE}, {"content": ALONE}),
        ({"choices": [choice({"content": HIGH}) | LARGE]}, {"content": ALONE}),
        ({"choices": [choice({"content": HIGH, **LARGE})]}, {"content": ALONE}),
        ({"choices": [choice({"tool_calls": [LARGE_CALL]})]}, FIELDS["arguments"](ALONE)),
        (
            {"choices": [choice({"reasoning_details": [{"index": 2, "text": HIGH, **LARGE}]})]},
            {"reasoning_details": [{"index": 2, "text": ALONE}]},
        ),
    ],
)
def test_little_is_kept_of_a_chunk(held: dict[str, Any], delta: dict[str, Any]) -> None:
    names = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    joiner = SurrogateJoiner()
    joiner.join(held | names)
    assert joiner.rest() == [{**names, "choices": [choice(delta)]}]
    assert not joiner.held


def test_little_is_kept_of_a_responses_event() -> None:
    place = {"type": "response.output_text.delta", "item_id": "i0", "output_index": 0, "content_index": 0}
    joiner = SurrogateJoiner()
    joiner.join({**place, "delta": HIGH, "sequence_number": 5, **LARGE})
    assert joiner.rest() == [{**place, "delta": ALONE}]


def test_a_long_text_is_not_kept() -> None:
    joiner = SurrogateJoiner()
    joiner.join({"choices": [choice({"content": HIGH})], "id": "c1", "model": LONG, "created": [1]})
    assert joiner.rest() == [{"id": "c1", "choices": [choice({"content": ALONE})]}]


@pytest.mark.parametrize(
    "value",
    [
        {"choices": [choice({LONG: HIGH})]},
        {"choices": [choice({LONG: [{"index": 0, "text": HIGH}]})]},
        {"type": "response.output_text.delta", "item_id": LONG, "delta": HIGH},
    ],
)
def test_a_text_with_a_long_name_does_not_wait(value: dict[str, Any]) -> None:
    joiner = SurrogateJoiner()
    [event] = joiner.join(value)
    assert not joiner.held
    assert ALONE in json.dumps(event, ensure_ascii=False)


@pytest.mark.parametrize("fields", [200, 30_000])
def test_the_surrogates_of_a_large_event_stay_within_the_memory_promised(fields: int) -> None:
    choices = [choice({"content": HIGH}, index=index) for index in range(MOST)]
    data = chunk(*choices, **{f"field {number}": 1 for number in range(fields)})
    decoder = StreamDecoder(CHAT_COMPLETIONS, limits=Limits(event=2**20))
    tracemalloc.start()
    try:
        events = [*decoder.feed(data), *decoder.feed(DONE)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(len(each.choices) for each in events) == MOST * 2
    assert peak < 3 * 2**20 + 8 * 2**20


def test_the_texts_of_numbered_elements_are_whole_again() -> None:
    def details(*elements: dict[str, Any]) -> dict[str, Any]:
        return {"choices": [choice({"reasoning_details": [*elements]})]}

    joiner = SurrogateJoiner()
    joiner.join(details({"index": 0, "text": "a" + HIGH}, {"index": 1, "text": HIGH}, {"text": HIGH}))
    second = details({"index": 1, "text": LOW}, {"index": 0, "text": LOW + "b"}, {"text": LOW})
    [event] = joiner.join(second)
    texts = [element["text"] for element in event["choices"][0]["delta"]["reasoning_details"]]
    # Elements without a number do not add up.
    assert texts == [EMOJI, EMOJI + "b", ALONE]


@pytest.mark.parametrize(
    "value", [5, [], {"choices": 5}, {"choices": [5]}, {"choices": [{"delta": {"tool_calls": [None, {"index": 0}]}}]}]
)
def test_other_shapes_pass(value: Any) -> None:
    joiner = SurrogateJoiner()
    assert joiner.join(value) == [value]
    assert not joiner.held


# Any text, cut anywhere between its UTF-16 units.

TEXT = st.lists(st.sampled_from(["a", "é", "中", EMOJI, "👩‍💻", HIGH, LOW, "\n", '"']), max_size=12).map("".join)


def units(text: str) -> list[str]:
    """The UTF-16 units of a text, each as a string."""
    data = text.encode("utf-16-le", "surrogatepass")
    return [data[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(data), 2)]


def replaced(text: str) -> str:
    """The text with U+FFFD for each half that has no other beside it."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[str, list[str]]:
    text = draw(TEXT)
    parts, deltas = units(text), list[str]()
    while parts:
        size = draw(st.integers(0, 3))
        deltas.append("".join(parts[:size]))
        del parts[:size]
    return text, deltas


@given(cut_texts(), st.sampled_from(sorted(FIELDS)), st.sampled_from(["finish", "last delta", "done"]))
def test_any_text_is_whole_again(cut_text: tuple[str, list[str]], field: str, end: str) -> None:
    text, deltas = cut_text
    make = FIELDS[field]
    blocks = [chunk(choice(make(delta))) for delta in deltas]
    if end == "finish":
        blocks.append(chunk(choice({}, "stop")))
    elif end == "last delta":
        last = deltas[-1] if deltas else ""
        blocks[-1:] = [chunk(choice(make(last), "stop"))]
    else:
        blocks.insert(0, chunk(choice({})))
    events = chat_events(b"".join(blocks) + DONE)
    assert "".join(pieces(events, field)) == replaced(text)
    if field == "content":
        assert said(events) == replaced(text)
        assert (total(events).choices[0].message.content or "") == replaced(text)


@given(cut_texts(), st.sampled_from(KINDS))
def test_any_responses_text_is_whole_again(cut_text: tuple[str, list[str]], kind: str) -> None:
    text, deltas = cut_text
    events = response_events(b"".join(delta_event(kind, delta) for delta in deltas) + COMPLETED)
    assert "".join(each.delta for each in events[:-1]) == replaced(text)


@given(st.lists(st.tuples(st.sampled_from(sorted(FIELDS)), cut_texts()), max_size=4), st.randoms(use_true_random=False))
def test_texts_that_come_mixed_do_not_mix(texts: list[tuple[str, tuple[str, list[str]]]], random: Any) -> None:
    """One field per choice, the deltas of all choices shuffled."""
    queues = [[(index, delta) for delta in deltas] for index, (_, (_, deltas)) in enumerate(texts)]
    blocks: list[bytes] = []
    while any(queues):
        index, delta = random.choice([queue for queue in queues if queue]).pop(0)
        blocks.append(chunk(choice(FIELDS[texts[index][0]](delta), index=index)))
    events = chat_events(b"".join(blocks) + DONE)
    for index, (field, (text, _)) in enumerate(texts):
        assert "".join(pieces(events, field, index)) == replaced(text)


def test_the_json_is_what_a_server_writes() -> None:
    assert json.dumps(HIGH) == '"\\ud83d"'
