"""What `adapt_request` says of what it did: the words, the severities and the sources of its notes, and their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto import CHAT_COMPLETIONS, RESPONSES, Endpoint, adapt_request

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion


def notes_of(endpoint: Endpoint[Any, Any, Any], body: dict[str, Any], **options: Any) -> Any:
    adapted = adapt_request(endpoint, {"model": "mimo-v2.6-pro", **body}, **options)
    return {"notes": msgspec.to_builtins(adapted.notes), "dropped": adapted.dropped}


def test_the_notes_of_chat(snapshot: SnapshotAssertion) -> None:
    image: dict[str, Any] = {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}
    body: dict[str, Any] = {
        "messages": [{"role": "user", "content": [image]}],
        "reasoning_effort": "high",
        "max_tokens": 10**7,
        "temperature": 9,
        "tool_choice": "none",
        "seed": 1,
        "user": "u",
        "sauce": "of another day",
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
    }
    assert notes_of(CHAT_COMPLETIONS, body, json_schema="json_object") == snapshot


def test_the_notes_of_chat_where_a_number_says_no_cap_and_thinking_is_a_word(snapshot: SnapshotAssertion) -> None:
    body = {"messages": [{"role": "user", "content": "hi"}], "max_completion_tokens": -1, "top_p": 7}
    assert notes_of(CHAT_COMPLETIONS, {**body, "thinking": {"type": "adaptive"}}) == snapshot


def test_the_notes_of_responses(snapshot: SnapshotAssertion) -> None:
    shelf: dict[str, Any] = {"type": "namespace", "name": "shelf", "description": "d", "tools": [{"type": "lathe"}]}
    body: dict[str, Any] = {
        "input": [
            {"type": "local_shell_call", "call_id": "c1"},
            {"type": "function_call_output", "call_id": "c1", "output": "fine"},
            {"type": "message", "role": "user", "content": "hi"},
        ],
        "tools": [shelf, {"type": "file_search"}, {"type": "lathe"}],
        "reasoning": {"effort": "ultra", "summary": "auto"},
        "text": {"verbosity": "low"},
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": False,
    }
    assert notes_of(RESPONSES, body) == snapshot
