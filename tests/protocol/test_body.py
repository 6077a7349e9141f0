"""The body of a response, in each framing and at every cut."""

from __future__ import annotations

import pytest

from mimo_proto.protocol.body import BodyDecoder
from mimo_proto.protocol.chunked import ChunkedError
from mimo_proto.protocol.http11 import HeadDecoder

FRAMINGS = {
    "chunks": (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
    "length": (b"Content-Length: 11", b"hello world"),
    "connection": (b"Connection: close", b"hello world"),
}
each_framing = pytest.mark.parametrize("framing", FRAMINGS)


def decoder_for(field: bytes) -> BodyDecoder:
    head = HeadDecoder().feed(b"HTTP/1.1 200 OK\r\n" + field + b"\r\n\r\n")
    assert head is not None
    return BodyDecoder(head)


@each_framing
def test_the_body_at_every_cut(framing: str) -> None:
    field, data = FRAMINGS[framing]
    for at in range(len(data) + 1):
        decoder = decoder_for(field)
        assert decoder.feed(data[:at]) + decoder.feed(data[at:]) == b"hello world"
        assert decoder.ended is (framing != "connection")
        assert (decoder.surplus, decoder.broken) == (False, False)


@each_framing
def test_the_connection_ends_too_early(framing: str) -> None:
    field, data = FRAMINGS[framing]
    missing = {"chunks": "the last chunk is missing", "length": "8 bytes of the body are missing", "connection": ""}
    decoder = decoder_for(field)
    decoder.feed(data[:3])
    assert decoder.end_connection() == missing[framing]
    assert decoder.ended is (framing == "connection")


@pytest.mark.parametrize("framing", ["chunks", "length"])
def test_bytes_behind_the_end(framing: str) -> None:
    field, data = FRAMINGS[framing]
    for surplus in ([data + b"x"], [data, b"x"]):
        decoder = decoder_for(field)
        assert b"".join(map(decoder.feed, surplus)) == b"hello world"
        assert (decoder.ended, decoder.surplus) == (True, True)


def test_a_body_of_no_bytes_has_ended() -> None:
    assert decoder_for(b"Content-Length: 0").ended
    assert not decoder_for(b"Content-Length: 1").ended


def test_what_came_before_broken_framing_is_given_first() -> None:
    decoder = decoder_for(b"Transfer-Encoding: chunked")
    assert decoder.feed(b"5\r\nhello\r\nx\r\n") == b"hello"
    assert decoder.broken
    with pytest.raises(ChunkedError):
        decoder.feed(b"")
