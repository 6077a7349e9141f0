"""Connections for tests of what makes and keeps them, and hosts that have several addresses."""

from __future__ import annotations

import functools
import socket
from typing import TYPE_CHECKING, Any

from mimo_proto.call.route import make_route
from mimo_proto.http.connection import Connection
from mimo_proto.http.tls import TLS

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

__all__ = ["address_of", "connections_to", "port_of", "resolve_to"]


def connections_to(
    origin: str, *, proxy: str | None = None, context: ssl.SSLContext | None = None
) -> Callable[[], Connection]:
    """What makes the connections to an origin."""
    return functools.partial(Connection, make_route(origin, proxy), TLS(context))


def address_of(port: int, host: str = "127.0.0.1") -> Any:
    """What the system says of an address, as for a name that has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return (family, socket.SOCK_STREAM, 6, "", (host, port))


def port_of(url: str) -> int:
    """The port of a base URL."""
    return int(url.rpartition(":")[2].partition("/")[0])


def resolve_to(addresses: list[Any]) -> Callable[..., list[Any]]:
    """What stands for `socket.getaddrinfo` where every name has these addresses."""

    def getaddrinfo(*args: object, **kwargs: object) -> list[Any]:
        return addresses

    return getaddrinfo
