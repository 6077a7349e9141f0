"""Whom the client believes: promises "Secrets", of the environment, plain http, TLS and proxies."""

from __future__ import annotations

import functools
import ssl
import traceback
from typing import Any

import pytest
import trustme

from mimo_proto import (
    Client,
    ConfigurationError,
    ConnectError,
)
from tests.support.dummyserver import Peer, Server, answer, pump
from tests.support.outcomes import ALL, CHAT_JSON, JSON, KEY, STREAMS, Kind, call, client_for, frames_of, good


def serve(reply: bytes) -> Server:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(reply)

    return Server(script)


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_netrc_and_proxies_of_the_environment_are_not_read(
    kind: Kind, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login evil password evil\ndefault login evil password evil\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serve(answer(b"", 502)) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.origin)
        monkeypatch.delenv("no_proxy", raising=False)
        with serve(good(kind)) as server, client_for(server.url) as client:
            assert call(client, kind).kept == "Hello world"
        assert proxy.connections == 0
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("url", ["http://api.example.com/v1", "http://127.0.0.1.example.com/v1", "http://10.0.0.1/v1"])
def test_plain_http_leaves_this_host_only_when_asked_for(url: str) -> None:
    with pytest.raises(ConfigurationError, match="allow_http"):
        Client(KEY, url)
    Client(KEY, url, allow_http=True).close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "http://localhost:1/v1", "http://[::1]:1/v1"])
def test_plain_http_to_this_host(url: str) -> None:
    with Client(KEY, url) as client, pytest.raises(ConnectError):
        client.list_models()


def serve_tls(kind: Kind, authority: trustme.CA, name: str = "127.0.0.1") -> Server:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(good(kind))

    return Server(script, authority=authority, name=name)


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_certificates_are_verified_by_default(kind: Kind, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    with serve_tls(kind, authority) as server, client_for(server.url) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is ConnectError
    assert "certificate" in str(outcome.error)
    assert server.requests == []


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_the_name_in_the_certificate_is_verified(kind: Kind, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    with (
        serve_tls(kind, authority, "other.example.com") as server,
        client_for(server.url, ssl_context=trust) as client,
    ):
        outcome = call(client, kind)
    assert type(outcome.error) is ConnectError
    assert server.requests == []


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_an_own_context_is_used(kind: Kind, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    with serve_tls(kind, authority) as server, client_for(server.url, ssl_context=trust) as client:
        for _ in range(3):
            assert call(client, kind).kept == "Hello world"
    assert server.connections == 1


def test_the_tls_keys_are_not_written_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    authority = trustme.CA()
    with serve_tls(CHAT_JSON, authority) as server, client_for(server.url) as client:
        call(client, CHAT_JSON)
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("offers", [[], ["h2", "http/1.1"]], ids=["nothing", "h2"])
def test_http_1_is_what_is_offered(offers: list[str], authority: Any) -> None:
    """ALPN (RFC 7301): a server that has HTTP/2, too, must not begin with that, whatever else the context is for."""
    context, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    authority.configure_trust(ours)
    if offers:
        ours.set_alpn_protocols(offers)
    chosen: list[str | None] = []

    def script(peer: Peer) -> None:
        peer.sock = tls = context.wrap_socket(peer.sock, server_side=True)
        chosen.append(tls.selected_alpn_protocol())
        peer.request()
        peer.send(good(CHAT_JSON))
        peer.gone()

    with Server(script) as server:
        with client_for(server.url.replace("http:", "https:"), ssl_context=ours) as client:
            assert call(client, CHAT_JSON).kept == "Hello world"
    assert chosen == ["http/1.1"]


def test_https_that_is_answered_in_plain_http() -> None:
    def script(peer: Peer) -> None:
        peer.send(good(CHAT_JSON))
        peer.gone()

    with Server(script) as server, client_for(server.url.replace("http:", "https:")) as client:
        assert type(call(client, CHAT_JSON).error) is ConnectError


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_a_proxy_tunnels_https_and_never_sees_the_key(kind: Kind, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    with (
        serve_tls(kind, authority) as server,
        Server(pump) as proxy,
        client_for(server.url, ssl_context=trust, proxy=proxy.origin.replace("//", "//joe:pass@")) as client,
    ):
        for _ in range(2):
            assert call(client, kind).kept == "Hello world"
    assert proxy.connections == server.connections == 1
    assert proxy.requests[0].headers["proxy-authorization"] == "Basic am9lOnBhc3M="
    assert KEY.encode() not in proxy.requests[0].raw
    assert "proxy-authorization" not in server.requests[0].headers


def test_a_proxy_over_tls(authority: trustme.CA, trust: ssl.SSLContext) -> None:
    """TLS inside TLS."""
    with (
        serve_tls(CHAT_JSON, authority) as server,
        Server(pump, authority=authority) as proxy,
        client_for(server.url, ssl_context=trust, proxy=proxy.origin) as client,
    ):
        assert call(client, CHAT_JSON).kept == "Hello world"


@pytest.mark.parametrize("kind", [*JSON, *STREAMS], ids=str)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_plain_http_is_forwarded_by_the_proxy(
    kind: Kind, tls: bool, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(good(kind))

    with (
        Server(script, authority=authority if tls else None) as proxy,
        client_for(
            "http://api.example.com:8080/v1",
            allow_http=True,
            proxy=proxy.origin.replace("//", "//joe:pass@"),
            ssl_context=trust,
        ) as client,
    ):
        assert call(client, kind).kept == call(client, kind).kept == "Hello world"
    assert proxy.connections == 1
    request = proxy.requests[0]
    assert request.target.startswith("http://api.example.com:8080/v1/")
    assert request.headers["host"] == "api.example.com:8080"
    assert request.headers["proxy-authorization"] == "Basic am9lOnBhc3M="


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_what_a_proxy_is_asked(tls: bool, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    """CONNECT in HTTP/1.1, with Host (RFC 9112, 3.2), which an old `http.client` does not send."""
    with (
        serve_tls(CHAT_JSON, authority) as server,
        Server(pump, authority=authority if tls else None) as proxy,
        client_for(server.url, ssl_context=trust, proxy=proxy.origin.replace("//", "//joe:pass@")) as client,
    ):
        assert call(client, CHAT_JSON).kept == "Hello world"
    target = f"127.0.0.1:{server.port}"
    head = f"CONNECT {target} HTTP/1.1\r\nhost: {target}\r\nproxy-authorization: Basic am9lOnBhc3M=\r\n\r\n"
    assert [request.raw for request in proxy.requests] == [head.encode()]


@pytest.mark.parametrize(
    "opened",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 200 Connection established\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nX: y\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 299 \r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_answers_that_open_a_tunnel(opened: bytes, tls: bool, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    """Any success; it has no body, whatever its fields say (RFC 9110, 9.3.6)."""
    with (
        serve_tls(CHAT_JSON, authority) as server,
        Server(functools.partial(pump, opened=opened), authority=authority if tls else None) as proxy,
        client_for(server.url, ssl_context=trust, proxy=proxy.origin) as client,
    ):
        for _ in range(2):
            assert call(client, CHAT_JSON).kept == "Hello world"
    assert proxy.connections == 1


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (b"", "before it had answered CONNECT"),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", "before it had answered CONNECT"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "the proxy answers to CONNECT is no HTTP/1.1: it does not begin with HTTP/1"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, "CONNECT is no HTTP/1.1: the head is longer than"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 503 x\r\n\r\n", "HTTP 503"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP 101"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", "HTTP 302"),
        (answer(b"x" * 1000, 503, "Retry-After: 1"), "HTTP 503"),
    ],
)
def test_answers_that_open_no_tunnel(reply: bytes, text: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(reply)
        peer.fin()
        peer.gone()

    with (
        Server(script) as proxy,
        client_for("https://api.example.com/v1", proxy=proxy.origin.replace("//", "//joe:pass-word@")) as client,
    ):
        outcome = call(client, CHAT_JSON)
    assert type(outcome.error) is ConnectError
    assert text in str(outcome.error)
    assert "pass-word" not in frames_of(outcome.error)
    assert len(proxy.requests) == 1


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without proxies."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.usefixtures("no_proxies")
def test_the_environments_proxy_is_asked_where_that_is_said(
    kind: Kind, name: str, authority: trustme.CA, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_tls(kind, authority) as server, Server(pump) as proxy:
        monkeypatch.setenv(name, proxy.origin.replace("//", "//joe:pass@"))
        with client_for(server.url, ssl_context=trust, proxy="environment") as client:
            assert call(client, kind).kept == "Hello world"
        assert proxy.requests[0].headers["proxy-authorization"] == "Basic am9lOnBhc3M="
        monkeypatch.setenv("NO_PROXY", "example.com,127.0.0.1")
        with client_for(server.url, ssl_context=trust, proxy="environment") as client:
            assert call(client, kind).kept == "Hello world"
        assert proxy.connections == 1
        assert server.connections == 2


@pytest.mark.usefixtures("no_proxies")
def test_an_environment_without_a_proxy() -> None:
    with serve(good(CHAT_JSON)) as server, client_for(server.url, proxy="environment") as client:
        assert call(client, CHAT_JSON).kept == "Hello world"
    assert server.requests[0].target.startswith("/v1/")


@pytest.mark.usefixtures("no_proxies")
def test_a_proxy_of_the_environment_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://joe:pass-word@127.0.0.1:1")
    with pytest.raises(ConfigurationError, match="ALL_PROXY in the environment: give http") as caught:
        Client(KEY, proxy="environment")
    assert_hidden(caught.value)


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses(status: int) -> None:
    with (
        serve(answer(b"", status)) as proxy,
        client_for("https://api.example.com/v1", proxy=proxy.origin.replace("//", "//joe:pass-word@")) as client,
    ):
        outcome = call(client, CHAT_JSON)
    assert type(outcome.error) is ConnectError
    assert str(status) in str(outcome.error)
    assert "pass-word" not in frames_of(outcome.error)


@pytest.mark.parametrize("name", ["joe", "joe's(friend)"])
def test_a_proxy_that_sends_back_what_it_was_sent(name: str) -> None:
    """As the page of an error, with the credentials in it."""

    def script(peer: Peer) -> None:
        peer.send(answer(peer.request().raw, 407))
        peer.gone()

    with Server(script) as proxy:
        address = proxy.origin.replace("//", f"//{name}:pass-word@")
        with client_for("http://api.example.com/v1", proxy=address, allow_http=True) as client:
            error = call(client, CHAT_JSON).error
    assert error is not None
    credentials = proxy.requests[0].headers["proxy-authorization"].removeprefix("Basic ")
    assert credentials
    assert credentials not in f"{error!s} {error!r} {vars(error)!r}"


def test_a_refused_proxy_url_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client(KEY, proxy="socks5://joe:pass-word@127.0.0.1:1")
    assert_hidden(caught.value)


def assert_hidden(error: BaseException) -> None:
    """The password is in no text, and in none of the library's frames."""
    trace = error.__traceback__
    assert trace is not None
    shown = traceback.TracebackException(type(error), error, trace.tb_next, capture_locals=True)
    assert "pass-word" not in "".join(shown.format())
