"""Open a connection in asyncio: addresses, TCP, a proxy's tunnel, TLS.

Rules:

- Of several addresses the first that connects is taken; their order, and when the next one is tried, are those of
  `call.addresses`. The sockets are made here, as uvloop does not do this by itself.
- One clock bounds all of it but name resolution, which runs in a thread that cannot be ended.
- Certificates are verified for the host of the URL, at the proxy and at the origin.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections import deque
from typing import TYPE_CHECKING

from mimo_proto.aio.connection import AsyncConnection
from mimo_proto.call.addresses import ATTEMPT_DELAY_SECONDS, take_turns
from mimo_proto.call.keep_alive import keep_alive_options
from mimo_proto.call.route import unresolved
from mimo_proto.call.tunnel import TunnelResponse

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Sequence

    from mimo_proto.call.addresses import AddressInfo
    from mimo_proto.call.route import Route

__all__ = ["connect", "dial"]


async def connect(
    route: Route, context: Callable[[], ssl.SSLContext], buffer: memoryview, seconds: float | None
) -> AsyncConnection:
    """Open a connection to the origin of a route, by its proxy.

    Args:
        route: The way there.
        context: Gives the context for TLS, to the proxy too.
        buffer: What the loop reads into.
        seconds: How long it may take, name resolution excluded; None: for ever.

    Raises:
        OSError, ValueError: There is no connection. TimeoutError: not in time.
        ConnectError: The proxy does not open a tunnel.
    """
    loop = asyncio.get_running_loop()
    addresses = await resolve(route)
    async with asyncio.timeout(seconds):
        sock = await dial(addresses)
        connection = await _attach(loop, sock, buffer)
        try:
            if route.address.tls:
                await connection.start_tls(context(), route.address.name)
            if route.tunnelled:
                await _open_tunnel(connection, route)
                await connection.start_tls(context(), route.origin.name)
        except BaseException:
            connection.abort()
            raise
    return connection


async def resolve(route: Route) -> Sequence[AddressInfo]:
    """Look up the addresses of what a route connects to.

    Raises:
        OSError: There is none.
    """
    host, port, _ = route.address
    try:
        if _is_address(host):  # no thread is asked
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        problem = unresolved(route, error, os.getenv)
    raise OSError(problem)


def _is_address(host: str) -> bool:
    """Whether a host is an IP address, perhaps with a zone."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def dial(addresses: Iterable[AddressInfo]) -> socket.socket:
    """Connect to the first of several addresses that lets itself be connected to.

    Args:
        addresses: What `socket.getaddrinfo` returned.

    Raises:
        OSError: None does; the text says what each one said.
    """
    loop = asyncio.get_running_loop()
    untried = deque(take_turns(addresses))
    running: set[asyncio.Task[socket.socket]] = set()
    failures: list[str] = []
    try:
        while untried or running:
            if untried:
                running.add(loop.create_task(connect_socket(loop, untried.popleft())))
            delay = ATTEMPT_DELAY_SECONDS if untried else None
            done, _ = await asyncio.wait(running, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                running.discard(task)
                error = task.exception()
                if error is None:
                    return task.result()
                failures.append(str(error))
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(_close_late)
    raise ConnectionError("; ".join(failures) or "the name has no address")


async def connect_socket(loop: asyncio.AbstractEventLoop, address: AddressInfo) -> socket.socket:
    family, kind, protocol, _, where = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option in keep_alive_options(socket):
            sock.setsockopt(*option)
        await loop.sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock


def _close_late(task: asyncio.Task[socket.socket]) -> None:
    """Close what connected though it was not needed any more."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def _attach(loop: asyncio.AbstractEventLoop, sock: socket.socket, buffer: memoryview) -> AsyncConnection:
    connection = AsyncConnection(loop, sock, buffer)
    try:
        await loop.create_connection(lambda: connection, sock=sock)
    except BaseException:
        sock.close()
        raise
    return connection


async def _open_tunnel(connection: AsyncConnection, route: Route) -> None:
    """Have the proxy connect to the origin.

    Raises:
        ConnectError: The proxy refuses.
        OSError: The connection broke, or the response is no HTTP.
    """
    connection.write(route.encode_connect())
    response = TunnelResponse()
    while not response.feed(await connection.receive()):
        pass
