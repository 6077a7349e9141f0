from __future__ import annotations

from typing import Any

import pytest

from mimo_proto.models import ChatCompletionRequest, ResponseRequest
from mimo_proto.testing.filtering import drop_unknown_names

CHAT: dict[str, Any] = {"model": "m", "messages": []}


FILTERED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({**CHAT, "seed": 7, "max_tokens": 5}, CHAT),
    ({**CHAT, "thinking": {"type": "enabled", "budget": 1}}, {**CHAT, "thinking": {"type": "enabled"}}),
    (
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi", "cache": 1}]}]},
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
    ),
    (
        {
            "model": "m",
            "messages": [
                {
                    "role": "assistant",
                    "mood": None,
                    "tool_calls": [
                        {
                            "id": "1",
                            "index": 0,
                            "type": "function",
                            "function": {"name": "f", "arguments": "", "x": 1},
                        }
                    ],
                }
            ],
        },
        {
            "model": "m",
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}],
                }
            ],
        },
    ),
]


@pytest.mark.parametrize(("given", "left"), FILTERED)
def test_unknown_names_fall_away_at_every_depth(given: Any, left: Any) -> None:
    assert drop_unknown_names(given, ChatCompletionRequest) == left


KEPT: list[dict[str, Any]] = [
    {**CHAT, "tools": [{"type": "function", "function": {"name": "f", "parameters": {"any": {"thing": [1]}}}}]},
    {**CHAT, "messages": [{"role": "narrator", "content": "unknown to the spec"}]},
    {**CHAT, "messages": 7},
    {**CHAT, "stop": ["a", "b"]},
    {**CHAT, "model": ["of the wrong type"]},
    {**CHAT, "model": {"of": "the wrong type"}},
]


@pytest.mark.parametrize("kept", KEPT)
def test_free_forms_and_what_is_wrong_stay(kept: Any) -> None:
    assert drop_unknown_names(kept, ChatCompletionRequest) == kept


def test_an_item_without_type_is_a_message() -> None:
    given: dict[str, Any] = {
        "model": "m",
        "input": [{"role": "user", "content": "hi"}, {"type": "reasoning", "id": "1", "new": 2}],
    }
    assert drop_unknown_names(given, ResponseRequest) == {
        "model": "m",
        "input": [{"type": "message", "role": "user", "content": "hi"}, {"type": "reasoning", "id": "1"}],
    }
    assert "type" not in given["input"][0]
