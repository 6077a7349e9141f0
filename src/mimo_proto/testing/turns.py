"""What the stand-in model says: one turn, whatever the endpoint and the mode.

Rules: the same prompt always gives the same turn. The model says the user's text back, thinks first where thinking is
on, calls each tool once when the user has spoken last, and speaks of the results once they are there.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from mimo_proto.speech import pcm_to_wav

from .json_values import as_object

if TYPE_CHECKING:
    from .prompts import Prompt, Tool

__all__ = ["FIRST_CREATED_SECONDS", "Call", "Turn", "call_id", "count_tokens", "take_turn", "tokens"]

FIRST_CREATED_SECONDS = 1_790_000_000
"""The time at which the server answers, before the number of the request is added."""


class Call(msgspec.Struct, frozen=True):
    """A tool call that the model makes.

    Attributes:
        name: The tool's name.
        arguments: A mapping (sent as JSON text), or the text itself: broken JSON, or the input of a custom tool.
        namespace: The namespace that the tool was offered in (Responses).
        custom: Whether it is a custom tool's call, whose input is free text (Responses).
    """

    name: str
    arguments: Mapping[str, Any] | str = ""
    namespace: str | None = None
    custom: bool = False

    @property
    def text(self) -> str:
        """The arguments as they are sent."""
        return self.arguments if isinstance(self.arguments, str) else msgspec.json.encode(self.arguments).decode()


class Turn(msgspec.Struct, frozen=True):
    """What the model says in one turn; the request decides about the endpoint, and whether the turn is streamed.

    Attributes:
        text: The text of the answer.
        reasoning: The thinking before the answer; None for a model that did not think.
        calls: The tools that the model calls.
        finish_reason: Why the turn ends; None stands for ``tool_calls`` beside calls, else for ``stop``. A Responses
            reply is `incomplete` after ``length`` and ``content_filter``.
        annotations: The sources of a web search (Chat).
        audio: The spoken sound (Chat).
        preview: The text that was spoken, where the server chose it (Chat).
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
        """The finish reason, as Chat has it."""
        return self.finish_reason or ("tool_calls" if self.calls else "stop")


def tokens(text: str) -> list[str]:
    """Cut a text into its tokens, by which it is streamed and counted; joined, they are the text again."""
    return re.findall(r"\S{1,8}\s?|\s", text)


def count_tokens(turn: Turn) -> tuple[int, int]:
    """Count the tokens of the thinking, and those of all that the model wrote; sound is counted elsewhere."""
    thought = len(tokens(turn.reasoning or ""))
    called = sum(len(tokens(call.text)) + 1 for call in turn.calls)
    return thought, thought + len(tokens(turn.text)) + called


def call_id(number: int, at: int) -> str:
    """Make the id of a tool call.

    Args:
        number: The number that the ids of the response are made of.
        at: The place of the call in its turn.
    """
    return f"call_{number:012x}{at:012x}"


def take_turn(prompt: Prompt) -> Turn:
    """Say something to a prompt."""
    if prompt.speech is not None:
        count = max(1, len(tokens(prompt.speech)))
        return Turn(audio=_SOUNDS[prompt.sound_format](count), preview=prompt.speech if prompt.preview else None)
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
    for stop in prompt.stop:
        text = text.partition(stop)[0]
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
    text = (re.findall(r"\w+", said) or [""])[-1]
    arguments = {name: _value(as_object(properties.get(name)), text) for name in wanted}
    return Call(tool.name, arguments, tool.namespace)


def _value(schema: dict[str, Any], text: str) -> Any:
    """A value that fits a schema: what the schema itself names, else the simplest of its type; for a string, a text."""
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "examples"):
        if schema.get(key):
            return schema[key][0]
    simplest: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}, "null": None}
    return schema.get("minimum", simplest.get(str(schema.get("type")), text))


def _pcm(count: int) -> bytes:
    """Ten milliseconds for each token: a soft triangle wave, 24 kHz, one channel, 16 bits, little-endian."""
    period = [60 * min(step, 24 - step) for step in range(24)]
    return struct.pack("<24h", *period) * 10 * count


def _wav(count: int) -> bytes:
    return pcm_to_wav(_pcm(count))


def _mp3(count: int) -> bytes:
    """One silent frame for each token (MPEG-1 layer III, 128 kbit/s, 44.1 kHz)."""
    return (b"\xff\xfb\x90\x64" + bytes(413)) * count


_SOUNDS = {"wav": _wav, "mp3": _mp3, "pcm": _pcm, "pcm16": _pcm}
