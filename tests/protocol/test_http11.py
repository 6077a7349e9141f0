"""Heads of HTTP/1.1, at every cut, against the standard library's parser where that is right."""

from __future__ import annotations

import io
from http.client import HTTPResponse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto.protocol.http11 import Head, HeadDecoder, HeadError, encode_head

OK = b"HTTP/1.1 200 OK\r\n"
GOOD: dict[str, tuple[bytes, Head]] = {
    "length": (OK + b"Content-Length: 5\r\n\r\n", Head(200, {"content-length": "5"}, False, 5, True)),
    "chunks": (
        OK + b"Transfer-Encoding: Chunked\r\n\r\n",
        Head(200, {"transfer-encoding": "Chunked"}, True, None, True),
    ),
    "up-to-the-end": (OK + b"\r\n", Head(200, {}, False, None, False)),
    "no-coding-at-all": (
        OK + b"Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n",
        Head(200, {"transfer-encoding": "identity", "content-length": "0"}, False, 0, True),
    ),
    "chunks-and-a-length": (
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        Head(200, {"transfer-encoding": "chunked", "content-length": "5"}, True, None, False),
    ),
    "one-length-twice": (
        OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
        Head(200, {"content-length": "5, 5"}, False, 5, True),
    ),
    "close": (
        OK + b"Content-Length: 5\r\nConnection: TE, Close\r\n\r\n",
        Head(200, {"content-length": "5", "connection": "TE, Close"}, False, 5, False),
    ),
    "1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", Head(200, {"content-length": "5"}, False, 5, False)),
    "1.0-kept": (
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n",
        Head(200, {"content-length": "5", "connection": "keep-alive"}, False, 5, True),
    ),
    "close-beside-keep-alive": (
        OK + b"Content-Length: 5\r\nConnection: keep-alive\r\nConnection: CLOSE\r\n\r\n",
        Head(200, {"content-length": "5", "connection": "keep-alive, CLOSE"}, False, 5, False),
    ),
    "no-close": (
        OK + b"Content-Length: 5\r\nConnection: closed, x-close, close-not\r\n\r\n",
        Head(200, {"content-length": "5", "connection": "closed, x-close, close-not"}, False, 5, True),
    ),
    "1.0-close-beside-keep-alive": (
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive,\tclose\r\n\r\n",
        Head(200, {"content-length": "5", "connection": "keep-alive,\tclose"}, False, 5, False),
    ),
    "1.0-not-kept": (
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: no-keep-alive\r\n\r\n",
        Head(200, {"content-length": "5", "connection": "no-keep-alive"}, False, 5, False),
    ),
    "1.0-in-chunks": (
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n",
        Head(200, {"transfer-encoding": "chunked", "connection": "keep-alive"}, True, None, False),
    ),
    "a-length-of-20-digits": (
        OK + b"Content-Length: " + b"9" * 20 + b"\r\n\r\n",
        Head(200, {"content-length": "9" * 20}, False, 10**20 - 1, True),
    ),
    "no-reason": (b"HTTP/1.1 429\r\n\r\n", Head(429, {}, False, None, False)),
    "an-empty-reason": (b"HTTP/1.1 429 \r\n\r\n", Head(429, {}, False, None, False)),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", Head(204, {}, False, 0, True)),
    "304": (
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        Head(304, {"content-length": "9"}, False, 0, True),
    ),
    "101": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        Head(101, {"upgrade": "x"}, False, 0, False),
    ),
    "interim": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 5\r\n\r\n",
        Head(200, {"content-length": "5"}, False, 5, True),
    ),
    "a-long-interim": (
        b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 80 + b"\r\n\r\n" + OK + b"\r\n",
        Head(200, {}, False, None, False),
    ),
    "1.2": (b"HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\n", Head(200, {"content-length": "5"}, False, 5, True)),
    "blanks-before-the-status": (b"HTTP/1.1  429 \r\n\r\n", Head(429, {}, False, None, False)),
    "a-fold-by-tab": (OK + b"X-A: one\r\n\ttwo\r\n\r\n", Head(200, {"x-a": "one two"}, False, None, False)),
    "bare-lf": (b"HTTP/1.1 200 OK\nContent-Length: 5\n\n", Head(200, {"content-length": "5"}, False, 5, True)),
    "mixed-line-ends": (
        b"HTTP/1.1 200 OK\nContent-Length: 5\r\n\n",
        Head(200, {"content-length": "5"}, False, 5, True),
    ),
    "folded": (
        OK + b"X-A: one\r\n \ttwo \r\n  three\r\nContent-Length: 5\r\n\r\n",
        Head(200, {"x-a": "one two  three", "content-length": "5"}, False, 5, True),
    ),
    "a-value-that-begins-on-a-fold": (
        OK + b"Content-Length:\r\n 5\r\nX-A:\n\tone\r\nX-A: \r\n two\r\nX-B: three\r\n \r\n\r\n",
        Head(200, {"content-length": "5", "x-a": "one, two", "x-b": "three"}, False, 5, True),
    ),
    "repeated": (
        OK + b"X-A: one\r\nx-a:\ttwo\t\r\nX-A:\r\nContent-Length: 5\r\n\r\n",
        Head(200, {"x-a": "one, two, ", "content-length": "5"}, False, 5, True),
    ),
    "latin-1-and-controls": (
        OK + b"X-A: caf\xe9 \x0b\x85\x1c:\r\nContent-Length: 5\r\n\r\n",
        Head(200, {"x-a": "caf\xe9 \x0b\x85\x1c:", "content-length": "5"}, False, 5, True),
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_at_every_cut(name: str) -> None:
    wire, expected = GOOD[name]
    for cut in range(len(wire)):
        decoder = HeadDecoder()
        assert decoder.feed(wire[:cut]) is None
        assert decoder.feed(wire[cut:] + b"body") == expected
        assert decoder.rest == b"body"


@pytest.mark.parametrize("name", GOOD)
def test_good_byte_by_byte(name: str) -> None:
    wire, expected = GOOD[name]
    decoder = HeadDecoder()
    *before, last = [decoder.feed(wire[at : at + 1]) for at in range(len(wire))]
    assert before == [None] * len(before)
    assert last == expected
    assert decoder.rest == b""


BAD: dict[str, tuple[bytes, str]] = {
    "another-protocol": (b"SSH-2.0-OpenSSH_9.9\r\n", "does not begin with HTTP/1"),
    "http-2": (b"HTTP/2 200\r\n\r\n", "not a status line"),
    "an-empty-line-first": (b"\r\n" + OK, "does not begin with HTTP/1"),
    "no-status": (b"HTTP/1.1\r\n\r\n", "not a status line"),
    "two-digits": (b"HTTP/1.1 20 OK\r\n\r\n", "not a status line"),
    "four-digits": (b"HTTP/1.1 2000 OK\r\n\r\n", "not a status line"),
    "a-status-below-100": (b"HTTP/1.1 099 OK\r\n\r\n", "not a status line"),
    "no-colon": (OK + b"nonsense\r\n\r\n", "malformed"),
    "no-name": (OK + b": x\r\n\r\n", "malformed"),
    "a-blank-in-the-name": (OK + b"X A: x\r\n\r\n", "malformed"),
    "a-blank-before-the-colon": (OK + b"Content-Length : 5\r\n\r\n", "malformed"),
    "a-fold-before-any-field": (OK + b" x: y\r\n\r\n", "malformed"),
    "a-bare-cr": (OK + b"X-A: one\rContent-Length: 5\r\n\r\n", "malformed"),
    "nul-in-a-value": (OK + b"X-A: a\0b\r\n\r\n", "malformed"),
    "nul-on-a-fold": (OK + b"X-A: a\r\n \0b\r\n\r\n", "malformed"),
    "nul-in-a-reason": (b"HTTP/1.1 200 O\0K\r\n\r\n", "not a status line"),
    "not-ascii": (OK + b"X-\xe9: x\r\n\r\n", "malformed"),
    "two-lengths": (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "two lengths"),
    "two-lengths-in-one-line": (OK + b"Content-Length: 5, 6\r\n\r\n", "two lengths"),
    "a-negative-length": (OK + b"Content-Length: -5\r\n\r\n", "not a number"),
    "an-empty-length": (OK + b"Content-Length:\r\n\r\n", "not a number"),
    "a-length-of-other-digits": (OK + b"Content-Length: \xb2\r\n\r\n", "not a number"),
    "a-length-with-a-control": (OK + b"Content-Length: \x1d5\r\n\r\n", "not a number"),
    "a-length-with-a-blank-of-unicode": (OK + b"Content-Length: 5\xa0\r\n\r\n", "not a number"),
    "a-length-of-21-digits": (OK + b"Content-Length: " + b"0" * 20 + b"5\r\n\r\n", "not a number"),
    "a-length-of-5000-digits": (OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", "not a number"),
    "another-coding": (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "transfer coding"),
    "an-empty-coding": (OK + b"Transfer-Encoding:\r\n\r\n", "transfer coding"),
    "a-204-with-two-lengths": (b"HTTP/1.1 204 No Content\r\nContent-Length: 5, 6\r\n\r\n", "two lengths"),
    "a-304-with-another-coding": (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: gzip\r\n\r\n", "transfer coding"),
    "an-interim-head-with-a-bad-length": (
        b"HTTP/1.1 100 Continue\r\nContent-Length: x\r\n\r\n" + OK + b"\r\n",
        "not a number",
    ),
    "endless": (OK + b"X-A: y\r\n" * 10_000, "longer than 65536 bytes"),
    "whole-and-too-long": (OK + b"X-A: " + b"y" * 70_000 + b"\r\n\r\n", "longer than 65536 bytes"),
    "an-endless-line": (OK + b"X-A: " + b"y" * 70_000, "longer than 65536 bytes"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_head(name: str) -> None:
    wire, text = BAD[name]
    with pytest.raises(HeadError, match=text):
        HeadDecoder().feed(wire)
    decoder = HeadDecoder()
    with pytest.raises(HeadError, match=text):
        for at in range(0, len(wire), 1000):
            decoder.feed(wire[at : at + 1000])


@pytest.mark.parametrize("name", BAD)
def test_an_error_shows_nothing_of_what_came(name: str) -> None:
    wire, _ = BAD[name]
    with pytest.raises(HeadError) as caught:
        HeadDecoder().feed(wire)
    assert not {"nonsense", "gzip", "OpenSSH", "yyy", "999"} & {*str(caught.value).split()}


@pytest.mark.parametrize("surplus", [0, 1])
def test_the_longest_head(surplus: int) -> None:
    wire = (OK + b"X: \r\n\r\n").replace(b"X: ", b"X: ".ljust(65536 - len(OK) - 4 + surplus, b"y"))
    assert len(wire) == 65536 + surplus
    decoder = HeadDecoder()
    if surplus:
        with pytest.raises(HeadError, match="longer than 65536 bytes"):
            decoder.feed(wire)
    else:
        head = decoder.feed(wire)
        assert head is not None
        assert head.status == 200


@pytest.mark.parametrize("surplus", [0, 1])
def test_the_longest_beginning_of_a_head(surplus: int) -> None:
    wire = (OK + b"X: ").ljust(65536 + surplus, b"y")
    decoder = HeadDecoder()
    if surplus:
        with pytest.raises(HeadError, match="longer than 65536 bytes"):
            decoder.feed(wire)
    else:
        assert decoder.feed(wire) is None


class Sock:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self.data)


NAMES = st.sampled_from(["X-A", "x-b", "Date", "Server", "Content-Type", "X-Request-Id", "Connection"])
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)
LENGTHS = st.one_of(
    st.just(["Transfer-Encoding: chunked"]),
    st.integers(0, 10**9).map(lambda length: [f"Content-Length: {length}"]),
    st.just(list[str]()),
)


@given(
    version=st.sampled_from(["HTTP/1.0", "HTTP/1.1"]),
    status=st.integers(200, 599),
    fields=st.lists(st.tuples(NAMES, VALUES).map(": ".join), max_size=8),
    length=LENGTHS,
    line_end=st.sampled_from(["\r\n", "\n"]),
    cut=st.integers(0, 500),
)
def test_agrees_with_http_client(
    version: str, status: int, fields: list[str], length: list[str], line_end: str, cut: int
) -> None:
    wire = line_end.join([f"{version} {status} Reason", *fields, *length, "", ""]).encode()
    theirs = HTTPResponse(Sock(wire))  # type: ignore[arg-type]
    theirs.begin()
    decoder = HeadDecoder()
    ours = decoder.feed(wire[:cut]) or decoder.feed(wire[cut:])
    assert ours is not None
    assert ours.status == theirs.status
    # http.client calls a body chunked where there is none (RFC 9112, 6.3), and keeps chunks in HTTP/1.0 (6.1).
    assert ours.chunked == (theirs.chunked and status not in (204, 304))
    assert ours.length == (None if ours.chunked else theirs.length)
    assert ours.kept == (not theirs.will_close and not (version == "HTTP/1.0" and theirs.chunked))
    expected = {name.lower(): ", ".join(theirs.headers.get_all(name, ())) for name in theirs.headers}
    assert ours.headers == expected


def outcome(pieces: list[bytes]) -> tuple[Head | str | None, bytes]:
    """The head that the pieces hold, or the error, and what is left."""
    decoder = HeadDecoder()
    for at, piece in enumerate(pieces):
        try:
            head = decoder.feed(piece)
        except HeadError as error:
            return str(error), b""
        if head is not None:
            return head, decoder.rest + b"".join(pieces[at + 1 :])
    return None, decoder.rest


PARTS = [
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b":",
    b"X-A: y",
    b"Content-Length: 5",
    b"HTTP/1.1 100 Continue\r\n",
    OK,
    b"\xe9",
    b"body",
]


@given(st.lists(st.sampled_from(PARTS)), st.integers(0, 100))
def test_any_cut_gives_the_same(parts: list[bytes], cut: int) -> None:
    wire = OK + b"".join(parts)
    whole = outcome([wire])
    assert outcome([wire[:cut], wire[cut:]]) == whole
    assert outcome([wire[at : at + 1] for at in range(len(wire))]) == whole


def test_a_request() -> None:
    fields = {"host": "api.example.com", "accept": "*/*", "authorization": "Bearer sk-x"}
    assert encode_head("POST", "/v1/responses", fields) == (
        b"POST /v1/responses HTTP/1.1\r\nhost: api.example.com\r\naccept: */*\r\nauthorization: Bearer sk-x\r\n\r\n"
    )
    assert encode_head("GET", "/", {}) == b"GET / HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\r\nb", "\xe9\u20ac"])
def test_a_request_is_one_head(bad: str) -> None:
    for method, target, fields in (("GET" + bad, "/", {}), ("GET", "/" + bad, {}), ("GET", "/", {"x": bad})):
        with pytest.raises(ValueError):
            encode_head(method, target, fields)
    with pytest.raises(ValueError):
        encode_head("GET", "/", {bad: "x"})


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "it was closed"),
        (b"HTTP/1.1 200 OK\r\nDate: today\r\n", "it was closed inside the head"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "it was closed"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP", "it was closed inside the head"),
    ],
)
def test_a_connection_that_ends_before_the_head_is_whole(data: bytes, told: str) -> None:
    decoder = HeadDecoder()
    assert decoder.feed(data) is None
    assert decoder.end_connection() == told
