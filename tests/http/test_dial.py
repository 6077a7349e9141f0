"""Hosts with several addresses (RFC 8305): what a dead one costs, and how the wait for them ends."""

from __future__ import annotations

import socket
import threading
from time import monotonic
from typing import Any

import pytest

from mimo_proto import ConnectError, ConnectTimeout, DeadlineExceeded, StreamCancelled, Timeouts
from tests.support.connecting import address_of, port_of, resolve_to
from tests.support.dummyserver import Server, once
from tests.support.outcomes import ALL, CHAT_JSON, Kind, assert_clean, call, client_for, good
from tests.support.payloads import CHAT_REQUEST
from tests.support.readers import Reader, no_clocks
from tests.support.slowness import LATE


@pytest.fixture
def refusing() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_a_dead_address_costs_little(kind: Kind, black_hole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8305, 5: the next one is tried after a quarter of a second, and not after the connect clock."""
    with Server(once(good(kind))) as server:
        addresses = [address_of(port_of(black_hole)), address_of(server.port)]
        monkeypatch.setattr(socket, "getaddrinfo", resolve_to(addresses))
        started = monotonic()
        with client_for("http://localhost:9/v1", timeouts=Timeouts(connect=30)) as client:
            outcome = call(client, kind)
            assert outcome.error is None
            assert outcome.kept == "Hello world"
        assert monotonic() - started < LATE


def test_an_address_that_refuses_costs_nothing(black_hole: str, refusing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is tried at once."""
    monkeypatch.setattr("mimo_proto.http.dial.ATTEMPT_DELAY_SECONDS", 60)
    with Server(once(good(CHAT_JSON))) as server:
        monkeypatch.setattr(socket, "getaddrinfo", resolve_to([address_of(refusing), address_of(server.port)]))
        with client_for("http://localhost:9/v1") as client:
            assert call(client, CHAT_JSON).kept == "Hello world"


def test_the_first_that_connects_is_taken(black_hole: str, refusing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mimo_proto.http.dial.ATTEMPT_DELAY_SECONDS", 0.01)
    with Server(once(good(CHAT_JSON))) as server, Server(once(good(CHAT_JSON))) as unneeded:
        dead = [address_of(port_of(black_hole)), address_of(refusing)] * 2
        addresses = [*dead, address_of(server.port), address_of(unneeded.port)]
        monkeypatch.setattr(socket, "getaddrinfo", resolve_to(addresses))
        with client_for("http://localhost:9/v1") as client:
            assert call(client, CHAT_JSON).kept == "Hello world"
        assert (server.connections, unneeded.connections) == (1, 0)


def test_the_families_of_addresses_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8305, 4; and the error says what became of each."""
    hosts = ["::1", "::2", "127.0.0.1", "::3", "127.0.0.2"]
    monkeypatch.setattr(socket, "getaddrinfo", resolve_to([address_of(9, host) for host in hosts]))

    def refused(self: socket.socket, address: Any) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket.socket, "connect", refused)
    with client_for("http://localhost:9/v1") as client:
        outcome = call(client, CHAT_JSON)
    assert type(outcome.error) is ConnectError
    tried = [f"{host}: Connection refused" for host in ("::1", "127.0.0.1", "::2", "127.0.0.2", "::3")]
    assert "no connection: " + "; ".join(tried) in str(outcome.error)


@pytest.mark.parametrize("clock", ["connect", "total"])
def test_addresses_that_are_all_dead(clock: str, black_hole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    timeouts = Timeouts(connect=0.5) if clock == "connect" else Timeouts(connect=None, total=0.5)
    monkeypatch.setattr(socket, "getaddrinfo", resolve_to([address_of(port_of(black_hole))] * 2))
    started = monotonic()
    with client_for("http://localhost:9/v1", timeouts=timeouts) as client:
        outcome = call(client, CHAT_JSON)
    assert type(outcome.error) is (ConnectTimeout if clock == "connect" else DeadlineExceeded)
    assert monotonic() - started < LATE


def test_cancel_while_several_addresses_are_tried(black_hole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mimo_proto.http.dial.ATTEMPT_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(socket, "getaddrinfo", resolve_to([address_of(port_of(black_hole))] * 3))
    connect = socket.socket.connect
    begun: list[Any] = []
    all_begun = threading.Event()

    def connecting(self: socket.socket, address: Any) -> None:
        begun.append(address)
        if len(begun) == 3:
            all_begun.set()
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connecting)
    with client_for("http://localhost:9/v1", timeouts=no_clocks()) as client:
        stream = client.stream_chat_completion(**CHAT_REQUEST)
        reader = Reader(stream)
        reader.start()
        assert all_begun.wait(10)
        stream.cancel()
        error = reader.ended()
    assert type(error) is StreamCancelled
    assert_clean(error, 1)
