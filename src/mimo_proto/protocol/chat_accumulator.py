"""From the chunks of a chat stream to the object that the same call gives without streaming.

`sums` says how fields add up; `tool_calls` says which call a delta belongs to. Beyond that:

- `id`, `created` and `model` are the first that say something. `usage` is the last that does; where no chunk has one,
  it is that of a choice.
- Of a `message` in a chunk's choice those fields count, as a delta, that nothing has said before in that choice.
- Audio is the base64 of the joined bytes.

Chunks are read by the names of their fields, so those of an extended spec will do as well.
"""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import msgspec

from mimo_proto.endpoints import CHAT_COMPLETIONS, Endpoint
from mimo_proto.errors import LocalProtocolError
from mimo_proto.models import ChatCompletionChunk, ChoiceDelta, ChunkChoice
from mimo_proto.protocol.decode import TolerantDecoder, within_stack
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.protocol.sums import AudioSum, Sum, says_something, sum_as_json
from mimo_proto.protocol.tool_calls import ToolCalls

if TYPE_CHECKING:
    from msgspec import Struct
    from typing_extensions import TypeVar as TypeVarWithDefault

    from mimo_proto.models import ChatCompletion

    ChunkT = TypeVarWithDefault("ChunkT", default=ChatCompletionChunk)
    CompletionT = TypeVarWithDefault("CompletionT", default=ChatCompletion)
else:
    ChunkT, CompletionT = map(TypeVar, ("ChunkT", "CompletionT"))

__all__ = ["ChatAccumulator"]

# The fields of a chunk of which the first that says something counts.
FIRST_SAID = ("id", "created", "model")


def _others(cls: type[Struct], *names: str) -> tuple[attrgetter[tuple[Any, ...]], tuple[None, ...]]:
    """Make what reads all fields of an object but for some, and what it reads where those are all null."""
    others = [name for name in cls.__struct_fields__ if name not in names]
    return attrgetter(*others), (None,) * len(others)


_others_of_chunk, _NULLS_OF_CHUNK = _others(ChatCompletionChunk, *FIRST_SAID, "object", "choices")
_others_of_choice, _NULLS_OF_CHOICE = _others(ChunkChoice, "index", "delta")
_others_of_delta, _NULLS_OF_DELTA = _others(ChoiceDelta, "content", "reasoning_content")


class _Choice:
    """One choice, as far as it has come.

    Attributes:
        fields: The choice's own fields, but for index and message.
        message: The fields of the choice's message, but for the tool calls.
    """

    def __init__(self) -> None:
        self.fields = Sum()
        self.message = Sum()
        self._calls = ToolCalls()

    def add(self, choice: dict[str, Any]) -> None:
        """Add the choice of the next chunk."""
        delta: dict[str, Any] = choice.pop("delta", None) or {}
        message: dict[str, Any] = choice.pop("message", None) or {}
        for name, value in delta.items():
            self._add_to_message(name, value)
        for name, value in message.items():
            if not (self._calls if name == "tool_calls" else self.message.says(name)):
                self._add_to_message(name, value)
        for name, value in choice.items():
            self.fields.extend(name, value)

    def _add_to_message(self, name: str, value: Any) -> None:
        if name == "tool_calls" and is_array(value):
            self._calls.add(value)
        elif name == "audio" and is_object(value):
            self.message.part(name, AudioSum).add(value)
        else:
            self.message.join(name, value)

    def whole(self, index: int) -> dict[str, Any]:
        """Give the choice so far; texts in it may be a `TextSum` still."""
        message: dict[str, Any] = {**self.message, "role": self.message.get("role") or "assistant"}
        if self._calls:
            message["tool_calls"] = self._calls.whole()
        return {"finish_reason": None, **self.fields, "index": index, "message": message}


class ChatAccumulator(Generic[ChunkT, CompletionT]):
    """Add up the chunks of a chat stream.

    One thread at a time.

    Args:
        endpoint: The endpoint that the chunks come from; the result has its reply type.
    """

    @overload
    def __init__(self: ChatAccumulator) -> None: ...
    @overload
    def __init__(self, endpoint: Endpoint[Any, CompletionT, ChunkT]) -> None: ...
    def __init__(self, endpoint: Endpoint[Any, Any, Any] = CHAT_COMPLETIONS) -> None:
        self._reply: TolerantDecoder[CompletionT] = TolerantDecoder(endpoint.reply)
        self._fields = Sum()
        self._choices: defaultdict[int, _Choice] = defaultdict(_Choice)
        self._begun = False
        self._knows_first = False
        self._finished = False

    def add(self, event: ChunkT) -> None:
        """Add the next chunk.

        Raises:
            DecodeError: The chunk is nested too deeply for where this is called.
            LocalProtocolError: The result was taken already.
        """
        if self._finished:
            raise LocalProtocolError("add() after result(): the sum has been handed out")
        chunk: Any = event
        # A chunk with unknown fields is of another class.
        is_ordinary = chunk.__class__ is ChatCompletionChunk and _others_of_chunk(chunk) == _NULLS_OF_CHUNK
        if not (is_ordinary and self._knows_first):
            within_stack(lambda each: self._add_chunk(_as_json(each)), chunk)
            return
        # Nearly always a chunk has one choice, with a delta of one of two texts and nothing else.
        for choice in chunk.choices:
            delta = choice.delta
            if (
                choice.__class__ is ChunkChoice
                and delta.__class__ is ChoiceDelta
                and _others_of_choice(choice) == _NULLS_OF_CHOICE
                and _others_of_delta(delta) == _NULLS_OF_DELTA
            ):
                message = self._choices[choice.index or 0].message
                if delta.content is not None:
                    message["content"].add(delta.content)
                if delta.reasoning_content is not None:
                    message["reasoning_content"].add(delta.reasoning_content)
            else:
                within_stack(lambda each: self._add_choice(_as_json(each)), choice)

    def _add_chunk(self, chunk: dict[str, Any]) -> None:
        self._begun = True
        for choice in chunk.pop("choices", ()):
            self._add_choice(choice)
        for name, value in chunk.items():
            if name in FIRST_SAID:
                if not self._fields.says(name):
                    self._fields.keep(name, value)
            elif name == "usage":
                self._fields.keep_said(name, value)
            elif name != "object":  # the completion has an object of its own
                self._fields.keep(name, value)
        self._knows_first = all(map(self._fields.says, FIRST_SAID))

    def _add_choice(self, choice: dict[str, Any]) -> None:
        self._choices[choice.pop("index", None) or 0].add(choice)

    def result(self) -> CompletionT:
        """Give the completion that the chunks add up to; nothing can be added afterwards.

        `StreamDecoder.close()` says whether the stream was complete.

        Raises:
            DecodeError: The chunks cannot be put together; see `partial`.
            LocalProtocolError: No chunk was added.
        """
        completion = self.partial()
        if completion is None:
            raise LocalProtocolError("result() before the first event: there is nothing to add up")
        self._finished = True
        return completion

    def partial(self) -> CompletionT | None:
        """Give what the chunks so far add up to, or None when there was none.

        Raises:
            DecodeError: The chunks do not fit the endpoint's reply, or are nested too deeply for where this is called.
        """
        if not self._begun:
            return None
        choices = [choice.whole(index) for index, choice in sorted(self._choices.items())]
        completion = {**self._fields, "object": "chat.completion", "choices": choices}
        if not self._fields.says("usage"):
            _move_usage(completion, choices)
        return self._reply.build(sum_as_json(completion))


def _as_json(value: Any) -> dict[str, Any]:
    """Give a chunk or a choice as JSON, where known and unknown fields are alike; a null may have been absent."""
    fields: dict[str, Any] = msgspec.to_builtins(value)
    return fields if value.__struct_config__.omit_defaults else _without_nulls(fields)


def _without_nulls(value: Any) -> Any:
    if is_object(value):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(member) for member in value] if is_array(value) else value


def _move_usage(completion: dict[str, Any], choices: list[dict[str, Any]]) -> None:
    """Move the usage of the last choice whose usage says something to the completion."""
    for choice in reversed(choices):
        if says_something(choice.get("usage")):
            completion["usage"] = choice.pop("usage")
            return
