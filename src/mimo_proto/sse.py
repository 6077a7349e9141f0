"""Server-sent events: bytes, cut anywhere, to events.

The rules are the WHATWG's, https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream:

- A line ends in LF, CR or CRLF. One byte order mark at the very start is dropped.
- A blank line dispatches the event, if it has data; a block without data is none. What no blank line ends is dropped.
- `data` lines are joined with LF. `event` names the event. `id` stays until the next one, and is ignored when it has a
  NUL. `retry` counts when it is all digits. A line that begins with a colon is a comment. Other fields are ignored.
- Invalid UTF-8 is replaced, not refused.

Our own: a line, or the data of one event, longer than the cap is an `EventTooLargeError`; a `retry` of more than 18
digits is ignored. Time is linear in the input, and the result the same, however it is cut.

`EventParser` does the work and knows no text: payloads stay bytes until somebody decodes them. `SSEDecoder` is the
public face, for those who want the events as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mimo_proto.errors import EventTooLargeError, LocalProtocolError, SSEError
from mimo_proto.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["EventParser", "SSEDecoder", "ServerSentEvent"]

LF, CR = 10, 13
BOM = b"\xef\xbb\xbf"
# More digits than this are no time to wait, and int() refuses 4,301 of them.
MAX_RETRY_DIGITS = 18


class EventParser:
    """The state of one event stream, between two chunks.

    One thread at a time.

    Args:
        max_event_size: How long a line, and the data of one event, may be, in bytes.

    Attributes:
        idle: Nothing is pending: no line, no event, no CR whose LF may follow, and the stream has begun.
        buffer: The line that has not ended; whoever adds to it clears `idle` and calls `check_buffer` past the cap.
        prefix: What the last chunk that was one whole event had before its payload,
        ending: and after it.
        last_id: The last event id, as of the payload handed out last.
        retry: The last reconnection time in milliseconds, as of that payload.
    """

    __slots__ = (
        "_after_cr",
        "_at_start",
        "_event",
        "_limit",
        "_more",
        "_name",
        "_payload",
        "buffer",
        "ending",
        "idle",
        "last_id",
        "prefix",
        "retry",
    )

    def __init__(self, max_event_size: int) -> None:
        self.idle = False
        self.buffer = bytearray()
        self.prefix = b"data:"
        self.ending = b"\n\n"
        self.last_id = b""
        self.retry: int | None = None
        self._limit = max_event_size
        self._at_start = True
        self._after_cr = False
        # The open event: its name, its first data line, and the others joined, each with the LF before it.
        self._name = b""
        self._payload: bytes | None = None
        self._more = bytearray()
        # The name of the event handed out last, as sent.
        self._event = b""

    @property
    def name(self) -> str:
        """The `event` field of the payload handed out last, "" when it had none."""
        return self._event.removeprefix(b" ").decode("utf-8", "replace")

    def payloads(self, chunk: bytes) -> Iterator[bytes]:
        """Take in a chunk and yield the data of each event that it completes.

        A payload is what follows `data:`, the one optional space included (JSON does not mind it); further data lines
        are joined to it as the rules say. The iterator is to be run to its end.

        Raises:
            EventTooLargeError: A line or an event is over the cap. What came before it has been yielded.
        """
        if LF in chunk or CR in chunk:
            return self._walk(bytes(chunk))
        if chunk:
            self.idle = False
            self.buffer += chunk
            self.check_buffer()
        return iter(())

    def check_buffer(self) -> None:
        """Raise EventTooLargeError if the line that has not ended is over the cap already."""
        size = len(self.buffer)
        if size > self._limit and self._at_start and self.buffer.startswith(BOM):
            size -= len(BOM)
        if size > self._limit:
            raise self._too_large("A line")

    def unfinished(self) -> tuple[str, bytes]:
        """The name and the data of the event that no blank line has ended: the last words of a cut stream.

        What the data are is guessed generously; a line without a field name is among it. Call it at the end only.
        """
        line = bytes(self.buffer).removeprefix(BOM)
        value = line.removeprefix(b"data:")
        more = b"" if value is line else b"\n" + value
        data = value if self._payload is None else self._join(self._payload) + more
        self._event = self._name
        return self.name, data.strip()

    def _walk(self, chunk: bytes) -> Iterator[bytes]:
        """Take in a chunk that ends at least one line."""
        alone = self.idle
        small = len(self.buffer) + len(chunk) <= self._limit
        lines, rest = self._split(chunk)
        payload, name = self._payload, self._name
        name_line, line_name = b"event:", b""
        for line in lines if small else self._bounded(lines):
            if not line:
                if payload is not None:
                    self._event = name
                    yield self._join(payload) if self._more else payload
                    payload = None
                name = b""
                continue
            # Most events have the name of the one before. An equal line is found in a third of the time.
            if line == name_line:
                name = line_name
                continue
            value = line.removeprefix(b"data:")
            if value is not line or line == b"data":
                if payload is None:
                    payload = value if value is not line else b""
                else:
                    self._add_line(payload, value if value is not line else b"")
                continue
            value = line.removeprefix(b"event:")
            if value is not line:
                name_line, name = line, value
                line_name = name
            elif line == b"event":
                name = b""
            else:
                self._take_field(line)
        self._payload, self._name = payload, name
        self.idle = not (rest or name or payload is not None or self._after_cr)
        if rest:
            self.buffer += rest
            self.check_buffer()
        elif alone and self.idle and 1 < len(lines) < 5:
            self._learn(chunk, lines)

    def _split(self, chunk: bytes) -> tuple[list[bytes], bytes]:
        """Cut the pending bytes and the chunk into whole lines and the beginning of the next."""
        if not self.idle:
            chunk = b"".join((self.buffer, chunk))
            self.buffer.clear()
            if self._after_cr:
                chunk = chunk.removeprefix(b"\n")
                self._after_cr = False
            if self._at_start:
                chunk = chunk.removeprefix(BOM)
                self._at_start = False
        if CR in chunk:
            # On bytes, splitlines() cuts at LF, CR and CRLF and nowhere else.
            lines = chunk.splitlines(keepends=False)
            self._after_cr = chunk.endswith(b"\r")
            rest = b"" if chunk.endswith((b"\r", b"\n")) else lines.pop()
        else:
            lines = chunk.split(b"\n")
            rest = lines.pop()
        return lines, rest

    def _bounded(self, lines: list[bytes]) -> Iterator[bytes]:
        for line in lines:
            if len(line) > self._limit:
                raise self._too_large("A line")
            yield line

    def _add_line(self, payload: bytes, value: bytes) -> None:
        self._more += b"\n" + value.removeprefix(b" ")
        if len(payload) + len(self._more) > self._limit:
            raise self._too_large("An event's data")

    def _join(self, payload: bytes) -> bytes:
        joined = payload + self._more
        self._more.clear()
        return joined

    def _take_field(self, line: bytes) -> None:
        """Take in a line that is neither data nor a name: they are few."""
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"id" and b"\0" not in value:
            self.last_id = value
        elif field == b"retry" and value.isdigit() and len(value) <= MAX_RETRY_DIGITS:
            self.retry = int(value)

    def _learn(self, chunk: bytes, lines: list[bytes]) -> None:
        """Remember the form of a chunk that is one whole event, if nothing in it but name and data has a meaning."""
        *before, data, blank = lines
        if blank or not data.startswith(b"data:") or not all(line.startswith(b"event:") for line in before):
            return
        body = chunk.rstrip(b"\r\n")
        self.prefix = body[: len(body) - len(data) + len(b"data:")]
        self.ending = chunk[len(body) :]

    def _too_large(self, what: str) -> EventTooLargeError:
        return EventTooLargeError(
            f"{what} in the event stream is longer than {self._limit} bytes; Limits(event=...) sets the cap"
        )


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
        self._error: SSEError | None = None
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
            raise self._error
        parser, events = self._parser, list[ServerSentEvent]()
        try:
            for payload in parser.payloads(data):
                text = payload.removeprefix(b" ").decode("utf-8", "replace")
                last_id = parser.last_id.decode("utf-8", "replace")
                events.append(ServerSentEvent(parser.name or "message", text, last_id, parser.retry))
        except SSEError as error:
            self._error = error
        if self._error is not None and not events:
            raise self._error
        return events

    def close(self) -> None:
        """End the stream: an event that no blank line ended is dropped, as the standard says.

        Raises:
            EventTooLargeError: The last `feed()` kept it back.
        """
        self._closed = True
        if self._error is not None:
            raise self._error
