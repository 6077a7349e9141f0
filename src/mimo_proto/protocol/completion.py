"""When a stream is complete.

- Chat is complete at `[DONE]`, or when every choice that has begun has its `finish_reason`; the usage chunk may still
  come. A choice without an `index` is the first.
- Responses are complete at `response.completed`, `.incomplete` or `.failed`: all three are results.

Sources: MiMo's pages on the two APIs for the order of events; that a Responses stream ends with exactly one terminal
event is assumed from the OpenAI specification. Values in, verdict out; one object for each stream.
"""

from __future__ import annotations

from typing import Any

__all__ = ["TERMINAL", "ChatProgress", "ProjectedChatProgress", "ResponsesProgress"]

TERMINAL = ("response.completed", "response.incomplete", "response.failed")
"""The types of the events that end a Responses stream."""


class ChatProgress:
    """The choices of a chat stream that have begun, and those that have finished.

    Attributes:
        done: Whether the terminal mark has come; nothing follows.
    """

    _look_always = False

    def __init__(self) -> None:
        self.done = False
        self._begun: set[int | None] = set()
        self._finished: set[int] = set()
        self._open: set[int] = set()

    @property
    def begun(self) -> bool:
        """Whether a choice has begun."""
        return bool(self._begun)

    @property
    def finished(self) -> bool:
        """Whether every choice that has begun has finished, or `[DONE]` has come."""
        return self.done or (self.begun and not self._open)

    def is_ordinary(self, chunk: Any) -> bool:
        """Whether a chunk is an ordinary delta: of one choice, which goes on, and without an error."""
        choices = chunk.choices
        if len(choices) != 1 or chunk.error is not None:
            return False
        choice = choices[0]
        return choice.finish_reason is None and choice.error is None and choice.index in self._begun

    def may_be_error(self, chunk: Any) -> bool:
        """Whether the JSON of a chunk has to be looked at; without a choice, an error may be in other fields."""
        return self._look_always or not chunk.choices or any(each.error is not None for each in (chunk, *chunk.choices))

    def note(self, chunk: Any) -> None:
        """Note which choices a chunk begins, and which it finishes."""
        for choice in chunk.choices:
            # A projection's choices may have no field of that name.
            index = getattr(choice, "index", 0)
            self._begun.add(index)
            index = index or 0
            if choice.finish_reason:
                self._finished.add(index)
                self._open.discard(index)
            elif index not in self._finished:
                self._open.add(index)

    def missing(self) -> str:
        """Say what a stream lacks that ended before it was complete."""
        if not self.begun:
            return "the stream ended before its first choice"
        choices = ", ".join(map(str, sorted(self._open)))
        return f"the stream ended without [DONE], and without a finish_reason for choice {choices}"


class ProjectedChatProgress(ChatProgress):
    """The progress by chunks in Structs of the caller's, which may lack the errors and the choices' indexes.

    Choices without a field `index` are all the first: MiMo sends one.
    """

    _look_always = True

    def is_ordinary(self, chunk: Any) -> bool:
        """Whether a chunk is an ordinary delta, as far as its fields say."""
        if len(chunk.choices) != 1 or getattr(chunk, "error", None) is not None:
            return False
        choice = chunk.choices[0]
        return choice.finish_reason is None and getattr(choice, "index", 0) in self._begun


class ResponsesProgress:
    """Whether the terminal event of a Responses stream has come.

    Attributes:
        done: Whether the terminal event has come; nothing follows.
        begun: Always false: no event begins a reply.
    """

    begun = False

    def __init__(self) -> None:
        self.done = False
        # Learned, not listed: an event with an unknown field has a class of its own.
        self._ordinary: set[type] = set()

    @property
    def finished(self) -> bool:
        """Whether the terminal event has come."""
        return self.done

    def is_ordinary(self, event: Any) -> bool:
        """Whether the class of an event says nothing about the end, and is not that of an error."""
        return event.__class__ in self._ordinary

    def may_be_error(self, event: Any) -> bool:
        """Whether an event is an error by its type."""
        return bool(event.__struct_config__.tag == "error")

    def note(self, event: Any) -> None:
        """Note the terminal event, or one more class of events that say nothing about the end."""
        if event.__struct_config__.tag in TERMINAL:
            self.done = True
        else:
            self._ordinary.add(event.__class__)

    def missing(self) -> str:
        """Say what a stream lacks that ended before it was complete."""
        return f"the stream ended without a terminal event ({', '.join(TERMINAL)})"
