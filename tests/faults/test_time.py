"""Servers that take their time: promises "Time", on plain and TLS sockets, for all kinds of calls.

Every server here goes on for as long as the test lets it, so a clock that does not act hangs the test.
"""

from __future__ import annotations

import socket
from functools import partial
from itertools import repeat
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    DeadlineExceeded,
    IdleTimeout,
    ReadTimeout,
    Timeouts,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, sse
from tests.support.outcomes import (
    ALL,
    CHAT_JSON,
    CHAT_STREAM,
    RESPONSE_JSON,
    RESPONSE_STREAM,
    STREAMS,
    Kind,
    Outcome,
    call,
    client_for,
)
from tests.support.payloads import (
    CHAT,
    CHAT_EVENTS,
    CHAT_REQUEST,
    RESPONSE,
    RESPONSE_EVENTS,
    RESPONSE_REQUEST,
    response_delta,
)
from tests.support.slowness import CLOCK, LATE, LONG, slowly

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    import trustme


EVENTS = {"chat": CHAT_EVENTS[0], "responses": response_delta("Hello")}
CHUNKED = "Transfer-Encoding: chunked"


def head_for(kind: Kind, framing: str) -> bytes:
    return head(200, framing, kind="text/event-stream" if kind.streamed else "application/json")


def sent(peer: Peer, *pieces: bytes) -> Peer:
    peer.send(*pieces)
    return peer


def stalled(peer: Peer) -> None:
    peer.gone()


SLOW: dict[str, Callable[[Peer, Kind], None]] = {
    "silence": lambda peer, kind: stalled(peer),
    "drip-in-the-status-line": lambda peer, kind: slowly(peer, b"HTTP/1.1 200 " + LONG),
    "drip-in-a-header": lambda peer, kind: slowly(peer, b"HTTP/1.1 200 OK\r\nX: " + LONG),
    "headers-for-ever": lambda peer, kind: peer.drip([b"HTTP/1.1 200 OK\r\n", *repeat(b"X: y\r\n", 90)], 0.1),
    "silence-after-the-head": lambda peer, kind: stalled(sent(peer, head_for(kind, "Content-Length: 9"))),
    "drip-in-the-body": lambda peer, kind: slowly(sent(peer, head_for(kind, "Content-Length: 10000")), LONG),
    "drip-until-close": lambda peer, kind: slowly(sent(peer, head_for(kind, "X: y")), LONG),
    "drip-in-a-chunk-size": lambda peer, kind: slowly(sent(peer, head_for(kind, CHUNKED)), b"5;" + LONG),
    "drip-in-a-chunk": lambda peer, kind: slowly(sent(peer, head_for(kind, CHUNKED)), b"2710\r\n" + LONG),
    "drip-in-the-trailer": lambda peer, kind: slowly(sent(peer, head_for(kind, CHUNKED), b"0\r\nX: "), LONG),
    "drip-in-gzip": lambda peer, kind: slowly(
        sent(peer, head_for(kind, "Content-Encoding: gzip")), b"\x1f\x8b\x08\x08\0\0\0\0\0\0" + b"x" * 10_000
    ),
    "100-for-ever": lambda peer, kind: peer.flood(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103-for-ever": lambda peer, kind: peer.flood(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
    "103-drip": lambda peer, kind: peer.drip(repeat(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), 0.02),
}


def timed(
    script: Callable[[Peer, Kind], object], kind: Kind, timeouts: Timeouts, authority: Any, trust: Any, **options: Any
) -> Outcome:
    def serve(peer: Peer) -> None:
        peer.request()
        script(peer, kind)

    started = monotonic()
    with (
        Server(serve, authority=authority) as server,
        client_for(server.url, timeouts=timeouts, ssl_context=trust) as client,
    ):
        outcome = call(client, kind, **options)
        assert monotonic() - started < LATE
        assert len(server.requests) <= 1, "none where the clock ran out before the server looked"
    return outcome


# All four kinds of call on plain sockets; over TLS and with the other clock one of each protocol and mode is enough.
FACES = [
    *(pytest.param(kind, False, "idle", id=f"{kind}-plain-idle") for kind in ALL),
    *(pytest.param(kind, True, "idle", id=f"{kind}-tls-idle") for kind in (RESPONSE_JSON, CHAT_STREAM)),
    pytest.param(CHAT_JSON, False, "total", id=f"{CHAT_JSON}-plain-total"),
    pytest.param(RESPONSE_STREAM, True, "total", id=f"{RESPONSE_STREAM}-tls-total"),
]


@pytest.mark.parametrize(("kind", "tls", "clock"), FACES)
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_answer_is_ended(
    kind: Kind, tls: bool, name: str, clock: str, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    timeouts = Timeouts(read=60, idle=CLOCK) if clock == "idle" else Timeouts(read=60, idle=60, total=CLOCK)
    outcome = timed(SLOW[name], kind, timeouts, authority if tls else None, trust)
    assert type(outcome.error) is (IdleTimeout if clock == "idle" else DeadlineExceeded)
    assert outcome.error.seconds == CLOCK
    assert isinstance(outcome.error, TimeoutError)


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("name", ["silence", "silence-after-the-head"])
def test_the_read_clock_runs_between_bytes(
    kind: Kind, tls: bool, name: str, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    outcome = timed(SLOW[name], kind, Timeouts(read=CLOCK, idle=None), authority if tls else None, trust)
    assert type(outcome.error) is ReadTimeout
    assert outcome.error.seconds == CLOCK


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("noise", [b": hi\n\n", b"\n\n", b"event: ping\n\n", b": half a comment", b"data: x"])
def test_comments_do_not_count_as_events(kind: Kind, noise: bytes) -> None:
    def chatter(peer: Peer, kind: Kind) -> None:
        peer.send(sse(), chunk(EVENTS[kind.protocol]))
        peer.drip(repeat(chunk(noise)), every=0.02)

    # Long enough for the first event to come on a busy machine.
    outcome = timed(chatter, kind, Timeouts(read=60, idle=4 * CLOCK), None, None)
    assert type(outcome.error) is IdleTimeout
    assert outcome.end == "incomplete"
    assert outcome.kept == "Hello"
    assert len(outcome.events) == 1


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_comments_as_fast_as_they_come(kind: Kind) -> None:
    def chatter(peer: Peer, kind: Kind) -> None:
        peer.send(sse())
        peer.flood(chunk(b": hi\n\n" * 100))

    assert type(timed(chatter, kind, Timeouts(idle=CLOCK), None, None).error) is IdleTimeout


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_endless_events_are_ended_by_the_total_clock_alone(kind: Kind) -> None:
    def chatter(peer: Peer, kind: Kind) -> None:
        peer.send(sse())
        peer.drip(repeat(chunk(EVENTS[kind.protocol])), every=0.02)

    outcome = timed(chatter, kind, Timeouts(idle=60, total=4 * CLOCK), None, None)
    assert type(outcome.error) is DeadlineExceeded
    assert outcome.kept.startswith("HelloHello")


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_a_slow_caller_is_not_an_idle_server(kind: Kind) -> None:
    """The idle clock stands still while nobody waits for an event."""
    events = {"chat": CHAT_EVENTS, "responses": RESPONSE_EVENTS}[kind.protocol]

    def script(peer: Peer) -> None:
        peer.request()
        for each in events:
            peer.send(sse() if each is events[0] else b"", chunk(each))
            turn.recv(1)
        peer.send(END)

    turn, mine = socket.socketpair()
    with turn, mine, Server(script) as server, client_for(server.url, timeouts=Timeouts(idle=2 * CLOCK)) as client:
        make: Any = client.stream_chat_completion if kind.protocol == "chat" else client.stream_response
        with make(**(CHAT_REQUEST if kind.protocol == "chat" else RESPONSE_REQUEST)) as stream:
            for count, _ in enumerate(stream):
                server.stopping.wait(0 if count else 3 * CLOCK)
                mine.send(b"x")
            mine.send(b"x" * 9)
            assert stream.end == "completed"


def test_a_clock_that_is_far_away_is_no_problem() -> None:
    far = Timeouts(connect=1e300, read=1e300, idle=1e300, total=1e300)
    for kind in (CHAT_JSON, CHAT_STREAM):
        with Server(partial(quick, kind=kind)) as server, client_for(server.url, timeouts=far) as client:
            assert call(client, kind).kept == "Hello world"


def quick(peer: Peer, kind: Kind) -> None:
    value, events = {"chat": (CHAT, CHAT_EVENTS), "responses": (RESPONSE, RESPONSE_EVENTS)}[kind.protocol]
    while True:
        peer.request()
        if kind.streamed:
            peer.send(sse(), *map(chunk, events), END)
        else:
            peer.send(answer(value))


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_without_clocks_it_works_as_well(kind: Kind) -> None:
    none = Timeouts(connect=None, read=None, idle=None, total=None)
    with Server(partial(quick, kind=kind)) as server, client_for(server.url, timeouts=none) as client:
        assert call(client, kind).kept == "Hello world"
