"""Heads of HTTP/1.1 messages (RFC 9112), sans-IO: that of a request to bytes, that of a response from bytes.

Rules, by the sections of RFC 9112:

- A head ends at its first empty line; a line ends in CRLF or in LF alone, has no CR elsewhere (2.2), and no NUL
  (RFC 9110, 5.5).
- A response begins with ``HTTP/1.x``, three digits and perhaps a reason (4). A field is a name, a colon right behind,
  and a value (5); a folded line goes on with the value, or begins it (5.2). Repeated fields are joined with ``, ``
  (RFC 9110, 5.3).
- The body is, in this order (6.3): none for 1xx, 204 and 304; in chunks; as long as Content-Length says; all that comes
  until the connection ends.
- A connection is kept for the next call unless the option ``close`` is given (9.3). With HTTP/1.0 the option
  ``keep-alive`` is needed, and a transfer coding forbids it (6.1).
- Interim responses (1xx) are checked and passed over, but for 101.
- A head that is broken or contradicts itself is an error, as the framing of all that follows depends on it.
  `http.client` takes a head that was cut between two lines for a whole one, and the fields behind a broken line for a
  body; and it reads fields by way of the email package, which takes twice the time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIELD", "FOLD", "Head", "HeadDecoder", "HeadError", "encode_head"]

MAX_HEAD_BYTES: Final = 64 * 1024
"""The length of a response's head."""

MAX_CONTENT_LENGTH_DIGITS: Final = 20
"""The digits of a Content-Length, enough for 64 bits; int() refuses 4,301 of them with a text of its own."""

PROTOCOL_PREFIX = b"HTTP/1."
STATUS_LINE = rb"HTTP/1\.([0-9])[ ]+([1-9][0-9]{2})(?:[ ][^\r\n\0]*)?\r?\n"
FIELD = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*"
FOLD = rb"[ \t][^\r\n\0]*"
LINE_END = rb"\r?\n"
HEAD = re.compile(STATUS_LINE + rb"((?:" + FIELD + LINE_END + rb"(?:" + FOLD + LINE_END + rb")*)*)" + LINE_END)
FOLDING = re.compile(r"\r?\n[ \t]+")

TOO_LONG = f"the head is longer than {MAX_HEAD_BYTES} bytes"
SWITCHING_PROTOCOLS = 101
STATUSES_WITHOUT_BODY = (204, 304)


class HeadError(ValueError):
    """The head is malformed; nothing after it can be trusted."""


class Head(NamedTuple):
    """The head of a response.

    Attributes:
        status: The HTTP status.
        headers: The header fields, names in lower case, repeated ones joined with ", ".
        chunked: Whether the body comes in chunks.
        length: The body's length in bytes; None when it comes in chunks, or lasts as long as the connection.
        kept: Whether the connection may carry another call when the body has ended.
    """

    status: int
    headers: dict[str, str]
    chunked: bool
    length: int | None
    kept: bool


class HeadDecoder:
    """Find the head of the final response. One thread at a time.

    Attributes:
        rest: The bytes that came and belong to no head: once the head is found, the beginning of the body.
        begun: Whether any bytes have come, those of an interim response (RFC 9110, 15.2) included.
    """

    __slots__ = ("begun", "rest")

    def __init__(self) -> None:
        self.rest = b""
        self.begun = False

    def feed(self, data: bytes) -> Head | None:
        """Take in bytes, cut anywhere; gives the head when it is whole.

        Raises:
            HeadError: The head is malformed, or too long.
        """
        start = max(0, len(self.rest) - 2)  # an empty line may have begun there
        self.rest += data
        self.begun = True
        while self.rest.find(b"\n\r\n", start) >= 0 or self.rest.find(b"\n\n", start) >= 0:
            match = HEAD.match(self.rest)
            if match is None:
                # The fields behind a broken line would be lost, the framing perhaps among them.
                status_line = re.match(STATUS_LINE, self.rest)
                raise HeadError("a header line is malformed" if status_line else "the first line is not a status line")
            if match.end() > MAX_HEAD_BYTES:
                raise HeadError(TOO_LONG)
            self.rest, start = self.rest[match.end() :], 0
            head = _read(int(match[2]), match[3].decode("latin-1"), is_1_0=match[1] == b"0")
            if head.status >= 200 or head.status == SWITCHING_PROTOCOLS:
                return head
        if not self.rest.startswith(PROTOCOL_PREFIX[: len(self.rest)]):
            raise HeadError("it does not begin with HTTP/1")
        if len(self.rest) > MAX_HEAD_BYTES:
            raise HeadError(TOO_LONG)
        return None

    def end_connection(self) -> str:
        """Take note that the connection has ended before the head was whole; gives what is to be said of it."""
        return "it was closed inside the head" if self.rest else "it was closed"


def _read(status: int, fields: str, *, is_1_0: bool) -> Head:
    """Read the lines of fields, each with its end."""
    headers: dict[str, str] = {}
    if "\n " in fields or "\n\t" in fields:
        fields = FOLDING.sub(" ", fields)
    for line in fields.split("\n")[:-1]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t\r")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    chunked, length = _framing(status, headers)
    ends = chunked != (length is not None)  # both contradict each other; without either the connection is the end
    kept = ends and status >= 200 and _is_persistent(headers, is_1_0=is_1_0)
    return Head(status, headers, chunked, None if chunked else length, kept)


def _framing(status: int, headers: Mapping[str, str]) -> tuple[bool, int | None]:
    """Give whether the body is chunked, and its Content-Length."""
    coding = headers.get("transfer-encoding", "identity").lower()
    if coding not in ("identity", "chunked"):
        raise HeadError("the body has a transfer coding that is not chunked")
    length = _content_length(headers)
    if status < 200 or status in STATUSES_WITHOUT_BODY:
        return False, 0
    return coding == "chunked", length


def _content_length(headers: Mapping[str, str]) -> int | None:
    """Give the Content-Length; the same one may be given several times (6.3)."""
    field = headers.get("content-length")
    if field is None:
        return None
    lengths = {length.strip(" \t") for length in field.split(",")}
    if len(lengths) > 1:
        raise HeadError("there are two lengths")
    [length] = lengths
    if not (length.isascii() and length.isdigit() and len(length) <= MAX_CONTENT_LENGTH_DIGITS):
        raise HeadError("the length is not a number")
    return int(length)


def _is_persistent(headers: Mapping[str, str], *, is_1_0: bool) -> bool:
    """Whether the server keeps the connection."""
    options = [option.strip(" \t") for option in headers.get("connection", "").lower().split(",")]
    if "close" in options:
        return False
    return not is_1_0 or ("keep-alive" in options and "transfer-encoding" not in headers)


def encode_head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """Write the head of a request.

    Args:
        method: The method, in capitals.
        target: The request target (3.2): path and query, or the whole URL for a proxy.
        headers: The fields, in their order; Host comes first (RFC 9110, 7.2).

    Raises:
        ValueError: A field has a line end in it; `request` refuses that earlier, with a better text.
    """
    head = "".join([f"{method} {target} HTTP/1.1\r\n", *[f"{name}: {value}\r\n" for name, value in headers.items()]])
    if head.count("\n") != len(headers) + 1 or head.count("\r") != len(headers) + 1:
        raise ValueError("a field of the request has a line end in it")
    return head.encode("ascii") + b"\r\n"
