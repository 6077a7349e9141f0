"""A stream of events: bytes, cut anywhere, to typed events, and the verdict how the stream ended.

- `completion` says when a stream is complete. Any other end is an `IncompleteStreamError`, even a clean end by HTTP.
- A server error inside the stream is raised as the `APIError` that its code names, in whatever shape it came.
- Events that the spec does not know are `Unknown`; a surrogate pair cut in two is joined again (`surrogates`).
- An error never costs an event that came before it, and neither depends on how the bytes were cut.
- The C decoder makes an event of each payload. Most are ordinary deltas; all others are looked at, and read again as
  JSON where an error may be in them or the C decoder refused them.
"""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, Any, Generic, Literal, NoReturn, TypeVar, overload

from mimo_proto.errors import DecodeError, IncompleteStreamError, LocalProtocolError, MimoError
from mimo_proto.limits import Limits
from mimo_proto.protocol.completion import TERMINAL, ChatProgress, ProjectedChatProgress, ResponsesProgress
from mimo_proto.protocol.decode import NOT_DECODED, read_json
from mimo_proto.protocol.json_reply import event_of_reply
from mimo_proto.protocol.json_types import is_object
from mimo_proto.protocol.mend import mend_chunk
from mimo_proto.protocol.projection import Unwanted, plan_events
from mimo_proto.protocol.secret import without_frames
from mimo_proto.protocol.server_error import raise_error
from mimo_proto.protocol.sse import EventStreamParser, Payload, name_in
from mimo_proto.protocol.surrogates import SurrogateJoiner
from mimo_proto.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mimo_proto.endpoints import Endpoint

__all__ = ["StreamDecoder"]

EventT = TypeVar("EventT")
ProjectedT = TypeVar("ProjectedT")

DONE = b"[DONE]"


class StreamDecoder(Generic[EventT]):
    """Decode one stream of an endpoint.

    `events()` pulls chunks from an iterable; `feed()` and `close()` are for callers who are handed their bytes.
    One thread at a time.

    Args:
        endpoint: `CHAT_COMPLETIONS`, `RESPONSES`, or one made from them.
        event_type: Decode into this instead of the endpoint's events; see `mimo_proto.protocol.projection`.
        limits: `limits.event` caps one event, in bytes.

    Attributes:
        events_seen: How many events have come; dropped by a projection they count, comments and heartbeats do not.

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
        limits: Limits = Limits(),
    ) -> None:
        plan = plan_events(endpoint, event_type)
        self._chat = endpoint.protocol == "chat"
        self._projected = event_type is not None
        self._decoder = plan.decoder
        self._decode: Callable[[Any], Any] = plan.decoder.strict
        self._progress: ChatProgress | ResponsesProgress = ResponsesProgress()
        if self._chat:
            self._progress = ChatProgress() if plan.whole else ProjectedChatProgress()
        self._is_ordinary = self._progress.is_ordinary
        self._parser = EventStreamParser(limits.event)
        self._surrogates = SurrogateJoiner()
        self._failure: MimoError | None = None  # found behind events that are handed out first
        # Who may feed bytes: any caller; events() alone; no caller, before close() and after.
        self._state: Literal["open", "pulled", "ended", "closed"] = "open"
        self.events_seen = 0

    @property
    def finished(self) -> bool:
        """Whether the reply is complete. A chat stream may still bring its usage and `[DONE]`."""
        return self._progress.finished

    @property
    def done(self) -> bool:
        """Whether the terminal mark has come; nothing follows."""
        return self._progress.done

    @property
    def has_failed(self) -> bool:
        """Whether an error came behind the last events, which the next call raises."""
        return self._failure is not None

    def events(self, chunks: Iterable[bytes]) -> Iterator[EventT]:
        """Yield the events of a stream, pulling its bytes from an iterable; end when the stream ends.

        The chunks are the body, cut anywhere; none is pulled after the terminal mark.

        Raises:
            MimoError: As `feed()` and `close()` do.
        """
        if self._state != "open":
            return iter(self._refuse())
        self._state = "pulled"
        return self._pull(chunks)

    def feed(self, data: bytes) -> list[EventT]:
        """Take in bytes, cut anywhere, and return the events that they complete.

        Events are never lost to an error behind them: they are returned, and the next call raises.
        Bytes behind the terminal mark are ignored.

        Raises:
            APIError: The server sent an error.
            DecodeError: An event that the models cannot hold.
            EventTooLargeError: An event over the cap.
            LocalProtocolError: The decoder was closed, has raised already, or was given to `events()`.
        """
        if self._state != "open":
            return self._refuse()
        self._state = "ended"  # and stays so when the caller is interrupted
        event = self._whole_delta(data)
        events = self._take(data) if event is None else [event]
        if self._failure is None:
            self._state = "ended" if self._progress.done else "open"
        elif not events:
            self._refuse()
        return events

    def close(self) -> list[EventT]:
        """Say that no more bytes will come; returns the one event that a whole JSON reply in the stream's place is.

        Raises:
            IncompleteStreamError: The stream was not complete.
            APIError: The last event, which no blank line ended, was a server error; or `feed()` kept one back.
        """
        if self._failure is not None:
            self._refuse()
        if self._state == "closed":
            return []
        self._state = "closed"
        events: list[EventT] = [] if self.done else self._read_reply(*self._parser.unfinished(stray=not self.finished))
        if not self.finished:
            raise IncompleteStreamError(self._progress.missing())
        return events

    def _pull(self, chunks: Iterable[bytes]) -> Iterator[EventT]:
        """Decode chunk after chunk, up to the stream's end."""
        whole_delta, progress = self._whole_delta, self._progress
        for chunk in chunks:
            event = whole_delta(chunk)
            if event is not None:
                yield event
                continue
            yield from self._take(chunk)
            if self._failure is not None:
                self._refuse()
            if progress.done:
                self._state = "ended"
                return
        yield from self.close()

    def _refuse(self) -> list[Any]:
        """Take nothing in: raise the error that was kept, or that of the caller; give nothing at the stream's end."""
        if self._failure is not None:
            error, self._failure, self._state = self._failure, None, "closed"
            with without_frames:
                raise error
        if self._state == "closed" or not self.done:
            raise LocalProtocolError(
                "this decoder takes no more: it was closed, has raised, or was given to events(); make a new one"
            )
        return []

    def _whole_delta(self, chunk: bytes) -> Any:
        """The event of a chunk that is one whole ordinary delta, as live streams come; None for any other chunk."""
        payload = self._parser.whole_event(chunk)
        if payload is None:
            return None
        try:
            event = self._decode(payload)
        except NOT_DECODED:
            return None
        if not self._is_ordinary(event):
            return None
        self.events_seen += 1
        return event

    def _take(self, chunk: bytes) -> list[Any]:
        """Give the events that a chunk completes; an error behind them is kept as the failure."""
        events: list[Any] = []
        parser, decode, is_ordinary = self._parser, self._decode, self._is_ordinary
        payloads, no_events = parser.feed(chunk), 0
        try:
            for place, payload in enumerate(payloads):
                try:
                    event = decode(payload)
                    if is_ordinary(event):
                        events.append(event)
                        continue
                except NOT_DECODED:
                    event = None
                found = self._look_at(event, payload, name_in(parser.names[place]))
                if found is None:
                    no_events += 1
                    continue
                events += found
                if self.done:
                    break
                # The decoder may have learned. While a surrogate waits, no delta may pass it by.
                decode = self._decode = _refuse_all if self._surrogates.held else self._decoder.strict
            if parser.failure is not None and not self.done:
                raise copy.copy(parser.failure)
        except MimoError as error:
            self._failure = error.with_traceback(None)  # its frames would refer back to this
        self.events_seen += len(payloads) - no_events
        return events

    def _look_at(self, event: Any, payload: Payload, name: str) -> list[Any] | None:
        """Give the events to hand out for a payload that is not an ordinary delta; or raise the error in it.

        The C decoder has made `event` of the payload, or None. A payload that is not an event gives None: a blank, a
        heartbeat, and one that cannot be read behind a finished reply.
        """
        if event is not None and name != "error" and not self._progress.may_be_error(event):
            return self._attend([event])
        text = bytes(payload).strip()
        try:
            events = self._read(event, bytes(payload), name) if text else None
        except DecodeError as error:
            if self.finished:
                return None
            problem = error.with_traceback(None)  # its frames would refer back to this
        else:
            return None if events is None else self._attend(events)
        what = f"the event {name or 'message'!r} that begins {text[:200]!r}"
        raise DecodeError(f"{what}: {problem}", path=problem.path, data=text)

    def _read(self, event: Any, payload: bytes, name: str) -> list[Any] | None:
        """Read a payload as JSON: for an error in it, or because the C decoder refused it."""
        if payload.strip() == DONE:  # which means nothing in Responses
            if not self._chat:
                return None
            events = self._read_reply("", bytes(self._parser.preamble))
            self._progress.done = True
            return [*events, *map(self._decoder.build, self._surrogates.rest())]
        value = read_json(payload)
        raise_error(value, name, payload)
        if event is not None:
            return [event]
        if is_object(value):
            if self._chat:
                value = mend_chunk(value, name)
                if value is None:
                    return None
            elif name:
                value.setdefault("type", name)
        return [self._decoder.build(part) for part in self._surrogates.join(value)]

    def _attend(self, events: list[Any]) -> list[Any]:
        """Note what events say about the stream's end; returns those that are handed out."""
        wanted: list[Any] = []
        for event in events:
            if isinstance(event, Unknown):
                wanted += [] if self._projected else [event]
                continue
            is_wanted = not isinstance(event, Unwanted)
            if is_wanted or event.__struct_config__.tag in TERMINAL:
                self._progress.note(event)
            if is_wanted:
                wanted.append(event)
        return wanted

    def _read_reply(self, name: str, payload: bytes) -> list[Any]:
        """Read JSON that came outside an event: a server error, or a whole reply in the stream's place."""
        with contextlib.suppress(DecodeError):
            value = read_json(payload)
            raise_error(value, name, payload)
            if not (self.events_seen or self._progress.begun) and (reply := event_of_reply(value, chat=self._chat)):
                events = self._attend([self._decoder.build(reply)])
                self._progress.done = True
                return events
        return []


def _refuse_all(_: object) -> NoReturn:
    """Stand in for the C decoder when each event has to be looked at."""
    raise ValueError
