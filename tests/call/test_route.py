"""The way to an origin: what is dialled, what a proxy is asked, and what the environment says of proxies."""

from __future__ import annotations

import copy
import pickle
import socket
import traceback
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest

from mimo_proto import ConfigurationError
from mimo_proto.call.route import Address, environment_proxy, make_route, unresolved
from mimo_proto.protocol.request import HTTPRequest

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "pass-word"


@pytest.mark.parametrize(
    ("origin", "proxy", "address", "tunnelled", "forwarded"),
    [
        ("http://a.example/v1", None, ("a.example", 80, False), False, False),
        ("https://a.example/v1", None, ("a.example", 443, True), False, False),
        ("https://A.example:8443", None, ("a.example", 8443, True), False, False),
        ("http://[::1]:9/v1", None, ("::1", 9, False), False, False),
        ("http://[fe80::1%25eth0]:9/v1", None, ("fe80::1%eth0", 9, False), False, False),
        ("http://a.example/v1", "http://p.example", ("p.example", 80, False), False, True),
        ("http://a.example/v1", "HTTPS://P.example/", ("p.example", 443, True), False, True),
        ("https://a.example/v1", "http://p.example:3128", ("p.example", 3128, False), True, False),
        ("https://[::1]:9/v1", "https://[::2]:3128", ("::2", 3128, True), True, False),
        ("https://a.example/v1", "http://[fe80::1%eth0]:3128", ("fe80::1%eth0", 3128, False), True, False),
        ("https://a.example/v1", "http://[fe80::1%25eth0]", ("fe80::1%eth0", 80, False), True, False),
        ("https://a.example/v1", "http://bücher.example", ("xn--bcher-kva.example", 80, False), True, False),
    ],
)
def test_where_to(
    origin: str, proxy: str | None, address: tuple[str, int, bool], tunnelled: bool, forwarded: bool
) -> None:
    route = make_route(origin, proxy)
    assert route.address == Address(*address)
    assert (route.tunnelled, route.forwarded) == (tunnelled, forwarded)


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
    assert make_route(origin, proxy).host == host


@pytest.mark.parametrize(
    ("host", "name"), [("a.example", "a.example"), ("a.example.", "a.example"), ("fe80::1%eth0", "fe80::1")]
)
def test_the_name_in_the_certificate(host: str, name: str) -> None:
    assert Address(host, 443, tls=True).name == name


@pytest.mark.parametrize(
    ("proxy", "body", "head"),
    [
        (None, None, b"POST /v1/x?y=/ HTTP/1.1\r\nhost: a.example\r\na: b\r\n\r\n"),
        (None, b"{}", b"POST /v1/x?y=/ HTTP/1.1\r\nhost: a.example\r\na: b\r\ncontent-length: 2\r\n\r\n"),
        (
            "http://joe:pass@p.example",
            None,
            b"POST http://a.example/v1/x?y=/ HTTP/1.1\r\nhost: a.example\r\na: b\r\n%b\r\n"
            % b"proxy-authorization: Basic am9lOnBhc3M=\r\n",
        ),
    ],
)
def test_the_head_of_a_request(proxy: str | None, body: bytes | None, head: bytes) -> None:
    request = HTTPRequest("POST", "http://a.example/v1/x?y=/", {"a": "b"}, body)
    assert make_route("http://a.example/v1", proxy).encode_request(request) == head


def test_a_request_in_a_tunnel_tells_nothing_of_the_proxy() -> None:
    route = make_route("https://a.example/v1", "http://joe:pass@p.example")
    head = route.encode_request(HTTPRequest("GET", "https://a.example/v1/models", {}, None))
    assert head == b"GET /v1/models HTTP/1.1\r\nhost: a.example\r\n\r\n"


@pytest.mark.parametrize(
    ("origin", "proxy", "head"),
    [
        (
            "https://a.example/v1",
            "http://p.example",
            b"CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443\r\n\r\n",
        ),
        (
            "https://[fe80::1%25eth0]:9/v1",
            "https://joe:pass@p.example",
            b"CONNECT [fe80::1]:9 HTTP/1.1\r\nhost: [fe80::1]:9\r\nproxy-authorization: Basic am9lOnBhc3M=\r\n\r\n",
        ),
    ],
)
def test_the_request_for_a_tunnel(origin: str, proxy: str, head: bytes) -> None:
    assert make_route(origin, proxy).encode_connect() == head


@pytest.mark.parametrize(
    "proxy",
    [
        "",
        "p.example",
        "p.example:80",
        "socks5://p.example",
        "http://",
        "http://[",
        "http://[::1",
        "http://[::g]",
        "http://:80",
        "http://p.example:x",
        "http://p.example:65536",
        "http://p.example:123456",
        "http://p.example\n",
        "http://a..b",
        "http://joe:pass-word/@p.example",
        "http://joe:1234/pass-word@p.example",
        "http://joe:pass-word\udcff@p.example",
    ],
)
def test_proxies_that_cannot_be_used(proxy: str) -> None:
    with pytest.raises(ConfigurationError, match="proxy: give http") as caught:
        make_route("https://a.example/v1", proxy)
    assert_hidden(caught.value)


def assert_hidden(error: BaseException) -> None:
    """Nothing of a password stands in the error and in the frames of the library."""
    trace = error.__traceback__
    assert trace is not None
    shown = traceback.TracebackException(type(error), error, trace.tb_next, capture_locals=True)
    assert PASSWORD not in "".join(shown.format())


@pytest.mark.parametrize(
    ("userinfo", "credentials"),
    [
        ("joe:p%40ss", b"joe:p@ss"),
        ("joe:p@ss", b"joe:p@ss"),
        ("joe:пароль", "joe:пароль".encode()),
        ("joe:a b%zz", b"joe:a b%zz"),
        ("joe:%FF", b"joe:\xff"),
        ("joe", b"joe"),
        ("joe:", b"joe:"),
    ],
)
def test_credentials(userinfo: str, credentials: bytes) -> None:
    field = make_route("https://a.example/v1", f"http://{userinfo}@p.example").proxy_authorization
    assert field is not None
    assert b64decode(field.removeprefix("Basic ")) == credentials


def test_no_credentials() -> None:
    assert make_route("https://a.example/v1", "http://@p.example").proxy_authorization is None


def test_the_password_is_not_shown() -> None:
    route = make_route("https://a.example/v1", f"http://joe:{PASSWORD}@p.example")
    assert route.proxy_authorization is not None
    assert route.proxy_authorization[6:] not in repr(route)
    assert copy.copy(route) == route
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(route)


def proxies(**named: str) -> Callable[[], dict[str, str]]:
    return lambda: named


def bypass_none(_: str) -> bool:
    return False


HTTPS, HTTP = "https://a.example/v1", "http://a.example:8080/v1"


@pytest.mark.parametrize(
    ("origin", "named", "proxy"),
    [
        (HTTPS, {}, None),
        (HTTPS, {"https": "http://p.example:1"}, "http://p.example:1"),
        (HTTPS, {"https": "http://p.example:1", "all": "http://q.example"}, "http://p.example:1"),
        (HTTPS, {"http": "http://p.example:1"}, None),
        (HTTPS, {"http": "http://p.example:1", "all": "http://q.example"}, "http://q.example"),
        (HTTP, {"http": "http://p.example:1", "https": "http://q.example"}, "http://p.example:1"),
        (HTTP, {"https": "http://p.example:1"}, None),
        (HTTPS, {"https": "p.example:3128"}, "http://p.example:3128"),
        (HTTPS, {"https": ""}, None),
    ],
)
def test_the_proxy_of_the_environment(origin: str, named: dict[str, str], proxy: str | None) -> None:
    assert environment_proxy(origin, proxies(**named), bypass_none) == proxy


@pytest.mark.parametrize(("origin", "host"), [(HTTPS, "a.example"), (HTTP, "a.example:8080")])
def test_hosts_that_are_reached_without_one(origin: str, host: str) -> None:
    asked: list[str] = []

    def proxy_bypass(name: str) -> bool:
        asked.append(name)
        return True

    assert environment_proxy(origin, proxies(all="http://p.example"), proxy_bypass) is None
    assert asked == [host]


@pytest.mark.parametrize(
    ("origin", "named", "name"),
    [
        (HTTPS, {"https": f"socks5://joe:{PASSWORD}@p.example"}, "HTTPS_PROXY"),
        (HTTP, {"http": f"http://joe:{PASSWORD}/@p.example"}, "HTTP_PROXY"),
        (HTTPS, {"all": f"joe:{PASSWORD}"}, "ALL_PROXY"),
    ],
)
def test_what_the_environment_names_and_cannot_be_used(origin: str, named: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} in the environment: give http://host:port") as caught:
        environment_proxy(origin, proxies(**named), bypass_none)
    assert_hidden(caught.value)


@pytest.mark.parametrize(
    ("origin", "environment", "named"),
    [
        (HTTPS, {}, None),
        (HTTPS, {"HTTPS_PROXY": "x"}, "HTTPS_PROXY"),
        (HTTPS, {"https_proxy": "x"}, "https_proxy"),
        (HTTPS, {"ALL_PROXY": "x"}, "ALL_PROXY"),
        (HTTPS, {"HTTP_PROXY": "x", "HTTPS_PROXY": ""}, None),
        (HTTP, {"http_proxy": "x"}, "http_proxy"),
        (HTTP, {"HTTPS_PROXY": "x"}, None),
    ],
)
def test_a_proxy_that_is_not_asked_is_told(origin: str, environment: dict[str, str], named: str | None) -> None:
    error = socket.gaierror(-2, "Name or service not known")
    told = unresolved(make_route(origin, None), error, environment.get)
    hint = f'; {named} is set and not used: proxy="environment" asks it, unless NO_PROXY has the host' if named else ""
    assert told == f"a.example: Name or service not known{hint}"
    told = unresolved(make_route(origin, "http://p.example"), error, environment.get)
    assert told == "p.example: Name or service not known"


def test_a_name_that_is_none() -> None:
    error = UnicodeEncodeError("idna", "a..example", 2, 3, "label empty")
    nothing: dict[str, str] = {}
    told = unresolved(make_route("https://a..example/v1", None), error, nothing.get)
    assert told.startswith("a..example: ")
    assert "label empty" in told
