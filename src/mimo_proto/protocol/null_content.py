"""An assistant's message without words: null content beside tool calls, as OpenAI's clients send it.

MiMo has refused the null (XiaomiMiMo/MiMo-V2-Flash#8), and takes an empty text.
"""

from __future__ import annotations

from typing import Any

__all__ = ["is_null_beside_calls", "with_text_for_null"]


def is_null_beside_calls(message: Any) -> bool:
    """Whether a message has tool calls, and null for its content."""
    return (
        message.__class__ is dict
        and "content" in message
        and message["content"] is None
        and bool(message.get("tool_calls"))
    )


def with_text_for_null(message: dict[str, Any]) -> dict[str, Any]:
    """Give an assistant's message with "" for its null content; any other message is handed back."""
    if message.get("role") == "assistant" and message.get("content", "") is None:
        return {**message, "content": ""}
    return message
