"""The sum of a Responses stream: its terminal event, and what has come before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto import LocalProtocolError, Response, ResponseAccumulator
from mimo_proto.kept_fields import unknown_fields
from mimo_proto.protocol.decode import TolerantDecoder
from mimo_proto.protocol.response_accumulator import with_output_text
from tests.support.payloads import RESPONSE
from tests.support.sums import CALL, EVENTS, MESSAGE, REASONING, added, done, respond, text_delta

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion


@pytest.mark.parametrize("kind", ["completed", "incomplete", "failed"])
def test_the_terminal_event_carries_the_result(kind: str) -> None:
    accumulator = ResponseAccumulator()
    accumulator.add(EVENTS.build(text_delta("ignored")))
    terminal = EVENTS.build({"type": f"response.{kind}", "response": {**RESPONSE, "status": kind}})
    accumulator.add(terminal)
    result = accumulator.result()
    assert (result.status, result.output_text) == (kind, "Hello world")
    assert accumulator.partial() is result
    with pytest.raises(LocalProtocolError, match="after the terminal event"):
        accumulator.add(terminal)


TEXT = [added(MESSAGE), text_delta("hel"), text_delta("lo")]


def ended(*events: dict[str, Any], kind: str = "completed", **response: Any) -> Any:
    accumulator = ResponseAccumulator()
    for event in (*events, {"type": f"response.{kind}", "response": response}):
        accumulator.add(EVENTS.build(event))
    return accumulator.result()


@pytest.mark.parametrize("output", [{}, {"output": []}, {"output": None}])
@pytest.mark.parametrize("kind", ["completed", "incomplete", "failed"])
def test_where_the_terminal_event_has_no_output_the_items_are_the_output(kind: str, output: dict[str, Any]) -> None:
    result = ended(*TEXT, done(CALL, 1), kind=kind, id="r1", status=kind, mood=[None], **output)
    assert (result.id, result.status, result.output_text, unknown_fields(result)) == (
        "r1",
        kind,
        "hello",
        {"mood": [None]},
    )
    assert [(item.type, item.id) for item in result.output] == [("message", "m1"), ("function_call", "f1")]


def test_the_output_of_the_terminal_event_counts_if_it_has_one() -> None:
    result = ended(*TEXT, **RESPONSE)
    assert (result.output_text, len(result.output)) == ("Hello world", 1)
    assert ended(id="r1").output == []


def test_the_text_follows_the_output() -> None:
    assert ended(*TEXT, output=[], output_text="").output_text == "hello"
    assert ended(*TEXT, output=[], output_text="as sent").output_text == "as sent"
    assert ended(TEXT[0], output=[]).output_text == ""


def test_a_failed_response_says_why_whatever_else_is_missing() -> None:
    error = {"code": "rate_limit_exceeded", "message": "slow down", "mood": 1}
    begun: dict[str, Any] = {"type": "response.created", "response": {"id": "r1", "output": []}}
    streams: list[list[dict[str, Any]]] = [[], TEXT, [begun]]
    for events in streams:
        result = ended(*events, kind="failed", error=error)
        assert (result.error.code, result.error.message, unknown_fields(result.error)) == (
            "rate_limit_exceeded",
            "slow down",
            {"mood": 1},
        )


def test_unknown_fields_of_a_response_that_begins_are_in_what_is_partial() -> None:
    begun: dict[str, Any] = {"id": "r1", "mood": "low", "was": None, "output": []}
    partial = respond({"type": "response.created", "response": begun}, *TEXT)
    assert unknown_fields(partial) == {"mood": "low", "was": None}
    assert (partial.id, partial.output_text) == ("r1", "hello")


def test_there_is_no_result_before_the_terminal_event() -> None:
    accumulator = ResponseAccumulator()
    assert accumulator.partial() is None
    accumulator.add(EVENTS.build(text_delta("a")))
    with pytest.raises(LocalProtocolError, match="before the terminal event"):
        accumulator.result()


def test_what_the_server_says_is_the_text_is_the_text() -> None:
    response = TolerantDecoder(Response).build({**RESPONSE, "output_text": "as sent"})
    assert with_output_text(response) is response


def test_the_text_is_that_of_all_answers() -> None:
    output: list[dict[str, Any]] = [REASONING, *RESPONSE["output"], {"type": "new"}, *RESPONSE["output"], CALL]
    output[1] = {**output[1], "content": [*output[1]["content"], {"type": "refusal", "text": "no"}]}
    response = TolerantDecoder(Response).build({"output": output})
    assert with_output_text(response).output_text == "Hello worldHello world"
    assert with_output_text(TolerantDecoder(Response).build({"output": []})).output_text == ""


def test_a_partial_response_is_put_together_from_deltas_alone(snapshot: SnapshotAssertion) -> None:
    partial = respond(
        text_delta("Let me ", 0, 0, "reasoning_text"),
        text_delta("think.", 0, 0, "reasoning_text"),
        text_delta("Hel", 1),
        text_delta("lo", 1),
        text_delta("!", 1, 1),
        text_delta('{"ci', 2, None, "function_call_arguments"),
        text_delta('ty": 1}', 2, None, "function_call_arguments"),
        text_delta("SELECT", 3, None, "custom_tool_call_input"),
    )
    assert partial.output_text == "Hello!"
    assert partial == snapshot


def test_a_partial_response_goes_on_from_its_items(snapshot: SnapshotAssertion) -> None:
    created: dict[str, Any] = {
        "type": "response.created",
        "response": {**RESPONSE, "status": "in_progress", "output": []},
    }
    partial = respond(
        created,
        {**created, "type": "response.in_progress"},
        added(REASONING),
        text_delta("thinking", 0, 0, "reasoning_text"),
        done({**REASONING, "content": [{"type": "reasoning_text", "text": "thought"}]}),
        added(MESSAGE, 1),
        {
            "type": "response.content_part.added",
            "part": {"type": "output_text", "text": ""},
            "output_index": 1,
            "content_index": 0,
        },
        text_delta("Hel", 1),
        added(CALL, 2),
        text_delta("{}", 2, None, "function_call_arguments"),
        {"type": "response.queued", "position": 1},
        added({"type": "new_item", "payload": [1]}, 3),
    )
    assert partial.status == "in_progress"
    assert partial.output_text == "Hel"
    assert partial == snapshot


def test_without_an_output_index_all_is_one_item() -> None:
    partial = respond(text_delta("a", None, None), text_delta("b", None, None))
    assert partial.output_text == "ab"


def test_an_item_that_is_done_is_as_the_server_says() -> None:
    partial = respond(text_delta("wrong"), done(RESPONSE["output"][0]))
    assert partial.output_text == "Hello world"


# Any prefix of any stream adds up to something

SOME_EVENTS: list[dict[str, Any]] = [
    {"type": "response.created", "response": {}},
    {"type": "response.in_progress", "response": {"output": [MESSAGE], "status": "in_progress"}},
    *(added(item, index) for item in (MESSAGE, CALL, REASONING, {"type": "new"}) for index in (0, 1)),
    *(done(item, index) for item in (MESSAGE, CALL, REASONING, {"type": "new"}) for index in (0, 1)),
    *(
        text_delta("x", item, part, kind)
        for item in (0, 1, None)
        for part in (0, 1, None)
        for kind in ("output_text", "reasoning_text", "function_call_arguments", "custom_tool_call_input")
    ),
    *(
        {"type": f"response.{kind}.done", field: "y", "output_index": item, "item_id": "m1"}
        for item in (0, None)
        for kind, field in (
            ("output_text", "text"),
            ("reasoning_text", "text"),
            ("function_call_arguments", "arguments"),
            ("custom_tool_call_input", "input"),
        )
    ),
    *(
        {"type": f"response.content_part.{action}", "part": part, "output_index": item, "content_index": 1}
        for item in (0, None)
        for action in ("added", "done")
        for part in ({"type": "output_text", "text": "z"}, {"type": "reasoning_text", "text": "t"}, {"type": "new"})
    ),
    {"type": "response.output_text.delta", "delta": "w", "item_id": "m1"},
    {"type": "response.output_text.delta", "delta": "v", "item_id": "m2"},
    {"type": "response.in_progress", "response": {"output": [{"type": "new", "content": [5]}, CALL]}},
]


@given(st.lists(st.sampled_from(SOME_EVENTS), max_size=8))
def test_a_partial_response_can_always_be_had(events: list[dict[str, Any]]) -> None:
    partial = respond(*events)
    if partial is not None:
        assert isinstance(partial, Response)
        assert TolerantDecoder(Response).decode(msgspec.json.encode(partial)).output_text == partial.output_text


def test_a_failed_response_whose_error_is_a_text() -> None:
    result = ended(*TEXT, kind="failed", error="the server is busy")
    assert (result.error.code, result.error.message) == (None, "the server is busy")
    assert ended(*TEXT, kind="failed", error="").error is None
