"""Server-sent events as such: bytes, cut anywhere, to type, data, id and retry.

The rules are those of `event_parser`, which does the work. Here bytes become text, invalid UTF-8 U+FFFD; an `id` stays
until the next one, and is ignored when it has a NUL; a `retry` counts when it is all digits, 18 of them at most.
"""

from __future__ import annotations

import copy
from collections import deque
from typing import NamedTuple

from mimo_proto.errors import LocalProtocolError, SSEError
from mimo_proto.event_parser import EventParser
from mimo_proto.limits import Limits

__all__ = ["SSEDecoder", "ServerSentEvent"]

# More digits than this are no time to wait, and int() refuses 4,301 of them.
MAX_RETRY_DIGITS = 18


class ServerSentEvent(NamedTuple):
    """One event of an event stream.

    Attributes:
        event: The type; "message" when none was sent.
        data: The data lines, joined with LF.
        id: The last event id, "" when none was sent yet.
        retry: The reconnection time the server sent last, in milliseconds, or None.
    """

    event: str
    data: str
    id: str
    retry: int | None


class SSEDecoder:
    """Decode an event stream into raw events, without a look at what they carry.

    For MiMo's two APIs `StreamDecoder` is what you want: it is faster, typed, and knows when a stream is complete.
    One thread at a time.

    Args:
        max_event_size: How long a line, and the data of one event, may be, in bytes.
    """

    def __init__(self, max_event_size: int = Limits().event) -> None:
        self._parser = EventParser(max_event_size)
        self._id = ""
        self._retry: int | None = None
        self._error: SSEError | None = None  # a copy is raised: its traceback would refer back to this
        self._closed = False

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Take in bytes, cut anywhere, and return the events that they complete.

        An event is never lost to an error behind it: the events are returned, the error is raised by the next call.

        Args:
            data: A piece of the stream. It is kept, not copied, until its last event is whole: a `bytearray` must not
                change before.

        Raises:
            EventTooLargeError: A line or an event is over the cap.
            LocalProtocolError: The decoder was closed.
        """
        if self._closed:
            raise LocalProtocolError("feed() after close(): make a new SSEDecoder for a new stream")
        if self._error is not None:
            raise copy.copy(self._error)
        events: list[ServerSentEvent] = []
        parser = self._parser
        payloads = parser.payloads(data)
        others = deque(parser.others)
        for place, payload in enumerate(payloads):
            while others and others[0][0] <= place:
                self._take_field(others.popleft()[1])
            text = payload.removeprefix(b" ").decode("utf-8", "replace")
            events.append(ServerSentEvent(parser.name(place) or "message", text, self._id, self._retry))
        for _, line in others:
            self._take_field(line)
        self._error = parser.failure
        if self._error is not None and not events:
            raise copy.copy(self._error)
        return events

    def close(self) -> None:
        """End the stream: an event that no blank line ended is dropped, as the standard says.

        Raises:
            EventTooLargeError: The last `feed()` kept it back.
        """
        self._closed = True
        if self._error is not None:
            raise copy.copy(self._error)

    def _take_field(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif field == b"retry" and value.isdigit() and len(value) <= MAX_RETRY_DIGITS:
            self._retry = int(value)
