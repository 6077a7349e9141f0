"""Speech, both ways: what the models that speak, and the one that writes speech down, take.

Rules:
- Which voices, formats and languages there are is in the facts of the model.
- MiMo's page writes a voice `Mia`; measured on 2026-10-03 it was `mia`, and `Mia` was refused. It shows the sample of a
  voice as base64; measured on that day it had to be a data URL.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.json_types import text_or_empty
from mimo_proto.protocol.preflight.check import Rule, elements, members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mimo_proto.models.model_facts import ModelFacts
    from mimo_proto.protocol.preflight.check import Check

__all__ = ["check_speech"]

NOT_FOR_MODEL = Rule(
    "not_for_model",
    "risky",
    '`{name}` is not for "{model}" by MiMo\'s tables, and what becomes of it nobody said; leave it out',
    "CHAT-1 TTS ASR",
)
SOUND_FORMAT = Rule(
    "sound_format", "refused", 'MiMo refuses {given}: "{model}" has {known}; take one of these', "TTS ASR"
)
LANGUAGE = Rule(
    "language", "refused", "MiMo refuses {given}: `language` is {known}, written like this; take one of them", "ASR"
)
UNKNOWN_VOICE = Rule(
    "unknown_voice", "refused", 'MiMo answers 400 to the voice {given}: "{model}" has {known}; take one of them', "TTS"
)
VOICE_CASE = Rule(
    "voice_case",
    "risky",
    "MiMo's page writes this voice with a capital letter; measured on 2026-10-03, `mia` was taken and `Mia` answered "
    "with 400; write {lower}",
    "TTS MEASURED",
)
VOICE_REFUSED = Rule(
    "voice_refused",
    "refused",
    'MiMo refuses a voice for "{model}", whose user message describes it; leave `voice` out',
    "TTS",
)
VOICE_MISSING = Rule(
    "voice_missing", "refused", 'MiMo refuses "{model}" without a sample of the voice; give `voice` a data URL', "TTS"
)
VOICE_SAMPLE = Rule(
    "voice_sample",
    "risky",
    "MiMo's page has the sample of a voice in base64; measured on 2026-10-03, only a data URL was taken; send "
    "data:audio/wav;base64,... or data:audio/mpeg;base64,...",
    "TTS MEASURED",
)
SPEECH_MESSAGES = Rule(
    "speech_messages",
    "refused",
    '"{model}" takes messages of the user and the assistant, each a text, and refuses any other; say how to speak in '
    "the user's",
    "TTS",
)
NO_SPEECH_TEXT = Rule(
    "no_speech_text",
    "refused",
    '"{model}" speaks the text of an assistant message, and MiMo refuses a request without one; put the text there',
    "TTS",
)
NO_VOICE_DESIGN = Rule(
    "no_voice_design",
    "refused",
    'MiMo refuses "{model}" without a user message that describes the voice; write one',
    "TTS MEASURED",
)
RECOGNITION_MESSAGES = Rule(
    "recognition_messages",
    "refused",
    '"{model}" takes one user message with one sound in it, and refuses any other; send a request for each sound',
    "ASR",
)
RECOGNITION_TEXT = Rule(
    "recognition_text",
    "refused",
    'MiMo answers 400, "ASR request must not include text parts"; send the sound alone',
    "ASR MEASURED",
)
RECOGNITION_URL = Rule(
    "recognition_url", "refused", '"{model}" takes sound in base64 only, and fetches none; send a data URL', "ASR"
)
RECOGNITION_SIZE = Rule(
    "recognition_size", "refused", "MiMo takes 10 MB of base64 at most, and this is more; cut the sound", "ASR"
)

NOT_FOR_SPEECH = ("tools", "tool_choice", "response_format", "stop", "thinking")
MAX_RECOGNITION_CHARACTERS = 10 * 1024 * 1024
# The media types of MiMo's page on speech recognition.
FORMATS = {"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/wav": "wav"}
DATA_URL = re.compile(r"data:([^;,]*)[^,]*,", re.IGNORECASE)


def check_speech(check: Check) -> None:
    """Look at a request of Chat for speech, or for the text of speech; of other models, that it asks for neither."""
    facts = check.facts
    if facts is None or check.api != "chat":
        return
    absent = [
        *(("audio",) if facts.kind != "speech" else NOT_FOR_SPEECH),
        *(("asr_options",) if facts.kind != "recognition" else ()),
    ]
    for name in absent:
        if check.fields.get(name) is not None:
            check.find(NOT_FOR_MODEL, name, name=name, model=facts.id)
    if facts.kind == "speech":
        _check_voice(check, facts)
        _check_speech_messages(check, facts)
    elif facts.kind == "recognition":
        _check_recognition(check, facts)


def _check_voice(check: Check, facts: ModelFacts) -> None:
    audio = members(check.fields.get("audio"))
    sound_format, voice = audio.get("format"), audio.get("voice")
    if isinstance(sound_format, str) and sound_format not in facts.audio_formats:
        known = _listed(facts.audio_formats)
        check.find(SOUND_FORMAT, "audio", "format", given=f"`{sound_format}`", model=facts.id, known=known)
    if facts.voice == "required" and not voice:
        check.find(VOICE_MISSING, "audio", model=facts.id)
    elif voice is None:
        return
    elif facts.voice == "refused":
        check.find(VOICE_REFUSED, "audio", "voice", model=facts.id)
    elif facts.voice == "optional":
        _check_voice_name(check, str(voice), facts)
    elif not str(voice).startswith("data:"):
        check.find(VOICE_SAMPLE, "audio", "voice")


def _check_voice_name(check: Check, voice: str, facts: ModelFacts) -> None:
    measured = [name.lower() for name in facts.voices]
    if voice in measured:
        return
    if voice in facts.voices:
        check.find(VOICE_CASE, "audio", "voice", lower=f"`{voice.lower()}`")
    else:
        known = _listed(measured)
        check.find(UNKNOWN_VOICE, "audio", "voice", given=f"`{voice[:40]}`", model=facts.id, known=known)


def _check_speech_messages(check: Check, facts: ModelFacts) -> None:
    roles: set[str] = set()
    for number, message in enumerate(check.turns):
        role = text_or_empty(message.get("role"))
        roles.add(role)
        if role not in ("user", "assistant") or not isinstance(message.get("content"), str):
            check.find(SPEECH_MESSAGES, "messages", number, model=facts.id)
    designs = facts.voice == "refused"
    writes_text = designs and members(check.fields.get("audio")).get("optimize_text_preview")
    if "assistant" not in roles and not writes_text:
        check.find(NO_SPEECH_TEXT, "messages", model=facts.id)
    if designs and "user" not in roles:
        check.find(NO_VOICE_DESIGN, "messages", model=facts.id)


def _check_recognition(check: Check, facts: ModelFacts) -> None:
    language = members(check.fields.get("asr_options")).get("language")
    if language is not None and language not in facts.languages:
        known = _listed(facts.languages)
        check.find(LANGUAGE, "asr_options", "language", given=f"`{language}`", known=known)
    parts = [members(part) for message in check.turns for part in elements(message.get("content"))]
    kinds = [part.get("type") for part in parts]
    roles = [message.get("role") for message in check.turns]
    if "text" in kinds:
        at = ("messages", 0, "content", kinds.index("text")) if len(roles) == 1 else ("messages",)
        check.find(RECOGNITION_TEXT, *at)
    elif roles != ["user"] or kinds != ["input_audio"]:
        check.find(RECOGNITION_MESSAGES, "messages", model=facts.id)
    else:
        _check_sound(check, members(parts[0].get("input_audio")), facts)


def _check_sound(check: Check, sound: Mapping[str, Any], facts: ModelFacts) -> None:
    at = ("messages", 0, "content", 0, "input_audio")
    data = sound.get("data")
    if not isinstance(data, str):
        return
    if data.startswith(("http://", "https://")):
        check.find(RECOGNITION_URL, *at, "data", model=facts.id)
        return
    media_type = DATA_URL.match(data)
    given = media_type[1].lower() if media_type else sound.get("format")
    if FORMATS.get(str(given), given) not in facts.audio_formats:
        known = _listed(facts.audio_formats)
        check.find(SOUND_FORMAT, *at, given=f"`{given}`", model=facts.id, known=known)
    if len(data) > MAX_RECOGNITION_CHARACTERS:
        check.find(RECOGNITION_SIZE, *at, "data")


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
