"""What the server refuses of speech and recognition is what `preflight` says that MiMo refuses."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto import preflight
from mimo_proto.testing.rules import refuse_chat
from mimo_proto.testing.speech_rules import speech_problems

SAID = ("assistant", "hi")
WISH = ("user", "calm")
TTS, DESIGN, CLONE = "mimo-v2.5-tts", "mimo-v2.5-tts-voicedesign", "mimo-v2.5-tts-voiceclone"
SAMPLE = "data:audio/wav;base64,UklGRg=="


def speech(model: str, *messages: tuple[str, Any], **audio: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": role, "content": said} for role, said in messages], "audio": audio}


def sound(*parts: dict[str, Any], **options: Any) -> dict[str, Any]:
    message = {"role": "user", "content": list(parts)}
    return {"model": "mimo-v2.5-asr", "messages": [message], "asr_options": options}


def recording(**audio: Any) -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": audio}


WAV = recording(data="AAAA", format="wav")
TEXT = {"type": "text", "text": "What is said?"}


@pytest.mark.parametrize(
    "body",
    [
        speech(TTS, SAID),
        speech(TTS, WISH, SAID, voice="mia", format="pcm16"),
        speech(TTS, SAID, voice="Mia"),
        speech(TTS, SAID, voice="冰糖"),
        speech(TTS, SAID, voice="alloy"),
        speech(TTS, SAID, voice="MIA"),
        speech(TTS, SAID, voice=""),
        speech(TTS, SAID, format="opus"),
        speech(TTS, SAID, speed=2),
        speech(TTS, WISH),
        speech(TTS, ("system", "calm"), SAID),
        speech(TTS, ("assistant", [])),
        speech(DESIGN, WISH, SAID),
        speech(DESIGN, WISH, optimize_text_preview=True),
        speech(DESIGN, SAID),
        speech(DESIGN, WISH),
        speech(DESIGN, WISH, SAID, voice="mia"),
        speech(CLONE, SAID, voice=SAMPLE),
        speech(CLONE, SAID, voice="UklGRg=="),
        speech(CLONE, SAID),
        sound(WAV),
        sound(WAV, language="zh"),
        sound(WAV, language="ZH"),
        sound(recording(data="data:audio/mpeg;base64,AAAA")),
        sound(recording(data="data:Audio/WAV;base64,AAAA")),
        sound(recording(data="data:audio/wav;codecs=1;base64,AAAA")),
        {**sound(), "messages": [{"role": "tool", "tool_call_id": "1", "content": [WAV]}]},
        sound(recording(data="AAAA", format="flac")),
        sound(recording(data="AAAA")),
        sound(recording(data="data:audio/ogg;base64,AAAA")),
        sound(recording(data="https://example.com/a.wav", format="wav")),
        sound(recording(data="A" * 10_485_764, format="wav")),
        sound(TEXT, WAV),
        sound(WAV, WAV),
        sound(),
    ],
    ids=lambda body: str(body)[:150],
)
def test_what_preflight_calls_refused_is_refused(body: dict[str, Any]) -> None:
    refused = "refused" in [finding.severity for finding in preflight(body)]
    assert (refuse_chat(body) is not None) is refused


@pytest.mark.parametrize("model", ["mimo-v2.6-pro", "mimo-v9", None, 3])
def test_other_models_have_nothing_to_do_with_speech(model: Any) -> None:
    assert list(speech_problems({"model": model, "messages": [], "audio": {"voice": "alloy"}})) == []
