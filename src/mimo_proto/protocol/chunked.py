"""The chunked transfer coding (RFC 9112, 7.1), sans-IO: bytes of the wire in, bytes of the body out.

Rules:

- `ChunkedDecoder.feed` takes any cut of the input and gives what of the body is in it, all whole chunks at once.
  `http.client` pays four buffered reads a chunk, and takes a size of ``-1`` for "read all there is" into memory.
- A size line holds hexadecimal digits, then perhaps an extension, which is ignored; CRLF or LF ends it.
- After the last chunk come trailer fields, which are ignored, and an empty line; what stands behind that is surplus.
- What stands before an error is given first; the error is raised by the next call.
- Lines are bounded; the size of a chunk is not: nobody allocates by it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

__all__ = ["ChunkedDecoder", "ChunkedError"]

MAX_LINE: Final = 4096
"""A size line with its extensions, or one trailer field, in bytes."""

MAX_TRAILER: Final = 64 * 1024
"""All trailer fields together, in bytes."""

SIZE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;[^\r]*)?\r?")
"""int() takes signs, underscores and `0x`, too; where two read a size in two ways, a body can pass for an answer."""


class ChunkedError(ValueError):
    """The framing is broken; nothing after it can be trusted."""


class ChunkedDecoder:
    """One body. One thread.

    Attributes:
        ended: The body's end was seen.
        surplus: Bytes came behind the end.
        broken: The framing is broken, as this says; nothing can be fed any more.
    """

    __slots__ = ("_left", "_rest", "_state", "_trailer", "broken", "ended", "surplus")

    def __init__(self) -> None:
        self.ended = False
        self.surplus = False
        self.broken: ChunkedError | None = None
        self._state: Literal["size", "data", "crlf", "trailer"] = "size"
        self._left = 0
        self._rest = b""
        self._trailer = 0

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they came.

        Args:
            data: What was read from the connection.

        Returns:
            What of the body was in it; empty when there was only framing.

        Raises:
            ChunkedError: The framing is broken.
        """
        pieces: list[bytes] = []
        if self.broken is None:
            try:
                self._cut(data, pieces)
            except ChunkedError as error:
                self.broken = error
        if self.broken is not None and not pieces:
            raise self.broken
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _cut(self, data: bytes, pieces: list[bytes]) -> None:
        """Put what is of the body into `pieces`."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        at, size = 0, len(data)
        state, left = self._state, self._left
        while at < size and not self.ended:
            if state == "size":
                end = data.find(b"\n", at)
                if end < 0:
                    self._rest = _line(data[at:])
                    break
                left = _chunk_size(data[at:end])
                at = end + 1
                state = "data" if left else "trailer"
            elif state == "data":
                stop = at + left
                pieces.append(data[at:stop])
                if stop > size:
                    left -= size - at
                    break
                at = stop + 2
                if data[stop:at] == b"\r\n":
                    state = "size"
                else:
                    at, state = stop, "crlf"
            elif state == "crlf":  # the line end behind a chunk, where it is cut in two, a bare LF, or missing
                mark = data[at : at + 2]
                if mark == b"\r":
                    self._rest = mark
                    break
                if mark != b"\r\n" and data[at] != 10:
                    raise ChunkedError("a chunk is longer than its size says")
                at += 2 if mark == b"\r\n" else 1
                state = "size"
            else:
                end = data.find(b"\n", at)
                if end < 0:
                    self._rest = _line(data[at:])
                    break
                line = _line(data[at:end])
                self._trailer += len(line)
                if self._trailer > MAX_TRAILER:
                    raise ChunkedError(f"the trailer is longer than {MAX_TRAILER} bytes")
                self.ended = line in {b"", b"\r"}
                at = end + 1
        self._state, self._left = state, left
        if self.ended and at < size:
            self.surplus = True


def _line(line: bytes) -> bytes:
    if len(line) > MAX_LINE:
        raise ChunkedError(f"a line of the framing is longer than {MAX_LINE} bytes")
    return line


@lru_cache(maxsize=256)  # the chunks of a stream have few sizes: 0.06 µs instead of 0.45
def _chunk_size(line: bytes) -> int:
    size = SIZE.fullmatch(_line(line))
    if size is None:
        raise ChunkedError(f"not a chunk size: {line[:40]!r}")
    return int(size[1], 16)
