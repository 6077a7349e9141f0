"""Server errors inside a stream that began well: promises "Ends of a stream"."""

from __future__ import annotations

import pytest

from mimo_proto import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConnectionClosed,
    ContentFilterError,
    DecodeError,
    MimoError,
    RateLimitError,
    ServerError,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, sse
from tests.support.endings import FIRST, end, serve
from tests.support.outcomes import (
    ALL,
    EVENTS,
    RESPONSE_STREAM,
    STREAMS,
    Kind,
    call,
    client_for,
)
from tests.support.payloads import (
    CHAT,
    CHAT_EVENTS,
    DONE,
    RESPONSE,
    error_body,
    event,
    response_delta,
    response_event,
)

SHAPES: dict[str, tuple[bytes, type[APIError]]] = {
    "nested": (event(error_body("429", "slow down")), RateLimitError),
    "nested-number": (event({"error": {"code": 500, "message": "slow down"}}), ServerError),
    "nested-filter": (event(error_body("421", "slow down")), ContentFilterError),
    "string": (event({"error": "slow down"}), APIError),
    "beside-choices": (
        event({"id": "c1", "choices": [], "error": {"code": "503", "message": "slow down"}}),
        ServerError,
    ),
    "event-error": (event({"code": "401", "message": "slow down"}, "error"), AuthenticationError),
    "type-error": (event({"type": "error", "code": "400", "message": "slow down", "param": "x"}), BadRequestError),
    "bare": (event({"code": "429", "message": "slow down"}), RateLimitError),
    "float": (event({"error": {"code": 429.0, "message": "slow down"}}), RateLimitError),
}


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("place", ["first", "later"])
@pytest.mark.parametrize("shape", SHAPES)
def test_server_error_inside_the_stream(kind: Kind, place: str, shape: str) -> None:
    payload, expected = SHAPES[shape]
    first = FIRST[kind.protocol] if place == "later" else []
    with serve(kind, [*first, payload], end) as server, client_for(server.url) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is expected
    assert isinstance(outcome.error, APIError)
    assert outcome.error.in_stream
    assert outcome.error.status == 200
    assert "slow down" in outcome.error.message
    assert outcome.end == "error"
    assert outcome.kept == ("Hello world" if first else "")
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("missing", [1, 2])
def test_server_error_that_its_line_ends_did_not_follow(kind: Kind, missing: int) -> None:
    payload = SHAPES["nested"][0][:-missing]
    with serve(kind, [*FIRST[kind.protocol], payload], end) as server, client_for(server.url) as client:
        outcome = call(client, kind)
    assert isinstance(outcome.error, MimoError)
    assert outcome.kept == "Hello world"
    assert outcome.end != "completed"


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        pytest.param(event(error_body()), RateLimitError, id="server-error"),
        pytest.param(event(b"{"), DecodeError, id="no-json"),
        pytest.param(event(b"7"), DecodeError, id="scalar"),
        pytest.param(event(b'{"a":1}{"b":2}'), DecodeError, id="glued"),
    ],
)
def test_good_events_before_a_bad_one_in_the_same_read(kind: Kind, bad: bytes, expected: type[MimoError]) -> None:
    body = [b"".join([*FIRST[kind.protocol], bad])]
    with serve(kind, body, end) as server, client_for(server.url) as client:
        outcome = call(client, kind)
    assert type(outcome.error) is expected
    assert len(outcome.events) == len(FIRST[kind.protocol])
    assert outcome.kept == "Hello world"


@pytest.mark.parametrize("status", ["failed", "incomplete"])
def test_failed_and_incomplete_responses_are_results(status: str) -> None:
    last = response_event(f"response.{status}", response={**RESPONSE, "status": status})
    with serve(RESPONSE_STREAM, [response_delta("Hello"), last], end) as server, client_for(server.url) as client:
        outcome = call(client, RESPONSE_STREAM)
    assert outcome.value.status == status
    assert outcome.end == "completed"


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_after_an_error_the_next_call_works(kind: Kind) -> None:
    """A broken connection is not kept."""

    def script(peer: Peer) -> None:
        peer.request()
        if peer.number == 1:
            peer.send(head(200, "Content-Length: 9", kind="text/event-stream" if kind.streamed else "application/json"))
            peer.fin()
        elif kind.streamed:
            peer.send(sse(), *map(chunk, EVENTS[kind.protocol]), END)
        else:
            peer.send(answer(CHAT if kind.protocol == "chat" else RESPONSE))
        peer.gone()

    with Server(script) as server, client_for(server.url) as client:
        assert type(call(client, kind).error) is ConnectionClosed
        assert call(client, kind).kept == "Hello world"
    assert server.connections == 2
    assert DONE in CHAT_EVENTS
