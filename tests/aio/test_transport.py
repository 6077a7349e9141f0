"""AsyncClient by itself, over real sockets: sending, reading, and what becomes of the connection. On both loops."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    APIError,
    AsyncClient,
    ConnectionClosed,
    LocalProtocolError,
    ReadTimeout,
    RemoteProtocolError,
    StreamCancelled,
    Timeouts,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, once, sse
from tests.support.loops import LOOPS, run_on
from tests.support.outcomes import KEY, words
from tests.support.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST, chat_chunk, error_body

if TYPE_CHECKING:
    import ssl

    import trustme

QUICK = Timeouts(connect=5, read=5, idle=5)
PATIENT = Timeouts(connect=20, read=20, idle=20)
HUGE: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x" * 16_000_000}]}
EARLY = answer(error_body("413", "too large"), 413)

pytestmark = pytest.mark.parametrize("loop", LOOPS)
each_security = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])


def serve(peer: Peer) -> None:
    while True:
        peer.request()
        peer.send(answer(CHAT))


async def ask(client: AsyncClient) -> str:
    return words(await client.create_chat_completion(**CHAT_REQUEST))


# --- sending ------------------------------------------------------------------------------------------------------


@each_security
@pytest.mark.parametrize("way", ["stays", "ends", "resets"])
def test_a_response_that_comes_while_the_request_is_sent_is_heard(
    loop: str, tls: bool, way: str, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    """RFC 9112, 9.5. Ten in a row: a reset and what came before it race each other."""
    done = threading.Event()

    def script(peer: Peer) -> None:
        peer.sock.recv(100)
        peer.send(EARLY)
        if way == "stays":
            done.wait(20)
        elif way == "ends":
            peer.fin()
            peer.gone()
        # Closing with bytes unread resets the connection.

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=Timeouts(read=20), ssl_context=trust) as client:
            for _ in range(10):
                with pytest.raises(APIError, match="too large") as caught:
                    await client.create_chat_completion(**HUGE)
                assert caught.value.status == 413

    started = monotonic()
    with Server(script, authority=authority if tls else None) as server:
        run_on(loop, main)
        done.set()
        assert server.connections == 10
    assert monotonic() - started < 15


def test_the_clock_on_sending_ends_with_the_sending(loop: str) -> None:
    """The body of a response that came early may take its time."""
    body = json.dumps(error_body("413", "too large")).encode()

    def script(peer: Peer) -> None:
        peer.sock.recv(100)
        peer.send(head(413, f"Content-Length: {len(body)}"))
        peer.drip([body[at : at + 30] for at in range(0, len(body), 30)], every=0.3)
        peer.gone()

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=Timeouts(read=0.5)) as client:
            with pytest.raises(APIError, match="too large"):
                await client.create_chat_completion(**HUGE)

    with Server(script) as server:
        run_on(loop, main)


@each_security
def test_interim_responses_do_not_stop_the_sending(
    loop: str, tls: bool, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    def script(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        for _ in range(2):
            assert len(peer.request().json["messages"][0]["content"]) == 16_000_000
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n", answer(CHAT))

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=PATIENT, ssl_context=trust) as client:
            for _ in range(2):
                assert words(await client.create_chat_completion(**HUGE)) == "Hello world"

    with Server(script, authority=authority if tls else None) as server:
        run_on(loop, main)
        assert server.connections == 1


def test_a_request_that_is_taken_slowly_is_not_ended_by_the_read_clock(loop: str) -> None:
    """The clock bounds the gap between two parts, not the whole."""

    def script(peer: Peer) -> None:
        while not body_ended(peer.sock.recv(2_000_000)):
            server.stopping.wait(0.1)
        peer.send(answer(CHAT))
        peer.gone()

    def body_ended(data: bytes) -> bool:
        return data.endswith(b"}")

    async def main() -> float:
        async with AsyncClient(KEY, server.url, timeouts=Timeouts(read=0.8)) as client:
            started = monotonic()
            assert words(await client.create_chat_completion(**HUGE)) == "Hello world"
            return monotonic() - started

    with Server(script) as server:
        assert run_on(loop, main) > 0.8


@each_security
def test_a_request_that_nobody_takes(loop: str, tls: bool, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        server.stopping.wait(30)

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=Timeouts(read=0.3), ssl_context=trust) as client:
            with pytest.raises(ReadTimeout, match="could not be sent"):
                await client.create_chat_completion(**HUGE)

    with Server(script, authority=authority if tls else None) as server:
        run_on(loop, main)


# --- reading ------------------------------------------------------------------------------------------------------


@each_security
def test_a_reader_that_is_slow_stops_the_sender(
    loop: str, tls: bool, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    """What waits for the task is bounded; then the system's buffers fill, and the server has to wait."""
    event = chat_chunk("x" * 50_000)
    count = 800
    sent = 0
    stuck = threading.Event()

    def script(peer: Peer) -> None:
        nonlocal sent
        peer.request()
        peer.send(sse())
        peer.sock.settimeout(0.5)
        while sent < count:
            try:
                peer.send(chunk(event))
            except TimeoutError:
                break
            sent += 1
        stuck.set()  # and it gives up, inside an event perhaps

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=QUICK, ssl_context=trust) as client:
            stream = client.stream_chat_completion(**CHAT_REQUEST)
            async with stream:
                await anext(stream)
                await asyncio.to_thread(stuck.wait, 20)
                assert sent < count
                with pytest.raises(ConnectionClosed):
                    async for _ in stream:
                        pass

    with Server(script, authority=authority if tls else None) as server:
        run_on(loop, main)


@each_security
def test_bytes_that_wait_are_given_without_waiting(
    loop: str, tls: bool, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    """Other tasks run while the loop waits, not between two events that are there."""
    arrived = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse() + b"".join(map(chunk, CHAT_EVENTS)) + END)
        arrived.set()
        peer.gone()

    async def main() -> None:
        turns = 0

        async def count_turns() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async with (
            AsyncClient(KEY, server.url, timeouts=QUICK, ssl_context=trust) as client,
            client.stream_chat_completion(**CHAT_REQUEST) as stream,
        ):
            await anext(stream)
            counting = asyncio.create_task(count_turns())
            assert len([event async for event in stream]) == 2
            assert turns == 0
            counting.cancel()

    with Server(script, authority=authority if tls else None) as server:
        run_on(loop, main)


def test_what_is_no_http_is_said(loop: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"220 mail.example ESMTP\r\n")
        peer.gone()

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=QUICK) as client:
            with pytest.raises(RemoteProtocolError, match=r"not an answer in HTTP/1\.1"):
                await ask(client)

    with Server(script) as server:
        run_on(loop, main)


# --- connections that are kept ------------------------------------------------------------------------------------


@each_security
@pytest.mark.parametrize("what", ["a response", "a byte", "the end", "a reset"])
def test_whatever_happens_on_an_idle_connection_ends_it(
    loop: str, tls: bool, what: str, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    """Above all, a response that nobody asked for is not the next call's."""
    seen: list[str] = []

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(CHAT))
        assert idle.wait(10)
        match what:
            case "a response":
                peer.send(answer({**CHAT, "id": "pushed"}))
            case "a byte":
                peer.send(b"x")
            case "the end":
                peer.fin()
            case _:
                peer.rst()
                return
        if peer.number == 1:
            assert peer.gone()
            seen.append("gone")

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=QUICK, ssl_context=trust) as client:
            first = await client.create_chat_completion(**CHAT_REQUEST)
            idle.set()
            while server.open_connections:  # the client closes its end without being asked for anything
                await asyncio.sleep(0.01)
            second = await client.create_chat_completion(**CHAT_REQUEST)
            assert first.id == second.id == "c1"

    idle = threading.Event()
    with Server(script, authority=authority if tls else None) as server:
        run_on(loop, main)
        assert server.connections == 2
    assert seen == ["gone"] or what == "a reset"


@pytest.mark.parametrize("what", ["a response", "the end", "a reset"])
def test_what_the_loop_has_not_seen_yet_is_seen_before_the_next_call(loop: str, what: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(CHAT))
        assert idle.wait(10)
        if peer.number == 1:
            match what:
                case "a response":
                    peer.send(answer({**CHAT, "id": "pushed"}))
                case "the end":
                    peer.fin()
                case _:
                    peer.rst()
            pushed.set()
        peer.gone()

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=QUICK) as client:
            await ask(client)
            idle.set()
            assert pushed.wait(10)  # the loop stands still meanwhile
            assert (await client.create_chat_completion(**CHAT_REQUEST)).id == "c1"

    idle, pushed = threading.Event(), threading.Event()
    with Server(script) as server:
        run_on(loop, main)
        assert server.connections == 2


@pytest.mark.parametrize(("field", "connections"), [("Keep-Alive: timeout=1", 2), ("Keep-Alive: timeout=20", 1)])
def test_a_connection_has_a_greatest_age(loop: str, field: str, connections: int) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(CHAT, 200, field))

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=QUICK) as client:
            for _ in range(2):
                await ask(client)

    with Server(script) as server:
        run_on(loop, main)
        assert server.connections == connections


def test_surplus_bytes_are_thrown_away_with_their_connection(loop: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(CHAT) + answer({**CHAT, "id": "surplus"}))
        peer.gone()

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=QUICK) as client:
            for _ in range(2):
                assert (await client.create_chat_completion(**CHAT_REQUEST)).id == "c1"

    with Server(script) as server:
        run_on(loop, main)
        assert server.connections == 2


@pytest.mark.parametrize("size", [0, 2, 10])
def test_nobody_waits_for_a_connection_and_so_many_are_kept(loop: str, size: int) -> None:
    together = threading.Barrier(5)

    def script(peer: Peer) -> None:
        peer.request()
        together.wait(10)
        peer.send(answer(CHAT))
        serve(peer)

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=QUICK, pool_size=size) as client:
            assert await asyncio.gather(*[ask(client) for _ in range(5)]) == ["Hello world"] * 5
            kept = min(size, 5)
            while server.open_connections > kept:
                await asyncio.sleep(0.01)
            assert server.open_connections == kept
        while server.open_connections:
            await asyncio.sleep(0.01)

    with Server(script) as server:
        run_on(loop, main)


def test_a_closed_client_refuses_and_what_is_open_goes_on(loop: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), *map(chunk, CHAT_EVENTS), END)
        assert peer.gone()

    async def main() -> None:
        client = AsyncClient(KEY, server.url, timeouts=QUICK)
        unsent = client.stream_chat_completion(**CHAT_REQUEST)
        async with client.stream_chat_completion(**CHAT_REQUEST) as stream:
            await anext(stream)
            await client.aclose()
            with pytest.raises(LocalProtocolError, match="closed"):
                await unsent.result()
            await client.aclose()
            with pytest.raises(LocalProtocolError, match="closed"):
                await ask(client)
            with pytest.raises(LocalProtocolError, match="closed"):
                client.stream_chat_completion(**CHAT_REQUEST)
            assert words(await stream.result()) == "Hello world"

    with Server(script) as server:
        run_on(loop, main)


# --- loops --------------------------------------------------------------------------------------------------------


def test_each_loop_has_connections_of_its_own(loop: str) -> None:
    """Two loops at a time, in two threads, and one client."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(CHAT))
        peer.request()
        peer.send(answer(CHAT, 200, *(["Connection: close"] if peer.number == 2 else [])))
        serve(peer)

    async def first() -> None:
        async with client:
            await ask(client)
            await asyncio.to_thread(run_on, loop, second)
            await ask(client)
            assert server.connections == 2

    async def second() -> None:
        for _ in range(2):
            await ask(client)
        assert server.connections == 2

    with Server(script) as server:
        client = AsyncClient(KEY, server.url, timeouts=QUICK)
        run_on(loop, first)


def test_closing_reaches_other_loops_too(loop: str) -> None:
    closed = threading.Event()

    async def first() -> None:
        await ask(client)
        await asyncio.to_thread(run_on, loop, second)
        while server.open_connections:
            await asyncio.sleep(0.01)

    async def second() -> None:
        await ask(client)
        await client.aclose()
        while server.open_connections > 1:
            await asyncio.sleep(0.01)
        closed.set()

    with Server(serve) as server:
        client = AsyncClient(KEY, server.url, timeouts=QUICK)
        run_on(loop, first)
        assert closed.is_set()


def test_another_task_closes_the_stream(loop: str) -> None:
    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=QUICK) as client:
            stream = client.stream_chat_completion(**CHAT_REQUEST)
            await anext(stream)
            reading = asyncio.create_task(stream.result())
            await asyncio.sleep(0)
            await stream.aclose()
            with pytest.raises(StreamCancelled):
                await reading
            assert stream.end == "cancelled"
            while server.open_connections:
                await asyncio.sleep(0.01)

    with Server(once(sse() + chunk(CHAT_EVENTS[0]))) as server:
        run_on(loop, main)


def test_a_stream_may_be_dropped_by_any_thread(loop: str) -> None:
    left = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), chunk(CHAT_EVENTS[0]))
        if peer.gone():
            left.set()

    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=QUICK) as client:
            streams = [client.stream_chat_completion(**CHAT_REQUEST)]
            await anext(streams[0])
            with pytest.warns(ResourceWarning, match="unclosed"):
                await asyncio.to_thread(streams.clear)
            assert await asyncio.to_thread(left.wait, 10)

    with Server(script) as server:
        run_on(loop, main)


def test_a_client_that_nobody_closes_closes_its_idle_connections(loop: str) -> None:
    async def main() -> None:
        client = AsyncClient(KEY, server.url, timeouts=QUICK)
        await ask(client)
        assert server.open_connections == 1
        del client
        gc.collect()
        while server.open_connections:
            await asyncio.sleep(0.01)

    with Server(serve) as server:
        run_on(loop, main)
