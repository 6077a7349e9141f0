"""What a call gives."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest

from mimo_proto import CHAT_COMPLETIONS, RESPONSES, AuthenticationError, ChatAccumulator, ResponseAccumulator
from mimo_proto.call.reply import accumulator_for, read_reply
from tests.support.outcomes import words
from tests.support.payloads import CHAT, error_body


@dataclass
class Head:
    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])


def test_a_json_answer() -> None:
    body = msgspec.json.encode(CHAT)
    headers = {"content-type": "application/json", "x-request-id": "q1"}
    reply = read_reply(CHAT_COMPLETIONS, Head(200, headers), body, attempts=2)
    assert words(reply.value) == "Hello world"
    assert (reply.status, reply.headers, reply.request_id) == (200, headers, "q1")
    assert (reply.attempts, reply.body) == (2, body)


def test_an_error() -> None:
    with pytest.raises(AuthenticationError):
        read_reply(CHAT_COMPLETIONS, Head(401), msgspec.json.encode(error_body("401")), attempts=1)


def test_what_adds_up_events() -> None:
    assert isinstance(accumulator_for(CHAT_COMPLETIONS, None), ChatAccumulator)
    assert isinstance(accumulator_for(RESPONSES, None), ResponseAccumulator)
    assert accumulator_for(RESPONSES, dict) is None
