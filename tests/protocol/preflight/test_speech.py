"""Speech, both ways."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto import preflight
from tests.support.preflighting import CHAT, ELSEWHERE, found

SAMPLE = "data:audio/wav;base64,UklGRg=="
DESIGN = "mimo-v2.5-tts-voicedesign"
CLONE = "mimo-v2.5-tts-voiceclone"
SAID = ("assistant", "hi")
WISH = ("user", "calm")


def speech(model: str, *messages: tuple[str, Any], more: dict[str, Any] | None = None, **audio: Any) -> dict[str, Any]:
    spoken = [{"role": role, "content": content} for role, content in messages]
    return {"model": model, "messages": spoken, "audio": audio, **(more or {})}


def sound(*parts: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"model": "mimo-v2.5-asr", "messages": [{"role": "user", "content": list(parts)}], "asr_options": options}


def recording(**audio: Any) -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": audio}


WAV = recording(data="AAAA", format="wav")


@pytest.mark.parametrize(
    ("request_", "finding"),
    [
        (speech("mimo-v2.5-tts", SAID, voice="mia"), None),
        (speech("mimo-v2.5-tts", SAID, voice="mimo_default"), None),
        (speech("mimo-v2.5-tts", WISH, SAID, voice="冰糖", format="pcm16"), None),
        (speech("mimo-v2.5-tts", SAID), None),
        (speech("mimo-v2.5-tts", SAID, voice="Mia"), ("voice_case", "risky", "$.audio.voice")),
        (speech("mimo-v2.5-tts", SAID, voice="alloy"), ("unknown_voice", "refused", "$.audio.voice")),
        (speech("mimo-v2.5-tts", SAID, voice="MIA"), ("unknown_voice", "refused", "$.audio.voice")),
        (speech("mimo-v2.5-tts", SAID, voice=""), ("unknown_voice", "refused", "$.audio.voice")),
        (speech("mimo-v2.5-tts", SAID, voice=None), None),
        (speech("mimo-v2.5-tts", SAID, format="opus"), ("sound_format", "refused", "$.audio.format")),
        (speech("mimo-v2.5-tts", SAID, speed=2), ("unknown_field", "ignored", "$.audio.speed")),
        (speech("mimo-v2.5-tts", WISH), ("no_speech_text", "refused", "$.messages")),
        (speech("mimo-v2.5-tts", ("system", "calm"), SAID), ("speech_messages", "refused", "$.messages[0]")),
        (speech("mimo-v2.5-tts", ("assistant", [])), ("speech_messages", "refused", "$.messages[0]")),
        (speech("mimo-v2.5-tts", SAID, more={"stop": "x"}), ("not_for_model", "risky", "$.stop")),
        (speech("mimo-v2.5-tts", SAID, more={"asr_options": {}}), ("not_for_model", "risky", "$.asr_options")),
        (speech(DESIGN, WISH, SAID), None),
        (speech(DESIGN, WISH, optimize_text_preview=True), None),
        (speech(DESIGN, SAID), ("no_voice_design", "refused", "$.messages")),
        (speech(DESIGN, WISH), ("no_speech_text", "refused", "$.messages")),
        (speech(DESIGN, WISH, SAID, voice="mia"), ("voice_refused", "refused", "$.audio.voice")),
        (speech(CLONE, SAID, voice=SAMPLE), None),
        (speech(CLONE, SAID), ("voice_missing", "refused", "$.audio")),
        (speech(CLONE, SAID, voice=""), ("voice_missing", "refused", "$.audio")),
        (speech(CLONE, SAID, voice="UklGRg=="), ("voice_sample", "risky", "$.audio.voice")),
        ({**CHAT, "audio": {"format": "wav"}}, ("not_for_model", "risky", "$.audio")),
        (sound(WAV), None),
        (sound(WAV, language="zh"), None),
        (sound(recording(data="data:audio/mpeg;base64,AAAA")), None),
        (sound(recording(data="data:Audio/WAV;base64,AAAA")), None),
        (sound(recording(data=None, format="wav")), None),
        (sound(WAV, language="ZH"), ("language", "refused", "$.asr_options.language")),
        (
            sound(recording(data="AAAA", format="flac")),
            ("sound_format", "refused", "$.messages[0].content[0].input_audio"),
        ),
        (sound(recording(data="AAAA")), ("sound_format", "refused", "$.messages[0].content[0].input_audio")),
        (
            sound(recording(data="data:audio/ogg;base64,AAAA")),
            ("sound_format", "refused", "$.messages[0].content[0].input_audio"),
        ),
        (
            sound(recording(data="https://example.com/a.wav", format="wav")),
            ("recognition_url", "refused", "$.messages[0].content[0].input_audio.data"),
        ),
        (
            sound(recording(data="A" * 10_485_764, format="wav")),
            ("recognition_size", "refused", "$.messages[0].content[0].input_audio.data"),
        ),
        (
            sound({"type": "text", "text": "What is said?"}, WAV),
            ("recognition_text", "refused", "$.messages[0].content[0]"),
        ),
        (sound(WAV, WAV), ("recognition_messages", "refused", "$.messages")),
        ({**CHAT, "model": "mimo-v2.5-asr"}, ("recognition_messages", "refused", "$.messages")),
        (
            {**sound(WAV, {"type": "text", "text": "x"}), "messages": sound(WAV, {"type": "text"})["messages"] * 2},
            ("recognition_text", "refused", "$.messages"),
        ),
        (
            {**sound(), "messages": [{"role": "tool", "tool_call_id": "1", "content": [WAV]}]},
            ("recognition_messages", "refused", "$.messages"),
        ),
        ({**sound(WAV), "audio": {"voice": "mia"}}, ("not_for_model", "risky", "$.audio")),
    ],
)
def test_speech(request_: dict[str, Any], finding: tuple[str, str, str] | None) -> None:
    assert found(request_) == ([] if finding is None else [finding])


@pytest.mark.parametrize("voice", ["Mia", "UklGRg=="])
def test_what_the_page_and_a_measurement_say_is_named_both(voice: str) -> None:
    [finding] = preflight(speech("mimo-v2.5-tts" if voice == "Mia" else CLONE, SAID, voice=voice))
    assert finding.severity == "risky"
    assert "MiMo's page" in finding.message
    assert "measured on 2026-10-03" in finding.message


def test_speech_by_other_hosts() -> None:
    assert found(speech("mimo-v2.5-tts", WISH, voice="alloy"), base_url=ELSEWHERE) == []
