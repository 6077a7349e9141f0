"""Heads of HTTP/1.1 messages (RFC 9112), sans-IO: that of a request to bytes, that of a response from bytes.

Rules, by the sections of RFC 9112:

- A head ends at its first empty line; a line ends in CRLF or in LF alone, and has no CR elsewhere (2.2).
- A response begins with ``HTTP/1.x``, three digits and perhaps a reason (4). A field is a name, a colon right behind,
  and a value (5); a folded line goes on with the value (5.2). Repeated fields are joined with ``, `` (RFC 9110, 5.3).
- The body is, in this order (6.3): none for 1xx, 204 and 304; in chunks; as long as Content-Length says; all that comes
  until the connection ends.
- A connection is kept for the next call unless one side says otherwise (9.3).
- Interim responses (1xx) are passed over, but for 101.
- A head that is broken or contradicts itself is an error, as the framing of all that follows depends on it.
  `http.client` takes a head that was cut between two lines for a whole one, and the fields behind a broken line for a
  body; and it reads fields by way of the email package, which takes twice the time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Head", "HeadDecoder", "HeadError", "encode_head"]

MAX_HEAD_BYTES: Final = 64 * 1024
"""The length of a response's head."""

MAX_CONTENT_LENGTH_DIGITS: Final = 18
"""The digits of a Content-Length; int() refuses 4,301 of them with a text of its own."""

PROTOCOL_PREFIX = b"HTTP/1."
STATUS_LINE = rb"HTTP/1\.([0-9])[ ]+([1-9][0-9]{2})(?:[ ][^\r\n]*)?\r?\n"
FIELD_LINE = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*\r?\n"
FOLDED_LINE = rb"[ \t][^\r\n]*\r?\n"
HEAD = re.compile(STATUS_LINE + rb"((?:" + FIELD_LINE + rb"(?:" + FOLDED_LINE + rb")*)*)\r?\n")

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
            status = int(match[2])
            if status >= 200 or status == SWITCHING_PROTOCOLS:
                return _read(status, match[3].decode("latin-1"), is_1_0=match[1] == b"0")
        if not self.rest.startswith(PROTOCOL_PREFIX[: len(self.rest)]):
            raise HeadError("it does not begin with HTTP/1")
        if len(self.rest) > MAX_HEAD_BYTES:
            raise HeadError(TOO_LONG)
        return None


def _read(status: int, fields: str, *, is_1_0: bool) -> Head:
    """Read the lines of fields, each with its end."""
    headers: dict[str, str] = {}
    name = ""
    for line in fields.split("\n")[:-1]:
        if line.startswith((" ", "\t")):
            headers[name] += " " + line.strip(" \t\r")
            continue
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t\r")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    chunked, length = _framing(status, headers)
    options = headers.get("connection", "").lower()
    kept = "keep-alive" in options if is_1_0 else "close" not in options
    ends = chunked != (length is not None)  # both contradict each other; without either the connection is the end
    return Head(status, headers, chunked, None if chunked else length, kept and ends and status >= 200)


def _framing(status: int, headers: Mapping[str, str]) -> tuple[bool, int | None]:
    """Give whether the body is chunked, and its Content-Length."""
    if status < 200 or status in STATUSES_WITHOUT_BODY:
        return False, 0
    coding = headers.get("transfer-encoding", "").lower()
    if coding not in ("", "identity", "chunked"):
        raise HeadError("the body has a transfer coding that is not chunked")
    field = headers.get("content-length")
    if field is None:
        return coding == "chunked", None
    lengths = {length.strip() for length in field.split(",")}
    if len(lengths) > 1:
        raise HeadError("there are two lengths")
    [length] = lengths
    if not (length.isascii() and length.isdigit() and len(length) <= MAX_CONTENT_LENGTH_DIGITS):
        raise HeadError("the length is not a number")
    return coding == "chunked", int(length)


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
