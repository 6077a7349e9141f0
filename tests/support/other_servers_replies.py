"""JSON replies and error bodies of other servers."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from mimo_proto import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ContentFilterError,
    DecodeError,
    InsufficientBalanceError,
    MimoError,
    RateLimitError,
    ServerError,
)
from tests.support.other_servers import CHUNK_HEAD, RESPONSE_HEAD, USAGE, Case, completion, message_item

__all__ = ["CHAT_REPLIES", "ERROR_BODIES", "RESPONSE_REPLIES", "ErrorBody"]

DOWN = {"code": 502, "message": "Upstream lost its way"}
TEXT = {"content": "Ebb"}


def call(**fields: Any) -> dict[str, Any]:
    return {"content": None, "tool_calls": [fields]}


def arguments(name: str, value: Any, text: str) -> Case:
    function = {"name": "sh", "arguments": value}
    return Case(
        f"arguments-{name}",
        completion(call(id="call_o", type="function", function=function), "tool_calls"),
        {"calls": [["call_o", "sh", text]]},
        {"tool_calls.0.function.arguments": text},
    )


def without_id(name: str, **fields: Any) -> Case:
    return Case(
        name,
        completion(call(**fields, function={"name": "tide", "arguments": "{}"}), "tool_calls"),
        {"calls": [["", "tide", "{}"]]},
        {"tool_calls.0.function.name": "tide", "tool_calls.0.id": ""},
    )


def error(name: str, body: bytes, kind: type[MimoError], text: str) -> Case:
    return Case(name, body, error=kind, text=text)


CHAT_REPLIES = [
    arguments("of-llama-cpp", {"command": "pwd"}, '{"command":"pwd"}'),
    arguments("nested", {"a": [1, {"b": None}], "Ort": "Köln"}, '{"a":[1,{"b":null}],"Ort":"Köln"}'),
    arguments("empty", {}, "{}"),
    arguments("null", None, ""),
    Case("created-with-a-fraction", completion(TEXT, created=1790000017.850598), {"created": 1790000017.850598}),
    Case("created-as-a-whole-float", completion(TEXT, created=1790000017.0), {"created": 1790000017}),
    Case("created-as-digits", completion(TEXT, created="1790000017"), {"created": 1790000017}),
    Case("created-null", completion(TEXT, created=None), {"created": None, "message.content": "Ebb"}),
    without_id("call-without-an-id"),
    without_id("call-whose-id-is-null", id=None, type="function"),
    without_id("call-whose-id-is-empty", id="", index=0),
    Case(
        "call-without-a-name",
        completion(call(id="call_o", function={"arguments": "{}"}), "tool_calls"),
        {"calls": [["call_o", "", "{}"]]},
    ),
    Case(
        "vllm-names-of-its-own",
        completion({"content": "Ebb", "reasoning": "Moon.", "reasoning_content": None, "refusal": None}),
        {"message.reasoning": "Moon.", "message.content": "Ebb"},
        {"reasoning": "Moon.", "content": "Ebb"},
    ),
    Case(
        "openrouter-details",
        completion({**TEXT, "reasoning_details": [{"type": "reasoning.encrypted", "data": "c2Vh", "index": 0}]}),
        {},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "c2Vh", "index": 0}]},
    ),
    Case(
        "vllm-fields-beside-the-choices",
        completion(
            TEXT,
            choice={
                "stop_reason": None,
                "token_ids": [5, 7],
                "logprobs": {"content": [{"token": "Ebb", "logprob": 0}]},
            },
            prompt_logprobs=None,
            kv_transfer_params={"a": 1},
        ),
        {
            "choices.0.token_ids": [5, 7],
            "choices.0.logprobs.content.0.token": "Ebb",
            "kv_transfer_params": {"a": 1},
        },
    ),
    Case(
        "usage-of-nulls", completion(TEXT, usage={"prompt_tokens": None, "total_tokens": 0}), {"usage.total_tokens": 0}
    ),
    Case("usage-with-more", completion(TEXT, usage={**USAGE, "cost": 0.25}), {"usage.cost": 0.25}),
    Case("error-null", completion(TEXT, error=None, choice={"error": None}), {"message.content": "Ebb"}),
    Case(
        "minimax-success", completion(TEXT, base_resp={"status_code": 0, "status_msg": ""}), {"message.content": "Ebb"}
    ),
    error(
        "openrouter-error-beside",
        completion({"content": ""}, "error", error=DOWN),
        ServerError,
        "Upstream lost its way",
    ),
    error("error-beside-a-text", completion(TEXT, error={"code": "429", "message": "slow"}), RateLimitError, "slow"),
    error("error-that-is-a-text", completion(TEXT, error="no GPU is left"), APIError, "no GPU is left"),
    error("error-in-the-choice", completion(TEXT, "error", {"error": DOWN}), ServerError, "Upstream lost its way"),
    error(
        "error-beside-no-choices",
        json.dumps({**CHUNK_HEAD, "choices": [], "error": DOWN}).encode(),
        ServerError,
        "Upstream lost its way",
    ),
    error(
        "minimax-balance",
        json.dumps({"choices": None, "base_resp": {"status_code": 1008, "status_msg": "no balance left"}}).encode(),
        APIError,
        "no balance left",
    ),
    error(
        "minimax-limit",
        json.dumps({"id": "1", "base_resp": {"status_code": 1002, "status_msg": "too many at once"}}).encode(),
        APIError,
        "too many at once",
    ),
    error(
        "minimax-key-beside-choices",
        completion(TEXT, base_resp={"status_code": 1004, "status_msg": "who are you"}),
        APIError,
        "who are you",
    ),
    error(
        "vllm-error-with-200", b'{"object": "error", "message": "too long", "code": 400}', BadRequestError, "too long"
    ),
    error("choices-of-a-wrong-type", b'{"choices": "none"}', DecodeError, "$.choices"),
]

HEAD = {**RESPONSE_HEAD, "status": "completed"}
REASONING = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Neap."}]}
CALL = {"type": "function_call", "call_id": "call_a", "name": "tide", "arguments": {"port": "Wick"}}


def response(*output: Any, **fields: Any) -> bytes:
    return json.dumps({**HEAD, "output": list(output), **fields}).encode()


RESPONSE_REPLIES = [
    Case(
        "created-at-with-a-fraction",
        response(message_item("Ebb"), created_at=1790000023.5),
        {"created_at": 1790000023.5},
    ),
    Case(
        "reasoning-without-an-id",
        response(REASONING),
        {"items": [["reasoning", "Neap."]]},
        {"0": {"type": "reasoning", "summary": []}},
    ),
    Case(
        "arguments-as-an-object",
        response(CALL),
        {"items": [["function_call", 'tide{"port":"Wick"}']]},
        {"0.arguments": '{"port":"Wick"}', "0.call_id": "call_a"},
    ),
    Case(
        "a-call-without-ids",
        response({"type": "function_call", "name": "tide"}),
        {"items": [["function_call", "tide"]], "output.0.call_id": ""},
    ),
    Case("a-message-without-content", response({"type": "message", "id": "msg_a"}), {"items": [["message", ""]]}),
    Case("output-null", response(output=None), {"items": [], "status": "completed"}),
    Case("failed", response(status="failed", error={"code": "x", "message": "gone"}), {"error.message": "gone"}),
    Case(
        "what-openai-has-besides",
        response(message_item("Ebb"), parallel_tool_calls=True, text={"format": {"type": "text"}}, background=False),
        {"parallel_tool_calls": True, "text.format.type": "text", "background": False, "output_text": "Ebb"},
    ),
    Case(
        "fields-of-parts-and-items",
        response(
            {
                **message_item("Ebb"),
                "phase": "final",
                "content": [{"type": "output_text", "text": "Ebb", "logprobs": []}],
            }
        ),
        {"output.0.phase": "final", "output.0.content.0.logprobs": []},
        {"0.phase": "final", "0.content.0.logprobs": []},
    ),
]


class ErrorBody(NamedTuple):
    """The body of a refusal: its status, the class and a part of the text that are right."""

    id: str
    status: int
    body: bytes
    error: type[APIError]
    text: str
    headers: tuple[tuple[str, str], ...] = ()
    retry_after: float | None = None


def raw(value: Any, status: int = 400, code: int = 400) -> tuple[int, bytes]:
    """What OpenRouter makes of the answer that it got."""
    metadata = {"raw": value, "provider_name": "Xiaomi"}
    problem = {"message": "Provider returned error", "code": code, "metadata": metadata}
    return status, json.dumps({"error": problem, "user_id": "user_3"}).encode()


def mimo(code: str, message: str, param: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "param": param, "type": ""}}


def plain(value: Any, status: int) -> tuple[int, bytes]:
    return status, json.dumps(value).encode()


LIMITED = {"error": {"message": "slow down", "type": "rate_limit_error", "code": "rate_limit_exceeded"}}

ERROR_BODIES = [
    ErrorBody(
        "openrouter-param",
        *raw(json.dumps(mimo("400", "Param Incorrect", "`image` is not set"))),
        BadRequestError,
        "`image` is not set",
    ),
    ErrorBody(
        "openrouter-limit",
        *raw(json.dumps(mimo("429", "Too many requests")), 502, 502),
        RateLimitError,
        "Too many requests",
    ),
    ErrorBody(
        "openrouter-filter", *raw(json.dumps(mimo("421", "Moderation Block"))), ContentFilterError, "Moderation Block"
    ),
    ErrorBody(
        "openrouter-object",
        *raw(mimo("402", "Insufficient account balance")),
        InsufficientBalanceError,
        "Insufficient account balance",
    ),
    ErrorBody(
        "openrouter-text", *raw("the model is busy upstream", 429, 429), RateLimitError, "the model is busy upstream"
    ),
    ErrorBody("fastapi-detail", *plain({"detail": "Not authenticated"}, 401), AuthenticationError, "Not authenticated"),
    ErrorBody(
        "detail-with-an-error", *plain({"detail": mimo("429", "queue is full")}, 500), RateLimitError, "queue is full"
    ),
    ErrorBody(
        "detail-with-a-message",
        *plain({"detail": {"message": "no such tide", "code": 404}}, 400),
        APIError,
        "no such tide",
    ),
    ErrorBody(
        "error-in-error",
        *plain({"error": mimo("421", "Moderation Block")}, 400),
        ContentFilterError,
        "Moderation Block",
    ),
    ErrorBody(
        "vllm-flat",
        *plain({"object": "error", "message": "too long", "type": "BadRequestError", "param": None, "code": 400}, 400),
        BadRequestError,
        "too long",
    ),
    ErrorBody(
        "minimax",
        *plain({"base_resp": {"status_code": 1004, "status_msg": "who are you"}}, 401),
        AuthenticationError,
        "who are you",
    ),
    ErrorBody(
        "one-api",
        *plain(
            {"error": {"message": "quota used up", "type": "one_api_error", "code": "insufficient_user_quota"}}, 403
        ),
        APIError,
        "quota used up",
    ),
    ErrorBody(
        "fastapi-fields",
        *plain({"detail": [{"loc": ["body", "model"], "msg": "Field required"}]}, 422),
        BadRequestError,
        "Field required",
    ),
    ErrorBody(
        "error-in-the-message",
        *plain({"error": {"message": json.dumps(mimo("429", "ebb")), "code": 500}}, 500),
        RateLimitError,
        "ebb",
    ),
    ErrorBody(
        "openrouter-event",
        *raw("data: " + json.dumps(mimo("421", "Moderation Block"))),
        ContentFilterError,
        "Moderation Block",
    ),
    ErrorBody(
        "siliconflow",
        *plain({"code": 20012, "message": "no such tide", "data": None}, 400),
        BadRequestError,
        "no such tide",
    ),
    ErrorBody(
        "anthropic",
        *plain({"type": "error", "error": {"type": "overloaded_error", "message": "full moon"}}, 529),
        ServerError,
        "full moon",
    ),
    ErrorBody(
        "gemini-list",
        *plain([{"error": {"code": 429, "message": "quota is used up"}}], 429),
        RateLimitError,
        "quota is used up",
    ),
    ErrorBody("milliseconds", *plain(LIMITED, 429), RateLimitError, "slow down", (("retry-after-ms", "1750"),), 1.75),
    ErrorBody(
        "milliseconds-and-seconds",
        *plain(LIMITED, 429),
        RateLimitError,
        "slow down",
        (("retry-after", "2"), ("retry-after-ms", "1250")),
        1.25,
    ),
    ErrorBody(
        "milliseconds-with-a-fraction",
        *plain(LIMITED, 429),
        RateLimitError,
        "slow down",
        (("Retry-After-Ms", "62.5"),),
        0.0625,
    ),
    ErrorBody(
        "odd-milliseconds-and-seconds",
        *plain(LIMITED, 429),
        RateLimitError,
        "slow down",
        (("retry-after-ms", "soon"), ("retry-after", "3")),
        3.0,
    ),
    ErrorBody("seconds", *plain(LIMITED, 503), ServerError, "slow down", (("retry-after", "2.5"),), 2.5),
]
