"""Which item an event belongs to, where several items have one place, or ids change on the way."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sums import CALL, MESSAGE, REASONING, added, done, respond, text_delta


def delta(text: str, item_id: str | None = None, kind: str = "output_text", index: int | None = 0) -> dict[str, Any]:
    return {**text_delta(text, index, None, kind), "item_id": item_id}


def message(item_id: str | None, *texts: str) -> dict[str, Any]:
    return {**MESSAGE, "id": item_id, "content": [{"type": "output_text", "text": text} for text in texts]}


def call(item_id: str | None, arguments: str = "") -> dict[str, Any]:
    return {**CALL, "id": item_id, "arguments": arguments}


def seen(*events: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    """The kind, the id and the text of each item."""
    items: list[Any] = respond(*events).output
    return [
        (
            item.type,
            item.id or None,
            item.arguments if item.type == "function_call" else "".join(part.text for part in item.content or ()),
        )
        for item in items
    ]


BOTH = [("message", "m1", "hello"), ("function_call", "f1", "{}")]
ARGUMENTS = "function_call_arguments"
THINKING = "reasoning_text"


@pytest.mark.parametrize(
    "events",
    [
        [added(message("m1")), delta("hello", "m1"), added(call("f1")), delta("{}", "f1", ARGUMENTS)],
        [added(message("m1")), delta("hello", "m1"), added(call("f1")), delta("{}", None, ARGUMENTS)],
        [added(message("m1")), delta("hello"), done(message("m1", "hello")), done(call("f1", "{}"))],
        [added(message("m1")), added(call("f1")), delta("{}", "f1", ARGUMENTS), delta("hello", "m1")],
        [done(message("m1", "hello")), done(call("f1", "{}"))],
    ],
)
def test_another_item_begins_at_the_same_place(events: list[dict[str, Any]]) -> None:
    assert seen(*events) == BOTH


def test_added_with_another_id_begins_another_item_of_the_same_kind() -> None:
    events = [added(message("m1")), delta("a", "m1"), added(message("m2")), delta("b", "m2"), delta("c", "m1")]
    assert seen(*events) == [("message", "m1", "ac"), ("message", "m2", "b")]
    assert seen(*events, delta("d")) == [("message", "m1", "ac"), ("message", "m2", "bd")]


def test_an_event_of_another_kind_with_another_id_begins_another_item() -> None:
    events = [delta("hm", "r1", THINKING), delta("hello", "m1"), delta("{}", "f1", ARGUMENTS), delta("!", "m1")]
    assert seen(*events) == [("reasoning", "r1", "hm"), ("message", "m1", "hello!"), ("function_call", "f1", "{}")]
    end = {"type": "response.output_text.done", "text": "hello", "output_index": 0, "item_id": "m1"}
    assert seen(events[0], end) == [("reasoning", "r1", "hm"), ("message", "m1", "hello")]
    part = {"type": "output_text", "text": "hello"}
    end = {"type": "response.content_part.done", "part": part, "output_index": 0, "item_id": "m1"}
    assert seen(events[0], end) == [("reasoning", "r1", "hm"), ("message", "m1", "hello")]
    assert seen(delta("hm", None, THINKING), delta("hello", "m1")) == [
        ("reasoning", None, "hm"),
        ("message", "m1", "hello"),
    ]


def test_a_delta_of_the_same_kind_with_another_id_goes_on() -> None:
    events = [added(message("m1")), delta("a", "x1"), delta("b", "x2"), delta("c", "m1")]
    assert seen(*events) == [("message", "m1", "abc")]
    assert seen(*events, done(message("x3", "abc"))) == [("message", "x3", "abc")]


def test_an_item_that_is_done_is_not_replaced_by_one_with_another_id() -> None:
    events = [done(call("f1", "1")), done(call("f2", "2"))]
    assert seen(*events) == [("function_call", "f1", "1"), ("function_call", "f2", "2")]
    assert seen(events[0], delta("2", "f2", ARGUMENTS)) == [("function_call", "f1", "1"), ("function_call", "f2", "2")]
    assert seen(*events, done(call("f1", "3"))) == [("function_call", "f1", "3"), ("function_call", "f2", "2")]


def test_an_item_of_another_kind_is_another_item_whatever_its_id() -> None:
    events = [added(message(None)), delta("hello"), added(call(None)), delta("{}", None, ARGUMENTS)]
    assert seen(*events) == [("message", None, "hello"), ("function_call", None, "{}")]
    assert seen(delta("hello"), done(call(None, "{}"))) == [("message", None, "hello"), ("function_call", None, "{}")]


def test_without_an_index_the_id_finds_the_item_at_any_place() -> None:
    events = [
        added(message("m1")),
        added(call("f1")),
        delta("{}", "f1", ARGUMENTS, None),
        delta("hello", "m1", index=None),
    ]
    assert seen(*events) == BOTH


def test_what_came_under_an_id_alone_gets_its_place_beside_others() -> None:
    early = [delta("{}", "f1", ARGUMENTS, None), added(message("m1")), delta("hello", "m1")]
    assert seen(*early) == BOTH
    assert seen(*early, added(REASONING, 1), delta("", "f1", ARGUMENTS, 0)) == [
        ("function_call", "f1", "{}"),
        ("message", "m1", "hello"),
        ("reasoning", "r1", ""),
    ]
    late = [delta("hello", None), delta("{}", "f1", ARGUMENTS, None), delta("", "f1", ARGUMENTS, 0)]
    assert seen(*late) == [("message", None, "hello"), ("function_call", "f1", "{}")]


def test_without_index_and_id_each_item_that_begins_or_ends_is_one() -> None:
    events = [done(call(None, "1")), done(call(None, "2"))]
    nowhere = [{**event, "output_index": None} for event in events]
    assert [text for _, _, text in seen(*nowhere)] == ["1", "2"]


def test_the_id_of_a_delta_is_the_items() -> None:
    assert seen(delta("hel", "m1"), delta("lo", "m1")) == [("message", "m1", "hello")]
    assert seen(added(message(None)), delta("hello", "m1")) == [("message", "m1", "hello")]


def test_unknown_fields_of_items_and_parts_are_kept() -> None:
    part = {"type": "output_text", "text": "", "mood": ["low"]}
    where = {"output_index": 0, "content_index": 0, "item_id": "m1"}
    events: list[dict[str, Any]] = [
        added({**message("m1"), "phase": {"a": 1}, "was": None}),
        {"type": "response.content_part.added", "part": part, **where},
        {**delta("hel", "m1"), "logprobs": [], "obfuscation": "xyz"},
        {**delta("lo", "m1"), "obfuscation": "xy"},
        {"type": "response.output_text.done", "text": "hello", **where},
    ]
    [item] = respond(*events).output
    assert (item.phase, item.was, item.content[0].mood, item.content[0].text) == ({"a": 1}, None, ["low"], "hello")


def test_a_snapshot_is_found_by_id_first() -> None:
    snapshot = {"output": [message("m2", "two"), message("m1", "no"), call("f1", "{}")]}
    events = [delta("one", "m1"), {"type": "response.in_progress", "response": snapshot}]
    assert seen(*events) == [("message", "m1", "one"), ("function_call", "f1", "{}")]
    early = {"type": "response.created", "response": {"output": [message("m1", "a"), call("f1", "1")]}}
    assert seen(early, delta("b", "m1"), delta("2", "f1", ARGUMENTS, None)) == [
        ("message", "m1", "ab"),
        ("function_call", "f1", "12"),
    ]
