"""How to answer: sampling, thinking, the form of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.preflighting import CHAT, ELSEWHERE, RESPONSES, found, only

OFF: list[dict[str, Any]] = [{**CHAT, "thinking": {"type": "disabled"}}, {**RESPONSES, "reasoning": {"effort": "none"}}]


@pytest.mark.parametrize(("name", "value"), [("temperature", 0), ("temperature", 0.2), ("top_p", 1)])
@pytest.mark.parametrize("request_", [CHAT, RESPONSES, {**CHAT, "thinking": {"type": "enabled"}}])
def test_sampling_that_thinking_overrides(request_: dict[str, Any], name: str, value: float) -> None:
    assert found({**request_, name: value}) == [("sampling", "ignored", f"$.{name}")]


def test_sampling_that_is_as_it_would_be_anyway() -> None:
    assert found({**CHAT, "temperature": 1, "top_p": 0.95}) == []


@pytest.mark.parametrize("request_", OFF)
def test_sampling_without_thinking(request_: dict[str, Any]) -> None:
    assert found({**request_, "temperature": 0.2, "top_p": 1}) == []


@pytest.mark.parametrize("effort", ["minimal", "low", "medium", "high", "xhigh", "max", "ultra"])
def test_an_effort(effort: str) -> None:
    assert found({**RESPONSES, "reasoning": {"effort": effort}}) == [("effort", "ignored", "$.reasoning.effort")]


@pytest.mark.parametrize("request_", OFF)
def test_thinking_off(request_: dict[str, Any]) -> None:
    assert found(request_) == []


SCHEMA: dict[str, Any] = {"type": "json_schema", "name": "s", "schema": {}}


def test_json_schema_in_chat_is_contested() -> None:
    finding = only({**CHAT, "response_format": {"type": "json_schema", "json_schema": SCHEMA}})
    assert (finding.code, finding.severity, finding.path) == ("json_schema", "risky", "$.response_format.type")
    assert "llmgateway#4173" in finding.message
    assert "llmgateway#4175" in finding.message


def test_json_schema_in_responses_is_refused() -> None:
    finding = only({**RESPONSES, "text": {"format": {"type": "json_schema"}}})
    assert (finding.code, finding.severity, finding.path) == ("json_schema", "refused", "$.text.format.type")


ASKED: dict[str, Any] = {**CHAT, "messages": [{"role": "user", "content": "hi, as JSON"}]}
OBJECT = {"type": "json_object"}


def test_json_mode() -> None:
    assert found({**ASKED, "response_format": OBJECT}) == []
    fast = {**ASKED, "model": "mimo-v2.6-pro-ultraspeed"}
    assert found(fast) == []
    assert found({**fast, "response_format": OBJECT}) == [("json_mode", "risky", "$.response_format.type")]
    assert found({**fast, "response_format": OBJECT}, base_url=ELSEWHERE) == []
    said = {"model": "mimo-v2.6-pro-ultraspeed", "input": "hi, as JSON", "text": {"format": OBJECT}}
    assert found(said) == [("json_mode", "risky", "$.text.format.type")]


@pytest.mark.parametrize(
    "request_",
    [
        {**CHAT, "response_format": OBJECT},
        {**RESPONSES, "text": {"format": OBJECT}},
        {
            **RESPONSES,
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
            "text": {"format": OBJECT},
        },
    ],
)
def test_json_mode_that_the_prompt_does_not_ask_for(request_: dict[str, Any]) -> None:
    assert [(code, severity) for code, severity, _ in found(request_)] == [("json_unasked", "risky")]


@pytest.mark.parametrize(
    "request_",
    [
        {**CHAT, "messages": [{"role": "system", "content": "Answer in json."}, *CHAT["messages"]]},
        {**CHAT, "messages": [{"role": "user", "content": [{"type": "text", "text": "As JSON?"}]}]},
        {**RESPONSES, "instructions": "Answer in JSON."},
        {**RESPONSES, "input": "As Json?"},
        {**RESPONSES, "input": [{"role": "user", "content": [{"type": "input_text", "text": "As JSON?"}]}]},
    ],
)
def test_json_mode_that_the_prompt_asks_for(request_: dict[str, Any]) -> None:
    asked = {"response_format": OBJECT} if "messages" in request_ else {"text": {"format": OBJECT}}
    assert found({**request_, **asked}) == []
