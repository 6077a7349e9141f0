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

import contextlib
import copy
from operator import length_hint
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

import msgspec

from mimo_proto.completion import TERMINAL
from mimo_proto.decode import read_json
from mimo_proto.error_body import raise_error
from mimo_proto.errors import DecodeError, IncompleteStreamError, LocalProtocolError, MimoError
from mimo_proto.event_parser import CR, LF, SMALL, EventParser
from mimo_proto.jsontypes import is_object
from mimo_proto.limits import Limits
from mimo_proto.projection import Unwanted, plan_events
from mimo_proto.surrogates import SurrogateJoiner
from mimo_proto.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mimo_proto.endpoints import Endpoint

__all__ = ["StreamDecoder"]

EventT = TypeVar("EventT")
ProjectedT = TypeVar("ProjectedT")

DONE = b"[DONE]"
# What the C decoder, or unpacking what it made, raises on all that is not an everyday event.
NOT_EVERYDAY = (msgspec.DecodeError, ValueError, RecursionError)

# In the parser's place when nothing may be fed any more: without idleness or room, so that `feed()` need not ask first.
TAKES_NOTHING = EventParser(0)
TAKES_NOTHING.idle = False

# Not as a method: a bytearray's own gives a copy where the prefix is missing, too. So it is a TypeError, at no cost.
removeprefix = bytes.removeprefix


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
        self._projected = event_type is not None
        self._whole, self._special, self._dropped = plan.whole, plan.special, plan.dropped
        self._tolerant = plan.decoder
        self._decode: Callable[[bytes], Any] = self._tolerant.strict
        self._parser = EventParser(limits.event)
        self._limit = limits.event
        self._halves = SurrogateJoiner()
        self._begun: set[int | None] = set()
        self._finished_choices: set[int] = set()
        self._open_choices: set[int] = set()
        self._kept: MimoError | None = None  # found by feed(), and not raised yet
        self._fed = self._parser  # until it is done, closed, or given to events()
        self._usual: Any = None  # what the last everyday event was
        self._closed = False
        self.finished = False
        self.done = False
        self.fruitless = False

    def events(self, chunks: Iterable[bytes]) -> Iterator[EventT]:
        """Yield the events of a stream, pulling its bytes from an iterable; end when the stream ends.

        No chunk is pulled after the terminal mark; once it has come there is nothing more to yield.

        Args:
            chunks: The body, in pieces of any size.

        Raises:
            APIError: The server sent an error.
            DecodeError: An event that the models cannot hold.
            EventTooLargeError: An event over the cap.
            IncompleteStreamError: The chunks ended before the stream did.
            LocalProtocolError: The decoder was closed, has raised already, or was given to `events()` before and has
                not come to the terminal mark.
        """
        if self._fed is not self._parser:
            return iter(self._refuse())
        self._fed = TAKES_NOTHING
        return self._pull(chunks)

    def feed(self, data: bytes) -> list[EventT]:
        """Take in bytes, cut anywhere, and return the events that they complete.

        Events are never lost to an error behind them: they are returned, and the next call raises.
        What follows the terminal mark is ignored.

        Args:
            data: A piece of the body. It is kept, not copied, until its last event is whole: a `bytearray` must not
                change before.

        Raises:
            APIError: The server sent an error.
            DecodeError: An event that the models cannot hold.
            EventTooLargeError: An event over the cap.
            LocalProtocolError: The decoder was closed, has raised already, or was given to `events()`.
        """
        parser = self._fed
        if parser.idle:
            # The live case of `_pull` once more: a function for both would cost either 0.03 µs an event.
            try:
                payload = removeprefix(data, parser.prefix)
            except TypeError:
                data = bytes(data)
                payload = removeprefix(data, parser.prefix)
            if payload is data:
                payload = data.removeprefix(parser.prefix) if parser.learn(data) else parser.behind_comments(data)
            body = payload.removesuffix(parser.ending)
            if body is not payload and 10 not in body and 13 not in body and len(data) <= self._limit:
                try:
                    decode = self._decode  # called as a method, it would cost 0.02 µs more
                    event: Any = decode(body)
                    if event.__class__ is self._usual:  # never in Chat
                        return [event]
                    if self._chat:
                        [choice] = event.choices
                        if choice.finish_reason is None and (
                            choice.index in self._begun and event.error is None if self._whole else self._begun
                        ):
                            return [event]
                    elif self._is_everyday(event):
                        return [event]
                    elif event.__class__ in self._dropped:
                        return []
                except NOT_EVERYDAY:
                    pass
        # Numbers for LF and CR: a name costs 1 ns a piece, 0.03 µs an event in pieces of 7 bytes.
        elif 10 not in data and 13 not in data and (room := parser.room - len(data)) > 0:
            parser.pieces.append(data)
            parser.room = room
            self.fruitless = True
            return []
        elif len(data) < SMALL and (cut := parser.completed(data)) is not None:
            if not cut:
                self.fruitless = True
                return []
            body, rest = cut
            try:
                decode = self._decode
                event = decode(body)
                if event.__class__ is self._usual or self._is_everyday(event):
                    parser.begin(rest)
                    return [event]
            except NOT_EVERYDAY:
                pass
        return self._feed(data)

    def _is_everyday(self, event: Any) -> bool:
        """Whether an event says nothing about the stream's end, and no error."""
        if self._chat:
            [choice] = event.choices
            return choice.finish_reason is None and (
                choice.index in self._begun and event.error is None if self._whole else bool(self._begun)
            )
        if everyday := event.__class__ not in self._special:
            self._usual = event.__class__
        return everyday

    def _feed(self, data: bytes) -> list[EventT]:
        """Take in what is not one everyday event."""
        if self._fed is not self._parser:
            return self._refuse()
        events: list[EventT] = []
        try:
            self._take(data, events)
        except MimoError as error:
            # Without its traceback, whose frames would refer back to this.
            self._kept, self._fed, self._closed = error.with_traceback(None), TAKES_NOTHING, True
        except BaseException:
            self._fed = TAKES_NOTHING
            raise
        return self._refuse() if self._kept is not None and not events else events

    def _take(self, data: bytes, events: list[EventT]) -> None:
        """Add the events that a chunk completes; by way of `_pull` each would cost 0.06 µs more."""
        parser, decode, dropped = self._parser, self._decode, self._dropped
        found = parser.payloads(data)
        blank = 0
        payloads = iter(found)
        for payload in payloads:
            try:
                event: Any = decode(payload)
                if event.__class__ is self._usual or self._is_everyday(event):
                    events.append(event)
                    continue
                if event.__class__ in dropped:
                    continue
            except NOT_EVERYDAY:
                event = None
            if payload.isspace() or not payload:
                blank += 1
                continue
            events += self._look_at(event, payload, parser.name(len(found) - 1 - length_hint(payloads)))
            if self.done:
                return
            decode = self._decode
        self.fruitless = blank == len(found)
        if parser.failure is not None:
            raise copy.copy(parser.failure)

    def close(self) -> None:
        """Say that no more bytes will come.

        Raises:
            IncompleteStreamError: The stream was not complete.
            APIError: The last event, which no blank line ended, was a server error; or `feed()` kept one back.
        """
        if self._kept is not None:
            self._refuse()
        if self._closed:
            return
        self._fed, self._closed = TAKES_NOTHING, True
        if self.done:
            return
        self._raise_last_words()
        if not self.finished:
            raise IncompleteStreamError(self._what_is_missing())

    def _pull(self, chunks: Iterable[bytes]) -> Iterator[EventT]:
        """Decode chunk after chunk, up to the stream's end."""
        parser, limit, pieces = self._parser, self._limit, self._parser.pieces
        decode, chat, begun = self._decode, self._chat, self._begun
        whole, special, dropped = self._whole, self._special, self._dropped
        room: int
        prefix, ending, idle, room = parser.prefix, parser.ending, parser.idle, parser.room
        event: Any
        usual = self._usual
        lf, cr = LF, CR  # 0.01 µs an event
        try:
            source = iter(chunks)
            while True:
                if idle:
                    # The live case: the chunk is one whole everyday event, and looks like the last such one. Inline it
                    # costs 0.2 µs beside the decoding; by way of `payloads` it would be 0.9 (make bench, decode).
                    for chunk in source:
                        try:
                            payload = removeprefix(chunk, prefix)
                        except TypeError:
                            chunk = bytes(chunk)  # noqa: PLW2901 - the same, as bytes
                            payload = removeprefix(chunk, prefix)
                        if payload is chunk:
                            learned = parser.learn(chunk)
                            payload = chunk.removeprefix(parser.prefix) if learned else parser.behind_comments(chunk)
                            prefix, ending = parser.prefix, parser.ending
                        body = payload.removesuffix(ending)
                        if not (body is not payload and cr not in body and lf not in body and len(chunk) <= limit):
                            break
                        try:
                            event = decode(body)
                            if event.__class__ is usual:  # never in Chat
                                yield event
                                continue
                            if chat:
                                [choice] = event.choices
                                if choice.finish_reason is None and (
                                    choice.index in begun and event.error is None if whole else begun
                                ):
                                    yield event
                                    continue
                            elif event.__class__ not in special:
                                usual = self._usual = event.__class__
                                yield event
                                continue
                            elif event.__class__ in dropped:
                                continue
                        except NOT_EVERYDAY:
                            event = None
                        if body.isspace() or not body:
                            self.fruitless = True
                            continue
                        yield from self._look_at(event, body, parser.usual_name())
                        if self.done:
                            return
                        decode = self._decode
                    else:
                        break
                else:
                    for chunk in source:
                        if lf not in chunk and cr not in chunk and (room := room - len(chunk)) > 0:
                            pieces.append(chunk)
                            self.fruitless = True
                            continue  # the other way round it would be two jumps a piece, 2 %
                        break
                    else:
                        break
                # A chunk that is more, or less, than one whole event.
                parser.room = room
                if len(chunk) < SMALL and (cut := parser.completed(chunk)) is not None:
                    if not cut:
                        room, self.fruitless = parser.room, True
                        continue
                    payload, rest = cut
                    # What is below would do, for 0.2 µs more.
                    try:
                        event = decode(payload)
                        if event.__class__ is usual or self._is_everyday(event):
                            parser.begin(rest)
                            usual, idle, room = self._usual, parser.idle, parser.room
                            yield event
                            continue
                    except NOT_EVERYDAY:
                        pass
                blank, found = 0, parser.payloads(chunk)
                payloads = iter(found)
                # The everyday test once more: by way of `_is_everyday` Chat would cost 0.1 floors more, and by way of a
                # list, as in `_take`, Responses 0.15 (make bench, decode).
                for payload in payloads:
                    try:
                        event = decode(payload)
                        if event.__class__ is usual:
                            yield event
                            continue
                        if chat:
                            [choice] = event.choices
                            if choice.finish_reason is None and (
                                choice.index in begun and event.error is None if whole else begun
                            ):
                                yield event
                                continue
                        elif event.__class__ not in special:
                            usual = self._usual = event.__class__
                            yield event
                            continue
                        elif event.__class__ in dropped:
                            continue
                    except NOT_EVERYDAY:
                        event = None
                    if payload.isspace() or not payload:
                        blank += 1
                        continue
                    yield from self._look_at(event, payload, parser.name(len(found) - 1 - length_hint(payloads)))
                    if self.done:
                        return
                    decode = self._decode
                self.fruitless = blank == len(found)
                if parser.failure is not None:
                    raise copy.copy(parser.failure)
                prefix, ending, idle, room = parser.prefix, parser.ending, parser.idle, parser.room
        except MimoError:
            self._closed = True
            raise
        self.close()

    def _look_at(self, event: Any, payload: bytes, name: str) -> list[Any]:
        """Give what to hand out for a payload that is no everyday event: an end, the unknown, half an emoji; or raise.

        Args:
            event: What the C decoder made of it, if it could.
            payload: The JSON, or `[DONE]`.
            name: The event's, "" when it has none.
        """
        problem: DecodeError | None = None
        if event is None and self._chat and payload.strip() != DONE:
            # A chunk without a choice, the one with the usage, or one with several: nothing is wrong with it.
            with contextlib.suppress(*NOT_EVERYDAY):
                event = self._decode(payload)
        if event is not None and self._is_no_error(event, payload, name):
            events = [event]
        else:
            try:
                events = self._read(event, payload, name)
            except DecodeError as error:
                events, problem = [], error.with_traceback(None)
        if problem is not None:
            raise DecodeError(
                f"the event {name or 'message'!r} that begins {payload.strip()[:60]!r}: {problem}",
                path=problem.path,
                data=payload.strip(),
            )
        return [event for event in events if self._attend(event)]

    def _is_no_error(self, event: Any, payload: bytes, name: str) -> bool:
        """Whether that is certain without a look at what the models do not know; a second decoding shows the rest."""
        if not self._chat:
            return bool(event.__struct_config__.tag != "error")
        if not self._whole or event.error is not None:
            return False
        # Only what has no choice is an error by its type. The word may be written with escapes.
        return bool(event.choices) or (name != "error" and b'"error"' not in payload and b"\\" not in payload)

    def _read(self, event: Any, payload: bytes, name: str) -> list[Any]:
        """Read a payload as plain JSON: for what an error says, and for what the C decoder refuses."""
        if payload.strip() == DONE:
            if not self._chat:
                return []
            self._end()
            parts = self._halves.rest()
        else:
            value = read_json(payload)
            raise_error(value, name, payload)
            if event is not None:
                return [event]
            if name and not self._chat and is_object(value):
                value.setdefault("type", name)
            parts = self._halves.join(value)
        # While half an emoji waits, no delta may pass it by.
        self._decode = _everything_is_special if self._halves.held else self._tolerant.strict
        return [self._tolerant.build(part) for part in parts]

    def _attend(self, event: Any) -> bool:
        """Note what an event says about the end; tell whether it is to be handed out."""
        if isinstance(event, Unknown):
            return not self._projected
        if self._chat:
            for choice in event.choices:
                index = choice.index if self._whole else 0
                self._begun.add(index)
                index = index or 0  # a choice without an index is the first
                if choice.finish_reason:
                    self._finished_choices.add(index)
                    self._open_choices.discard(index)
                elif index not in self._finished_choices:
                    self._open_choices.add(index)
            self.finished = self.done or (bool(self._begun) and not self._open_choices)
        elif event.__struct_config__.tag in TERMINAL:
            self._end()
        return not isinstance(event, Unwanted)

    def _raise_last_words(self) -> None:
        """Raise a server error that arrived whole, but for the blank line that ends an event, or for `data:`."""
        name, payload = self._parser.unfinished(stray=not self.finished)
        with contextlib.suppress(DecodeError):
            raise_error(read_json(payload), name, payload)

    def _end(self) -> None:
        self.finished = self.done = True
        self._fed = TAKES_NOTHING

    def _refuse(self) -> list[Any]:
        """Take nothing in: raise what was kept; else say that the caller is wrong, unless the stream has ended."""
        if self._kept is not None:
            error, self._kept, self._closed = self._kept, None, True
            try:
                raise error
            finally:
                del error  # a frame that refers to its error would be a cycle
        if self._closed or not self.done:
            raise LocalProtocolError(
                "this decoder takes no more: it was closed, has raised, or was given to events(); make a new one"
            )
        return []

    def _what_is_missing(self) -> str:
        if not self._chat:
            return f"the stream ended without a terminal event ({', '.join(TERMINAL)})"
        if not self._begun:
            return "the stream ended before its first choice"
        missing = ", ".join(map(str, sorted(self._open_choices)))
        return f"the stream ended without [DONE], and without a finish_reason for choice {missing}"


def _everything_is_special(_: bytes) -> NoReturn:
    """Stand in for the C decoder when each event has to be looked at."""
    raise ValueError
