"""What the findings of `preflight` say, word for word: what MiMo does, and what to do."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from mimo_proto import preflight
from tests.support.preflighting import CALL, CHAT, IMAGE, RESPONSES

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

TTS, DESIGN, CLONE = "mimo-v2.5-tts", "mimo-v2.5-tts-voicedesign", "mimo-v2.5-tts-voiceclone"
SAID = {"role": "assistant", "content": "Low water is at four."}
PLANS = "https://token-plan-cn.xiaomimimo.com/v1"


def said(*requests: dict[str, Any], **options: Any) -> list[str]:
    return [
        f"{each.code}, {each.severity}, {each.path}: {each.message} ({each.source})"
        for request in requests
        for each in preflight(request, **options)
    ]


def content(*parts: dict[str, Any], model: str = "mimo-v2.6-pro") -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": list(parts)}]}


def test_of_models(snapshot: SnapshotAssertion) -> None:
    chat = [{**CHAT, "model": model} for model in ("mimo-v9", "MiMo-V2.6-Pro", "mimo-v2-pro")]
    capped = {**CHAT, "max_completion_tokens": 10**6}
    speech = {"model": TTS, "messages": [SAID], "max_completion_tokens": 10**6}
    heard = {
        **content({"type": "input_audio", "input_audio": {"data": "data:audio/wav;base64,"}}, model="mimo-v2.5-asr")
    }
    requests = (*chat, capped, speech, {**heard, "max_completion_tokens": 10**6}, {**RESPONSES, "model": TTS})
    assert said(*requests, today=date(2026, 11, 30)) == snapshot


def test_of_keys(snapshot: SnapshotAssertion) -> None:
    assert [
        said(CHAT, api_key="sk-0123"),
        said(CHAT, api_key="tp-0123"),
        said(CHAT, api_key="sk-0123", base_url=PLANS),
        said(CHAT, api_key="key-0123"),
    ] == snapshot


def test_of_fields(snapshot: SnapshotAssertion) -> None:
    chat = dict.fromkeys(["max_tokens", "reasoning_effort", "parallel_tool_calls", "seed", "n", "mood"], 2)
    responses: dict[str, Any] = {
        "stop": ["."],
        "conversation": "c",
        "previous_response_id": "r",
        "max_tokens": 2,
        "web_search_options": {},
    }
    assert said({**CHAT, **chat}, {**RESPONSES, **responses}) == snapshot


def test_of_options(snapshot: SnapshotAssertion) -> None:
    schema: dict[str, Any] = {"type": "json_schema", "json_schema": {}}
    mode = {"type": "json_object"}
    requests = (
        {**CHAT, "temperature": 0.5, "top_p": 0.5, "response_format": schema},
        {**CHAT, "model": "mimo-v2.6-pro-ultraspeed", "response_format": mode},
        {**RESPONSES, "reasoning": {"effort": "high"}, "text": {"format": schema}},
        {**RESPONSES, "text": {"format": mode}},
    )
    assert said(*requests) == snapshot


def test_of_tools(snapshot: SnapshotAssertion) -> None:
    function: dict[str, Any] = {"type": "function", "name": "f", "parameters": {"properties": {"a": {"items": [{}]}}}}
    requests = (
        {**CHAT, "tools": [{"type": "web_search_preview"}], "tool_choice": "none"},
        {**RESPONSES, "tools": [function, {"type": "web_search"}, {"type": "lathe"}], "tool_choice": "required"},
    )
    assert said(*requests) == snapshot


def test_of_histories(snapshot: SnapshotAssertion) -> None:
    turns = [
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "assistant", "content": None},
        {"role": "function", "name": "f", "content": ""},
    ]
    items = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "item_reference", "id": "r1"},
        {"type": "web_search_call", "id": "w1"},
    ]
    assert said({**CHAT, "messages": turns}, {**RESPONSES, "input": items}) == snapshot


def test_of_media(snapshot: SnapshotAssertion) -> None:
    heic = {"type": "image_url", "image_url": {"url": "data:image/heic;base64,AA", "detail": "low"}}
    untyped = {"type": "image_url", "image_url": {"url": "data:,AA"}}
    requests: tuple[dict[str, Any], ...] = (
        content(IMAGE, model="mimo-v2.5-pro"),
        content({"type": "video_url", "video_url": {"url": "u"}}, model="mimo-v2-flash"),
        content(heic, untyped, {"type": "file", "file": {}}),
    )
    assert said(*requests) == snapshot


def test_of_speech(snapshot: SnapshotAssertion) -> None:
    voices = ("Mia", "alloy")
    requests: tuple[dict[str, Any], ...] = (
        *({"model": TTS, "messages": [SAID], "audio": {"voice": voice, "format": "ogg"}} for voice in voices),
        {"model": TTS, "messages": [{"role": "system", "content": "x"}], "thinking": {"type": "enabled"}},
        {"model": DESIGN, "messages": [SAID], "audio": {"voice": "mia"}},
        {"model": CLONE, "messages": [SAID]},
        {"model": CLONE, "messages": [SAID], "audio": {"voice": "UklGRg=="}},
    )
    assert said(*requests) == snapshot


def test_of_recognition(snapshot: SnapshotAssertion) -> None:
    model = "mimo-v2.5-asr"

    def sound(data: str) -> dict[str, Any]:
        return {"type": "input_audio", "input_audio": {"data": data}}

    requests = (
        {**content(sound("data:audio/ogg;base64,AA"), model=model), "asr_options": {"language": "latin"}},
        content(sound("https://example.com/a.wav"), model=model),
        content(sound("data:audio/wav;base64," + "A" * 10_485_760), model=model),
        content(sound("data:audio/wav;base64,AA"), {"type": "text", "text": "x"}, model=model),
        content(model=model),
    )
    assert said(*requests) == snapshot
