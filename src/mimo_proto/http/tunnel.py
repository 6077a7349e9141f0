"""A tunnel through a proxy: CONNECT, and the response to it (RFC 9110, 9.3.6).

Rules:

- Any 2xx opens it, and has no body, whatever its fields say. Interim responses are passed over.
- The head of the response is read byte by byte: what stands behind it is the origin's, and TLS reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.call.route import check_tunnel
from mimo_proto.protocol.http11 import HeadDecoder, HeadError

if TYPE_CHECKING:
    from mimo_proto.call.route import Route
    from mimo_proto.protocol.http11 import Head

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
    try:
        head = _read_head(sock)
    except HeadError as error:
        raise ConnectionAbortedError(f"what the proxy answers to CONNECT is no HTTP/1.1: {error}") from None
    check_tunnel(head.status)


def _read_head(sock: Any) -> Head:
    decoder = HeadDecoder()
    while byte := sock.recv(1):
        head = decoder.feed(byte)
        if head is not None:
            return head
    raise ConnectionResetError("the proxy closed the connection before it had answered CONNECT")
