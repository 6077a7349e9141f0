"""A streamed answer: bytes, cut anywhere, to typed events, and the verdict how it ended.

- Chat is complete at `[DONE]`, or when every choice that began has its `finish_reason`; the usage chunk may still come.
  Responses are complete at `response.completed`, `.incomplete` or `.failed`: all three are results.
- Any other end is an `IncompleteStreamError`, however politely HTTP ended.
- A server error inside the stream is raised as the `APIError` that its code names, in whatever shape it came.
- Events that the spec does not know are `Unknown`; an emoji cut in two is put together again.
- An error never costs an event that came before it, and neither depends on how the bytes were cut.

Sources: MiMo's pages on the two APIs for the order of events; that a Responses stream ends with exactly one terminal
event is assumed from the OpenAI specification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

import msgspec

from mimo_proto.decode import TolerantDecoder, read_json
from mimo_proto.error_body import api_error, find_error
from mimo_proto.errors import DecodeError, IncompleteStreamError, LocalProtocolError, MimoError
from mimo_proto.jsontypes import is_object
from mimo_proto.limits import Limits
from mimo_proto.projection import TERMINAL, plan_events
from mimo_proto.sse import CR, LF, EventParser
from mimo_proto.surrogates import HalfKeeper
from mimo_proto.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mimo_proto.endpoints import Endpoint
    from mimo_proto.errors import APIError

__all__ = ["StreamDecoder"]

EventT = TypeVar("EventT")
ProjectedT = TypeVar("ProjectedT")

# What the C decoder, or unpacking what it made, raises on all that is not an everyday event.
NOT_EVERYDAY = (msgspec.DecodeError, ValueError, RecursionError)
# An event that is known, and that nobody asked for.
DROPPED: Any = object()
PAUSE: Any = object()


class StreamDecoder(Generic[EventT]):
    """Decode one stream of an endpoint.

    `events()` pulls chunks from an iterable and is the fastest; `feed()` and `close()` are for callers who are handed
    their bytes. One thread at a time.

    Args:
        endpoint: `CHAT_COMPLETIONS`, `RESPONSES`, or one made from them.
        event_type: Decode into this instead of the endpoint's events; see `mimo_proto.projection`.
        limits: `limits.event` caps one event, in bytes.

    Attributes:
        finished: The protocol's verdict: the answer is complete. A chat stream may still bring its usage and `[DONE]`.
        done: The terminal mark has come; nothing follows.
        fruitless: Set when a chunk completed no event (comments, half an event); whoever watches it sets it back.

    Raises:
        ConfigurationError: The endpoint has no streams, or `event_type` cannot be followed to its end.
    """

    @overload
    def __init__(self, endpoint: Endpoint[Any, Any, EventT], *, limits: Limits = ...) -> None: ...
    @overload
    def __init__(
        self: StreamDecoder[ProjectedT],
        endpoint: Endpoint[Any, Any, Any],
        *,
        event_type: type[ProjectedT],
        limits: Limits = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: StreamDecoder[Any], endpoint: Endpoint[Any, Any, Any], *, event_type: Any = ..., limits: Limits = ...
    ) -> None: ...
    def __init__(
        self,
        endpoint: Endpoint[Any, Any, Any],
        *,
        event_type: Any = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        plan = plan_events(endpoint, event_type)
        self._chat = endpoint.protocol == "chat"
        self._full = event_type is None
        self._special, self._unwanted = plan.special, plan.unwanted
        self._tolerant = TolerantDecoder(plan.type)
        self._fast_decode: Callable[[bytes], Any] = msgspec.json.Decoder(plan.type).decode
        self._decode: Callable[[bytes], Any] = self._fast_decode
        self._parser = EventParser(limits.event)
        self._event_limit = limits.event
        self._buffer = self._parser.buffer
        self._prefix, self._ending = self._parser.prefix, self._parser.ending
        self._halves = HalfKeeper()
        self._begun: set[int | None] = set()
        self._finished_choices: set[int | None] = set()
        self._inbox = [b""]
        self._walking = False
        self._feeding = self._run(iter(self._inbox.pop, None), pause=True)
        self._kept: MimoError | None = None  # found by feed(), and not raised yet
        self._usable = True
        self._closed = False
        self.finished = False
        self.done = False
        self.fruitless = False

    def events(self, chunks: Iterable[bytes]) -> Iterator[EventT]:
        """Yield the events of a stream, pulling its bytes from an iterable; end when the stream ends.

        No chunk is pulled after the terminal mark.

        Args:
            chunks: The body, in pieces of any size.

        Raises:
            APIError: The server sent an error.
            DecodeError: An event that the models cannot hold.
            EventTooLargeError: An event over the cap.
            IncompleteStreamError: The chunks ended before the stream did.
            LocalProtocolError: The decoder was closed, or has raised already.
        """
        return self._run(chunks) if self._usable else iter(self._refuse())

    def feed(self, data: bytes) -> list[EventT]:
        """Take in bytes, cut anywhere, and return the events that they complete.

        Events are never lost to an error behind them: they are returned, and the next call raises.
        What follows the terminal mark is ignored.

        Raises:
            APIError: The server sent an error.
            DecodeError: An event that the models cannot hold.
            EventTooLargeError: An event over the cap.
            LocalProtocolError: The decoder was closed, or has raised already.
        """
        if not self._usable:
            return self._refuse()
        if not data:
            return []
        buffer = self._buffer
        if buffer and LF not in data and CR not in data and len(buffer) + len(data) <= self._event_limit:
            buffer += data
            self.fruitless = True
            return []
        # The generator is woken with a chunk on top of its inbox. It sleeps again at PAUSE, the empty chunk below; or
        # right at the event of a chunk that was one whole event, which saves waking it for nothing.
        events: list[EventT] = []
        self._inbox.append(data)
        try:
            for event in self._feeding:
                if event is PAUSE:
                    self._inbox.append(b"")
                    break
                if not self._walking:
                    return [event]
                events.append(event)
        except MimoError as error:
            self._kept, self._usable = error, False
        if self._kept is not None and not events:
            self._raise_kept()
        return events

    def close(self) -> None:
        """Say that no more bytes will come.

        Raises:
            IncompleteStreamError: The stream was not complete.
            APIError: The last event, which no blank line ended, was a server error; or `feed()` kept one back.
        """
        if self._kept is not None:
            self._raise_kept()
        if self._closed:
            return
        self._usable, self._closed = False, True
        if self.done:
            return
        error = self._last_words()
        if error is not None:
            raise error
        if not self.finished:
            raise IncompleteStreamError(self._what_is_missing())

    def _run(self, chunks: Iterable[bytes], *, pause: bool = False) -> Iterator[Any]:
        """Decode chunk after chunk, up to the end. With `pause`, an empty chunk gives PAUSE, and more may follow."""
        parser, limit, buffer = self._parser, self._event_limit, self._parser.buffer
        decode, chat, full, begun, special = self._decode, self._chat, self._full, self._begun, self._special
        prefix, ending, usual = parser.prefix, parser.ending, None
        for chunk in chunks:
            # The live case: the chunk is one whole everyday event, and looks like the last such one. All inline, it
            # costs 0.25 µs beside the decoding, half of what the walk over the lines takes (make bench, decode).
            if parser.idle:
                payload = chunk.removeprefix(prefix)
                body = payload.removesuffix(ending)
                if (
                    body is not payload
                    and payload is not chunk
                    and CR not in body
                    and LF not in body
                    and len(chunk) <= limit
                ):
                    try:
                        event = decode(body)
                        if chat:
                            [choice] = event.choices
                            everyday = choice.finish_reason is None and (
                                choice.index in begun and event.error is None if full else begun
                            )
                        else:
                            kind = event.__class__
                            everyday = kind is usual or kind not in special
                    except NOT_EVERYDAY:
                        event, everyday = None, False
                    if everyday:
                        yield event
                        continue
            if LF not in chunk and CR not in chunk:
                if chunk:
                    self.fruitless, parser.idle = True, False
                    buffer += chunk
                    if len(buffer) > limit:
                        parser.check_buffer()
                elif pause:
                    yield PAUSE
                continue
            fruitless = self._walking = True
            for payload in parser.payloads(chunk):
                try:
                    event = decode(payload)
                    if chat:
                        [choice] = event.choices
                        everyday = choice.finish_reason is None and (
                            choice.index in begun and event.error is None if full else begun
                        )
                    else:
                        kind = event.__class__
                        everyday = kind is usual or kind not in special
                except NOT_EVERYDAY:
                    event, everyday = None, False
                if everyday:
                    usual, fruitless = event.__class__, False
                    yield event
                    continue
                for looked_at in self._look_at(event, payload):
                    fruitless = False
                    yield looked_at
                if self.done:
                    return
                decode = self._decode
            self._walking, self.fruitless = False, fruitless
            prefix, ending = parser.prefix, parser.ending
        self.close()

    def _attend(self, event: Any) -> Any:
        """Note what an event says about the end; return it, or DROPPED, or None when it carries a server error."""
        if isinstance(event, Unknown):
            return event if self._full else DROPPED
        if not self._chat:
            tag = event.__struct_config__.tag
            if tag == "error":
                return None
            if tag in TERMINAL:
                self._end()
            return DROPPED if event.__class__ in self._unwanted else event
        if self._full and event.error is not None:
            return None
        for choice in event.choices:
            index = choice.index if self._full else 0
            self._begun.add(index)
            if choice.finish_reason is not None:
                self._finished_choices.add(index)
        self.finished = bool(self._begun) and self._begun <= self._finished_choices
        return event

    def _look_at(self, event: Any, payload: bytes) -> list[Any]:
        """Hand out what is not an everyday event: an end, a usage chunk, the unknown, half an emoji; or raise it."""
        if event is not None:
            event = self._attend(event)
        if event is not None:
            return [] if event is DROPPED else [event]
        if payload.strip() == b"[DONE]":
            if self._chat:
                self._end()
            return []
        value = read_json(payload)
        error = _error_in(value, self._parser.name, payload)
        if error is not None:
            raise error
        if not self._chat and is_object(value):
            value.setdefault("type", self._parser.name)
        parts = self._halves.join(value)
        # While half an emoji waits, no delta may pass it by.
        self._decode = _everything_is_special if self._halves.held else self._fast_decode
        events = [self._tolerant.build(part) for part in parts]
        return [event for event in events if self._attend(event) is not DROPPED]

    def _last_words(self) -> APIError | None:
        """A server error that arrived whole, but for the blank line that ends an event."""
        payload = self._parser.unfinished()
        try:
            return _error_in(read_json(payload), "", payload)
        except DecodeError:
            return None

    def _end(self) -> None:
        self.finished = self.done = True
        self._usable = False

    def _raise_kept(self) -> NoReturn:
        error, self._kept = self._kept, None
        self._closed = True
        raise error or LocalProtocolError("there is no error to raise")

    def _refuse(self) -> list[Any]:
        """Take nothing in: raise what was kept, or say that the caller is wrong, unless the terminal mark has come."""
        if self._kept is not None:
            self._raise_kept()
        if self._closed:
            raise LocalProtocolError("the stream is over: its decoder was closed, or has raised; make a new one")
        return []

    def _what_is_missing(self) -> str:
        if not self._chat:
            return f"the stream ended without a terminal event ({', '.join(TERMINAL)})"
        if not self._begun:
            return "the stream ended before its first choice"
        missing = sorted(str(index) for index in self._begun - self._finished_choices)
        return f"the stream ended without [DONE], and without a finish_reason for choice {', '.join(missing)}"


def _error_in(value: object, name: str, payload: bytes) -> APIError | None:
    error = find_error(value, name)
    return None if error is None else api_error(error, status=200, body=payload, in_stream=True)


def _everything_is_special(_: bytes) -> NoReturn:
    """Stand in for the C decoder when each event has to be looked at."""
    raise ValueError
