"""What other servers send where the HTTP around it matters, through the client and every asyncio shell."""

from __future__ import annotations

import functools
import itertools
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mimo_proto import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ContentFilterError,
    RateLimitError,
    ServerError,
    UnexpectedContentType,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, once
from tests.support.other_servers import EBB
from tests.support.other_servers import chunk as chat_chunk
from tests.support.outcomes import ALL, CHAT_STREAM, EVENTS, JSON, STREAMS, VALUES, Kind, good, retry
from tests.support.payloads import error_body, event
from tests.support.shells import SHELLS, Seen, call, open_shell, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

every_shell = pytest.mark.parametrize("shell", SHELLS)
each_kind = pytest.mark.parametrize("kind", ALL, ids=str)
each_stream = pytest.mark.parametrize("kind", STREAMS, ids=str)
each_json = pytest.mark.parametrize("kind", JSON, ids=str)


def seen(shell: str, kind: Kind, script: Callable[[Peer], object], **settings: Any) -> Seen:
    """What a caller sees of one call to a server with that script."""

    async def main() -> Seen:
        with Server(script) as server:
            async with open_shell(shell, server.url, **settings) as made:
                return await call(made, kind)

    result: Seen = run(main, shell)
    return result


def body_in(pieces: Iterable[bytes], kind: str | None, status: int = 200) -> Callable[[Peer], object]:
    """A chunked answer of that type, each piece in a chunk of its own."""
    chunks = [chunk(piece) for piece in pieces]
    return once(head(status, "Transfer-Encoding: chunked", kind=kind) + b"".join(chunks) + END)


def crumbs(body: bytes) -> list[bytes]:
    """The first bytes one by one, the rest in two pieces."""
    return [*(body[at : at + 1] for at in range(12)), body[12:50], body[50:]]


# Event streams under other types

TYPES = ["text/plain", "application/json", "text/html; charset=utf-8", None]
BEFORE = {
    "data": b"",
    "comment": b": OPENROUTER PROCESSING\n\n",
    "byte order mark": b"\xef\xbb\xbf",
    "blank lines": b"\r\n \n\n",
    "name": b"event: ping\n\n",
    "id": b"id: 7\n\n",
    "retry": b"retry: 100\n\n",
}


@functools.cache
def well(kind: Kind) -> Seen:
    """What a caller sees of a good answer under its own type."""
    return seen("client", kind, once(good(kind)))


@every_shell
@each_stream
@pytest.mark.parametrize("media_type", TYPES)
def test_an_event_stream_under_another_type(media_type: str | None, kind: Kind, shell: str) -> None:
    stream = b"".join(EVENTS[kind.protocol])
    assert seen(shell, kind, body_in([stream], media_type)) == well(kind)


@every_shell
@each_stream
@pytest.mark.parametrize("before", BEFORE)
def test_what_an_event_stream_may_begin_with(before: str, kind: Kind, shell: str) -> None:
    stream = BEFORE[before] + b"".join(EVENTS[kind.protocol])
    assert seen(shell, kind, body_in(crumbs(stream), "text/plain")) == well(kind)


@every_shell
@each_stream
def test_a_cut_event_stream_under_another_type(kind: Kind, shell: str) -> None:
    cut = seen(shell, kind, body_in(EVENTS[kind.protocol][:2], "text/plain"))
    assert cut == seen(shell, kind, body_in(EVENTS[kind.protocol][:2], "text/event-stream"))
    assert len(cut.events) == 2
    assert cut.end == "incomplete"


@every_shell
@each_stream
@pytest.mark.parametrize("body", [b"it works", b"database down", b"<p>data: 1</p>", b"dat", b"identity: x", b""])
def test_a_body_that_only_looks_like_one(body: bytes, kind: Kind, shell: str) -> None:
    assert seen(shell, kind, once(answer(body, kind="text/plain"))).error is UnexpectedContentType


@every_shell
@each_json
@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "text/event-stream"])
def test_an_event_stream_where_json_was_asked(media_type: str, kind: Kind, shell: str) -> None:
    stream = b": x\n\n" + b"".join(EVENTS[kind.protocol])
    assert seen(shell, kind, body_in([stream], media_type)).error is UnexpectedContentType


# JSON under the type of event streams


def forms(value: Any) -> dict[str, bytes]:
    line = json.dumps(value).encode()
    return {
        "line": line,
        "line and its end": line + b"\n",
        "indented": json.dumps(value, indent=2).encode(),
        "blanks": b"\n  " + line + b"\r\n\r\n",
        "byte order mark": b"\xef\xbb\xbf" + line,
    }


@every_shell
@each_stream
@pytest.mark.parametrize("form", forms(None))
def test_json_labelled_as_an_event_stream_is_the_stream(form: str, kind: Kind, shell: str) -> None:
    body = forms(VALUES[kind.protocol])[form]
    result = seen(shell, kind, body_in(crumbs(body), "text/event-stream"))
    assert (result.error, len(result.events), result.end) == (None, 1, "completed")
    assert b"Hello world" in (result.value or b"")
    assert b"Hello world" in result.events[0]


@every_shell
@each_json
@pytest.mark.parametrize("form", forms(None))
def test_json_labelled_as_an_event_stream_is_json(form: str, kind: Kind, shell: str) -> None:
    body = forms(VALUES[kind.protocol])[form]
    result = seen(shell, kind, body_in([body], "text/event-stream"))
    assert result == well(kind)


@every_shell
@each_kind
@pytest.mark.parametrize("media_type", ["text/event-stream", "text/plain", "application/json"])
def test_a_json_error_is_raised_under_any_type(media_type: str, kind: Kind, shell: str) -> None:
    for body in forms(error_body("401", "no key")).values():
        result = seen(shell, kind, body_in([body], media_type))
        assert result.error is AuthenticationError
        assert result.told["message"] == "no key"


@every_shell
@each_stream
def test_json_that_says_so_is_no_stream(kind: Kind, shell: str) -> None:
    assert seen(shell, kind, once(answer(VALUES[kind.protocol]))).error is UnexpectedContentType


@every_shell
@each_kind
def test_each_call_says_whether_it_wants_a_stream(kind: Kind, shell: str) -> None:
    asked: list[Any] = []

    def script(peer: Peer) -> None:
        asked.append(peer.request().json["stream"])
        peer.send(good(kind))
        peer.gone()

    seen(shell, kind, script)
    assert asked == [kind.streamed]


# Refusals


def wrapped(code: str, message: str, param: str) -> bytes:
    """MiMo's own refusal in a gateway's."""
    raw = json.dumps({"error": {"code": code, "message": message, "param": param, "type": ""}})
    metadata = {"raw": raw, "provider_name": "Xiaomi"}
    return json.dumps({"error": {"message": "Provider returned error", "code": 400, "metadata": metadata}}).encode()


REFUSALS: dict[str, tuple[int, bytes, type[APIError], str]] = {
    "param": (400, wrapped("400", "Param Incorrect", "`image` is not set"), BadRequestError, "`image` is not set"),
    "filter": (400, wrapped("421", "Moderation Block", ""), ContentFilterError, "Moderation Block"),
    "limit": (502, wrapped("429", "Too many requests", ""), RateLimitError, "Too many requests"),
    "detail": (500, b'{"detail": {"error": {"code": "503", "message": "ebb"}}}', ServerError, "ebb"),
}


@every_shell
@each_kind
@pytest.mark.parametrize("name", REFUSALS)
def test_a_wrapped_refusal(name: str, kind: Kind, shell: str) -> None:
    status, body, error, text = REFUSALS[name]
    for sent in (body, b"data:" + body + b"\n\n"):
        result = seen(shell, kind, once(answer(sent, status)))
        assert result.error is error
        assert text in result.told["message"]
        assert "Provider returned error" not in result.told["message"]
        assert (result.told["status"], result.told["body"]) == (status, sent)


LIMITED = error_body("rate_limit_exceeded", "slow down", type="rate_limit_error")


@every_shell
@each_kind
@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        (["retry-after-ms: 1750"], 1.75),
        (["Retry-After: 2", "Retry-After-Ms: 1250"], 1.25),
        (["retry-after: 2"], 2.0),
        (["retry-after-ms: soon", "retry-after: 2"], 2.0),
        ([], None),
    ],
)
def test_how_long_to_wait_in_milliseconds(fields: list[str], seconds: float | None, kind: Kind, shell: str) -> None:
    result = seen(shell, kind, once(answer(LIMITED, 429, *fields)))
    assert result.error is RateLimitError
    assert result.told["retry_after"] == seconds


@every_shell
@each_kind
@pytest.mark.parametrize(("wait", "attempts"), [("20", 2), ("9999999999", 1)])
def test_a_retry_waits_for_milliseconds(wait: str, attempts: int, kind: Kind, shell: str) -> None:
    """An absurd wait ends the call at once."""
    requests = itertools.count(1)

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            first = next(requests) == 1
            peer.send(answer(LIMITED, 429, f"retry-after-ms: {wait}") if first else good(kind))

    result = seen(shell, kind, script, retry=retry(3))
    assert result.attempts == attempts
    assert result.error is (None if attempts == 2 else RateLimitError)


@every_shell
def test_an_error_in_a_choice_keeps_what_came(shell: str) -> None:
    last = chat_chunk({"content": ""}, "error", {"error": {"code": 502, "message": "Upstream lost its way"}})
    result = seen(shell, CHAT_STREAM, body_in([EBB, last, event(b"[DONE]")], "text/event-stream"))
    assert (result.error, result.end) == (ServerError, "error")
    assert result.told["message"] == "Upstream lost its way"
    assert msgspec.json.decode(result.partial or b"")["choices"][0]["message"]["content"] == "Ebb"
