"""How AsyncClient connects: several addresses, keep-alive, TLS, tunnels. The rest is in the tests of faults."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import AsyncClient, ConnectError, ConnectTimeout, DeadlineExceeded, StreamCancelled, Timeouts
from mimo_proto.aio import connect
from mimo_proto.aio.connect import dial
from mimo_proto.call.keep_alive import keep_alive_options
from tests.support.connecting import address_of, port_of, resolve_to
from tests.support.dummyserver import Peer, Server, answer, once
from tests.support.loops import LOOPS, run_on
from tests.support.outcomes import KEY, words
from tests.support.payloads import CHAT, CHAT_REQUEST
from tests.support.server_tls import BROKEN_RECORD, ServerTLS, server_context
from tests.support.slowness import LATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import trustme

each_loop = pytest.mark.parametrize("loop", LOOPS)
HTTP = "http://localhost:9/v1"


@pytest.fixture
def refusing() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def live() -> Iterator[Server]:
    """A server that answers one call on a connection."""
    with Server(once(answer(CHAT))) as server:
        yield server


async def ask(**settings: Any) -> str:
    async with AsyncClient(KEY, HTTP, **settings) as client:
        return words(await client.create_chat_completion(**CHAT_REQUEST))


# --- several addresses (RFC 8305) ---------------------------------------------------------------------------------


@each_loop
def test_a_dead_address_costs_little(loop: str, black_hole: str, live: Server) -> None:
    async def main() -> None:
        sock = await dial([address_of(port_of(black_hole)), address_of(live.port)])
        with sock:
            assert sock.getpeername()[1] == live.port

    started = monotonic()
    run_on(loop, main)
    assert 0.2 < monotonic() - started < LATE


@each_loop
def test_an_address_that_refuses_costs_nothing(
    loop: str, refusing: int, live: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "ATTEMPT_DELAY_SECONDS", 60)

    async def main() -> None:
        with await dial([address_of(refusing), address_of(live.port)]) as sock:
            assert sock.getpeername()[1] == live.port

    run_on(loop, main)


@each_loop
def test_nobody_is_there(loop: str, refusing: int) -> None:
    async def main() -> None:
        with pytest.raises(ConnectionError, match=f"{refusing}.*; .*{refusing}"):
            await dial([address_of(refusing)] * 2)
        with pytest.raises(ConnectionError, match="no address"):
            await dial([])

    run_on(loop, main)


@each_loop
def test_what_connects_when_it_is_not_needed_any_more_is_closed(
    loop: str, live: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that connect at once: one is taken."""
    real = connect.connect_socket
    connected: list[socket.socket] = []
    both = asyncio.Event()

    async def connect_together(*arguments: Any) -> socket.socket:
        sock = await real(*arguments)
        connected.append(sock)
        if len(connected) == 2:
            both.set()
        await both.wait()
        return sock

    monkeypatch.setattr(connect, "ATTEMPT_DELAY_SECONDS", 0)
    monkeypatch.setattr(connect, "connect_socket", connect_together)

    async def main() -> None:
        with await dial([address_of(live.port)] * 2):
            while live.open_connections > 1:
                await asyncio.sleep(0.01)
        while live.open_connections:
            await asyncio.sleep(0.01)

    run_on(loop, main)


def test_the_families_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8305, 4."""
    tried: list[Any] = []

    async def refuse(_: Any, address: Any) -> socket.socket:
        tried.append(address[4][1])
        raise OSError(f"{address[4][1]} refuses")

    monkeypatch.setattr(connect, "connect_socket", refuse)
    addresses = [address_of(port, host) for port, host in [(1, "::1"), (2, "::1"), (3, "127.0.0.1"), (4, "::1")]]
    with pytest.raises(ConnectionError, match="1 refuses; 3 refuses; 2 refuses; 4 refuses"):
        run_on("asyncio", lambda: dial(addresses))
    assert tried == [1, 3, 2, 4]


@pytest.mark.parametrize("others", [0, 1, 50])
def test_the_connect_clock_bounds_all_addresses_together(
    others: int, black_hole: str, refusing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when all but one have been given up."""
    dead = address_of(port_of(black_hole))
    addresses = [dead, address_of(refusing)] if others == 1 else [dead] * (1 + others)
    monkeypatch.setattr(socket, "getaddrinfo", resolve_to(addresses))
    started = monotonic()
    with pytest.raises(ConnectTimeout):
        run_on("asyncio", lambda: ask(timeouts=Timeouts(connect=0.5)))
    with pytest.raises(DeadlineExceeded):
        run_on("asyncio", lambda: ask(timeouts=Timeouts(total=0.5)))
    assert monotonic() - started < 2 * LATE


def test_name_resolution_is_outside_of_the_clocks(live: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = threading.Event()

    def getaddrinfo(*_: object, **__: object) -> Any:
        resolved.wait(0.5)
        return [address_of(live.port)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert run_on("asyncio", lambda: ask(timeouts=Timeouts(connect=0.3, idle=0.3))) == "Hello world"


def test_cancel_while_several_addresses_are_tried(black_hole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trying = threading.Event()
    real = connect.dial

    async def tell(addresses: Any) -> socket.socket:
        trying.set()
        return await real(addresses)

    async def main() -> None:
        async with AsyncClient(KEY, HTTP, timeouts=Timeouts(connect=None)) as client:
            stream = client.stream_chat_completion(**CHAT_REQUEST)
            opening = asyncio.create_task(stream.__aenter__())
            await asyncio.to_thread(trying.wait, 10)
            await asyncio.to_thread(stream.cancel)
            with pytest.raises(StreamCancelled):
                await opening

    monkeypatch.setattr(connect, "dial", tell)
    monkeypatch.setattr(socket, "getaddrinfo", resolve_to([address_of(port_of(black_hole))] * 3))
    started = monotonic()
    run_on("asyncio", main)
    assert monotonic() - started < LATE


# --- sockets ------------------------------------------------------------------------------------------------------


@each_loop
def test_tcp_keeps_the_connection_alive(loop: str, live: Server) -> None:
    async def main() -> None:
        with await dial([address_of(live.port)]) as sock:
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
            for level, name, value in keep_alive_options(socket):
                assert sock.getsockopt(level, name) == value

    run_on(loop, main)


def test_a_socket_that_the_loop_does_not_take_is_closed(live: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    async def main() -> None:
        async with AsyncClient(KEY, live.url) as client:
            with pytest.raises(ConnectError, match="Too many open files"):
                await client.create_chat_completion(**CHAT_REQUEST)
        while not live.connections or live.open_connections:
            await asyncio.sleep(0.01)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", refuse)
    run_on("asyncio", main)


# --- TLS ----------------------------------------------------------------------------------------------------------


@each_loop
@pytest.mark.parametrize("pushed", [True, False], ids=["a response", "a broken record"])
def test_a_server_that_speaks_before_it_is_asked(
    loop: str, pushed: bool, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    """Its response, which comes together with the end of the handshake, is no answer to the request."""
    context = server_context(authority, "127.0.0.1")
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # where the server's message is the last one

    def script(peer: Peer) -> None:
        tls = ServerTLS(peer, context)
        tls.handshake()
        peer.send(tls.records(answer({**CHAT, "id": "pushed"})) if pushed else tls.unsent() + BROKEN_RECORD)
        peer.gone()

    async def main() -> None:
        async with AsyncClient(KEY, url, ssl_context=trust, timeouts=Timeouts(connect=5, read=5)) as client:
            with pytest.raises(ConnectError, match="before it was asked"):
                await client.create_chat_completion(**CHAT_REQUEST)

    with Server(script) as server:
        url = server.url.replace("http:", "https:")
        run_on(loop, main)


@each_loop
def test_bytes_behind_the_response_to_connect_belong_to_nobody(loop: str) -> None:
    """The origin is to be asked for TLS first."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
        peer.gone()

    async def main() -> None:
        async with AsyncClient(KEY, "https://api.example.com/v1", proxy=proxy.origin) as client:
            with pytest.raises(ConnectError, match="behind its answer to CONNECT"):
                await client.create_chat_completion(**CHAT_REQUEST)

    with Server(script) as proxy:
        run_on(loop, main)


@each_loop
@pytest.mark.parametrize("way", ["ends", "resets"])
@pytest.mark.parametrize("proxied", [False, True], ids=["handshake", "tunnel"])
def test_a_connection_that_breaks_while_it_is_made(loop: str, way: str, proxied: bool) -> None:
    """Nothing of the call has been sent."""

    def script(peer: Peer) -> None:
        peer.sock.recv(65536)
        if way == "ends":
            peer.fin()
            peer.gone()
        else:
            peer.rst()

    async def main() -> None:
        url, proxy = (
            ("https://api.example.com/v1", server.origin) if proxied else (f"https://127.0.0.1:{server.port}", None)
        )
        async with AsyncClient(KEY, url, proxy=proxy) as client:
            with pytest.raises(ConnectError, match="no connection: "):
                await client.create_chat_completion(**CHAT_REQUEST)

    with Server(script) as server:
        run_on(loop, main)
