"""`validate`: as lenient as MiMo, precise about what it refuses, whatever form the request has."""

from __future__ import annotations

import json
import re
from collections import ChainMap, UserDict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest

from mimo_proto import models
from mimo_proto.errors import InvalidRequestError
from mimo_proto.models import (
    AssistantMessage,
    ChatCompletion,
    ChatCompletionMessage,
    ChatCompletionRequest,
    FunctionCallItem,
    FunctionDefinition,
    FunctionTool,
    MessageItem,
    OutputMessage,
    OutputText,
    Response,
    ResponseRequest,
    SystemMessage,
    TextPart,
    Thinking,
    UserMessage,
)
from mimo_proto.models.foreign_names import FOREIGN_NAMES
from mimo_proto.protocol.decode import TolerantDecoder
from mimo_proto.protocol.validate import validate
from mimo_proto.unknown import Unknown
from tests.support.schemas import properties

if TYPE_CHECKING:
    Nowhere = Any

TESTS = Path(__file__).parents[1]
EXAMPLES = sorted((TESTS.parent / "spec" / "examples").glob("*Request.*.json"))
NEGATIVES: list[dict[str, Any]] = json.loads((TESTS / "fixtures" / "negatives.json").read_bytes())

HI: dict[str, Any] = {"role": "user", "content": "hi"}
HOTTEST = float(properties("ChatCompletionRequest")["temperature"]["maximum"])


def chat(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "mimo-v2.6-pro", "messages": messages or [HI], **more}


def response(*items: Any, **more: Any) -> dict[str, Any]:
    return {"model": "mimo-v2.6-pro", "input": list(items) or "hi", **more}


def refused(request: Any, kind: Any = None) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        validate(request, kind)
    assert caught.value.__context__ is None
    assert str(caught.value).startswith(f"{caught.value.path}: ")
    return caught.value


# By the spec


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_pass_as_dicts_and_as_structs(path: Path) -> None:
    request = json.loads(path.read_bytes())
    kind: type[msgspec.Struct] = getattr(models, path.name.split(".", 1)[0])
    checked = validate(request, kind)
    assert type(checked) is kind
    assert type(validate(request)) is kind
    assert validate(checked) is checked


@pytest.mark.parametrize("vector", NEGATIVES, ids=lambda vector: f"{vector['definition']} {vector['constraint']}")
def test_negative_vectors_are_refused_at_the_right_place(vector: dict[str, Any]) -> None:
    assert refused(vector["payload"], getattr(models, vector["root"])).path == vector["path"]


def test_the_type_is_told_by_what_the_request_has() -> None:
    assert isinstance(validate(chat()), ChatCompletionRequest)
    assert isinstance(validate(response()), ResponseRequest)
    error = refused({"model": "m"})
    assert error.path == "$"
    assert '"messages" (Chat)' in str(error)


# Names


@pytest.mark.parametrize(
    ("request_", "name", "text"),
    [
        (
            chat(max_tokens=5),
            "max_tokens",
            '(it has "max_completion_tokens"); extra_body={"max_tokens": ...} sends it, and adapt_request() takes',
        ),
        (response(max_tokens=5), "max_tokens", '(it has "max_output_tokens")'),
        (chat(functions=[]), "functions", '(it has "tools")'),
        (chat(reasoning_effort="low"), "reasoning_effort", '(it has "thinking")'),
        (response(reasoning_effort="low"), "reasoning_effort", '(it has "reasoning")'),
        (response(messages=[]), "messages", '(it has "input")'),
        (chat(temprature=1), "temprature", '(it has "temperature")'),
        (chat(mood=1), "mood", '"mood" is not in MiMo\'s table; extra_body={"mood": ...} sends it'),
        (chat(n=1), "n", '"n" is not in MiMo\'s table (MiMo gives one choice'),
        (chat(stream_options={}), "stream_options", "(is not needed: a stream ends with its usage); extra_body="),
        (chat(store=True), "store", "(MiMo stores nothing"),
        (response(store=True), "store", "(MiMo stores nothing"),
        (response(previous_response_id="r"), "previous_response_id", "(MiMo keeps no history"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(request_: dict[str, Any], name: str, text: str) -> None:
    error = refused(request_, ResponseRequest if "input" in request_ else ChatCompletionRequest)
    assert error.path == f"$.{name}"
    assert text in str(error)


@pytest.mark.parametrize(("api", "request_"), [("chat", chat()), ("responses", response())])
def test_a_foreign_name_is_not_taken_for_a_slip_of_the_pen(api: str, request_: dict[str, Any]) -> None:
    kind = ChatCompletionRequest if api == "chat" else ResponseRequest
    for row in FOREIGN_NAMES:
        if row.place == "field" and api in row.endpoints:
            text = str(refused({**request_, row.name: 1}, kind))
            assert re.findall(r'it has "(\w+)"', text) == [row.to] * bool(row.to)
            assert (row.advice in text) is not bool(row.to)
            assert "adapt_request()" in text


@pytest.mark.parametrize("messages", [[], ()])
def test_a_conversation_has_a_message(messages: Any) -> None:
    error = refused({"model": "m", "messages": messages})
    assert (error.path, "at least one message" in str(error)) == ("$.messages", True)
    assert refused(ChatCompletionRequest(model="m", messages=[])).path == "$.messages"
    validate(response())
    validate({"model": "m", "input": []})


@pytest.mark.parametrize("mapping", [dict, MappingProxyType])
def test_null_content_beside_tool_calls_is_taken(mapping: Any) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    silent = mapping({"role": "assistant", "content": None, "tool_calls": [call]})
    assert validate(chat(HI, silent)) == validate(chat(HI, {**silent, "content": ""}))
    validate(ChatCompletionRequest(model="m", messages=[silent]))
    no_calls: list[dict[str, Any]] = [{}, {"tool_calls": None}, {"tool_calls": []}]
    for calls in no_calls:
        assert refused(chat({"role": "assistant", "content": None, **calls})).path == "$.messages[0].content"
    assert refused(chat({"role": "user", "content": None, "tool_calls": [call]})).path == "$.messages[0].content"


def test_a_name_that_is_no_text() -> None:
    assert refused({**chat(), 5: 5}).path == "$['5']"


def test_unknown_names_deeper_down_pass_as_mimo_ignores_them() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "", "new": 1}, "new": 1}
    validate(
        chat({**HI, "new": 1}, {"role": "assistant", "tool_calls": [call]}, thinking={"type": "enabled", "new": 1})
    )
    validate(
        response(
            {"type": "reasoning", "id": "1", "encrypted_content": "x"}, text={"format": {"type": "text"}, "new": 1}
        )
    )


# Tags


@pytest.mark.parametrize(
    ("request_", "path", "text"),
    [
        (chat({"role": "critic"}), "$.messages[0].role", "'critic' is none of 'developer', 'system', "),
        (chat({"role": 5}), "$.messages[0].role", "5 is none of"),
        (chat({"content": "hi"}), "$.messages[0]", "`role` is missing: one of 'developer', "),
        (chat({"role": "user", "content": [{"type": "file"}]}), "$.messages[0].content[0].type", "'file' is none of"),
        (response({"type": "dance"}), "$.input[0].type", "'dance' is none of"),
        (
            response(tools=[{"type": "web_search"}]),
            "$.tools[0].type",
            "'web_search' is none of 'function', 'namespace'",
        ),
    ],
)
def test_an_unknown_tag_is_refused_with_the_known(request_: dict[str, Any], path: str, text: str) -> None:
    error = refused(request_)
    assert error.path == path
    assert text in str(error)


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (chat(HI, response_format={"type": "json_schema", "json_schema": {}}), "$.response_format.type"),
        (response(text={"format": {"type": "json_schema"}}), "$.text.format.type"),
    ],
)
def test_a_schema_for_the_answer_is_refused_with_what_to_do(request_: dict[str, Any], path: str) -> None:
    error = refused(request_)
    assert error.path == path
    assert "'json_schema' is none of 'text', 'json_object' (MiMo checks no schema: " in str(error)


def test_an_unknown_object_passes_where_an_object_is_expected() -> None:
    validate(chat(Unknown({"role": "critic"}, tag_field="role")))
    validate(response(Unknown({"type": "dance"}), Unknown({}), tools=[Unknown({"type": "web_search"})]))
    assert refused(response(model=Unknown({}))).path == "$.model"


def test_an_item_without_its_type_is_a_message() -> None:
    item: dict[str, Any] = {"role": "user", "content": "hi"}
    checked = validate(response(item))
    assert isinstance(checked, ResponseRequest)
    assert checked.input == [MessageItem(role="user", content="hi")]
    assert item == {"role": "user", "content": "hi"}
    error = refused(response(item, {"role": "usr", "content": "hi"}))
    assert error.path == "$.input[1].role"
    assert "'usr' is none of 'user', 'assistant', 'system', 'developer'" in str(error)


# Forms


@pytest.mark.parametrize("mapping", [dict, MappingProxyType, UserDict, ChainMap])
def test_mappings_of_any_kind(mapping: Any) -> None:
    validate(mapping(chat(mapping(HI), mapping({"role": "user", "content": [mapping({"type": "text", "text": "x"})]}))))
    validate(response(mapping({"role": "user", "content": "hi"}), reasoning=mapping({"effort": "low"})))
    assert refused(mapping(chat(mapping({**HI, "content": 5})))).path == "$.messages[0].content"
    assert refused(mapping(chat(mapping({"role": "user"})))).path == "$.messages[0]"


def test_tuples_are_lists() -> None:
    validate(chat({"role": "user", "content": ({"type": "text", "text": "x"},)}, stop=("a", "b")))
    validate({**response(), "input": ({"role": "user", "content": ()},)})
    error = refused({**chat(), "messages": (HI, {"role": "user", "content": ("x",)})})
    assert error.path == "$.messages[1].content[0]"


def test_what_is_encoded_already_is_trusted() -> None:
    validate(chat(msgspec.Raw(b'{"role":"critic"}'), HI))
    validate(msgspec.structs.replace(ChatCompletionRequest(**chat()), messages=[msgspec.Raw(b"{}")]))


def test_structs_within_a_dict_are_checked_like_dicts() -> None:
    validate(chat(UserMessage(content="hi"), HI, thinking=Thinking(type="enabled")))
    validate({**response(), "input": [MessageItem(role="user", content="hi"), {"role": "user", "content": "hi"}]})
    assert refused(chat(HI, UserMessage(content=5))).path == "$.messages[1].content"  # type: ignore[arg-type]
    assert refused(chat(thinking=Thinking(type="on"))).path == "$.thinking.type"  # type: ignore[arg-type]
    long = FunctionTool(function=FunctionDefinition(name="f" * 65))
    for tool in (long, {"type": "function", "function": long.function}):
        assert refused(chat(tools=[tool])).path == "$.tools[0].function.name"


def test_a_struct_that_was_handed_over_is_checked_to_the_last_leaf() -> None:
    request = ChatCompletionRequest(
        model="m", messages=[SystemMessage(content="x"), UserMessage(content=[TextPart(text="x")])]
    )
    assert validate(request) is request
    for message in (UserMessage(content=5), UserMessage(content=[TextPart(text=5)]), {"role": "user"}):  # type: ignore[arg-type]
        request = ChatCompletionRequest(model="m", messages=[message])  # type: ignore[list-item]
        assert refused(request).path.startswith("$.messages[0]")
    request = ChatCompletionRequest(model="m", messages=[], temperature=HOTTEST + 0.5)
    error = refused(request)
    assert (error.path, str(error)) == ("$.temperature", f"$.temperature: Expected `float` <= {HOTTEST}")
    assert refused(ChatCompletionRequest(model="m", messages=[], stop=("a",) * 5)).path == "$.stop"
    assert refused(ChatCompletionRequest(model="m", messages=[]), ResponseRequest).path == "$.messages"


# What JSON does not have


class Colour(Enum):
    """No text, though it encodes as one."""

    RED = "red"


@pytest.mark.parametrize(
    "value",
    [datetime.now(UTC), date(2026, 1, 1), time(1), timedelta(1), UUID(int=1), b"a", bytearray(b"a"), Colour.RED],
    ids=lambda value: type(value).__name__,
)
def test_what_encodes_as_a_text_is_none(value: Any) -> None:
    for name in ("model", "temperature", "stream", "max_completion_tokens", "stop"):
        assert refused(chat(**{name: value})).path == f"$.{name}"


def test_a_decimal_is_a_number_and_no_text() -> None:
    checked = validate(chat(temperature=Decimal("0.5")))
    assert checked.temperature == 0.5
    assert refused(chat(temperature=Decimal(str(HOTTEST)) + Decimal("0.1"))).path == "$.temperature"
    for name in ("model", "stream", "max_completion_tokens"):
        assert refused(chat(**{name: Decimal(1)})).path == f"$.{name}"


# Depth


def parameters() -> list[dict[str, Any]]:
    deep: dict[str, Any] = {}
    for _ in range(500):
        deep = {"properties": deep}
    endless: dict[str, Any] = {}
    endless |= {"a": endless, "b": endless}
    return [deep, endless]


@pytest.mark.parametrize("parameters", parameters(), ids=["deep", "endless"])
def test_what_has_no_type_in_the_spec_may_be_as_deep_as_it_likes(parameters: dict[str, Any]) -> None:
    for function in (
        {"type": "function", "function": {"name": "f", "parameters": parameters}},
        {"type": "function", "function": FunctionDefinition(name="f", parameters=parameters)},
        FunctionTool(function=FunctionDefinition(name="f", parameters=parameters)),
    ):
        validate(chat(tools=[function]))
        request = ChatCompletionRequest(model="m", messages=[UserMessage(content="hi")], tools=[function])  # type: ignore[list-item]
        assert validate(request) is request


def test_what_holds_itself_is_refused_where_it_has_a_type() -> None:
    message: dict[str, Any] = {"role": "user", "content": []}
    message["content"].append(message)
    for request in (chat(message), ChatCompletionRequest(model="m", messages=[message])):  # type: ignore[list-item]
        assert refused(request).path == "$.messages[0].content[0]"


class Tree(msgspec.Struct):
    """Holds itself, as a spec of one's own may have it."""

    trees: list[Tree]


def test_what_has_no_end_is_refused() -> None:
    plain: dict[str, Any] = {"trees": []}
    plain["trees"].append(plain)
    tree = Tree([])
    tree.trees.append(tree)
    for error in (refused(tree), refused(plain, Tree)):
        assert str(error) == "$: nested too deeply, or it holds itself"


# Structs of the caller's own


class Parameters(msgspec.Struct):
    """Its hints cannot be looked up when the program runs, as with names imported for type checkers only."""

    type: str = "object"
    properties: Nowhere | None = None


class Spoken(msgspec.Struct):
    """A message; the same."""

    content: Nowhere
    role: str = "user"


def test_structs_whose_hints_name_nothing() -> None:
    function = {"type": "function", "function": {"name": "f", "parameters": Parameters()}}
    for tool in (function, FunctionTool(function=FunctionDefinition(name="f", parameters=Parameters()))):  # type: ignore[arg-type]
        for message in ({"role": "user", "content": "hi"}, Spoken("hi")):
            validate(chat(message, tools=[tool]))
            validate(ChatCompletionRequest(model="m", messages=[message], tools=[tool]))  # type: ignore[list-item]
    for request in (chat(Spoken(1)), ChatCompletionRequest(model="m", messages=[Spoken(1)])):  # type: ignore[list-item]
        assert refused(request).path == "$.messages[0].content"


# What the server sent


def test_what_the_server_added_passes() -> None:
    message = {"role": "assistant", "content": None, "mood": 1, "annotations": [{"rank": 1}], "tool_calls": None}
    data = json.dumps({"choices": [{"message": message}]}).encode()
    reply = TolerantDecoder(ChatCompletion).decode(data).choices[0].message
    assert type(reply) is not ChatCompletionMessage
    item = {"type": "message", "id": None, "role": "assistant", "content": [{"type": "poem"}], "mood": 1}
    call = {"type": "function_call", "call_id": "1", "name": "f", "arguments": "", "mood": 1}
    output = TolerantDecoder(Response).decode(json.dumps({"output": [item, call, {"type": "dance"}]}).encode()).output
    assert isinstance(output[0], OutputMessage)
    assert isinstance(output[1], FunctionCallItem)
    for more in ([], [HI]):
        validate(chat(reply, *more))
        validate(response(*output, *more))
    validate(ChatCompletionRequest(model="m", messages=[reply]))
    validate(ResponseRequest(model="m", input=output))
    validate(response(OutputMessage(content=[OutputText(text="hi")], role="assistant")))


@pytest.mark.parametrize("role", [{}, {"role": None}, {"role": "critic"}, {"role": "critic", "mood": 1}])
def test_what_the_server_said_goes_back_as_it_came(role: dict[str, Any]) -> None:
    message = {"type": "message", "content": [{"type": "reasoning_text", "text": "hi"}, {"type": "poem"}], **role}
    output = TolerantDecoder(Response).decode(json.dumps({"output": [message]}).encode()).output
    choice = {"message": {"content": "hi", **role}}
    reply = TolerantDecoder(ChatCompletion).decode(json.dumps({"choices": [choice]}).encode()).choices[0].message
    for more in ([], [HI]):
        validate(response(*output, *more))
        validate(chat(reply, *more))
    validate(ResponseRequest(model="m", input=output))
    validate(ChatCompletionRequest(model="m", messages=[reply]))


def test_what_the_server_said_with_models_of_an_overlay_goes_back_too() -> None:
    mine = msgspec.defstruct("ChatCompletionMessage", [("mood", int), ("content", str)], omit_defaults=True)
    item = msgspec.defstruct("OutputMessage", [("mood", int)], tag_field="type", tag="message", omit_defaults=True)
    validate(chat(mine(mood=1, content="hi")))
    validate(response(item(mood=1)))


def test_a_reply_where_none_belongs_is_refused() -> None:
    reply = ChatCompletionMessage(content="hi")
    assert refused(response(reply)).path == "$.input[0]"
    assert refused(chat({"role": "user", "content": [reply]})).path == "$.messages[0].content[0]"
    assert refused(chat(OutputMessage(content=[]))).path == "$.messages[0]"
    assert refused(ChatCompletionRequest(model="m", messages=[OutputMessage(content=[])])).path == "$.messages[0]"  # type: ignore[list-item]
    assert refused(chat(thinking=reply)).path == "$.thinking"
    assert validate(reply) is reply


def test_a_struct_that_does_not_belong_there_is_refused() -> None:
    assert refused(chat(TextPart(text="x"))).path == "$.messages[0]"
    assert (
        refused(response(AssistantMessage(content="x"), model="m", reasoning=TextPart(text="x"))).path == "$.reasoning"
    )
    assert refused(chat(model=TextPart(text="x"))).path == "$.model"
    assert refused(chat(model={"a": 1})).path == "$.model"
    assert refused(chat(model=MappingProxyType({}))).path == "$.model"
    assert refused(chat(model=("a",))).path == "$.model"
