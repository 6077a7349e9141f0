"""Fields that MiMo's table lacks."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto.models.foreign_names import FOREIGN_NAMES
from tests.support.preflighting import CHAT, RESPONSES, found, only


@pytest.mark.parametrize(
    ("request_", "name", "value", "code", "severity"),
    [
        (RESPONSES, "store", True, "ignored_field", "ignored"),
        (RESPONSES, "truncation", "auto", "ignored_field", "ignored"),
        (RESPONSES, "metadata", {}, "ignored_field", "ignored"),
        (RESPONSES, "messages", None, None, None),
        (CHAT, "seed", 7, "ignored_field", "ignored"),
        (CHAT, "functions", [{"name": "f"}], "ignored_field", "ignored"),
        (CHAT, "enable_thinking", False, "renamed_field", "ignored"),
        (CHAT, "reasoning_effort", "low", "reasoning_effort", "risky"),
        (CHAT, "max_tokens", 5, "max_tokens", "risky"),
        (RESPONSES, "max_tokens", 5, "renamed_field", "ignored"),
        (CHAT, "stream_options", {"include_usage": True}, "filtered_field", "risky"),
        (CHAT, "parallel_tool_calls", False, "filtered_field", "risky"),
        (CHAT, "parallel_tool_calls", True, None, None),
        (RESPONSES, "prompt_cache_key", "k", "filtered_field", "risky"),
        (CHAT, "n", 2, "refused_field", "refused"),
        (CHAT, "n", 1, None, None),
        (RESPONSES, "n", 2, "ignored_field", "ignored"),
        (RESPONSES, "previous_response_id", "resp_1", "refused_field", "refused"),
        (RESPONSES, "conversation", "conv_1", "stateful_field", "risky"),
        (RESPONSES, "background", True, "stateful_field", "risky"),
        (RESPONSES, "background", False, None, None),
        (RESPONSES, "context_management", [1], "stateful_field", "risky"),
        (CHAT, "mood", "glad", "unknown_field", "ignored"),
        (CHAT, "mood", None, None, None),
        (RESPONSES, "mood", "glad", "unknown_field", "ignored"),
        (CHAT, "stop", "x", None, None),
    ],
)
def test_a_field(request_: dict[str, Any], name: str, value: object, code: str | None, severity: str | None) -> None:
    assert found({**request_, name: value}) == ([] if code is None else [(code, severity, f"$.{name}")])


@pytest.mark.parametrize(
    ("request_", "value", "path"),
    [
        (RESPONSES, {"reasoning": {"effort": "none", "summary": "auto"}}, "$.reasoning.summary"),
        (RESPONSES, {"text": {"verbosity": "low"}}, "$.text.verbosity"),
        (CHAT, {"thinking": {"type": "enabled", "budget_tokens": 5}}, "$.thinking.budget_tokens"),
    ],
)
def test_a_member_of_a_field(request_: dict[str, Any], value: dict[str, Any], path: str) -> None:
    assert found({**request_, **value}) == [("unknown_field", "ignored", path)]


def test_a_member_that_is_null_or_in_no_object() -> None:
    assert found({**RESPONSES, "reasoning": {"effort": "none", "summary": None}}) == []
    assert found({**RESPONSES, "text": "short"}) == []


CONTESTED = [row for row in FOREIGN_NAMES if row.confidence == "contested" and row.place == "field"]


@pytest.mark.parametrize("row", CONTESTED, ids=lambda row: f"{row.endpoints[0]}-{row.name}")
def test_what_is_contested_is_risky_and_names_both_accounts(row: Any) -> None:
    request = CHAT if "chat" in row.endpoints else RESPONSES
    finding = only({**request, row.name: "x"})
    assert finding.severity == "risky"
    accounts = [source for source in finding.source.split() if source != "THINK" and "CHAT" not in source]
    named = [account for account in accounts if account in finding.message]
    assert len(named) >= 2
    assert named == accounts


# What makes a request one of Chat is no foreign field of it.
NAMED = [row for row in FOREIGN_NAMES if row.name != "messages"]


@pytest.mark.parametrize("row", NAMED, ids=lambda row: f"{row.endpoints[0]}-{row.place}-{row.name}")
def test_no_foreign_name_goes_unsaid(row: Any) -> None:
    for api in row.endpoints:
        request = dict(CHAT if api == "chat" else RESPONSES)
        list_name = "messages" if api == "chat" else "input"
        match row.place:
            case "field":
                request[row.name] = "x"
            case "tool":
                request["tools"] = [{"type": row.name}]
            case "item":
                request[list_name] = [{"type": row.name}]
            case "part":
                request[list_name] = [{"role": "user", "content": [{"type": row.name}]}]
            case _:
                request[list_name] = [{"role": row.name, "content": "x"}]
        finding = only(request)
        assert finding.source
        assert row.name in finding.message or finding.code == "no_files"
