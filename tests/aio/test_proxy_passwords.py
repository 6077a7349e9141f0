"""The name and password of a proxy of the caller's client: in no error, whatever the proxy answers."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import httpx2
import pytest

from mimo_proto import CHAT_COMPLETIONS, AsyncClient, ConfigurationError, ConnectError, MimoError
from tests.aio.test_secrets import behind
from tests.support.dummyserver import Peer, Server, answer
from tests.support.outcomes import KEY, assert_clean
from tests.support.payloads import CHAT_REQUEST
from tests.support.shells import run

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "hunter2-of-the-proxy"
CREDENTIALS = base64.b64encode(f"me:{PASSWORD}".encode()).decode()


def assert_no_password(error: MimoError) -> None:
    assert_clean(error)
    for text in (str(error), repr(error), repr(vars(error)), *(value for _, _, value in behind(error))):
        assert PASSWORD not in text
        assert CREDENTIALS not in text


def httpx_by_argument(proxy: str) -> Any:
    return httpx.AsyncClient(proxy=proxy)


def httpx_by_environment(proxy: str) -> Any:
    return httpx.AsyncClient(trust_env=True)


def httpx2_by_argument(proxy: str) -> Any:
    return httpx2.AsyncClient(proxy=proxy)


def httpx2_by_environment(proxy: str) -> Any:
    return httpx2.AsyncClient(trust_env=True)


def aiohttp_by_argument(proxy: str) -> Any:
    return aiohttp.ClientSession(proxy=proxy)


def aiohttp_by_environment(proxy: str) -> Any:
    return aiohttp.ClientSession(trust_env=True)


WAYS = [
    httpx_by_argument,
    httpx_by_environment,
    httpx2_by_argument,
    httpx2_by_environment,
    aiohttp_by_argument,
    aiohttp_by_environment,
]


async def call(http: Any, url: str, *, streamed: bool) -> None:
    client = AsyncClient(KEY, url, http=http, allow_http=True)
    if streamed:
        await client.stream(CHAT_COMPLETIONS, CHAT_REQUEST).result()
    else:
        await client.send(CHAT_COMPLETIONS, CHAT_REQUEST)


def environment(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy)
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("url", ["https://api.example.com/v1", "http://api.example.com/v1"], ids=["https", "http"])
@pytest.mark.parametrize("status", [407, 503])
@pytest.mark.parametrize("way", WAYS)
def test_a_proxy_that_refuses(
    way: Callable[[str], Any], status: int, url: str, streamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(b"no", status, "Proxy-Authenticate: Basic realm=x"))
        peer.gone()

    async def main() -> None:
        async with way(address) as http:
            with pytest.raises(MimoError) as caught:
                await call(http, url, streamed=streamed)
            assert_no_password(caught.value)
            if url.startswith("https"):
                assert type(caught.value) is ConnectError
                assert str(status) in str(caught.value)

    with Server(script) as proxy:
        address = proxy.origin.replace("//", f"//me:{PASSWORD}@")
        environment(monkeypatch, address)
        run(main)
    [request] = proxy.requests
    assert request.headers["proxy-authorization"] == f"Basic {CREDENTIALS}"


@pytest.mark.parametrize("leaves", [Peer.fin, Peer.rst], ids=["fin", "rst"])
@pytest.mark.parametrize("url", ["https://api.example.com/v1", "http://api.example.com/v1"], ids=["https", "http"])
@pytest.mark.parametrize("way", WAYS)
def test_a_proxy_that_leaves(
    way: Callable[[str], Any], url: str, leaves: Callable[[Peer], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        leaves(peer)

    async def main() -> None:
        async with way(address) as http:
            with pytest.raises(MimoError) as caught:
                await call(http, url, streamed=False)
            assert_no_password(caught.value)

    with Server(script) as proxy:
        address = proxy.origin.replace("//", f"//me:{PASSWORD}@")
        environment(monkeypatch, address)
        run(main)


@pytest.mark.parametrize("name", ["me", "it's(me)"])
@pytest.mark.parametrize("way", WAYS)
def test_a_proxy_that_is_none(way: Callable[[str], Any], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """aiohttp shows the URL then, in which quotes and parentheses stand as they are (RFC 3986, section 3.2.1)."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        peer.gone()

    async def main() -> None:
        async with way(address) as http:
            with pytest.raises(MimoError) as caught:
                await call(http, "https://api.example.com/v1", streamed=False)
            assert_no_password(caught.value)

    with Server(script) as proxy:
        address = proxy.origin.replace("//", f"//{name}:{PASSWORD}@")
        environment(monkeypatch, address)
        run(main)


@pytest.mark.parametrize("way", WAYS)
def test_a_proxy_that_is_not_there(way: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(lambda peer: None) as proxy:
        address = proxy.origin.replace("//", f"//me:{PASSWORD}@")
    environment(monkeypatch, address)

    async def main() -> None:
        async with way(address) as http:
            with pytest.raises(ConnectError) as caught:
                await call(http, "https://api.example.com/v1", streamed=False)
            assert_no_password(caught.value)

    run(main)


@pytest.mark.parametrize("address", [f"http://me:{PASSWORD}/@127.0.0.1:1", f"me:{PASSWORD}@127.0.0.1:1"])
def test_a_proxy_that_is_no_url(address: str) -> None:
    async def main() -> None:
        async with aiohttp.ClientSession(proxy=address) as http:
            with pytest.raises((ConfigurationError, ConnectError)) as caught:
                await call(http, "https://api.example.com/v1", streamed=False)
            assert_no_password(caught.value)

    run(main)
