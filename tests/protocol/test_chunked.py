"""The chunked transfer coding, at every cut."""

from __future__ import annotations

import io
import itertools
from http.client import HTTPResponse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto.protocol.chunked import ChunkedDecoder, ChunkedError

GOOD = {
    "one": (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "two": (b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"hello world"),
    "none": (b"0\r\n\r\n", b""),
    "extension": (b'5;name="va;lue"\r\nhello\r\n0;last\r\n\r\n', b"hello"),
    "capitals-and-zeros": (b"000A\r\n0123456789\r\n000\r\n\r\n", b"0123456789"),
    "blanks": (b"5 \r\nhello\r\n0\r\n\r\n", b"hello"),
    "line-ends-inside": (b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n"),
    "blanks-before-an-extension": (b"5 \t;x\r\nhello\r\n0\r\n\r\n", b"hello"),
    "20-digits": (b"0" * 19 + b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "folded-trailer": (b"5\r\nhello\r\n0\r\nX: y\r\n z\r\n\tz\r\n\r\n", b"hello"),
    "trailer": (b"5\r\nhello\r\n0\r\nExpires: now\r\nX: y\r\n\r\n", b"hello"),
}


def feed_bytewise(decoder: ChunkedDecoder, wire: bytes) -> bytes:
    return b"".join(decoder.feed(wire[at : at + 1]) for at in range(len(wire)))


def feed_whole(decoder: ChunkedDecoder, wire: bytes) -> bytes:
    return decoder.feed(wire) + decoder.feed(b"")


@pytest.mark.parametrize("name", GOOD)
def test_good_at_every_cut(name: str) -> None:
    wire, body = GOOD[name]
    for cut in range(len(wire) + 1):
        decoder = ChunkedDecoder()
        assert decoder.feed(wire[:cut]) + decoder.feed(wire[cut:]) == body
        assert decoder.ended
        assert not decoder.surplus
    decoder = ChunkedDecoder()
    assert feed_bytewise(decoder, wire) == body
    assert decoder.ended


STRANGE = [b"0x5", b"0X5", b"0_5", b"+5", b"-0", b" 5", b"\x0b5", b"5\r", b"5 5", b"5,5", b"5;a\rb"]
"""What int() or another reader takes for a size, and the standard does not."""


@pytest.mark.parametrize("name", GOOD)
def test_surplus_is_noticed(name: str) -> None:
    wire, body = GOOD[name]
    decoder = ChunkedDecoder()
    assert decoder.feed(wire + b"HTTP/1.1 200 OK") == body
    assert decoder.surplus
    decoder = ChunkedDecoder()
    decoder.feed(wire)
    assert decoder.feed(b"x") == b""
    assert decoder.surplus


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(b"-1\r\n", id="negative"),
        pytest.param(b"\r\n", id="empty-size"),
        pytest.param(b"zz\r\n", id="no-number"),
        *[pytest.param(size + b"\r\nhello\r\n", id=repr(size)) for size in STRANGE],
        pytest.param(b"5\r\nhello!", id="longer-than-said"),
        pytest.param(b"5\r\nhello!\r\n", id="longer-than-said-with-a-line-end"),
        pytest.param(b"5\r\nhello\rx", id="cr-without-lf"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", id="status-line"),
        pytest.param(b"0" * 20 + b"5\r\nhello\r\n", id="21-digits"),
        pytest.param(b"5\nhello\r\n", id="lf-behind-a-size"),
        pytest.param(b"5;x\nhello\r\n", id="lf-behind-an-extension"),
        pytest.param(b"5\r\nhello\n", id="lf-behind-data"),
        pytest.param(b"5\r\nhello\r\n0\n", id="lf-behind-the-last-size"),
        pytest.param(b"0\r\n\n", id="lf-for-the-last-line"),
        pytest.param(b"0\r\nX: y\n", id="lf-behind-a-trailer"),
        pytest.param(b"0\r\nX: y\r\n\n", id="lf-behind-the-trailer"),
        pytest.param(b"0\r\nX: y\r\n z\n", id="lf-behind-a-folded-trailer"),
        pytest.param(b"0\r\nX: " + b"y" * 4094 + b"\r\n", id="long-trailer-line"),
        pytest.param(b"5;x\ry\r\nhello\r\n", id="cr-in-an-extension"),
        pytest.param(b"0\r\nX: y\rz\r\n", id="cr-in-a-trailer"),
        pytest.param(b"0\r\nX: y\0\r\n", id="nul-in-a-trailer"),
        pytest.param(b"0\r\n x: y\r\n", id="fold-first-in-a-trailer"),
        pytest.param(b"0\r\nX: y\r\n z\0\r\n", id="nul-in-a-folded-trailer"),
        pytest.param(b"0\r\nHTTP/1.1 200 OK\r\n", id="no-field-in-a-trailer"),
        pytest.param(b"0\r\nX : y\r\n", id="blank-before-a-colon"),
        pytest.param(b"5;" + b"x" * 4096, id="endless-size-line"),
        pytest.param(b"5;" + b"x" * 4096 + b"\r\n", id="long-size-line"),
        pytest.param(b"0\r\n" + b"x" * 4097, id="endless-trailer-line"),
        pytest.param(b"0\r\n" + b"x: y\r\n" * 20_000, id="endless-trailer"),
    ],
)
def test_broken_framing(wire: bytes) -> None:
    with pytest.raises(ChunkedError):
        feed_whole(ChunkedDecoder(), wire)
    with pytest.raises(ChunkedError):
        feed_bytewise(ChunkedDecoder(), wire)


@pytest.mark.parametrize(
    "wire", [b"5\r\nhel", b"5\r\nhello", b"5\r\nhello\r", b"5\r\nhello\r\n", b"5\r\nhello\r\n0\r\n", b""]
)
def test_not_ended(wire: bytes) -> None:
    decoder = ChunkedDecoder()
    decoder.feed(wire)
    assert not decoder.ended


@pytest.mark.parametrize("extension", [b"x" * 4093, b"x" * 4094])
def test_the_longest_size_line(extension: bytes) -> None:
    line = b"5;" + extension + b"\r"
    decoder = ChunkedDecoder()
    if len(line) <= 4096:
        assert decoder.feed(line + b"\nhello") == b"hello"
    else:
        with pytest.raises(ChunkedError, match="longer than 4096 bytes"):
            decoder.feed(line + b"\nhello")


@pytest.mark.parametrize(("count", "is_taken"), [(16, True), (17, False)])
def test_the_longest_trailer(count: int, is_taken: bool) -> None:
    line = b"X: " + b"y" * 4092 + b"\r\n"
    decoder = ChunkedDecoder()
    if is_taken:
        assert decoder.feed(b"0\r\n" + line * count + b"\r\n") == b""
        assert decoder.ended
    else:
        with pytest.raises(ChunkedError, match="the trailer is longer than 65536 bytes"):
            decoder.feed(b"0\r\n" + line * count)


def test_what_came_before_an_error_is_given_first() -> None:
    decoder = ChunkedDecoder()
    assert decoder.feed(b"5\r\nhello\r\n6\r\n world\nrest") == b"hello world"
    assert not decoder.ended
    assert decoder.broken is not None
    for data in (b"", b"5\r\nagain\r\n", b"\r\n5\r\nagain\r\n"):
        with pytest.raises(ChunkedError, match="longer than its size says"):
            decoder.feed(data)


def test_a_huge_size_allocates_nothing() -> None:
    decoder = ChunkedDecoder()
    assert decoder.feed(b"f" * 20 + b"\r\nabc") == b"abc"
    assert not decoder.ended


class Sock:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self.data)


@given(chunks=st.lists(st.binary(min_size=1, max_size=40)), cuts=st.lists(st.integers(0, 2000)))
def test_agrees_with_http_client(chunks: list[bytes], cuts: list[int]) -> None:
    wire = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    theirs = HTTPResponse(Sock(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + wire))  # type: ignore[arg-type]
    theirs.begin()
    marks = sorted({0, len(wire), *(cut % (len(wire) + 1) for cut in cuts)})
    decoder = ChunkedDecoder()
    ours = b"".join(decoder.feed(wire[a:b]) for a, b in itertools.pairwise(marks))
    assert ours == theirs.read() == b"".join(chunks)
    assert decoder.ended
