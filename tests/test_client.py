"""The client over a real socket: every form of a call, and what is sent."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    ChatCompletion,
    ChatCompletionRequest,
    Client,
    ConfigurationError,
    Delta,
    FunctionDefinition,
    FunctionTool,
    InvalidRequestError,
    Limits,
    LocalProtocolError,
    RateLimitError,
    Response,
    ResponseOutputTextDelta,
    ResponseRequest,
    RetryPolicy,
    Timeouts,
    UserMessage,
    user,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, sse
from tests.support.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST, RESPONSE, RESPONSE_EVENTS, RESPONSE_REQUEST

KEY = "sk-0123456789"
MODEL_LIST = {"object": "list", "data": [{"id": "mimo-v2.6-pro", "object": "model", "owned_by": "xiaomi"}]}

LONG_NAME = FunctionDefinition(name="f" * 65)


def serve(peer: Peer) -> None:
    """Answer well, in the mode and protocol that is asked for."""
    while True:
        request = peer.request()
        if request.method == "GET":
            peer.send(answer(MODEL_LIST, 200, "X-Request-Id: q1"))
            continue
        chat = request.target.endswith("/chat/completions")
        if request.json.get("stream"):
            events = CHAT_EVENTS if chat else RESPONSE_EVENTS
            peer.send(sse("X-Request-Id: q1"), *map(chunk, events), END)
        else:
            peer.send(answer(CHAT if chat else RESPONSE, 200, "X-Request-Id: q1"))


@pytest.fixture
def server() -> Any:
    with Server(serve) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Any:
    with Client(KEY, server.url) as client:
        yield client


def test_chat_in_every_form(server: Server, client: Client) -> None:
    struct = ChatCompletionRequest(model="mimo-v2.6-pro", messages=[user("hi")])
    replies = [
        client.create_chat_completion(**CHAT_REQUEST),
        client.create_chat_completion(**CHAT_REQUEST),
        client.create_chat_completion(model="mimo-v2.6-pro", messages=[user("hi")]),
        client.create_chat_completion(model="mimo-v2.6-pro", messages=[{"role": "user", "content": "hi"}]),
        client.send(CHAT_COMPLETIONS, CHAT_REQUEST).value,
        client.send(CHAT_COMPLETIONS, struct).value,
    ]
    assert all(reply == msgspec.convert(CHAT, ChatCompletion) for reply in replies)
    assert all(request.json == {**CHAT_REQUEST, "stream": False} for request in server.requests)
    assert server.connections == 1


def test_chat_streamed_in_every_form(server: Server, client: Client) -> None:
    struct = ChatCompletionRequest(model="mimo-v2.6-pro", messages=[user("hi")])
    for stream in (
        client.stream_chat_completion(**CHAT_REQUEST),
        client.stream_chat_completion(model="mimo-v2.6-pro", messages=[user("hi")]),
        client.stream(CHAT_COMPLETIONS, CHAT_REQUEST),
        client.stream(CHAT_COMPLETIONS, struct),
    ):
        with stream:
            assert "".join(stream.text()) == "Hello world"
            assert stream.result() == msgspec.convert(CHAT, ChatCompletion)
            assert stream.end == "completed"
    assert all(request.json == {**CHAT_REQUEST, "stream": True} for request in server.requests)
    assert server.connections == 1


def test_responses_in_every_form(server: Server, client: Client) -> None:
    struct = ResponseRequest(model="mimo-v2.6-pro", input="hi")
    replies: list[Response] = [
        client.create_response(**RESPONSE_REQUEST),
        client.create_response(model="mimo-v2.6-pro", input="hi"),
        client.send(RESPONSES, RESPONSE_REQUEST).value,
        client.send(RESPONSES, struct).value,
    ]
    for stream in (
        client.stream_response(**RESPONSE_REQUEST),
        client.stream_response(model="mimo-v2.6-pro", input="hi"),
        client.stream(RESPONSES, RESPONSE_REQUEST),
        client.stream(RESPONSES, struct),
    ):
        with stream:
            assert list(stream.text()) == ["Hello", " world"]
            replies.append(stream.result())
    assert all(reply.output_text == "Hello world" and reply == replies[0] for reply in replies)
    assert server.connections == 1


def test_list_models_and_reply(server: Server, client: Client) -> None:
    assert [model.id for model in client.list_models().data] == ["mimo-v2.6-pro"]
    reply = client.send(MODELS)
    assert (reply.status, reply.request_id, reply.attempts) == (200, "q1", 1)
    assert reply.headers["content-type"] == "application/json"
    assert msgspec.json.decode(reply.body) == MODEL_LIST
    assert server.requests[0].body == b""
    assert server.requests[0].target == "/v1/models"


def test_what_a_stream_tells(client: Client) -> None:
    stream = client.stream_chat_completion(**CHAT_REQUEST)
    assert (stream.status, dict(stream.headers), stream.request_id, stream.attempts, stream.end) == (
        None,
        {},
        None,
        0,
        None,
    )
    with stream:
        assert (stream.status, stream.request_id, stream.attempts, stream.end) == (200, "q1", 1, None)
        assert stream.headers["content-type"] == "text/event-stream"
        assert repr(stream) == "<Stream status=200 end=None>"
        events = list(stream)
    assert len(events) == 3
    assert stream.end == "completed"
    assert list(stream) == [], "over"


def test_a_stream_is_opened_before_it_is_read(server: Server, client: Client) -> None:
    stream = client.stream_chat_completion(**CHAT_REQUEST).open()
    assert (stream.status, stream.end, len(server.requests)) == (200, None, 1)
    with stream.open() as same:
        assert same is stream
        assert "".join(stream.text()) == "Hello world"
    assert len(server.requests) == 1


def test_an_error_is_known_when_a_stream_is_opened() -> None:
    def refuse(peer: Peer) -> None:
        peer.request()
        peer.send(answer({"error": {"code": "429", "message": "Too many requests"}}, 429))

    with Server(refuse) as server, Client(KEY, server.url) as client:
        stream = client.stream_response(**RESPONSE_REQUEST)
        for _ in range(2):
            with pytest.raises(RateLimitError):
                stream.open()
        assert (stream.end, len(server.requests)) == ("error", 1)


def test_deltas_are_alike_in_both_apis(client: Client) -> None:
    for stream in (client.stream_chat_completion(**CHAT_REQUEST), client.stream_response(**RESPONSE_REQUEST)):
        with stream:
            deltas = stream.deltas()
            assert next(deltas) == Delta("text", "Hello")
            assert list(deltas) == [Delta("text", " world")]
            stream.result()
            assert stream.end == "completed"
            assert list(stream.deltas()) == []


def test_text_goes_on_where_another_loop_was_left(client: Client) -> None:
    """The event that ends a response has its text once more."""
    with client.stream_response(**RESPONSE_REQUEST) as stream:
        for event in stream:
            if event.type == "response.output_text.delta" and event.delta == " world":
                break
        assert list(stream.text()) == []
        assert stream.result().output_text == "Hello world"


def test_headers(server: Server) -> None:
    with Client(KEY, server.url + "/", headers={"X-Team": "a", "X-Both": "client"}) as client:
        client.create_chat_completion(**CHAT_REQUEST, extra_headers={"X-Both": "call", "x-more": "b"})
    with Client(KEY, server.url, auth="api-key") as client, client.stream_chat_completion(**CHAT_REQUEST) as stream:
        stream.result()
    first, second = (request.headers for request in server.requests)
    assert first["authorization"] == f"Bearer {KEY}"
    assert first["host"] == server.origin.removeprefix("http://")
    assert first["user-agent"].startswith("mimo-proto/")
    assert first["accept-encoding"] == second["accept-encoding"] == "identity"
    assert (first["x-team"], first["x-both"], first["x-more"]) == ("a", "call", "b")
    assert second["api-key"] == KEY
    assert "authorization" not in second
    assert second["accept"] == "text/event-stream"


def test_options_of_a_call(server: Server, client: Client) -> None:
    seen: list[bytes] = []
    client.create_chat_completion(
        **CHAT_REQUEST, extra_body={"new": 1}, tee=seen.append, timeouts=Timeouts(read=5), retry=RetryPolicy()
    )
    assert server.requests[0].json == {**CHAT_REQUEST, "new": 1, "stream": False}
    assert msgspec.json.decode(b"".join(seen)) == CHAT
    seen.clear()
    with client.stream_chat_completion(**CHAT_REQUEST, tee=seen.append) as stream:
        stream.result()
    assert b"".join(seen) == b"".join(CHAT_EVENTS)


def test_dicts_and_keywords_are_checked_before_sending(server: Server, client: Client) -> None:
    loose: Any = client
    calls = [
        lambda: loose.create_chat_completion(model="m", messages=[], max_tokens=3),
        lambda: loose.stream_chat_completion(model="m", messages=[], max_tokens=3),
        lambda: client.send(CHAT_COMPLETIONS, {"model": "m", "messages": [], "max_tokens": 3}),
        lambda: client.stream(CHAT_COMPLETIONS, {"model": "m", "messages": [], "max_tokens": 3}),
        lambda: client.create_chat_completion(model="m", messages=[{"role": "king"}]),
        lambda: client.create_chat_completion(model="m", messages=[user("hi")], stream=True),
        lambda: client.create_chat_completion(model="m", messages=[UserMessage(content=5)]),  # type: ignore[arg-type]
        lambda: client.create_chat_completion(**CHAT_REQUEST, tools=[FunctionTool(function=LONG_NAME)]),
        loose.create_chat_completion,
    ]
    for call in calls:
        with pytest.raises(InvalidRequestError):
            call()
    loose.create_chat_completion(**CHAT_REQUEST, max_tokens=3, validate=False)
    assert [request.json.get("max_tokens") for request in server.requests] == [3]


class Narrow(msgspec.Struct):
    content: str | None = None


class NarrowChoice(msgspec.Struct):
    delta: Narrow
    finish_reason: str | None = None


class NarrowChunk(msgspec.Struct):
    choices: list[NarrowChoice]


def test_projection(client: Client) -> None:
    with client.stream(CHAT_COMPLETIONS, CHAT_REQUEST, event_type=NarrowChunk) as stream:
        assert [event.choices[0].delta.content for event in stream] == ["Hello", " world", None]
        assert stream.end == "completed"
        with pytest.raises(LocalProtocolError, match="projected"):
            stream.result()
        with pytest.raises(LocalProtocolError, match="projected"):
            stream.text()
        with pytest.raises(LocalProtocolError, match="projected"):
            stream.deltas()
    with client.stream(RESPONSES, RESPONSE_REQUEST, event_type=ResponseOutputTextDelta) as narrow:
        assert [event.delta for event in narrow] == ["Hello", " world"]


@pytest.mark.parametrize("key", ["", "sk-\r\nX: y", "schlüssel-4711", "a b", " \t"])
def test_bad_keys_are_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client(key)
    assert key.strip() == "" or key not in repr(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "http://api.example.com/v1"},
        {"base_url": "ftp://127.0.0.1/v1"},
        {"base_url": "https://x/v1?y=1"},
        {"headers": {"X": "a\r\nb"}},
        {"headers": {"Authorization": "x"}},
        {"auth": "basic"},
        {"proxy": "socks5://127.0.0.1:1"},
        {"proxy": "nonsense"},
        {"proxy": "http://[::1"},
    ],
)
def test_what_cannot_be_used_is_refused_when_the_client_is_built(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Client(KEY, **settings)


def test_environment_is_read_when_the_client_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIMO_API_KEY", "sk-env")
    monkeypatch.setenv("MIMO_BASE_URL", "https://env.example.com/v1/")
    assert repr(Client()) == "<Client https://env.example.com/v1>"
    assert repr(Client(base_url="https://arg.example.com/v1")) == "<Client https://arg.example.com/v1>"
    monkeypatch.delenv("MIMO_BASE_URL")
    assert "xiaomimimo.com" in repr(Client())
    monkeypatch.delenv("MIMO_API_KEY")
    with pytest.raises(ConfigurationError, match="MIMO_API_KEY"):
        Client()


def test_environment_is_not_read_at_import() -> None:
    code = """
import os
class Nothing(dict):
    def _no(self, *a): raise AssertionError(a)
    __getitem__ = __contains__ = get = _no
before, os.environ = os.environ, Nothing()
import mimo_proto
os.environ = before
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_client_is_neither_pickled_nor_copied() -> None:
    client = Client(KEY)
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="MIMO_API_KEY"):
            way(client)


def test_a_closed_client_refuses(server: Server) -> None:
    client = Client(KEY, server.url)
    stream = client.stream_chat_completion(**CHAT_REQUEST)
    with stream:
        next(iter(stream))
        client.close()
        client.close()
        assert stream.result().choices[0].message.content == "Hello world", "what is open goes on"
    with pytest.raises(LocalProtocolError, match="closed"):
        client.list_models()


def test_limits_of_the_client(server: Server) -> None:
    from mimo_proto import BodyTooLargeError, EventTooLargeError

    with Client(KEY, server.url, limits=Limits(body=10, event=10)) as client:
        with pytest.raises(BodyTooLargeError):
            client.create_chat_completion(**CHAT_REQUEST)
        with client.stream_chat_completion(**CHAT_REQUEST) as stream, pytest.raises(EventTooLargeError):
            stream.result()
