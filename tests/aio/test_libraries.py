"""`AsyncClient(http=...)`: which clients of other libraries it takes, what it asks of them, and what stays theirs."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import re
import socket
import ssl
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import httpx2
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    AsyncClient,
    Client,
    ConfigurationError,
    ConnectError,
    ConnectionClosed,
    ConnectTimeout,
    IdleTimeout,
    LocalProtocolError,
    MimoError,
    ReadTimeout,
    Timeouts,
)
from tests.aio.test_secrets import behind
from tests.support.dummyserver import Peer, Server, answer, chunk, sse
from tests.support.outcomes import CHAT_JSON, KEY, assert_clean, words
from tests.support.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST
from tests.support.shells import ASYNC, LIBRARIES, call, make_http, open_shell, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BODY = CHAT_REQUEST
URL = "https://api.example.com/v1"


def whole(peer: Peer) -> None:
    while True:
        peer.request()
        peer.send(answer(CHAT))


# --- told apart ---------------------------------------------------------------------------------------------------


class Derived(httpx.AsyncClient):
    """One of a service's own."""


class Twice(Derived):
    pass


@pytest.mark.parametrize("kind", [Derived, Twice])
def test_a_client_of_a_class_derived_from_a_librarys(kind: type[Derived]) -> None:
    async def main() -> None:
        async with kind() as http:
            client = AsyncClient(KEY, server.url, http=http)
            assert words((await client.send(CHAT_COMPLETIONS, BODY)).value) == "Hello world"

    with Server(whole) as server:
        run(main)


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_librarys_client_stays_open(library: str) -> None:
    async def main() -> None:
        async with make_http(library) as http:
            for _ in range(2):
                async with AsyncClient(KEY, server.url, http=http) as client:
                    await client.send(CHAT_COMPLETIONS, BODY)
                with pytest.raises(LocalProtocolError, match="the client is closed"):
                    await client.send(CHAT_COMPLETIONS, BODY)

    with Server(whole) as server:
        run(main)
    assert (len(server.requests), server.connections) == (2, 1)


class Session:
    """One of another library, like that of requests."""


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "sync-httpx": (httpx.Client, "not an object of httpx.Client"),
    "sync-httpx2": (httpx2.Client, "not an object of httpx2.Client"),
    "another-library": (Session, "not an object of tests.Session"),
    "sync-ours": (lambda: Client(KEY, URL), "not an object of mimo_proto.Client"),
    "ours-for-asyncio": (lambda: AsyncClient(KEY, URL), "not an object of mimo_proto.AsyncClient"),
    "class-of-httpx": (lambda: httpx.AsyncClient, "not the class httpx.AsyncClient, of which it takes an object"),
    "class-of-aiohttp": (lambda: aiohttp.ClientSession, "not the class aiohttp.ClientSession"),
    "url": (lambda: URL, "not an object of builtins.str"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_client_of_a_known_library(name: str) -> None:
    make, says = WRONG[name]
    with contextlib.ExitStack() as stack:
        http = make()
        if name.startswith("sync"):
            stack.callback(http.close)
        with pytest.raises(ConfigurationError, match=re.escape(says)) as caught:
            AsyncClient(KEY, URL, http=http)
    assert "http= takes an aiohttp.ClientSession, httpx.AsyncClient or httpx2.AsyncClient" in str(caught.value)
    assert_clean(caught.value, 0)


@pytest.mark.parametrize(
    "beside",
    [{"pool_size": 3}, {"ssl_context": ssl.create_default_context()}, {"proxy": "http://me:hunter2@proxy:8080"}],
    ids=lambda beside: next(iter(beside)),
)
@pytest.mark.parametrize("library", LIBRARIES)
def test_what_the_librarys_client_decides_is_set_there(library: str, beside: dict[str, Any]) -> None:
    async def main() -> None:
        async with make_http(library) as http:
            with pytest.raises(ConfigurationError, match="belong to the client that is given as http=") as caught:
                AsyncClient(KEY, URL, http=http, **beside)
            assert_clean(caught.value, 0)
            assert "hunter2" not in f"{caught.value} {list(behind(caught.value))}"

    run(main)


# --- made ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", LIBRARIES)
def test_made_from_the_environment(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with open_shell(shell, None, api_key=None) as client:
            await client.send(CHAT_COMPLETIONS, BODY)
            assert repr(client) == f"<AsyncClient {server.url}>"

    with Server(whole) as server:
        monkeypatch.setenv("MIMO_API_KEY", KEY)
        monkeypatch.setenv("MIMO_BASE_URL", server.url)
        run(main)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_importing_the_client_imports_no_library() -> None:
    code = (
        "import sys; from mimo_proto import AsyncClient; AsyncClient('key'); "
        "assert not {'aiohttp', 'httpx', 'httpx2', 'urllib3', 'mimo_proto.client'} & set(sys.modules), set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_one_library_does_without_the_others(library: str) -> None:
    others = {"aiohttp", "httpx", "httpx2", "urllib3", "mimo_proto.client"} - {library}
    code = (
        f"import sys, {library}; from mimo_proto import AsyncClient; "
        f"AsyncClient('key', http={library}.AsyncClient()); "
        f"assert not {others} & set(sys.modules), set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- the libraries ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_closed_client_is_told_as_such(library: str) -> None:
    async def main() -> None:
        async with make_http(library) as http:
            client = AsyncClient(KEY, URL, http=http)
        with pytest.raises(LocalProtocolError, match="is closed"):
            await client.send(MODELS)

    run(main)


@pytest.mark.parametrize(
    ("library", "error"),
    [("httpx", ConnectionClosed), ("httpx2", ConnectionClosed), ("aiohttp", LocalProtocolError)],
)
def test_a_client_that_is_closed_inside_an_answer(library: str, error: type[MimoError]) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), chunk(CHAT_EVENTS[0]))
        assert peer.gone()

    async def main() -> None:
        async with make_http(library) as http:
            stream = AsyncClient(KEY, server.url, http=http).stream(CHAT_COMPLETIONS, CHAT_REQUEST)
            await anext(stream)
            reader = asyncio.create_task(stream.result())
            await asyncio.sleep(0)
        with pytest.raises(error) as caught:
            await reader
        assert_clean(caught.value)
        assert stream.end == "incomplete"

    with Server(script) as server:
        run(main)


@pytest.mark.parametrize("package", [httpx, httpx2])
def test_settings_of_the_httpx_client_that_count_and_that_do_not(package: Any) -> None:
    async def main() -> None:
        seen: list[Any] = []

        async def hook(request: Any) -> None:
            seen.append(request)

        async with package.AsyncClient(
            headers={"X-Default": "1"},
            params={"a": "b"},
            auth=("user", "password"),
            timeout=0.001,
            follow_redirects=True,
            event_hooks={"request": [hook]},
        ) as http:
            await AsyncClient(KEY, server.url, http=http).send(CHAT_COMPLETIONS, BODY)
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
            client = AsyncClient(KEY, server.url, http=http)
            await client.send(CHAT_COMPLETIONS, BODY)
        async with aiohttp.ClientSession(headers={"Authorization": "Basic x"}) as http:
            await AsyncClient(KEY, server.url, http=http).send(CHAT_COMPLETIONS, BODY)

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
                await AsyncClient(KEY, server.url, http=http).send(CHAT_COMPLETIONS, BODY)

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


@pytest.mark.parametrize("shell", ASYNC)
def test_connecting_has_a_clock(shell: str, black_hole: str) -> None:
    async def main() -> None:
        async with open_shell(shell, black_hole, timeouts=Timeouts(connect=0.1)) as client:
            seen = await call(client, CHAT_JSON)
            assert (seen.error, seen.told) == (ConnectTimeout, {"seconds": 0.1})

    run(main, shell)


@pytest.mark.parametrize("shell", ASYNC)
def test_a_request_that_is_not_taken(shell: str) -> None:
    request = {"model": "mimo-v2.6-pro", "messages": [{"role": "user", "content": "x" * 50_000_000}]}

    # aiohttp has no clock for sending: there it is the idle one's.
    timeouts, error = (Timeouts(idle=0.2), IdleTimeout) if shell == "aiohttp" else (Timeouts(read=0.2), ReadTimeout)

    async def main() -> None:
        async with open_shell(shell, server.url, timeouts=timeouts) as client:
            with pytest.raises(error):
                await client.send(CHAT_COMPLETIONS, request)
            # asyncio closes a transport when what was written has gone, or the peer has.
            enough.set()
            await asyncio.sleep(0.1)

    enough = threading.Event()
    with Server(lambda peer: enough.wait(20)) as server:
        run(main, shell)


@pytest.mark.parametrize("package", [httpx, httpx2])
def test_httpx_by_a_proxy_that_refuses(package: Any) -> None:
    async def main() -> None:
        async with package.AsyncClient(proxy=proxy.origin) as http:
            with pytest.raises(ConnectError):
                await AsyncClient(KEY, "https://api.example.com/v1", http=http).send(MODELS)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(b"no", 403))

    with Server(script) as proxy:
        run(main)


@pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")  # aiohttp says it too, in asyncio's debug mode
@pytest.mark.parametrize("shell", ASYNC)
@pytest.mark.parametrize("content_type", ["text/event-stream", "text/plain"])
def test_dropped_behind_its_loop(shell: str, content_type: str) -> None:
    """A stream that outlives its loop: nothing can be awaited any more, and nothing hangs."""
    streams: list[Any] = []

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse().replace(b"text/event-stream", content_type.encode()), chunk(CHAT_EVENTS[0]))
        peer.gone()

    async def main() -> None:
        async with open_shell(shell, server.url) as client:
            stream = client.stream(CHAT_COMPLETIONS, BODY)
            await anext(stream)
            streams.append(stream)

    with Server(script) as server:
        run(main, shell)
        streams[0].cancel()
        with pytest.warns(ResourceWarning, match="unclosed"):
            streams.clear()
        gc.collect()
