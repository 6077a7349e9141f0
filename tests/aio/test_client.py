"""AsyncClient: every form of a call, how it is made, and what it refuses. What comes of calls is in the scenarios."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest

import mimo_proto
from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    AsyncClient,
    AsyncStream,
    Client,
    ConfigurationError,
    InvalidRequestError,
    LocalProtocolError,
    ResponseOutputTextDelta,
    Timeouts,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, once, sse
from tests.support.loops import LOOPS, run_on
from tests.support.outcomes import KEY, words
from tests.support.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST, RESPONSE, RESPONSE_EVENTS, RESPONSE_REQUEST
from tests.support.shells import run

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Coroutine

MODEL_LIST = {"object": "list", "data": [{"id": "mimo-v2.6-pro", "object": "model", "owned_by": "xiaomi"}]}


def serve(peer: Peer) -> None:
    """Answer well, in the mode and protocol that is asked for."""
    while True:
        request = peer.request()
        if request.method == "GET":
            peer.send(answer(MODEL_LIST))
        elif request.json["stream"]:
            chat = request.target.endswith("/chat/completions")
            peer.send(sse(), *map(chunk, CHAT_EVENTS if chat else RESPONSE_EVENTS), END)
        else:
            peer.send(answer(CHAT if request.target.endswith("/chat/completions") else RESPONSE))


def over(loop: str, work: Callable[[AsyncClient], Coroutine[Any, Any, Any]], **settings: Any) -> Server:
    async def main() -> None:
        async with AsyncClient(KEY, server.url, **settings) as client:
            await work(client)

    with Server(serve) as server:
        run_on(loop, main)
    return server


async def text_of(stream: AsyncStream[Any, Any]) -> str:
    async with stream:
        return "".join([text async for text in stream.text()])


@pytest.mark.parametrize("loop", LOOPS)
def test_every_form_of_a_call(loop: str) -> None:
    async def work(client: AsyncClient) -> None:
        assert words(await client.create_chat_completion(**CHAT_REQUEST)) == "Hello world"
        assert (await client.create_response(**RESPONSE_REQUEST)).output_text == "Hello world"
        assert await text_of(client.stream_chat_completion(**CHAT_REQUEST)) == "Hello world"
        assert await text_of(client.stream_response(**RESPONSE_REQUEST)) == "Hello world"
        assert (await client.list_models()).data[0].id == "mimo-v2.6-pro"
        reply = await client.send(CHAT_COMPLETIONS, CHAT_REQUEST)
        assert (words(reply.value), reply.status, reply.attempts) == ("Hello world", 200, 1)
        assert (await client.send(MODELS)).value.data[0].id == "mimo-v2.6-pro"
        assert await text_of(client.stream(RESPONSES, RESPONSE_REQUEST)) == "Hello world"
        async with client.stream(RESPONSES, RESPONSE_REQUEST, event_type=ResponseOutputTextDelta) as projected:
            assert [event.delta async for event in projected] == ["Hello", " world"]

    assert over(loop, work).connections == 1


class Derived(httpx.AsyncClient):
    """As services derive theirs."""


@pytest.mark.parametrize("make", [aiohttp.ClientSession, httpx.AsyncClient, Derived])
def test_another_library_sends(make: Callable[[], Any]) -> None:
    """Its client is told from others by where its class is defined, and stays open."""

    async def main() -> None:
        async with make() as http:
            for _ in range(2):
                async with AsyncClient(KEY, server.url, http=http) as client:
                    assert words(await client.create_chat_completion(**CHAT_REQUEST)) == "Hello world"
                    assert await text_of(client.stream_chat_completion(**CHAT_REQUEST)) == "Hello world"
                with pytest.raises(LocalProtocolError, match="closed"):
                    await client.list_models()
        assert server.connections == 1

    with Server(serve) as server:
        run(main)


@pytest.mark.parametrize("http", [httpx.Client(), object(), aiohttp, "aiohttp.ClientSession", httpx.AsyncClient])
def test_what_is_no_client_of_a_known_library(http: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"http= takes an aiohttp\.ClientSession"):
        AsyncClient(KEY, http=http)


@pytest.mark.parametrize("settings", [{"pool_size": 10}, {"proxy": "http://127.0.0.1:1"}, {"ssl_context": True}])
def test_what_belongs_to_the_other_library(settings: dict[str, Any], trust: ssl.SSLContext) -> None:
    if "ssl_context" in settings:
        settings = {"ssl_context": trust}
    with pytest.raises(ConfigurationError, match="belong to the client that is given as http="):
        AsyncClient(KEY, http=httpx.AsyncClient(), **settings)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"api_key": ""}, "the API key is empty"),
        ({"base_url": "http://example.com/v1"}, "would send the key in the clear"),
        ({"proxy": "socks5://127.0.0.1"}, "proxy: give http"),
        ({"timeout": 5}, "timeout="),
        ({"timeouts": 5}, "timeouts= takes Timeouts"),
        ({"max_retries": 5}, "max_retries="),
    ],
)
def test_what_cannot_be_used_is_refused_when_the_client_is_built(settings: dict[str, Any], text: str) -> None:
    arguments: dict[str, Any] = {"api_key": KEY, **settings}
    with pytest.raises(ConfigurationError, match=text):
        AsyncClient(**arguments)


def test_a_request_that_is_a_value_is_refused_at_the_named_methods() -> None:
    client: Any = AsyncClient(KEY)
    for method in (client.stream_chat_completion, client.stream_response):
        with pytest.raises(InvalidRequestError, match=r"client\.stream\("):
            method(CHAT_REQUEST)
    for method in (client.create_chat_completion, client.create_response):
        with pytest.raises(InvalidRequestError, match=r"client\.send\("):
            asyncio.run(method(CHAT_REQUEST))
    with pytest.raises(AttributeError, match="create_chat_completion"):
        _ = client.chat


def test_the_methods_are_those_of_the_sync_client() -> None:
    def public(cls: type) -> dict[str, str]:
        methods = {name: value for name, value in vars(cls).items() if not name.startswith("_")}
        return {name: str(inspect.signature(method)) for name, method in methods.items()}

    sync, aio = public(Client), public(AsyncClient)
    assert aio.keys() - {"aclose"} == sync.keys() - {"close", "prepare"}
    for name in aio.keys() & sync.keys():
        assert aio[name].replace("AsyncStream", "Stream") == sync[name]


def test_the_key_is_shown_nowhere() -> None:
    client = AsyncClient(KEY, "https://api.example.com/v1")
    assert repr(client) == "<AsyncClient https://api.example.com/v1>"
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            take(client)


def test_it_is_imported_when_it_is_asked_for() -> None:
    script = """
import sys, mimo_proto
assert not {"asyncio", "ssl", "mimo_proto.aio"} & set(sys.modules)
mimo_proto.AsyncClient, mimo_proto.AsyncStream
assert not {"urllib3", "aiohttp", "httpx", "http.client"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {"AsyncClient", "AsyncStream"} <= set(mimo_proto.__all__)


def test_without_a_loop_of_asyncio() -> None:
    """As under trio."""
    awaiting = AsyncClient(KEY).list_models()
    with pytest.raises(LocalProtocolError, match="no event loop of asyncio"):
        awaiting.send(None)


@pytest.mark.parametrize("loop", LOOPS)
def test_one_client_in_one_run_after_the_other(loop: str) -> None:
    async def main() -> None:
        assert words(await client.create_chat_completion(**CHAT_REQUEST)) == "Hello world"

    def closing(peer: Peer) -> None:
        peer.request()
        peer.send(answer(CHAT, 200, "Connection: close"))

    with Server(closing) as server:
        client = AsyncClient(KEY, server.url)
        for _ in range(3):
            run_on(loop, main)
        assert server.connections == 3


def test_a_task_that_is_cancelled_closes_its_connection() -> None:
    async def main() -> None:
        async with AsyncClient(KEY, server.url, timeouts=Timeouts(read=None)) as client:
            stream = client.stream_chat_completion(**CHAT_REQUEST)

            async def read(events: AsyncIterator[Any]) -> None:
                async for _ in events:
                    arrived.set()

            arrived = asyncio.Event()
            reading = asyncio.create_task(read(stream))
            await arrived.wait()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            assert stream.end == "cancelled"
            while server.open_connections:
                await asyncio.sleep(0.01)

    with Server(once(sse() + chunk(CHAT_EVENTS[0]))) as server:
        run(main)
