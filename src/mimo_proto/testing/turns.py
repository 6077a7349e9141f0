"""What the stand-in model says: one turn, whatever endpoint and mode it is then told in.

Rules: the same prompt always gives the same turn. It says the user's words back, thinks first where thinking is on,
calls each tool once when the user has spoken last, and speaks of the results once they are there.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from .plain import as_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .prompts import Prompt, Tool

__all__ = ["Call", "Turn", "tokens", "take_turn"]


class Call(msgspec.Struct, frozen=True):
    """A tool call that the model makes.

    Attributes:
        name: The tool's name.
        arguments: A mapping (told as JSON text), or the text itself: broken JSON, or the input of a custom tool.
        namespace: The namespace that the tool was offered in (Responses).
        custom: Whether it is a custom tool's call, whose input is free text (Responses).
    """

    name: str
    arguments: Mapping[str, Any] | str = ""
    namespace: str | None = None
    custom: bool = False

    @property
    def text(self) -> str:
        """The arguments as they go over the wire."""
        return self.arguments if isinstance(self.arguments, str) else msgspec.json.encode(self.arguments).decode()


class Turn(msgspec.Struct, frozen=True):
    """What the model says in one turn; the server tells it as the request asked: whole or streamed, either endpoint.

    Attributes:
        text: The answer's words.
        reasoning: The thinking before it; None for a model that did not think.
        calls: The tools that it calls.
        finish_reason: Why it ends; None for ``tool_calls`` beside calls, else ``stop``. A Responses reply is
            `incomplete` after ``length`` and ``content_filter``.
        annotations: Sources of a web search (Chat).
        audio: Spoken sound (Chat).
        preview: What was spoken, where the server chose the words (Chat).
        seconds: The length of the recognised sound (Chat).
    """

    text: str = ""
    reasoning: str | None = None
    calls: Sequence[Call] = ()
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter", "repetition_truncation"] | None = None
    annotations: Sequence[Mapping[str, Any]] = ()
    audio: bytes | None = None
    preview: str | None = None
    seconds: int | None = None

    @property
    def ended(self) -> str:
        """The finish reason that Chat tells."""
        return self.finish_reason or ("tool_calls" if self.calls else "stop")


def tokens(text: str) -> list[str]:
    """Cut a text into the pieces that it streams in and is counted by; joined, they are the text again."""
    return re.findall(r"\S{1,8}\s?|\s", text)


def take_turn(prompt: Prompt) -> Turn:
    """Say something to a prompt."""
    if prompt.speech is not None:
        return _speak(prompt, prompt.speech)
    if prompt.sound is not None:
        return Turn(f"A recording of {prompt.sound} bytes.", seconds=1 + prompt.sound // 32_000)
    annotations = _SOURCES if prompt.search else ()
    if prompt.results:
        thought, text, calls = "The tools have answered.", f"The tools say: {'; '.join(prompt.results)}.", []
    elif prompt.tools:
        names = " and ".join(tool.name for tool in prompt.tools)
        thought, text, calls = f"I need {names}.", "", [_call(tool, prompt.text) for tool in prompt.tools]
    else:
        thought, text, calls = "The user wants an answer. I give the words back.", f"You said: {prompt.text}", []
    if prompt.json and not calls:
        text = msgspec.json.encode({"echo": text}).decode()
    for word in prompt.stop:
        text = text.partition(word)[0]
    turn = Turn(text, thought if prompt.thinking else None, calls, annotations=annotations)
    return turn if prompt.limit is None else _cut(turn, prompt.limit)


_SOURCES = (
    {
        "type": "url_citation",
        "url": "https://example.com/found",
        "title": "Found",
        "summary": "What the search brought.",
        "site_name": "Example",
        "publish_time": "2026-10-02T08:00:00+08:00",
        "logo_url": "https://example.com/icon.png",
    },
)


def _cut(turn: Turn, limit: int) -> Turn:
    """Stop at the token limit; thinking counts as well."""
    thought = tokens(turn.reasoning or "")
    said = tokens(turn.text)
    if len(thought) + len(said) + sum(len(tokens(call.text)) for call in turn.calls) <= limit:
        return turn
    room = max(0, limit - len(thought))
    return msgspec.structs.replace(
        turn,
        reasoning=None if turn.reasoning is None else "".join(thought[:limit]),
        text="".join(said[:room]),
        calls=(),
        finish_reason="length",
    )


def _call(tool: Tool, said: str) -> Call:
    if tool.custom:
        return Call(tool.name, said, tool.namespace, custom=True)
    properties = as_object(tool.parameters.get("properties"))
    wanted = tool.parameters.get("required") or properties
    word = (re.findall(r"\w+", said) or [""])[-1]
    arguments = {name: _value(as_object(properties.get(name)), word) for name in wanted}
    return Call(tool.name, arguments, tool.namespace)


def _value(schema: dict[str, Any], word: str) -> Any:
    """A value that fits a schema: what the schema itself names, else the simplest of its type."""
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "examples"):
        if schema.get(key):
            return schema[key][0]
    simplest: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}, "null": None}
    return schema.get("minimum", simplest.get(str(schema.get("type")), word))


def _speak(prompt: Prompt, words: str) -> Turn:
    count = max(1, len(tokens(words)))
    return Turn(audio=_SOUNDS[prompt.sound_format](count), preview=words if prompt.preview else None)


def _pcm(count: int) -> bytes:
    """Ten milliseconds for each token: a soft triangle wave, 24 kHz, one channel, 16 bits, little-endian."""
    period = [60 * min(step, 24 - step) for step in range(24)]
    return struct.pack("<24h", *period) * 10 * count


def _wav(count: int) -> bytes:
    data = _pcm(count)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, 24_000, 48_000, 2, 16,
                       b"data", len(data))  # fmt: skip
    return head + data


def _mp3(count: int) -> bytes:
    """One silent frame for each token (MPEG-1 layer III, 128 kbit/s, 44.1 kHz)."""
    return (b"\xff\xfb\x90\x64" + bytes(413)) * count


_SOUNDS = {"wav": _wav, "mp3": _mp3, "pcm": _pcm, "pcm16": _pcm}
