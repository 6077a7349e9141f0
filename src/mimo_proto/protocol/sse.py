"""The event stream format: bytes, cut anywhere, to events.

The rules are the WHATWG's, https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream:

- A line ends in LF, CR or CRLF. One byte order mark at the very start is dropped.
- A blank line dispatches the event, if the event has data. An event that no blank line ends is dropped.
- `data` lines are joined with LF. `event` names the event. A line that begins with a colon is a comment.
- An `id` stays until the next one, and is ignored when it has a NUL. A `retry` counts when it is all digits.

Ours: a line, or the data of one event, longer than the cap is an `EventTooLargeError`. Time is linear in the input, and
how the input was cut never matters.
"""

from __future__ import annotations

import copy
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from mimo_proto.errors import EventTooLargeError, LocalProtocolError, SSEError
from mimo_proto.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["EventStreamParser", "SSEDecoder", "ServerSentEvent", "name_in"]

Payload = bytes | bytearray
"""The data of an event; a bytearray when the data came in several lines."""

LF, CR = 10, 13
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# The digits of a reconnection time; int() refuses 4,301 of them.
MAX_RETRY_DIGITS = 18


class EventStreamParser:
    """Cut one event stream into the data of its events. One thread at a time.

    Args:
        max_event_size: How long a line, and the data of one event, may be, in bytes.

    Attributes:
        names: For each payload of the last `feed()` the line that names the event, else b""; see `name_in`.
        others: The lines of the last `feed()` that are neither data nor name nor comment, each with the number of
            payloads before it.
        preamble: The lines before the first event that may be a JSON text.
        failure: The error behind the payloads of the last `feed()`; nothing can be taken in after it.
    """

    def __init__(self, max_event_size: int) -> None:
        self.names: list[bytes] = []
        self.others: list[tuple[int, bytes]] = []
        self.failure: EventTooLargeError | None = None
        self._limit = max_event_size
        # The byte order mark, or the LF of a CRLF: dropped, if the next bytes begin with it.
        self._skipped = BYTE_ORDER_MARK
        # The line that has not ended.
        self._line = bytearray()
        # The line that names the event that has not ended, and its data.
        self._name = b""
        self._data: Payload | None = None
        # Lines that are not fields, from the last one on that may begin a JSON text; at first those of the preamble.
        self._stray = self.preamble = bytearray()
        # How the last chunk that was a whole event began, and its line ends; no prefix while an event has not ended.
        self._prefix, self._line_end = b"", b"\n"

    def feed(self, chunk: bytes) -> list[Payload]:
        """Take in a chunk, and give the data of each event that the chunk completes.

        The data follow `data:`, the optional space included, which JSON allows; more data lines are joined.
        """
        chunk = bytes(chunk)
        found: list[Payload] = []
        self.others, self.names, self._prefix = [], [], b""
        between_events = self._is_between_events()
        text = self._with_lf(chunk) if CR in chunk or self._skipped else chunk
        try:
            if LF in text:
                self._take_lines(text, found)
            else:
                self._line += text
            if len(self._line) > self._limit:
                raise self._too_large("A line")
        except EventTooLargeError as error:
            self.failure = error.with_traceback(None)  # its frames would refer back to this
        if found and self._stray is self.preamble:
            self._stray = bytearray()
        if between_events and found and not self.others and self._is_between_events():
            self._learn(chunk)
        return found

    def whole_event(self, chunk: bytes) -> bytes | None:
        """Give the data of a chunk that is one whole event and begins as the last one did; else None.

        Live streams come so. Such a chunk need not be fed: nothing of it has to be remembered.
        """
        if chunk.__class__ is not bytes:
            return None
        payload = chunk.removeprefix(self._prefix)
        if payload is chunk:
            return None
        data, _, rest = payload.partition(self._line_end)
        is_whole = rest == self._line_end and LF not in data and CR not in data and len(chunk) <= self._limit
        return data if is_whole else None

    def unfinished(self, *, stray: bool) -> tuple[str, bytes]:
        """Give the name and the data of the event that no blank line has ended: the end of a cut stream.

        A line without a field name counts as data here.

        Args:
            stray: Whether to take the last JSON object on lines of its own, where no event was begun.
        """
        line = bytes(self._line)
        value = line.removeprefix(b"data:")
        if self._data is not None:
            value = bytes(self._data) + (b"" if value is line else b"\n" + value)
        elif stray and value is line and not line.startswith(b"{"):
            value = bytes(self._stray or self.preamble) + line
        return name_in(self._name), value.strip()

    def _with_lf(self, chunk: bytes) -> bytes:
        """Make every line end an LF, and drop the byte order mark at the very start.

        A CR at the end of a chunk is a line end at once; the LF that may follow is dropped with the next chunk.
        """
        text = bytes(self._line) + chunk if self._skipped else chunk
        if self._skipped:
            self._line.clear()
            if len(text) < len(self._skipped) and self._skipped.startswith(text):
                return text  # and waits
            text = text.removeprefix(self._skipped)
        self._skipped = b"\n" if text.endswith(b"\r") else b""
        return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _take_lines(self, text: bytes, found: list[Payload]) -> None:
        """Read the lines that a text completes; the line that does not end waits."""
        if self._line:
            text = bytes(self._line) + text
            self._line.clear()
        lines = text.split(b"\n")
        self._line += lines.pop()
        self._read(lines if len(text) <= self._limit else self._bounded(lines), found)

    def _is_between_events(self) -> bool:
        return self._data is None and not (self._line or self._name or self._skipped)

    def _learn(self, chunk: bytes) -> None:
        """Learn how whole events begin and end."""
        self._line_end = b"\r\n" if chunk.endswith(b"\r\n") else b"\n"
        name = self.names[0]
        prefix = name + self._line_end + b"data:" if name else b"data:"
        self._prefix = prefix if chunk.startswith(prefix) else b""

    def _bounded(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for line in lines:
            if len(line) > self._limit:
                raise self._too_large("A line")
            yield line

    def _read(self, lines: Iterable[bytes], found: list[Payload]) -> None:
        """Follow the rules, line by line."""
        data, name, names = self._data, self._name, self.names
        last_name = name
        for line in lines:
            if not line:
                if data is not None:
                    found.append(data)
                    names.append(name)
                data, name = None, b""
            elif line == last_name:
                name = line
            elif (value := line.removeprefix(b"data:")) is not line:
                data = value if data is None else self._append(data, value)
            elif not line.startswith(b":"):
                data, name = self._take_field(line, data, name, place=len(found))
                last_name = name
        self._data, self._name = data, name

    def _take_field(self, line: bytes, data: Payload | None, name: bytes, place: int) -> tuple[Payload | None, bytes]:
        """Take a field that is not `data:`; give the data and the name of the event as they are then."""
        if line.startswith(b"event:"):
            return data, line
        if line == b"event":
            return data, b""
        if line == b"data":
            return b"" if data is None else self._append(data, b""), name
        self.others.append((place, line))
        if place and self._stray is self.preamble:
            self._stray = bytearray()
        self._keep_stray(line)
        return data, name

    def _append(self, data: Payload, value: bytes) -> bytearray:
        """Add another data line to the data of an event."""
        data = data if isinstance(data, bytearray) else bytearray(data)
        data += b"\n" + value.removeprefix(b" ")
        if len(data) > self._limit:
            raise self._too_large("An event's data")
        return data

    def _keep_stray(self, line: bytes) -> None:
        """Keep a line that may be part of a JSON text: servers were seen to send one in the stream's place."""
        if line.startswith((b"id:", b"retry:")) or line.isspace():
            return
        if line.startswith((b"{", b"[")):
            self._stray.clear()
        if (self._stray or line.lstrip().startswith((b"{", b"["))) and len(self._stray) + len(line) < self._limit:
            self._stray += line + b"\n"

    def _too_large(self, what: str) -> EventTooLargeError:
        return EventTooLargeError(
            f"{what} in the event stream is longer than {self._limit} bytes; Limits(event=...) sets the cap"
        )


def name_in(line: bytes) -> str:
    """Give the type of an event, out of the line that names the event; "" for no line."""
    return _text(line.removeprefix(b"event:"))


def _text(value: Payload) -> str:
    """Give the value of a field as text, without the one optional space."""
    return value.removeprefix(b" ").decode("utf-8", "replace")


class ServerSentEvent(NamedTuple):
    """One event of an event stream.

    Attributes:
        event: The event's type; "message" when none was sent.
        data: The data lines, joined with LF.
        id: The last event id; "" when none was sent yet.
        retry: The reconnection time that the server sent last, in milliseconds, or None.
    """

    event: str
    data: str
    id: str
    retry: int | None


class SSEDecoder:
    """Decode an event stream into raw events, without a look at what they carry; invalid UTF-8 becomes U+FFFD.

    For MiMo's APIs use `StreamDecoder`, which is typed and knows when a stream is complete. One thread at a time.

    Args:
        max_event_size: How long a line, and the data of one event, may be, in bytes.
    """

    def __init__(self, max_event_size: int = Limits().event) -> None:
        self._parser = EventStreamParser(max_event_size)
        self._id = ""
        self._retry: int | None = None
        self._error: SSEError | None = None  # a copy is raised: its traceback would refer back to this
        self._closed = False

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Take in bytes, cut anywhere, and return the events that they complete.

        An event is never lost to an error behind it: the events are returned, the error is raised by the next call.

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
        payloads = parser.feed(data)
        others = deque(parser.others)
        for place, payload in enumerate(payloads):
            while others and others[0][0] <= place:
                self._take_field(others.popleft()[1])
            events.append(
                ServerSentEvent(name_in(parser.names[place]) or "message", _text(payload), self._id, self._retry)
            )
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
