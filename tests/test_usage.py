"""`Usage`: read from the usage of either API, and added up."""

from __future__ import annotations

import pickle
from typing import Any

import msgspec
import pytest

from mimo_proto import (
    RESPONSES,
    ChatCompletion,
    ChatCompletionChunk,
    CompletionUsage,
    Reply,
    Response,
    ResponseUsage,
    StreamDecoder,
    Usage,
)
from mimo_proto.models import ResponseCompleted
from mimo_proto.testing import recorded

CHAT_USAGE = {
    "prompt_tokens": 7,
    "completion_tokens": 5,
    "total_tokens": 12,
    "completion_tokens_details": {"reasoning_tokens": 3},
    "prompt_tokens_details": {"cached_tokens": 4},
}
RESPONSE_USAGE = {
    "input_tokens": 7,
    "output_tokens": 5,
    "total_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 3},
    "input_tokens_details": {"cached_tokens": 4},
}
USED = Usage(input_tokens=7, output_tokens=5, reasoning_tokens=3, cached_tokens=4, total_tokens=12)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (CompletionUsage, CHAT_USAGE),
        (ChatCompletion, {"choices": [], "usage": CHAT_USAGE}),
        (ChatCompletionChunk, {"choices": [], "usage": CHAT_USAGE}),
        (ResponseUsage, RESPONSE_USAGE),
        (Response, {"id": "r1", "output": [], "usage": RESPONSE_USAGE}),
    ],
)
def test_it_is_read_from_either_api(kind: Any, value: dict[str, Any]) -> None:
    assert Usage.of(msgspec.convert(value, kind)) == USED


@pytest.mark.parametrize(
    "source",
    [None, CompletionUsage(), ResponseUsage(), msgspec.convert({"choices": []}, ChatCompletion)],
)
def test_what_was_not_said_is_nothing(source: Any) -> None:
    assert Usage.of(source) == Usage()


def test_it_is_read_from_a_reply_with_its_head() -> None:
    for value in (msgspec.convert({"choices": [], "usage": CHAT_USAGE}, ChatCompletion), None):
        reply = Reply(value=value, status=200, headers={}, request_id=None, attempts=1, body=b"")
        assert Usage.of(reply) == (USED if value else Usage())


def test_the_events_of_a_stream_add_up_to_its_usage() -> None:
    data = recorded("ResponseStreamEvent.reasoning_and_text.sse")
    events = list(StreamDecoder(RESPONSES).events([data]))
    ended = events[-1]
    assert isinstance(ended, ResponseCompleted)
    assert sum(map(Usage.of, events), Usage()) == Usage.of(ended.response) != Usage()


def test_what_is_read_already_stays() -> None:
    """As what an observer gets as a call ends."""

    class Finished(msgspec.Struct):
        usage: Usage | None

    finished: Any
    for finished in (Finished(USED), USED):
        assert Usage.of(finished) == USED
    finished = Finished(None)
    assert Usage.of(finished) == Usage()


def test_null_details_are_nothing() -> None:
    usage = msgspec.convert({"prompt_tokens": 2, "prompt_tokens_details": None}, CompletionUsage)
    assert Usage.of(usage) == Usage(input_tokens=2, total_tokens=2)


def test_a_total_that_was_not_said_is_the_sum() -> None:
    assert Usage.of(CompletionUsage(prompt_tokens=2, completion_tokens=3)).total_tokens == 5


def test_what_is_no_number_is_nothing() -> None:
    """Of a reply type of the caller's own."""

    class Reply(msgspec.Struct):
        usage: object = None

    class Odd(msgspec.Struct):
        input_tokens: str = "many"

    source: Any = Reply(usage=Odd())
    assert Usage.of(source) == Usage()


def test_usages_add_up() -> None:
    assert USED + Usage() == USED
    twice = USED + USED
    assert twice == Usage(input_tokens=14, output_tokens=10, reasoning_tokens=6, cached_tokens=8, total_tokens=24)
    assert sum([USED, USED, Usage(input_tokens=1)], Usage()).input_tokens == 15
    assert sum([], Usage()) == Usage()


def test_it_is_a_value() -> None:
    assert pickle.loads(pickle.dumps(USED)) == USED
    assert msgspec.json.decode(msgspec.json.encode(USED), type=Usage) == USED
    assert len({USED, Usage()}) == 2
    frozen: Any = USED
    with pytest.raises(AttributeError):
        frozen.input_tokens = 1
