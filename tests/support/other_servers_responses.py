"""Responses streams of other servers: terminal events with less in them, items without lists and ids, one place."""

from __future__ import annotations

from typing import Any

from mimo_proto import IncompleteStreamError, RateLimitError
from tests.support.other_servers import (
    RESPONSE_HEAD,
    Case,
    added,
    completed,
    item_done,
    message_item,
    response_event,
    text_delta,
)
from tests.support.payloads import event

__all__ = ["RESPONSE_STREAMS"]

THINKING = {"type": "reasoning", "id": "rs_a", "content": [{"type": "reasoning_text", "text": "Neap tide."}]}
CALL = {"type": "function_call", "id": "fc_a", "call_id": "call_a", "name": "tide", "arguments": '{"port":"Wick"}'}
CREATED = response_event("response.created", response={**RESPONSE_HEAD, "status": "in_progress", "output": []})
EMPTY_MESSAGE: dict[str, Any] = {"type": "message", "id": "msg_a", "role": "assistant", "content": []}

# A message of two deltas, with all that announces and ends it.
MESSAGE = (
    added(0, EMPTY_MESSAGE)
    + text_delta("Low ", "msg_a")
    + text_delta("water.", "msg_a")
    + response_event("response.output_text.done", item_id="msg_a", output_index=0, content_index=0, text="Low water.")
    + item_done(0, message_item("Low water."))
)
ALL_ITEMS = (
    added(0, {**THINKING, "content": []})
    + text_delta("Neap ", "rs_a", 0, "reasoning_text")
    + text_delta("tide.", "rs_a", 0, "reasoning_text")
    + item_done(0, THINKING)
    + added(1, EMPTY_MESSAGE)
    + text_delta("Low water.", "msg_a", 1)
    + item_done(1, message_item("Low water."))
    + added(2, {**CALL, "arguments": ""})
    + text_delta('{"port":', "fc_a", 2, "function_call_arguments")
    + text_delta('"Wick"}', "fc_a", 2, "function_call_arguments")
    + item_done(2, CALL)
)
TEXT = {"items": [["message", "Low water."]], "output_text": "Low water.", "status": "completed"}
THREE = [["reasoning", "Neap tide."], ["message", "Low water."], ["function_call", 'tide{"port":"Wick"}']]
OUTPUT = [THINKING, message_item("Low water."), CALL]

OUTPUTS = [
    Case("new-api-empty", CREATED + MESSAGE + completed(output=[]), TEXT, {"0.content.0.text": "Low water."}),
    Case("gomodel-missing", CREATED + MESSAGE + completed(), TEXT, {"0.id": "msg_a"}),
    Case("null", CREATED + MESSAGE + completed(output=None), TEXT),
    Case("missing-and-deltas-alone", text_delta("Low ", "msg_a") + text_delta("water.", "msg_a") + completed(), TEXT),
    Case("missing-and-done-alone", item_done(0, message_item("Low water.")) + completed(), TEXT),
    Case(
        "empty-with-three-items",
        CREATED + ALL_ITEMS + completed(output=[]),
        {"items": THREE, "output_text": "Low water."},
        {
            "0.type": "reasoning",
            "0.id": "rs_a",
            "1.id": "msg_a",
            "2.call_id": "call_a",
            "2.arguments": '{"port":"Wick"}',
        },
    ),
    Case("missing-with-three-items", CREATED + ALL_ITEMS + completed(), {"items": THREE}),
    Case(
        "missing-in-a-response-that-is-incomplete",
        CREATED + MESSAGE + completed("incomplete", incomplete_details={"reason": "max_output_tokens"}),
        {**TEXT, "status": "incomplete", "incomplete_details.reason": "max_output_tokens"},
    ),
    Case("empty-and-nothing-was-streamed", CREATED + completed(output=[]), {"items": [], "status": "completed"}),
    Case(
        "what-it-says-counts",
        CREATED + MESSAGE + completed(output=[message_item("High water.")]),
        {"items": [["message", "High water."]], "output_text": "High water."},
    ),
    Case(
        "usage-beside-the-empty-output",
        CREATED + MESSAGE + completed(output=[], usage={"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}),
        {**TEXT, "usage.total_tokens": 7},
    ),
]

WITH_OUTPUT = completed(output=OUTPUT)
NUMBERS = [
    Case(
        "transformers-serve",
        text_delta("Low ") + completed(created_at=1790000023.75, output=OUTPUT),
        {"created_at": 1790000023.75},
    ),
    Case(
        "a-float-from-the-beginning",
        response_event("response.created", response={**RESPONSE_HEAD, "created_at": 1790000023.5}) + WITH_OUTPUT,
        {"items": THREE, "created_at": 1790000023},
    ),
    Case("a-whole-float", completed(created_at=1790000023.0, output=OUTPUT), {"created_at": 1790000023}),
    Case("digits-in-a-text", completed(created_at="1790000023", output=OUTPUT), {"created_at": 1790000023}),
]

WITHOUT_LISTS = [
    Case(
        "new-api-items",
        added(0, {"type": "reasoning", "id": "rs_a"})
        + added(1, {"type": "message", "id": "msg_a", "role": "assistant"})
        + text_delta("Low water.", "msg_a", 1)
        + WITH_OUTPUT,
        {"items": THREE},
    ),
    Case(
        "lists-that-are-null",
        added(0, {"type": "reasoning", "id": "rs_a", "summary": None, "content": None})
        + added(1, {"type": "message", "id": "msg_a", "role": None, "content": None})
        + text_delta("Low water.", "msg_a", 1),
        {"items": [["reasoning", ""], ["message", "Low water."]]},
        error=IncompleteStreamError,
    ),
    Case(
        "a-call-without-arguments",
        added(0, {"type": "function_call", "id": "fc_a", "call_id": "call_a", "name": "tide"})
        + text_delta("{}", "fc_a", 0, "function_call_arguments")
        + completed(output=[]),
        {"items": [["function_call", "tide{}"]]},
        {"0.call_id": "call_a", "0.arguments": "{}"},
    ),
    Case(
        "a-call-whose-arguments-are-null",
        added(0, {"type": "function_call", "id": "fc_a", "call_id": "call_a", "name": "tide", "arguments": None})
        + text_delta("{}", "fc_a", 0, "function_call_arguments")
        + completed(),
        {"items": [["function_call", "tide{}"]]},
    ),
    Case(
        "a-part-without-text",
        added(0, EMPTY_MESSAGE)
        + response_event(
            "response.content_part.added",
            item_id="msg_a",
            output_index=0,
            content_index=0,
            part={"type": "output_text"},
        )
        + text_delta("Low water.", "msg_a")
        + completed(),
        TEXT,
    ),
    Case(
        "an-item-without-an-id",
        added(0, {"type": "message", "role": "assistant"}) + text_delta("Low water.") + completed(),
        TEXT,
    ),
    Case(
        "arguments-as-an-object",
        item_done(0, {**CALL, "arguments": {"port": "Wick"}}) + completed(output=[]),
        {"items": [["function_call", 'tide{"port":"Wick"}']]},
        {"0.arguments": '{"port":"Wick"}'},
    ),
]

FAILED = [
    Case(
        "failed-without-output",
        CREATED + completed("failed", error={"code": "rate_limit_exceeded", "message": "spring tide"}),
        {"status": "failed", "error.code": "rate_limit_exceeded", "error.message": "spring tide", "items": []},
    ),
    Case(
        "failed-with-an-error-alone",
        response_event("response.failed", response={"error": {"message": "spring tide"}}),
        {"error.message": "spring tide"},
    ),
    Case(
        "failed-with-a-number",
        CREATED + completed("failed", error={"code": 502, "message": "gone", "type": "server_error"}, output=None),
        {"status": "failed", "error.code": 502, "error.message": "gone", "error.type": "server_error"},
    ),
    Case(
        "failed-behind-a-text",
        CREATED + text_delta("Low wa", "msg_a") + completed("failed", error={"code": "x", "message": "gone"}),
        {"status": "failed", "error.message": "gone", "items": [["message", "Low wa"]]},
    ),
    Case(
        "an-error-event-behind-a-text",
        CREATED + text_delta("Low wa", "msg_a") + event({"type": "error", "code": "429", "message": "ebb"}, "error"),
        {"items": [["message", "Low wa"]]},
        {},
        RateLimitError,
        "ebb",
    ),
]

NAMELESS = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Neap."}]}
WITHOUT_IDS = [
    Case(
        "reasoning-without-an-id",
        completed(output=[NAMELESS, message_item("Low water.")]),
        {"items": [["reasoning", "Neap."], ["message", "Low water."]]},
        {"0": {"type": "reasoning", "summary": []}, "1.id": "msg_a"},
    ),
    Case(
        "encrypted-reasoning-without-an-id",
        item_done(0, {**NAMELESS, "encrypted_content": "c2Vh"}) + completed(output=[]),
        {"items": [["reasoning", "Neap."]]},
        {"0.encrypted_content": "c2Vh", "0.id": None, "0.summary": []},
    ),
    Case(
        "reasoning-without-an-id-beside-a-call",
        completed(output=[{"type": "reasoning", "content": THINKING["content"]}, CALL]),
        {"items": [THREE[0], THREE[2]]},
        {"0.id": None, "0.content.0.text": "Neap tide.", "1.call_id": "call_a"},
    ),
    Case(
        "a-call-without-an-id",
        completed(output=[{"type": "function_call", "call_id": "call_a", "name": "tide", "arguments": "{}"}]),
        {"items": [["function_call", "tide{}"]]},
        {"0": {"type": "function_call", "call_id": "call_a", "name": "tide", "arguments": "{}"}},
    ),
]

TEXT_AND_CALL = (
    added(0, EMPTY_MESSAGE)
    + text_delta("Low water.", "msg_a")
    + added(0, {**CALL, "arguments": ""})
    + text_delta('{"port":"Wick"}', "fc_a", 0, "function_call_arguments")
)
ONE_PLACE = [
    Case("litellm-text-and-call", TEXT_AND_CALL, {"items": THREE[1:]}, error=IncompleteStreamError),
    Case("text-and-call-with-an-empty-output", TEXT_AND_CALL + completed(output=[]), {"items": THREE[1:]}),
    Case(
        "thinking-and-text",
        added(0, {**THINKING, "content": []})
        + text_delta("Neap tide.", "rs_a", 0, "reasoning_text")
        + added(0, EMPTY_MESSAGE)
        + text_delta("Low water.", "msg_a"),
        {"items": THREE[:2]},
        error=IncompleteStreamError,
    ),
    Case(
        "two-texts",
        added(0, EMPTY_MESSAGE)
        + text_delta("Low water.", "msg_a")
        + added(0, {**EMPTY_MESSAGE, "id": "msg_b"})
        + text_delta("High water.", "msg_b"),
        {"items": [["message", "Low water."], ["message", "High water."]]},
        error=IncompleteStreamError,
    ),
    Case(
        "thinking-and-text-that-nobody-announced",
        text_delta("Neap tide.", "rs_a", 0, "reasoning_text") + text_delta("Low water.", "msg_a"),
        {"items": THREE[:2]},
        error=IncompleteStreamError,
    ),
    Case(
        "deltas-under-another-id",
        added(0, EMPTY_MESSAGE) + text_delta("Low ", "item_7") + text_delta("water.", "item_7"),
        {"items": [["message", "Low water."]]},
        error=IncompleteStreamError,
    ),
    Case(
        "no-index-at-all",
        added(None, EMPTY_MESSAGE)
        + text_delta("Low ", "msg_a", None)
        + added(None, {**CALL, "arguments": ""})
        + text_delta('{"port":"Wick"}', "fc_a", None, "function_call_arguments")
        + text_delta("water.", "msg_a", None),
        {"items": THREE[1:]},
        error=IncompleteStreamError,
    ),
]

HEARTBEATS = [
    Case(
        "heartbeats",
        event({"type": "keepalive", "sequence_number": 1}) + MESSAGE + event({"type": "ping"}, "ping") + completed(),
        TEXT,
    ),
]


def as_json(case_id: str, status: str = "completed", **fields: Any) -> bytes:
    """The whole JSON reply, where a stream was asked."""
    response = {**RESPONSE_HEAD, "id": case_id, "status": status, "output": OUTPUT, **fields}
    return event(response).removeprefix(b"data: ")


REPLIES = [
    Case("json-for-a-stream", as_json("resp_j"), {"items": THREE, "id": "resp_j"}, events=1),
    Case(
        "json-that-failed-for-a-stream",
        as_json("resp_f", "failed", output=[], error={"code": "x", "message": "gone"}),
        {"status": "failed", "error.message": "gone"},
        events=1,
    ),
    Case("json-that-is-incomplete-for-a-stream", as_json("resp_i", "incomplete"), {"status": "incomplete"}, events=1),
]

RESPONSE_STREAMS = [
    *(OUTPUTS + NUMBERS + WITHOUT_LISTS),
    *(FAILED + WITHOUT_IDS + ONE_PLACE),
    *(HEARTBEATS + REPLIES),
]
