"""`function_tool`: a Struct made a tool."""

from __future__ import annotations

import dataclasses
import enum
import json
from typing import Annotated, Any, Generic, Literal, TypedDict, TypeVar

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec import UNSET, Meta, Struct, UnsetType

from mimo_proto import ChatCompletionRequest, ConfigurationError, FunctionTool, function_tool, user, validate
from mimo_proto.protocol.json_types import is_array, is_object

T = TypeVar("T")


class Place(Struct):
    """Where something is."""

    city: Annotated[str, Meta(description="The city's name.", examples=["Wuhan"], min_length=1)]


class Unit(enum.Enum):
    """A scale."""

    CELSIUS = "celsius"
    KELVIN = "kelvin"


class GetWeather(Struct, forbid_unknown_fields=True, rename="camel"):
    """Tell the weather.

    Of today and the days to come.
    """

    at_place: Annotated[Place, Meta(description="Where to look.")]
    days: Annotated[int, Meta(ge=1, le=7)] = 1
    unit: Unit = Unit.CELSIUS
    via: list[Place] = []
    pair: tuple[int, str] | UnsetType = UNSET


class Circle(Struct, tag="circle"):
    """A circle."""

    radius: float


class Square(Struct, tag="square"):
    """A square."""

    side: float


class Draw(Struct):
    """Draw a shape."""

    discriminator: Circle | Square
    default: Place | None = None


class Folder(Struct):
    """A folder with folders."""

    name: str
    folders: list[Folder] = []


class Tree(Struct):
    """A tree of folders."""

    root: Folder
    spare: Folder | None = None


class Husband(Struct):
    """Has a wife."""

    wife: Wife | None = None


class Wife(Struct):
    """Has a husband."""

    husband: Husband | None = None


class Everywhere(Struct):
    """Has definitions wherever a schema may stand."""

    by_unit: dict[Unit, Place]
    pair: tuple[Place, Unit]
    either: Circle | Square | None = None


class Box(Struct, Generic[T]):
    content: T


class Listed(Struct, array_like=True):
    """Is an array in JSON."""

    x: int


class Own(Struct):
    """Has schemas that the caller wrote."""

    elsewhere: Annotated[Any, Meta(extra_json_schema={"$ref": "https://example.com/schema.json"})]
    nowhere: Annotated[Any, Meta(extra_json_schema={"$ref": "#/$defs/Nothing"})]
    place: Annotated[Place, Meta(extra_json_schema={"not": {"required": ["x"]}, "examples": [{"items": [1]}]})]


class Odd(Struct):
    """Has schemas that are none."""

    x: Annotated[Any, Meta(extra_json_schema={"description": 3, "properties": "x", "anyOf": "x", "$ref": 3})]


PAIR = {"type": "array", "items": [{"type": "integer"}, {}]}


class Pair(Struct):
    """Has a schema of its own, in the words of older drafts."""

    both: Annotated[Any, Meta(extra_json_schema=PAIR)]


class NoPair(Struct):
    """Has such a schema in one of its own."""

    other: Annotated[Any, Meta(extra_json_schema={"not": {"oneOf": [{"patternProperties": {"x": PAIR}}]}})]


@dataclasses.dataclass
class Move:
    """Move on."""

    steps: int


class Turn(TypedDict):
    """Turn round."""

    side: Literal["left", "right"]


def schema_of(arguments: Any) -> dict[str, Any]:
    """The parameters of the tool, as they are sent."""
    sent = json.loads(msgspec.json.encode(function_tool(arguments)))
    parameters: dict[str, Any] = sent["function"]["parameters"]
    return parameters


def keys_in(value: Any) -> set[str]:
    """Every key at any depth."""
    if is_object(value):
        return set(value) | {key for each in value.values() for key in keys_in(each)}
    return {key for each in value for key in keys_in(each)} if is_array(value) else set()


def test_a_tool_is_sent_like_this() -> None:
    assert json.loads(msgspec.json.encode(function_tool(GetWeather))) == {
        "type": "function",
        "function": {
            "name": "GetWeather",
            "description": "Tell the weather.\n\nOf today and the days to come.",
            "parameters": {
                "type": "object",
                "properties": {
                    "atPlace": {
                        "title": "Place",
                        "description": "Where to look.",
                        "type": "object",
                        "properties": {
                            "city": {
                                "type": "string",
                                "description": "The city's name.",
                                "examples": ["Wuhan"],
                                "minLength": 1,
                            }
                        },
                        "required": ["city"],
                    },
                    "days": {"type": "integer", "minimum": 1, "maximum": 7, "default": 1},
                    "unit": {
                        "title": "Unit",
                        "description": "A scale.",
                        "enum": ["celsius", "kelvin"],
                        "default": "celsius",
                    },
                    "via": {
                        "type": "array",
                        "items": {
                            "title": "Place",
                            "description": "Where something is.",
                            "type": "object",
                            "properties": {
                                "city": {
                                    "type": "string",
                                    "description": "The city's name.",
                                    "examples": ["Wuhan"],
                                    "minLength": 1,
                                }
                            },
                            "required": ["city"],
                        },
                        "default": [],
                    },
                    "pair": {
                        "type": "array",
                        "minItems": 2,
                        "maxItems": 2,
                        "prefixItems": [{"type": "integer"}, {"type": "string"}],
                        "items": False,
                    },
                },
                "required": ["atPlace"],
                "additionalProperties": False,
            },
        },
    }


@pytest.mark.parametrize("arguments", [GetWeather, Draw, Tree, Folder, Husband, Everywhere, Box[Place], Move, Turn])
def test_the_parameters_are_a_schema_of_2020_12_without_lists_of_items(arguments: Any) -> None:
    schema = schema_of(arguments)
    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert not keys_in(schema) & {"mapping", "propertyName"}
    validate({"model": "mimo-v2.6-pro", "messages": [user("hi")], "tools": [function_tool(arguments, name="f")]})


@pytest.mark.parametrize("arguments", [GetWeather, Draw, Everywhere, Box[Place], Box[Box[Place]]])
def test_what_refers_to_definitions_has_them_in_its_place(arguments: Any) -> None:
    assert not keys_in(schema_of(arguments)) & {"$ref", "$defs"}


def test_definitions_hold_wherever_they_stand() -> None:
    validator: Any = Draft202012Validator(schema_of(Everywhere))
    place = {"city": "Wuhan"}
    assert validator.is_valid({"by_unit": {"kelvin": place}, "pair": [place, "celsius"]})
    assert not validator.is_valid({"by_unit": {"kelvin": {}}, "pair": [place, "celsius"]})
    assert not validator.is_valid({"by_unit": {"kelvin": place}, "pair": [place, "rankine"]})


def test_types_that_hold_each_other() -> None:
    schema = schema_of(Husband)
    validator: Any = Draft202012Validator(schema)
    assert validator.is_valid({"wife": {"husband": {"wife": {"husband": None}}}})
    assert not validator.is_valid({"wife": {"husband": {"wife": {"husband": 3}}}})


def test_kinds_that_hold_each_other_do_not_multiply() -> None:
    """As the nodes of a formula or a query do: each kind stands in the schema once."""
    kinds = [f"Kind{number}" for number in range(12)]
    field = ("inner", " | ".join(kinds))
    globals().update({kind: msgspec.defstruct(kind, [field], tag=True, module=__name__) for kind in kinds})
    schema = schema_of(msgspec.defstruct("Formula", [field], module=__name__))
    assert sorted(schema["$defs"]) == sorted(kinds)
    assert len(json.dumps(schema)) < 20_000


def test_schemas_of_the_callers_own() -> None:
    properties = schema_of(Own)["properties"]
    assert properties["elsewhere"] == {"$ref": "https://example.com/schema.json"}
    assert properties["nowhere"] == {"$ref": "#/$defs/Nothing"}
    assert properties["place"]["title"] == "Place"
    assert properties["place"]["not"] == {"required": ["x"]}
    assert schema_of(Odd)["properties"]["x"] == {"description": 3, "properties": "x", "anyOf": "x", "$ref": 3}


def test_a_field_may_be_called_like_a_keyword() -> None:
    properties = schema_of(Draw)["properties"]
    assert [each["title"] for each in properties["discriminator"]["anyOf"]] == ["Circle", "Square"]
    assert properties["default"]["anyOf"][0]["title"] == "Place"


@pytest.mark.parametrize("arguments", [Tree, Folder])
def test_a_type_that_holds_itself_stays_a_definition(arguments: Any) -> None:
    schema = schema_of(arguments)
    assert list(schema["$defs"]) == ["Folder"]
    validator: Any = Draft202012Validator(schema)
    inner = {"name": "a", "folders": [{"name": "b", "folders": [{"name": "c"}]}]}
    wrong = {"name": "a", "folders": [{"name": "b", "folders": [{"name": 3}]}]}
    assert validator.is_valid({"root": inner} if arguments is Tree else inner)
    assert not validator.is_valid({"root": wrong} if arguments is Tree else wrong)


def test_name_and_description_may_be_given() -> None:
    function = function_tool(Move, name="move_on", description="Go.").function
    assert (function.name, function.description) == ("move_on", "Go.")
    assert "description" not in schema_of(Move)


def test_without_a_docstring_there_is_no_description() -> None:
    tool = function_tool(Box[int])
    assert isinstance(tool, FunctionTool)
    assert (tool.function.name, tool.function.description) == ("Box", UNSET)


def test_a_tool_goes_into_a_request() -> None:
    request = ChatCompletionRequest(model="mimo-v2.6-pro", messages=[user("hi")], tools=[function_tool(GetWeather)])
    assert validate(request) is request


@pytest.mark.parametrize(
    ("arguments", "name", "said"),
    [
        (Place, "get weather", "'get weather' cannot be the name of a function"),
        (Place, "", "'' cannot be the name of a function"),
        (Place, "x" * 65, "cannot be the name of a function"),
        (int, None, "is none"),
        (Listed, None, "is none"),
        (Circle | Square, "draw", "is none"),
        (object, None, "has no JSON Schema"),
        (Pair, None, "`items` is a list"),
        (NoPair, None, "`items` is a list"),
        (Box[object], None, "has no JSON Schema"),
    ],
)
def test_what_makes_no_tool(arguments: Any, name: str | None, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        function_tool(arguments, name=name)
    assert caught.value.__context__ is None
