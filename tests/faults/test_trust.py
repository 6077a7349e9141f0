"""Whom the client believes: promises "Secrets", of the environment, plain http, TLS and proxies."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from mimo_proto import (
    Client,
    ConfigurationError,
    ConnectError,
)
from tests.support.dummyserver import Peer, Server, answer, pump
from tests.support.outcomes import ALL, CHAT_JSON, JSON, KEY, STREAMS, Kind, call, client_for, frames_of, good

if TYPE_CHECKING:
    import ssl


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


def test_a_refused_proxy_url_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client(KEY, proxy="socks5://joe:pass-word@127.0.0.1:1")
    error, trace = caught.value, caught.value.__traceback__
    assert trace is not None
    shown = traceback.TracebackException(type(error), error, trace.tb_next, capture_locals=True)
    assert "pass-word" not in "".join(shown.format())
