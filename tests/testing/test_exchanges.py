"""Requests as HTTP/1.1 has them, byte by byte: bodies by length and in chunks, and what is none of either."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from mimo_proto.testing import Turn
from tests.support.calling import CHAT, call, said

if TYPE_CHECKING:
    from mimo_proto.testing import LoopbackServer

BODY = json.dumps(said("hi")).encode()
NEXT = b"GET /v1/models HTTP/1.1\r\napi-key: sk-loopback\r\nConnection: close\r\n\r\n"


def head(*fields: bytes) -> bytes:
    return b"\r\n".join([b"POST %b HTTP/1.1" % CHAT.encode(), b"api-key: sk-loopback", *fields, b"", b""])


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def exchange(server: LoopbackServer, sent: bytes) -> bytes:
    """Send bytes, and nothing behind them; give all that comes back."""
    address = urlsplit(server.base_url)
    with socket.create_connection((address.hostname, address.port or 0)) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as file:
            return file.read()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(chunk(BODY) + b"0\r\n\r\n", id="one"),
        pytest.param(chunk(BODY[:9]) + chunk(BODY[9:]) + b"0\r\n\r\n", id="two"),
        pytest.param(b"%X;name=value\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY), id="extension"),
        pytest.param(chunk(BODY) + b"0\r\nDigest: x\r\nExpires: y\r\n\r\n", id="trailers"),
    ],
)
def test_a_request_in_chunks_and_one_behind_it(server: LoopbackServer, body: bytes) -> None:
    answers = exchange(server, head(b"Transfer-Encoding: chunked") + body + NEXT)
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert [(request.path, request.raw) for request in server.requests] == [(CHAT, BODY), ("/v1/models", b"")]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(head(b"Content-Length: ten") + BODY, id="no number"),
        pytest.param(head(b"Content-Length: -1") + BODY, id="negative"),
        pytest.param(head(b"Content-Length: %d" % (len(BODY) + 1)) + BODY, id="too short"),
        pytest.param(head(b"Transfer-Encoding: chunked") + b"ten\r\n" + BODY, id="no size"),
        pytest.param(head(b"Transfer-Encoding: chunked") + b"-5\r\n" + BODY, id="negative size"),
        pytest.param(head(b"Transfer-Encoding: chunked") + chunk(BODY), id="no last chunk"),
        pytest.param(head(b"Transfer-Encoding: chunked") + chunk(BODY)[:-9], id="half a chunk"),
    ],
)
def test_what_is_no_request_takes_no_reply_of_the_script(server: LoopbackServer, sent: bytes) -> None:
    server.reply(Turn("for another"))
    assert exchange(server, sent).startswith(b"HTTP/1.1 400 ")
    assert (server.requests, server.unplayed) == ([], 1)
    assert "for another" in call(server, CHAT, said("hi")).body.decode()


@pytest.mark.parametrize("path", ["/v1/models?limit=3", "/v1/models?"])
def test_a_query_is_no_part_of_the_path(server: LoopbackServer, path: str) -> None:
    assert call(server, path).status == 200
    assert server.requests[0].path == "/v1/models"
