"""`parse_arguments`: what the model calls a tool with, typed."""

from __future__ import annotations

import dataclasses
import json
import pickle
import traceback
from contextlib import suppress
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec
import pytest
import typing_extensions
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Raw, Struct

from mimo_proto import (
    ConfigurationError,
    CustomToolCallItem,
    FunctionCall,
    FunctionCallItem,
    InvalidToolArgumentsError,
    LocalProtocolError,
    RemoteProtocolError,
    ToolCall,
    Unknown,
    function_tool,
    parse_arguments,
)


class Place(Struct):
    """A place."""

    city: str
    note: str | None = None


class Circle(Struct, tag="circle"):
    """A circle."""

    radius: float


class Square(Struct, tag="square"):
    """A square."""

    side: float


class Search(Struct):
    """A search."""

    place: Place
    limit: int = 5
    days: Annotated[int, Meta(ge=1)] = 1
    places: list[Place] = []
    by_name: dict[str, Place] = {}
    extra: dict[str, Any] = {}
    shape: Circle | Square | None = None


class Verbatim(Search):
    """A search with a part that is left as it came."""

    raw: Raw = Raw(b"null")


@dataclasses.dataclass
class Leg:
    """A part of a journey."""

    to: Place
    nights: int = 1


class Journey(TypedDict):
    """Holds dataclasses, wherever a value may stand."""

    first: Leg
    more: NotRequired[list[Leg]]
    by_day: NotRequired[dict[str, Leg]]


class Trip(typing_extensions.TypedDict):
    """Of typing_extensions, whose kind is its own."""

    leg: typing_extensions.NotRequired[Leg]


class Booking(Struct):
    """Holds a TypedDict that may be missing."""

    journey: Journey | None = None


class Folder(Struct):
    """Holds itself."""

    folder: Folder | None = None


class Strict(Struct, forbid_unknown_fields=True):
    """Refuses what it does not know."""

    x: int


class Even(Struct):
    """Refuses by itself."""

    x: int

    def __post_init__(self) -> None:
        if self.x % 2:
            raise ValueError("x is odd")


class Outer(Struct):
    """Holds one that refuses."""

    even: Even


def chat_call(arguments: str, name: str = "search", call_id: str = "call_1") -> ToolCall:
    return ToolCall(id=call_id, function=FunctionCall(name=name, arguments=arguments))


def item(arguments: str, name: str = "search", call_id: str = "call_1") -> FunctionCallItem:
    return FunctionCallItem(call_id=call_id, name=name, arguments=arguments)


BOTH = pytest.mark.parametrize("make", [chat_call, item])


@BOTH
def test_arguments_are_of_the_type(make: Any) -> None:
    search: Search = parse_arguments(make('{"place": {"city": "Wuhan"}, "limit": 3}'), Search)
    assert (search.place, search.limit) == (Place("Wuhan"), 3)
    assert parse_arguments(make('{"a": [1]}'), dict[str, Any]) == {"a": [1]}


@BOTH
@pytest.mark.parametrize("text", ["", " \n"])
def test_no_text_is_no_arguments(make: Any, text: str) -> None:
    assert parse_arguments(make(text), dict[str, Any]) == {}
    with pytest.raises(InvalidToolArgumentsError, match="`place`"):
        parse_arguments(make(text), Search)


WUHAN = {"city": "Wuhan"}
INNER = json.dumps(WUHAN)


@BOTH
@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"place": INNER}, Search(Place("Wuhan"))),
        ({"place": WUHAN, "places": [INNER, WUHAN]}, Search(Place("Wuhan"), places=[Place("Wuhan"), Place("Wuhan")])),
        ({"place": WUHAN, "places": json.dumps([WUHAN])}, Search(Place("Wuhan"), places=[Place("Wuhan")])),
        ({"place": WUHAN, "places": json.dumps([INNER])}, Search(Place("Wuhan"), places=[Place("Wuhan")])),
        ({"place": WUHAN, "by_name": json.dumps({"a": INNER})}, Search(Place("Wuhan"), by_name={"a": Place("Wuhan")})),
        ({"place": WUHAN, "extra": INNER}, Search(Place("Wuhan"), extra=WUHAN)),
        ({"place": WUHAN, "shape": '{"type": "circle", "radius": 2}'}, Search(Place("Wuhan"), shape=Circle(2))),
        (json.dumps({"place": INNER}), Search(Place("Wuhan"))),
        (json.dumps(json.dumps({"place": INNER})), None),
    ],
)
def test_an_object_that_came_as_a_text(make: Any, given_: Any, expected: Search | None) -> None:
    call = make(json.dumps(given_))
    if expected is None:
        with pytest.raises(InvalidToolArgumentsError):  # a text of a text is no object's
            parse_arguments(call, Search)
    else:
        assert parse_arguments(call, Search) == expected


LEG = json.dumps({"to": INNER, "nights": 3.0})


@pytest.mark.parametrize(
    ("given_", "wanted", "expected"),
    [
        ({"to": INNER, "nights": None}, Leg, Leg(Place("Wuhan"))),
        ({"to": INNER, "nights": 3.0, "more": 1}, Leg, Leg(Place("Wuhan"), 3)),
        (
            {"first": LEG, "more": json.dumps([LEG])},
            Journey,
            Journey(first=Leg(Place("Wuhan"), 3), more=[Leg(Place("Wuhan"), 3)]),
        ),
        (
            {"first": LEG, "by_day": {"1": LEG}},
            Journey,
            Journey(first=Leg(Place("Wuhan"), 3), by_day={"1": Leg(Place("Wuhan"), 3)}),
        ),
        ({"journey": json.dumps({"first": LEG})}, Booking, Booking(Journey(first=Leg(Place("Wuhan"), 3)))),
        ({"leg": LEG}, Trip, Trip(leg=Leg(Place("Wuhan"), 3))),
        (json.dumps({"first": LEG}), Journey, Journey(first=Leg(Place("Wuhan"), 3))),
    ],
)
def test_dataclasses_and_typed_dicts_are_read_like_structs(given_: Any, wanted: Any, expected: Any) -> None:
    assert parse_arguments(item(json.dumps(given_)), wanted) == expected


def test_a_text_stays_one_where_a_text_is_wanted() -> None:
    place = parse_arguments(item(json.dumps({"city": "Wuhan", "note": INNER})), Place)
    assert place.note == INNER


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"place": {"city": "x"}, "limit": 3.0}', Search(Place("x"), limit=3)),
        ('{"place": {"city": "x"}, "limit": null, "places": null}', Search(Place("x"))),
        ('{"place": {"city": "a\\ud83d"}}', Search(Place("a\ufffd"))),
        ('{"place": {"city": "\\ud83d\\ude00"}, "limit": 3.0}', Search(Place("\U0001f600"), limit=3)),
        ('{"place": {"city": "x"}, "more": 1}', Search(Place("x"))),
    ],
)
def test_what_is_meant_is_taken(text: str, expected: Search) -> None:
    assert parse_arguments(item(text), Search) == expected


def test_a_part_may_be_left_as_it_came() -> None:
    text = json.dumps({"place": INNER, "raw": [1]})
    assert parse_arguments(item(text), Verbatim).raw == Raw(b"[1]")


CITY = '{"place": {"city": "x"}, '


@BOTH
@pytest.mark.parametrize(
    ("text", "wanted", "path", "said"),
    [
        ('{"place": {"city": 3}}', Search, "$.place.city", "Expected `str`, got `int`"),
        ('{"place": "{\\"city\\": 3}"}', Search, "$.place.city", "Expected `str`, got `int`"),
        ('{"place": "Wuhan"}', Search, "$.place", "Expected `object`, got `str`"),
        ('{"place": "3"}', Search, "$.place", "Expected `object`, got `str`"),
        (CITY + '"places": [{}]}', Search, "$.places[0]", "`city` is missing"),
        ('{"limit": 3}', Search, "$", "`place` is missing"),
        (CITY + '"limit": 3.5}', Search, "$.limit", "Expected `int`"),
        (CITY + '"days": 0}', Search, "$.days", ">= 1"),
        (CITY + '"shape": {"type": "star"}}', Search, "$.shape.type", "'star' is none of 'circle', 'square'"),
        (CITY + '"shape": {"radius": 2}}', Search, "$.shape.type", "None is none of 'circle', 'square'"),
        ('{"x": 1, "y": 2}', Strict, "$", "unknown field `y`"),
        ('{"even": {"x": 1}}', Outer, "$.even", "x is odd"),
        ('{"city": "Wuh', Place, "$", "the text ends before the JSON does"),
        ('{"city": "Wuhan"', Place, "$", "the text ends before the JSON does"),
        ("{", Place, "$", "the text ends before the JSON does"),
        ('{"city": "a"}{"city": "b"}', Place, "$", "no JSON"),
        ("{'city': 'a'}", Place, "$", "no JSON"),
        ('{"city": NaN}', Place, "$", "no JSON"),
        ("Wuhan", Place, "$", "no JSON"),
        ("[" * 100_000, Place, "$", "nested too deeply"),
        ('{"folder":' * 400 + '"{}"' + "}" * 400, Folder, "$", "nested too deeply"),
        (json.dumps({"city": 3, "note": "[" * 100_000}), Place, "$.city", "Expected `str`"),
        ("3", Place, "$", "Expected `object`, got `int`"),
        ("null", Place, "$", "Expected `object`, got `null`"),
        ('{"to": {"city": 3}}', Leg, "$.to.city", "Expected `str`, got `int`"),
        ('{"to": null}', Leg, "$", "missing required field `to`"),
        ('{"first": {"to": {"city": "x"}, "nights": "two"}}', Journey, "$.first.nights", "Expected `int`, got `str`"),
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit(make: Any, text: str, wanted: Any, path: str, said: str) -> None:
    with pytest.raises(InvalidToolArgumentsError) as caught:
        parse_arguments(make(text), wanted)
    error = caught.value
    assert isinstance(error, RemoteProtocolError)
    assert (error.path, error.text) == (path, text)
    assert said in str(error)
    assert f"`search` are wrong at {path}" in str(error)
    assert len(str(error)) < 700
    assert pickle.loads(pickle.dumps(error)).text == text


def test_the_error_leaves_the_frames_behind() -> None:
    with pytest.raises(InvalidToolArgumentsError) as caught:
        parse_arguments(item('{"place": {"city": 3}}'), Search)
    assert caught.value.__context__ is caught.value.__cause__ is None
    inner = [frame for frame in traceback.extract_tb(caught.tb) if "mimo_proto" in frame.filename]
    assert [frame.name for frame in inner] in ([], ["parse_arguments"])


@pytest.mark.parametrize("text", ["", "{}", '{"city": "Wuhan"}', "{"])
@BOTH
def test_a_call_without_a_name_and_an_id_is_told(make: Any, text: str) -> None:
    with pytest.raises(InvalidToolArgumentsError, match="without a name and an id") as caught:
        parse_arguments(make(text, "", ""), dict[str, Any])
    assert caught.value.text == text


def test_the_id_of_an_item_answers_no_call() -> None:
    with pytest.raises(InvalidToolArgumentsError, match="without a name and an id"):
        parse_arguments(FunctionCallItem(id="fc_1", call_id="", name="", arguments="{}"), dict[str, Any])


@pytest.mark.parametrize("call", [chat_call("{}", call_id=""), chat_call("{}", name=""), item("{}", call_id="")])
def test_a_call_with_one_of_them_is_read(call: Any) -> None:
    assert parse_arguments(call, dict[str, Any]) == {}


def test_a_call_that_is_none_of_a_function() -> None:
    calls: list[Any] = [CustomToolCallItem(call_id="1", name="patch", input="{}"), Unknown({"type": "oracle_call"})]
    for call in calls:
        with pytest.raises(LocalProtocolError, match="no call of a function"):
            parse_arguments(call, Place)


def test_a_type_that_nothing_can_be_decoded_into() -> None:
    with pytest.raises(ConfigurationError, match="nothing can be decoded into"):
        parse_arguments(item("{}"), lambda: None)


def test_what_the_schema_of_a_tool_takes_is_read() -> None:
    assert function_tool(Search).function.name == "Search"
    sent = msgspec.json.encode(Search(Place("x"), places=[Place("y", "z")], shape=Square(1.5))).decode()
    assert parse_arguments(item(sent), Search) == Search(Place("x"), places=[Place("y", "z")], shape=Square(1.5))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["place", "city", "places", "type"]), inner)
    ),
    max_leaves=12,
)


@given(st.text(max_size=40) | JSON.map(json.dumps) | JSON.map(json.dumps).map(json.dumps))
def test_any_text_gives_a_value_or_our_error(text: str) -> None:
    for wanted in (Search, dict[str, Place], list[Circle | Square], Journey, Leg | None, Any):
        with suppress(InvalidToolArgumentsError):
            msgspec.json.encode(parse_arguments(item(text), wanted))
