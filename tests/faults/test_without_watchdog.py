"""Calls for which no thread keeps the clocks, as where the system has none left: promises "Time"."""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import DeadlineExceeded, IdleTimeout, ReadTimeout, StreamCancelled, Timeouts, user
from mimo_proto.http import attempts, connection, transport
from mimo_proto.http.watchdog import Watchdog
from tests.support.dummyserver import Peer, Server, pump
from tests.support.outcomes import ALL, CHAT_JSON, CHAT_STREAM, Kind, call, client_for, good
from tests.support.readers import Reader, no_clocks, stream_of
from tests.support.slow_answers import FACES, SLOW, timed
from tests.support.slowness import CLOCK, LATE

if TYPE_CHECKING:
    import ssl

    import trustme

# It is the sync client that has such a thread.
pytestmark = pytest.mark.clients("client")


@pytest.fixture(autouse=True)
def no_thread_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse the watchdog's thread, as the system does at its limit."""
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "mimo-proto-watchdog":
            raise RuntimeError("can't start new thread")
        start(thread)

    watchdog = Watchdog()
    for module in (attempts, connection, transport):
        monkeypatch.setattr(module, "WATCHDOG", watchdog)
    monkeypatch.setattr(threading.Thread, "start", refuse)


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("way", ["plain", "tls", "proxy"])
def test_calls_are_answered(kind: Kind, way: str, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(good(kind))

    signs = None if way == "plain" else authority
    with (
        Server(pump, authority=signs) as proxy,
        Server(script, authority=signs) as server,
        client_for(server.url, ssl_context=trust, proxy=proxy.origin if way == "proxy" else None) as client,
    ):
        for _ in range(3):
            assert call(client, kind).kept == "Hello world"
        assert server.connections == 1


@pytest.mark.parametrize(("kind", "tls", "clock"), FACES)
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_answer_is_ended(
    kind: Kind, tls: bool, name: str, clock: str, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    timeouts = Timeouts(read=60, idle=CLOCK) if clock == "idle" else Timeouts(read=60, idle=60, total=CLOCK)
    outcome = timed(SLOW[name], kind, timeouts, authority if tls else None, trust)
    assert type(outcome.error) is (IdleTimeout if clock == "idle" else DeadlineExceeded)


@pytest.mark.parametrize("kind", [CHAT_JSON, CHAT_STREAM], ids=str)
def test_the_read_clock(kind: Kind) -> None:
    outcome = timed(SLOW["silence-after-the-head"], kind, Timeouts(read=CLOCK, idle=None), None, None)
    assert type(outcome.error) is ReadTimeout


@pytest.mark.parametrize("way", ["plain", "tls", "proxy"])
@pytest.mark.parametrize("size", [1, 24 * 1024 * 1024], ids=["small", "large"])
def test_an_upload_that_stalls_is_ended(way: str, size: int, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        peer.server.stopping.wait(30)

    signs = None if way == "plain" else authority
    with (
        Server(pump, authority=signs) as proxy,
        Server(script, authority=signs) as server,
        client_for(
            server.url,
            ssl_context=trust,
            proxy=proxy.origin if way == "proxy" else None,
            timeouts=Timeouts(read=0.3, idle=60),
        ) as client,
    ):
        started = monotonic()
        with pytest.raises(ReadTimeout):
            client.create_chat_completion(model="m", messages=[user("x" * size)])
        assert monotonic() - started < LATE


def test_cancel_works_all_the_same() -> None:
    there = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        there.set()
        assert peer.gone()

    with Server(script) as server, client_for(server.url, timeouts=no_clocks()) as client:
        stream: Any = stream_of(client, CHAT_STREAM)
        reader = Reader(stream)
        reader.start()
        assert there.wait(10)
        stream.cancel()
        assert type(reader.ended()) is StreamCancelled
