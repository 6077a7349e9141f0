"""`adapt_request`: what other clients send comes out as MiMo takes it, and nothing goes without a trace."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    Adapted,
    Client,
    Endpoint,
    Finding,
    InvalidRequestError,
    LocalProtocolError,
    adapt_request,
    user,
    validate,
)
from mimo_proto.models.foreign_names import FOREIGN_NAMES, ForeignName
from tests.support.schemas import properties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mimo_proto.testing import LoopbackServer

FOREIGN = sorted((Path(__file__).parents[1] / "fixtures" / "foreign").glob("*.json"))
SAID: Any = {
    "chat": (CHAT_COMPLETIONS, {"model": "mimo-v2.6-pro", "messages": [{"role": "user", "content": "hi"}]}),
    "responses": (RESPONSES, {"model": "mimo-v2.6-pro", "input": "hi"}),
}


def adapt(api: str, options: dict[str, Any] | None = None, /, **fields: Any) -> Adapted:
    """Adapt a short request with more fields."""
    endpoint, body = SAID[api]
    return adapt_request(endpoint, {**body, **fields}, **(options or {}))


def added(api: str, options: dict[str, Any] | None = None, /, **fields: Any) -> dict[str, Any]:
    """The fields that come out beside those of the short request."""
    body = adapt(api, options, **fields).body
    return {name: value for name, value in body.items() if name not in SAID[api][1]}


def refused(api: str, options: dict[str, Any] | None = None, /, **fields: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        adapt(api, options, **fields)
    assert caught.value.__context__ is None
    assert str(caught.value).startswith(f"{caught.value.path}: ")
    return caught.value


def codes(adapted: Adapted) -> list[tuple[str, str]]:
    return [(note.code, note.path) for note in adapted.notes]


# Whole bodies


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.stem)
def test_bodies_of_other_clients_pass(path: Path) -> None:
    body = json.loads(path.read_bytes())
    before = copy.deepcopy(body)
    endpoint: Endpoint[Any, Any, Any] = RESPONSES if "input" in body else CHAT_COMPLETIONS
    adapted = adapt_request(endpoint, body)
    validate(adapted.body, endpoint.request)
    assert adapted.body != body
    assert body == before
    again = adapt_request(endpoint, adapted.body)
    assert again.body is adapted.body
    assert (again.notes, again.dropped) == ([], [])


# The other histories lack the thinking beside their tool calls, which no table can bring back.
WHOLE = [path for path in FOREIGN if path.name not in ("ai-sdk.openai-chat.json", "continue.chat.json")]


@pytest.mark.wrong_requests  # deeper down they have names that MiMo ignores
@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_what_comes_out_passes_mimos_rules(path: Path, server: LoopbackServer) -> None:
    body = json.loads(path.read_bytes())
    endpoint: Endpoint[Any, Any, Any] = RESPONSES if "input" in body else CHAT_COMPLETIONS
    with (
        Client(server.api_key, server.base_url) as client,
        client.stream(endpoint, adapt_request(endpoint, body).body) as s,
    ):
        assert s.result()


def test_those_bodies_are_there() -> None:
    assert len(FOREIGN) == 8


def test_what_codex_sends_and_what_goes_to_mimo() -> None:
    body = json.loads(next(path for path in FOREIGN if path.name == "codex.responses.json").read_bytes())
    adapted = adapt_request(RESPONSES, body)
    assert list(adapted.body) == ["model", "instructions", "input", "tools", "tool_choice", "reasoning", "stream"]
    assert adapted.body["reasoning"] == {"effort": "xhigh"}
    assert [tool["type"] for tool in adapted.body["tools"]] == ["function", "custom"]
    assert adapted.body["tools"][1] is body["tools"][1]
    assert [item["type"] for item in adapted.body["input"]] == [
        *("message", "message", "reasoning", "function_call", "function_call_output", "message"),
        *("custom_tool_call", "custom_tool_call_output", "additional_tools", "message"),
    ]
    assert [note.path for note in adapted.notes if note.code == "changed"] == [
        *("$.parallel_tool_calls", "$.tools[2]", "$.tools[3]", "$.tools[4]"),
        *("$.input[9]", "$.input[10]", "$.input[11]", "$.input[12].tools[0]"),
    ]


@pytest.mark.parametrize("api", SAID)
def test_what_is_in_order_is_handed_on_as_it_is(api: str) -> None:
    endpoint, body = SAID[api]
    adapted = adapt_request(endpoint, body)
    assert adapted == Adapted(body, [], [])
    assert adapted.body is body
    changed = adapt_request(endpoint, {**body, "seed": 1}).body
    assert changed == body
    assert all(changed[name] is body[name] for name in body)


def test_only_what_leads_to_a_change_is_copied() -> None:
    silent: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": []}
    parts: list[Any] = [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": "https://example.com/a.png"}]
    messages = [{"role": "user", "content": "hi"}, silent, {"role": "user", "content": parts}]
    out = adapt("chat", messages=messages).body["messages"]
    assert out[0] is messages[0]
    assert out[1] == {"role": "assistant", "content": "", "tool_calls": []}
    assert out[1]["tool_calls"] is silent["tool_calls"]
    assert out[2]["content"][0] is parts[0]
    assert parts[1]["image_url"] == "https://example.com/a.png"


def test_any_mapping_and_what_is_encoded_already() -> None:
    body = adapt_request(CHAT_COMPLETIONS, MappingProxyType({**SAID["chat"][1], "user": "x"})).body
    assert body == SAID["chat"][1]
    for message in (user("hi"), msgspec.Raw(b'{"role":"user","content":"hi"}')):
        assert adapt("chat", messages=[message], seed=1).body["messages"] == [message]


@pytest.mark.parametrize("body", [None, 5, "x", b"{}", [], [{"model": "m"}], {}])
def test_what_is_no_request_is_refused(body: Any) -> None:
    for endpoint in (CHAT_COMPLETIONS, RESPONSES):
        with pytest.raises(InvalidRequestError) as caught:
            adapt_request(endpoint, body)
        assert caught.value.path == "$"
    with pytest.raises(LocalProtocolError, match="models takes no body"):
        adapt_request(MODELS, {})


class Short(msgspec.Struct):
    """A request of a spec of one's own: a field more, and most of them less."""

    messages: list[dict[str, Any]]
    seed: int = 0


def test_what_an_endpoint_of_ones_own_has_is_not_foreign() -> None:
    types: dict[str, Any] = {"request": Short, "reply": Any, "event": Any}
    endpoint: Endpoint[Any, Any, Any] = CHAT_COMPLETIONS.with_types(**types)
    body = {"messages": [{"role": "user", "content": "hi"}], "seed": 1}
    assert adapt_request(endpoint, body).body is body
    adapted = adapt_request(endpoint, {**body, "logprobs": True, "temperature": 1})
    assert (adapted.body, adapted.dropped) == (body, ["logprobs", "temperature"])


# Any JSON

NAMES = sorted({row.name for row in FOREIGN_NAMES} | {"model", "messages", "input", "thinking", "role", "content"})
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
WORDS = SCALARS | st.sampled_from([*NAMES, "user", "assistant", "message", "none", "json_schema", "auto", "text"])
KEYS = st.text(max_size=5) | st.sampled_from(
    [*NAMES, "type", "tools", "tool_calls", "call_id", "image_url", "input_audio", "data", "format", "detail", "output"]
)
ANY_JSON = st.recursive(
    WORDS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=20
)


@given(body=ANY_JSON, unknown=st.sampled_from(["drop", "keep", "refuse"]), keep=st.sets(st.sampled_from(NAMES)))
def test_any_json_is_adapted_or_refused(body: Any, unknown: Any, keep: set[str]) -> None:
    before = copy.deepcopy(body)
    for endpoint in (CHAT_COMPLETIONS, RESPONSES):
        with suppress(InvalidRequestError):
            adapt_request(endpoint, body, keep=keep, unknown=unknown)
    assert body == before


def problem_of(body: Any, endpoint: Any) -> str:
    """What `validate` says against a body; "" where it passes."""
    try:
        validate(body, endpoint.request)
    except InvalidRequestError as error:
        return str(error)
    return ""


@given(fields=st.dictionaries(KEYS, ANY_JSON, max_size=6), items=st.lists(ANY_JSON, min_size=1, max_size=4))
def test_what_comes_out_passes_the_check(fields: dict[str, Any], items: list[Any]) -> None:
    for api, (endpoint, body) in SAID.items():
        name = "messages" if api == "chat" else "input"
        for more in (fields, {name: items}):
            with suppress(InvalidRequestError):
                adapted = adapt_request(endpoint, {**body, **more})
                problem = problem_of(adapted.body, endpoint)
                assert problem == ""
                msgspec.json.encode(adapted.notes)


# The table

FIELDS = [(api, row) for row in FOREIGN_NAMES if row.place == "field" for api in row.endpoints]
# What real clients send, and `validate` refuses.
SENT = {
    "chat": "max_tokens stream_options parallel_tool_calls reasoning_effort n seed user logprobs top_logprobs metadata "
    "store service_tier prompt_cache_key prompt_cache_retention safety_identifier verbosity modalities logit_bias "
    "prediction functions function_call web_search_options top_k repetition_penalty enable_thinking "
    "chat_template_kwargs reasoning max_output_tokens",
    "responses": "store include parallel_tool_calls prompt_cache_key prompt_cache_retention service_tier user metadata "
    "client_metadata safety_identifier truncation previous_response_id conversation background max_tool_calls "
    "stream_options top_logprobs prompt context_management max_tokens max_completion_tokens reasoning_effort stop",
}
# Values of the renamed fields that are more than another name for a number, and what is sent for them.
RENAMED: dict[tuple[str, str], tuple[Any, dict[str, Any]]] = {
    ("chat", "reasoning_effort"): ("low", {"thinking": {"type": "enabled"}}),
    ("chat", "reasoning"): ({"enabled": False}, {"thinking": {"type": "disabled"}}),
    ("chat", "enable_thinking"): (False, {"thinking": {"type": "disabled"}}),
    ("chat", "think"): ("high", {"thinking": {"type": "enabled"}}),
    ("chat", "chat_template_kwargs"): ({"enable_thinking": False}, {"thinking": {"type": "disabled"}}),
    ("chat", "text"): ({"format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}),
    ("responses", "reasoning_effort"): ("minimal", {"reasoning": {"effort": "minimal"}}),
    ("responses", "thinking"): ({"type": "disabled"}, {"reasoning": {"effort": "none"}}),
    ("responses", "enable_thinking"): (True, {"reasoning": {"effort": "medium"}}),
    ("responses", "think"): (False, {"reasoning": {"effort": "none"}}),
    ("responses", "chat_template_kwargs"): ({"thinking": True}, {"reasoning": {"effort": "medium"}}),
    ("responses", "response_format"): ({"type": "json_object"}, {"text": {"format": {"type": "json_object"}}}),
}


@pytest.mark.parametrize("api", SAID)
def test_the_table_has_what_clients_send(api: str) -> None:
    assert set(SENT[api].split()) <= {row.name for of, row in FIELDS if of == api}


@pytest.mark.parametrize(("api", "row"), FIELDS, ids=lambda value: getattr(value, "name", value))
def test_each_row_does_what_it_says(api: str, row: ForeignName) -> None:
    assert row.advice
    assert row.source
    usual: tuple[Any, dict[str, Any]] = (1, {row.to: 1}) if row.act == "renamed" else ("x", {})
    value, sent = RENAMED.get((api, row.name), usual)
    if row.act == "refused":
        error = refused(api, **{row.name: value})
        assert error.path == f"$.{row.name}"
        assert row.advice in str(error)
    else:
        adapted = adapt(api, **{row.name: value})
        assert adapted.body == {**SAID[api][1], **sent}
        notes = [] if row.act == "dropped" else [(row.act, f"$.{row.name}")]
        assert codes(adapted) == notes
        assert all(row.advice in note.message and note.source == row.source for note in adapted.notes)
        assert adapted.dropped == ([] if row.act == "renamed" else [row.name])
    kept = adapt(api, {"keep": {row.name}}, **{row.name: value})
    assert kept == Adapted({**SAID[api][1], row.name: value}, [], [])
    for harmless in row.harmless:
        adapted = adapt(api, **{row.name: harmless})
        assert (adapted.body, codes(adapted), adapted.dropped) == (SAID[api][1], [], [row.name])


@pytest.mark.parametrize(("api", "row"), FIELDS, ids=lambda value: getattr(value, "name", value))
def test_null_is_absent_whatever_the_name(api: str, row: ForeignName) -> None:
    adapted = adapt(api, **{row.name: None})
    assert adapted == Adapted(SAID[api][1], [], [])


def test_instructions_are_not_lost() -> None:
    assert "role system" in str(refused("chat", instructions="Be brief."))
    assert added("responses", instructions="Be brief.") == {"instructions": "Be brief."}


def test_the_table_says_each_thing_once() -> None:
    keys = [(api, row.place, row.name) for row in FOREIGN_NAMES for api in row.endpoints]
    assert len(keys) == len(set(keys))
    for row in FOREIGN_NAMES:
        assert (row.act == "renamed") <= bool(row.to)


def test_a_truth_value_is_no_number() -> None:
    assert refused("chat", n=True).path == "$.n"
    assert adapt("chat", n=1.0).notes == []
    assert codes(adapt("chat", store=0)) == [("changed", "$.store")]


# Names that no table has


def test_an_unknown_name() -> None:
    adapted = adapt("chat", mood="glad")
    assert adapted.body == SAID["chat"][1]
    assert adapted.dropped == ["mood"]
    assert codes(adapted) == [("dropped", "$.mood")]
    assert added("chat", {"unknown": "keep"}, mood="glad") == {"mood": "glad"}
    error = refused("chat", {"unknown": "refuse"}, mood="glad")
    assert error.path == "$.mood"
    assert "keep={'mood'}" in str(error)


def test_one_name_to_keep_may_be_a_text() -> None:
    assert added("chat", {"keep": "seed"}, seed=1, user="x") == {"seed": 1}


def test_a_kept_name_is_not_looked_at() -> None:
    for value in (None, 5, "x", {"a": None}, [None]):
        for name in ("temperature", "thinking", "messages", "tools", "tool_choice", "stop", "response_format"):
            assert adapt("chat", {"keep": {name}}, **{name: value}).body[name] is value
        for name in ("reasoning", "input", "text", "max_output_tokens"):
            assert adapt("responses", {"keep": {name}}, **{name: value}).body[name] is value
    assert refused("chat", {"keep": {"temperature"}}, temperature=9, stream="x").path == "$.stream"


def test_types_and_roles_are_kept_too() -> None:
    file = {"type": "file", "file": {"file_id": "f", "file_data": None}}
    called = {"role": "assistant", "content": "", "function_call": {"name": "f", "arguments": "{}"}}
    messages = [{"role": "function", "name": "f", "content": None}, {"role": "user", "content": [file]}, called]
    tools = [{"type": "custom", "custom": {"name": "p"}}, {"type": "dance"}]
    keep = {"function", "file", "function_call", "custom", "dance"}
    kept = adapt("chat", {"keep": keep}, messages=messages, tools=tools, seed=1)
    assert kept.body == {"model": "mimo-v2.6-pro", "messages": messages, "tools": tools}
    assert kept.dropped == ["seed"]
    for name in keep:
        with pytest.raises(InvalidRequestError):
            adapt("chat", {"keep": keep - {name}}, messages=messages, tools=tools)
    items = [{"type": "item_reference", "id": "r1"}, {"type": "web_search_call", "id": "w1"}]
    kept = adapt(
        "responses", {"keep": {"item_reference", "web_search_call", "mcp"}}, input=items, tools=[{"type": "mcp"}]
    )
    assert kept == Adapted({**SAID["responses"][1], "input": items, "tools": [{"type": "mcp"}]}, [], [])
    assert refused("chat", {"keep": {"file"}}, stream="x").path == "$.stream"


def test_another_name_for_a_kept_one_is_renamed_all_the_same() -> None:
    assert added("chat", {"keep": {"max_completion_tokens"}}, max_tokens=10**6) == {"max_completion_tokens": 10**6}
    assert added("chat", {"keep": {"thinking"}}, enable_thinking=True) == {"thinking": {"type": "enabled"}}


# Renamed


def test_mimos_own_name_wins_and_then_the_order_of_the_table() -> None:
    adapted = adapt("chat", max_tokens=5, max_completion_tokens=7)
    assert (adapted.body["max_completion_tokens"], adapted.dropped) == (7, ["max_tokens"])
    adapted = adapt("responses", max_tokens=5, max_completion_tokens=7)
    assert (adapted.body["max_output_tokens"], adapted.dropped) == (7, ["max_tokens"])
    assert added("chat", reasoning_effort="high", thinking={"type": "disabled"}) == {"thinking": {"type": "disabled"}}
    assert added("chat", max_tokens=5, max_completion_tokens=None) == {"max_completion_tokens": 5}
    disabled = added("responses", reasoning_effort="high", thinking={"type": "disabled"})
    assert disabled == {"reasoning": {"effort": "none"}}


def test_a_name_of_mimos_that_says_nothing_does_not_win() -> None:
    effort = {"summary": "auto", "effort": None}
    adapted = adapt("responses", reasoning=effort, reasoning_effort="none")
    assert (adapted.body["reasoning"], adapted.dropped) == ({"effort": "none"}, ["reasoning.summary"])
    assert added("chat", thinking={"budget_tokens": 1}, reasoning_effort="none") == {"thinking": {"type": "disabled"}}
    json_mode = {"type": "json_object"}
    assert added("responses", text={"verbosity": "low"}, response_format=json_mode) == {"text": {"format": json_mode}}


@pytest.mark.parametrize("off", ["none", False, 0, "disabled", "off", {"effort": "none"}, {"type": "disabled"}])
def test_thinking_is_off(off: Any) -> None:
    for name in ("thinking", "reasoning", "reasoning_effort"):
        assert added("chat", **{name: off}) == {"thinking": {"type": "disabled"}}
        assert added("responses", **{name: off}) == {"reasoning": {"effort": "none"}}


@pytest.mark.parametrize("on", ["low", "adaptive", True, {"effort": "xhigh"}, {"type": "auto"}, 5])
def test_thinking_is_on(on: Any) -> None:
    for name in ("thinking", "reasoning", "reasoning_effort"):
        assert added("chat", **{name: on}) == {"thinking": {"type": "enabled"}}
        assert added("responses", **{name: on})["reasoning"]["effort"] in ("low", "xhigh", "medium")


def test_thinking_in_other_forms_of_the_same_name_is_noted() -> None:
    assert codes(adapt("chat", thinking=True)) == [("renamed", "$.thinking")]
    assert codes(adapt("responses", reasoning={"enabled": True})) == [("renamed", "$.reasoning")]
    budget = {"type": "enabled", "budget_tokens": 1024}
    assert adapt("chat", thinking=budget).body["thinking"] is budget


def test_what_says_nothing_of_thinking_is_left_out() -> None:
    for value in ("", {}, {"exclude": True}, {"effort": None}, {"effort": ""}):
        adapted = adapt("chat", reasoning=value)
        assert (adapted.body, adapted.dropped) == (SAID["chat"][1], ["reasoning"])
        assert added("responses", reasoning=value) == {}
    assert adapt("chat", thinking={}) == Adapted(SAID["chat"][1], [], ["thinking"])
    adapted = adapt("responses", reasoning={"effort": "low", "summary": "auto", "context": None})
    assert adapted.body["reasoning"] == {"effort": "low"}
    assert (adapted.dropped, adapted.notes) == (["reasoning.summary", "reasoning.context"], [])


# The form of the answer

SCHEMA = {"name": "city", "strict": True, "schema": {"type": "object", "default": None}}


@pytest.mark.parametrize(
    ("api", "field", "path"),
    [
        ("chat", {"response_format": {"type": "json_schema", "json_schema": SCHEMA}}, "$.response_format"),
        ("chat", {"text": {"format": {"type": "json_schema", **SCHEMA}}}, "$.response_format"),
        ("responses", {"text": {"format": {"type": "json_schema", **SCHEMA}}}, "$.text.format"),
        ("responses", {"response_format": {"type": "json_schema", "json_schema": SCHEMA}}, "$.text.format"),
    ],
)
def test_a_schema_for_the_answer(api: str, field: dict[str, Any], path: str) -> None:
    error = refused(api, **field)
    assert error.path == f"{path}.type"
    assert 'json_schema="json_object"' in str(error)
    kept = {"type": "json_schema", "json_schema": SCHEMA}
    flat = {"format": {"type": "json_schema", **SCHEMA}}
    assert added(api, {"json_schema": "keep"}, **field) == (
        {"response_format": kept} if api == "chat" else {"text": flat}
    )
    adapted = adapt(api, {"json_schema": "json_object"}, **field)
    plain = {"type": "json_object"}
    assert adapted.body == {
        **SAID[api][1],
        **({"response_format": plain} if api == "chat" else {"text": {"format": plain}}),
    }
    assert ("changed", path) in codes(adapted)


def test_the_form_of_the_answer_else() -> None:
    for form in ({"type": "text"}, {"type": "json_object"}):
        assert adapt("chat", response_format=form).body["response_format"] is form
        text = {"format": form}
        assert adapt("responses", text=text).body["text"] is text
    assert refused("chat", response_format={"type": "grammar"}).path == "$.response_format.type"
    assert refused("responses", response_format=5).path == "$.text.format"
    assert refused("responses", text=5).path == "$.text"
    assert added("chat", text={"verbosity": "low"}) == added("chat", text=5) == {}
    adapted = adapt("responses", text={"verbosity": "low", "format": {"type": "text"}, "x": None})
    assert (adapted.body["text"], adapted.dropped) == ({"format": {"type": "text"}}, ["text.verbosity"])
    assert added("responses", text={"verbosity": "low"}) == {}


# Numbers


def out_of_range() -> Iterator[tuple[str, str, float, float]]:
    """Values beside the ranges that numbers of the requests have, each with the bound that is nearest."""
    for api, definition in (("chat", "ChatCompletionRequest"), ("responses", "ResponseRequest")):
        for name, schema in properties(definition).items():
            if "minimum" in schema:
                low, high = schema["minimum"], schema["maximum"]
                yield api, name, low - 1, low
                yield from ((api, name, value, high) for value in (high + 1, 2**70))


@pytest.mark.parametrize(("api", "name", "value", "sent"), list(out_of_range()))
def test_out_of_its_range_a_number_goes_to_the_bound(api: str, name: str, value: float, sent: float) -> None:
    adapted = adapt(api, **{name: value})
    assert adapted.body[name] == sent
    assert codes(adapted) == [("bounded", f"$.{name}")]
    assert adapted.notes[0].severity == "info"
    kept = {name: value}
    assert added(api, {"keep": {name}}, **kept) == kept


def test_the_cap_is_the_models() -> None:
    for model, cap in (("mimo-v2.5-tts", 8192), ("mimo-v2-flash", 65536), ("mimo-v9", 131072), ("mimo-v2.5", 131072)):
        assert adapt("chat", model=model, max_tokens=10**6).body["max_completion_tokens"] == cap
    assert "max_completion_tokens" in added("chat", max_tokens=100)


def test_numbers_deeper_down_go_to_their_bounds_too() -> None:
    video = {"type": "video_url", "video_url": {"url": "u"}, "fps": 30}
    search = {"type": "web_search", "limit": 100, "max_keyword": 0, "force_search": True}
    messages = [{"role": "user", "content": [{"type": "text", "text": "x"}, video]}]
    adapted = adapt("chat", messages=messages, tools=[search])
    assert adapted.body["messages"][0]["content"][1] == {**video, "fps": 10}
    assert adapted.body["tools"] == [{**search, "limit": 50, "max_keyword": 1}]
    assert codes(adapted) == [
        *(("bounded", "$.tools[0].max_keyword"), ("bounded", "$.tools[0].limit")),
        ("bounded", "$.messages[0].content[1].fps"),
    ]
    parts = [{"type": "input_video", "video_url": "u", "fps": 0}, {"type": "input_video", "video_url": "u", "fps": 2}]
    adapted = adapt("responses", input=[{"role": "user", "content": parts}])
    assert adapted.body["input"][0]["content"] == [{**parts[0], "fps": 0.1}, parts[1]]
    assert adapted.body["input"][0]["content"][1] is parts[1]
    assert refused("chat", tools=[{**search, "limit": "5"}]).path == "$.tools[0].limit"


def test_less_than_no_tokens_means_no_cap() -> None:
    adapted = adapt("chat", max_tokens=-1)
    assert (adapted.body, adapted.dropped) == (SAID["chat"][1], ["max_completion_tokens"])
    assert codes(adapted) == [("renamed", "$.max_tokens"), ("changed", "$.max_completion_tokens")]


def test_what_is_no_number_is_refused() -> None:
    for value in (True, "1", [1]):
        assert refused("chat", temperature=value).path == "$.temperature"
        assert refused("chat", max_tokens=value).path == "$.max_completion_tokens"


def test_texts_to_stop_at() -> None:
    assert added("chat", stop=["a"] * 4) == {"stop": ["a"] * 4}
    error = refused("chat", stop=["a"] * 5)
    assert error.path == "$.stop"
    assert "4 texts at most" in str(error)
    assert codes(adapt("responses", stop="a")) == [("changed", "$.stop")]


# Speech


def test_modalities_are_for_the_speech_models() -> None:
    assert "mimo-v2.5-tts" in str(refused("chat", modalities=["text", "audio"]))
    adapted = adapt("chat", model="mimo-v2.5-tts", modalities=["text", "audio"], audio={"voice": "mia"})
    assert (adapted.body["audio"], adapted.dropped, adapted.notes) == ({"voice": "mia"}, ["modalities"], [])


# Nulls


def test_null_is_absent_where_the_spec_has_objects() -> None:
    parameters = {"type": "object", "properties": {"a": {"default": None}}, "x": None}
    function = {"name": "f", "description": None, "strict": None, "parameters": parameters}
    call = {
        "id": "1",
        "type": "function",
        "index": None,
        "function": {"name": "f", "arguments": '{"a": null}', "x": None},
    }
    messages = [
        {
            "role": "user",
            "name": None,
            "content": [{"type": "video_url", "video_url": {"url": "u", "x": None}, "fps": None}],
        },
        {"role": "assistant", "content": None, "refusal": None, "reasoning_content": None, "tool_calls": [call]},
        {"role": "assistant", "content": "x", "tool_calls": None, "reasoning_details": [{"signature": None}]},
        {"role": "tool", "tool_call_id": "1", "content": '{"a": null}', "name": None},
    ]
    tools = [{"type": "function", "function": function, "cache_control": None}]
    adapted = adapt("chat", messages=messages, tools=tools, temperature=None, stream=None, audio={"voice": None})
    assert adapted.body["messages"] == [
        {"role": "user", "content": [{"type": "video_url", "video_url": {"url": "u"}}]},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": null}'}},
            ],
        },
        {"role": "assistant", "content": "x", "reasoning_details": [{"signature": None}]},
        {"role": "tool", "tool_call_id": "1", "content": '{"a": null}'},
    ]
    assert adapted.body["tools"] == [{"type": "function", "function": {"name": "f", "parameters": parameters}}]
    assert adapted.body["tools"][0]["function"]["parameters"] is parameters
    assert adapted.body["audio"] == {}
    assert (adapted.notes, adapted.dropped) == ([], [])


def test_a_tag_that_is_null_is_absent_too() -> None:
    message = {"role": "user", "content": "hi"}
    assert adapt("responses", input=[{"type": None, **message}]).body["input"] == [message]
    error = refused("chat", tools=[{"type": None, "function": {"name": "f"}}])
    assert str(error).startswith("$.tools[0]: `type` is missing")


def test_a_null_that_must_not_be_is_refused_with_its_place() -> None:
    assert refused("chat", messages=[{"role": "user", "content": None}]).path == "$.messages[0]"
    assert refused("chat", model=None).path == "$"
    assert refused("chat", messages=[None]).path == "$.messages[0]"


def test_a_finding_can_be_kept_and_sent_on() -> None:
    note = adapt("chat", seed=1).notes[0]
    assert note == Finding("changed", "ignored", "$.seed", '"seed": has no effect at MiMo', "PREVIEW")
    assert msgspec.json.decode(msgspec.json.encode(note), type=Finding) == note
