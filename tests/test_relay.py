"""The relay of examples/: what clients of OpenAI's APIs send and get, over real sockets, and MiMo's rules behind it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    Delta,
    DeltaReader,
    StreamDecoder,
    encode_done,
    encode_event,
    parse_response,
    to_json,
)
from mimo_proto import RESPONSES as RESPONSES_ENDPOINT
from mimo_proto.testing import Call, Gate, LoopbackServer, Refusal, Turn, recorded, recordings
from tests.support.calling import CHAT, RESPONSES, Answered, call, payloads, said
from tests.support.dummyserver import Peer, Server, chunk, sse
from tests.support.relaying import Served, relaying

if TYPE_CHECKING:
    from collections.abc import Iterator

FOREIGN = sorted((Path(__file__).parent / "fixtures" / "foreign").glob("*.json"))
STREAMS = [name for name in recordings() if name.endswith(".sse") and "error" not in name]
WEATHER = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
QUESTION = {"role": "user", "content": "Is it warm in Harbin?"}
JSON = "application/json"
ASKED = {CHAT: said("hi"), RESPONSES: {"model": "mimo-v2.6-pro", "input": "hi"}}
MODES = pytest.mark.parametrize("streamed", [False, True], ids=["json", "stream"])
PATHS = pytest.mark.parametrize("path", [CHAT, RESPONSES], ids=["chat", "responses"])


@pytest.fixture
def relay(server: LoopbackServer) -> Iterator[Served]:
    with relaying(server.base_url, server.api_key) as served:
        yield served


def ask(relay: Served, body: Any, path: str = CHAT, *, key: str = "sk-of-a-user", streamed: bool = False) -> Answered:
    return call(relay, path, {**body, "stream": streamed}, headers={"Authorization": f"Bearer {key}"})


def events_of(path: str, body: bytes) -> list[Any]:
    return list(StreamDecoder[Any](CHAT_COMPLETIONS if path == CHAT else RESPONSES_ENDPOINT).events([body]))


def deltas_of(endpoint: Any, events: list[Any]) -> list[Delta]:
    reader = DeltaReader[Any](endpoint)
    return [delta for event in events for delta in reader.feed(event)]


@PATHS
def test_a_reply(relay: Served, path: str) -> None:
    answered = ask(relay, ASKED[path], path)
    assert (answered.status, answered.headers["content-type"]) == (200, "application/json")
    assert "You said: hi" in answered.body.decode()


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_what_came_in_their_shape(server: LoopbackServer, relay: Served, name: str) -> None:
    path = CHAT if name.startswith("Chat") else RESPONSES
    endpoint = CHAT_COMPLETIONS if path == CHAT else RESPONSES_ENDPOINT
    server.reply(recorded(name))
    answered = ask(relay, ASKED[path], path, streamed=True)
    came = events_of(path, recorded(name))
    assert answered.headers["content-type"].startswith("text/event-stream")
    end = encode_done() if path == CHAT else b""
    assert answered.body == b"".join(encode_event(event, shape="openai") for event in came) + end
    assert deltas_of(endpoint, events_of(path, answered.body)) == deltas_of(endpoint, came)


def test_the_models(server: LoopbackServer, relay: Served) -> None:
    answered = call(relay, "/v1/models")
    direct = call(server, "/v1/models")
    assert answered.body == to_json(parse_response(MODELS, 200, direct.headers, direct.body), shape="openai")


def chat_call(relay: Served, *, streamed: bool, key: str = "sk-of-a-user") -> dict[str, Any]:
    """Ask what takes a tool, and give what a client that drops the thinking makes of the answer."""
    body = {"model": "mimo-v2.6-pro", "messages": [QUESTION], "tools": [{"type": "function", "function": WEATHER}]}
    answered = ask(relay, body, key=key, streamed=streamed)
    if streamed:
        pieces = [
            piece
            for event in payloads(answered.body)
            for choice in event["choices"]
            for piece in choice["delta"].get("tool_calls", ())
        ]
        name, identity = pieces[0]["function"]["name"], pieces[0]["id"]
        arguments = "".join(piece["function"]["arguments"] for piece in pieces)
        made = {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}
    else:
        [made] = answered.json["choices"][0]["message"]["tool_calls"]
    asked = {"role": "assistant", "content": None, "tool_calls": [made]}
    answer = {"role": "tool", "tool_call_id": made["id"], "content": "-11"}
    return {**body, "messages": [QUESTION, asked, answer]}


@MODES
def test_thinking_comes_back_to_the_histories_of_its_user(
    server: LoopbackServer, relay: Served, streamed: bool
) -> None:
    body = chat_call(relay, streamed=streamed)
    answered = ask(relay, body, streamed=streamed)
    assert answered.status == 200
    assert server.requests[-1].body["messages"][1]["reasoning_content"] == "I need get_weather."
    # Of another user's call nothing is known, though it is the same.
    assert ask(relay, body, key="sk-of-another", streamed=streamed).status == 200
    assert server.requests[-1].body["messages"][1]["reasoning_content"] == ""


@pytest.mark.wrong_requests
def test_without_the_relay_such_a_history_is_refused(server: LoopbackServer, relay: Served) -> None:
    assert call(server, CHAT, chat_call(relay, streamed=False)).status == 400


@MODES
def test_reasoning_items_come_back_to_their_calls(server: LoopbackServer, relay: Served, streamed: bool) -> None:
    body: dict[str, Any] = {
        "model": "mimo-v2.6-pro",
        "input": [QUESTION],
        "tools": [{"type": "function", **WEATHER, "strict": False}],
    }
    answered = ask(relay, body, RESPONSES, streamed=streamed)
    output = payloads(answered.body)[-1]["response"]["output"] if streamed else answered.json["output"]
    made = next(item for item in output if item["type"] == "function_call")
    result = {"type": "function_call_output", "call_id": made["call_id"], "output": "-11"}
    reference = {"type": "item_reference", "id": made["id"]}
    answered = ask(relay, {**body, "input": [QUESTION, reference, result]}, RESPONSES, streamed=streamed)
    assert answered.status == 200
    assert [item.get("type") for item in server.requests[-1].body["input"]] == [
        None,
        "reasoning",
        "function_call",
        "function_call_output",
    ]


@pytest.mark.wrong_requests  # what a kept object has beside the spec's fields is left to MiMo, which filters it
@pytest.mark.parametrize("fixture", FOREIGN, ids=lambda path: path.stem)
def test_bodies_of_other_peoples_clients_are_taken(relay: Served, fixture: Path) -> None:
    body = json.loads(fixture.read_text("utf-8"))
    path = CHAT if "messages" in body else RESPONSES
    answered = call(relay, path, body)
    assert answered.status == 200, answered.body
    assert answered.headers["content-type"].startswith("text/event-stream" if body.get("stream") else JSON)


@PATHS
@MODES
def test_a_refusal_comes_before_the_head(relay: Served, path: str, streamed: bool) -> None:
    answered = ask(relay, {**ASKED[path], "model": "mimo-v9"}, path, streamed=streamed)
    assert (answered.status, answered.headers["content-type"]) == (400, JSON)
    assert answered.json["error"]["param"] in ("Not supported model mimo-v9", "mimo-v9")


@MODES
def test_when_to_come_again_is_passed_on(server: LoopbackServer, relay: Served, streamed: bool) -> None:
    server.reply(Refusal(429, "Too many requests", None, type="limitation"), headers={"Retry-After": "7"})
    answered = ask(relay, said("hi"), streamed=streamed)
    assert (answered.status, answered.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000, b"", b'{"n": 2}'])
@PATHS
def test_a_body_of_which_nothing_can_be_made(server: LoopbackServer, relay: Served, path: str, body: bytes) -> None:
    answered = call(relay, path, body, method="POST")
    assert (answered.status, answered.json["error"]["type"]) == (400, "invalid_request_error")
    assert not server.requests


@PATHS
@MODES
def test_a_server_that_is_not_there(path: str, streamed: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with relaying(f"http://127.0.0.1:{port}/v1", "sk-none") as relay:
        answered = ask(relay, ASKED[path], path, streamed=streamed)
    assert (answered.status, answered.json["error"]["type"]) == (502, "server_error")


@PATHS
def test_what_goes_wrong_later_is_the_last_event(server: LoopbackServer, relay: Served, path: str) -> None:
    server.reply(Turn("one two three"), cut=600)
    answered = ask(relay, ASKED[path], path, streamed=True)
    *events, last = payloads(answered.body)
    assert answered.status == 200
    assert events
    assert last["error"]["code"] == "502"
    if path == RESPONSES:
        assert (last["type"], last["sequence_number"]) == ("error", events[-1]["sequence_number"] + 1)
    assert b"[DONE]" not in answered.body


def leave(relay: Served, body: Any, heard: threading.Event, *, after: bytes = b"") -> None:
    """Ask, wait until the server has been asked and some of the answer has come, and close the connection."""
    address = urlsplit(relay.base_url)
    with closing(http.client.HTTPConnection(address.hostname or "", address.port)) as connection:
        connection.request("POST", CHAT, json.dumps(body))
        assert heard.wait(10)
        if after:
            with connection.getresponse() as response:
                assert after in response.read1()


@pytest.mark.parametrize("when", ["json", "before the head", "between events"])
def test_a_client_that_leaves_ends_the_call(when: str) -> None:
    asked, gone = threading.Event(), threading.Event()
    first = encode_event(events_of(CHAT, recorded("ChatCompletionChunk.thinking.sse"))[0])

    def silent(peer: Peer) -> None:
        peer.request()
        if when == "between events":
            peer.send(sse(), chunk(first))
        asked.set()
        if peer.gone():
            gone.set()

    with Server(silent) as upstream, relaying(upstream.url, "sk-none") as relay:
        body = said("hi", stream=when != "json")
        leave(relay, body, asked, after=b"data: {" if when == "between events" else b"")
        assert gone.wait(10)


def test_a_call_that_the_client_has_heard_of_is_known_when_it_leaves(server: LoopbackServer, relay: Served) -> None:
    """It leaves at the finish reason, which is not the end of the stream."""
    finish = Gate()
    server.reply(Turn(reasoning="Look.", calls=[Call("get_weather")]), hold={4: finish})
    address = urlsplit(relay.base_url)
    asked = said("hi", stream=True)
    with closing(http.client.HTTPConnection(address.hostname or "", address.port)) as connection:
        connection.request("POST", CHAT, json.dumps(asked))
        finish.wait()
        with connection.getresponse() as response:
            heard = b""
            while b'"tool_calls"}' not in heard:
                heard += response.read1()
    [made] = [
        piece
        for event in payloads(heard)
        for choice in event["choices"]
        for piece in choice["delta"].get("tool_calls", ())
    ]
    made = {"id": made["id"], "type": "function", "function": made["function"]}
    history = [{"role": "assistant", "content": None, "tool_calls": [made]}]
    answered = call(relay, CHAT, {**asked, "messages": [*asked["messages"], *history]}, headers={})
    assert answered.status == 200
    assert server.requests[-1].body["messages"][1]["reasoning_content"] == "Look."
