"""Connections that are silent, or that nobody uses: what lies between the two forgets them without a word."""

from __future__ import annotations

import socket
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.dummyserver import Peer, Server
from tests.support.outcomes import ALL, CHAT_JSON, Kind, call, client_for, good

if TYPE_CHECKING:
    import ssl

    import trustme


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize(
    ("fields", "connections"),
    [
        (["Keep-Alive: timeout=1"], 3),
        (["Keep-Alive: timeout=0, max=100"], 3),
        (["Keep-Alive: timeout=60"], 1),
        (["Keep-Alive: soon"], 1),
    ],
)
def test_an_idle_connection_is_given_up_before_the_server_closes_it(
    kind: Kind, fields: list[str], connections: int
) -> None:
    """A second before, that is: with a timeout of one second it is not kept at all."""

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            head, _, body = good(kind).partition(b"\r\n")
            peer.send("\r\n".join([head.decode(), *fields, ""]).encode(), body)

    with Server(script) as server, client_for(server.url) as client:
        for _ in range(3):
            assert call(client, kind).kept == "Hello world"
        assert server.connections == connections


def test_a_connection_that_is_not_kept_is_closed_at_once() -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(CHAT_JSON).replace(b"\r\n", b"\r\nKeep-Alive: timeout=1\r\n", 1))
        if peer.gone():
            gone.set()

    with Server(script) as server, client_for(server.url) as client:
        assert call(client, CHAT_JSON).kept == "Hello world"
        assert gone.wait(5)


@pytest.mark.clients("client")
@pytest.mark.parametrize("kind", ALL, ids=str)
def test_a_connection_that_was_forgotten_on_the_way_is_not_used(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent on it goes nowhere, and nobody says so: the call would wait for its read clock."""
    now = monotonic()
    monkeypatch.setattr("mimo_proto.http.pool.monotonic", lambda: now)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(kind))
        peer.gone()

    with Server(script) as server, client_for(server.url) as client:
        assert call(client, kind).kept == "Hello world"
        now += 60
        assert call(client, kind).kept == "Hello world"
        assert server.connections == 2
    assert len(server.requests) == 2


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_tcp_keep_alive_is_on(
    tls: bool, authority: trustme.CA, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A silent call stays known to what stands between the two, and a dead connection is noticed in six minutes."""
    connect = socket.socket.connect
    handles: list[socket.socket] = []

    def connected(self: socket.socket, address: Any) -> None:
        handles.append(self.dup())
        connect(self, address)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(CHAT_JSON))
        peer.gone()

    monkeypatch.setattr(socket.socket, "connect", connected)
    with (
        Server(script, authority=authority if tls else None) as server,
        client_for(server.url, ssl_context=trust) as client,
    ):
        assert call(client, CHAT_JSON).kept == "Hello world"
        [handle] = handles
        with handle:
            assert handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for name, value in {
                "TCP_KEEPIDLE": 60,
                "TCP_KEEPALIVE": 60,
                "TCP_KEEPINTVL": 60,
                "TCP_KEEPCNT": 5,
            }.items():
                if hasattr(socket, name):
                    assert handle.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == value
