"""The server over real sockets: scripts, gates, cuts, connections, and its end."""

from __future__ import annotations

import functools
import http.client
import json
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from mimo_proto import ConfigurationError
from mimo_proto.testing import Gate, LoopbackServer, RawReply, Refusal, Turn, recorded
from tests.support.calling import CHAT, RESPONSES, call, payloads, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mimo_proto.testing import Received

STREAM = recorded("ChatCompletionChunk.thinking.sse")


@pytest.fixture
def connection(server: LoopbackServer) -> Iterator[http.client.HTTPConnection]:
    address = urlsplit(server.base_url)
    with closing(http.client.HTTPConnection(address.hostname or "", address.port)) as opened:
        yield opened


def post(connection: http.client.HTTPConnection, *, stream: bool = False) -> http.client.HTTPResponse:
    connection.request("POST", CHAT, json.dumps(said("hi", stream=stream)), {"api-key": "sk-loopback"})
    return connection.getresponse()


def test_a_script_is_played_in_order_and_then_the_server_answers_itself(server: LoopbackServer) -> None:
    server.script([Turn("one"), {"choices": []}, [1], RawReply(Turn("two"), status=203)])
    assert server.unplayed == 4
    assert call(server, CHAT, said("hi")).json["choices"][0]["message"]["content"] == "one"
    assert call(server, CHAT, said("hi")).json == {"choices": []}
    assert call(server, CHAT, said("hi")).json == [1]
    answered = call(server, CHAT, said("hi"))
    assert (answered.status, answered.json["choices"][0]["message"]["content"]) == (203, "two")
    assert server.unplayed == 0
    assert call(server, CHAT, said("hi")).json["choices"][0]["message"]["content"] == "You said: hi"


def test_a_recorded_stream_is_played_byte_for_byte(server: LoopbackServer) -> None:
    server.reply(STREAM)
    answered = call(server, CHAT, said("hi", stream=True))
    assert (answered.body, answered.headers["Transfer-Encoding"]) == (STREAM, "chunked")


@pytest.mark.parametrize("size", [1, 7, 1_000_000])
def test_split(server: LoopbackServer, size: int) -> None:
    server.reply(STREAM, split=size)
    assert call(server, CHAT, said("hi", stream=True)).body == STREAM


def test_refusals_and_headers(server: LoopbackServer) -> None:
    headers = {"Retry-After": "3", "content-type": "text/plain", "X-Request-Id": "r-1"}
    server.reply(Refusal(429, "Too many requests", None, type="limitation"), headers=headers)
    answered = call(server, CHAT, said("hi"))
    assert answered.status == 429
    assert {name: answered.headers[name] for name in headers} == headers
    assert answered.json == json.loads(recorded("ErrorResponse.429.json"))


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("what", [b"", b"data: 1\n\n", {"choices": []}], ids=["nothing", "stream", "JSON"])
def test_a_status_that_goes_without_a_body(
    server: LoopbackServer, connection: http.client.HTTPConnection, status: int, what: Any
) -> None:
    """What came behind the head would be taken for the next response."""
    server.reply(what, status=status)
    server.reply(Turn("next"))
    with post(connection) as response:
        assert (response.status, response.read()) == (status, b"")
        assert not {"Content-Length", "Transfer-Encoding"} & {name.title() for name in response.headers}
    with post(connection) as response:
        assert b"next" in response.read()
    assert server.connections == 1


WRONG: dict[str, tuple[str, Any, dict[str, str] | None, int]] = {
    "key": (CHAT, said("hi"), {}, 401),
    "model": (CHAT, said("hi", model="mimo-v9"), None, 400),
    "body": (CHAT, {"nonsense": 1}, None, 400),
    "of Responses": (
        RESPONSES,
        {"model": "mimo-v2.6-pro", "input": "hi", "tools": [{"type": "web_search"}]},
        None,
        400,
    ),
    "path": ("/v1/embeddings", said("hi"), None, 404),
    "retired": (CHAT, said("hi", model="mimo-v2.5"), None, 404),
}
AFTER = date(2026, 11, 30)


def say_fine(request: Received) -> Turn:
    return Turn("fine")


def say_hello(request: Received) -> str:
    return "hello"


def say_it_raw(request: Received) -> RawReply:
    return RawReply(RawReply(Turn("deep")))


@pytest.mark.wrong_requests
@pytest.mark.parametrize("what", [Turn("fine"), say_fine], ids=["turn", "function"])
@pytest.mark.parametrize(("path", "body", "headers", "status"), WRONG.values(), ids=WRONG)
def test_a_turn_does_not_answer_what_mimo_refuses(
    path: str, body: Any, headers: dict[str, str] | None, status: int, what: Any
) -> None:
    with LoopbackServer(today=AFTER) as server:
        server.reply(what, status=203, headers={"X-Mine": "1"})
        answered = call(server, path, body, headers=headers)
        assert (answered.status, "X-Mine" in answered.headers, "error" in answered.json) == (status, False, True)
        assert answered.body == call(server, path, body, headers=headers).body  # what the server says by itself
        assert server.unplayed == 0


@pytest.mark.wrong_requests
@pytest.mark.parametrize(("path", "body", "headers", "status"), WRONG.values(), ids=WRONG)
def test_a_turn_that_is_not_checked_answers_anything(
    path: str, body: Any, headers: dict[str, str] | None, status: int
) -> None:
    with LoopbackServer(today=AFTER) as server:
        server.reply(Turn("fine"), checked=False)
        assert "fine" in call(server, path, body, headers=headers).body.decode()


@pytest.mark.wrong_requests
@pytest.mark.parametrize("what", [b"{}", {}, Refusal(418), RawReply({})], ids=["bytes", "JSON", "refusal", "raw reply"])
def test_what_is_no_turn_is_played_to_anything(server: LoopbackServer, what: Any) -> None:
    server.reply(what)
    assert call(server, CHAT, {"nonsense": 1}, headers={}).status == (418 if isinstance(what, Refusal) else 200)


def test_the_pages_own_examples_are_answered_by_a_turn(server: LoopbackServer) -> None:
    server.reply(Turn("fine"))
    answered = call(server, CHAT, json.loads(recorded("ChatCompletionRequest.page.json")))
    assert answered.json["choices"][0]["message"]["content"] == "fine"


def test_a_raw_reply_goes_as_it_is(server: LoopbackServer, connection: http.client.HTTPConnection) -> None:
    gate = Gate()
    server.reply(RawReply(Turn("held"), status=202, headers={"X-Mine": "1"}, hold={0: gate}))
    connection.request("POST", CHAT, json.dumps(said("hi")), {"api-key": "sk-loopback"})
    gate.wait()
    gate.open()
    with connection.getresponse() as response:
        answer = json.load(response)
        assert (response.status, response.headers["X-Mine"]) == (202, "1")
    assert answer["choices"][0]["message"]["content"] == "held"


def test_nothing_stands_beside_a_raw_reply(server: LoopbackServer) -> None:
    with pytest.raises(TypeError, match="a RawReply goes as it is"):
        server.reply(RawReply(Turn("one")), status=202)
    assert server.unplayed == 0


def test_a_reply_for_every_request_stands_behind_the_script(server: LoopbackServer) -> None:
    server.reply(Refusal(500), every=True)
    server.reply(Turn("again"), status=203, every=True)
    server.reply(Turn("first"))
    assert server.unplayed == 1
    answered = [call(server, CHAT, said("hi")) for _ in range(3)]
    assert [each.status for each in answered] == [200, 203, 203]
    texts = [each.json["choices"][0]["message"]["content"] for each in answered]
    assert texts == ["first", "again", "again"]
    assert server.unplayed == 0


def test_a_function_answers_by_the_request(server: LoopbackServer) -> None:
    def twice(request: Received) -> Turn:
        word = request.body["messages"][0]["content"]
        return Turn(word * 2)

    server.reply(twice)
    server.reply(lambda request: None)
    server.reply(lambda request: RawReply(Turn("taught"), status=202))
    assert call(server, CHAT, said("ab")).json["choices"][0]["message"]["content"] == "abab"
    assert call(server, CHAT, said("ab")).json["choices"][0]["message"]["content"] == "You said: ab"
    assert call(server, CHAT, said("ab")).status == 202


def test_what_cannot_be_told_is_an_error_of_the_script() -> None:
    server = LoopbackServer()
    server.reply([object()])
    assert call(server, CHAT, said("hi")).status == 500
    with pytest.raises(TypeError, match="Encoding objects of type object is unsupported"):
        server.close()


@pytest.mark.wrong_requests
@pytest.mark.parametrize(
    ("content", "status", "text"),
    [('"\\ud83d"', 200, "You said: \ufffd"), ("[" * 100_000, 400, "the body is no JSON object")],
    ids=["half an emoji", "deep"],
)
def test_no_body_is_an_error_of_the_script(server: LoopbackServer, content: str, status: int, text: str) -> None:
    body = json.dumps(said("")).replace('""', content).encode()
    answered = call(server, CHAT, body, method="POST")
    assert (answered.status, text in answered.body.decode()) == (status, True)


def test_a_text_is_no_reply() -> None:
    """It would go out as a stream that nobody can read; who writes it means a `Turn`."""
    for what in ("hello", say_hello):
        server = LoopbackServer()
        server.reply(what)
        assert call(server, CHAT, said("hi")).status == 500
        with pytest.raises(TypeError, match=r"Turn\('hello'\) has the model say it"):
            server.close()


def test_a_raw_reply_in_another_goes_as_it_is(server: LoopbackServer) -> None:
    server.script([RawReply(RawReply(Turn("inner"), status=202)), RawReply(say_it_raw)])
    answered = call(server, CHAT, said("hi"))
    assert (answered.status, answered.json["choices"][0]["message"]["content"]) == (202, "inner")
    assert call(server, CHAT, said("hi")).json["choices"][0]["message"]["content"] == "deep"


class Exit(BaseException):
    """As `pytest.fail` raises: no Exception."""


@pytest.mark.parametrize("kind", [LookupError, Exit])
def test_a_function_that_fails_is_told_to_both_sides(kind: type[BaseException]) -> None:
    def fail(request: Received) -> Turn:
        raise kind("my own mistake")

    with LoopbackServer() as server:
        server.reply(fail)
        answered = call(server, CHAT, said("hi"))
        assert (answered.status, answered.json["error"]["param"]) == (500, f"{kind.__name__}('my own mistake')")
        with pytest.raises(kind, match="my own mistake"):
            server.close()


@pytest.mark.parametrize("kind", [LookupError, Exit])
def test_an_error_in_the_block_is_not_hidden_by_one_of_the_script(kind: type[BaseException]) -> None:
    def fail(request: Received) -> Turn:
        raise kind("less important")

    def use() -> None:
        with LoopbackServer() as server:
            server.reply(fail)
            call(server, CHAT, said("hi"))
            raise KeyError("first")

    with pytest.raises(KeyError, match="first"):
        use()


@pytest.mark.parametrize("cut", [0, 100, len(STREAM)])
def test_a_cut_in_a_stream(server: LoopbackServer, connection: http.client.HTTPConnection, cut: int) -> None:
    server.reply(STREAM, cut=cut)
    with post(connection, stream=True) as response, pytest.raises(http.client.IncompleteRead) as caught:
        response.read()
    assert caught.value.partial == STREAM[:cut]


def test_a_cut_in_json(server: LoopbackServer, connection: http.client.HTTPConnection) -> None:
    server.reply({"choices": []}, cut=5)
    with post(connection) as response, pytest.raises(http.client.IncompleteRead) as caught:
        response.read()
    assert (caught.value.partial, caught.value.expected) == (b'{"cho', 9)


def test_a_reset(server: LoopbackServer, connection: http.client.HTTPConnection) -> None:
    server.reply(b"", raw=True, reset=True)
    with pytest.raises(ConnectionResetError):
        post(connection)


def test_raw_bytes_go_out_as_they_are(server: LoopbackServer, connection: http.client.HTTPConnection) -> None:
    server.reply(b"HTTP/1.1 299 Odd\r\n\r\n<html>", raw=True, split=3)
    with post(connection) as response:
        assert (response.status, response.reason, response.read()) == (299, "Odd", b"<html>")


def test_no_answer_at_all(server: LoopbackServer, connection: http.client.HTTPConnection) -> None:
    server.reply(b"", raw=True)
    with pytest.raises(http.client.RemoteDisconnected):
        post(connection)


def test_a_gate_holds_an_answer(server: LoopbackServer, connection: http.client.HTTPConnection) -> None:
    before, between, after = Gate(), Gate(), Gate()
    server.reply(b"data: 1\n\ndata: 2\n\n", hold={0: before, 1: between, 2: after})
    connection.request("POST", CHAT, json.dumps(said("hi", stream=True)), {"api-key": "sk-loopback"})
    before.wait()
    before.open()
    with connection.getresponse() as response:
        between.wait()
        assert response.read1() == b"data: 1\n\n"
        between.open()
        after.wait()
        assert response.read1() == b"data: 2\n\n"
        after.open()
        assert response.read1() == b""


def test_a_gate_that_nobody_comes_to() -> None:
    with pytest.raises(TimeoutError, match=r"the server did not get to the gate in 0\.01 s"):
        Gate().wait(0.01)


def test_closing_opens_gates_and_ends_connections() -> None:
    gate = Gate()
    with LoopbackServer() as server:
        address = urlsplit(server.base_url)
        server.reply(Turn("held"), hold={0: gate})
        with closing(http.client.HTTPConnection(address.hostname or "", address.port)) as connection:
            connection.request("POST", CHAT, json.dumps(said("hi")), {"api-key": "sk-loopback"})
            gate.wait()
            server.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("LoopbackServer")]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port or 0))


def test_no_gate_holds_a_server_that_is_closing() -> None:
    second = Gate()

    class First(Gate):
        def open(self) -> None:
            super().open()
            second.wait()

    first = First()
    with LoopbackServer() as server:
        server.reply(Turn("held"), hold={0: first, 1: second})
        address = urlsplit(server.base_url)
        with closing(http.client.HTTPConnection(address.hostname or "", address.port)) as connection:
            connection.request("POST", CHAT, json.dumps(said("hi")), {"api-key": "sk-loopback"})
            first.wait()
            server.close()


def test_a_body_may_come_in_chunks(server: LoopbackServer, connection: http.client.HTTPConnection) -> None:
    body = json.dumps(said("hi")).encode()
    for _ in range(2):
        connection.request("POST", CHAT, iter([body[:9], body[9:]]), {"api-key": "sk-loopback"}, encode_chunked=True)
        with connection.getresponse() as response:
            assert response.status == 200
            response.read()
    assert [request.raw for request in server.requests] == [body, body]


def test_connections_are_kept_alive(server: LoopbackServer, connection: http.client.HTTPConnection) -> None:
    for stream in (False, True, False):
        with post(connection, stream=stream) as response:
            assert response.read()
    server.reply(Refusal(503))
    with post(connection) as response:
        assert response.read()
    assert server.connections == 1
    assert [request.connection for request in server.requests] == [1, 1, 1, 1]
    call(server, CHAT, said("hi"))
    assert (server.connections, server.requests[-1].connection) == (2, 2)


def test_the_record(server: LoopbackServer) -> None:
    body = said("hi", stream=True)
    assert payloads(call(server, CHAT, body).body)
    [request] = server.wait_for_requests(1)
    assert (request.method, request.path, request.body, request.streamed) == ("POST", CHAT, body, True)
    assert json.loads(request.raw) == body
    assert request.headers["host"] == urlsplit(server.base_url).netloc


def test_requests_can_be_waited_for(server: LoopbackServer) -> None:
    caller = threading.Thread(target=call, args=(server, "/v1/models"))
    caller.start()
    assert server.wait_for_requests(1)[0].path == "/v1/models"
    caller.join()
    with pytest.raises(TimeoutError, match=r"1 of 2 requests came in 0\.01 s"):
        server.wait_for_requests(2, 0.01)


def test_many_at_a_time(server: LoopbackServer) -> None:
    words = [f"word{number}" for number in range(24)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(functools.partial(call, server, CHAT), map(said, words)))
    assert [answered.json["choices"][0]["message"]["content"] for answered in answers] == [
        f"You said: {word}" for word in words
    ]
    assert len({answered.json["id"] for answered in answers}) == server.connections == 24


def send_request(server: LoopbackServer) -> socket.socket:
    """A connection on which a request was sent, and nothing read yet."""
    address = urlsplit(server.base_url)
    connection = socket.create_connection((address.hostname, address.port or 0))
    body = json.dumps(said("hi", stream=True)).encode()
    connection.sendall(b"POST %b HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (CHAT.encode(), len(body), body))
    return connection


def test_a_client_that_leaves_costs_nothing(server: LoopbackServer) -> None:
    gate = Gate()
    server.reply(b"data: 1\n\n" * 3, hold={1: gate}, split=9)
    with send_request(server):
        gate.wait()
    gate.open()
    assert call(server, CHAT, said("hi")).status == 200


@pytest.mark.parametrize("reset", [False, True])
def test_a_client_that_hangs_up_is_seen_at_a_gate(server: LoopbackServer, reset: bool) -> None:
    first, second = Gate(), Gate()
    server.reply(b"data: 1\n\n" * 3, hold={1: first, 2: second})
    with send_request(server) as connection:
        first.wait()
        assert server.disconnects == []
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert server.wait_for_disconnects(1) == server.requests == server.disconnects
    first.open()
    # It is one that hung up, however often that shows; and the next call is another matter.
    assert call(server, CHAT, said("hi")).status == 200
    assert len(server.disconnects) == 1
    with pytest.raises(TimeoutError, match=r"1 of 2 disconnects came in 0\.01 s"):
        server.wait_for_disconnects(2, 0.01)


def test_a_client_that_hangs_up_is_seen_when_nothing_more_can_be_written(server: LoopbackServer) -> None:
    server.reply(b"data: %b\n\n" % (b" " * 50_000_000))
    with send_request(server) as connection:
        assert connection.recv(1)
    assert server.wait_for_disconnects(1) == server.requests


def test_a_client_that_waits_or_sends_its_next_request_has_not_hung_up(server: LoopbackServer) -> None:
    gate = Gate()
    server.reply(b"data: 1\n\n", hold={0: gate})
    with send_request(server) as connection:
        gate.wait()
        connection.sendall(b"GET /v1/models HTTP/1.1\r\napi-key: sk-loopback\r\nConnection: close\r\n\r\n")
        gate.open()
        with connection.makefile("rb") as file:
            assert file.read().count(b"HTTP/1.1 200 OK") == 2
    assert server.disconnects == []


def test_a_server_that_closes_is_not_a_client_that_hung_up() -> None:
    gate = Gate()
    with LoopbackServer() as server:
        server.reply(b"data: 1\n\n", hold={1: gate})
        with send_request(server):
            gate.wait()
            server.close()
        assert server.disconnects == []


def test_the_port_may_be_chosen() -> None:
    with LoopbackServer() as first:
        port = urlsplit(first.base_url).port or 0
        with pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{port} cannot be listened on: .*in use"):
            LoopbackServer(port=port)
    with LoopbackServer(port=port) as second:
        assert second.base_url == f"http://127.0.0.1:{port}/v1"
        assert call(second, "/v1/models").status == 200


@pytest.mark.parametrize("port", [-1, 65_536])
def test_what_is_no_port(port: int) -> None:
    with pytest.raises(ConfigurationError, match=f"{port} is not a port"):
        LoopbackServer(port=port)
