"""Which JSON is a whole reply in the place of a stream, and the event that it amounts to."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto.protocol.json_reply import event_of_reply

MESSAGE = {"role": "assistant", "content": "seven"}


def test_a_completion_is_one_chunk_with_its_message_for_a_delta() -> None:
    choice = {"index": 0, "message": MESSAGE, "delta": None, "finish_reason": "stop", "new": 1}
    reply = {"id": "a1", "object": "chat.completion", "choices": [choice, 5, {"index": 1}], "newer": 2}
    assert event_of_reply(reply, chat=True) == {
        "id": "a1",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": MESSAGE, "finish_reason": "stop", "new": 1}, 5, {"index": 1}],
        "newer": 2,
    }


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("completed", "response.completed"),
        ("incomplete", "response.incomplete"),
        ("failed", "response.failed"),
        ("in_progress", "response.completed"),
        (None, "response.completed"),
    ],
)
def test_a_response_is_the_event_that_its_status_names(status: str | None, kind: str) -> None:
    response: dict[str, Any] = {"object": "response", "status": status, "output": []}
    assert event_of_reply(response, chat=False) == {"type": kind, "response": response}


@pytest.mark.parametrize("chat", [True, False])
@pytest.mark.parametrize("value", [None, "text", [MESSAGE], {}, {"choices": []}, {"choices": [5]}, {"object": "list"}])
def test_other_json_is_no_reply(value: Any, chat: bool) -> None:
    assert event_of_reply(value, chat=chat) is None
