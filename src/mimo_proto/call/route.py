"""The way to one origin, as a value: where to connect, what to ask of a proxy, and the heads of requests.

Rules:

- A proxy is asked for a tunnel to an ``https://`` origin (CONNECT: RFC 9110, 9.3.6), and for the whole URL of an
  ``http://`` one (absolute-form: RFC 9112, 3.2.2). Its credentials are in what it reads, and in nothing else.
- A proxy comes from an argument. The environment is read where that says "environment", by the rules of
  `urllib.request`: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY. Both are arguments here.
- The zone of an IPv6 address means something on this machine only (RFC 6874): it is dialled, and named to nobody.
- A password is a `Secret` from the first line that sees it, and stands in no error.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec

from mimo_proto.errors import ConfigurationError
from mimo_proto.protocol.http11 import encode_head
from mimo_proto.protocol.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["Address", "Route", "environment_proxy", "make_route", "unresolved"]

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
MAX_PORT: Final = 65535

# Nothing may follow: a password with a slash that is not escaped would else be read as host, port and path.
PROXY = re.compile(
    r"(?P<scheme>https?)://(?:(?P<credentials>[^/?#\ud800-\udfff]*)@)?"
    r"(?P<host>[^\[\]:@/?#%\s\\]+|\[[0-9a-f:.]+(?:%[^\[\]/?#\s]+)?\])(?::(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE,
)


class Address(NamedTuple):
    """A server, and how to talk to it.

    Attributes:
        host: A name, or an IP address without brackets and perhaps with a zone.
        port: The port.
        tls: Whether to talk TLS to it.
    """

    host: str
    port: int
    tls: bool

    @property
    def name(self) -> str:
        """What its certificate is made out to: the host without a zone, and without the root's dot."""
        return self.host.partition("%")[0].rstrip(".")

    @property
    def authority(self) -> str:
        """Host and port as a request names them (RFC 9110, 4.2): no zone, IPv6 addresses in brackets."""
        host = self.host.partition("%")[0]
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """The way to one origin. Immutable: any thread; it does not pickle if a proxy has a password.

    Attributes:
        origin: What the requests are for.
        host: The Host field of every request.
        proxy: What stands before the origin; None: nothing.
        proxy_authorization: The credentials for the proxy, as its header field has them; None: none.
    """

    origin: Address
    host: str
    proxy: Address | None = None
    proxy_authorization: Secret | None = None

    @property
    def address(self) -> Address:
        """Where to connect."""
        return self.origin if self.proxy is None else self.proxy

    @property
    def tunnelled(self) -> bool:
        """Whether the proxy is to be asked for a tunnel, and TLS be talked to the origin inside."""
        return self.proxy is not None and self.origin.tls

    @property
    def forwarded(self) -> bool:
        """Whether the proxy gets every request, with its whole URL."""
        return self.proxy is not None and not self.origin.tls

    def encode_request(self, request: HTTPRequest) -> bytes:
        """Write the head of a request; its body follows as it is.

        Args:
            request: What is sent; its URL lies under the base URL of the route.
        """
        fields = {"host": self.host, **request.headers}
        target = "/" + request.url.split("/", 3)[3]
        if self.forwarded:
            fields |= self._proxy_fields()
            target = request.url
        if request.body is not None:
            fields["content-length"] = str(len(request.body))
        return encode_head(request.method, target, fields)

    def encode_connect(self) -> bytes:
        """Write the request for the tunnel (RFC 9112, 3.2.3); the port is named in any case (RFC 9110, 9.3.6)."""
        target = self.origin.authority
        return encode_head("CONNECT", target, {"host": target, **self._proxy_fields()})

    def _proxy_fields(self) -> dict[str, str]:
        credentials = self.proxy_authorization
        return {} if credentials is None else {"proxy-authorization": credentials}


def make_route(base_url: str, proxy: str | None) -> Route:
    """Find the way to an origin.

    Args:
        base_url: Scheme, host and port of the origin, as `check_base_url` let it pass; the path is not looked at.
        proxy: ``http://`` or ``https://``, host and port of a proxy, perhaps with ``user:password@``; None: no proxy.

    Raises:
        ConfigurationError: The proxy cannot be used.
    """
    proxy = None if proxy is None else Secret(proxy)
    url = urlsplit(base_url)
    # The zone is escaped as RFC 6874 has it, or not.
    host = (url.hostname or "").replace("%25", "%")
    origin = Address(host, url.port or DEFAULT_PORTS[url.scheme], url.scheme == "https")
    field = origin.authority
    if origin.port == DEFAULT_PORTS[url.scheme]:  # RFC 9110, 7.2
        field = field.removesuffix(f":{origin.port}")
    if proxy is None:
        return Route(origin=origin, host=field)
    address, credentials = _read_proxy(proxy, "proxy")
    return Route(origin=origin, host=field, proxy=address, proxy_authorization=credentials)


def _read_proxy(proxy: Secret, source: str) -> tuple[Address, Secret | None]:
    """Take the URL of a proxy apart into its address and its credentials.

    Args:
        proxy: The URL.
        source: Where it comes from, for the error.
    """
    url = PROXY.fullmatch(proxy)
    host = None if url is None else _ascii_host(url["host"])
    if url is None or host is None or int(url["port"] or 0) > MAX_PORT:
        url = None  # its repr shows the password
        raise ConfigurationError(f"{source}: give http://host:port or https://host:port, perhaps with user:password@")
    scheme = url["scheme"].lower()
    address = Address(host, int(url["port"] or 0) or DEFAULT_PORTS[scheme], scheme == "https")
    if not url["credentials"]:
        return address, None
    # RFC 7617, in UTF-8.
    return address, Secret("Basic " + b64encode(unquote_to_bytes(url["credentials"])).decode())


def _ascii_host(host: str) -> str | None:
    """Give a host as it is dialled, names in ASCII (RFC 3490); None if it cannot be one."""
    if host.startswith("["):
        return host[1:-1].replace("%25", "%")
    try:
        return host.lower().encode("idna").decode()
    except UnicodeError:
        return None


def environment_proxy(
    base_url: str, getproxies: Callable[[], Mapping[str, str]], proxy_bypass: Callable[[str], Any]
) -> Secret | None:
    """Give the proxy that the environment names for an origin, or None.

    Args:
        base_url: Scheme, host and port of the origin.
        getproxies: The proxies by scheme: `urllib.request.getproxies`. A function, so that no frame shows a password.
        proxy_bypass: Whether a host, perhaps with a port, is reached without one: `urllib.request.proxy_bypass`.

    Raises:
        ConfigurationError: What it names cannot be used.
    """
    route = make_route(base_url, None)
    proxies = {scheme: Secret(proxy) for scheme, proxy in getproxies().items()}
    schemes = ("https" if route.address.tls else "http", "all")
    scheme = next((scheme for scheme in schemes if proxies.get(scheme)), None)
    if scheme is None or proxy_bypass(route.host):
        return None
    proxy = proxies[scheme]
    if "://" not in proxy:  # host:port alone is usual there
        proxy = Secret("http://" + proxy)
    _read_proxy(proxy, f"{scheme.upper()}_PROXY in the environment")
    return proxy


def unresolved(route: Route, error: OSError | UnicodeError, getenv: Callable[[str], str | None]) -> str:
    """Say that a host was not found; and where the environment has a proxy that is not asked, that too.

    Args:
        route: The way that was tried.
        error: What the system says.
        getenv: Looks a variable of the environment up: `os.getenv`.
    """
    problem = f"{route.address.host}: {getattr(error, 'strerror', None) or error}"
    if route.proxy is not None:
        return problem
    scheme = "HTTPS_PROXY" if route.address.tls else "HTTP_PROXY"
    for name in (scheme, scheme.lower(), "ALL_PROXY", "all_proxy"):
        if getenv(name):
            return f'{problem}; {name} is set and not used: proxy="environment" asks it, unless NO_PROXY has the host'
    return problem
