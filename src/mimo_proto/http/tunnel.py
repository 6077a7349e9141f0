"""A tunnel through a proxy: CONNECT, and the response to it (RFC 9110, 9.3.6).

Rules:

- Any 2xx opens it, and has no body, whatever its fields say. Interim responses are passed over.
- The head of the response is read byte by byte: what stands behind it is the origin's, and TLS reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.call.route import check_tunnel
from mimo_proto.protocol.http11 import HeadDecoder

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
        OSError: The connection broke, or nothing came in time.
        HeadError: The response is no HTTP.
    """
    sock.sendall(route.encode_connect())
    decoder = HeadDecoder()
    head = None
    while head is None:
        byte = sock.recv(1)
        if not byte:
            raise ConnectionResetError("the proxy closed the connection before it had answered CONNECT")
        head = decoder.feed(byte)
    check_tunnel(head.status)
