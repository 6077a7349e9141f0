"""The chunked transfer coding (RFC 9112, 7.1), sans-IO: bytes of a connection in, bytes of the body out.

Rules:

- `ChunkedDecoder.feed` takes any cut of the input and gives the bytes of the body in it, of all whole chunks at once.
  `http.client` pays four buffered reads a chunk, and takes a size of ``-1`` for "read all there is" into memory.
- A size line holds hexadecimal digits, then perhaps an extension, which is ignored.
- After the last chunk come trailer fields, which are ignored, and an empty line; bytes behind that are surplus.
- CRLF ends every line and every chunk; a line holds no other CR and no other LF. A reader that takes LF alone for the
  end of an extension sees other chunks than one that does not (CVE-2025-22871).
- The bytes before an error are given first; the next call raises the error.
- Lines are bounded; the size of a chunk is not, as nothing is allocated by it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from mimo_proto.protocol.http11 import FIELD, FOLD

__all__ = ["ChunkedDecoder", "ChunkedError"]

MAX_LINE_BYTES: Final = 4096
"""The length of a size line with its extensions, or of one trailer field."""

MAX_TRAILER_BYTES: Final = 64 * 1024
"""The length of all trailer fields together."""

CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,20})[ \t]*(?:;[^\r]*)?\r")
"""A size line before its LF. int() takes signs, underscores and `0x`, too, and any number of digits, where others let
64 bits overflow; where two parties read a size in two ways, a body can pass for a response."""

FIRST_TRAILER_LINE = re.compile(FIELD + rb"\r")
TRAILER_LINE = re.compile(rb"(?:" + FIELD + rb"|" + FOLD + rb")\r")
"""A line of the trailer before its LF. What is no field may be the next response."""

END_OF_LINE = b"\r"
"""What stands before the LF of an empty line."""

TOO_LONG = "a chunk is longer than its size says"


class ChunkedError(ValueError):
    """The framing is broken; nothing after it can be trusted."""


class ChunkedDecoder:
    """Decode one body. One thread at a time.

    Attributes:
        ended: Whether the body's end was seen.
        surplus: Whether bytes came behind the end.
        broken: What is wrong with the framing; nothing can be fed any more. None as long as it is sound.
    """

    __slots__ = ("_chunk_left", "_rest", "_state", "_trailer_size", "broken", "ended", "surplus")

    def __init__(self) -> None:
        self.ended = False
        self.surplus = False
        self.broken: ChunkedError | None = None
        self._state: Literal["size", "data", "data end", "trailer"] = "size"
        self._chunk_left = 0
        # The line that has not ended.
        self._rest = b""
        self._trailer_size = 0

    def feed(self, data: bytes) -> bytes:
        """Take in bytes, cut anywhere.

        Args:
            data: The bytes that were read from the connection.

        Returns:
            The bytes of the body among them; empty when there was only framing.

        Raises:
            ChunkedError: The framing is broken.
        """
        body: list[bytes] = []
        if self.broken is None:
            try:
                self._decode(data, body)
            except ChunkedError as error:
                self.broken = error
        if self.broken is not None and not body:
            raise self.broken
        return body[0] if len(body) == 1 else b"".join(body)

    def _decode(self, data: bytes, body: list[bytes]) -> None:
        """Append the bytes of the body to `body`."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        at, size = 0, len(data)
        while at < size and not self.ended:
            if self._state != "data":
                at = self._take_line(data, at)
                continue
            stop = at + self._chunk_left
            body.append(data[at:stop])
            if stop > size:
                self._chunk_left = stop - size
                break
            at = stop + 2
            if data[stop:at] == b"\r\n":
                self._state = "size"
            else:
                at, self._state = stop, "data end"
        if self.ended and at < size:
            self.surplus = True

    def _take_line(self, data: bytes, at: int) -> int:
        """Take the line that begins at a place, and return where the next one begins; a line without end waits."""
        end = data.find(b"\n", at)
        if end < 0:
            self._rest = _bounded(data[at:])
            if self._state == "data end" and self._rest != END_OF_LINE:
                raise ChunkedError(TOO_LONG)
            return len(data)
        line = data[at:end]
        if self._state == "size":
            self._chunk_left = _chunk_size(line)
            self._state = "data" if self._chunk_left else "trailer"
        elif self._state == "data end":
            if line != END_OF_LINE:
                raise ChunkedError(TOO_LONG)
            self._state = "size"
        else:
            self._take_trailer(_bounded(line))
        return end + 1

    def _take_trailer(self, line: bytes) -> None:
        if line == END_OF_LINE:
            self.ended = True
            return
        pattern = TRAILER_LINE if self._trailer_size else FIRST_TRAILER_LINE
        if pattern.fullmatch(line) is None:
            raise ChunkedError("a line of the trailer is malformed")
        self._trailer_size += len(line)
        if self._trailer_size > MAX_TRAILER_BYTES:
            raise ChunkedError(f"the trailer is longer than {MAX_TRAILER_BYTES} bytes")


def _bounded(line: bytes) -> bytes:
    if len(line) > MAX_LINE_BYTES:
        raise ChunkedError(f"a line of the framing is longer than {MAX_LINE_BYTES} bytes")
    return line


@lru_cache(maxsize=256)  # the chunks of a stream have few sizes
def _chunk_size(line: bytes) -> int:
    size = CHUNK_SIZE.fullmatch(_bounded(line))
    if size is None:
        raise ChunkedError(f"not a chunk size: {line[:40]!r}")
    return int(size[1], 16)
