"""Where and how long a call may live: another task, another loop, no loop of asyncio, the end of the process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from mimo_proto import CHAT_COMPLETIONS, AsyncClient, ConnectError, HeadReceived, LocalProtocolError, StreamCancelled
from tests.support.dummyserver import Peer, Server, answer, chunk, sse
from tests.support.loops import LOOPS
from tests.support.outcomes import KEY, assert_clean, words
from tests.support.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST
from tests.support.shells import ASYNC, LIBRARIES, SHELLS, make_http, open_shell, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from mimo_proto.observe import Observation


def begins(*pieces: bytes) -> Callable[[Peer], None]:
    """Answer so, and wait for the client to leave."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*pieces)
        assert peer.gone()

    return script


def whole(peer: Peer) -> None:
    while True:
        peer.request()
        peer.send(answer(CHAT))


@pytest.mark.parametrize("shell", ASYNC)
@pytest.mark.parametrize("pieces", [(), (sse(),), (sse(), chunk(CHAT_EVENTS[0]))], ids=["head", "first", "second"])
def test_closed_by_another_task(shell: str, pieces: tuple[bytes, ...]) -> None:
    asked = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*pieces)
        asked.set()
        assert peer.gone()

    async def main() -> None:
        async with open_shell(shell, server.url) as client:
            stream = client.stream(CHAT_COMPLETIONS, CHAT_REQUEST)
            reader = asyncio.create_task(stream.result())
            assert await asyncio.to_thread(asked.wait, 10)
            await asyncio.sleep(0.05)
            await stream.aclose()
            assert stream.end == "cancelled"
            with pytest.raises(StreamCancelled) as caught:
                await reader
            assert_clean(caught.value)
            assert words(caught.value.partial) == ("Hello" if len(pieces) == 2 else "")
            assert stream.end == "cancelled"
            with pytest.raises(StreamCancelled):
                await stream.result()

    with Server(script) as server:
        run(main, shell)


@pytest.mark.parametrize("shell", ASYNC)
def test_two_tasks_that_read_one_stream(shell: str) -> None:
    async def main() -> None:
        async with open_shell(shell, server.url) as client, client.stream(CHAT_COMPLETIONS, CHAT_REQUEST) as stream:
            await anext(stream)
            assert await stream.__aenter__() is stream  # which has been sent, and is not sent again
            first = asyncio.create_task(stream.result())
            await asyncio.sleep(0)
            with pytest.raises(LocalProtocolError, match="one task at a time"):
                await anext(stream)
            first.cancel()
            await asyncio.wait([first])

    with Server(begins(sse(), chunk(CHAT_EVENTS[0]))) as server:
        run(main, shell)
    assert len(server.requests) == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_closed_while_the_head_comes(shell: str) -> None:
    """The connection that the reader gets then is closed all the same."""
    left = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), chunk(CHAT_EVENTS[0]))
        assert peer.gone()
        left.set()

    def close(observation: Observation) -> None:
        if isinstance(observation, HeadReceived):
            with pytest.raises(StopIteration):  # it waits for nothing
                streams[0].aclose().send(None)

    async def main() -> None:
        async with open_shell(shell, server.url, observer=close) as client:
            streams.append(client.stream(CHAT_COMPLETIONS, CHAT_REQUEST))
            with pytest.raises(StreamCancelled):
                await streams[0].result()
            assert streams[0].end == "cancelled"
            assert await asyncio.to_thread(left.wait, 5)

    streams: list[Any] = []
    with Server(script) as server:
        run(main, shell)


@pytest.mark.parametrize("shell", ASYNC)
@pytest.mark.parametrize("is_read", [True, False], ids=["read", "unread"])
def test_closed_by_another_loop(shell: str, is_read: bool) -> None:
    async def main() -> None:
        async with open_shell(shell, server.url) as client:
            stream = client.stream(CHAT_COMPLETIONS, CHAT_REQUEST)
            await anext(stream)
            reader = asyncio.create_task(stream.result() if is_read else asyncio.sleep(0))
            await asyncio.sleep(0.05)
            await asyncio.to_thread(asyncio.run, stream.aclose(), debug=True)  # which refuses what is not for threads
            assert stream.end == "cancelled"
            if is_read:
                with pytest.raises(StreamCancelled):
                    await reader
            assert await asyncio.to_thread(left.wait, 10)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), chunk(CHAT_EVENTS[0]))
        assert peer.gone()
        left.set()

    left = threading.Event()
    with Server(script) as server:
        run(main, shell)


@pytest.mark.parametrize("shell", [shell for shell in ASYNC if shell != "httpx2"])  # whose generators complain
@pytest.mark.parametrize("runs", ["asyncio", "trio"])
def test_a_stream_is_read_in_its_own_loop(shell: str, runs: str) -> None:
    async def begin() -> None:
        http.append(make_http(shell) if shell in LIBRARIES else None)
        streams.append(AsyncClient(KEY, server.url, http=http[0]).stream(CHAT_COMPLETIONS, CHAT_REQUEST))
        await anext(streams[0])

    async def go_on() -> None:
        with pytest.raises(LocalProtocolError, match="the event loop in which it was asked for") as caught:
            await anext(streams[0])
        assert_clean(caught.value)
        assert words(caught.value.partial) == "Hello"
        await streams[0].aclose()

    streams: list[Any] = []
    http: list[Any] = []
    with Server(begins(sse(), chunk(CHAT_EVENTS[0]))) as server, asyncio.Runner(loop_factory=LOOPS.get(shell)) as first:
        first.run(begin())
        trio.run(go_on) if runs == "trio" else run(go_on)
        if http[0] is not None:
            first.run(http[0].__aexit__(None, None, None))
        first.run(asyncio.sleep(0.01))  # where the connection is closed


@pytest.mark.parametrize("library", LIBRARIES)
def test_another_loop(library: str) -> None:
    """The connections of the pool belong to the first one, where nobody can wait for them any more."""
    clients: list[Any] = []

    async def first() -> None:
        async with make_http(library) as http:
            clients.append(AsyncClient(KEY, server.url, http=http))
            await clients[0].send(CHAT_COMPLETIONS, CHAT_REQUEST)

    async def second() -> None:
        with pytest.raises(LocalProtocolError, match=r"inside each asyncio\.run") as caught:
            await clients[0].send(CHAT_COMPLETIONS, CHAT_REQUEST)
        assert_clean(caught.value, 0)
        with pytest.raises(LocalProtocolError, match=r"inside each asyncio\.run"):
            await clients[0].stream(CHAT_COMPLETIONS, CHAT_REQUEST).result()

    with Server(whole) as server:
        run(first)
        run(second)
    assert len(server.requests) == 1


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_client_that_was_used_in_another_loop(library: str) -> None:
    clients: list[Any] = []

    async def call() -> None:
        if not clients:
            clients.append(make_http(library))
        await AsyncClient(KEY, server.url, http=clients[0]).send(CHAT_COMPLETIONS, CHAT_REQUEST)

    with Server(whole) as server, asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(call())
        with pytest.raises(LocalProtocolError, match="event loop") as caught:
            second.run(call())
        assert_clean(caught.value)
        first.run(clients[0].__aexit__(None, None, None))


@pytest.mark.parametrize("shell", ["asyncio", *LIBRARIES])  # uvloop has threads of its own for names
def test_without_a_thread_that_resolves_names(shell: str) -> None:
    """As in a call from atexit, or at the system's limit of threads."""

    async def main() -> None:
        with ThreadPoolExecutor(1) as executor:
            asyncio.get_running_loop().set_default_executor(executor)
        async with open_shell(shell, "http://localhost:9/v1") as client:
            with pytest.raises(ConnectError, match="resolved in a thread") as caught:
                await client.send(CHAT_COMPLETIONS, CHAT_REQUEST)
        assert_clean(caught.value)

    run(main)


@pytest.mark.parametrize("with_httpx", [False, True], ids=["by-itself", "httpx"])
def test_under_trio(with_httpx: bool) -> None:
    async def main() -> None:
        async with httpx.AsyncClient() as http:
            client = AsyncClient(KEY, "https://api.example.com/v1", http=http if with_httpx else None)
            with pytest.raises(LocalProtocolError, match="trio") as caught:
                await client.send(CHAT_COMPLETIONS, CHAT_REQUEST)
            assert_clean(caught.value, 0)
            stream = client.stream(CHAT_COMPLETIONS, CHAT_REQUEST)
            with pytest.raises(LocalProtocolError, match="trio"):
                async with stream:
                    pass
            await stream.aclose()
            with pytest.raises(LocalProtocolError, match="trio"):
                async with client:
                    await client.list_models()

    trio.run(main)


LEFT_OPEN = """
import asyncio, sys
from mimo_proto import CHAT_COMPLETIONS, AsyncClient

library, url, how = sys.argv[1:]
kept = []

def http():
    if library == "aiohttp":
        import aiohttp
        return aiohttp.ClientSession()
    if library in ("httpx", "httpx2"):
        return __import__(library).AsyncClient()
    return None

async def main():
    client = AsyncClient("sk-test-key-0000", url, http=http())
    for _ in range(3):
        stream = client.stream(CHAT_COMPLETIONS, {"model": "m", "messages": []}, validate=False)
        kept.append((client, stream))
        await anext(stream)
    if how == "waiting":
        reader = asyncio.create_task(stream.result())
        kept.append(reader)
        await asyncio.sleep(0)
    print("open", flush=True)
    if how == "raises":
        raise SystemExit(3)

if library == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["returns", "waiting", "raises"])
@pytest.mark.parametrize("shell", ASYNC)
def test_a_process_with_open_streams_ends(shell: str, how: str) -> None:
    with Server(begins(sse(), chunk(CHAT_EVENTS[0]))) as server:
        command = [sys.executable, "-c", LEFT_OPEN, shell, server.url, how]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        begun = monotonic()
        _, said = process.communicate(timeout=10)
        # A clock or a thread that is waited for would take five minutes or more.
        assert monotonic() - begun < 5
    assert process.returncode == (3 if how == "raises" else 0)
    # httpx2's generators close each other, and asyncio, which closes all of them at once, writes that this failed.
    assert shell == "httpx2" or "Traceback" not in said
    assert "mimo_proto" not in said
