"""Which call a piece belongs to, and what the pieces of a call add up to."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto.kept_fields import unknown_fields
from tests.support.sums import add_up, call, calls, message


def test_pieces_of_a_call_are_joined_by_index() -> None:
    assert calls(
        call(0, "call_0", "weather", ""),
        call(1, "call_1", "time", '{"ci'),
        call(0, None, None, '{"city":'),
        call(1, None, None, 'ty": 1}'),
        call(0, None, None, " 2}"),
    ) == [("call_0", "weather", '{"city": 2}'), ("call_1", "time", '{"city": 1}')]


def test_calls_come_in_order_of_their_index() -> None:
    assert [name for _, name, _ in calls(call(7, "b", "g"), call(3, "a", "f"))] == ["f", "g"]


def test_a_piece_without_an_index_goes_on_with_the_last_call() -> None:
    assert calls(call(None, "a", "f", "1"), call(None, None, None, "2"), call(None, "a", None, "3")) == [
        ("a", "f", "123")
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


def test_the_last_type_of_a_call_that_says_something_counts() -> None:
    pieces = [
        {"index": 0, "type": None},
        {"index": 0, "type": "builtin"},
        {"index": 0, "type": "function"},
        {"index": 0, "type": ""},
        {"index": 1},
    ]
    whole = message(*({"tool_calls": [piece]} for piece in pieces))
    assert [each.type for each in whole.tool_calls] == ["function", "function"]


def test_a_call_without_id_and_name_is_still_a_call() -> None:
    assert calls(call(None, None, None, "1"), call(None, "a", None, "2")) == [("a", "", "12")]
    assert calls({"index": 0}) == [("", "", "")]


def test_an_empty_list_of_calls_is_none() -> None:
    assert message({"tool_calls": []}).tool_calls is None


# (a) A known id


def test_a_known_id_names_its_call() -> None:
    assert calls(call(0, "a", "f", "1"), call(0, "b", "g", "2"), call(0, "a", "f", "3"), call(0, "b", None, "4")) == [
        ("a", "f", "13"),
        ("b", "g", "24"),
    ]


def test_an_id_is_known_at_its_index() -> None:
    assert calls(call(0, "a", "f", "1"), call(1, "a", "g", "2"), call(0, "a", None, "3")) == [
        ("a", "f", "13"),
        ("a", "g", "2"),
    ]


def test_without_an_index_an_id_is_known_in_the_choice() -> None:
    pieces = [call(3, "a", "f", "1"), call(1, "b", "g", "2"), call(None, "a", None, "3")]
    assert calls(*pieces) == [("b", "g", "2"), ("a", "f", "13")]


# (b) Another id


@pytest.mark.parametrize("filler", [None, ""])
def test_another_id_and_a_name_begin_a_call_at_the_same_index(filler: str | None) -> None:
    pieces = [
        call(0, "a", "f", ""),
        call(0, filler, filler, "1"),
        call(0, "b", "f", ""),
        call(0, filler, filler, "2"),
        call(0, "c", "g", "3"),
    ]
    assert calls(*pieces) == [("a", "f", "1"), ("b", "f", "2"), ("c", "g", "3")]


def test_another_id_without_a_name_is_the_same_call() -> None:
    pieces = [call(0, "a", "f", ""), call(0, "x", None, "1"), call(0, "y", "", "2"), call(0, "a", None, "3")]
    assert calls(*pieces) == [("a", "f", "123")]


# (c) No id


def test_without_an_id_the_last_call_at_the_index_goes_on() -> None:
    pieces = [call(0, "a", "f"), call(0, "b", "g"), call(1, "c", "h"), call(0, None, None, "1"), call(1, "", "", "2")]
    assert calls(*pieces) == [("a", "f", ""), ("b", "g", "1"), ("c", "h", "2")]


@pytest.mark.parametrize("index", [0, None])
def test_another_name_behind_arguments_begins_a_call(index: int | None) -> None:
    pieces = [
        call(index, None, "f", "1"),
        call(index, None, "f", "2"),
        call(index, "", "g", ""),
        call(index, arguments="3"),
    ]
    assert calls(*pieces) == [("", "f", "12"), ("", "g", "3")]
    pieces = [call(index, None, "f", "1"), call(index, "b", "g", "2")]
    assert calls(*pieces) == [("", "f", "1"), ("b", "g", "2")]


def test_a_call_whose_arguments_come_first_gets_its_name() -> None:
    assert calls(call(0, "a", None, "1"), call(0, None, "f", "2")) == [("a", "f", "12")]


@pytest.mark.parametrize("ghost", [{}, {"function": {}}, {"function": None}, {"id": "", "function": {"name": ""}}])
def test_a_piece_that_says_nothing_begins_no_call(ghost: dict[str, Any]) -> None:
    assert calls(call(0, "a", "f", "1"), ghost, call(1, "b", "g"), ghost, call(0, arguments="2")) == [
        ("a", "f", "12"),
        ("b", "g", ""),
    ]
    assert calls(ghost, call(0, "a", "f", "1")) == [("a", "f", "1")]
    assert calls(ghost, call(None, "a", "f", "1")) == [("a", "f", "1")]


# (d) No index


def test_the_call_before_takes_an_id_that_none_has() -> None:
    assert calls(call(None, None, "f"), call(None, "a", None, "1"), call(None, "b", None, "2")) == [
        ("a", "f", "1"),
        ("b", "", "2"),
    ]


def test_two_pieces_of_one_list_without_index_and_id_are_two_calls() -> None:
    pieces = [call(None, "", "f", "1"), call(None, None, "f", "2"), {"function": {"arguments": "3"}}]
    whole = message({"tool_calls": pieces}, {"tool_calls": [call(None, arguments="4")]})
    assert [each.function.arguments for each in whole.tool_calls] == ["1", "2", "34"]
    whole = message({"tool_calls": [call(None, "a", "f", "1"), call(None, arguments="2")]})
    assert [each.function.arguments for each in whole.tool_calls] == ["12"]


# Order and names


def test_calls_stand_by_index_and_then_by_arrival() -> None:
    pieces = [call(1, "d", "f"), call(0, "c", "f"), call(0, "a", "f"), call(0, "b", "f"), call(1, "e", "f")]
    assert [each[0] for each in calls(*pieces)] == ["c", "a", "b", "d", "e"]


@pytest.mark.parametrize(
    ("names", "whole"),
    [
        (["get_", "tide"], "get_tide"),
        (["get_", "get_tide"], "get_tide"),
        (["tide", "tide", None, ""], "tide"),
        (["", "tide"], "tide"),
        ([None, "g", "et", "get_tide"], "get_tide"),
    ],
)
def test_a_name_is_joined_while_no_arguments_have_come(names: list[str | None], whole: str) -> None:
    pieces = [call(0, "a", name) for name in names]
    assert calls(*pieces, call(0, None, None, "1")) == [("a", whole, "1")]
    assert calls(*pieces, call(0, "a", whole, "1"), call(0, "a", whole, "2"), call(0, "a", "more")) == [
        ("a", whole, "12")
    ]


# Other fields


def test_unknown_fields_of_a_call_are_the_last_that_say_something() -> None:
    pieces: list[dict[str, Any]] = [
        {**call(0, "a", "f", "1"), "mood": "low", "extra_content": {"signature": "s"}, "marks": [1], "was": None},
        {"index": 0, "mood": "", "marks": [2], "function": {"arguments": "2", "dialect": "x", "hints": [1]}},
        {"index": 0, "mood": None, "function": {"dialect": "y", "hints": [2], "was": None}},
        {"index": 1, "mood": "high"},
    ]
    first, second = message(*({"tool_calls": [piece]} for piece in pieces)).tool_calls
    assert unknown_fields(first) == {"mood": "low", "extra_content": {"signature": "s"}, "marks": [2], "was": None}
    assert unknown_fields(first.function) == {"dialect": "y", "hints": [2], "was": None}
    assert first.function.arguments == "12"
    assert unknown_fields(second) == {"mood": "high"}


def test_a_custom_call_is_put_together_alike() -> None:
    pieces: list[dict[str, Any]] = [
        {"index": 0, "id": "a", "type": "custom", "custom": {"name": "patch", "input": "", "mood": "x"}},
        {"index": 0, "custom": {"input": "+1"}},
        {"index": 0, "custom": {"input": " -1", "name": ""}},
        {"index": 0, "id": "b", "type": "custom", "custom": {"name": "undo"}},
    ]
    first, second = message(*({"tool_calls": [piece]} for piece in pieces)).tool_calls
    assert first == {
        "id": "a",
        "type": "custom",
        "custom": {"name": "patch", "input": "+1 -1", "mood": "x"},
    }
    assert second == {"id": "b", "type": "custom", "custom": {"name": "undo", "input": ""}}


def test_what_is_called_may_be_anything() -> None:
    pieces: list[dict[str, Any]] = [
        {"id": "b", "index": "x", "type": "custom", "custom": {"name": 5, "input": {"a": 1}}},
        {"id": 5, "index": 3, "type": "custom", "custom": "patch"},
    ]
    choice = {"index": 0, "delta": {}, "message": {"tool_calls": pieces}}
    whole: Any = add_up({"choices": [choice]}).choices[0].message
    first, second = whole.tool_calls
    assert (second.id, second.function.name, unknown_fields(second)) == ("", "", {"custom": "patch"})
    assert first == {"id": "b", "type": "custom", "custom": {"name": "", "input": {"a": 1}}}
