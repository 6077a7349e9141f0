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
