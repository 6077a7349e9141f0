"""Tools, their schemas, and the choice among them."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto import FunctionDefinition, FunctionTool
from tests.support.preflighting import CHAT, RESPONSES, found, only

PAIR = {"type": "array", "items": [{"type": "string"}, {"type": "number"}]}


def tool(**properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties}
    return {"type": "function", "function": {"name": "f", "parameters": parameters}}


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        (PAIR, ".items"),
        ({"type": "array", "items": PAIR}, ".items.items"),
        ({"anyOf": [{"type": "null"}, PAIR]}, ".anyOf[1].items"),
        ({"type": "object", "properties": {"a b": PAIR}}, ".properties['a b'].items"),
        ({"type": "object", "properties": {"default": PAIR}}, ".properties.default.items"),
        ({"type": "object", "$defs": {"enum": PAIR}}, "['$defs'].enum.items"),
        ({"not": PAIR}, ".not.items"),
        ({"if": True, "else": {"oneOf": [PAIR]}}, ".else.oneOf[0].items"),
        ({"type": "array", "prefixItems": [{}, PAIR]}, ".prefixItems[1].items"),
        ({"type": "array", "items": []}, ".items"),
    ],
)
def test_items_as_a_list(schema: dict[str, Any], place: str) -> None:
    assert found({**CHAT, "tools": [tool(a=schema)]}) == [
        ("schema_items", "refused", f"$.tools[0].function.parameters.properties.a{place}")
    ]


def test_items_as_a_list_in_the_tools_of_responses() -> None:
    function = {"type": "function", "name": "f", "parameters": {"properties": {"a": PAIR}}}
    namespace = {"type": "namespace", "name": "n", "description": "d", "tools": [function]}
    added = {"type": "additional_tools", "role": "developer", "tools": [function]}
    assert [path for _, _, path in found({**RESPONSES, "tools": [function, namespace], "input": [added]})] == [
        "$.tools[0].parameters.properties.a.items",
        "$.tools[1].tools[0].parameters.properties.a.items",
        "$.input[0].tools[0].parameters.properties.a.items",
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}, "prefixItems": [{"type": "number"}]},
        {"type": "object", "properties": {"items": {"type": "array"}}},
        {"default": {"items": [1]}, "enum": [{"items": [1]}], "const": {"items": [1]}, "examples": [{"items": [1]}]},
        {"required": ["items"]},
        {"dependentRequired": {"items": ["count"]}},
        {"x-source": {"items": [1]}},
        {"anyOf": {"items": [1]}},
        True,
    ],
)
def test_schemas_that_mimo_takes(schema: Any) -> None:
    assert found({**CHAT, "tools": [tool(a=schema)]}) == []


def test_a_tool_that_is_a_struct() -> None:
    made = FunctionTool(function=FunctionDefinition(name="f", parameters={"properties": {"a": PAIR}}))
    assert only({**CHAT, "tools": [made]}).path == "$.tools[0].function.parameters.properties.a.items"


@pytest.mark.parametrize(
    ("request_", "kind", "said"),
    [
        (CHAT, "web_search_preview", "is called web_search"),
        (CHAT, "custom", "function with one text"),
        (CHAT, "oracle", "a function of your own"),
        (RESPONSES, "web_search", "in chat completions only"),
        (RESPONSES, "oracle", "a function of your own"),
    ],
)
def test_tools_that_mimo_lacks(request_: dict[str, Any], kind: str, said: str) -> None:
    finding = only({**request_, "tools": [{"type": kind}]})
    assert (finding.code, finding.severity, finding.path) == ("foreign_tool", "refused", "$.tools[0].type")
    assert said in finding.message


def test_tools_that_mimo_has() -> None:
    assert found({**CHAT, "tools": [{"type": "web_search"}, tool()], "tool_choice": "auto"}) == []
    assert found({**RESPONSES, "tools": [{"type": "custom", "name": "c"}], "tool_choice": None}) == []


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "f"}}, "none"])
def test_a_choice_other_than_auto(choice: object) -> None:
    for request in (CHAT, RESPONSES):
        finding = only({**request, "tool_choice": choice})
        assert (finding.code, finding.severity, finding.path) == ("tool_choice", "ignored", "$.tool_choice")
        assert ("leave `tools` out" in finding.message) == (choice == "none")
