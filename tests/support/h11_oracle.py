"""One response read twice, by our decoders and by h11, and the differences between the two that are meant.

`compare` gives the names of the differences that a response shows, and fails on one that has no name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import h11

from mimo_proto.protocol.body import BodyDecoder
from mimo_proto.protocol.chunked import ChunkedError
from mimo_proto.protocol.http11 import HeadDecoder, HeadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["NAMES", "Verdict", "compare", "read_by_h11", "read_by_us"]

End: TypeAlias = Literal["complete", "cut", "error"]

MAX_HEAD_BYTES = 64 * 1024


class Verdict(NamedTuple):
    """What was made of a response, all that came until the connection ended.

    Attributes:
        end: Whether it is whole, breaks off, or is refused.
        reusable: Whether the connection may carry another call.
        status: The status; None without a head.
        headers: The fields, repeated ones joined.
        body: The bytes of the body that were handed out.
    """

    end: End
    reusable: bool = False
    status: int | None = None
    headers: dict[str, str] = {}  # noqa: RUF012 - nobody changes it
    body: bytes = b""


def read_by_us(pieces: Sequence[bytes]) -> Verdict:
    """Read a response as the transports do."""
    decoder = HeadDecoder()
    head = None
    at = 0
    try:
        while head is None and at < len(pieces):
            head = decoder.feed(pieces[at])
            at += 1
    except HeadError:
        return Verdict("error")
    if head is None:
        return Verdict("cut")
    body, content = BodyDecoder(head), b""
    try:
        for piece in [decoder.rest, *pieces[at:], b""]:  # what is broken is said when it is fed again
            content += body.feed(piece)
        end: End = "complete" if body.ended or not body.end_connection() else "cut"
    except ChunkedError:
        end = "error"
    reusable = end == "complete" and head.kept and not body.surplus
    return Verdict(end, reusable, head.status, head.headers, content)


def read_by_h11(pieces: Sequence[bytes]) -> Verdict:
    """Read a response by h11, as the answer to a request that allows a switch of protocols."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    fields = [("Host", "x"), ("Upgrade", "x"), ("Connection", "upgrade")]
    connection.send(h11.Request(method="GET", target="/", headers=fields))
    connection.send(h11.EndOfMessage())
    status: int | None = None
    headers: dict[str, str] = {}
    body = b""
    pieces = [*filter(None, pieces), b""]
    for at, piece in enumerate(pieces):
        connection.receive_data(piece)
        try:
            while (event := connection.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Response) or (
                    isinstance(event, h11.InformationalResponse) and event.status_code == 101
                ):
                    status, headers = event.status_code, _joined(event.headers)
                if isinstance(event, h11.Data):
                    body += event.data
                if isinstance(event, h11.EndOfMessage) or status == 101:
                    surplus = connection.trailing_data[0] or any(pieces[at + 1 :])
                    states = {connection.our_state, connection.their_state}
                    # It calls a connection done whose end was the end of the body.
                    reusable = states == {h11.DONE} and not surplus and bool(piece)
                    return Verdict("complete", reusable, status, headers, body)
        except h11.RemoteProtocolError:
            return Verdict("error" if piece else "cut", False, status, headers, body)
    raise AssertionError("h11 waits behind the end")


def _joined(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


class Response(NamedTuple):
    """The bytes of a response.

    Attributes:
        head: Up to the empty line that ends the final head; all, where there is none.
        chunks: Of a chunked body, the line of each chunk and its data, in turn.
        trailer: What follows the line of the last chunk.
        content: A body that is not chunked.
    """

    head: bytes
    chunks: tuple[bytes, ...] = ()
    trailer: bytes = b""
    content: bytes = b""

    @property
    def sizes(self) -> bytes:
        """The lines of the chunks."""
        return b"".join(self.chunks[::2])

    @property
    def raw(self) -> bytes:
        return b"".join([self.head, *self.chunks, self.trailer, self.content])


def _parts(wire: bytes, ours: Verdict) -> Response:
    if ours.status is None:
        return Response(wire)
    decoder = HeadDecoder()
    decoder.feed(wire)
    head, body = wire[: len(wire) - len(decoder.rest)], decoder.rest
    if "chunked" not in ours.headers.get("transfer-encoding", "").lower():
        return Response(head, content=body)
    chunks: list[bytes] = []
    at = 0
    while (line := re.compile(rb"([0-9A-Fa-f]+)[^\n]*\n").match(body, at)) is not None:
        size = int(line[1], 16)
        if size == 0:
            return Response(head, (*chunks, line[0]), body[line.end() :])
        at = min(line.end() + size + len("\r\n"), len(body))
        chunks += [line[0], body[line.end() : at]]
    return Response(head, (*chunks, body[at:]))


CONTROLS = bytes.maketrans(b"\x0b\x0c", b"\x01\x01")
FOLDS = rb"[ \t]*(?:\r?\n[ \t]+)*"
IDENTITY_FIELD = rb"(?im)^transfer-encoding:" + FOLDS + rb"identity" + FOLDS + rb"\r?\n"

TAKEN: dict[str, Callable[[Response], Response]] = {
    # RFC 9112, 4 allows any blanks between the elements of a status line.
    "blanks in a status line": lambda it: it._replace(
        head=re.sub(rb"(?m)^(HTTP/1\.[0-9]) +", rb"\1 ", it.head),
    ),
    # RFC 9110, 5.5 allows to keep control characters but for CR, LF and NUL; h11 keeps those that are no blanks in C.
    "VT and FF": lambda it: it._replace(head=it.head.translate(CONTROLS), trailer=it.trailer.translate(CONTROLS)),
    # RFC 2616, 3.6 had this coding, and servers still send it.
    "identity": lambda it: it._replace(head=re.sub(IDENTITY_FIELD, b"", it.head)),
    # RFC 9112, 7.1.1: a recipient must take blanks there.
    "blanks before an extension": lambda it: it._replace(
        chunks=tuple(
            part if at % 2 else re.sub(rb"^([0-9A-Fa-f]+)[ \t]+;", rb"\1;", part) for at, part in enumerate(it.chunks)
        )
    ),
    # RFC 9110, 6.5.1: they have no place there, and no meaning.
    "framing fields in a trailer": lambda it: it._replace(
        trailer=re.sub(rb"(?im)^(?=(?:content-length|transfer-encoding):)", b"x-", it.trailer)
    ),
}
"""What we take and h11 refuses, and how it would be written for h11."""

REFUSED: dict[str, Callable[[Response], object]] = {
    # A client of HTTP/1.1 cannot know what another major version means (RFC 9110, 2.5).
    "another version": lambda it: re.search(rb"(?m)^HTTP/(?!1)[0-9]\.[0-9] ", it.head),
    # RFC 9112, 2.2: a CR alone is no part of a protocol element.
    "CR in an extension": lambda it: re.search(rb"(?m)^[0-9A-Fa-f]+[ \t]*;[^\n]*\r[^\n]", it.sizes),
    # RFC 9112, 7.1, CVE-2025-22871; h11 wants CRLF behind sizes and data alone.
    "LF in a trailer": lambda it: re.search(rb"(?:^|[^\r])\n", it.trailer),
    # h11 has a limit for what is not whole yet.
    "limits": lambda it: (
        len(it.head) > MAX_HEAD_BYTES
        or re.search(rb"[^\n]{4097}", it.sizes + it.trailer)
        or len(it.trailer) > MAX_HEAD_BYTES
    ),
}
"""What we refuse and h11 takes."""

REUSED: dict[str, Callable[[Response, Verdict], object]] = {
    # RFC 9112, 9.3; h11 closes them all.
    "keep-alive of HTTP/1.0": lambda it, ours: (
        ours.reusable
        and re.search(rb"(?m)^HTTP/1\.0 ", it.head)
        and re.search(r"(?i)(^|, *)keep-alive *(,|$)", ours.headers.get("connection", ""))
        and not re.search(r"(?i)(^|, *)close *(,|$)", ours.headers.get("connection", ""))
        and "transfer-encoding" not in ours.headers
    ),
    # RFC 9112, 6.3: it may be an attempt at smuggling.
    "a length beside chunks": lambda _, ours: (
        not ours.reusable and {"content-length", "transfer-encoding"} <= ours.headers.keys()
    ),
}
"""Where one of the two uses a connection again."""

EARLIER = "refused before its line is whole"
"""h11 waits for the end of a head or a line, which may never come; we say at once what can only be wrong."""

SHOWN = "framing fields as they came"
"""h11 gives a repeated length once, and the coding in small letters."""

NAMES = {*TAKEN, *REFUSED, *REUSED, EARLIER, SHOWN}


def compare(pieces: Sequence[bytes]) -> set[str]:
    """Read a response twice, and give the names of the differences that it shows.

    Raises:
        AssertionError: The two differ, and no name says why.
    """
    ours, theirs = read_by_us(pieces), read_by_h11(pieces)
    if ours == theirs:
        return set()
    names: set[str] = set()
    shown = _as_h11_shows(ours)
    if theirs.status is not None and shown.headers == theirs.headers != ours.headers:
        names.add(SHOWN)
    parts = _parts(b"".join(pieces), ours)
    if theirs.end == "error":
        for name, respell in TAKEN.items():
            respelled = respell(parts)
            if respelled != parts:
                names.add(name)
                parts = respelled
        theirs = read_by_h11([parts.raw])
    if shown.end == "error" and shown != theirs:
        refused = {name for name, is_so in REFUSED.items() if is_so(parts)}
        if not refused:
            assert theirs.end == "cut", (ours, theirs)
            assert read_by_h11([*pieces, b"\r\n\r\n"]).end == "error"
            refused = {EARLIER}
        assert theirs.body.startswith(shown.body)
        return names | refused
    if shown.reusable != theirs.reusable:
        names |= {name for name, is_so in REUSED.items() if is_so(parts, shown)}
        assert names & REUSED.keys(), (ours, theirs)
        theirs = theirs._replace(reusable=shown.reusable)
    assert shown == theirs
    return names


def _as_h11_shows(ours: Verdict) -> Verdict:
    headers = {name: value.translate({0x0B: 1, 0x0C: 1}) for name, value in ours.headers.items()}
    if "content-length" in headers:
        headers["content-length"] = headers["content-length"].partition(",")[0].strip(" \t")
    coding = headers.pop("transfer-encoding", "identity").lower()
    if coding != "identity":
        headers["transfer-encoding"] = coding
    return ours._replace(headers=headers)
