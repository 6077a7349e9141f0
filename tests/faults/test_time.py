"""Servers that take their time: promises "Time", on plain and TLS sockets, for all kinds of calls.

Every server here goes on for as long as the test lets it, so a clock that does not act hangs the test.
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    DeadlineExceeded,
    IdleTimeout,
    ReadTimeout,
    RemoteProtocolError,
    Timeouts,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, sse
from tests.support.outcomes import (
    ALL,
    CHAT_JSON,
    CHAT_STREAM,
    RESPONSE_STREAM,
    STREAMS,
    Kind,
    call,
    client_for,
    words,
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
from tests.support.shells import LIBRARIES, SHELLS, open_shell, run
from tests.support.slow_answers import FACES, SLOW, timed
from tests.support.slowness import CLOCK

if TYPE_CHECKING:
    import ssl

    import trustme


EVENTS = {"chat": CHAT_EVENTS[0], "responses": response_delta("Hello")}


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


@pytest.mark.clients(*LIBRARIES)
@pytest.mark.parametrize("kind", [CHAT_JSON, RESPONSE_STREAM], ids=str)
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_answer_is_ended_over_a_library(kind: Kind, name: str) -> None:
    error = timed(SLOW[name], kind, Timeouts(read=60, idle=CLOCK), None, None).error
    # aiohttp does not read on behind a chunk's size that it refuses, as it does this one.
    assert type(error) is IdleTimeout or (name, type(error)) == ("drip-in-a-chunk-size", RemoteProtocolError)


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


@pytest.mark.parametrize("shell", SHELLS)
def test_the_total_clock_runs_from_when_a_stream_is_opened(shell: str) -> None:
    async def main() -> None:
        timeouts = Timeouts(total=CLOCK)
        async with open_shell(shell, server.url) as client:
            stream = client.stream(CHAT_COMPLETIONS, CHAT_REQUEST, timeouts=timeouts)
            await asyncio.sleep(2 * CLOCK)
            async with stream:
                assert words(await stream.result()) == "Hello world"

    with Server(partial(quick, kind=CHAT_STREAM)) as server:
        run(main, shell)
