"""The way to one origin: its host, the proxy before it, and the TLS context; it makes the connections.

Rules:

- Nothing comes from the environment: the proxy is an argument. Certificates are verified against the system's store, or
  as the given context says.
- A proxy is asked for a tunnel to an ``https://`` origin, and for the whole URL of an ``http://`` one.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import unquote

from urllib3 import ProxyManager
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from mimo_proto.errors import ConfigurationError
from mimo_proto.http.connection import TCPConnection, TLSConnection, Tunnel
from mimo_proto.protocol.secret import Secret

if TYPE_CHECKING:
    from urllib3.util import Url

__all__ = ["Route"]

DEFAULT_PORTS = {"http": 80, "https": 443}


class Route:
    """The way to one origin. All methods: any thread.

    Args:
        origin: Scheme, host and port, such as ``https://api.example.com``; what follows is not looked at.
        ssl_context: The context for TLS, to the proxy too; None for the system's.
        proxy: ``http://`` or ``https://``, host and port of a proxy, perhaps with ``user:password@``.

    Attributes:
        host: The Host field of every request.
        forwarded: Whether a proxy is asked for the whole URL of every request.
        forward_headers: The header fields of every request that are for the proxy.

    Raises:
        ConfigurationError: The proxy cannot be used.
    """

    def __init__(self, origin: str, *, ssl_context: ssl.SSLContext | None, proxy: str | None) -> None:
        url = parse_url(origin)
        self._is_tls = url.scheme == "https"
        self._host = (url.host or "").strip("[]")
        self._port = url.port or DEFAULT_PORTS[url.scheme or "http"]
        # The zone of an address means something on this machine only (RFC 6874).
        name = self._host.partition("%")[0]
        self.host = f"[{name}]" if ":" in name else name
        if self._port != DEFAULT_PORTS[url.scheme or "http"]:
            self.host += f":{self._port}"
        self._context = ssl_context
        self._proxy = None if proxy is None else _check_proxy(Secret(proxy))
        self._proxy_headers: dict[str, str] = {}
        if self._proxy is not None and self._proxy.auth:
            # RFC 7617, in UTF-8; urllib3 takes Latin-1 only.
            credentials = b64encode(unquote(self._proxy.auth).encode()).decode()
            self._proxy_headers = {"proxy-authorization": Secret(f"Basic {credentials}")}
            self._proxy = self._proxy._replace(auth=None)
        self.forwarded = self._proxy is not None and not self._is_tls
        self.forward_headers = self._proxy_headers if self.forwarded else {}

    def connection(self) -> TCPConnection:
        """Make a connection; it is not yet open."""
        proxy = self._proxy
        if not self._is_tls and proxy is None:
            return TCPConnection(self._host, self._port)
        if proxy is None:
            return TLSConnection(self._host, self._port, ssl_context=self._tls_context())
        host, port = (proxy.host or "").strip("[]"), proxy.port or DEFAULT_PORTS[proxy.scheme or "http"]
        if not self._is_tls and proxy.scheme == "http":
            return TCPConnection(host, port, proxy=proxy)
        context = self._tls_context()
        policy = ProxyManager(proxy.url, proxy_ssl_context=context).proxy_config
        connection = TLSConnection(host, port, ssl_context=context, proxy=proxy, proxy_config=policy)
        if self._is_tls:
            target = f"[{self._host}]" if ":" in self._host else self._host
            connection.tunnel = Tunnel(proxy.scheme or "http", target, self._port, self._proxy_headers)
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        """The one context of all connections: making one reads the system's certificates, which takes its time."""
        if self._context is None:
            # Not create_default_context(), which obeys SSLKEYLOGFILE.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_default_certs()
            self._context = context
        return self._context


def _check_proxy(proxy: str) -> Url:
    try:
        url = parse_url(proxy)
    except LocationParseError:
        url = None
    if url is not None and url.scheme in DEFAULT_PORTS and url.host:
        return url
    url = None  # its repr shows the password
    raise ConfigurationError("proxy: give http://host:port or https://host:port, perhaps with user:password@")
