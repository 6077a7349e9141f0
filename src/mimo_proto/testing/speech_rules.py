"""What MiMo refuses of a request for speech, and of one for the text of speech.

Rules: voices, formats and languages are those of the table of facts. What was quoted stands as it was quoted: the text
about text parts, the list of formats (token-plan host, 2026-10-03). Where MiMo's page and that measurement differ, both
are taken, so that the page's examples run: a voice as the page writes it (`Mia`) and as it was measured (`mia`); the
sample of a voice in bare base64 and as a data URL.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.protocol.preflight.speech import DATA_URL, FORMATS, MAX_RECOGNITION_CHARACTERS

from .json_values import as_object, objects_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mimo_proto.models.model_facts import ModelFacts

__all__ = ["speech_problems"]


def speech_problems(body: dict[str, Any]) -> Iterator[str]:
    """Say what MiMo refuses of a chat request, in MiMo's order; nothing of one that has nothing to do with speech."""
    facts = MODEL_FACTS.get(str(body.get("model")))
    if facts and facts.kind == "speech":
        yield from _synthesis(body, facts)
    if facts and facts.kind == "recognition":
        yield from _recognition(body, facts)


def _synthesis(body: dict[str, Any], facts: ModelFacts) -> Iterator[str]:
    options = as_object(body.get("audio"))
    messages = objects_in(body.get("messages"))
    roles = {str(message.get("role")) for message in messages}
    if any(not isinstance(message.get("content"), str) for message in messages) or not roles <= {"user", "assistant"}:
        yield "speech synthesis takes user and assistant messages, each a text"
    design = facts.voice == "refused"
    if "assistant" not in roles and not (design and options.get("optimize_text_preview")):
        yield "an assistant message must hold the text to be spoken"
    if design and ("user" not in roles or "voice" in options):
        yield "voice design takes a user message that describes the voice, and no audio.voice"
    if facts.voice == "required" and not options.get("voice"):
        yield "audio.voice must hold a sample of the voice"
    measured = [name.lower() for name in facts.voices]
    if facts.voices and options.get("voice", measured[0]) not in (*measured, *facts.voices):
        yield f"invalid voice, must be one of: {', '.join(measured)}"


def _recognition(body: dict[str, Any], facts: ModelFacts) -> Iterator[str]:
    messages = objects_in(body.get("messages"))
    parts = [part for message in messages for part in objects_in(message.get("content"))]
    if any(part.get("type") == "text" for part in parts):
        yield "ASR request must not include text parts"
    roles = [message.get("role") for message in messages]
    sound = as_object(parts[0].get("input_audio")) if roles == ["user"] and len(parts) == 1 else {}
    data = str(sound.get("data", ""))
    head = DATA_URL.match(data)
    if head:
        data = data[head.end() :]
    if not _is_base64(data):
        yield "speech recognition takes one user message with one sound in base64"
    if (FORMATS.get(head[1].lower()) if head else sound.get("format")) not in facts.audio_formats:
        yield f"format must be one of: {', '.join(facts.audio_formats)}"
    if len(data) > MAX_RECOGNITION_CHARACTERS:
        yield "the sound is larger than 10 MB in base64"


def _is_base64(data: str) -> bool:
    try:
        return bool(base64.b64decode(data, validate=True))
    except ValueError:
        return False
