"""The standard's own algorithm, slow and literal: what every decoder of event streams here is held against.

Source: WHATWG HTML, "Server-sent events", 9.2.5 "Parsing an event stream" and 9.2.6 "Interpreting an event stream"
(https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation), and for the bytes
"UTF-8 decode" and "UTF-8 decoder" of the WHATWG Encoding standard (https://encoding.spec.whatwg.org/#utf-8-decoder).
Each step carries the gist of its sentence. Nothing here is shared with the code under test, and nothing is clever:
the whole stream is decoded, then cut into lines, then read line by line.

Two readings are ours, because the standard leaves them open:

- `retry` without a digit is ignored: an empty string "consists of only ASCII digits" too, but is no integer;
- `retry` with more than 18 digits is ignored, a deviation: the standard sets no bound, 18 digits of milliseconds are
  31 million years, and CPython's `int` raises ValueError from 4,301 digits on.
"""

from collections.abc import Iterator
from typing import Final

__all__ = ["Event", "LONGEST_RETRY", "interpret", "lines", "utf8_decode"]

Event = tuple[str, str, str, int | None]
"""A dispatched event: type, data, last event ID, and the reconnection time in ms (None while it was never set)."""

LONGEST_RETRY: Final = 18
"""The most digits that a reconnection time may have (ours, see above)."""

ASCII_DIGITS: Final = frozenset("0123456789")
REPLACEMENT: Final = "\ufffd"
LF: Final = "\n"
CR: Final = "\r"
NULL: Final = "\0"


def interpret(stream: bytes) -> Iterator[Event]:
    """Interpret a whole event stream and yield what it dispatches, in order."""
    # A data buffer, an event type buffer and a last event ID buffer are initialised to the empty string.
    data = ""
    event_type = ""
    last_event_id = ""
    reconnection_time: int | None = None

    # The stream is decoded with "UTF-8 decode", then everything is read line by line.
    for line in lines(utf8_decode(stream)):
        # The line is empty: dispatch the event.
        if line == "":
            # 1. The last event ID string becomes the value of its buffer; the buffer does not get reset.
            # 2. The data buffer is empty: set data and event type buffers to the empty string and return.
            if data == "":
                event_type = ""
                continue
            # 3. The data buffer's last character is LF: remove it.
            if data[-1] == LF:
                data = data[:-1]
            # 4, 5. The event is a "message" with this data and the last event ID string,
            # 6. unless the event type buffer is not empty: then that is its type.
            yield (event_type if event_type != "" else "message", data, last_event_id, reconnection_time)
            # 7. Set the data buffer and the event type buffer to the empty string.
            data = ""
            event_type = ""
            continue

        # The line starts with a colon: ignore the line.
        if line[0] == ":":
            continue

        # The line contains a colon: what is before the first one is the field, what is after it the value.
        if ":" in line:
            colon = line.index(":")
            field = line[:colon]
            value = line[colon + 1 :]
            # The value starts with a space: remove it (that one, no more).
            if value != "" and value[0] == " ":
                value = value[1:]
        # Otherwise the whole line is the field name and the value is the empty string.
        else:
            field = line
            value = ""

        # Field names are compared literally, with no case folding.
        # "event": set the event type buffer to the value.
        if field == "event":
            event_type = value
        # "data": append the value to the data buffer, then append one LF.
        elif field == "data":
            data = data + value + LF
        # "id": the value does not contain NULL: set the last event ID buffer to it. Otherwise ignore the field.
        elif field == "id":
            last_event_id = value if NULL not in value else last_event_id
        # "retry": only ASCII digits: set the reconnection time to that integer in base ten. Otherwise ignore the field.
        elif field == "retry":
            digits = all(character in ASCII_DIGITS for character in value)
            reconnection_time = int(value, 10) if digits and 1 <= len(value) <= LONGEST_RETRY else reconnection_time
        # Otherwise: the field is ignored.

    # At the end of the stream pending data is discarded: an event without its empty line is not dispatched.


def lines(text: str) -> Iterator[str]:
    """Yield the lines of a text that were ended: by CR LF, by an LF not after a CR, or by a CR not before an LF."""
    line: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == CR:
            if position < len(text) and text[position] == LF:
                position += 1
            yield "".join(line)
            line = []
        elif character == LF:
            yield "".join(line)
            line = []
        else:
            line.append(character)
    # What is left was not ended, so it is no line.


def utf8_decode(stream: bytes) -> str:
    """Decode as "UTF-8 decode" does: without one leading byte order mark, errors replaced by U+FFFD."""
    # Peek three bytes: when they are EF BB BF, read them (and no second mark).
    position = 3 if stream[:3] == b"\xef\xbb\xbf" else 0

    text: list[str] = []
    code_point = bytes_seen = bytes_needed = 0
    lower, upper = 0x80, 0xBF
    while position < len(stream):
        byte = stream[position]
        position += 1
        if bytes_needed == 0:
            if byte <= 0x7F:
                text.append(chr(byte))
            elif 0xC2 <= byte <= 0xDF:
                bytes_needed = 1
                code_point = byte & 0x1F
            elif 0xE0 <= byte <= 0xEF:
                # E0 would be overlong below A0, ED a surrogate above 9F.
                if byte == 0xE0:
                    lower = 0xA0
                if byte == 0xED:
                    upper = 0x9F
                bytes_needed = 2
                code_point = byte & 0xF
            elif 0xF0 <= byte <= 0xF4:
                # F0 would be overlong below 90, F4 beyond U+10FFFF above 8F.
                if byte == 0xF0:
                    lower = 0x90
                if byte == 0xF4:
                    upper = 0x8F
                bytes_needed = 3
                code_point = byte & 0x7
            else:
                text.append(REPLACEMENT)
            continue
        # The byte does not go on with the sequence: reset, put it back, and that is one error.
        if not lower <= byte <= upper:
            code_point = bytes_seen = bytes_needed = 0
            lower, upper = 0x80, 0xBF
            position -= 1
            text.append(REPLACEMENT)
            continue
        lower, upper = 0x80, 0xBF
        code_point = (code_point << 6) | (byte & 0x3F)
        bytes_seen += 1
        if bytes_seen == bytes_needed:
            text.append(chr(code_point))
            code_point = bytes_seen = bytes_needed = 0
    # The end within a sequence is one error.
    if bytes_needed != 0:
        text.append(REPLACEMENT)
    return "".join(text)
