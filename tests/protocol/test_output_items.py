"""The output of a response that was cut: nothing that arrived is lost, nothing is there twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import RESPONSES, ResponseAccumulator
from mimo_proto.protocol.decode import TolerantDecoder
from mimo_proto.protocol.output_items import OutputItems

if TYPE_CHECKING:
    from collections.abc import Callable

EVENTS: TolerantDecoder[Any] = TolerantDecoder(RESPONSES.event)

MESSAGE: dict[str, Any] = {"type": "message", "id": "m1", "role": "assistant", "content": []}
CALL: dict[str, Any] = {"type": "function_call", "id": "f1", "call_id": "c1", "name": "tide", "arguments": ""}


def partial(*events: dict[str, Any]) -> Any:
    accumulator = ResponseAccumulator()
    for event in events:
        accumulator.add(EVENTS.build(event))
    first = accumulator.partial()
    assert accumulator.partial() == first
    return first


def texts(*events: dict[str, Any]) -> list[list[str]]:
    """The texts of each message's parts."""
    return [[part.text for part in item.content] for item in partial(*events).output]


def text(value: str) -> dict[str, Any]:
    return {"type": "output_text", "text": value}


def message(*values: str, item_id: str = "m1") -> dict[str, Any]:
    return {**MESSAGE, "id": item_id, "content": [*map(text, values)]}


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def delta(words: str, index: int | None = 0, part: int | None = 0, item: str | None = None) -> dict[str, Any]:
    return event("output_text.delta", delta=words, output_index=index, content_index=part, item_id=item)


def added(item: dict[str, Any], index: int | None = 0) -> dict[str, Any]:
    return event("output_item.added", item=item, output_index=index)


def done(item: dict[str, Any], index: int | None = 0) -> dict[str, Any]:
    return event("output_item.done", item=item, output_index=index)


# Deltas, and what was there before


def test_deltas_stand_beside_the_parts_that_an_item_began_with() -> None:
    assert texts(added(message("A")), delta("B", part=1), delta("C", part=1)) == [["A", "BC"]]
    assert texts(added(message("A", "D")), delta("B", part=1)) == [["A", "DB"]]
    assert texts(delta("B", part=3), added(message("A"))) == [["A", "B"]]


def test_deltas_make_a_part_longer() -> None:
    part = event("content_part.added", part={**text("A"), "annotations": [{"url": "u"}]}, output_index=0)
    [item] = partial(added(MESSAGE), part, delta("B")).output
    assert (item.content[0].text, item.content[0].annotations) == ("AB", [{"url": "u"}])


def test_parts_alone_make_an_item() -> None:
    one = event("content_part.added", part=text("A"), output_index=0, content_index=0)
    other = event("content_part.done", part={"type": "reasoning_text", "text": "t"}, output_index=1)
    answer, thinking = partial(one, other).output
    assert (answer.type, answer.content[0].text) == ("message", "A")
    assert (thinking.type, thinking.content[0].text) == ("reasoning", "t")


def test_a_part_of_an_unknown_type_is_kept() -> None:
    part = {"type": "sketch", "strokes": [1]}
    assert partial(event("content_part.done", part=part, output_index=0)).output[0].content == [part]


def test_arguments_go_on_from_those_of_the_item() -> None:
    begun = added({**CALL, "arguments": '{"a"'})
    more = event("function_call_arguments.delta", delta=": 1}", output_index=0)
    assert partial(begun, more).output[0].arguments == '{"a": 1}'


def test_an_item_of_an_unknown_type_may_hold_anything() -> None:
    odd = {"type": "new", "content": [5, {"type": 6}, {"type": "output_text", "text": 7}], "arguments": 8}
    more = [delta("B", part=2), event("function_call_arguments.delta", delta="{}", output_index=0)]
    [item] = partial(added(odd), *more).output
    assert item["content"] == [5, {"type": 6}, {"type": "output_text", "text": "B"}]
    assert item["arguments"] == "{}"
    assert partial(added({"type": "new", "content": "words"})).output[0]["content"] == "words"


# Ends


@pytest.mark.parametrize("before", [[], [delta("he")], [added(message("h")), delta("e")]])
def test_a_text_that_is_done_is_as_the_event_says(before: list[dict[str, Any]]) -> None:
    assert texts(*before, event("output_text.done", text="hello", output_index=0, content_index=0)) == [["hello"]]
    assert texts(*before, event("content_part.done", part=text("hello"), output_index=0)) == [["hello"]]


def test_only_the_text_that_is_done_is_taken_over() -> None:
    end = event("output_text.done", text="A", output_index=0, content_index=0)
    assert texts(delta("a"), delta("b", part=1), end) == [["A", "b"]]


def test_a_text_that_is_done_keeps_what_else_its_part_has() -> None:
    part = event("content_part.added", part={**text(""), "annotations": [{"url": "u"}]}, output_index=0)
    [item] = partial(part, event("output_text.done", text="A", output_index=0)).output
    assert (item.content[0].text, item.content[0].annotations) == ("A", [{"url": "u"}])


ENDS: list[tuple[dict[str, Any], Callable[[Any], Any], Any]] = [
    (event("reasoning_text.done", text="A"), lambda item: (item.type, item.content[0].text), ("reasoning", "A")),
    (
        event("function_call_arguments.done", arguments="{}", name="tide"),
        lambda item: (item.type, item.name, item.arguments),
        ("function_call", "tide", "{}"),
    ),
    (
        event("function_call_arguments.done", arguments="{}"),
        lambda item: (item.type, item.name, item.arguments),
        ("function_call", "", "{}"),
    ),
    (
        event("custom_tool_call_input.done", input="A"),
        lambda item: (item.type, item.name, item.input),
        ("custom_tool_call", "", "A"),
    ),
]


@pytest.mark.parametrize(("end", "look", "seen"), ENDS)
def test_a_text_that_is_done_makes_an_item(end: dict[str, Any], look: Callable[[Any], Any], seen: Any) -> None:
    assert look(partial(end).output[0]) == seen


def test_an_item_that_is_done_is_as_the_event_says() -> None:
    assert texts(added(message("a")), delta("b"), done(message("C"))) == [["C"]]


def test_the_name_of_a_call_is_the_items() -> None:
    end = event("function_call_arguments.done", arguments="{}", name="other", output_index=0)
    assert partial(added(CALL), end).output[0].name == "tide"


# What the response began with


def created(*output: dict[str, Any], kind: str = "created", **more: Any) -> dict[str, Any]:
    return event(kind, response={"id": "r", "output": [*output], **more})


def test_the_output_that_a_response_began_with_is_kept() -> None:
    assert texts(created(message("early"))) == [["early"]]
    assert texts(created(message("early")), delta("B", index=1)) == [["early"], ["B"]]
    assert texts(created(message("early")), delta(" B")) == [["early B"]]
    assert texts(created(message("early")), created(message("later"), kind="in_progress")) == [["later"]]


def test_events_of_an_item_go_before_what_the_response_says() -> None:
    later = created(message("old"), kind="in_progress")
    assert texts(delta("new"), later) == [["new"]]
    assert texts(done(message("new")), later) == [["new"]]


def test_an_output_text_is_that_of_the_output() -> None:
    assert partial(created(message("a"), output_text="a"), delta("b")).output_text == "ab"
    assert partial(created(output_text="a")).output_text == "a"


# Which item


def test_without_an_index_the_id_tells_items_apart() -> None:
    whole = partial(delta("B", None, None, "i1"), delta("C", None, None, "i2"), delta("D", None, None, "i1"))
    assert [(item.id, item.content[0].text) for item in whole.output] == [("i1", "BD"), ("i2", "C")]


def test_an_id_of_its_own_is_kept() -> None:
    thinking = event("reasoning_text.delta", delta="t", item_id="r1")
    [item] = partial(thinking).output
    assert item.id == "r1"


def test_an_item_that_told_id_and_index_is_found_by_either() -> None:
    begun = [added(message("A", item_id="i1"), 0), added(message("B", item_id="i2"), 1)]
    assert texts(*begun, delta("b", None, 0, "i2"), delta("a", None, 0, "i1")) == [["Aa"], ["Bb"]]
    assert texts(*begun, done(message("C", item_id="i2"), None)) == [["A"], ["C"]]
    assert texts(created(message("A", item_id="i1")), delta("a", None, 0, "i1")) == [["Aa"]]


def test_an_item_that_tells_its_index_late_is_not_there_twice() -> None:
    early = delta("a", None, 0, "i1")
    assert texts(early, done(message("A", item_id="i1"), 0)) == [["A"]]
    assert texts(early, delta("b", 0), added(message(item_id="i1"), 1), delta("c", None, 0, "i1")) == [["b"], ["ac"]]
    assert texts(early, added(message("b", item_id="i2"), 0)) == [["b"], ["a"]]


def test_items_without_an_index_come_behind_the_others() -> None:
    assert texts(added(message("b", item_id="i2"), None), delta("a", 5)) == [["a"], ["b"]]


def test_an_item_without_index_and_id_is_the_first() -> None:
    assert texts(added({"type": "message", "content": []}, None), delta("a", None)) == [["a"]]


def test_what_names_no_item_is_of_the_one_told_of_last() -> None:
    call = {**CALL, "name": "get"}
    more = event("function_call_arguments.delta", delta='{"a":1}')
    [item] = partial(added(call, None), more).output
    assert (item.call_id, item.name, item.arguments) == ("c1", "get", '{"a":1}')
    [first, second] = partial(added(call, None), added({**call, "id": "f2"}, None), more).output
    assert (first.arguments, second.arguments) == ("", '{"a":1}')
    assert texts(delta("a", None, item="m1"), delta("b", 0, item="m2"), delta("c", None)) == [["bc"], ["a"]]
    assert texts(created(message("a"), message("b", item_id="m2")), delta("c", None)) == [["ac"], ["b"]]


def test_an_empty_id_names_no_item() -> None:
    assert texts(delta("a", 1, item=""), delta("b", None, item=""), delta("c", 0, item="")) == [["c"], ["ab"]]


def test_items_that_name_themselves_in_no_way_are_told_apart() -> None:
    call = {key: value for key, value in CALL.items() if key != "id"}
    more = event("function_call_arguments.delta", delta="{}")
    for index in (None, 1):
        second = [added({**call, "call_id": "c2"}, None), {**more, "output_index": index}]
        output = partial(added(call, None), more, done({**call, "arguments": "{ }"}, None), *second).output
        assert [(item.call_id, item.arguments) for item in output] == [("c1", "{ }"), ("c2", "{}")]
    assert [item.call_id for item in partial(added(call, 0), added(call, 1), added(call, None)).output] == ["c1"] * 3


def test_an_id_and_an_index_that_came_together_are_one_item() -> None:
    begun, both = added(MESSAGE, None), delta("Hi", 0, item="m1")
    ends = event("output_text.done", text="Hi", content_index=0)
    for events in (
        [begun, both],
        [begun, both, ends | {"item_id": "m1"}],
        [both, ends | {"item_id": "m1"}],
        [both, ends | {"item_id": "m1"}, done(message("Hi"), None)],
        [
            begun,
            event("content_part.added", part=text(""), output_index=0, item_id="m1"),
            both,
            ends | {"item_id": "m1"},
        ],
        [begun, both, ends | {"output_index": 0, "item_id": "m1"}, done(message("Hi"), None)],
    ):
        assert texts(*events) == [["Hi"]]
    assert partial(begun, both).output[0].id == "m1"


PAIR = event("output_text.delta", delta="", output_index=0, content_index=9, item_id="m1")
BY_ID, BY_INDEX = {"item_id": "m1"}, {"output_index": 0}
ENDED = event("output_text.done", text="Hi", content_index=0)
PART = event("content_part.added", part=text(""), content_index=0)


@pytest.mark.parametrize(
    "events",
    [
        [delta("H", None, item="m1"), delta("i", 0)],
        [delta("H", 0), delta("i", None, item="m1")],
        [added(MESSAGE, None), delta("Hi", 0)],
        [delta("Hi", 0), added(MESSAGE, None)],
        [added(MESSAGE, None), delta("Hi", 0), ENDED | BY_ID],
        [delta("Hi", 0), ENDED | BY_ID],
        [added(MESSAGE, None), PART | BY_INDEX, delta("Hi", 0), ENDED | BY_ID],
        [PART | BY_ID, PART | BY_INDEX, ENDED | BY_INDEX],
        [delta("H", 0), done(message("Hi"), None)],
        [added(MESSAGE, None), delta("no", 0), done(message("Hi"), None)],
        [done(message("Hi"), None), delta("no", 0)],
        [done(message("no")), done(message("Hi"), None)],
    ],
)
def test_what_came_under_an_id_and_under_an_index_is_joined(events: list[dict[str, Any]]) -> None:
    [item] = partial(*events, PAIR).output
    assert (item.type, item.id) == ("message", "m1")
    assert item.content[0].text == "Hi"


def test_what_is_joined_keeps_what_was_said_of_it() -> None:
    more = event("function_call_arguments.done", arguments="{}", item_id="f1")
    both = event("function_call_arguments.delta", delta="", item_id="f1", output_index=0)
    begun = added({key: value for key, value in CALL.items() if key != "id"})
    for events in ([begun, more], [more, begun]):
        [item] = partial(*events, both).output
        assert (item.id, item.call_id, item.name, item.arguments) == ("f1", "c1", "tide", "{}")


@pytest.mark.parametrize("kind", ["output_text", "sketch"])
def test_an_item_is_of_its_own_type_whatever_its_parts_are(kind: str) -> None:
    begun = added({"type": "reasoning", "id": "r1", "content": []})
    part = event("content_part.added", part={"type": kind, "text": "a"}, output_index=0)
    items = OutputItems()
    for each in (begun, part, delta("b", part=1)):
        built = EVENTS.build(each)
        (items.add_delta if each["type"].endswith("delta") else items.add)(built, each["type"])
    [item] = items.as_json()
    assert (item["type"], [part["text"] for part in item["content"]]) == ("reasoning", ["a", "b"])
    assert "role" not in item
