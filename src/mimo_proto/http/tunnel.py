"""A tunnel through a proxy: CONNECT, and the response to it, which `call.tunnel` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.call.tunnel import TunnelResponse

if TYPE_CHECKING:
    from mimo_proto.call.route import Route

__all__ = ["open_tunnel"]


def open_tunnel(sock: Any, route: Route) -> None:
    """Have the proxy connect to the origin.

    Args:
        sock: The connection to the proxy.
        route: Where to.

    Raises:
        ConnectError: The proxy refuses.
        OSError: The connection broke, nothing came in time, or the response is no HTTP.
    """
    sock.sendall(route.encode_connect())
    response = TunnelResponse()
    while not response.feed(sock.recv(1)):  # what stands behind the head is for TLS to read
        pass
