"""The event stream format: bytes, cut anywhere, to the data of events; the work behind `sse` and `stream`.

The rules are the WHATWG's, https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream:

- A line ends in LF, CR or CRLF. One byte order mark at the very start is dropped.
- A blank line dispatches the event, if it has data; a block without data is none. What no blank line ends is dropped.
- `data` lines are joined with LF. `event` names the event. A line that begins with a colon is a comment. All other
  lines are handed on, `id` and `retry` among them.

Our own: a line, or the data of one event, longer than the cap is an `EventTooLargeError`. Time is linear in the input,
and the result the same, however it is cut. No text is known here: payloads stay bytes until somebody decodes them.

How the parser is fast (make bench, decode): most events of a stream have the *form* of the event before (`event_form`).
The end of one and the beginning of the next make a long string, and a text is cut by it in one call: 0.15 µs an event,
where reading line by line takes 0.35. The call is `rsplit`: it looks for the string's first byte, an LF, and JSON has
none; `split` looks for the last, a colon, and JSON is full of them: 0.03 µs an event more. A text of another form is
cut by that of its last event, which is the usual one from then on. What no form fits falls back to `_walk`, so that the
rules above stand in one place, `_read`.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING

from mimo_proto.errors import EventTooLargeError
from mimo_proto.event_form import find_form

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CR", "LF", "SMALL", "EventParser"]

LF, CR = 10, 13
BOM = b"\xef\xbb\xbf"
# A piece that waits costs so many bytes of memory beside its own.
PIECE = 64
# The beginning of an event waits for the rest of it up to so many bytes, before it is read.
HELD = 1024
# Chunks under so many bytes, and under so many of them, wait even when they end a line.
SMALL = 64
# What they make together is copied often, up to so many bytes.
LIGHT = 4 * 1024
# So many bytes are dealt with at a time: where the form changes, the next lot has the new one.
SLICE = 16 * 1024
# So many bytes of lines that are no fields are kept: they may be an error, as JSON without `data:`.
STRAY = 64 * 1024
# An event larger than that is found by its line end, at a sixth of what looking for the form in it would take.
LARGE = 2 * SLICE


class EventParser:
    """The state of one event stream, between two chunks.

    One thread at a time.

    Args:
        max_event_size: How long a line, and the data of one event, may be, in bytes.

    Attributes:
        idle: Nothing is pending (no line, no event, no CR whose LF may follow), and events come whole.
        pieces: What is pending, as it came. While the parser is not idle, a chunk without a line end may be added here,
        room: as long as this many bytes are not used up.
        prefix: The form: what stands before the data of an event (empty until the first one has come),
        ending: and behind it.
        names: The lines that name the events handed out last, each with the place of the first event it names; empty
            when all have the usual form.
        others: The lines among them that are neither data nor name nor comment, each with the number of payloads
            before it.
        failure: The error behind those payloads; nothing can be taken in after it.
    """

    __slots__ = (
        "_after_cr",
        "_at_start",
        "_between",
        "_granted",
        "_held",
        "_large",
        "_limit",
        "_more",
        "_name",
        "_open",
        "_payload",
        "_plain",
        "_slice",
        "_stray",
        "_usual_name",
        "_usual_room",
        "ending",
        "failure",
        "idle",
        "names",
        "others",
        "pieces",
        "prefix",
        "room",
    )

    def __init__(self, max_event_size: int) -> None:
        self.idle = True
        self.pieces: list[bytes] = []
        self.room = 0
        self.prefix = b""
        self.ending = b"\n\n"
        self.names: list[tuple[int, bytes]] = []
        self.others: list[tuple[int, bytes]] = []
        self.failure: EventTooLargeError | None = None
        self._limit = max_event_size
        # So many bytes were in `pieces` when they were counted last, and so much room was given; mostly that.
        self._held = self._granted = 0
        self._usual_room = (max_event_size - HELD) // (PIECE + 1)
        self._large, self._slice = min(max_event_size, LARGE), min(max_event_size, SLICE)
        self._at_start = True
        self._after_cr = False
        # What is pending is the beginning of an event, and all of it; and there is a form to cut it by.
        self._plain = False
        self._between = self.ending + self.prefix
        self._usual_name = b""
        # The event of which lines have been read: the one that names it, the first data, the others with the LF before.
        self._open = False
        self._name = b""
        self._payload: bytes | None = None
        self._more = bytearray()
        # The lines that are no fields, from the last one on that may begin a JSON object.
        self._stray = bytearray()

    def payloads(self, chunk: bytes) -> list[bytes]:
        """Take in a chunk and give the data of each event that it completes.

        A payload is what follows `data:`, the one optional space included (JSON does not mind it); further data lines
        are joined to it as the rules say. `names`, `others` and `failure` belong to what is returned.
        """
        pieces, text, first, rest = self.pieces, b"", b"", b""
        units: list[bytes] = []
        if self._plain and LF in chunk and len(pieces) < 2 and len(chunk) <= self._slice:
            # What `_take` does, where all is as usual; by way of it, a chunk costs 0.7 µs more, most of it for copies.
            text = chunk if type(chunk) is bytes else bytes(chunk)
            units = text.rsplit(self._between)
            first = pieces[0] + units[0] if pieces else units[0]
            units[0] = data = first.removeprefix(self.prefix)
            if data is first and first.startswith(b":") and len(units) > 1 and not _has_line_end(first):
                del units[0]
                data = b""
            if data is not first and len(first) <= self._large:
                data, end, rest = units.pop().rpartition(self.ending)
                tail = rest
                if end:
                    units.append(data)
                    tail = rest.removeprefix(self.prefix)
                else:
                    rest = self.prefix + rest
                joined = b"".join(units)
                cr = CR in joined
                if not (CR in tail or LF in tail) and (
                    not (cr or LF in joined) or self._cut_off_comments(units, cr=cr)
                ):
                    self.begin(rest)
                    self.idle = not rest
                    return units
            else:
                units = []
        found: list[bytes] = []
        self.names, self.others = [], []
        try:
            if first and len(first) <= self._large:
                if len(units) > 1:
                    pieces.clear()
                    self._hand_out(units, rest, found)
                else:
                    text = b"".join((*pieces, text))
                    pieces.clear()
                    self._cut_anew(text, found)
                self._settle(found)
            else:
                for start in range(0, len(chunk), SLICE):
                    self._take(chunk[start : start + SLICE], found)
        except EventTooLargeError as error:
            self.failure = error.with_traceback(None)  # its frames would refer back to this
        return found

    def completed(self, chunk: bytes) -> tuple[bytes, ...] | None:
        """Look for the one event that a small chunk completes; reading it line by line would be twice the work.

        Returns:
            The event's data and the beginning of what is behind it, for `begin`: the chunk is not taken in before.
            Nothing, if the chunk ends no event: then it is among `pieces`.
            None, where there is more to it than that; it is one for `payloads`.
        """
        pieces = self.pieces
        if LF not in chunk or not self._plain or self._held + self._granted - self.room > LIGHT:
            return None
        if (
            chunk.find(b"\n\n") < 0 < len(pieces) < SMALL
            and len(chunk) < self.room
            and CR not in chunk
            and (chunk[0] != LF or pieces[-1][-1:] not in (b"\n", b""))
        ):
            pieces.append(chunk)
            self.room -= len(chunk)
            return ()
        text = b"".join(pieces) + chunk
        payload = text.removeprefix(self.prefix)
        data, end, rest = payload.rpartition(self.ending)
        if payload is text or not end or LF in data or CR in data or LF in rest or CR in rest:
            return None
        return (data, rest) if len(text) <= self._limit else None

    def begin(self, rest: bytes) -> None:
        """Forget what was pending: all that is handed out has the usual form, and the next event begins like this."""
        self.pieces.clear()
        if rest:
            self.pieces.append(rest)
            self.idle = False
        if self.names or self.others:
            self.names, self.others = [], []
        self._held = len(rest)
        self.room = self._granted = self._usual_room
        if len(rest) > HELD:
            self._count(len(rest))

    def _count(self, held: int) -> None:
        """Give as much room as cannot be too much memory, were each of the pieces to come a single byte."""
        self._held = held
        self._granted = self.room = (self._limit - held) // (PIECE + 1) - len(self.pieces)

    def learn(self, text: bytes) -> bool:
        """Make the form of the first event in a text the usual one, if events can be cut out by it."""
        form = find_form(text)
        if form is None:
            return False
        self.prefix, self.ending, self._between, self._usual_name = form
        self._at_start, self._plain = False, True
        return True

    def behind_comments(self, text: bytes) -> bytes:
        """What stands behind the comments that a text begins with and behind the usual prefix; nothing, if not both."""
        more = self._skip_comments(text) if text.startswith(b":") else b""
        payload = more.removeprefix(self.prefix)
        return b"" if payload is more else payload

    def name(self, place: int) -> str:
        """The type of one of the events handed out last, "" when it has none."""
        count = bisect_right(self.names, place, key=itemgetter(0))
        return _name_in(self.names[count - 1][1] if count else self._usual_name)

    def usual_name(self) -> str:
        """The type of the events of the usual form, "" when they have none."""
        return _name_in(self._usual_name)

    def unfinished(self, *, stray: bool) -> tuple[str, bytes]:
        """The name and the data of the event that no blank line has ended: the last words of a cut stream.

        What the data are is guessed generously; a line without a field name is among it. Call it at the end only.

        Args:
            stray: Where no event was begun, take the last JSON object that stands on lines of its own.
        """
        text = self._trim(b"".join(self.pieces))
        self.pieces.clear()
        self._read(text, [])
        line = b"".join(self.pieces)
        value = line.removeprefix(b"data:")
        if self._payload is not None:
            value = self._payload + self._more + (b"" if value is line else b"\n" + value)
        elif stray and value is line and not line.startswith(b"{"):
            value = bytes(self._stray) + line
        return _name_in(self._name), value.strip()

    def _take(self, chunk: bytes, found: list[bytes]) -> None:
        """Take in a chunk, whatever is in it; an empty one is none."""
        if LF in chunk or CR in chunk:
            text, large = bytes(chunk), self._large
            if self.pieces:
                self.pieces.append(chunk)
                text = b"".join(self.pieces)
                self.pieces.clear()
            if self._after_cr or self._at_start:
                text = self._trim(text)
            if self._open or (len(text) > large and len(text := self._cut_large(text, found)) > large):
                self._walk(text, found)
            elif text:
                self._cut(text, found)
        else:
            self.pieces.append(chunk)
            self.room -= len(chunk)
            self.idle = False
            if self.room > 0:
                return
            held = self._held + self._granted - self.room
            if held + PIECE * len(self.pieces) < self._limit:
                self._count(held)
                return
            self.pieces[:] = [b"".join(self.pieces)]
        self._settle(found)

    def _settle(self, found: list[bytes]) -> None:
        """Count what is pending; read it, where it is more than one line may be."""
        held = len(self.pieces[0]) if self.pieces else 0
        if held > self._limit:
            # Perhaps they are many lines.
            self._read(self._trim(self.pieces.pop()), found)
            held = sum(map(len, self.pieces))
            if held > self._limit:
                raise self._too_large("A line")
        self._held = held
        self.room = self._granted = self._usual_room
        if held > HELD:
            self._count(held)
        self._plain = bool(self.prefix) and not (self._open or self._after_cr)
        self.idle = self._plain and not held

    def _trim(self, text: bytes) -> bytes:
        """Drop the byte order mark, and the LF whose CR came before."""
        if self._after_cr:
            text = text.removeprefix(b"\n")
            self._after_cr = False
        if self._at_start:
            text = text.removeprefix(BOM)
            self._at_start = False
        return text

    def _cut_large(self, text: bytes, found: list[bytes]) -> bytes:
        """Cut out the large event at the text's beginning, if it has the usual form; returns what stands behind it."""
        if not (self.prefix and text.startswith(self.prefix)) and not self.learn(text):
            return text
        start = len(self.prefix)
        end = text.find(self.ending[:1], start)
        data = text[start:end]
        if not text.startswith(self.ending, end) or end > self._limit or _has_line_end(data):
            return text
        self.names.append((len(found), self._usual_name))
        found.append(data)
        return text[end + len(self.ending) :]

    def _cut(self, text: bytes, found: list[bytes]) -> None:
        """Cut out the events that have the usual form; have the others read; keep the beginning of the next one."""
        if text.startswith(b":"):
            text = self._skip_comments(text)
        body, _, rest = text.rpartition(self.ending)
        events = body.removeprefix(self.prefix)
        if events is body:  # empty, too, where nothing ends
            self._cut_anew(text, found)
        else:
            self._hand_out(events.rsplit(self._between) if LF in events else [events], rest, found)

    def _cut_anew(self, text: bytes, found: list[bytes]) -> None:
        """Do the same where the text begins with another form: that of its last event is the usual one from now on."""
        if not _ends_an_event(text):
            self._keep(text)
            return
        blank = b"\r\n\r\n" if CR in text else b"\n\n"
        body, _, rest = text.rpartition(blank)
        before = body.rfind(blank)
        last = body if before < 0 else body[before + len(blank) :]
        if not self.learn(last + blank) or self.ending != blank:
            self._walk(text, found)
            return
        first, *units = body.rsplit(self._between)
        data = first.removeprefix(self.prefix)
        if data is not first:
            units.insert(0, data)
        elif first:
            self._read(first + blank, found)
        self._hand_out(units, rest, found)

    def _hand_out(self, units: list[bytes], rest: bytes, found: list[bytes]) -> None:
        """Hand out what the form has cut, have read what is more than that, keep the beginning of the next event."""
        ending = self.ending  # another form may be learned meanwhile
        self.names.append((len(found), self._usual_name))
        joined = b"".join(units)
        cr = CR in joined
        if (cr or LF in joined) and not self._cut_off_comments(units, cr=cr):
            self._sort_out(units, found, cr=cr)
        else:
            found += units
        # Behind the last LF LF there is no blank line, unless a CR makes one.
        if (CR in rest or (LF in rest and (CR in ending or len(rest) > HELD))) and _ends_an_event(rest):
            self._walk(rest, found)
        else:
            self._keep(rest)

    def _keep(self, rest: bytes) -> None:
        if rest:
            self.pieces.append(rest)

    def _cut_off_comments(self, units: list[bytes], *, cr: bool) -> bool:
        """Cut the comment off each unit that ends with one; says whether all units are the data of one event then."""
        place, all_of_them = 0, True
        for unit in units:
            if LF in unit or (cr and CR in unit):
                data, _, comment = unit.rpartition(self.ending)
                if comment.startswith(b":") and not (LF in data or CR in data or LF in comment or CR in comment):
                    place = units.index(unit, place)
                    units[place] = data
                else:
                    all_of_them = False
        return all_of_them

    def _sort_out(self, units: list[bytes], found: list[bytes], *, cr: bool) -> None:
        """Tell the units that are the data of one event from those with other events between."""
        prefix, ending, name = self.prefix, self.ending, self._usual_name
        start = 0
        for place, unit in enumerate(units):
            if LF not in unit and not (cr and CR in unit):
                continue
            found += units[start:place]
            start = place + 1
            # The last one holds all the events behind a change of the form.
            if start == len(units) and len(unit) > 2 * HELD and ending in unit:
                self._cut_anew(prefix + unit + ending, found)
            else:
                self._read(prefix + unit + ending, found)
            self.names.append((len(found), name))
        found += units[start:]

    def _skip_comments(self, text: bytes) -> bytes:
        """What stands behind the comments that a text begins with, each of them a block of its own."""
        start = 0
        while text.startswith(b":", start):
            end = text.find(self.ending, start)
            if end < 0 or _has_line_end(text[start:end]):
                break
            start = end + len(self.ending)
        return text[start:]

    def _walk(self, text: bytes, found: list[bytes]) -> None:
        """Read a text line by line; the beginning of the next event is kept, where it is one."""
        ending = b"\r\n\r\n" if CR in text else b"\n\n"
        end = text.rfind(ending)
        end = end + len(ending) if end >= 0 else 0
        rest = text[end:]
        if (self._open and not end) or _ends_an_event(rest):
            self._read(text, found)
            return
        self._read(text[:end], found)
        self._keep(rest)

    def _read(self, text: bytes, found: list[bytes]) -> None:
        """Follow the rules line by line; the line that does not end is kept."""
        if CR in text:
            # On bytes, splitlines() cuts at LF, CR and CRLF and nowhere else.
            lines = text.splitlines()
            self._after_cr = text.endswith(b"\r")
            rest = b"" if text.endswith((b"\r", b"\n")) else lines.pop()
        else:
            lines = text.split(b"\n")
            rest = lines.pop()
        self._keep(rest)
        payload, name, names, more = self._payload, self._name, self.names, self._more
        known = b"event:"
        for line in lines if len(text) <= self._limit else self._bounded(lines):
            if not line:
                if payload is not None:
                    names.append((len(found), name))
                    found.append(payload + more if more else payload)
                    more.clear()
                payload, name = None, b""
                continue
            # Most events have the name of the one before. An equal line is found in a third of the time.
            if line == known:
                name = line
                continue
            value = line.removeprefix(b"data:")
            if value is not line or line == b"data":
                value = value if value is not line else b""
                if payload is None:
                    payload = value
                else:
                    self._add_line(payload, value)
            elif line.startswith(b"event:"):
                name = known = line
            elif line == b"event":
                name = b""
            elif not line.startswith(b":"):
                self.others.append((len(found), line))
                if self._stray or b"{" in line:
                    self._keep_stray(line)
        self._payload, self._name = payload, name
        self._open = payload is not None or name != b""

    def _keep_stray(self, line: bytes) -> None:
        if line.startswith((b"id:", b"retry:")):
            return
        if line.startswith(b"{"):
            self._stray.clear()
        if (self._stray or line.lstrip().startswith(b"{")) and len(self._stray) + len(line) < STRAY:
            self._stray += line + b"\n"

    def _bounded(self, lines: list[bytes]) -> Iterator[bytes]:
        for line in lines:
            if len(line) > self._limit:
                raise self._too_large("A line")
            yield line

    def _add_line(self, payload: bytes, value: bytes) -> None:
        self._more += b"\n" + value.removeprefix(b" ")
        if len(payload) + len(self._more) > self._limit:
            raise self._too_large("An event's data")

    def _too_large(self, what: str) -> EventTooLargeError:
        return EventTooLargeError(
            f"{what} in the event stream is longer than {self._limit} bytes; Limits(event=...) sets the cap"
        )


def _name_in(line: bytes) -> str:
    return line.removeprefix(b"event:").removeprefix(b" ").decode("utf-8", "replace")


def _has_line_end(text: bytes) -> bool:
    return LF in text or CR in text


def _ends_an_event(text: bytes) -> bool:
    """Whether there may be a blank line, or so much that it had better be read."""
    return len(text) > HELD or b"" in text.splitlines()
