"""The messages of Chat and their parts.

Rules:
- An assistant's content that is null, or absent without tool calls, is "": MiMo has refused null beside tool calls, its
  tables ask for a content without them, and an empty text it takes.
- What MiMo has under another form is brought into it: an image's URL as a text, bare base64 beside a format, a refusal
  among the parts of an answer. `detail` of an image says nothing to MiMo.
- Thinking that a message says as `reasoning` alone, as vLLM and OpenRouter have it, stands under MiMo's name too: MiMo
  refuses tool calls without `reasoning_content` (its page on deep thinking).
- Files, functions by their old name and messages of the role `function` are refused: MiMo would ignore them, or refuse
  them with less to say about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.models import VideoPart
from mimo_proto.protocol.adapt_changes import adapt_each, adapt_member, refusal
from mimo_proto.protocol.adapt_numbers import adapt_inner_numbers
from mimo_proto.protocol.json_types import is_mapping, is_object
from mimo_proto.protocol.media_url import audio_url
from mimo_proto.protocol.null_content import with_text_for_null

if TYPE_CHECKING:
    from mimo_proto.protocol.adapt_changes import Changes, Place

__all__ = ["adapt_messages", "with_reasoning_content"]

# The formats that MiMo's table names beside the data.
AUDIO_FORMATS = ("mp3", "wav")
FUNCTION_CALL = '"function_call": MiMo ignores it; give the call in `tool_calls`, and its result as role "tool"'


def adapt_messages(messages: Any, changes: Changes) -> Any:
    """Bring the messages of a chat request into MiMo's form; what is no list of objects is left to `validate`."""
    return adapt_each(messages, ("messages",), changes, _adapt_message)


def _adapt_message(message: Any, at: Place, changes: Changes) -> Any:
    if not is_object(message):
        return message
    row = changes.row("role", message.get("role"), at)
    if row is not None:
        changes.act(row, at)
    if message.get("function_call") is not None and not changes.keeps("function_call", at):
        raise refusal((*at, "function_call"), FUNCTION_CALL)
    message = adapt_member(with_reasoning_content(message), "tool_calls", at, changes, _adapt_call)
    if message.get("content") is None:
        return with_text_for_null(message)
    return adapt_member(message, "content", at, changes, _adapt_part)


def with_reasoning_content(message: dict[str, Any]) -> dict[str, Any]:
    """Give a message its thinking as `reasoning_content`, where it says it as `reasoning` alone; else as it is."""
    text = message.get("reasoning")
    if not text or not isinstance(text, str) or message.get("reasoning_content"):
        return message
    return {**message, "reasoning_content": text}


def _adapt_call(call: Any, _: Place, __: Changes) -> Any:
    """Say of which kind a call is, where its client did not: streams may give it to one delta of a call alone."""
    untyped = is_object(call) and call.get("type") is None and "function" in call
    return {**call, "type": "function"} if untyped else call


def _adapt_part(part: Any, at: Place, changes: Changes) -> Any:
    if not is_object(part):
        return part
    kind = part.get("type")
    row = changes.row("part", kind, at)
    if row is not None:
        changes.act(row, at)
    if kind == "image_url":
        return _adapt_image(part, at, changes)
    if kind == "input_audio":
        return _adapt_audio(part, at, changes)
    if kind == "video_url":
        return adapt_inner_numbers(part, VideoPart, at, changes)
    return {"type": "text", "text": part.get("refusal")} if kind == "refusal" else part


def _adapt_image(part: dict[str, Any], at: Place, changes: Changes) -> dict[str, Any]:
    image = part.get("image_url")
    if isinstance(image, str):
        image = {"url": image}
    if is_mapping(image) and "detail" in image:
        changes.drop((*at, "image_url", "detail"))
        image = {name: image[name] for name in image if name != "detail"}
    return part if image is part.get("image_url") else {**part, "image_url": image}


def _adapt_audio(part: dict[str, Any], at: Place, changes: Changes) -> dict[str, Any]:
    audio = part.get("input_audio")
    if not is_mapping(audio):
        return part
    url = audio_url(audio)
    if audio.get("format", "mp3") not in AUDIO_FORMATS:
        changes.drop((*at, "input_audio", "format"))
        audio = {name: audio[name] for name in audio if name != "format"}
    if audio is part["input_audio"] and url == audio.get("data"):
        return part
    return {**part, "input_audio": {**audio, "data": url}}
