# Generated from spec/facts/models.json by `python -m codegen`. Do not edit: change the facts and run that again.
"""Model facts.

What is known of each model on the hosts of xiaomimimo.com, second-hand, as of a day. Other servers of MiMo's weights
have limits of their own.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

__all__ = ["ModelFacts", "MODEL_FACTS"]


class ModelFacts(Struct, frozen=True, kw_only=True):
    """What is known of one model. None, where nothing else is said of it: nobody said."""

    id: str
    """The model's id, case-sensitive."""
    endpoints: tuple[Literal["chat", "responses"], ...]
    """The endpoints that answer for the model."""
    kind: Literal["text", "speech", "recognition"] = "text"
    """What the model gives: text for a conversation, speech for a text, or the text of speech."""
    context: int | None
    """The tokens that a conversation may have, the answer included."""
    output_cap: int
    """The tokens that an answer may have, those of thinking included; a request for more is refused."""
    output_default: int | None
    """The tokens that an answer may have where the request says nothing."""
    media: tuple[Literal["image", "audio", "video"], ...]
    """What the model takes besides text."""
    thinking: Literal["enabled", "disabled"] | None
    """Whether the model thinks where the request says nothing; None where it never does."""
    tools: bool | None
    """Whether the model calls functions."""
    web_search: tuple[Literal["chat", "responses"], ...] = ()
    """The endpoints on which the model searches the web."""
    json_mode: bool = True
    """Whether JSON mode gives JSON; false where it was seen not to."""
    voice: Literal["optional", "required", "refused"] | None = None
    """Whether a request for speech names a voice in `audio.voice`; None where the model does not speak."""
    voices: tuple[str, ...] = ()
    """The names of the voices, as MiMo's page writes them; none where a voice is described, or shown by a sample."""
    audio_formats: tuple[str, ...] = ()
    """The formats of sound that the model gives, or takes where it writes speech down."""
    languages: tuple[str, ...] = ()
    """What `asr_options.language` may say."""
    retired: str | None = None
    """When the model was, or will be, switched off: a date, or a time with its offset (RFC 3339); None where no day is
    known.
    """
    note: str = ""
    """What else is known."""
    unproven: tuple[str, ...] = ()
    """The names of the facts of this row that are a reading of ours, or that nobody said."""
    source: str
    """Where the facts are from: keys and threads of spec/SOURCES.md."""
    confidence: Literal["table", "example", "seen", "told", "assumed"]
    """How sure they are, in the words of spec/SOURCES.md."""
    as_of: str
    """The day on which they were looked up, as a date (RFC 3339)."""


MODEL_FACTS: Mapping[str, ModelFacts] = {
    "mimo-v2.6-pro": ModelFacts(
        id="mimo-v2.6-pro",
        endpoints=("chat", "responses"),
        context=1048576,
        output_cap=131072,
        output_default=131072,
        media=("image", "audio", "video"),
        thinking="enabled",
        tools=True,
        web_search=("chat",),
        source="CHAT-2 RESP-2 MODELS",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2.6-flash": ModelFacts(
        id="mimo-v2.6-flash",
        endpoints=("chat", "responses"),
        context=1048576,
        output_cap=131072,
        output_default=131072,
        media=("image", "audio", "video"),
        thinking="enabled",
        tools=True,
        web_search=("chat",),
        source="CHAT-2 RESP-2 MODELS",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2.6-pro-ultraspeed": ModelFacts(
        id="mimo-v2.6-pro-ultraspeed",
        endpoints=("chat", "responses"),
        context=1048576,
        output_cap=131072,
        output_default=131072,
        media=("image", "audio", "video"),
        thinking="enabled",
        tools=True,
        web_search=("chat",),
        json_mode=False,
        note="By contract only. JSON mode was seen to answer what is no JSON.",
        source="CHAT-2 RESP-2 MODELS XiaomiMiMo/MiMo#86",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2.5-pro": ModelFacts(
        id="mimo-v2.5-pro",
        endpoints=("chat", "responses"),
        context=1048576,
        output_cap=131072,
        output_default=131072,
        media=(),
        thinking="enabled",
        tools=True,
        retired="2026-10-21T10:00:00+08:00",
        note="An image anywhere in the history is answered with 404.",
        source="CHAT-1 RESP-1 MODELS openclaude#1538",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2.5": ModelFacts(
        id="mimo-v2.5",
        endpoints=("chat", "responses"),
        context=1048576,
        output_cap=131072,
        output_default=32768,
        media=("image", "audio", "video"),
        thinking="enabled",
        tools=True,
        retired="2026-10-21T10:00:00+08:00",
        source="CHAT-1 RESP-1 MODELS openclaude#1538",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2.5-tts": ModelFacts(
        id="mimo-v2.5-tts",
        endpoints=("chat",),
        kind="speech",
        context=8192,
        output_cap=8192,
        output_default=8192,
        media=(),
        thinking=None,
        tools=False,
        voice="optional",
        voices=("mimo_default", "冰糖", "茉莉", "苏打", "白桦", "Mia", "Chloe", "Milo", "Dean"),
        audio_formats=("wav", "mp3", "pcm", "pcm16"),
        note="Measured, the voice is `mia`, and `Mia` is refused, as the page writes it.",
        source="CHAT-1 TTS MODELS",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2.5-tts-voicedesign": ModelFacts(
        id="mimo-v2.5-tts-voicedesign",
        endpoints=("chat",),
        kind="speech",
        context=8192,
        output_cap=8192,
        output_default=8192,
        media=(),
        thinking=None,
        tools=False,
        voice="refused",
        audio_formats=("wav", "mp3", "pcm", "pcm16"),
        note="A user message describes the voice.",
        source="CHAT-1 TTS MODELS",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2.5-tts-voiceclone": ModelFacts(
        id="mimo-v2.5-tts-voiceclone",
        endpoints=("chat",),
        kind="speech",
        context=8192,
        output_cap=8192,
        output_default=8192,
        media=(),
        thinking=None,
        tools=False,
        voice="required",
        audio_formats=("wav", "mp3", "pcm", "pcm16"),
        note="The voice is a sample: base64 by the page, a data URL as measured.",
        source="CHAT-1 TTS MODELS",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2.5-asr": ModelFacts(
        id="mimo-v2.5-asr",
        endpoints=("chat",),
        kind="recognition",
        context=8192,
        output_cap=2048,
        output_default=None,
        media=("audio",),
        thinking=None,
        tools=None,
        audio_formats=("wav", "mp3"),
        languages=("auto", "zh", "en"),
        note="The page says 2K for the cap, read here as 2048.",
        unproven=("output_cap",),
        source="ASR MODELS",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2-pro": ModelFacts(
        id="mimo-v2-pro",
        endpoints=("chat",),
        context=None,
        output_cap=131072,
        output_default=None,
        media=(),
        thinking="enabled",
        tools=None,
        retired="2026-06-30",
        note="Which media it took is not said.",
        unproven=("media",),
        source="CHAT-1 MODELS",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2-omni": ModelFacts(
        id="mimo-v2-omni",
        endpoints=("chat",),
        context=262144,
        output_cap=131072,
        output_default=None,
        media=("image", "audio", "video"),
        thinking="enabled",
        tools=None,
        retired="2026-06-30",
        source="CHAT-1 MODELS",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2-flash": ModelFacts(
        id="mimo-v2-flash",
        endpoints=("chat",),
        context=262144,
        output_cap=65536,
        output_default=None,
        media=(),
        thinking="disabled",
        tools=None,
        retired="2026-06-30",
        source="CHAT-1 MODELS",
        confidence="table",
        as_of="2026-11-30",
    ),
    "mimo-v2-tts": ModelFacts(
        id="mimo-v2-tts",
        endpoints=("chat",),
        kind="speech",
        context=None,
        output_cap=8192,
        output_default=None,
        media=(),
        thinking=None,
        tools=False,
        voice="optional",
        voices=("mimo_default", "default_en", "default_zh"),
        audio_formats=("wav", "mp3", "pcm", "pcm16"),
        retired="2026-06-30",
        source="CHAT-1 MODELS",
        confidence="table",
        as_of="2026-11-30",
    ),
}
"""The facts by model id; an id that is not here is not wrong, only unknown."""
