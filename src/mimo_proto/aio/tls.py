"""TLS over bytes, without a socket: `ssl.SSLObject` between two memory buffers.

Rules:

- asyncio's own TLS keeps a buffer of 256 KiB for each connection, loses what the server said when a write fails, and
  cannot be told from uvloop's. Here the bytes of any stream go in and come out, so TLS inside of TLS is two of these.
- One record, 16 KiB at most, is decrypted at a time; session tickets and the like give no bytes.
- HTTP/1.1 is what is offered (ALPN, RFC 7301), whatever the caller's context offers elsewhere.
"""

from __future__ import annotations

import ssl
from typing import Final

__all__ = ["TLSLayer", "default_context"]

RECORD_BYTES: Final = 16 * 1024
"""The most that a record holds (RFC 8446, 5.1)."""


class TLSLayer:
    """The client's side of one TLS connection. One thread at a time.

    Args:
        context: What is verified, and how.
        name: Whose certificate is expected: a host name in ASCII, or an IP address.

    Attributes:
        ended: Whether nothing more will come: the other side has ended it (close_notify; RFC 8446, 6.1), or it broke.
        failure: What broke it; None as long as nothing did.
    """

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self.ended = False
        self.failure: ssl.SSLError | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        context.set_alpn_protocols(["http/1.1"])
        self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)

    def handshake(self, data: bytes) -> bool:
        """Take in bytes of the handshake, and go on with it; `unsent` has what is to be sent then.

        Args:
            data: The bytes that came; empty to begin.

        Returns:
            Whether the handshake is done.

        Raises:
            ssl.SSLError: It failed.
        """
        self._incoming.write(data)
        try:
            self._ssl.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def decrypt(self, data: bytes) -> bytes:
        """Take in bytes, cut anywhere; gives the text of all whole records before one that is broken.

        `unsent` may have something to be sent then.
        """
        self._incoming.write(data)
        text: list[bytes] = []
        try:
            while not self.ended and (self._incoming.pending or self._ssl.pending()):
                record = self._ssl.read(RECORD_BYTES)
                text.append(record)
                self.ended = not record
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.ended, self.failure = True, error.with_traceback(None)
        return text[0] if len(text) == 1 else b"".join(text)

    def encrypt(self, text: bytes) -> bytes:
        """Give the records of a text.

        Raises:
            ssl.SSLError: There is no connection any more.
        """
        self._ssl.write(text)
        return self._outgoing.read()

    def unsent(self) -> bytes:
        """Give what is to be sent for TLS's own sake; empty when nothing is."""
        return self._outgoing.read() if self._outgoing.pending else b""


def default_context() -> ssl.SSLContext:
    """Make a context that verifies against the system's certificates."""
    # Not create_default_context(), which obeys SSLKEYLOGFILE.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    # Not every Python sets it: Debian's leaves it to the system.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
