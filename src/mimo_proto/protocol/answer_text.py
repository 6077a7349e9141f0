"""The text of the model's answer, as the events of a stream bring it."""

from __future__ import annotations

from typing import Any

from mimo_proto.protocol.json_types import text_or_empty

__all__ = ["AnswerText"]


class AnswerText:
    """Read the text of the model's answer out of the events of one stream, without the reasoning.

    In Chat the text is the `content` of choice 0: of its deltas, and of a `message` in a chunk's choice where no delta
    had a text before. In Responses the text is the deltas of the output text.

    One thread at a time; every event of the stream, in order.
    """

    def __init__(self) -> None:
        self._came = False

    def __call__(self, event: Any) -> str:
        """Give the text that the next event brings; "" where it has none."""
        if not hasattr(event, "choices"):
            return event.delta if event.type == "response.output_text.delta" else ""
        return "".join(self._of(choice) for choice in event.choices if not choice.index)

    def _of(self, choice: Any) -> str:
        text = choice.delta.content
        if not text and not self._came:
            text = getattr(getattr(choice, "message", None), "content", None)
        self._came = self._came or bool(text_or_empty(text))
        return text_or_empty(text)
