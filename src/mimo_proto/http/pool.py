"""Connections kept for the next call: where to connect, by which proxy, with which trust.

Rules:

- A connection is taken out for one call and given back when the answer has ended; nobody waits for one. More calls at a
  time than `pool_size` make more connections, and those that find no room afterwards are closed.
- One that the server has closed, or that has bytes nobody asked for, is found so before anything is written.
- Every process has its own: a forked child closes its copies, which leaves the parent's connections alone.
- Nothing comes from the environment: the proxy is an argument. Certificates are verified against the system's store, or
  as the given context says.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import weakref
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import unquote

from urllib3 import ProxyManager
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from mimo_proto.errors import ConfigurationError
from mimo_proto.http.connection import PlainConnection, TLSConnection, Tunnel
from mimo_proto.protocol.secret import Secret

if TYPE_CHECKING:
    from urllib3.util import Url

    from mimo_proto.http.deadlines import Guard

__all__ = ["Pool"]

PORTS = {"http": 80, "https": 443}


class Pool:
    """The connections to one origin. All methods: any thread.

    Args:
        origin: Scheme, host and port, such as ``https://api.example.com``; what follows is not looked at.
        size: How many idle connections are kept.
        ssl_context: The trust for TLS, to the proxy too; None for the system's.
        proxy: ``http://`` or ``https://``, host and port of a proxy, perhaps with ``user:password@``.

    Attributes:
        host: The Host field of every request.
        forward: A proxy is asked for the whole URL, and gets
        forward_headers: these for itself.
    """

    def __init__(self, origin: str, *, size: int, ssl_context: ssl.SSLContext | None, proxy: str | None) -> None:
        url = parse_url(origin)
        self._tls = url.scheme == "https"
        self._host = (url.host or "").strip("[]")
        self._port = url.port or PORTS[url.scheme or "http"]
        # The zone of an address means something on this machine only (RFC 6874).
        name = self._host.partition("%")[0]
        self.host = f"[{name}]" if ":" in name else name
        if self._port != PORTS[url.scheme or "http"]:
            self.host += f":{self._port}"
        self._size = size
        self._context = ssl_context
        self._proxy = None if proxy is None else _check_proxy(Secret(proxy))
        self._proxy_headers: dict[str, str] = {}
        if self._proxy is not None and self._proxy.auth:
            # RFC 7617, in UTF-8; urllib3 takes Latin-1 only.
            credentials = b64encode(unquote(self._proxy.auth).encode()).decode()
            self._proxy_headers = {"proxy-authorization": Secret(f"Basic {credentials}")}
            self._proxy = self._proxy._replace(auth=None)
        self._idle: list[PlainConnection] = []
        weakref.finalize(self, _close_all, self._idle)  # for clients that nobody closes
        self._pid = os.getpid()
        self._closed = False
        # Only https:// gets a tunnel.
        self.forward = self._proxy is not None and not self._tls
        self.forward_headers = self._proxy_headers if self.forward else {}

    def take(self, guard: Guard) -> PlainConnection:
        """Give a connection to a call: an idle one, or a new one that is not yet open."""
        if self._pid != os.getpid():
            self._forget()
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._new()
                break
            if connection.is_connected:
                break
            connection.close()
        connection.serve(guard)
        return connection

    def give(self, connection: PlainConnection) -> None:
        """Keep a connection whose answer has ended, or close it where there is no room."""
        if self._closed or len(self._idle) >= self._size:
            connection.close()
            return
        self._idle.append(connection)
        if self._closed:  # meanwhile, by another thread
            self.close()

    def close(self) -> None:
        """Close what is idle; what is in use is closed when it is given back."""
        self._closed = True
        self._forget()

    def _forget(self) -> None:
        self._pid = os.getpid()
        _close_all(self._idle)

    def _new(self) -> PlainConnection:
        proxy = self._proxy
        if not self._tls and proxy is None:
            return PlainConnection(self._host, self._port)
        if proxy is None:
            return TLSConnection(self._host, self._port, ssl_context=self._trust())
        host, port = (proxy.host or "").strip("[]"), proxy.port or PORTS[proxy.scheme or "http"]
        if not self._tls and proxy.scheme == "http":
            return PlainConnection(host, port, proxy=proxy)
        context = self._trust()
        policy = ProxyManager(proxy.url, proxy_ssl_context=context).proxy_config
        connection = TLSConnection(host, port, ssl_context=context, proxy=proxy, proxy_config=policy)
        if self._tls:
            target = f"[{self._host}]" if ":" in self._host else self._host
            connection.tunnel = Tunnel(proxy.scheme or "http", target, self._port, self._proxy_headers)
        return connection

    def _trust(self) -> ssl.SSLContext:
        """The one context of all connections: making one reads the system's certificates, which takes its time."""
        if self._context is None:
            # Not create_default_context(), which obeys SSLKEYLOGFILE.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_default_certs()
            self._context = context
        return self._context


def _close_all(connections: list[PlainConnection]) -> None:
    with contextlib.suppress(IndexError):  # other threads may take some meanwhile
        while True:
            connections.pop().close()


def _check_proxy(proxy: str) -> Url:
    try:
        url = parse_url(proxy)
    except LocationParseError:
        url = None
    if url is not None and url.scheme in PORTS and url.host:
        return url
    url = None  # its repr shows the password
    raise ConfigurationError("proxy: give http://host:port or https://host:port, perhaps with user:password@")
