"""Connecting takes its time: promises "Time", before an answer has begun."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from time import monotonic
from typing import Any

import pytest

from mimo_proto import (
    ConnectError,
    ConnectTimeout,
    DeadlineExceeded,
    MimoError,
    Timeouts,
)
from tests.support.connecting import address_of, port_of, resolve_to
from tests.support.dummyserver import Peer, Server, answer, pump
from tests.support.outcomes import (
    ALL,
    CHAT_JSON,
    JSON,
    Kind,
    call,
    client_for,
    frames_of,
    retry,
)
from tests.support.payloads import (
    CHAT,
    error_body,
)
from tests.support.slowness import CLOCK, LATE, LONG, slowly


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("clock", ["connect", "total"])
def test_connecting_has_a_clock(kind: Kind, clock: str, black_hole: str) -> None:
    timeouts = Timeouts(connect=CLOCK) if clock == "connect" else Timeouts(connect=60, total=CLOCK)
    started = monotonic()
    with client_for(black_hole, timeouts=timeouts) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is (ConnectTimeout if clock == "connect" else DeadlineExceeded)
    assert outcome.error.seconds == CLOCK
    assert monotonic() - started < LATE


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("clock", ["connect", "total"])
@pytest.mark.parametrize("way", ["silence", "drip"])
def test_the_tls_handshake_is_part_of_connecting(kind: Kind, clock: str, way: str, trust: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        if way == "drip":
            slowly(peer, b"\x16\x03\x03\x40\x00" + bytes(10_000))
        peer.gone()

    timeouts = Timeouts(connect=CLOCK) if clock == "connect" else Timeouts(connect=60, total=CLOCK)
    started = monotonic()
    with Server(script) as server:
        url = server.url.replace("http:", "https:")
        with client_for(url, timeouts=timeouts, ssl_context=trust) as client:
            outcome = call(client, kind)
    assert type(outcome.error) is (ConnectTimeout if clock == "connect" else DeadlineExceeded)
    assert monotonic() - started < LATE


@pytest.mark.parametrize("clock", ["connect", "total"])
@pytest.mark.parametrize("way", ["silence", "drip"])
def test_the_proxys_answer_is_part_of_connecting(clock: str, way: str, trust: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        if way == "drip":
            slowly(peer, b"HTTP/1.1 200 OK\r\nX: " + LONG)
        peer.gone()

    timeouts = Timeouts(connect=CLOCK) if clock == "connect" else Timeouts(connect=60, total=CLOCK)
    started = monotonic()
    with (
        Server(script) as proxy,
        client_for("https://api.example.com/v1", timeouts=timeouts, ssl_context=trust, proxy=proxy.origin) as client,
    ):
        outcome = call(client, CHAT_JSON)
    assert type(outcome.error) is (ConnectTimeout if clock == "connect" else DeadlineExceeded)
    assert monotonic() - started < LATE


class GivenUp(ssl.SSLContext):
    """TLS over a connection whose peer TCP gives up meanwhile."""

    def wrap_bio(self, *_: object, **__: object) -> ssl.SSLObject:
        raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")

    def wrap_socket(self, *_: object, **__: object) -> ssl.SSLSocket:
        raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")


@pytest.mark.parametrize("connect", [None, 60.0])
@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "proxied"])
def test_a_connection_that_tcp_gives_up_while_it_is_opened(proxied: bool, connect: float | None) -> None:
    """No clock of the call has run out, so none is named."""
    settings: dict[str, Any] = {"timeouts": Timeouts(connect=connect), "ssl_context": GivenUp(ssl.PROTOCOL_TLS_CLIENT)}
    with Server(Peer.gone) as server, Server(pump) as proxy:
        url = server.url.replace("http:", "https:")
        with client_for(url, proxy=proxy.origin if proxied else None, **settings) as client:
            error = call(client, CHAT_JSON).error
    assert type(error) is ConnectError
    assert str(error) == f"no connection: [Errno {errno.ETIMEDOUT}] Connection timed out"


def test_all_addresses_share_the_connect_clock(monkeypatch: pytest.MonkeyPatch, black_hole: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolve_to([address_of(port_of(black_hole))] * 100))
    started = monotonic()
    with client_for(black_hole, timeouts=Timeouts(connect=CLOCK)) as client:
        assert type(call(client, CHAT_JSON).error) is ConnectTimeout
    assert monotonic() - started < LATE


@pytest.mark.clients("client")
def test_no_descriptor_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection that had just been made is closed."""
    gone = threading.Event()

    def script(peer: Peer) -> None:
        if peer.gone():
            gone.set()

    def dup(_: socket.socket) -> socket.socket:
        raise OSError(24, "Too many open files")

    with Server(script) as server, client_for(server.url) as client:
        monkeypatch.setattr(socket.socket, "dup", dup)
        error = call(client, CHAT_JSON).error
        assert type(error) is ConnectError
        assert "Too many open files" in str(error)
        assert gone.wait(10)


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_nobody_listens(kind: Kind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    with client_for(url) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is ConnectError
    assert outcome.error.attempts == 1


@pytest.mark.parametrize("host", ["nobody.invalid", f"{'x' * 70}.invalid"], ids=["unknown", "too long"])
def test_a_name_that_does_not_resolve(host: str) -> None:
    with client_for(f"https://{host}/v1") as client:
        error = call(client, CHAT_JSON).error
    assert type(error) is ConnectError
    assert str(error).startswith(f"no connection: {host}: ")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_name_that_a_proxy_would_resolve(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a proxy the names outside often do not resolve."""
    for each in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(each, raising=False)
    with client_for("https://nobody.invalid/v1") as client:
        assert "proxy" not in str(call(client, CHAT_JSON).error)
        monkeypatch.setenv(name, "http://joe:pass-word@proxy.invalid")
        error = call(client, CHAT_JSON).error
    assert type(error) is ConnectError
    assert f'; {name} is set and not used: proxy="environment" asks it, unless NO_PROXY has the host' in str(error)
    assert "pass-word" not in frames_of(error)


@pytest.mark.clients("client", "asyncio")  # uvloop asks a resolver of its own
def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolve_to([]))
    with client_for("https://nobody.invalid/v1") as client:
        assert "no address" in str(call(client, CHAT_JSON).error)


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_a_wait_that_the_total_clock_does_not_allow_is_not_begun(kind: Kind) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(error_body(), 429, "Retry-After: 60"))

    with Server(script) as server, client_for(server.url, retry=retry(3)) as client:
        outcome = call(client, kind, timeouts=Timeouts(total=20))
    assert getattr(outcome.error, "status", None) == 429
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", JSON, ids=str)
def test_the_total_clock_runs_over_all_attempts(kind: Kind) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            if server.stopping.wait(CLOCK / 4):
                return
            peer.send(answer(error_body(), 429))

    with Server(script) as server, client_for(server.url, retry=retry(1000)) as client:
        outcome = call(client, kind, timeouts=Timeouts(total=4 * CLOCK))
    assert isinstance(outcome.error, MimoError)
    assert 1 < outcome.error.attempts <= len(server.requests) + 1 < 100


def test_the_idle_clock_does_not_run_between_attempts() -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(error_body(), 429, "Retry-After: 0.5") if len(server.requests) == 1 else answer(CHAT))

    with Server(script) as server, client_for(server.url, retry=retry(2)) as client:
        outcome = call(client, CHAT_JSON, timeouts=Timeouts(idle=CLOCK))
    assert outcome.kept == "Hello world"
    assert server.requests[1].raw == server.requests[0].raw
