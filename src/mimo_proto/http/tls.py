"""TLS over a connected socket, or over the TLS of a proxy.

Rules:

- Certificates are verified against the system's store, and against the name; or as the caller's context says.
- Nothing comes from the environment: `ssl.create_default_context` would obey SSLKEYLOGFILE.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from urllib3.util import ssl_wrap_socket

if TYPE_CHECKING:
    import socket

__all__ = ["TLS"]


class TLS:
    """The TLS of one client. All methods: any thread.

    Args:
        context: The caller's; None for the system's certificates.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context

    def wrap(self, sock: socket.socket, name: str) -> Any:
        """Shake hands, within the socket's timeout.

        Args:
            sock: A connected socket, which is left an empty shell; or the TLS socket of a proxy.
            name: What the certificate must be made out to: a host's name or IP address.

        Returns:
            What to send and read on: an `ssl.SSLSocket`, or, over a proxy's TLS, an object of urllib3 that is like one.

        Raises:
            OSError: The handshake failed, the certificate is not to be trusted, or it took too long.
        """
        inside = isinstance(sock, ssl.SSLSocket)
        return ssl_wrap_socket(sock, ssl_context=self._made(), server_hostname=name, tls_in_tls=inside)

    def _made(self) -> ssl.SSLContext:
        """The one context of all connections: making one reads the system's certificates, which takes its time."""
        if self._context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_default_certs()
            # Not every Python sets it: Debian's leaves it to the system.
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._context = context
        return self._context
