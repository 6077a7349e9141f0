"""Where connections lead to, and which are kept."""

from __future__ import annotations

import socket
import ssl
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest
from urllib3.connection import HTTPSConnection

from mimo_proto import ConfigurationError
from mimo_proto.http.connection import Tunnel
from mimo_proto.http.deadlines import Guard
from mimo_proto.http.pool import Pool
from mimo_proto.http.route import Route

if TYPE_CHECKING:
    from collections.abc import Iterator


def route_to(origin: str, proxy: str | None = None) -> Route:
    return Route(origin, ssl_context=None, proxy=proxy)


def pool_for(origin: str) -> Pool:
    return Pool(route_to(origin), 2)


@pytest.fixture
def listener() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("origin", "proxy", "host", "port", "tls", "tunnel"),
    [
        ("http://a.example/v1", None, "a.example", 80, False, None),
        ("https://a.example/v1", None, "a.example", 443, True, None),
        ("https://a.example:8443/v1", None, "a.example", 8443, True, None),
        ("http://[::1]:9/v1", None, "::1", 9, False, None),
        ("http://a.example/v1", "http://p.example", "p.example", 80, False, None),
        ("http://a.example/v1", "https://p.example", "p.example", 443, True, None),
        ("https://a.example/v1", "http://p.example:3128", "p.example", 3128, True, ("http", "a.example", 443)),
        ("https://[::1]:9/v1", "https://[::2]:3128", "::2", 3128, True, ("https", "[::1]", 9)),
    ],
)
def test_where_to(origin: str, proxy: str | None, host: str, port: int, tls: bool, tunnel: Any) -> None:
    connection = route_to(origin, proxy).connection()
    assert (connection.host, connection.port) == (host, port)
    assert isinstance(connection, HTTPSConnection) is tls
    assert connection.tunnel == (None if tunnel is None else Tunnel(tunnel[0], tunnel[1], tunnel[2], {}))


def test_trust_is_made_once_and_verifies() -> None:
    route = route_to("https://a.example/v1")
    one, two = route.connection(), route.connection()
    assert isinstance(one, HTTPSConnection)
    assert isinstance(two, HTTPSConnection)
    context: Any = vars(one)["ssl_context"]
    assert context is vars(two)["ssl_context"]
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_the_last_one_given_back_is_the_next_one_taken(listener: str) -> None:
    pool = pool_for(listener)
    one, two, three = (pool.take(Guard()) for _ in range(3))
    for connection in (one, two, three):
        connection.connect()
        pool.give(connection)
    assert three.is_closed, "there is room for two"
    assert pool.take(Guard()) is two
    assert pool.take(Guard()) is one
    one.close()
    two.close()


def test_another_process_closes_its_copies(listener: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = pool_for(listener)
    connection = pool.take(Guard())
    connection.connect()
    pool.give(connection)
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert pool.take(Guard()) is not connection
    assert connection.is_closed


@pytest.mark.parametrize(
    "proxy", ["", "p.example", "p.example:80", "socks5://p.example", "http://", "http://[", "http://:80"]
)
def test_proxies_that_cannot_be_used(proxy: str) -> None:
    with pytest.raises(ConfigurationError, match="proxy"):
        route_to("https://a.example/v1", proxy)


def test_a_password_with_escapes() -> None:
    tunnel = route_to("https://a.example/v1", "http://joe:p%40ss@p.example").connection().tunnel
    assert tunnel is not None
    assert tunnel.headers["proxy-authorization"] == "Basic am9lOnBAc3M="
    assert "am9lOnBAc3M" not in repr(tunnel)


def test_a_password_that_is_not_latin() -> None:
    tunnel = route_to("https://a.example/v1", "http://joe:пароль@p.example").connection().tunnel
    assert tunnel is not None
    assert b64decode(tunnel.headers["proxy-authorization"].removeprefix("Basic ")) == "joe:пароль".encode()


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://a.example/v1", "a.example"),
        ("https://A.example:443/v1", "a.example"),
        ("https://a.example:8443/v1", "a.example:8443"),
        ("http://a.example:80/v1", "a.example"),
        ("http://a.example:443/v1", "a.example:443"),
        ("http://[::1]/v1", "[::1]"),
        ("http://[::1]:8080/v1", "[::1]:8080"),
        ("http://[fe80::1%25eth0]:8080/v1", "[fe80::1]:8080"),
    ],
)
@pytest.mark.parametrize("proxy", [None, "http://proxy.example:3128"])
def test_the_host_that_requests_name(origin: str, host: str, proxy: str | None) -> None:
    """The port only where it is not the scheme's own (RFC 9110, 7.2)."""
    assert route_to(origin, proxy).host == host
