"""An assistant's message without words: null content beside tool calls, as OpenAI's clients send it.

MiMo has refused the null (XiaomiMiMo/MiMo-V2-Flash#8), and takes an empty text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.json_types import is_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_null_beside_calls", "messages_with_text", "with_text_for_null"]


def is_null_beside_calls(message: object) -> bool:
    """Whether a message has tool calls, and null for its content."""
    return is_mapping(message) and message.get("content", "") is None and bool(message.get("tool_calls"))


def with_text_for_null(message: Mapping[str, Any]) -> Any:
    """Give an assistant's message with "" for its null content, or where there is none and no tool call either.

    Any other message is handed back.
    """
    if message.get("role") != "assistant" or ("content" not in message and message.get("tool_calls")):
        return message
    return {**message, "content": ""} if message.get("content") is None else message


def messages_with_text(messages: Any) -> Any:
    """Give a request's messages with "" for null content beside tool calls; the same list where there is none."""
    if messages.__class__ not in (list, tuple):
        return messages
    silent = [
        each for each in messages if (each.__class__ is dict or is_mapping(each)) and each.get("content", "") is None
    ]
    if not any(map(is_null_beside_calls, silent)):
        return messages
    return [with_text_for_null(each) if is_null_beside_calls(each) else each for each in messages]
