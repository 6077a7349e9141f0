"""What is the adapters' own: how they are made, what they ask of their libraries, and how they hand over."""

from __future__ import annotations

import asyncio
import gc
import importlib
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import httpx
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    Client,
    ConfigurationError,
    ConnectError,
    ConnectTimeout,
    IdleTimeout,
    LocalProtocolError,
    ReadTimeout,
    StreamCancelled,
    Timeouts,
)
from mimo_proto.aio.aiohttp import AiohttpAdapter
from mimo_proto.aio.httpx import HTTPXAdapter
from mimo_proto.aio.threads import MAX_WAITING_EVENTS, Handover, ThreadsAdapter, pump
from mimo_proto.http.attempts import SyncCall
from mimo_proto.http.transport import READ_BYTES
from tests.support.dummyserver import END, Peer, Server, answer, chunk, sse
from tests.support.outcomes import CHAT_JSON, KEY, assert_clean, words
from tests.support.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST, DONE, chat_chunk
from tests.support.shells import ADAPTERS, call, open_shell, run

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY = CHAT_REQUEST
HOLDING_KEYS = ("httpx", "aiohttp")


def whole(peer: Peer) -> None:
    while True:
        peer.request()
        peer.send(answer(CHAT))


# --- made ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", HOLDING_KEYS)
def test_made_from_the_environment(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with open_shell(shell, None, api_key=None) as adapter:
            await adapter.send(CHAT_COMPLETIONS, BODY)
            assert repr(adapter).endswith(f" {server.url}>")

    with Server(whole) as server:
        monkeypatch.setenv("MIMO_API_KEY", KEY)
        monkeypatch.setenv("MIMO_BASE_URL", server.url)
        run(main)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("shell", HOLDING_KEYS)
@pytest.mark.parametrize("wrong", [{"api_key": "a\nb"}, {"api_key": ""}, {"headers": {"Host": "x"}}, {"auth": "basic"}])
def test_made_wrongly(shell: str, wrong: dict[str, Any]) -> None:
    async def main() -> None:
        async with open_shell(shell, "https://api.example.com/v1", **wrong):
            pass

    with pytest.raises(ConfigurationError) as caught:
        run(main)
    assert "a\nb" not in str(caught.value)


@pytest.mark.parametrize("shell", HOLDING_KEYS)
def test_http_to_elsewhere_is_refused(shell: str) -> None:
    async def main() -> None:
        async with open_shell(shell, "http://api.example.com/v1"):
            pass

    with pytest.raises(ConfigurationError):
        run(main)


@pytest.mark.parametrize("shell", HOLDING_KEYS)
def test_not_pickled(shell: str) -> None:
    async def main() -> None:
        async with open_shell(shell, "https://api.example.com/v1") as adapter:
            assert KEY not in repr(adapter)
            with pytest.raises(TypeError):
                pickle.dumps(adapter)

    run(main)


@pytest.mark.parametrize("name", HOLDING_KEYS)
def test_without_the_library_the_extra_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"mimo_proto.aio.{name}")
    with pytest.raises(ImportError, match=rf"mimo-proto\[{name}\]"):
        importlib.import_module(f"mimo_proto.aio.{name}")


def test_importing_one_imports_no_other() -> None:
    code = (
        "import sys, mimo_proto.aio.httpx; "
        "assert not {'aiohttp', 'urllib3', 'mimo_proto.client'} & set(sys.modules), set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- the libraries ------------------------------------------------------------------------------------------------


def test_a_closed_client_is_told_as_such() -> None:
    async def main() -> None:
        http = httpx.AsyncClient()
        await http.aclose()
        with pytest.raises(LocalProtocolError):
            await HTTPXAdapter(http, KEY).send(MODELS)
        session = aiohttp.ClientSession()
        await session.close()
        with pytest.raises(LocalProtocolError):
            await AiohttpAdapter(session, KEY).send(MODELS)

    run(main)


def test_settings_of_the_httpx_client_that_count_and_that_do_not() -> None:
    async def main() -> None:
        seen: list[httpx.Request] = []

        async def hook(request: httpx.Request) -> None:
            seen.append(request)

        async with httpx.AsyncClient(
            headers={"X-Default": "1"},
            params={"a": "b"},
            auth=("user", "password"),
            timeout=0.001,
            follow_redirects=True,
            event_hooks={"request": [hook]},
        ) as http:
            await HTTPXAdapter(http, KEY, server.url).send(CHAT_COMPLETIONS, BODY)
        assert len(seen) == 1

    with Server(whole) as server:
        run(main)
    [request] = server.requests
    assert request.target == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert "x-default" not in request.headers


def test_settings_of_the_aiohttp_session_that_count_and_that_do_not() -> None:
    async def main() -> None:
        async with aiohttp.ClientSession(
            headers={"X-Default": "1", "User-Agent": "me"},
            timeout=aiohttp.ClientTimeout(total=0.001),
            raise_for_status=True,
        ) as http:
            adapter = AiohttpAdapter(http, KEY, server.url)
            await adapter.send(CHAT_COMPLETIONS, BODY)
        async with aiohttp.ClientSession(headers={"Authorization": "Basic x"}) as http:
            await AiohttpAdapter(http, KEY, server.url).send(CHAT_COMPLETIONS, BODY)

    with Server(whole) as server:
        run(main)
    for request in server.requests:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["user-agent"].startswith("mimo-proto/")
    assert server.requests[0].headers["x-default"] == "1"


def test_aiohttp_refuses_a_netrc_beside_the_key(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    async def main() -> None:
        async with aiohttp.ClientSession(trust_env=True) as http:
            with pytest.raises(ConfigurationError, match="aiohttp refuses"):
                await AiohttpAdapter(http, KEY, server.url).send(CHAT_COMPLETIONS, BODY)

    with Server(whole) as server:
        run(main)
    assert not server.requests


@pytest.fixture
def black_hole() -> Iterator[str]:
    """An address where connections are neither taken nor refused: the listener's queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        fillers: list[socket.socket] = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize("shell", ADAPTERS)
def test_connecting_has_a_clock(shell: str, black_hole: str) -> None:
    async def main() -> None:
        async with open_shell(shell, black_hole, timeouts=Timeouts(connect=0.1)) as adapter:
            seen = await call(adapter, CHAT_JSON)
            assert (seen.error, seen.told) == (ConnectTimeout, {"seconds": 0.1})

    run(main)


@pytest.mark.parametrize("shell", ADAPTERS)
def test_a_request_that_is_not_taken(shell: str) -> None:
    request = {"model": "mimo-v2.6-pro", "messages": [{"role": "user", "content": "x" * 50_000_000}]}

    # aiohttp has no clock for sending: there it is the idle one's.
    timeouts, error = (Timeouts(idle=0.2), IdleTimeout) if shell == "aiohttp" else (Timeouts(read=0.2), ReadTimeout)

    async def main() -> None:
        async with open_shell(shell, server.url, timeouts=timeouts) as adapter:
            with pytest.raises(error):
                await adapter.send(CHAT_COMPLETIONS, request)
            # asyncio closes a transport when what was written has gone, or the peer has.
            enough.set()
            await asyncio.sleep(0.1)

    enough = threading.Event()
    with Server(lambda peer: enough.wait(20)) as server:
        run(main)


def test_httpx_by_a_proxy_that_refuses() -> None:
    async def main() -> None:
        async with httpx.AsyncClient(proxy=proxy.origin) as http:
            with pytest.raises(ConnectError):
                await HTTPXAdapter(http, KEY, "https://api.example.com/v1").send(MODELS)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(b"no", 403))

    with Server(script) as proxy:
        run(main)


@pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")  # aiohttp says it too, in asyncio's debug mode
@pytest.mark.parametrize("shell", ADAPTERS)
@pytest.mark.parametrize("content_type", ["text/event-stream", "text/plain"])
def test_dropped_behind_its_loop(shell: str, content_type: str) -> None:
    """A stream that outlives its loop: nothing can be awaited any more, and nothing hangs."""
    streams: list[Any] = []

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse().replace(b"text/event-stream", content_type.encode()), chunk(CHAT_EVENTS[0]))
        peer.gone()

    async def main() -> None:
        async with open_shell(shell, server.url) as adapter:
            stream = adapter.stream(CHAT_COMPLETIONS, BODY)
            await anext(stream)
            streams.append(stream)

    with Server(script) as server:
        run(main)
        streams[0].cancel()
        with pytest.warns(ResourceWarning, match="unclosed"):
            streams.clear()
        gc.collect()


# --- threads ------------------------------------------------------------------------------------------------------


def stream_of(count: int) -> Any:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), chunk(chat_chunk("x") * count), chunk(chat_chunk(None, "stop")), chunk(DONE), END)
        peer.gone()

    return script


async def held(read: list[bytes]) -> None:
    """Wait until the thread has read as many events as may wait, and for as long as it would read on."""
    while b"".join(read).count(b"data: ") < MAX_WAITING_EVENTS:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)


def test_a_slow_loop_holds_the_thread() -> None:
    async def main() -> None:
        read: list[bytes] = []
        with Client(KEY, server.url) as client:
            async with (
                ThreadsAdapter(client) as adapter,
                adapter.stream(CHAT_COMPLETIONS, BODY, tee=read.append) as stream,
            ):
                await held(read)
                events = b"".join(read).count(b"data: ")
                assert MAX_WAITING_EVENTS <= events < MAX_WAITING_EVENTS + READ_BYTES / len(chat_chunk("x"))
                assert words(await stream.result()) == "x" * 5000

    with Server(stream_of(5000)) as server:
        run(main)


def test_a_thread_that_is_held_is_let_go_when_the_stream_is_left() -> None:
    async def main() -> None:
        with Client(KEY, server.url) as client:
            async with ThreadsAdapter(client) as adapter, adapter.stream(CHAT_COMPLETIONS, BODY) as stream:
                await anext(stream)
                await asyncio.sleep(0.05)

    with Server(stream_of(5000)) as server:
        run(main)


class Endless:
    """A stream that goes on until it is cancelled."""

    cancelled = False

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass

    def __iter__(self) -> Iterator[int]:
        while not self.cancelled:
            yield 1
        raise StreamCancelled("cancelled")

    def cancel(self) -> None:
        self.cancelled = True


def test_a_thread_that_is_held_notices_that_the_loop_is_closed() -> None:
    loop = asyncio.new_event_loop()
    handover: Handover[int] = Handover(deque(range(MAX_WAITING_EVENTS)))
    handover.attach(loop)
    loop.close()
    stream = Endless()
    pump(cast("Any", stream), handover)
    assert stream.cancelled
    assert isinstance(handover.take_failure(), StreamCancelled)


def test_calls_wait_for_a_thread_and_can_be_cancelled_meanwhile() -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        go_on.wait(10)
        peer.send(answer(CHAT))
        peer.gone()

    async def main() -> None:
        with Client(KEY, server.url) as client:
            async with ThreadsAdapter(client, threads=1) as adapter:
                assert repr(adapter) == f"<ThreadsAdapter {client!r}>"
                first = asyncio.create_task(adapter.send(CHAT_COMPLETIONS, BODY))
                await asyncio.sleep(0.05)
                second = asyncio.create_task(adapter.send(CHAT_COMPLETIONS, BODY))
                stream = adapter.stream(CHAT_COMPLETIONS, BODY)
                asyncio.get_running_loop().call_later(0.05, stream.cancel)
                with pytest.raises(StreamCancelled) as caught:
                    await stream.result()
                assert caught.value.attempts == 0
                second.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await second
                go_on.set()
                assert words((await first).value) == "Hello world"

    with Server(script) as server:
        run(main)
    assert len(server.requests) == 1


def test_closing_the_adapter_ends_what_is_under_way() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.gone()

    async def main() -> None:
        with Client(KEY, server.url) as client:
            async with ThreadsAdapter(client) as adapter:
                tasks = [asyncio.create_task(adapter.send(CHAT_COMPLETIONS, BODY)) for _ in range(3)]
                await asyncio.sleep(0.1)
            for task in tasks:
                with pytest.raises(StreamCancelled):
                    await task
            stream = adapter.stream(CHAT_COMPLETIONS, BODY)
            await stream.aclose()
            assert stream.end == "cancelled"

    with Server(script) as server:
        run(main)


def test_a_closed_adapter_refuses_calls() -> None:
    async def main() -> None:
        with Client(KEY, server.url) as client:
            adapter = ThreadsAdapter(client)
            stream = adapter.stream(CHAT_COMPLETIONS, BODY)
            await adapter.aclose()
            await adapter.aclose()
            with pytest.raises(LocalProtocolError, match="the adapter is closed") as caught:
                await adapter.send(CHAT_COMPLETIONS, BODY)
            assert_clean(caught.value, 0)
            for read in (
                stream.__aenter__,
                stream.__anext__,
                stream.result,
                adapter.stream(CHAT_COMPLETIONS, BODY).result,
            ):
                with pytest.raises(LocalProtocolError, match="the adapter is closed") as caught:
                    await read()
                assert_clean(caught.value, 0)
            assert stream.end == "incomplete"
            await stream.aclose()

    with Server(whole) as server:
        run(main)
    assert not server.requests


def test_closing_the_adapter_ends_what_waits_for_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()
    cancel = SyncCall.cancel

    def cancel_slowly(call: SyncCall) -> bool:
        """The thread is set free before the closing has come to the others."""
        was_open = cancel(call)
        time.sleep(0.02)
        return was_open

    def script(peer: Peer) -> None:
        peer.request()
        asked.set()
        peer.gone()

    async def main() -> None:
        with Client(KEY, server.url) as client:
            async with ThreadsAdapter(client, threads=1) as adapter:
                calls: list[asyncio.Task[Any]] = [asyncio.create_task(adapter.send(CHAT_COMPLETIONS, BODY))]
                assert await asyncio.to_thread(asked.wait, 10)
                streams = [adapter.stream(CHAT_COMPLETIONS, BODY) for _ in range(2)]
                work: list[Any] = [adapter.send(CHAT_COMPLETIONS, BODY) for _ in range(2)]
                work += [stream.result() for stream in streams]
                calls += map(asyncio.create_task, work)
                await asyncio.sleep(0)
                monkeypatch.setattr(SyncCall, "cancel", cancel_slowly)
            for number, task in enumerate(calls):
                with pytest.raises(StreamCancelled) as caught:
                    await task
                assert_clean(caught.value, 1 if number == 0 else 0)
            assert {stream.end for stream in streams} == {"cancelled"}

    with Server(script) as server:
        run(main)
    assert len(server.requests) == 1


def test_closing_the_adapter_lets_a_held_thread_go() -> None:
    async def main() -> None:
        with Client(KEY, server.url) as client:
            async with ThreadsAdapter(client) as adapter:
                read: list[bytes] = []
                stream: Any = adapter.stream(CHAT_COMPLETIONS, BODY, tee=read.append)
                await anext(stream)
                await held(read)
            with pytest.raises(StreamCancelled) as caught:
                await stream.result()
            assert len(words(caught.value.partial)) >= MAX_WAITING_EVENTS

    with Server(stream_of(5000)) as server:
        run(main)


def test_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        with Client(KEY, server.url) as client:
            async with ThreadsAdapter(client) as adapter:
                stream = adapter.stream(CHAT_COMPLETIONS, BODY)
                with monkeypatch.context() as patch:
                    patch.setattr(threading.Thread, "start", start)
                    with pytest.raises(RuntimeError, match="can't start new thread"):
                        await anext(stream)
                with pytest.raises(StreamCancelled):
                    await stream.result()

    with Server(whole) as server:
        run(main)
    assert not server.requests


class Late(deque[int]):
    """Events that come between two looks."""

    def __init__(self, looks: int) -> None:
        super().__init__([1])
        self.looks = looks

    def __bool__(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_an_event_that_comes_just_before_the_loop_falls_asleep_wakes_it() -> None:
    async def main() -> bool:
        handover: Handover[int] = Handover(Late(1))
        handover.attach(asyncio.get_running_loop())
        return await handover.wait(head=False)

    assert run(main) is False
