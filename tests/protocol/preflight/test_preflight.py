"""`preflight` as a whole: what it takes, what it leaves alone, and that every rule has been tried."""

from __future__ import annotations

import copy
import importlib
import json
import pkgutil
import re
import traceback
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto import (
    ChatCompletionRequest,
    ConfigurationError,
    InvalidRequestError,
    Unknown,
    assistant,
    preflight,
    user,
    validate,
)
from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.protocol import preflight as package
from mimo_proto.protocol.preflight.check import Rule
from mimo_proto.testing import recorded, recordings
from mimo_proto.testing.rules import refuse_chat, refuse_response
from tests.support.preflighting import CALL, CHAT, IMAGE, RESPONSES, found
from tests.support.schemas import SPEC

LONG: dict[str, Any] = {
    "model": "mimo-v2.5-pro",
    "temperature": 0.5,
    "mood": "glad",
    "messages": [
        {"role": "user", "content": [IMAGE]},
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
    ],
}
EXPECTED = [
    ("retired_model", "refused", "$.model"),
    ("unknown_field", "ignored", "$.mood"),
    ("sampling", "ignored", "$.temperature"),
    ("no_medium", "refused", "$.messages[0].content[0]"),
    ("missing_reasoning", "refused", "$.messages[1].reasoning_content"),
]
RULES = [
    rule
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    for rule in vars(importlib.import_module(module.name)).values()
    if isinstance(rule, Rule)
]


def test_a_request_with_much_to_say_about() -> None:
    before = copy.deepcopy(LONG)
    assert found(LONG) == EXPECTED
    assert before == LONG


@pytest.mark.parametrize("kind", ["mapping", "tuple", "struct", "structs", "raw", "unknown"])
def test_whatever_the_request_is_made_of(kind: str) -> None:
    known = {name: value for name, value in LONG.items() if name != "mood"}
    messages = known["messages"]
    struct = msgspec.convert(known, ChatCompletionRequest)
    request: Any = {
        "mapping": MappingProxyType({**known, "messages": [MappingProxyType(each) for each in messages]}),
        "tuple": {**known, "messages": tuple(messages)},
        "struct": struct,
        "structs": {**known, "messages": list(struct.messages)},
        "raw": {**known, "messages": [msgspec.Raw(json.dumps(each).encode()) for each in messages]},
        "unknown": {**known, "messages": [Unknown(each) for each in messages]},
    }[kind]
    assert found(request) == [finding for finding in EXPECTED if finding[0] != "unknown_field"]


def test_a_struct_that_holds_json_and_mappings() -> None:
    encoded: Any = msgspec.Raw(b'{"role":"assistant","content":null}')
    request = ChatCompletionRequest(
        model="mimo-v2.6-pro",
        messages=[user("hi"), encoded],
        tools=[Unknown({"type": "oracle", "more": MappingProxyType({"a": 1})})],
    )
    assert [code for code, _, _ in found(request)] == ["foreign_tool", "no_content"]


def test_a_request_made_with_the_helpers() -> None:
    assert preflight(ChatCompletionRequest(model="mimo-v2.6-pro", messages=[user("hi"), assistant("ho")])) == []


SOURCES = (SPEC / "SOURCES.md").read_text("utf-8")
KEY = "sk-0123456789abcdef"
EXAMPLES = [name for name in recordings() if name.startswith(("ChatCompletionRequest.", "ResponseRequest."))]


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_refused_in_an_example_is_a_model_that_is_gone(name: str) -> None:
    refused = [code for code, severity, _ in found(json.loads(recorded(name))) if severity == "refused"]
    assert set(refused) <= {"retired_model"}


PAIRED: dict[str, Any] = {"type": "function", "name": "f", "strict": False, "parameters": {"items": [{}]}}


# What accounts differ about is not refused here, and what only the list of models can say is not a rule of the server.
@pytest.mark.parametrize(
    "request_",
    [
        LONG,
        {**CHAT, "n": 2},
        {**CHAT, "max_completion_tokens": 131_073},
        {**CHAT, "tools": [{"type": "web_search_preview"}]},
        {**CHAT, "model": "MiMo-V2.6-Pro"},
        {**CHAT, "messages": [{"role": "assistant", "content": None}]},
        {**CHAT, "messages": [{"role": "user", "content": [{"type": "file"}]}]},
        {**CHAT, "messages": [{"role": "function", "content": ""}]},
        {**CHAT, "model": "mimo-v2.5-tts"},
        {**CHAT, "model": "mimo-v2.5-asr"},
        *({**RESPONSES, "model": facts.id} for facts in MODEL_FACTS.values() if "responses" not in facts.endpoints),
        {**RESPONSES, "max_output_tokens": 131_073},
        {**RESPONSES, "text": {"format": {"type": "json_schema"}}},
        {**RESPONSES, "tools": [{"type": "web_search"}]},
        {**RESPONSES, "input": [{"type": "item_reference", "id": "1"}]},
        {**RESPONSES, "input": [{"type": "additional_tools", "role": "developer", "tools": [PAIRED]}]},
        {**RESPONSES, "input": [{"role": "user", "content": [{"type": "input_image", "image_url": "DATA:a/b,c"}]}]},
    ],
)
def test_what_is_called_refused_is_refused_by_the_stand_in(request_: dict[str, Any]) -> None:
    assert "refused" in [severity for _, severity, _ in found(request_)]
    assert (refuse_chat if "messages" in request_ else refuse_response)(request_) is not None


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "neither"),
        (None, "neither"),
        ([1], "neither"),
        ("hi", "neither"),
        ({"messages": [msgspec.Raw(b"{")]}, "truncated"),
        (msgspec.Raw(b"[1]"), "neither"),
    ],
)
def test_what_is_no_request(request_: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said) as caught:
        preflight(request_, api_key=KEY)
    assert caught.value.__context__ is None
    assert not [frame for frame in traceback.extract_tb(caught.tb) if "mimo_proto" in frame.filename]


def test_a_schema_that_holds_itself() -> None:
    schema: dict[str, Any] = {"type": "object"}
    schema["not"] = schema
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    with pytest.raises(InvalidRequestError, match="holds itself"):
        preflight({**CHAT, "tools": [tool]})


class Loose(msgspec.Struct):
    """Holds what is no JSON."""

    messages: Any


def test_a_struct_that_is_no_json() -> None:
    with pytest.raises(InvalidRequestError, match="this is no request: "):
        preflight(Loose([object()]))


@pytest.mark.parametrize("base_url", ["api.xiaomimimo.com", "https://u:p@api.xiaomimimo.com/v1"])
def test_a_base_url_that_is_none(base_url: str) -> None:
    with pytest.raises(ConfigurationError):
        preflight(CHAT, base_url=base_url)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        "role",
        "type",
        "content",
        "tool_calls",
        "output",
        "summary",
        "tools",
        "function",
        "parameters",
        "image_url",
        "url",
    ]
)
WORDS = st.sampled_from(
    ["assistant", "tool", "reasoning", "function", "image_url", "input_audio", "json_schema", "none"]
)
OBJECTS = st.dictionaries(NAMES, WORDS | JSON | st.lists(st.dictionaries(NAMES, WORDS | JSON, max_size=4), max_size=2))


@given(
    st.dictionaries(
        st.sampled_from(
            ["tools", "tool_choice", "thinking", "reasoning", "text", "response_format", "audio", "asr_options", "n"]
        ),
        OBJECTS | JSON,
    ),
    st.sampled_from(["messages", "input"]),
    st.lists(OBJECTS, max_size=3) | JSON,
    st.sampled_from(["mimo-v2.6-pro", "mimo-v2.5-pro", "mimo-v2.5-tts", "mimo-v2.5-asr", "x", None, 3]),
)
def test_any_json_is_looked_at(fields: dict[str, Any], name: str, value: Any, model: Any) -> None:
    request = {"model": model, **fields, name: value}
    before = copy.deepcopy(request)
    if value is None:
        with pytest.raises(InvalidRequestError, match="neither"):
            preflight(request)
    else:
        for finding in preflight(request):
            assert finding.path.startswith("$")
            assert not re.search(r"\{[a-z_]+\}", finding.message)
    assert request == before


@pytest.mark.parametrize("word", [[], {}, 3, None])
def test_a_word_that_is_no_text_hides_nothing(word: Any) -> None:
    """A list or an object cannot be looked up, and is no reason to be silent about the rest."""
    part = {"type": word, "text": "x"}
    chat = {**CHAT, "n": 2, "messages": [{"role": word, "content": [part]}, {"role": "user", "content": [part]}]}
    items = {**RESPONSES, "store": True, "input": [{"type": word, "content": [part]}]}
    assert [code for code, _, _ in found(chat)] == ["refused_field"]
    assert [code for code, _, _ in found(items)] == ["ignored_field"]
    assert [code for code, _, _ in found({**chat, "model": "mimo-v2.5-tts"})][1:] == ["speech_messages"] * 2 + [
        "no_speech_text"
    ]


def test_what_validate_takes_can_be_looked_at() -> None:
    for name in EXAMPLES:
        assert preflight(validate(json.loads(recorded(name)))) == preflight(json.loads(recorded(name)))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.severity}")
def test_a_rule_says_what_to_do_and_where_it_is_from(rule: Rule) -> None:
    assert rule.severity in ("refused", "ignored", "risky")
    assert rule.source
    assert "MiMo" in rule.message or "{model}" in rule.message or rule.severity == "risky"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.severity}")
def test_the_sources_of_a_rule_are_on_the_page_of_sources(rule: Rule) -> None:
    keys = [each for each in re.split(r"[\s,]+", rule.source) if "#" in each or re.fullmatch(r"[A-Z]+(-\d)?", each)]
    assert set(keys) <= set(re.findall(r"[\w./-]+#\d+|[A-Z]+-\d|[A-Z]+", SOURCES))


def test_the_rules_are_read() -> None:
    assert len(RULES) > 40
