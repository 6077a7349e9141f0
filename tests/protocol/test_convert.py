"""The walk over type hints: every kind of hint is taken apart, and what does not fit is told with its path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, NewType, TypeVar, Union, cast

import msgspec
import pytest
from msgspec import Meta, Struct
from typing_extensions import TypeAliasType

from mimo_proto.protocol.convert import Converter, Mismatch, StructShape, TypeNode, reachable, remake

T = TypeVar("T")


class Cat(Struct, tag_field="kind", tag="cat"):
    lives: int = 9


class Dog(Struct, tag_field="kind", tag="dog"):
    friends: list[Animal] = []
    owner: Annotated[str, Meta(min_length=1)] | None = None


class Fish(Struct, tag_field="kind", tag="fish"):
    __tag_default__ = True


class Box(Struct, Generic[T]):
    content: T


class Point(Struct, array_like=True):
    x: int
    y: int


class Picky(Struct):
    name: str = msgspec.field(name="the name")
    factory: list[int] = msgspec.field(default_factory=lambda: [1])

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError("a bad name")


Animal = Cat | Dog
Alias = TypeAliasType("Alias", Animal)
Name = NewType("Name", str)


class Stub(Converter):
    """Takes what it is asked about for what it is not: an answer in words."""

    def finish(self, value: dict[str, Any], shape: StructShape, fields: Mapping[str, Any], /) -> Any:
        return shape.cls(**fields)

    def unknown(self, value: dict[str, Any], node: TypeNode) -> Any:
        return f"unknown {value.get(str(node.tag_field))}"


def build(value: Any, hint: Any) -> Any:
    return Stub().value(value, TypeNode(hint))


# An element that msgspec refuses, so that what is around it is taken apart.
NEW = {"kind": "bird"}


@pytest.mark.parametrize(
    ("hint", "value", "built"),
    [
        (Any, NEW, NEW),
        (str, "x", "x"),
        (float, 1, 1.0),
        (int | None, None, None),
        (Name, "x", "x"),
        (Literal["a", "b"], "a", "a"),
        (Literal["a"] | str, "z", "z"),  # noqa: PYI051 - an open enum
        (Animal, {"kind": "cat"}, Cat()),
        (Animal, {"kind": "dog"}, Dog()),
        (Animal, NEW, "unknown bird"),
        (Animal, {}, "unknown None"),
        (Animal, {"kind": [1]}, "unknown [1]"),
        (Alias, NEW, "unknown bird"),
        (Cat, NEW, "unknown bird"),
        (Union[Animal, None], NEW, "unknown bird"),  # noqa: UP007 - the older way to write it
        (Annotated[Animal, "note"], NEW, "unknown bird"),
        (Cat | Fish, {"lives": 1}, Fish()),
        (list[Animal], [{"kind": "cat"}, NEW], [Cat(), "unknown bird"]),
        (Sequence[Animal] | str, [NEW], ["unknown bird"]),
        (tuple[Animal, ...], [NEW], ("unknown bird",)),
        (Annotated[tuple[Animal, ...], Meta(max_length=1)], [NEW], ("unknown bird",)),
        (tuple[int, str], [1, "x"], (1, "x")),
        (Union[Annotated[list[Alias], Meta(max_length=1)], None], [NEW], ["unknown bird"]),  # noqa: UP007 - Annotated has no `|` for pyright
        (dict[str, Animal], {"a": NEW}, {"a": "unknown bird"}),
        (Mapping[str, list[Animal]], {"a": [NEW]}, {"a": ["unknown bird"]}),
        (dict[str, Any], {"a": NEW}, {"a": NEW}),
        (dict, NEW, NEW),
        (list, [NEW], [NEW]),
        (Box[Animal], {"content": NEW}, Box(content="unknown bird")),
        (Box[list[int]], {"content": [1]}, Box(content=[1])),
        (Dog, {"kind": "dog", "friends": [{"kind": "dog"}, NEW]}, Dog(friends=cast("Any", [Dog(), "unknown bird"]))),
        (Point, [1, 2], Point(1, 2)),
        (Picky, {"the name": "x"}, Picky(name="x")),
    ],
)
def test_values_are_built(hint: Any, value: Any, built: Any) -> None:
    assert build(value, hint) == built


@pytest.mark.parametrize(
    ("hint", "value", "path", "reason"),
    [
        (str, 1, "$", "Expected `str`, got `int`"),
        (int | None, "x", "$", "Expected `int | null`, got `str`"),
        (int, True, "$", "Expected `int`, got `bool`"),
        (Literal["a", "b"], "c", "$", "'c' is none of 'a', 'b'"),
        (Literal["a", "b"], 5, "$", "Expected `str`, got `int`"),
        (Animal, "x", "$", "Expected `object`, got `str`"),
        (Animal, [], "$", "Expected `object`, got `array`"),
        (Box[int], {}, "$", "`content` is missing"),
        (Box[int], {"content": "x"}, "$.content", "Expected `int`, got `str`"),
        (list[Box[int]], [{"content": 1}, {"content": None}], "$[1].content", "Expected `int`, got `null`"),
        (dict[str, Cat], {"a b": {"kind": "cat", "lives": "x"}}, "$['a b'].lives", "Expected `int`, got `str`"),
        (dict[str, list[Cat]], {"a": {}}, "$.a", "Expected `array`, got `object`"),
        (Annotated[list[Animal], Meta(max_length=1)], [NEW, NEW], "$", "Expected `array` of length <= 1"),
        (Annotated[tuple[Animal, ...], Meta(max_length=1)], [NEW, NEW], "$", "Expected `array` of length <= 1"),
        (Dog, {"kind": "dog", "owner": ""}, "$.owner", "Expected `str` of length >= 1"),
        (Box[Point], {"content": [1, "x"]}, "$.content[1]", "Expected `int`, got `str`"),
        (Box[Picky], {"content": {"the name": 5}}, "$.content['the name']", "Expected `str`, got `int`"),
        (Box[Picky], {"content": {"the name": "bad"}}, "$.content", "a bad name"),
    ],
)
def test_what_does_not_fit_is_told_with_its_path(hint: Any, value: Any, path: str, reason: str) -> None:
    with pytest.raises(Mismatch) as caught:
        build(value, hint)
    assert (caught.value.path, caught.value.reason) == (path, reason)


# The same hints with other Structs in them


class Farm(Struct):
    animals: list[Animal]
    boxes: dict[str, Box[Cat] | None]
    pairs: tuple[Cat, Annotated[Dog, "note"]] | None = None
    alias: Alias | Name | None = None
    point: Point | None = None


def made_anew(hint: Any, *wanted: type[Struct]) -> tuple[Any, dict[Any, Any]]:
    made: dict[Any, Any] = {}
    new = remake(hint, wanted.__contains__, lambda cls: msgspec.defstruct(cls.__name__, [], bases=(cls,)), made)
    return new, made


def test_what_a_struct_leads_to() -> None:
    assert reachable(Farm) == {Farm, Cat, Dog, Box[Cat], Point}
    assert reachable(Dog) == {Dog, Cat}
    assert reachable(Cat) == {Cat}


def test_only_what_leads_to_a_struct_is_made_anew() -> None:
    assert made_anew(list[Farm], Fish) == (list[Farm], {})
    assert made_anew(Fish | Cat, Dog) == (Fish | Cat, {})
    new, made = made_anew(Farm | None, Cat)
    assert made.keys() == {Farm, Cat, Dog, Box[Cat]}
    farm = msgspec.json.decode(
        b"""{"animals": [{"kind": "cat"}, {"kind": "dog", "friends": [{"kind": "cat"}, {"kind": "dog"}]}],
             "boxes": {"a": {"content": {"kind": "cat"}}, "b": null},
             "pairs": [{"kind": "cat"}, {"kind": "dog"}], "alias": {"kind": "cat"}, "point": [1, 2]}""",
        type=new,
    )
    cat, dog = farm.animals
    assert [type(each) for each in (farm, cat, dog, *dog.friends)] == [
        made[each] for each in (Farm, Cat, Dog, Cat, Dog)
    ]
    assert type(farm.boxes["a"]) is made[Box[Cat]]
    assert type(farm.boxes["a"].content) is type(farm.pairs[0]) is type(farm.alias) is made[Cat]
    assert type(farm.pairs[1]) is made[Dog]
    assert type(farm.point) is Point


def test_what_was_made_is_taken() -> None:
    _, made = made_anew(Dog, Cat)
    before = dict(made)
    remake(Box[Cat], lambda cls: cls is Cat, lambda cls: msgspec.defstruct("New", [], bases=(cls,)), made)
    assert made.keys() - before.keys() == {Box[Cat]}
    assert made[Cat] is before[Cat]
