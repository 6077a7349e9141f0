"""How a request goes out over somebody else's library: piece by piece, with an answer that comes early or too early."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from time import monotonic
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import httpx2
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    APIError,
    AsyncClient,
    Limits,
    ReadTimeout,
    Timeouts,
)
from mimo_proto.aio.aiohttp import RequestBody
from mimo_proto.aio.deadlines import Deadlines
from tests.support.dummyserver import Peer, Server, answer
from tests.support.outcomes import KEY, assert_clean
from tests.support.payloads import CHAT, CHAT_REQUEST, error_body
from tests.support.shells import LIBRARIES, open_shell, run

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    import trustme


LARGE = {"model": "mimo-v2.6-pro", "messages": [{"role": "user", "content": "x" * 24_000_000}]}
"""More than the buffers of both sides hold."""


def take(peer: Peer, size: int, every: float = 0.0) -> int:
    """Take so many bytes of what is sent, with a pause behind each piece; gives how many came."""
    taken = 0
    while taken < size and (data := peer.sock.recv(65536)):
        taken += len(data)
        if every and peer.server.stopping.wait(every):
            break
    return taken


async def gone() -> None:
    """Let asyncio close a transport whose peer has left: before, it waits for what was written to go."""
    await asyncio.sleep(0.1)


@pytest.mark.parametrize("shell", LIBRARIES)
def test_a_large_body_that_flows_may_take_longer_than_the_read_clock(shell: str) -> None:
    took: list[float] = []

    def script(peer: Peer) -> None:
        begun = monotonic()
        take(peer, 10_000_000, every=0.01)  # asyncio writes on when a third of the buffer is free
        took.append(monotonic() - begun)
        take(peer, 13_900_000)
        peer.send(answer(CHAT))
        peer.gone()

    async def main() -> None:
        async with open_shell(shell, server.url, timeouts=Timeouts(read=0.8)) as client:
            assert (await client.send(CHAT_COMPLETIONS, LARGE)).value.id == "c1"

    with Server(script) as server:
        run(main, shell)
    assert took[0] > 1


@pytest.mark.parametrize("shell", LIBRARIES)
def test_a_body_that_is_not_taken_is_the_read_clocks(shell: str) -> None:
    enough = threading.Event()

    async def main() -> None:
        async with open_shell(shell, server.url, timeouts=Timeouts(read=0.2)) as client:
            with pytest.raises(ReadTimeout) as caught:
                await client.send(CHAT_COMPLETIONS, LARGE)
            assert_clean(caught.value)
            assert "sent" in str(caught.value)
            enough.set()
            await gone()

    with Server(lambda peer: enough.wait(20)) as server:
        run(main, shell)


@pytest.mark.parametrize("pieces", [(), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",)], ids=["head", "body"])
@pytest.mark.parametrize("shell", LIBRARIES)
def test_an_answer_that_does_not_come_is_the_read_clocks(shell: str, pieces: tuple[bytes, ...]) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*pieces)
        peer.gone()

    async def main() -> None:
        async with open_shell(shell, server.url, timeouts=Timeouts(read=0.2)) as client:
            for request in (client.send(CHAT_COMPLETIONS, CHAT_REQUEST), client.send(MODELS)):
                with pytest.raises(ReadTimeout, match="no byte came") as caught:
                    await request
                assert_clean(caught.value)

    with Server(script) as server:
        run(main, shell)


def stays(peer: Peer) -> None:
    """Neither read on nor close, until the client leaves."""
    peer.server.stopping.wait(10)


def lingers(peer: Peer) -> None:
    """Wait for the client to have read, then close (RFC 9112, section 9.6)."""
    peer.server.stopping.wait(0.3)
    peer.fin()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("leaves", [stays, lingers], ids=["stays", "lingers"])
def test_aiohttp_hears_a_refusal_while_the_body_is_being_sent(
    leaves: Callable[[Peer], object], tls: bool, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    heard: list[float] = []

    def script(peer: Peer) -> None:
        take(peer, 100_000)
        peer.send(answer(error_body("413", "too large"), 413, "Connection: close"))
        leaves(peer)

    async def main() -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as http:
            begun = monotonic()
            with pytest.raises(APIError) as caught:
                await AsyncClient(KEY, server.url, http=http, timeouts=Timeouts(read=20)).send(CHAT_COMPLETIONS, LARGE)
            heard.append(monotonic() - begun)
            assert caught.value.status == 413
            assert_clean(caught.value)
            server.stopping.set()
            await gone()

    with Server(script, authority=authority if tls else None) as server:
        run(main)
    assert heard[0] < 5


@pytest.mark.parametrize("shell", ["httpx", "httpx2"])
def test_httpx_hears_no_refusal_while_the_body_is_being_sent(shell: str) -> None:
    """docs/async.md lists it: httpx reads when all of the body has gone."""

    def script(peer: Peer) -> None:
        take(peer, 100_000)
        peer.send(answer(error_body("413", "too large"), 413, "Connection: close"))
        stays(peer)

    async def main() -> None:
        async with open_shell(shell, server.url, timeouts=Timeouts(read=0.3)) as client:
            with pytest.raises(ReadTimeout, match="could not be sent"):
                await client.send(CHAT_COMPLETIONS, LARGE)
            server.stopping.set()
            await gone()

    with Server(script) as server:
        run(main)


@pytest.mark.parametrize("shell", LIBRARIES)
@pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "unseen"])
def test_an_answer_pushed_on_an_idle_connection_answers_no_call(shell: str, is_seen: bool) -> None:
    """Be it that the loop has read it, or that it was busy meanwhile."""
    push, pushed = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(CHAT))
            push.wait(10)
            push.clear()
            peer.send(answer({**CHAT, "id": "pushed"}))
            pushed.set()

    async def main() -> None:
        async with open_shell(shell, server.url) as client:
            for _ in range(3):
                assert (await client.send(CHAT_COMPLETIONS, CHAT_REQUEST)).value.id == "c1"
                pushed.clear()
                push.set()
                assert pushed.wait(10)
                if is_seen:
                    await asyncio.sleep(0.1)

    with Server(script) as server:
        run(main, shell)


@pytest.mark.parametrize("package", [httpx, httpx2])
def test_hooks_of_httpx_see_the_body(package: Any) -> None:
    bodies: list[bytes] = []

    async def hook(request: Any) -> None:
        bodies.append(request.content)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(CHAT))

    async def main() -> None:
        async with package.AsyncClient(event_hooks={"request": [hook]}) as http:
            await AsyncClient(KEY, server.url, http=http).send(CHAT_COMPLETIONS, CHAT_REQUEST)

    with Server(script) as server:
        run(main)
    assert bodies == [server.requests[0].body]


def test_aiohttp_sends_nothing_on_when_the_answer_has_begun() -> None:
    """The connection is not used again: the request on it has no end."""
    taken: list[int] = []

    def script(peer: Peer) -> None:
        take(peer, 100_000)
        refusal = answer(error_body("413", "too large"), 413)
        peer.send(refusal[:-10])
        peer.sock.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            taken.append(0)
            while data := peer.sock.recv(65536):
                taken[-1] += len(data)
        peer.send(refusal[-10:])
        peer.gone()

    async def main() -> None:
        async with open_shell("aiohttp", server.url) as client:
            for _ in range(2):
                with pytest.raises(APIError, match="too large"):
                    await client.send(CHAT_COMPLETIONS, LARGE)

    with Server(script) as server:
        run(main)
    assert server.connections == 2
    assert max(taken) < 23_000_000


class Writer:
    """Where aiohttp writes, and what its protocol says."""

    def __init__(self, *, should_close: bool) -> None:
        self.protocol = SimpleNamespace(should_close=should_close)
        self.written: list[bytes] = []

    async def write(self, data: bytes) -> None:
        self.written.append(data)

    async def drain(self) -> None:
        pass


def test_a_body_for_aiohttp() -> None:
    """Which has been answered already, from Python 3.12 on, when it is to be written."""
    body = RequestBody(b"x" * 40_000, Deadlines(Timeouts(), Limits(), None))
    stale: Any = Writer(should_close=True)
    with pytest.raises(ConnectionResetError):
        asyncio.run(body.write(stale))
    assert (body.begun, stale.written) == (False, [])
    fresh: Any = Writer(should_close=False)
    asyncio.run(body.write(fresh))
    assert body.begun
    assert b"".join(fresh.written) == b"x" * body.size
    assert max(map(len, fresh.written)) <= 16384
    assert asyncio.run(body.as_bytes()) == b"x" * 40_000
