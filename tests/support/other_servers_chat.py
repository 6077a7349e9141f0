"""Chat streams of other servers: thinking and usage in other places, and fields that the spec does not have."""

from __future__ import annotations

from typing import Any

from mimo_proto import IncompleteStreamError
from tests.support.other_servers import CHAT_DONE, CHUNK_HEAD, EBB, FLOW, NAMED, USAGE, Case, call, chunk, finish
from tests.support.payloads import event

__all__ = ["CHAT_STREAMS"]


def detail(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "reasoning.text", "text": text, "format": "unknown", **more}


ENCRYPTED = {"type": "reasoning.encrypted", "data": "c2VhbGVk", "id": "rs_4", "format": "google-gemini-v1", "index": 0}
THINKING = {"type": "thinking", "thinking": "Low water at nine.", "signature": "Zm9vZA=="}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
WHOLE_CALL = call(0, "call_h1", "harbour", '{"port": "Leith"}')

REASONING = [
    Case(
        "vllm-reasoning",
        chunk({"role": "assistant", "reasoning": "First the "})
        + chunk({"reasoning": "moon."})
        + chunk({"content": "High water."})
        + finish(),
        {"message.reasoning": "First the moon.", "message.reasoning_content": None, "message.content": "High water."},
        {"reasoning": "First the moon."},
    ),
    Case(
        "sglang-both-names",
        chunk({"reasoning": "Sp", "reasoning_content": "Sp"})
        + chunk({"reasoning": "ring.", "reasoning_content": "ring."})
        + chunk({"content": "Yes"})
        + finish(),
        {"message.reasoning": "Spring.", "message.reasoning_content": "Spring."},
        {"reasoning": "Spring.", "reasoning_content": "Spring."},
    ),
    Case(
        "openrouter-details-with-an-index",
        chunk({"content": "", "reasoning": "One ", "reasoning_details": [detail("One ", index=0)]})
        + chunk({"content": "", "reasoning": "two.", "reasoning_details": [detail("two.", index=0)]})
        + chunk({"content": "", "reasoning_details": [{"type": "reasoning.text", "signature": "c2ln", "index": 0}]})
        + chunk({"content": "Three."})
        + finish(),
        {
            "message.reasoning": "One two.",
            "message.reasoning_details": [detail("One two.", index=0, signature="c2ln")],
            "message.content": "Three.",
        },
        {"reasoning_details": [detail("One two.", index=0, signature="c2ln")]},
    ),
    Case(
        "openrouter-details-without-an-index",
        chunk({"reasoning_details": [detail("One.")]}) + chunk({"reasoning_details": [detail("Two.")]}) + finish(),
        {"message.reasoning_details": [detail("One."), detail("Two.")]},
        {"reasoning_details": [detail("One."), detail("Two.")]},
    ),
    Case(
        "copilot-reasoning-text",
        chunk({"reasoning_text": "Ebb "})
        + chunk({"reasoning_text": "first.", "reasoning_opaque": None})
        + chunk({"content": "Ok", "reasoning_opaque": "b3BhcXVl"})
        + finish(),
        {"message.reasoning_text": "Ebb first.", "message.reasoning_opaque": "b3BhcXVl", "message.content": "Ok"},
        {"reasoning_text": "Ebb first.", "reasoning_opaque": "b3BhcXVl"},
    ),
    Case(
        "litellm-thinking-blocks",
        chunk({"thinking_blocks": [THINKING], "provider_specific_fields": None})
        + chunk({"content": "Nine."})
        + finish(),
        {"message.thinking_blocks": [THINKING], "message.content": "Nine."},
        {"thinking_blocks": [THINKING]},
    ),
    Case(
        "logprobs-extend",
        chunk({"content": "Eb"}, None, {"logprobs": {"content": [{"token": "Eb", "logprob": 0}], "refusal": None}})
        + chunk({"content": "b"}, None, {"logprobs": {"content": [{"token": "b", "logprob": -0.5}], "refusal": None}})
        + finish(),
        {
            "choices.0.logprobs.content": [{"token": "Eb", "logprob": 0}, {"token": "b", "logprob": -0.5}],
            "message.content": "Ebb",
        },
    ),
    Case(
        "cut-while-it-thinks",
        chunk({"reasoning": "Perhaps "}) + chunk({"reasoning": "not"}),
        {"message.reasoning": "Perhaps not"},
        error=IncompleteStreamError,
    ),
]

WITH_A_CALL = [
    Case(
        "vllm-reasoning-and-a-call",
        chunk({"role": "assistant", "reasoning": "Ask the harbour."})
        + chunk({"tool_calls": [WHOLE_CALL]})
        + finish("tool_calls"),
        {"calls": [["call_h1", "harbour", '{"port": "Leith"}']]},
        {"reasoning": "Ask the harbour.", "tool_calls.0.id": "call_h1", "tool_calls.0.function.name": "harbour"},
    ),
    Case(
        "openrouter-encrypted-details-and-a-call",
        chunk({"reasoning_details": [ENCRYPTED]}) + chunk({"tool_calls": [WHOLE_CALL]}) + finish("tool_calls"),
        {"message.reasoning_details": [ENCRYPTED]},
        {"reasoning_details": [ENCRYPTED], "tool_calls.0.function.arguments": '{"port": "Leith"}'},
    ),
    Case(
        "litellm-thinking-blocks-and-a-call",
        chunk({"thinking_blocks": [THINKING], "reasoning_content": "Low water at nine."})
        + chunk({"tool_calls": [WHOLE_CALL]})
        + finish("tool_calls"),
        {"message.reasoning_content": "Low water at nine."},
        {"thinking_blocks": [THINKING], "reasoning_content": "Low water at nine.", "tool_calls.0.id": "call_h1"},
    ),
    Case(
        "gemini-extra-content",
        chunk({"tool_calls": [{**WHOLE_CALL, "extra_content": {"google": {"thought_signature": "c2lnMQ"}}}]})
        + finish("tool_calls"),
        {"message.tool_calls.0.extra_content": {"google": {"thought_signature": "c2lnMQ"}}},
        {"tool_calls.0.extra_content": {"google": {"thought_signature": "c2lnMQ"}}},
    ),
    Case(
        "gemini-extra-content-of-the-first-of-two",
        chunk({"tool_calls": [{**WHOLE_CALL, "extra_content": {"google": {"thought_signature": "c2lnMg"}}}]})
        + chunk({"tool_calls": [call(1, "call_h2", "harbour", "{}")]})
        + finish("tool_calls"),
        {"message.tool_calls.1.extra_content": None},
        {
            "tool_calls.0.extra_content": {"google": {"thought_signature": "c2lnMg"}},
            "tool_calls.1.extra_content": None,
            "tool_calls.1.id": "call_h2",
        },
    ),
    Case(
        "gemini-extra-content-behind-the-pieces",
        chunk({"tool_calls": [call(0, "call_h1", "harbour", '{"port":')]})
        + chunk({"tool_calls": [call(0, arguments=' "Leith"}')]})
        + chunk({"tool_calls": [call(0, extra_content={"google": {"thought_signature": "c2lnMw"}})]})
        + finish("tool_calls"),
        {"calls": [["call_h1", "harbour", '{"port": "Leith"}']]},
        {"tool_calls.0.extra_content.google.thought_signature": "c2lnMw"},
    ),
    Case(
        "litellm-fields-of-the-provider",
        chunk({"tool_calls": [{**WHOLE_CALL, "provider_specific_fields": {"thought_signature": "c2lnNA"}}]})
        + finish("tool_calls"),
        sent={"tool_calls.0.provider_specific_fields": {"thought_signature": "c2lnNA"}},
    ),
    Case(
        "gateway-fields-in-the-function",
        chunk({"tool_calls": [call(0, "call_h1", "harbour")]})
        + chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}", "thought_signature": "c2lnNQ"}}]})
        + finish("tool_calls"),
        {"calls": [["call_h1", "harbour", "{}"]]},
        {"tool_calls.0.function.thought_signature": "c2lnNQ"},
    ),
    Case(
        "gemini-extra-content-of-the-message",
        chunk({"content": "Leith.", "extra_content": {"google": {"thought_signature": "c2lnNg"}}}) + finish(),
        sent={"content": "Leith.", "extra_content": {"google": {"thought_signature": "c2lnNg"}}},
    ),
    Case(
        "openrouter-images",
        chunk({"content": "Here: "}) + chunk({"content": "a map", "images": [PICTURE]}) + finish(),
        {"message.images": [PICTURE], "message.content": "Here: a map"},
        {"images": [PICTURE]},
    ),
]

USAGES = [
    Case(
        "moonshot-usage-in-the-choice",
        chunk({"content": "Ebb"}) + chunk({}, "stop", {"usage": {**USAGE, "cached_tokens": 8}}) + CHAT_DONE,
        {"usage.total_tokens": 42, "usage.cached_tokens": 8, "message.content": "Ebb"},
    ),
    Case(
        "moonshot-usage-in-each-choice",
        chunk({"content": "Ebb"}, None, {"usage": {**USAGE, "total_tokens": 32}}) + chunk({}, "stop", {"usage": USAGE}),
        {"usage.total_tokens": 42},
    ),
    Case(
        "usage-in-the-choice-and-in-the-chunk",
        chunk({"content": "Ebb"}) + chunk({}, "stop", {"usage": {"total_tokens": 1}}, usage=USAGE) + CHAT_DONE,
        {"usage.total_tokens": 42, "usage.prompt_tokens": 31},
    ),
    Case(
        "usage-in-the-choice-null-in-the-chunks",
        chunk({"content": "Ebb"}, usage=None) + chunk({}, "stop", {"usage": USAGE}, usage=None) + CHAT_DONE,
        {"usage.total_tokens": 42},
    ),
    Case(
        "groq-usage-of-its-own",
        chunk({"content": "Ebb"}, x_groq={"id": "req_7"})
        + chunk({}, "stop", x_groq={"id": "req_7", "usage": USAGE})
        + CHAT_DONE,
        {"x_groq.usage.total_tokens": 42, "message.content": "Ebb"},
    ),
    Case(
        "atom-usage-without-choices",
        chunk({"content": "Ebb"}) + chunk({}, "stop") + event({**CHUNK_HEAD, "usage": USAGE}) + CHAT_DONE,
        {"usage.total_tokens": 42, "message.content": "Ebb"},
    ),
    Case(
        "minimax-usage-and-choices-null",
        chunk({"content": "Ebb"}) + chunk({}, "stop") + event({**CHUNK_HEAD, "choices": None, "usage": USAGE}),
        {"usage.total_tokens": 42},
    ),
    Case(
        "usage-without-choices-before-the-finish",
        chunk({"content": "Ebb"}) + event({"usage": USAGE}) + chunk({}, "stop") + CHAT_DONE,
        {"usage.total_tokens": 42, "finish_reason": "stop"},
    ),
    Case(
        "llama-cpp-timings-beside-the-usage",
        chunk({"content": "Ebb"})
        + chunk({}, "stop", timings={"predicted_n": 2})
        + event({**CHUNK_HEAD, "usage": USAGE, "timings": {"predicted_n": 3, "predicted_ms": 0.5}})
        + CHAT_DONE,
        {"usage.total_tokens": 42, "timings": {"predicted_n": 3, "predicted_ms": 0.5}},
    ),
    Case(
        "deepseek-cache-counters",
        chunk({"content": "Ebb"}) + chunk({}, "stop", usage={**USAGE, "prompt_cache_hit_tokens": 0}) + CHAT_DONE,
        {"usage.total_tokens": 42, "usage.prompt_cache_hit_tokens": 0},
    ),
]

WHOLE = {"role": "assistant", "content": "Ebb and flow", "name": "MiMo"}
MESSAGES = [
    Case(
        "minimax-whole-message-last",
        EBB
        + FLOW
        + event(
            {
                **CHUNK_HEAD,
                "object": "chat.completion",
                "choices": [{"index": 0, "message": WHOLE, "finish_reason": "stop"}],
                "usage": USAGE,
            }
        )
        + CHAT_DONE,
        {**NAMED, "usage.total_tokens": 42},
    ),
    Case(
        "message-with-what-no-delta-had",
        EBB + FLOW + chunk({}, "stop", {"message": {**WHOLE, "reasoning_content": "Tides."}}),
        {**NAMED, "message.reasoning_content": "Tides."},
    ),
    Case(
        "message-alone",
        event(
            {
                **CHUNK_HEAD,
                "object": "chat.completion",
                "choices": [{"index": 0, "message": WHOLE, "finish_reason": "stop"}],
            }
        )
        + CHAT_DONE,
        NAMED,
    ),
    Case(
        "message-with-a-call",
        EBB + FLOW + chunk({}, "tool_calls", {"message": {"content": "x", "tool_calls": [WHOLE_CALL]}}),
        {**NAMED, "finish_reason": "tool_calls", "calls": [["call_h1", "harbour", '{"port": "Leith"}']]},
    ),
    Case(
        "json-for-a-stream",
        event(
            {
                **CHUNK_HEAD,
                "object": "chat.completion",
                "choices": [{"index": 0, "message": WHOLE, "finish_reason": "stop"}],
            }
        ).removeprefix(b"data: "),
        NAMED,
        events=1,
    ),
    Case(
        "json-for-a-stream-and-done",
        event(
            {
                **CHUNK_HEAD,
                "object": "chat.completion",
                "choices": [{"index": 0, "message": WHOLE, "finish_reason": "stop"}],
            }
        ).removeprefix(b"data: ")
        + CHAT_DONE,
        NAMED,
        events=1,
    ),
]

CHAT_STREAMS = [*REASONING, *WITH_A_CALL, *USAGES, *MESSAGES]
