"""From the events of a stream to the object that the same call gives without streaming.

- Chat: `id`, `created` and `model` are the first chunk's; texts, and the arguments of tool calls (by their index), are
  joined; sources are in order; sound is the base64 of the joined bytes; the last finish reason that is not null counts.
  What no chunk said is null.
- Responses: the terminal event carries the object. Before it, `partial()` is put together from items and deltas
  (`output_items`).
- Pieces of texts are kept as they come and joined once, so time and memory are linear in what arrived.

Events are read by their documented fields, not by their classes, so that those of an extended spec will do as well;
what such a spec adds to chunks is added up too (`additions`).
"""

from __future__ import annotations

import base64
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import msgspec

from mimo_proto.additions import find_additions
from mimo_proto.completion import TERMINAL
from mimo_proto.decode import TolerantDecoder, plain_value
from mimo_proto.endpoints import CHAT_COMPLETIONS, RESPONSES, Endpoint
from mimo_proto.errors import LocalProtocolError
from mimo_proto.output_items import DELTAS, OutputItems
from mimo_proto.pieces import MANY, Text
from mimo_proto.tool_calls import CallPlaces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import TypeVar as TypeVarWithDefault

    from mimo_proto.models import ChatCompletion, ChatCompletionChunk, Response, ResponseStreamEvent

    ChunkT = TypeVarWithDefault("ChunkT", default=ChatCompletionChunk)
    CompletionT = TypeVarWithDefault("CompletionT", default=ChatCompletion)
    EventT = TypeVarWithDefault("EventT", default=ResponseStreamEvent)
    ResponseT = TypeVarWithDefault("ResponseT", default=Response)
else:
    ChunkT, CompletionT, EventT, ResponseT = map(TypeVar, ("ChunkT", "CompletionT", "EventT", "ResponseT"))

__all__ = ["ChatAccumulator", "ResponseAccumulator", "answer_text", "with_output_text"]

ReplyT = TypeVar("ReplyT")


def answer_text(event: Any) -> str:
    """The words of the answer that an event brings: of choice 0, without the reasoning; "" when it brings none."""
    if hasattr(event, "choices"):
        return "".join(choice.delta.content or "" for choice in event.choices if not choice.index)
    return event.delta if event.type == "response.output_text.delta" else ""


def with_output_text(response: ReplyT) -> ReplyT:
    """Fill in the `output_text` of a `Response` that came without: MiMo sends it in JSON replies, not in streams."""
    reply: Any = response
    if reply.output_text is not None:
        return response
    messages = (item for item in reply.output if item.type == "message")
    parts = (part for message in messages for part in message.content if part.type == "output_text")
    filled: ReplyT = msgspec.structs.replace(reply, output_text="".join(part.text for part in parts))
    return filled


class _ToolCall:
    __slots__ = ("arguments", "id", "name", "type")

    def __init__(self) -> None:
        self.id: str | None = None
        self.type: str | None = None
        self.name: str | None = None
        self.arguments = Text()


class _Choice:
    """What has come of one choice."""

    def __init__(self) -> None:
        self.role: str | None = None
        self.finish_reason: str | None = None
        content, reasoning, preview = Text(), Text(), Text()
        # By the fields of a chat delta that are pieces of one text.
        self.texts = {"content": content, "reasoning_content": reasoning, "final_text_preview": preview}
        self.add_content = content.pieces.append
        self.add_reasoning = reasoning.pieces.append
        self.add_preview = preview.pieces.append
        self.lists: defaultdict[str, list[Any]] = defaultdict(list)
        self.calls: dict[int, _ToolCall] = {}
        self._places = CallPlaces()
        self.error_message: str | None = None
        self.audio: list[Any] = []
        self.until_condensed = MANY

    def condense(self) -> None:
        """Join what came lately: see `Text.condense`."""
        self.until_condensed = MANY
        for text in self.texts.values():
            text.condense()

    def add_calls(self, pieces: Iterable[Any]) -> None:
        for piece in pieces:
            call = self.calls.setdefault(self._places.of(piece), _ToolCall())
            call.id = call.id or piece.id
            call.type = call.type or getattr(piece, "type", None)
            if piece.function is not None:
                call.name = call.name or piece.function.name
                if piece.function.arguments:
                    call.arguments.add(piece.function.arguments)

    def message(self) -> dict[str, Any]:
        """The message, as plain JSON."""
        message: dict[str, Any] = {"role": self.role or "assistant"}
        message |= {name: str(text) for name, text in self.texts.items() if text.pieces}
        message |= {name: plain_value(elements) for name, elements in self.lists.items()}
        if self.calls:
            message["tool_calls"] = [
                {
                    "id": call.id or "",
                    "type": call.type or "function",
                    "function": {"name": call.name or "", "arguments": str(call.arguments)},
                }
                for _, call in sorted(self.calls.items())
            ]
        if self.error_message is not None:
            message["error_message"] = self.error_message
        if self.audio:
            message["audio"] = _join_audio(plain_value(self.audio))
        return message


def _join_audio(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    """One sound: each piece is base64 by itself, and what else it says is said by the last that does."""
    audio = {name: value for piece in pieces for name, value in piece.items() if value is not None}
    texts: list[str] = [piece["data"] for piece in pieces if piece.get("data")]
    if texts:
        try:
            audio["data"] = base64.b64encode(b"".join(base64.b64decode(text, validate=True) for text in texts)).decode()
        except ValueError:
            audio["data"] = "".join(texts)
    return audio


class ChatAccumulator(Generic[ChunkT, CompletionT]):
    """Add up the chunks of a chat stream.

    One thread at a time.

    Args:
        endpoint: Where the chunks come from; its reply type is what the result is made of, and fields that its event
            type has beyond ours are added up too (see `additions`).
    """

    @overload
    def __init__(self: ChatAccumulator) -> None: ...
    @overload
    def __init__(self, endpoint: Endpoint[Any, CompletionT, ChunkT]) -> None: ...
    def __init__(self, endpoint: Endpoint[Any, Any, Any] = CHAT_COMPLETIONS) -> None:
        self._reply: TolerantDecoder[CompletionT] = TolerantDecoder(endpoint.reply)
        self._head: dict[str, Any] | None = None
        self._choices: defaultdict[int, _Choice] = defaultdict(_Choice)
        self._usage: Any = None
        self._more = find_additions(endpoint.event)
        self._over = False

    def add(self, event: ChunkT) -> None:
        """Add the next chunk.

        Raises:
            LocalProtocolError: The result was taken already.
        """
        chunk: Any = event
        if self._over or self._head is None:
            if self._over:
                raise LocalProtocolError("add() after result(): the sum has been handed out")
            self._head = {"id": chunk.id, "object": "chat.completion", "created": chunk.created, "model": chunk.model}
        # Null says nothing. One frame for all of it: a call for each choice is 0.05 µs an event.
        for choice in chunk.choices:
            whole, delta = self._choices[choice.index or 0], choice.delta
            if delta.content is not None:
                whole.add_content(delta.content)
            if delta.reasoning_content is not None:
                whole.add_reasoning(delta.reasoning_content)
            if delta.tool_calls:
                whole.add_calls(delta.tool_calls)
            if delta.role is not None:
                whole.role = delta.role
            if delta.annotations is not None:
                whole.lists["annotations"] += delta.annotations
            if delta.audio is not None:
                whole.audio.append(delta.audio)
            if delta.final_text_preview is not None:
                whole.add_preview(delta.final_text_preview)
            if delta.error_message is not None:
                whole.error_message = delta.error_message
            if delta.audio_tokens is not None:
                whole.lists["audio_tokens"] += delta.audio_tokens
            if choice.finish_reason is not None:
                whole.finish_reason = choice.finish_reason
            whole.until_condensed -= 1
            if not whole.until_condensed:
                whole.condense()
        if chunk.usage is not None:
            self._usage = chunk.usage
        if self._more is not None:
            self._more.add(chunk)

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
        self._over = True
        return completion

    def partial(self) -> CompletionT | None:
        """What the chunks so far add up to, or None when there was none.

        Raises:
            DecodeError: They do not fit the endpoint's reply, or are nested too deeply for where this is called.
        """
        if self._head is None:
            return None
        choices = [
            {"index": index, "message": choice.message(), "finish_reason": choice.finish_reason}
            for index, choice in sorted(self._choices.items())
        ]
        completion = {**self._head, "choices": choices, "usage": plain_value(self._usage)}
        if self._more is not None:
            self._more.put_into(completion)
        return self._reply.build(completion)


class ResponseAccumulator(Generic[EventT, ResponseT]):
    """Add up the events of a Responses stream.

    One thread at a time.

    Args:
        endpoint: Where the events come from; its reply type is what a partial result is made of.
    """

    @overload
    def __init__(self: ResponseAccumulator) -> None: ...
    @overload
    def __init__(self, endpoint: Endpoint[Any, ResponseT, EventT]) -> None: ...
    def __init__(self, endpoint: Endpoint[Any, Any, Any] = RESPONSES) -> None:
        self._reply: TolerantDecoder[ResponseT] = TolerantDecoder(endpoint.reply)
        self._result: ResponseT | None = None
        self._begun: dict[str, Any] | None = None
        self._output = OutputItems()

    def add(self, event: EventT) -> None:
        """Add the next event.

        Raises:
            DecodeError: The event is nested too deeply for where this is called.
            LocalProtocolError: The terminal event was added already.
        """
        if self._result is not None:
            raise LocalProtocolError("add() after the terminal event: the response is complete")
        added: Any = event
        kind: str = added.type
        if kind in DELTAS:
            self._output.add_delta(added, kind)
        elif kind in ("response.created", "response.in_progress"):
            begun: dict[str, Any] = plain_value(added.response)
            self._begun = begun
            self._output.add_snapshot(begun.get("output") or ())
        elif kind in TERMINAL:
            self._result = with_output_text(added.response)
        else:
            self._output.add(added, kind)

    def result(self) -> ResponseT:
        """The response that the terminal event brought; it may be completed, incomplete or failed: see its `status`.

        Raises:
            LocalProtocolError: The terminal event was not added.
        """
        if self._result is None:
            raise LocalProtocolError("result() before the terminal event: partial() tells what has come so far")
        return self._result

    def partial(self) -> ResponseT | None:
        """The response as far as it has come, or None when nothing has; the result itself, once it is there.

        Raises:
            DecodeError: What came does not fit the endpoint's reply, or is nested too deeply for where this is called.
        """
        if self._result is not None or not (self._begun or self._output):
            return self._result
        response = {**(self._begun or {}), "output": self._output.plain()}
        if self._output:
            response["output_text"] = None  # what it said of its text was said of an earlier output
        so_far: ResponseT = with_output_text(self._reply.build(response))
        return so_far
