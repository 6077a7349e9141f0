"""The response to CONNECT, and where it ends."""

from __future__ import annotations

import socket

import pytest

from mimo_proto import ConnectError
from mimo_proto.call.route import make_route
from mimo_proto.http.tunnel import open_tunnel

ROUTE = make_route("https://a.example/v1", "http://p.example")


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\nContent-Length: 3\n\n"])
@pytest.mark.parametrize("behind", [b"", b"x", b"\r\n\r\nHTTP/1.1 500 x\r\n\r\n"])
def test_what_stands_behind_the_head_is_the_origins(head: bytes, behind: bytes) -> None:
    ours, proxy = socket.socketpair()
    with ours, proxy:
        proxy.sendall(head + behind)
        proxy.shutdown(socket.SHUT_WR)
        open_tunnel(ours, ROUTE)
        assert proxy.recv(1000) == ROUTE.encode_connect()
        assert ours.recv(1000) == behind


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"", ConnectionResetError),
        (b"HTTP/1.1 200 OK\r\n", ConnectionResetError),
        (b"220 mail.example ESMTP\r\n", ConnectionAbortedError),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", ConnectError),
    ],
)
def test_what_opens_no_tunnel(reply: bytes, error: type[Exception]) -> None:
    ours, proxy = socket.socketpair()
    with ours, proxy:
        proxy.sendall(reply)
        proxy.shutdown(socket.SHUT_WR)
        with pytest.raises(error):
            open_tunnel(ours, ROUTE)
