"""The server's side of TLS without a socket: a script decides when each record is sent, and beside what."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import trustme

    from tests.support.dummyserver import Peer

__all__ = ["BROKEN_RECORD", "ServerTLS", "server_context"]

BROKEN_RECORD = b"\x17\x03\x03\x00\x20" + bytes(32)
"""A record that nobody's key has made."""


def server_context(authority: trustme.CA, host: str) -> ssl.SSLContext:
    """Make the context of a server that has a certificate for a host."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate: Any = authority.issue_cert(host)
    certificate.configure_cert(context)
    return context


class ServerTLS:
    """TLS over a connection that a script has accepted.

    Args:
        peer: The connection; nothing has been read of it.
        context: The server's.
    """

    def __init__(self, peer: Peer, context: ssl.SSLContext) -> None:
        self._peer = peer
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def handshake(self) -> None:
        """Shake hands; what ends it is still to be sent."""
        while not self._is_done():
            self._peer.send(self.unsent())
            self._incoming.write(self._peer.sock.recv(65536))

    def read_head(self) -> None:
        """Read the head of a request, and perhaps more."""
        head = b""
        while b"\r\n\r\n" not in head:
            try:
                head += self._tls.read(65536)
            except ssl.SSLWantReadError:
                self._incoming.write(self._peer.sock.recv(65536))

    def records(self, text: bytes) -> bytes:
        """Give the records of a text, behind what is still to be sent."""
        self._tls.write(text)
        return self.unsent()

    def goodbye(self) -> bytes:
        """Give the record that ends the connection (close_notify)."""
        with contextlib.suppress(ssl.SSLWantReadError):  # the other side's is not waited for
            self._tls.unwrap()
        return self.unsent()

    def unsent(self) -> bytes:
        """Give what is still to be sent."""
        return self._outgoing.read()

    def _is_done(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True
