"""What has to go back with the history, and what must not."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto import OutputMessage, ReasoningItem, preflight
from tests.support.preflighting import CALL, CHAT, ELSEWHERE, IMAGE, RESPONSES, found, only

RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "1"}


def history(assistant: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**CHAT, "messages": [*CHAT["messages"], {"role": "assistant", **assistant}, RESULT], **more}


SILENT = history({"content": "", "tool_calls": [CALL]})


@pytest.mark.parametrize(
    "request_",
    [
        SILENT,
        {**SILENT, "thinking": {"type": "enabled"}},
        {**SILENT, "model": "mimo-v9"},
        history({"content": "", "tool_calls": [CALL], "reasoning_content": None}),
        history({"content": "", "tool_calls": [CALL], "reasoning": "under vLLM's name"}),
    ],
)
def test_tool_calls_without_their_thinking(request_: dict[str, Any]) -> None:
    finding = ("missing_reasoning", "refused", "$.messages[1].reasoning_content")
    assert finding in found(request_)
    assert finding in found(request_, base_url=ELSEWHERE)


@pytest.mark.parametrize(
    "request_",
    [
        history({"content": "", "tool_calls": [CALL], "reasoning_content": "I call."}),
        history({"content": "", "tool_calls": [CALL], "reasoning_content": ""}),
        {**SILENT, "thinking": {"type": "disabled"}},
        history({"content": "done"}),
        history({"content": "", "tool_calls": []}),
    ],
)
def test_a_history_that_mimo_takes(request_: dict[str, Any]) -> None:
    assert found(request_) == []


def test_a_model_that_does_not_think_by_itself_needs_no_thinking_back() -> None:
    flash = {**SILENT, "model": "mimo-v2-flash"}
    assert "missing_reasoning" not in [code for code, _, _ in found(flash)]
    assert "missing_reasoning" in [code for code, _, _ in found({**flash, "thinking": {"type": "enabled"}})]
    # Elsewhere, an id says nothing about the model.
    assert "missing_reasoning" in [code for code, _, _ in found(flash, base_url=ELSEWHERE)]


def test_each_message_that_lacks_it_is_named() -> None:
    long = {**CHAT, "messages": SILENT["messages"] * 3}
    assert [path for _, _, path in found(long)] == [f"$.messages[{at}].reasoning_content" for at in (1, 4, 7)]


def test_an_answer_without_text_and_calls() -> None:
    assert found(history({"content": None})) == [("no_content", "refused", "$.messages[1].content")]
    assert found(history({})) == [("no_content", "refused", "$.messages[1].content")]


def test_null_beside_tool_calls_is_sent_as_text() -> None:
    assert found(history({"content": None, "tool_calls": [CALL], "reasoning_content": ""})) == []


def test_a_role_that_mimo_lacks() -> None:
    request = {**CHAT, "messages": [*CHAT["messages"], {"role": "function", "name": "f", "content": "1"}]}
    assert (only(request).code, only(request).path) == ("foreign_role", "$.messages[1].role")
    assert found({**CHAT, "messages": [{"role": "oracle", "content": "1"}]}) == []


def test_a_summary_that_would_be_folded_into_the_context() -> None:
    reasoning = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}], "content": []}
    request = {**RESPONSES, "input": [{"role": "user", "content": "hi"}, reasoning]}
    assert found(request) == [("folded_summary", "risky", "$.input[1].summary")]
    assert "doubles" in only(request).message
    assert found({**RESPONSES, "input": [{**reasoning, "summary": []}]}) == []


@pytest.mark.parametrize(
    ("kind", "severity"), [("item_reference", "refused"), ("compaction", "refused"), ("web_search_call", "risky")]
)
def test_items_that_mimo_lacks(kind: str, severity: str) -> None:
    assert found({**RESPONSES, "input": [{"type": kind}]}) == [("foreign_item", severity, "$.input[0].type")]


def test_items_that_mimo_has_or_nobody_knows() -> None:
    message = {"role": "user", "content": [{"type": "input_text", "text": "hi"}]}
    output = {"type": "function_call_output", "call_id": "call_1", "output": "1"}
    assert found({**RESPONSES, "input": [message, output, {"type": "new_item"}, {"type": "new", "content": 3}]}) == []


def test_parts_are_looked_at_on_mimos_hosts_alone() -> None:
    shown = {**CHAT, "model": "mimo-v2.5-pro", "messages": [{"role": "user", "content": [IMAGE]}]}
    item = {"role": "user", "content": [{"type": "input_file", "file_id": "1"}]}
    for request in (shown, {**RESPONSES, "input": [item]}):
        assert found(request)
        assert found(request, base_url=ELSEWHERE) == []


def test_structs_in_the_history() -> None:
    reasoning = ReasoningItem(id="rs_1", summary=[{"type": "summary_text", "text": "Hm."}])
    assert [finding.path for finding in preflight({**RESPONSES, "input": [reasoning, OutputMessage(id="m")]})] == [
        "$.input[0].summary"
    ]
