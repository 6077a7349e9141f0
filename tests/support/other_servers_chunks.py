"""Chat streams of other servers: chunks with odd or missing parts, heartbeats, and errors in every place."""

from __future__ import annotations

from typing import Any

from mimo_proto import APIError, IncompleteStreamError, InsufficientBalanceError, RateLimitError, ServerError
from tests.support.other_servers import CHAT_DONE, CHUNK_HEAD, EBB, FLOW, NAMED, Case, chunk, finish
from tests.support.payloads import event

__all__ = ["CHUNK_STREAMS"]

FILTERED = {"violence": {"filtered": False, "severity": "safe"}}
OFFSETS = {"check_offset": 44, "start_offset": 44, "end_offset": 198}
NOTE = event(
    {
        "id": "",
        "object": "",
        "created": 0,
        "model": "",
        "choices": [
            {"index": 0, "finish_reason": None, "content_filter_results": FILTERED, "content_filter_offsets": OFFSETS}
        ],
    }
)


def head_of_azure(**fields: Any) -> bytes:
    return event({"id": "", "object": "", "created": 0, "model": "", "choices": [], **fields})


ODD_CHUNKS = [
    Case("delta-null-at-the-finish", EBB + FLOW + chunk(None, "stop", {"delta": None}) + CHAT_DONE, NAMED),
    Case(
        "delta-missing-at-the-finish",
        EBB + FLOW + event({**CHUNK_HEAD, "choices": [{"index": 0, "finish_reason": "stop"}]}),
        NAMED,
    ),
    Case("delta-null-between", EBB + chunk(None, None, {"delta": None}) + FLOW + finish(), NAMED),
    Case("delta-null-first", chunk(None, None, {"delta": None}) + EBB + FLOW + finish(), NAMED),
    Case("azure-note-between", EBB + NOTE + FLOW + finish(), NAMED),
    Case("azure-note-before-done", EBB + FLOW + chunk({}, "stop") + NOTE + CHAT_DONE, NAMED),
    Case("azure-note-at-the-end", EBB + FLOW + chunk({}, "stop") + NOTE, NAMED),
    Case("azure-note-is-kept", EBB + NOTE + FLOW + finish(), {"choices.0.content_filter_offsets": OFFSETS}),
    Case("azure-empty-head", head_of_azure(prompt_filter_results=[]) + EBB + FLOW + finish(), NAMED),
    Case(
        "azure-head-with-filter-results",
        head_of_azure(prompt_annotations=[{"prompt_index": 0}], usage=None) + EBB + FLOW + finish(),
        {**NAMED, "prompt_annotations": [{"prompt_index": 0}]},
    ),
    Case("head-of-nulls", head_of_azure(id=None, model=None, object=None) + EBB + FLOW + finish(), NAMED),
    Case("azure-two-heads", head_of_azure() * 2 + EBB + FLOW + finish(), NAMED),
    Case(
        "ollama-empty-finish-reasons",
        chunk({"content": "Ebb"}, "") + chunk({"content": " and flow"}, "") + finish(),
        NAMED,
    ),
    Case("one-word-and-the-finish", EBB + chunk({"content": " and flow"}, "stop"), NAMED),
]

HEARTBEATS = [
    Case(
        "typed-keepalive", EBB + event({"type": "keepalive", "sequence_number": 7}) + FLOW + finish(), NAMED, events=3
    ),
    Case("anthropic-ping", EBB + event({"type": "ping"}, "ping") + FLOW + finish(), NAMED, events=3),
    Case("empty-ping", event({}, "ping") + EBB + event({}, "ping") + FLOW + finish(), NAMED, events=3),
    Case("keepalive-with-a-time", EBB + event({"time": 1790000018.25}, "keepalive") + FLOW + finish(), NAMED, events=3),
    Case(
        "ping-behind-the-finish", EBB + FLOW + chunk({}, "stop") + event({"type": "ping"}) + CHAT_DONE, NAMED, events=3
    ),
    Case(
        "openrouter-comments", b": OPENROUTER PROCESSING\n\n" * 2 + EBB + b": x\n\n" + FLOW + finish(), NAMED, events=3
    ),
    Case("pings-without-data", EBB + b"event: ping\n\n" + FLOW + b"event: ping\ndata:\n\n" + finish(), NAMED, events=3),
    Case("pings-alone", event({"type": "ping"}) * 2, error=IncompleteStreamError, events=0),
]

PARTIAL = {"message.content": "Ebb"}
DOWN = {"code": 502, "message": "Upstream lost its way"}

ERRORS = [
    Case(
        "openrouter-in-the-choice",
        EBB + chunk({"content": ""}, "error", {"error": DOWN}) + CHAT_DONE,
        PARTIAL,
        {},
        ServerError,
        "Upstream lost its way",
    ),
    Case(
        "text-in-the-choice",
        EBB + chunk({}, "error", {"error": "no GPU is left"}),
        PARTIAL,
        {},
        APIError,
        "no GPU is left",
    ),
    Case(
        "limit-in-a-choice-that-goes-on",
        EBB + chunk({}, None, {"error": {"code": "429", "message": "slow"}}) + FLOW,
        PARTIAL,
        {},
        RateLimitError,
        "slow",
    ),
    Case(
        "openrouter-beside-the-choice",
        EBB + chunk({"content": ""}, "error", error=DOWN, provider="X") + CHAT_DONE,
        PARTIAL,
        {},
        ServerError,
        "Upstream lost its way",
    ),
    Case(
        "openrouter-beside-no-choices",
        EBB + event({**CHUNK_HEAD, "choices": [], "error": DOWN}),
        PARTIAL,
        {},
        ServerError,
        "Upstream lost its way",
    ),
    Case(
        "nvidia-with-metadata",
        EBB + event({"error": {**DOWN, "metadata": {"raw": '{"error": {"code": "429", "message": "33 of 32"}}'}}}),
        PARTIAL,
        {},
        RateLimitError,
        "33 of 32",
    ),
    Case(
        "sglang-flat",
        EBB
        + event({"object": "error", "message": "out of room", "type": "BadRequestError", "param": None, "code": 400}),
        PARTIAL,
        {},
        APIError,
        "out of room",
    ),
    Case(
        "minimax-base-resp",
        EBB + event({"id": "1", "choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}),
        PARTIAL,
        {},
        APIError,
        "rate limit",
    ),
    Case(
        "error-in-error",
        EBB + event({"error": {"error": {"code": "402", "message": "top up"}}}),
        PARTIAL,
        {},
        InsufficientBalanceError,
        "top up",
    ),
    Case(
        "fastapi-detail",
        EBB + event({"detail": {"error": {"code": "429", "message": "queue is full"}}}),
        PARTIAL,
        {},
        RateLimitError,
        "queue is full",
    ),
    Case(
        "null-in-the-choice",
        chunk({"content": "Ebb"}, None, {"error": None}) + chunk({}, "stop", {"error": {}}),
        {**PARTIAL, "finish_reason": "stop"},
    ),
    Case(
        "minimax-success",
        chunk({"content": "Ebb"}, base_resp={"status_code": 0, "status_msg": "success"}) + finish(),
        {**PARTIAL, "finish_reason": "stop"},
    ),
    Case("finish-reason-error-alone", EBB + chunk({}, "error") + CHAT_DONE, {**PARTIAL, "finish_reason": "error"}),
]

CHUNK_STREAMS = [*ODD_CHUNKS, *HEARTBEATS, *ERRORS]
