"""Odd heads and framings over real sockets: promises "Bodies", and which connection is used again."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING

import pytest

from mimo_proto import RemoteProtocolError
from tests.support.answered import outcome_of
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, sse
from tests.support.outcomes import ALL, CHAT_JSON, CHAT_STREAM, EVENTS, STREAMS, VALUES, Kind, call, client_for, good
from tests.support.payloads import CHAT
from tests.support.shells import SHELLS, open_shell, run
from tests.support.shells import call as call_by

if TYPE_CHECKING:
    from tests.support.shells import Seen


def connections_for(kind: Kind, reply: bytes) -> int:
    """How many connections two calls take that are answered so."""

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(reply)

    with Server(script) as server, client_for(server.url) as client:
        for _ in range(2):
            assert call(client, kind).kept == "Hello world"
        return server.connections


def with_field(reply: bytes, field: str) -> bytes:
    start, _, rest = reply.partition(b"\r\n")
    return start + b"\r\n" + field.encode("latin-1") + b"\r\n" + rest


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("field", ["X: y", "Connection: keep-alive"])
def test_http_1_0_in_chunks_is_not_used_again(kind: Kind, field: str) -> None:
    reply = with_field(good(kind), field).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert connections_for(kind, reply) == 2


def test_http_1_0_is_used_again_where_the_server_says_so() -> None:
    reply = answer(CHAT).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert connections_for(CHAT_JSON, with_field(reply, "Connection: Keep-Alive")) == 1
    assert connections_for(CHAT_JSON, with_field(reply, "Connection: keep-alive, close")) == 2
    assert connections_for(CHAT_JSON, reply) == 2


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize(
    ("options", "connections"),
    [
        ("close", 2),
        ("keep-alive, close", 2),
        ("TE,\tClose\t", 2),
        ("keep-alive\r\nConnection: close", 2),
        ("keep-alive,\r\n close", 2),
        ("keep-alive", 1),
        ("closed", 1),
        ("x-close, close-not", 1),
    ],
)
def test_close_wins_and_is_a_token(kind: Kind, options: str, connections: int) -> None:
    assert connections_for(kind, with_field(good(kind), f"Connection: {options}")) == connections


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("field", ["X: a\0b", "X: a\r\n \0b", "Content-Length: 5\xa0", "Transfer-Encoding:"])
def test_a_field_that_cannot_be_trusted_is_refused(kind: Kind, field: str) -> None:
    outcome = outcome_of(kind, with_field(good(kind), field))
    assert type(outcome.error) is RemoteProtocolError
    assert outcome.end == "2 connections"


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_a_value_may_begin_on_a_folded_line(kind: Kind) -> None:
    reply = good(kind).replace(b"Length: ", b"Length:\r\n ").replace(b"Encoding: ", b"Encoding:\r\n\t")
    assert reply != good(kind)
    assert connections_for(kind, reply) == 1


def framed_otherwise(kind: Kind) -> dict[str, bytes]:
    """Good bodies in chunks that are framed as RFC 9112, 7.1 does not allow."""
    body = b"".join(EVENTS[kind.protocol]) if kind.streamed else json.dumps(VALUES[kind.protocol]).encode()
    start = sse() if kind.streamed else head(200, "Transfer-Encoding: chunked")
    size = b"%x" % len(body)
    return {
        "lf-behind-a-size": start + size + b"\n" + body + b"\r\n" + END,
        "lf-behind-an-extension": start + size + b";x\n" + body + b"\r\n" + END,
        "cr-in-an-extension": start + size + b";x\ry\r\n" + body + b"\r\n" + END,
    }


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("name", framed_otherwise(CHAT_JSON))
def test_chunks_end_their_lines_in_crlf(kind: Kind, name: str) -> None:
    outcome = outcome_of(kind, framed_otherwise(kind)[name])
    assert type(outcome.error) is RemoteProtocolError
    assert outcome.end == "2 connections"


@pytest.mark.parametrize(
    "tail", [b"\n" + END, b"\r\n0\n\r\n", b"\r\n0\r\n\n", b"\r\n0\r\nX: y\n\r\n", b"\r\n0\r\nX\r\n\r\n"]
)
def test_so_do_the_last_chunk_and_the_trailer(tail: bytes) -> None:
    body = json.dumps(CHAT).encode()
    outcome = outcome_of(CHAT_JSON, head(200, "Transfer-Encoding: chunked") + chunk(body)[:-2] + tail)
    assert type(outcome.error) is RemoteProtocolError
    assert outcome.end == "2 connections"


def seen_by(shell: str, kind: Kind, body: bytes, coding: str) -> Seen:
    """What a shell makes of a body under such a Content-Encoding."""

    def script(peer: Peer) -> None:
        peer.request()
        if kind.streamed:
            peer.send(sse(f"Content-Encoding: {coding}"), chunk(body), END)
        else:
            peer.send(answer(body, 200, f"Content-Encoding: {coding}"))
        peer.gone()

    async def work() -> Seen:
        async with open_shell(shell, server.url) as client:
            return await call_by(client, kind)

    with Server(script) as server:
        seen: Seen = run(work)
    return seen


NO_CODINGS = ["UTF-8", "none", "binary", "identity", "Identity, utf-8", ",", "rot13"]
BODIES = {CHAT_JSON: json.dumps(CHAT).encode(), CHAT_STREAM: b"".join(EVENTS["chat"])}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", BODIES, ids=str)
@pytest.mark.parametrize("coding", NO_CODINGS)
def test_a_word_that_is_no_coding_costs_no_answer(shell: str, kind: Kind, coding: str) -> None:
    seen = seen_by(shell, kind, BODIES[kind], coding)
    assert seen.error is None
    assert seen.value is not None
    assert b"Hello world" in seen.value


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", BODIES, ids=str)
@pytest.mark.parametrize("coding", ["gzip, identity", "identity, GZIP", "UTF-8, x-gzip", ",gzip,", "deflate, none"])
def test_a_coding_beside_what_is_none(shell: str, kind: Kind, coding: str) -> None:
    compress = zlib.compress if "deflate" in coding else gzip.compress
    seen = seen_by(shell, kind, compress(BODIES[kind]), coding)
    assert seen.error is None
    assert seen.value is not None
    assert b"Hello world" in seen.value


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", BODIES, ids=str)
@pytest.mark.parametrize(
    "coding", ["br", "ZSTD", "compress", "aes128gcm", "dcb", "dcz", "exi", "pack200-gzip", "br, none"]
)
def test_a_coding_that_cannot_be_undone_is_refused(shell: str, kind: Kind, coding: str) -> None:
    assert seen_by(shell, kind, BODIES[kind], coding).error is RemoteProtocolError


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", BODIES, ids=str)
@pytest.mark.parametrize("coding", ["gzip, gzip", "deflate, gzip", "gzip, none, X-GZIP", "gzip" + ", gzip" * 2000])
def test_a_coding_inside_a_coding_is_refused(shell: str, kind: Kind, coding: str) -> None:
    """Two of them inflate what nobody sees a million times: no clock ends that."""
    inner = zlib.compress(BODIES[kind]) if "deflate" in coding else gzip.compress(BODIES[kind])
    assert seen_by(shell, kind, gzip.compress(inner), coding).error is RemoteProtocolError
