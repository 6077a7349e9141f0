"""Bodies that are something else than their type says: promises "Bodies", over sockets and through every shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    APIError,
    BadRequestError,
    ConnectionClosed,
    ContentFilterError,
    IdleTimeout,
    Limits,
    MimoError,
    RateLimitError,
    ServerError,
    Timeouts,
    UnexpectedContentType,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, once
from tests.support.outcomes import CHAT_JSON, CHAT_STREAM, EVENTS, JSON, RESPONSE_STREAM, STREAMS, VALUES, Kind, retry
from tests.support.payloads import CHAT, CHAT_EVENTS, error_body, event
from tests.support.shells import SHELLS, Seen, call, open_shell, run

if TYPE_CHECKING:
    from collections.abc import Callable

BOM = b"\xef\xbb\xbf"


def seen_by(
    shell: str, kind: Kind, script: Callable[[Peer], object], *, options: dict[str, Any] | None = None, **settings: Any
) -> Seen:
    """What a caller sees whom this script answers."""

    async def work() -> Seen:
        async with open_shell(shell, server.url, **settings) as client:
            return await call(client, kind, **(options or {}))

    with Server(script) as server:
        seen: Seen = run(work)
    return seen


def text_of(seen: Seen) -> str:
    """The words of the result."""
    value = json.loads(seen.value or b"{}")
    if "choices" in value:
        return str(value["choices"][0]["message"]["content"])
    return str(value["output"][0]["content"][0]["text"])


# An event stream under another label

BEGINNINGS = {
    "data": b"",
    "comment": b": hello\n\n",
    "event": b"event: ping\n\n",
    "id": b"id:1\n\n",
    "retry": b"retry: 10\n\n",
    "blanks": b"\r\n \t\n\n",
    "bom": BOM,
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("label", ["text/plain", "application/octet-stream", "application/json", "text/html"])
def test_an_event_stream_is_read_as_one_whatever_its_type_says(shell: str, kind: Kind, label: str) -> None:
    tee: list[bytes] = []
    body = b"".join(EVENTS[kind.protocol])
    seen = seen_by(shell, kind, once(answer(body, kind=label)), options={"tee": tee.append})
    assert (seen.error, seen.end, text_of(seen)) == (None, "completed", "Hello world")
    assert b"".join(tee) == body, "once"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_first_bytes_in_crumbs(shell: str, beginning: str, size: int) -> None:
    tee: list[bytes] = []
    body = BEGINNINGS[beginning] + b"".join(CHAT_EVENTS)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(head(200, "Transfer-Encoding: chunked", kind="text/plain"))
        peer.send(*(chunk(body[at : at + size]) for at in range(0, min(len(body), 60), size)))
        peer.send(*([chunk(rest)] if (rest := body[-(-60 // size) * size :]) else []), END)
        peer.gone()

    seen = seen_by(shell, CHAT_STREAM, script, options={"tee": tee.append})
    assert (seen.error, seen.end, len(seen.events)) == (None, "completed", 3)
    assert b"".join(tee) == body


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([event(error_body("429", "slow down"))], RateLimitError),
        (
            [*CHAT_EVENTS[:2], event({"choices": [{"index": 0, "error": {"code": 502, "message": "gone"}}]})],
            ServerError,
        ),
    ],
)
def test_errors_in_a_mislabelled_stream(shell: str, events: list[bytes], expected: type[APIError]) -> None:
    seen = seen_by(shell, CHAT_STREAM, once(answer(b"".join(events), kind="application/json")))
    assert (seen.error, seen.end, len(seen.events)) == (expected, "error", len(events) - 1)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_connection_is_used_again_behind_a_mislabelled_stream(shell: str) -> None:
    async def work() -> list[Seen]:
        async with open_shell(shell, server.url) as client:
            return [await call(client, CHAT_STREAM) for _ in range(3)]

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(b"".join(CHAT_EVENTS), kind="text/plain"))

    with Server(script) as server:
        assert [text_of(seen) for seen in run(work)] == ["Hello world"] * 3
    assert server.connections == 1


# What stays what it is

NO_STREAMS: dict[str, tuple[bytes, str]] = {
    "honest JSON": (json.dumps(CHAT).encode(), "application/json"),
    "honest JSON behind blanks": (b"\n \n" + json.dumps(CHAT).encode(), "application/json"),
    "a list": (b"[1]", "application/json"),
    "JSON as text": (json.dumps(CHAT).encode(), "text/plain"),
    "text": (b"it works", "text/plain"),
    "nearly a field": (b"database: down", "text/plain"),
    "half a field": (b"dat", "text/plain"),
    "a field without a colon": (b"data\n\n", "text/plain"),
    "half a mark": (BOM[:2], "text/plain"),
    "a page": (b"<html><title>data:</title>", "text/html"),
    "blanks": (b" \r\n" * 50, "text/plain"),
    "more blanks than are looked at": (b" " * 200_000 + b"data: {}", "text/plain"),
    "nothing": (b"", "text/plain"),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", NO_STREAMS)
def test_what_is_no_event_stream_is_refused(shell: str, name: str) -> None:
    body, label = NO_STREAMS[name]
    seen = seen_by(shell, CHAT_STREAM, once(answer(body, kind=label)))
    assert (seen.error, seen.end, seen.told["status"]) == (UnexpectedContentType, "incomplete", 200)
    assert (seen.told["content_type"], seen.told["body"]) == (label, body[:1024])


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("pieces", "timeouts", "expected"),
    [
        ([b" ", b"\n", b"da"], Timeouts(connect=5, read=5, idle=0.3), IdleTimeout),
        ([b"\xef"], Timeouts(connect=5, read=5, idle=0.3), IdleTimeout),
    ],
)
def test_first_bytes_that_do_not_come(
    shell: str, pieces: list[bytes], timeouts: Timeouts, expected: type[MimoError]
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(head(200, "Transfer-Encoding: chunked", kind="text/plain"), *map(chunk, pieces))
        peer.gone()

    assert seen_by(shell, CHAT_STREAM, script, timeouts=timeouts).error is expected


@pytest.mark.parametrize("shell", SHELLS)
def test_blanks_for_ever(shell: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(head(200, "Transfer-Encoding: chunked", kind="text/plain"))
        peer.flood(chunk(b"\n" * 500))

    seen = seen_by(shell, CHAT_STREAM, script, limits=Limits(error_body=10_000))
    assert seen.error is UnexpectedContentType


@pytest.mark.parametrize("shell", SHELLS)
def test_a_cut_before_the_first_bytes(shell: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(head(200, "Content-Length: 100", kind="text/plain"), b" ")
        peer.fin()
        peer.gone()

    assert seen_by(shell, CHAT_STREAM, script).error is ConnectionClosed


# JSON under the label of a stream, and in its place


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("label", ["text/event-stream", None])
def test_a_json_reply_in_a_streams_place(shell: str, kind: Kind, label: str | None) -> None:
    body = json.dumps(VALUES[kind.protocol]).encode()
    seen = seen_by(shell, kind, once(answer(body, kind=label)))
    assert (seen.error, seen.end, text_of(seen)) == (None, "completed", "Hello world")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", JSON, ids=str)
@pytest.mark.parametrize("beginning", [b"", BOM, b"\n\n "])
@pytest.mark.parametrize("label", ["text/event-stream", "text/html", "text/plain"])
def test_json_is_read_as_json_whatever_its_type_says(shell: str, kind: Kind, beginning: bytes, label: str) -> None:
    body = beginning + json.dumps(VALUES[kind.protocol]).encode()
    seen = seen_by(shell, kind, once(answer(body, kind=label)))
    assert (seen.error, text_of(seen)) == (None, "Hello world")


@pytest.mark.parametrize("kind", JSON, ids=str)
@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("label", ["application/json", "text/event-stream", None])
def test_an_event_stream_where_json_was_asked(kind: Kind, beginning: str, label: str | None) -> None:
    body = BEGINNINGS[beginning] + b"".join(EVENTS[kind.protocol])
    assert seen_by("client", kind, once(answer(body, kind=label))).error is UnexpectedContentType


# Errors in a success, and what a refusal says


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("more", "choice", "expected", "words"),
    [
        ({"error": {"code": 502, "message": "upstream"}}, {}, ServerError, "upstream"),
        ({}, {"error": {"code": "421", "message": "no"}}, ContentFilterError, "no"),
        ({"base_resp": {"status_code": 1008, "status_msg": "balance"}}, {}, APIError, "balance"),
    ],
)
def test_an_error_in_a_success(
    shell: str, more: dict[str, Any], choice: dict[str, Any], expected: type[APIError], words: str
) -> None:
    body = {**CHAT, "choices": [{**CHAT["choices"][0], **choice}], **more}
    seen = seen_by(shell, CHAT_JSON, once(answer(body)))
    assert (seen.error, seen.told["status"], seen.told["message"]) == (expected, 200, words)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", [CHAT_JSON, RESPONSE_STREAM], ids=str)
def test_a_page_shows_its_title(shell: str, kind: Kind) -> None:
    page = b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body><center>nginx</center></body>"
    seen = seen_by(shell, kind, once(answer(page, 413, kind="text/html")))
    assert (seen.error, seen.told["message"]) == (APIError, "413 Request Entity Too Large")
    assert seen.told["body"] == page


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", [CHAT_JSON, CHAT_STREAM], ids=str)
def test_retry_after_in_milliseconds(shell: str, kind: Kind) -> None:
    limited = answer(error_body(), 429, "retry-after-ms: 1500", "Retry-After: 2")
    seen = seen_by(shell, kind, once(limited))
    assert (seen.error, seen.told["retry_after"]) == (RateLimitError, 1.5)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("fields", "requests"),
    [
        (["retry-after-ms: 20", "Retry-After: 600"], 2),
        (["retry-after-ms: 600000", "Retry-After: 0"], 1),
        (["retry-after-ms: soon", "Retry-After: 600"], 1),
        (["retry-after-ms: -5"], 2),
    ],
)
def test_the_wait_between_attempts_is_what_milliseconds_say(shell: str, fields: list[str], requests: int) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(error_body(), 429, *fields))
        peer.request()
        peer.send(answer(CHAT))
        peer.gone()

    seen = seen_by(shell, CHAT_JSON, script, retry=retry(2))
    assert (seen.attempts, seen.error) == (requests, None if requests == 2 else RateLimitError)


@pytest.mark.parametrize("shell", SHELLS)
def test_mimos_own_words_inside_of_a_gateways_error(shell: str) -> None:
    own = {"error": {"code": "400", "message": "Param Incorrect", "param": "`text` is not set", "type": ""}}
    metadata = {"raw": json.dumps(own), "provider_name": "Xiaomi"}
    body = {"error": {"message": "Provider returned error", "code": 400, "metadata": metadata}, "user_id": "u"}
    seen = seen_by(shell, CHAT_JSON, once(answer(body, 400)))
    assert (seen.error, seen.told["message"]) == (BadRequestError, "Param Incorrect: `text` is not set")
