"""Connections that break before an answer begins: what is sent again, and what is not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import ConnectionClosed, ReadTimeout, RetryPolicy, Timeouts
from tests.support.dummyserver import Peer, Server, answer, chunk, head, sse
from tests.support.outcomes import (
    ALL,
    CHAT_JSON,
    EVENTS,
    Kind,
    assert_clean,
    call,
    client_for,
    good,
    retry,
)
from tests.support.payloads import error_body
from tests.support.shells import LIBRARIES, SHELLS, Seen, open_shell, run
from tests.support.shells import call as call_over

if TYPE_CHECKING:
    from collections.abc import Callable

FAULTS = ("fin", "rst", "restart", "500", "503", "504")
"""What an unreliable server does in the place of an answer."""

LEAVES: dict[str, Callable[[Peer], None]] = {"fin": Peer.fin, "rst": Peer.rst}


def begins(peer: Peer, beginning: bytes, leave: str) -> None:
    """Send the beginning of an answer, and break the connection off."""
    peer.request()
    peer.send(beginning)
    if leave == "rst":  # it takes with it what the client has not read yet
        peer.server.stopping.wait(0.05)
    LEAVES[leave](peer)


LOSSES_TOO = retry(5, connection_lost=True)


@pytest.mark.parametrize(
    ("shell", "count"),
    [("client", 1_000), ("asyncio", 1_000), ("aiohttp", 1_000), ("uvloop", 250), ("httpx", 250), ("httpx2", 250)],
)
def test_a_thousand_calls_to_an_unreliable_server(shell: str, count: int) -> None:
    """None is lost, and none is sent again after its answer has begun."""
    chance = random.Random(22)
    kinds = [chance.choice(ALL) for _ in range(count)]
    faults = [[chance.choice(FAULTS) for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3, 4)))] for _ in kinds]
    asked = [0] * len(kinds)
    answered: list[int] = []

    def script(peer: Peer) -> None:
        while True:
            number = int(peer.request().headers["x-call"])
            asked[number] += 1
            if asked[number] > len(faults[number]):
                answered.append(number)
                peer.send(good(kinds[number]))
                continue
            fault = faults[number][asked[number] - 1]
            if fault in LEAVES:
                LEAVES[fault](peer)
                return
            if fault == "restart":
                server.restart()
            else:
                peer.send(answer(error_body(fault), int(fault)))

    async def main() -> list[Seen]:
        policy = RetryPolicy(attempts=5, connection_lost=True, backoff=1e-4)
        async with open_shell(shell, server.url, retry=policy) as client:
            return [
                await call_over(client, kind, extra_headers={"x-call": str(number)})
                for number, kind in enumerate(kinds)
            ]

    with Server(script) as server:
        seen: list[Seen] = run(main, shell)
    assert [number for number, each in enumerate(seen) if each.error is not None] == []
    assert [each.attempts for each in seen] == [len(each) + 1 for each in faults] == asked
    assert answered == list(range(count))


def loses(server_does: Callable[[Peer], object], *, kept: bool, kind: Kind) -> Callable[[Peer], None]:
    """Lose the first call, or the first on a kept connection, and answer the others."""

    def script(peer: Peer) -> None:
        if peer.number == 1:
            if kept:
                peer.request()
                peer.send(good(kind))
            peer.request()
            server_does(peer)
            return
        while True:
            peer.request()
            peer.send(good(kind))

    return script


def calls_over(shell: str, url: str, kind: Kind, count: int, **settings: Any) -> list[Seen]:
    """Make calls one after the other over one shell."""

    async def main() -> list[Seen]:
        async with open_shell(shell, url, **settings) as client:
            return [await call_over(client, kind) for _ in range(count)]

    seen: list[Seen] = run(main, shell)
    return seen


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("leave", LEAVES)
@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
def test_lost_before_an_answer(shell: str, kind: Kind, leave: str, kept: bool) -> None:
    """With the policy it is sent again; without it the error says how far it had come."""
    with Server(loses(LEAVES[leave], kept=kept, kind=kind)) as server:
        seen = calls_over(shell, server.url, kind, kept + 1, retry=LOSSES_TOO)[-1]
    assert (seen.error, seen.attempts) == (None, 2)
    assert len(server.requests) == kept + 2
    with Server(loses(LEAVES[leave], kept=kept, kind=kind)) as server:
        seen = calls_over(shell, server.url, kind, kept + 1, retry=retry(5))[-1]
    assert (seen.error, seen.attempts) == (ConnectionClosed, 1)
    assert seen.told["answer_begun"] is False
    assert seen.reused is (kept if shell not in LIBRARIES else None)
    assert len(server.requests) == kept + 1


BEGINNINGS = {
    "first-byte": b"H",
    "half-a-head": head()[:40],
    "interim": b"HTTP/1.1 100 Continue\r\n\r\n",
}


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("leave", LEAVES)
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_lost_inside_the_head(kind: Kind, leave: str, beginning: str) -> None:
    with (
        Server(lambda peer: begins(peer, BEGINNINGS[beginning], leave)) as server,
        client_for(server.url, retry=LOSSES_TOO) as client,
    ):
        error = call(client, kind).error
    assert isinstance(error, ConnectionClosed)
    assert (error.answer_begun, error.reused) == (True, False)
    assert_clean(error, 1)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("shell", "leave", "is_noticed"),
    [
        ("httpx", "fin", False),
        ("httpx", "rst", False),
        ("httpx2", "fin", False),
        ("httpx2", "rst", False),
        ("aiohttp", "fin", True),
        ("aiohttp", "rst", False),
    ],
)
def test_lost_inside_the_head_over_a_library(shell: str, leave: str, is_noticed: bool) -> None:
    """A difference that docs/async.md lists: part of a head goes unnoticed where the library does not tell of it."""
    with Server(lambda peer: begins(peer, BEGINNINGS["half-a-head"], leave)) as server:
        [seen] = calls_over(shell, server.url, CHAT_JSON, 1, retry=retry(2, connection_lost=True))
    assert (seen.reused, seen.told) == (None, {"answer_begun": is_noticed})
    assert len(server.requests) == seen.attempts == (1 if is_noticed else 2)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("leave", LEAVES)
@pytest.mark.parametrize("kind", ALL, ids=str)
def test_lost_behind_the_head(shell: str, kind: Kind, leave: str) -> None:
    """Neither a whole reply nor a stream is sent again once its answer has begun."""

    beginning = sse() + chunk(EVENTS[kind.protocol][0]) if kind.streamed else good(kind)[:-9]
    with Server(lambda peer: begins(peer, beginning, leave)) as server:
        [seen] = calls_over(shell, server.url, kind, 1, retry=LOSSES_TOO)
    assert (seen.error, seen.attempts) == (ConnectionClosed, 1)
    assert seen.told["answer_begun"] is True
    assert len(server.requests) == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_a_silent_server_is_not_a_lost_connection(shell: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.gone()

    with Server(script) as server:
        timeouts = Timeouts(connect=5, read=0.1, idle=5)
        [seen] = calls_over(shell, server.url, CHAT_JSON, 1, retry=LOSSES_TOO, timeouts=timeouts)
    assert (seen.error, seen.attempts) == (ReadTimeout, 1)
    assert len(server.requests) == 1
