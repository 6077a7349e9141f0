"""From the chunks of a chat stream to the object that the same call gives without streaming.

How fields add up, `pieces` says; which call a piece belongs to, `tool_calls`. Beyond that:

- `id`, `created` and `model` are the first that say something. `usage` is the last that does; where no chunk has one,
  it is that of a choice.
- A `message` in a chunk's choice counts as a delta of what nothing has said before in that choice.
- Sound is the base64 of the joined bytes.

Chunks are read by the names of their fields, so that those of an extended spec will do as well.
"""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from mimo_proto.endpoints import CHAT_COMPLETIONS, Endpoint
from mimo_proto.errors import DecodeError, LocalProtocolError
from mimo_proto.models import ChatCompletionChunk, ChoiceDelta, ChunkChoice
from mimo_proto.protocol.decode import TolerantDecoder, plain_value
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.protocol.sums import Sound, Sum, plain_sum, says_something
from mimo_proto.protocol.tool_calls import ToolCalls

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct
    from typing_extensions import TypeVar as TypeVarWithDefault

    from mimo_proto.models import ChatCompletion

    ChunkT = TypeVarWithDefault("ChunkT", default=ChatCompletionChunk)
    CompletionT = TypeVarWithDefault("CompletionT", default=ChatCompletion)
else:
    ChunkT, CompletionT = map(TypeVar, ("ChunkT", "CompletionT"))

__all__ = ["ChatAccumulator"]

# Of these fields of a chunk the first that says something counts.
HEAD = ("id", "created", "model")


def _others(cls: type[Struct], *names: str) -> tuple[attrgetter[tuple[Any, ...]], tuple[None, ...]]:
    """What gives the fields of an object but for some, and what that is when none of those says anything."""
    others = [name for name in cls.__struct_fields__ if name not in names]
    return attrgetter(*others), (None,) * len(others)


_others_of_chunk, _NOTHING_IN_CHUNK = _others(ChatCompletionChunk, *HEAD, "object", "choices")
_others_of_choice, _NOTHING_IN_CHOICE = _others(ChunkChoice, "index", "delta")
_others_of_delta, _NOTHING_IN_DELTA = _others(ChoiceDelta, "content", "reasoning_content")


class _Choice:
    """What has come of one choice.

    Attributes:
        fields: Its own fields, but for index and message.
        message: The fields of its message, but for the tool calls.
    """

    def __init__(self) -> None:
        self.fields = Sum()
        self.message = Sum()
        self._calls = ToolCalls()

    def add(self, choice: dict[str, Any]) -> None:
        """Add the next piece of the choice."""
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
            sound = self.message.get(name)
            if not isinstance(sound, Sound):
                sound = self.message[name] = Sound()
            sound.add(value)
        else:
            self.message.join(name, value)

    def whole(self, index: int) -> dict[str, Any]:
        """The choice so far; its texts may be buffers still."""
        message: dict[str, Any] = {**self.message, "role": self.message.get("role") or "assistant"}
        if self._calls:
            message["tool_calls"] = self._calls.whole()
        return {"finish_reason": None, **self.fields, "index": index, "message": message}


class ChatAccumulator(Generic[ChunkT, CompletionT]):
    """Add up the chunks of a chat stream.

    One thread at a time.

    Args:
        endpoint: Where the chunks come from; its reply type is what the result is made of.
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
        self._head_is_whole = False
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
        # A class of its own holds fields that the spec does not know.
        is_ordinary = chunk.__class__ is ChatCompletionChunk and _others_of_chunk(chunk) == _NOTHING_IN_CHUNK
        if not (is_ordinary and self._head_is_whole):
            self._add_as_json(chunk, self._add_chunk)
            return
        # Nearly always it is one choice, with a piece of one of two texts and nothing else.
        for choice in chunk.choices:
            delta = choice.delta
            if (
                choice.__class__ is ChunkChoice
                and delta.__class__ is ChoiceDelta
                and _others_of_choice(choice) == _NOTHING_IN_CHOICE
                and _others_of_delta(delta) == _NOTHING_IN_DELTA
            ):
                message = self._choices[choice.index or 0].message
                if delta.content is not None:
                    message["content"].add(delta.content)
                if delta.reasoning_content is not None:
                    message["reasoning_content"].add(delta.reasoning_content)
            else:
                self._add_as_json(choice, self._add_choice)

    def _add_as_json(self, value: Any, add: Callable[[dict[str, Any]], None]) -> None:
        """Add a chunk or a choice as plain JSON, by which fields that the spec knows and others are alike."""
        try:
            plain = plain_value(value)
            # What such a Struct writes as null may have been absent.
            return add(plain if value.__struct_config__.omit_defaults else _without_nulls(plain))
        except RecursionError:
            pass
        raise DecodeError("what the server sent is nested too deeply")

    def _add_chunk(self, chunk: dict[str, Any]) -> None:
        self._begun = True
        for choice in chunk.pop("choices", ()):
            self._add_choice(choice)
        if not self._head_is_whole:
            self._add_head(chunk)
        for name, value in chunk.items():
            if name == "usage":
                self._fields.keep_said(name, value)
            elif name not in HEAD and name != "object":  # the completion has an object of its own
                self._fields.keep(name, value)

    def _add_head(self, chunk: dict[str, Any]) -> None:
        for name in HEAD:
            if name in chunk and not self._fields.says(name):
                self._fields.keep(name, chunk[name])
        self._head_is_whole = all(map(self._fields.says, HEAD))

    def _add_choice(self, choice: dict[str, Any]) -> None:
        self._choices[choice.pop("index", None) or 0].add(choice)

    def result(self) -> CompletionT:
        """The completion that the chunks add up to; nothing can be added afterwards.

        Whether the stream was complete is the decoder's to say: `StreamDecoder.close()`.

        Raises:
            DecodeError: What came cannot be put together; see `partial`.
            LocalProtocolError: No chunk was added.
        """
        completion = self.partial()
        if completion is None:
            raise LocalProtocolError("result() before the first event: there is nothing to add up")
        self._finished = True
        return completion

    def partial(self) -> CompletionT | None:
        """What the chunks so far add up to, or None when there was none.

        Raises:
            DecodeError: They do not fit the endpoint's reply, or are nested too deeply for where this is called.
        """
        if not self._begun:
            return None
        choices = [choice.whole(index) for index, choice in sorted(self._choices.items())]
        completion = {**self._fields, "object": "chat.completion", "choices": choices}
        if not self._fields.says("usage"):
            _move_usage(completion, choices)
        return self._reply.build(plain_sum(completion))


def _without_nulls(value: Any) -> Any:
    if is_object(value):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(member) for member in value] if is_array(value) else value


def _move_usage(completion: dict[str, Any], choices: list[dict[str, Any]]) -> None:
    """Put the usage that a choice says, the last that says something, where it belongs."""
    for choice in reversed(choices):
        if says_something(choice.get("usage")):
            completion["usage"] = choice.pop("usage")
            return
