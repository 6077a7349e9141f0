"""`Unknown`: a dict that encodes, pickles, copies and compares as it came."""

from __future__ import annotations

import copy
import pickle
import types
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from mimo_proto import models
from mimo_proto.models import OutputItem, OutputMessage, TextPart
from mimo_proto.unknown import STATIC_ONLY, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable


def pickled_by(protocol: int) -> Callable[[Any], Any]:
    return lambda value: pickle.loads(pickle.dumps(value, protocol))


COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    Unknown.copy,
    *map(pickled_by, range(pickle.HIGHEST_PROTOCOL + 1)),
]


def test_type_is_a_constant_and_tag_the_servers() -> None:
    item = Unknown({"type": "new_item", "text": "hi"})
    assert item.type == "unknown"
    assert Unknown.type == "unknown"
    assert item["type"] == item.tag == "new_item"


@pytest.mark.parametrize(
    ("content", "tag_field", "tag"),
    [
        ({"role": "critic", "type": "x"}, "role", "critic"),
        ({}, "type", None),
        ({"type": 5}, "type", None),
        ({"type": None}, "type", None),
    ],
)
def test_tag_is_what_its_field_says_in_words(content: dict[str, object], tag_field: str, tag: str | None) -> None:
    assert Unknown(content, tag_field=tag_field).tag == tag


def test_it_is_made_like_a_dict() -> None:
    assert Unknown() == {}
    assert Unknown([("type", "x")]) == {"type": "x"}


def test_it_encodes_as_it_came() -> None:
    text = b'{"type":"new","a":[1,2.5,null,{"b":"\xc3\xa9"}]}'
    assert msgspec.json.encode(Unknown(msgspec.json.decode(text))) == text
    assert msgspec.json.encode({"items": [Unknown({"type": "x"})]}) == b'{"items":[{"type":"x"}]}'


@pytest.mark.parametrize("how", COPIES)
def test_copies_and_pickles_are_equal_and_know_their_tag(how: Callable[[Any], Any]) -> None:
    item = Unknown({"role": "critic", "parts": [{"a": 1}]}, tag_field="role")
    again = how(item)
    assert type(again) is Unknown
    assert again == item
    assert again is not item
    assert again.tag == "critic"


def test_a_deep_copy_shares_nothing() -> None:
    item = Unknown({"type": "x", "parts": [1]})
    again = copy.deepcopy(item)
    again["parts"].append(2)
    assert item["parts"] == [1]


def test_equality_is_that_of_a_dict() -> None:
    assert Unknown({"a": 1}) == {"a": 1} == Unknown({"a": 1}, tag_field="role")
    assert Unknown({"a": 1}) != Unknown({"a": 2})


def test_repr_shows_it_all() -> None:
    assert repr(Unknown({"type": "x"})) == "Unknown({'type': 'x'})"


def test_match() -> None:
    def name(item: OutputItem) -> str | None:
        match item:
            case Unknown():
                return item.tag
            case OutputMessage():
                return "message"
            case _:
                return None

    assert name(Unknown({"type": "x"})) == "x"
    assert name(OutputMessage(content=[])) == "message"


def test_a_static_member_of_a_union_is_none_at_run_time() -> None:
    # On Python 3.14 a union takes any object for a member.
    assert STATIC_ONLY | STATIC_ONLY | TextPart | OutputMessage == TextPart | OutputMessage
    unions = [value for name in models.__all__ if isinstance(value := getattr(models, name), types.UnionType)]
    assert len(unions) > 10
    assert STATIC_ONLY not in {member for union in unions for member in get_args(union)}
