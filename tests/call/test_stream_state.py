"""The state of a stream, whoever reads it."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from mimo_proto import (
    APIError,
    ChatAccumulator,
    ConnectionClosed,
    DecodeError,
    IncompleteStreamError,
    LocalProtocolError,
    MimoError,
    StreamCancelled,
    StreamDecoder,
)
from mimo_proto.call.outcome import BaseCall
from mimo_proto.call.settings import Settings
from mimo_proto.call.stream_state import StreamBase, StreamState
from mimo_proto.endpoints import CHAT_COMPLETIONS, RESPONSES, Endpoint
from mimo_proto.protocol.secret import Secret
from tests.support.outcomes import words
from tests.support.payloads import CHAT_EVENTS, RESPONSE_EVENTS
from tests.support.payloads import event as sse_event


def call() -> BaseCall:
    """A call that has made seven requests."""
    made = BaseCall(Settings(key=Secret("sk-0123456789"), base_url="https://api.example.com/v1"), None)
    made.attempts = 7
    return made


def state(*, projected: bool = False) -> StreamState[Any, Any]:
    return StreamState(None if projected else ChatAccumulator(CHAT_COMPLETIONS), call(), projected=projected)


def events(number: int) -> list[Any]:
    return StreamDecoder(CHAT_COMPLETIONS).feed(b"".join(CHAT_EVENTS[:number]))


def test_a_stream_that_has_not_begun() -> None:
    stream = state()
    face = StreamBase(stream)
    assert (face.status, face.headers, face.request_id, face.end, face.attempts) == (None, {}, None, None, 7)
    stream.raise_failure()
    stream.open(200, {"x-request-id": "q1"})
    assert (face.status, face.request_id, face.end) == (200, "q1", None)
    assert repr(face) == "<StreamBase status=200 end=None>"


def test_a_completed_stream_has_a_result() -> None:
    stream = state()
    for event in events(3):
        stream.add(event)
    stream.complete()
    assert stream.end == "completed"
    assert words(stream.result()) == "Hello world"
    assert stream.result() is stream.result()


@pytest.mark.parametrize(
    ("raised", "end", "kind"),
    [
        (APIError("no", status=500), "error", APIError),
        (ConnectionClosed("gone"), "incomplete", ConnectionClosed),
        (StreamCancelled("cancelled"), "cancelled", StreamCancelled),
        (KeyboardInterrupt(), "cancelled", StreamCancelled),
        (ZeroDivisionError(), "cancelled", StreamCancelled),
    ],
)
def test_a_stream_that_fails_keeps_what_had_come(raised: BaseException, end: str, kind: type[MimoError]) -> None:
    stream = state()
    stream.add(events(1)[0])
    stream.fail(raised)
    assert stream.end == end
    for ask in (stream.raise_failure, stream.result):
        with pytest.raises(kind) as caught:
            ask()
        assert type(caught.value) is kind
        assert caught.value is not raised
        assert caught.value.attempts == 7
        assert words(caught.value.partial) == "Hello"


class Odd:
    """Adds up what no reply can be made of."""

    def add(self, _: object) -> None: ...

    def result(self) -> NoReturn:
        raise DecodeError("odd")

    def partial(self) -> NoReturn:
        raise DecodeError("odd")


def test_what_is_too_odd_to_make_anything_of_is_no_partial() -> None:
    stream: StreamState[Any, Any] = StreamState(Odd(), call(), projected=False)
    stream.fail(ConnectionClosed("gone"))
    with pytest.raises(ConnectionClosed) as caught:
        stream.raise_failure()
    assert caught.value.partial is None


@pytest.mark.parametrize("number", [0, 1])
def test_a_complete_stream_without_a_choice_is_incomplete(number: int) -> None:
    stream = state()
    for event in StreamDecoder(CHAT_COMPLETIONS).feed(b'data: {"choices": [], "usage": {"total_tokens": 1}}\n\n')[
        :number
    ]:
        stream.add(event)
    stream.complete()
    for _ in range(2):
        with pytest.raises(IncompleteStreamError, match="not one choice came"):
            stream.result()
        assert stream.end == "incomplete"


def test_a_projected_stream_is_not_the_whole() -> None:
    stream = state(projected=True)
    stream.add(object())
    with pytest.raises(LocalProtocolError, match=r"has no text\(\): iterate"):
        stream.refuse_projected("text()", "iterate over its events")
    stream.fail(ConnectionClosed("gone"))
    with pytest.raises(ConnectionClosed) as caught:
        stream.raise_failure()
    assert caught.value.partial is None
    state().refuse_projected("text()", "iterate over its events")


def test_the_text_that_events_bring() -> None:
    stream, texts = state(), list[str]()
    for event in events(3):
        stream.add(event)
        texts.append(stream.text_of(event))
    assert texts == ["Hello", " world", ""]


WHOLE = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "message": {"content": "Hello world"}}]}


@pytest.mark.parametrize(
    ("endpoint", "blocks", "texts"),
    [
        (CHAT_COMPLETIONS, [*CHAT_EVENTS[:2], sse_event(WHOLE)], ["Hello", " world", ""]),
        (RESPONSES, RESPONSE_EVENTS, ["", "Hello", " world", ""]),
    ],
)
def test_what_was_handed_out_to_somebody_else_is_not_told_again(
    endpoint: Endpoint[Any, Any, Any], blocks: list[bytes], texts: list[str]
) -> None:
    """The last event has the whole text once more."""
    decoded: list[Any] = StreamDecoder[Any](endpoint).feed(b"".join(blocks))
    for left_out in range(len(decoded)):
        stream: StreamState[Any, Any] = StreamState(None, call(), projected=False)
        told = list[str]()
        for place, event in enumerate(decoded):
            stream.add(event)
            if place >= left_out:
                told.append(stream.text_of(event))
        assert told == texts[left_out:]
