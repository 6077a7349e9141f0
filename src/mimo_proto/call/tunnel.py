"""The response to CONNECT, sans-IO: whether a proxy has opened a tunnel (RFC 9110, 9.3.6).

Rules:

- Any 2xx opens it, and has no body, whatever its fields say. Interim responses are passed over.
- What stands behind the head is the origin's, and the origin is to be asked for TLS first: nothing may stand there.
"""

from __future__ import annotations

from typing import Final

from mimo_proto.errors import ConnectError
from mimo_proto.protocol.http11 import HeadDecoder, HeadError

__all__ = ["TunnelResponse"]

PROXY_AUTHENTICATION_REQUIRED: Final = 407


class TunnelResponse:
    """The response to one CONNECT. One thread at a time."""

    def __init__(self) -> None:
        self._decoder = HeadDecoder()

    def feed(self, data: bytes) -> bool:
        """Take in bytes, cut anywhere; gives whether the tunnel is open.

        Args:
            data: What was read from the connection to the proxy; empty at its end.

        Raises:
            ConnectError: The proxy does not open it.
            OSError: The connection has ended, or the response is no HTTP.
        """
        if not data:
            raise ConnectionResetError("the proxy closed the connection before it had answered CONNECT")
        try:
            head = self._decoder.feed(data)
        except HeadError as error:
            raise ConnectionAbortedError(f"what the proxy answers to CONNECT is no HTTP/1.1: {error}") from None
        if head is None:
            return False
        if not 200 <= head.status <= 299:
            wants = ": it wants a user and password" if head.status == PROXY_AUTHENTICATION_REQUIRED else ""
            raise ConnectError(f"no connection: the proxy answered CONNECT with HTTP {head.status}{wants}")
        if self._decoder.rest:
            raise ConnectError("no connection: the proxy sent bytes behind its answer to CONNECT")
        return True
