"""Where the key and the prompt must not go: promises "Secrets"."""

from __future__ import annotations

import logging
import pickle
import socket
import traceback
from functools import partial
from typing import Any

import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    Client,
    ConfigurationError,
    MimoError,
    RedirectRefused,
    build_request,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, once, sse
from tests.support.outcomes import ALL, CHAT_JSON, KEY, Kind, call, client_for, frames_of, good, retry
from tests.support.payloads import (
    CHAT_REQUEST,
    RESPONSE_REQUEST,
    error_body,
    event,
)
from tests.support.readers import no_clocks


def serve(reply: bytes) -> Server:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(reply)

    return Server(script)


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize("auth", ["bearer", "api-key"])
def test_redirects_are_not_followed(kind: Kind, status: int, auth: str) -> None:
    with serve(good(kind)) as other:
        target = other.url.replace("127.0.0.1", "localhost") + "/elsewhere"
        with (
            serve(answer(b"", status, f"Location: {target}")) as server,
            client_for(server.url, auth=auth, retry=retry(3, on=(300, 301, 302, 303, 304, 307, 308))) as client,
        ):
            outcome = call(client, kind)
        assert other.connections == 0
    assert type(outcome.error) is RedirectRefused
    assert outcome.error.status == status
    assert outcome.error.location == target
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_the_body_of_a_redirect_is_not_waited_for(kind: Kind) -> None:
    reply = head(302, "Location: /v2", "Content-Length: 100") + b"Moved"
    with Server(once(reply)) as server, client_for(server.url, timeouts=no_clocks()) as client:
        assert type(call(client, kind).error) is RedirectRefused


@pytest.mark.parametrize("location", ["", "/v2", "//evil.example", "http://x/" + "y" * 5000])
def test_odd_redirects(location: str) -> None:
    fields = [f"Location: {location}"] if location else []
    with serve(answer(b"", 302, *fields)) as server, client_for(server.url) as client:
        outcome = call(client, CHAT_JSON)
    assert type(outcome.error) is RedirectRefused
    assert outcome.error.location == location


LEAKS = {
    "error-body": answer(error_body("401", f"wrong key {KEY}", param=KEY), 401),
    "error-body-in-part": answer(b"x" * 100 + KEY.encode() * 10, 500),
    "error-text": answer(f"wrong key {KEY}".encode(), 401, kind="text/plain"),
    "error-header": answer(error_body(), 429, f"X-Request-Id: {KEY}", f"Retry-After: {KEY}"),
    "location": answer(b"", 302, f"Location: https://example.com/?key={KEY}"),
    "content-type": answer(b"x", 200, kind=f"text/html; key={KEY}"),
    "content-encoding": answer(b"x", 200, f"Content-Encoding: {KEY}"),
    "other-body": answer(f"<p>{KEY}</p>".encode(), 200, kind="text/html"),
    "status-line": f"{KEY} HTTP/1.1 200 OK\r\n\r\n".encode(),
    "reason": f"HTTP/1.1 500 {KEY}\r\nContent-Length: 0\r\n\r\n".encode(),
    "malformed-header": f"HTTP/1.1 200 OK\r\n{KEY}\r\nContent-Length: 0\r\n\r\n".encode(),
    "two-lengths": f"HTTP/1.1 200 OK\r\nContent-Length: {KEY}\r\nContent-Type: text/html\r\n\r\n".encode(),
    "chunk-size": head(200, "Transfer-Encoding: chunked") + f"{KEY}\r\n".encode(),
    "event-error": sse() + chunk(event(error_body("500", f"no {KEY}"))) + END,
    "event-no-json": sse() + chunk(event(f"no {KEY}".encode())) + END,
    "event-wrong": sse()
    + chunk(event({"choices": KEY, "output": KEY, "type": "response.completed", "response": KEY}))
    + END,
    "event-name": sse() + chunk(event(b"{", KEY)) + END,
    "json-wrong": answer({"choices": KEY, "output": KEY}),
    "cut-other-body": answer(b"x" * 45 + KEY.encode(), 200, kind="text/html"),
    "cut-event": sse() + chunk(event(b"x" * 45 + KEY.encode())) + END,
    "cut-text": answer(b"x" * 485 + KEY.encode(), 500, kind="text/plain"),
    "cut-size": head(200, "Transfer-Encoding: chunked") + b"x" * 25 + f"{KEY}\r\n".encode(),
    "cut-data": answer({"choices": 1, "output": 1, "x": "x" * 980 + KEY}),
    "cut-error-body": answer(b"x" * 65520 + KEY.encode(), 500),
}


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("name", LEAKS)
def test_a_server_that_sends_the_key_back(kind: Kind, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(LEAKS[name])
        peer.fin()

    with Server(script) as server, client_for(server.url) as client:
        outcome = call(client, kind)  # which looks at str, repr, traceback with locals, context and pickle
    assert isinstance(outcome.error, MimoError)
    values = {**vars(outcome.error), "args": outcome.error.args}
    assert KEY[:8] not in repr(values)
    assert all(KEY not in record.getMessage() + str(record.exc_text) for record in caplog.records)
    assert KEY in server.requests[0].headers["authorization"], "though it was sent"


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("echo", [KEY, KEY[:12]], ids=["whole", "cut"])
def test_header_values_of_good_answers_are_cleaned(kind: Kind, echo: str) -> None:
    endpoint: Any = CHAT_COMPLETIONS if kind.protocol == "chat" else RESPONSES
    request = CHAT_REQUEST if kind.protocol == "chat" else RESPONSE_REQUEST
    reply = good(kind).replace(b"\r\n", f"\r\nX-Echo: Bearer {echo}\r\n".encode(), 1)
    with Server(once(reply)) as server, Client(KEY, server.url) as client:
        if kind.streamed:
            with client.stream(endpoint, request) as stream:
                headers = stream.headers
        else:
            headers = client.send(endpoint, request).headers
    assert headers["x-echo"] == "Bearer ********"


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_nothing_is_logged_of_the_key_or_the_prompt(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serve(good(kind)) as server, client_for(server.url) as client:
        call(client, kind)
    assert KEY not in caplog.text


@pytest.mark.clients("client")
@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("where", ["connect", "tcp", "send", "head", "body"])
def test_an_interrupt_carries_no_frames_of_the_request(kind: Kind, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """KeyboardInterrupt passes through, without what lies below; the connection is dropped."""
    from mimo_proto.call import route
    from mimo_proto.http.body import ResponseBody
    from mimo_proto.http.connection import Connection
    from mimo_proto.protocol.http11 import HeadDecoder

    def interrupt(*args: object, **kwargs: object) -> None:
        try:
            int(f"something below, about {KEY}")
        except ValueError:
            raise KeyboardInterrupt from None

    target: dict[str, tuple[Any, str]] = {
        "connect": (Connection, "connect"),
        "tcp": (socket.socket, "connect"),
        "send": (route, "encode_head"),
        "head": (HeadDecoder, "feed"),
        "body": (ResponseBody, "read1"),
    }
    with serve(good(kind)) as server, client_for(server.url) as client:
        with monkeypatch.context() as patch:
            patch.setattr(*target[where], interrupt)
            with pytest.raises(KeyboardInterrupt) as caught:
                call(client, kind)
        assert KEY not in frames_of(caught.value)
        assert caught.value.__context__ is None
        files = {frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)}
        assert not any("urllib3" in name or "http/client" in name for name in files)
        assert call(client, kind).kept == "Hello world"
    assert server.connections == (1 if where in {"connect", "tcp"} else 2)


def test_repr_and_pickle_of_what_holds_the_key() -> None:
    request = build_request(CHAT_COMPLETIONS, {"model": "m", "messages": []}, api_key=KEY, validate=False)
    assert KEY not in repr(request)
    with pytest.raises(TypeError):
        pickle.dumps(request)
    client = Client(KEY)
    assert KEY not in repr(client)
    assert KEY not in repr(vars(client))
    stream = client.stream_chat_completion(model="m", messages=[{"role": "user", "content": "x"}])
    assert KEY not in repr(stream)
    with pytest.raises(TypeError):
        pickle.dumps(stream)


@pytest.mark.parametrize("key", ["sk-secret\nX-Evil: 1", "sk-secret\r", "sk-sécret", "sk- secret"])
@pytest.mark.parametrize("auth", ["bearer", "api-key"])
def test_a_bad_key_is_refused_without_showing_it(key: str, auth: Any) -> None:
    def build(hidden: list[str]) -> ConfigurationError:
        with pytest.raises(ConfigurationError) as caught:
            Client(hidden[0], auth=auth)
        return caught.value

    error = build([key])
    trace = error.__traceback__
    assert trace is not None
    shown = traceback.TracebackException(type(error), error, trace.tb_next, capture_locals=True)
    assert "secret" not in "".join(shown.format()).replace("mimo_proto/secret", "").replace("secret.py", "")
    assert "s\xe9cret" not in str(error)


@pytest.mark.parametrize("value", ["a\nb", "a\r\nX: y", "\xe9", "", "\0"])
@pytest.mark.parametrize("where", ["client", "call"])
def test_bad_header_values_are_refused(value: str, where: str) -> None:
    refused: Any = partial(Client, KEY, headers={"X-A": value})
    if where == "call":
        refused = partial(Client(KEY).list_models, extra_headers={"X-A": value})
    with pytest.raises(ConfigurationError):
        refused()


@pytest.mark.parametrize("name", ["Authorization", "api-key", "HOST", "Content-Length", "Transfer-Encoding"])
def test_headers_that_are_ours_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError):
        Client(KEY, headers={name: "x"})
    with pytest.raises(ConfigurationError):
        Client(KEY).list_models(extra_headers={name: "x"})
