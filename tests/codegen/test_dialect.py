"""The closed dialect: what it refuses, with file, JSON path and a hint."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from codegen.diff import compare
from codegen.load import SpecError, check, load, parse, read_directory
from codegen.negatives import negatives
from codegen.prepare import document, template_data
from codegen.render import render
from codegen.shapes import find_shapes
from codegen.spec import Spec
from mimo_proto.protocol.json_types import is_array, is_object

MINI = Path(__file__).parents[1] / "fixtures/mini_spec"
SPEC = Path(__file__).parents[2] / "spec"

Files = dict[str, Any]


def definition(files: Files, name: str) -> Any:
    return next(content["$defs"][name] for content in files.values() if name in content["$defs"])


def prop(files: Files, name: str, field: str) -> Any:
    return definition(files, name)["properties"][field]


def put(name: str, field: str, **keywords: Any) -> Callable[[Files], Any]:
    return lambda files: prop(files, name, field).update({as_keyword(key): v for key, v in keywords.items()})


def as_keyword(name: str) -> str:
    return name.replace("__", "$").replace("x_", "x-")


def put_in(name: str, **keywords: Any) -> Callable[[Files], Any]:
    return lambda files: definition(files, name).update({key.replace("_", "-"): v for key, v in keywords.items()})


def set_to(name: str, field: str, schema: Any) -> Callable[[Files], Any]:
    return lambda files: definition(files, name)["properties"].update({field: schema})


def add(area: str, name: str, schema: Any) -> Callable[[Files], Any]:
    return lambda files: files[area]["$defs"].update({name: schema})


def lone(**properties: Any) -> Any:
    return {"type": "object", "description": "Another.", "x-root": "received", "properties": properties}


def text(**keywords: Any) -> Any:
    return {"type": "string", "description": "A text.", **keywords}


BREAKS: dict[str, Callable[[Files], Any]] = {
    "unknown keyword with the nearest known one": put("Request", "limit", maxmum=3),
    "unknown keyword": put("Request", "limit", zzz=3),
    "a keyword of JSON Schema that the dialect leaves out": put("Request", "limit", multipleOf=3),
    "a known keyword in the wrong place": put("Request", "limit", minLength=3),
    "a keyword that goes with another form": put("CallItem", "status", minimum=3),
    "unknown keyword of an object": put_in("Mode", additionalProperties=False),
    "unknown keyword of a union": put_in("Part", anyOf=[]),
    "unknown keyword of an enum": put_in("Status", default="completed"),
    "unknown keyword of a file": lambda files: files["parts"].update(definitions={}),
    "a value of the wrong type": put("Request", "limit", minimum="1"),
    "a boolean for a number": put("Request", "limit", minimum=True),
    "an empty description": put("Request", "limit", description=""),
    "a property without a description": lambda files: prop(files, "Request", "limit").pop("description"),
    "a definition without a description": lambda files: definition(files, "Mode").pop("description"),
    "a property without a type": lambda files: prop(files, "Request", "limit").pop("type"),
    "an unknown type": set_to("Request", "limit", {"type": "int", "description": "A number."}),
    "a type list that should be a oneOf": set_to(
        "Request", "limit", {"type": ["string", "integer"], "description": "x"}
    ),
    "a list of one type": set_to("Request", "limit", {"type": ["string"], "description": "x"}),
    "a list of no types": set_to("Request", "limit", {"type": [], "description": "x"}),
    "a type that is no text": set_to("Request", "limit", {"type": [["string"], "null"], "description": "x"}),
    "a maximum below the minimum": put("Request", "limit", minimum=9, maximum=8),
    "a maximum of more than 64 bits": put("Request", "limit", maximum=2**63),
    "a length of more than 64 bits": put("CallItem", "name", maxLength=2**63),
    "a bound that is infinite": put("Request", "temperature", maximum=float("inf")),
    "a bound that is no number": put("Request", "temperature", minimum=float("nan")),
    "a negative length": put("CallItem", "name", minLength=-1),
    "a property that is no object": set_to("Request", "limit", 3),
    "a property with a quote in its name": set_to("Mode", 'a"b', text()),
    "a property with a backslash in its name": set_to("Mode", "a\\b", text()),
    "a property with a letter in its name that Python takes for others": set_to("Mode", "ﬁt", text()),
    "a property without a name": set_to("Mode", "", text()),
    **{
        f"a keyword argument that cannot be called {name}": set_to("Request", name, text())
        for name in ("safety-mode", "from", "$ref", "_x", "1x")
    },
    "a property that hides a type": set_to("Request", "list", text()),
    "a property that hides a definition": set_to("Request", "Mode", text()),
    "a definition that is no object": add("parts", "Another", 3),
    "a name that is not PascalCase": add("parts", "an_other", lone(x=text())),
    "a name that Python takes": add("parts", "Exception", lone(x=text())),
    "a keyword as a name": add("parts", "None", lone(x=text())),
    "a name that the modules use": add("parts", "Struct", lone(x=text())),
    "a name that is generated": add("parts", "RequestFields", lone(x=text())),
    "a name twice": add("parts", "Usage", lone(x=text())),
    "a dangling $ref": put("CallItem", "status", __ref="#/$defs/Statos"),
    "a $ref into the wrong file": put("CallItem", "status", __ref="request.json#/$defs/Status"),
    "a $ref in another form": put("CallItem", "status", __ref="https://example.com/x.json"),
    "a bad x-root": put_in("Request", x_root="both"),
    "a required name that is no property": put_in("Request", required=["modle"]),
    "a required name twice": put_in("Request", required=["model", "model"]),
    "a required name that is no text": put_in("Request", required=[["model"]]),
    "an object without properties": put_in("Image", properties={}, required=[]),
    "an enum that is empty": put("Mode", "type", enum=[]),
    "an enum of numbers": put("Mode", "type", enum=[1, 2]),
    "an enum of another type": put("Mode", "type", type="integer"),
    "a value twice in an enum": put_in("Status", enum=["a", "a"]),
    "known values that are no texts": put("Request", "model", x_known=["a", 1]),
    "a known value twice": put("Request", "model", x_known=["a", "a"]),
    "no known values": put("Request", "model", x_known=[]),
    "known values of a number": put("Request", "limit", x_known=["1"]),
    "a bad pattern": put("CallItem", "name", pattern="["),
    "a oneOf of one": put("Request", "stop", oneOf=[{"type": "string"}]),
    "two members of one type": put("Request", "stop", oneOf=[{"type": "string"}, {"enum": ["a"]}]),
    "an integer beside a number": put("Request", "stop", oneOf=[{"type": "integer", "minimum": 1}, {"type": "number"}]),
    "a number beside an integer": put("Request", "stop", oneOf=[{"type": ["number", "null"]}, {"type": "integer"}]),
    "two objects without a union": put("Request", "stop", oneOf=[{"type": "object"}, {"$ref": "#/$defs/Mode"}]),
    "an enum beside a string": set_to(
        "CallItem", "status", {"oneOf": [{"$ref": "#/$defs/Status"}, {"type": "string"}], "description": "x"}
    ),
    "a oneOf in a oneOf": put(
        "Request", "stop", oneOf=[{"type": "null"}, {"oneOf": [{"type": "string"}, {"type": "array"}]}]
    ),
    "a bad member of a oneOf": put("Request", "stop", oneOf=[{"type": "null"}, {"type": "strng"}]),
    "a union without members": put_in("Part", oneOf=[]),
    "a union's member that is no reference": put_in("Part", oneOf=[{"type": "object"}]),
    "a union in a union in a union": lambda files: (
        put_in("Event", oneOf=[{"$ref": "#/$defs/OutputItem"}])(files),
        put_in("OutputItem", oneOf=[{"$ref": "#/$defs/Reply"}, {"$ref": "parts.json#/$defs/Part"}])(files),
    ),
    "a union in itself": put_in("Part", oneOf=[{"$ref": "#/$defs/TextPart"}, {"$ref": "#/$defs/Part"}]),
    "a union's member that is an enum": put_in("Part", oneOf=[{"$ref": "#/$defs/Status"}]),
    "a member twice, once in a union": put_in(
        "Event", oneOf=[{"$ref": "#/$defs/OutputItem"}, {"$ref": "#/$defs/Reply"}]
    ),
    "a union's member without a tag": put_in("Part", oneOf=[{"$ref": "#/$defs/TextPart"}, {"$ref": "#/$defs/Author"}]),
    "a union's member that does not require its tag": put_in("TextPart", required=["text"]),
    "two members with one tag": put("ImagePart", "type", const="text"),
    "members that disagree on the tag's name": lambda files: definition(files, "ImagePart").update(
        properties={"kind": {"const": "image", "description": "x"}}, required=["kind"]
    ),
    "an x-tag-default that is no tag": put_in("Item", x_tag_default="nite"),
    "an x-accepts that is no object": put_in("Item", x_accepts=["Replie"]),
    "an x-accepts that is no text": put_in("Item", x_accepts=[{}]),
    "an x-accepts that is a union": put_in("Item", x_accepts=["Part"]),
    "an x-accepts of the same file": put_in("OutputItem", x_accepts=["Usage"]),
    "an x-accepts that is a member elsewhere in the file": put_in("OutputItem", x_accepts=["CallItem"]),
    "an x-absent that is not empty": put("TextDelta", "from", x_absent="you"),
    "an x-absent of another type": put("TextDelta", "from", x_absent=[]),
    "an x-absent that is false": put("TextDelta", "from", x_absent=False),
    "an x-absent of a union of types": put("NoteItem", "text", x_absent={}),
    "an x-absent of an enum": put("Response", "status", x_absent=""),
    "an x-absent of a const": put("Response", "object", x_absent=""),
    "an x-absent of null where there is none": put("TextDelta", "from", x_absent=None),
    "an x-absent of an object that needs more": put_in("Source", required=["url"]),
    "an x-absent of a union of objects": set_to(
        "Response", "last", {"$ref": "#/$defs/OutputItem", "description": "x", "x-absent": {}}
    ),
    "an x-absent on what is sent": put("Request", "model", x_absent=""),
    "an x-absent on what is required": put("TextDelta", "delta", x_absent=""),
    "an x-absent on what nobody requires": put("TextPart", "annotations", x_absent=[]),
    "an x-absent in a list": put("TextDelta", "links", items={"type": "number", "x-absent": 0}),
    "an x-absent that is misspelt": put("TextDelta", "from", x_absnt=""),
    "a definition that contains itself": set_to("Image", "part", {"$ref": "#/$defs/ImagePart", "description": "x"}),
    "files in a circle": set_to("Image", "mode", {"$ref": "request.json#/$defs/Mode", "description": "x"}),
    "a definition that nothing uses": add("parts", "Another", {"type": "string", "enum": ["a"], "description": "x"}),
    "a wrong $id": lambda files: files["parts"].update({"$id": "https://example.com/parts.json"}),
    "a wrong draft": lambda files: files["parts"].update({"$schema": "http://json-schema.org/draft-07/schema#"}),
    "a file name that cannot be a module's": lambda files: files.update({"class": files.pop("parts")}),
    "an empty file": lambda files: files.update(empty=[]),
}


def test_takes_names_of_all_kinds_deeper_down() -> None:
    areas = parse(read_directory(MINI))
    for name in ("safety-mode", "from", "$ref", "_x", "1x", "a.b:c/d@e"):
        set_to("Mode", name, text())(areas)
    assert check(areas, "1").definitions["Mode"].properties.keys() >= {"safety-mode", "a.b:c/d@e"}


def test_the_members_of_a_union_in_a_union_are_members_of_both() -> None:
    areas = parse(read_directory(MINI))
    names = ("TextDelta", "Completed", "OutputItem")
    put_in("Event", oneOf=[{"$ref": f"#/$defs/{name}"} for name in names])(areas)
    spec = check(areas, "1")
    assert spec.definitions["Event"].members == ["TextDelta", "Completed", "Reply", "CallItem"]
    assert "\nEvent: TypeAlias = Unknown | TextDelta | Completed | Reply | CallItem\n" in render(spec)["response.py"]


@pytest.mark.parametrize("name", BREAKS)
def test_refuses(name: str, snapshot: SnapshotAssertion) -> None:
    files = {key: json.loads(value) for key, value in read_directory(MINI).items() if key != "VERSION"}
    contents: Files = {key.removesuffix(".json"): value for key, value in files.items()}
    BREAKS[name](contents)
    with pytest.raises(SpecError) as refused:
        load({"VERSION": "1", **{f"{area}.json": json.dumps(content) for area, content in contents.items()}})
    assert str(refused.value) == snapshot


# Each of these, put anywhere.
ODD: list[Any] = [
    *(None, True, -1, "x", [], [[]], [{}], ["string"], {}),
    *({"$ref": 5}, {"$ref": "#/$defs/Image"}, {"type": [[]]}, {"type": "array"}),
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container within a value, with each key of it."""
    for key, inner in [*value.items()] if is_object(value) else [*enumerate(value)] if is_array(value) else []:
        yield value, key
        yield from places(inner)


def test_whatever_is_broken_is_refused_and_never_a_traceback() -> None:
    areas = parse(read_directory(MINI))
    before = load(read_directory(MINI))
    taken = 0
    for container, key in [place for content in areas.values() for place in places(content)]:
        right = container[key]
        for odd in ODD:
            container[key] = odd
            try:
                after = check(areas, before.version)
            except SpecError:
                continue
            taken += 1
            assert negatives(after)
            # What is taken, and makes other models, is in the report.
            assert types_of_all(before) == types_of_all(after) or compare(before, after)
        container[key] = right
    assert 100 < taken < 1000


def types_of_all(spec: Spec) -> Any:
    """All that decides about the generated models but their order and their words."""
    shapes = find_shapes(spec.definitions)
    data = template_data(spec, shapes)
    for entry in data.values():
        entry.pop("docs")
        for attribute in entry.get("attributes", []):
            attribute.pop("docs", None)
    return document(spec, shapes), data


def test_all_problems_of_the_files_come_at_once() -> None:
    files = read_directory(MINI)
    files["parts.json"] = files["parts.json"].replace('"pattern"', '"patern"')
    files["request.json"] = files["request.json"].replace('"minItems": 1', '"minItem": 1')
    del files["VERSION"]
    with pytest.raises(SpecError) as refused:
        load(files)
    assert [problem.file for problem in refused.value.problems] == [
        "VERSION",
        "parts.json",
        "parts.json",
        "request.json",
    ]


def test_json_errors_name_the_file() -> None:
    with pytest.raises(SpecError) as refused:
        parse({"a.json": "{", "b.json": '{"x": {"y": 1, "y": 2}}'})
    assert [str(problem).split(":", 1)[0] for problem in refused.value.problems] == ["a.json#", "b.json#"]
    assert "'y' stands twice" in str(refused.value)


def test_takes_our_own_spec() -> None:
    spec = load(read_directory(SPEC))
    assert [*spec.areas] == sorted(spec.areas, key=[*spec.areas].index)
    assert "ChatCompletionRequest" in spec.definitions
