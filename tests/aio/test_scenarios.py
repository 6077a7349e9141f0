"""One table of scenarios over every shell, the sync client included: same events, same errors, same ends.

A scenario says what the server does and what the caller sees; on top of that all that is seen over asyncio is
compared, value by value, with what the sync client shows.
"""

from __future__ import annotations

import functools
import gzip
import itertools
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    APIError,
    AuthenticationError,
    BadRequestError,
    BodyTooLargeError,
    ConnectionClosed,
    ContentFilterError,
    DeadlineExceeded,
    DecodeError,
    EventTooLargeError,
    IdleTimeout,
    IncompleteStreamError,
    Limits,
    MimoError,
    RateLimitError,
    ReadTimeout,
    RedirectRefused,
    RemoteProtocolError,
    ServerError,
    StreamCancelled,
    Timeouts,
    UnexpectedContentType,
)
from mimo_proto.testing import recorded, recordings
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, sse
from tests.support.outcomes import CHAT_JSON, CHAT_STREAM, RESPONSE_JSON, RESPONSE_STREAM, Kind, retry
from tests.support.payloads import (
    CHAT,
    CHAT_EVENTS,
    DONE,
    RESPONSE,
    RESPONSE_EVENTS,
    error_body,
    event,
    response_event,
)
from tests.support.shells import SHELLS, Seen, call, open_shell, run

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = Timeouts(connect=5, read=0.3, idle=5)
IMPATIENT = Timeouts(connect=5, read=5, idle=0.3)
HASTY = Timeouts(connect=5, read=5, idle=5, total=0.4)
LINGERING = {"timeouts": Timeouts(connect=5, read=5, idle=None), "limits": Limits(linger=0.2)}
PATIENT = {"timeouts": Timeouts(connect=5, read=None, idle=None), "limits": Limits(linger=3600)}


@dataclass
class Scenario:
    """What happens, and what is seen of it."""

    kind: Kind
    script: Callable[[Peer], object]
    error: type[MimoError] | tuple[type[MimoError], ...] | None = None
    end: str | None = None
    events: int | None = None
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    requests: int = 1
    cancel_at: int | None = None
    # What a reset lets through is the network's business.
    compared: bool = True


def stays(peer: Peer) -> None:
    """Keep the connection until the client leaves it."""
    peer.gone()


def streams(*pieces: bytes, leave: Callable[[Peer], object] = lambda peer: peer.send(END)) -> Callable[[Peer], None]:
    """Answer with these pieces of an event stream, a chunk each, and leave so."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse("X-Request-Id: q1"), *map(chunk, pieces))
        leave(peer)
        stays(peer)

    return script


def sends(*raw: bytes, leave: Callable[[Peer], object] = stays) -> Callable[[Peer], None]:
    """Answer with these bytes, the head among them."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*raw)
        leave(peer)

    return script


def fin(peer: Peer) -> None:
    peer.fin()
    stays(peer)


def comments(peer: Peer) -> None:
    peer.drip((chunk(b": still here\n\n") for _ in range(1000)), 0.02)


def drips(piece: bytes) -> Callable[[Peer], None]:
    return lambda peer: peer.drip(itertools.repeat(chunk(piece)), 0.02)


def ok(kind: Kind, *pieces: bytes, **more: Any) -> Scenario:
    return Scenario(kind, streams(*pieces), end="completed", **more)


def refused(kind: Kind, error: type[MimoError], raw: bytes, **more: Any) -> Scenario:
    end = ("error" if issubclass(error, APIError) else "incomplete") if kind.streamed else None
    return Scenario(kind, sends(raw), error=error, end=end, events=0 if kind.streamed else None, **more)


def cut(kind: Kind, error: type[MimoError], *pieces: bytes, events: int, **more: Any) -> Scenario:
    return Scenario(kind, streams(*pieces, **more), error=error, end="incomplete", events=events)


def in_stream(kind: Kind, error: type[MimoError], *pieces: bytes, events: int = 0) -> Scenario:
    return Scenario(kind, streams(*pieces), error=error, end="error", events=events)


def cancelled(piece: bytes, events: int) -> Scenario:
    return Scenario(
        CHAT_STREAM,
        streams(piece, leave=stays),
        error=StreamCancelled,
        end="cancelled",
        events=events,
        settings=PATIENT,
        cancel_at=1,
    )


TOO_MANY = error_body()
CHAT_BYTES = json.dumps(CHAT).encode()
LIMIT = {"limits": Limits(event=1000, body=1000, error_body=1000, linger=0.2)}
GZIP = "Content-Encoding: gzip"
LENGTH = "Content-Length: 100000"
SSE_HEAD = head(200, "Connection: close", kind="text/event-stream")

SCENARIOS: dict[str, Scenario] = {
    # --- whole answers
    "chat-json": Scenario(CHAT_JSON, sends(answer(CHAT, 200, "X-Request-Id: q1"))),
    "response-json": Scenario(RESPONSE_JSON, sends(answer(RESPONSE, 200, "X-Request-Id: q1"))),
    "chat-stream": ok(CHAT_STREAM, *CHAT_EVENTS, events=3),
    "response-stream": ok(RESPONSE_STREAM, *RESPONSE_EVENTS, events=4),
    "one-chunk": ok(CHAT_STREAM, b"".join(CHAT_EVENTS), events=3),
    "bytes": ok(CHAT_STREAM, *(bytes([byte]) for byte in b"".join(CHAT_EVENTS)), events=3),
    "content-length": Scenario(
        CHAT_STREAM, sends(answer(b"".join(CHAT_EVENTS), kind="text/event-stream")), end="completed", events=3
    ),
    "close-delimited": Scenario(CHAT_STREAM, sends(SSE_HEAD, *CHAT_EVENTS, leave=fin), end="completed", events=3),
    "no-content-type": Scenario(
        CHAT_STREAM, sends(answer(b"".join(CHAT_EVENTS), kind=None)), end="completed", events=3
    ),
    "early-hints": Scenario(
        CHAT_STREAM,
        sends(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + answer(b"".join(CHAT_EVENTS), kind=None)),
        end="completed",
    ),
    "cached-usage-after-finish": ok(
        CHAT_STREAM,
        *CHAT_EVENTS[:3],
        event({"id": "c1", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}),
        DONE,
        events=4,
    ),
    # --- complete by the protocol, whatever HTTP says
    "no-done": ok(CHAT_STREAM, *CHAT_EVENTS[:3], events=3),
    "no-done-cut": Scenario(CHAT_STREAM, streams(*CHAT_EVENTS[:3], leave=fin), end="completed", events=3),
    "no-done-silence": Scenario(CHAT_STREAM, streams(*CHAT_EVENTS[:3], leave=stays), end="completed", events=3),
    "no-done-comments": Scenario(
        CHAT_STREAM,
        streams(*CHAT_EVENTS[:3], leave=drips(b": still here\n\n")),
        end="completed",
        events=3,
        settings=LINGERING,
    ),
    "no-done-events": Scenario(
        CHAT_STREAM,
        streams(*CHAT_EVENTS[:3], leave=drips(event({"id": "c1", "choices": []}))),
        end="completed",
        settings=LINGERING,
        compared=False,
    ),
    "done-silence": Scenario(CHAT_STREAM, streams(*CHAT_EVENTS, leave=stays), end="completed", events=3),
    "terminal-silence": Scenario(RESPONSE_STREAM, streams(*RESPONSE_EVENTS, leave=stays), end="completed", events=4),
    "much-behind-the-end": Scenario(
        CHAT_STREAM, streams(*CHAT_EVENTS, b": " + b"x" * 100_000, leave=stays), end="completed", events=3
    ),
    # --- cut
    "cut-in-chunks": cut(CHAT_STREAM, ConnectionClosed, *CHAT_EVENTS[:2], events=2, leave=fin),
    "cut-response-in-chunks": cut(RESPONSE_STREAM, ConnectionClosed, *RESPONSE_EVENTS[:3], events=3, leave=fin),
    "cut-before-the-first": cut(CHAT_STREAM, ConnectionClosed, events=0, leave=fin),
    "cut-in-an-event": cut(CHAT_STREAM, IncompleteStreamError, CHAT_EVENTS[0], CHAT_EVENTS[1][:20], events=1),
    "cut-in-the-length": Scenario(
        CHAT_STREAM,
        sends(head(200, LENGTH, kind="text/event-stream"), *CHAT_EVENTS[:2], leave=fin),
        error=ConnectionClosed,
        end="incomplete",
        events=2,
    ),
    "reset": Scenario(
        CHAT_STREAM,
        streams(*CHAT_EVENTS[:2], leave=Peer.rst),
        error=ConnectionClosed,
        end="incomplete",
        compared=False,
    ),
    "ended-too-soon": cut(CHAT_STREAM, IncompleteStreamError, *CHAT_EVENTS[:2], events=2),
    "ended-response-too-soon": cut(RESPONSE_STREAM, IncompleteStreamError, *RESPONSE_EVENTS[:3], events=3),
    "empty-stream": cut(CHAT_STREAM, IncompleteStreamError, events=0),
    "only-comments": cut(CHAT_STREAM, IncompleteStreamError, b": a\n\n", b": b\n\n", events=0),
    "closed-too-soon": Scenario(
        CHAT_STREAM,
        sends(SSE_HEAD, *CHAT_EVENTS[:2], leave=fin),
        error=IncompleteStreamError,
        end="incomplete",
        events=2,
    ),
    "only-done": cut(CHAT_STREAM, IncompleteStreamError, DONE, events=0),
    "done-without-a-choice": cut(
        CHAT_STREAM, IncompleteStreamError, event({"id": "c1", "choices": []}), DONE, events=1
    ),
    "cut-json": Scenario(CHAT_JSON, sends(head(200, LENGTH) + b'{"id"', leave=fin), error=ConnectionClosed),
    "cut-json-in-chunks": Scenario(
        CHAT_JSON, sends(head(200, "Transfer-Encoding: chunked") + chunk(b'{"id"'), leave=fin), error=ConnectionClosed
    ),
    "cut-before-the-head": Scenario(CHAT_JSON, sends(leave=fin), error=ConnectionClosed),
    "reset-before-the-head": Scenario(CHAT_JSON, sends(leave=Peer.rst), error=ConnectionClosed),
    "cut-in-the-head": Scenario(
        CHAT_JSON,
        sends(b"HTTP/1.1 200 OK\r\nContent-Ty", leave=fin),
        error=(ConnectionClosed, RemoteProtocolError),
        compared=False,
    ),
    # --- errors in a stream
    "error-first": in_stream(CHAT_STREAM, RateLimitError, event(TOO_MANY)),
    "error-between": in_stream(CHAT_STREAM, ServerError, *CHAT_EVENTS[:2], event(error_body("503")), events=2),
    "error-in-the-same-read": in_stream(
        CHAT_STREAM, RateLimitError, b"".join([*CHAT_EVENTS[:2], event(TOO_MANY)]), events=2
    ),
    "error-text": in_stream(CHAT_STREAM, APIError, event({"error": "slow down"})),
    "error-beside-choices": in_stream(
        CHAT_STREAM, ServerError, event({"id": "c1", "choices": [], "error": {"code": "503", "message": "no"}})
    ),
    "error-event": in_stream(CHAT_STREAM, AuthenticationError, event({"code": "401", "message": "no"}, "error")),
    "error-bare": in_stream(CHAT_STREAM, BadRequestError, event({"code": "400", "message": "no"})),
    "error-filter": in_stream(CHAT_STREAM, ContentFilterError, CHAT_EVENTS[0], event(error_body("421")), events=1),
    "error-without-blank-line": in_stream(CHAT_STREAM, RateLimitError, CHAT_EVENTS[0], event(TOO_MANY)[:-1], events=1),
    "error-in-response": in_stream(
        RESPONSE_STREAM, ServerError, *RESPONSE_EVENTS[:2], response_event("error", code="500", message="no"), events=2
    ),
    "no-json-in-stream": cut(CHAT_STREAM, DecodeError, CHAT_EVENTS[0], event(b"{oops"), events=1),
    "bad-event-in-the-same-read": cut(
        CHAT_STREAM, DecodeError, b"".join([*CHAT_EVENTS[:2], event(b"{oops"), CHAT_EVENTS[2]]), events=2
    ),
    # --- cancelled while the caller is busy: what had come is handed out, nothing more is waited for
    "cancelled": cancelled(CHAT_EVENTS[0], events=1),
    "cancelled-in-the-middle-of-a-piece": cancelled(CHAT_EVENTS[0] + CHAT_EVENTS[1], events=2),
    "cancelled-behind-the-finish": cancelled(b"".join(CHAT_EVENTS[:3]), events=3),
    "cancelled-when-all-had-come": ok(CHAT_STREAM, b"".join(CHAT_EVENTS), events=3, cancel_at=1),
    "cancelled-when-an-error-had-come": Scenario(
        CHAT_STREAM,
        streams(CHAT_EVENTS[0] + event(TOO_MANY), leave=stays),
        error=RateLimitError,
        end="error",
        events=1,
        cancel_at=1,
    ),
    # --- HTTP errors
    "400": refused(CHAT_JSON, BadRequestError, answer(error_body("400", "no"), 400, "X-Request-Id: q2")),
    "401": refused(CHAT_STREAM, AuthenticationError, answer(error_body("401"), 401)),
    "429": refused(CHAT_STREAM, RateLimitError, answer(TOO_MANY, 429, "Retry-After: 7")),
    "data-prefix": refused(
        CHAT_STREAM, BadRequestError, answer(b"data:" + json.dumps(error_body("400", "no")).encode(), 400)
    ),
    "data-prefix-filter": refused(
        RESPONSE_STREAM, ContentFilterError, answer(b"data:" + json.dumps(error_body("421")).encode() + b"\n\n", 400)
    ),
    "502-html": refused(CHAT_STREAM, ServerError, answer(b"<h1>Bad gateway</h1>", 502, kind="text/html")),
    "500-empty": refused(CHAT_JSON, ServerError, answer(b"", 500)),
    "500-hanging": refused(CHAT_JSON, ServerError, head(500, LENGTH) + b"half", settings={"timeouts": QUICK}),
    "500-endless": Scenario(
        CHAT_JSON,
        sends(head(500, "Transfer-Encoding: chunked"), leave=lambda peer: peer.flood(chunk(b"no " * 1000))),
        error=ServerError,
    ),
    "200-error": refused(CHAT_JSON, RateLimitError, answer(TOO_MANY)),
    "200-error-for-a-stream": refused(CHAT_STREAM, RateLimitError, answer(TOO_MANY)),
    # --- not what was asked for
    "redirect": refused(CHAT_JSON, RedirectRefused, answer(b"", 302, "Location: http://127.0.0.1:1/x")),
    "redirect-stream": refused(CHAT_STREAM, RedirectRefused, answer(b"", 307, "Location: /elsewhere")),
    "html": refused(CHAT_JSON, UnexpectedContentType, answer(b"<p>hi", kind="text/html")),
    "html-for-a-stream": refused(CHAT_STREAM, UnexpectedContentType, answer(b"<p>hi" * 1000, kind="text/html")),
    "204": refused(CHAT_JSON, UnexpectedContentType, head(204)),
    "204-for-a-stream": refused(CHAT_STREAM, UnexpectedContentType, head(204)),
    "json-for-a-stream": refused(CHAT_STREAM, UnexpectedContentType, answer(CHAT)),
    "stream-for-json": refused(
        CHAT_JSON, UnexpectedContentType, answer(b"".join(CHAT_EVENTS), kind="text/event-stream")
    ),
    "no-json": refused(CHAT_JSON, DecodeError, answer(b'{"id": ')),
    "no-choices": refused(CHAT_JSON, DecodeError, answer({**CHAT, "choices": []})),
    "no-http": refused(CHAT_JSON, RemoteProtocolError, b"HELO mimo\r\n\r\n"),
    "no-chunks": Scenario(
        CHAT_STREAM,
        sends(sse(), b"zz\r\nhello\r\n"),
        error=RemoteProtocolError,
        end="incomplete",
        events=0,
        compared=False,  # aiohttp forgets the head when such a chunk comes with it
    ),
    "brotli": refused(CHAT_JSON, RemoteProtocolError, answer(b"x", 200, "Content-Encoding: br")),
    "500-brotli": refused(CHAT_JSON, ServerError, answer(b"x", 500, "Content-Encoding: br")),
    "gzip": Scenario(
        CHAT_STREAM,
        sends(answer(gzip.compress(b"".join(CHAT_EVENTS)), 200, GZIP, kind="text/event-stream")),
        end="completed",
        events=3,
    ),
    "gzip-chunked": Scenario(
        CHAT_STREAM,
        sends(sse(GZIP), *(chunk(bytes([byte])) for byte in gzip.compress(b"".join(CHAT_EVENTS))), END),
        end="completed",
        events=3,
    ),
    "gzip-json": Scenario(CHAT_JSON, sends(answer(gzip.compress(json.dumps(CHAT).encode()), 200, GZIP))),
    "gzip-cut": Scenario(
        CHAT_STREAM,
        sends(answer(gzip.compress(b"".join(CHAT_EVENTS))[:-30], 200, GZIP, kind="text/event-stream")),
        error=IncompleteStreamError,
        end="incomplete",
    ),
    "gzip-in-members": Scenario(
        CHAT_JSON,
        sends(answer(b"".join(map(gzip.compress, (b"", CHAT_BYTES[:9], b"", b"", CHAT_BYTES[9:]))), 200, GZIP)),
    ),
    "gzip-in-members-in-chunks": Scenario(
        CHAT_JSON,
        sends(
            head(200, GZIP, "Transfer-Encoding: chunked"),
            *(chunk(gzip.compress(bytes([byte]))) for byte in CHAT_BYTES),
            END,
        ),
    ),
    "gzip-and-half-a-member": Scenario(
        CHAT_JSON, sends(answer(gzip.compress(CHAT_BYTES) + gzip.compress(b" ")[:-5], 200, GZIP))
    ),
    "gzip-and-something": Scenario(CHAT_JSON, sends(answer(gzip.compress(CHAT_BYTES) + b"{}" * 99, 200, GZIP))),
    "gzip-and-zlib": Scenario(CHAT_JSON, sends(answer(gzip.compress(CHAT_BYTES) + zlib.compress(b"{"), 200, GZIP))),
    "gzip-and-something-in-chunks": Scenario(
        CHAT_STREAM,
        sends(sse(GZIP), chunk(gzip.compress(b"".join(CHAT_EVENTS[:3]))), *[chunk(b"x")] * 9, END),
        end="completed",
        events=3,
    ),
    "gzip-error": refused(CHAT_JSON, RateLimitError, answer(gzip.compress(json.dumps(TOO_MANY).encode()), 429, GZIP)),
    "gzip-bomb": refused(
        CHAT_JSON, BodyTooLargeError, answer(gzip.compress(bytes(100_000_000)), 200, GZIP), settings=LIMIT
    ),
    "gzip-large": Scenario(
        CHAT_JSON, sends(answer(gzip.compress(json.dumps({**CHAT, "x": "x" * 1_000_000}).encode()), 200, GZIP))
    ),
    "no-gzip": refused(CHAT_JSON, RemoteProtocolError, answer(b"hello", 200, GZIP)),
    "deflate": Scenario(
        CHAT_JSON, sends(answer(zlib.compress(json.dumps(CHAT).encode()), 200, "Content-Encoding: deflate"))
    ),
    "bare-deflate": Scenario(
        CHAT_JSON, sends(answer(zlib.compress(json.dumps(CHAT).encode())[2:-4], 200, "Content-Encoding: deflate"))
    ),
    "deflate-and-something": Scenario(
        CHAT_JSON, sends(answer(zlib.compress(CHAT_BYTES) + zlib.compress(b"{"), 200, "Content-Encoding: deflate"))
    ),
    "bare-deflate-and-something": Scenario(
        CHAT_JSON, sends(answer(zlib.compress(CHAT_BYTES)[2:-4] + b"{" * 9, 200, "Content-Encoding: deflate"))
    ),
    "zlib-for-gzip": refused(CHAT_JSON, RemoteProtocolError, answer(zlib.compress(CHAT_BYTES), 200, GZIP)),
    "gzip-for-deflate": refused(
        CHAT_JSON, RemoteProtocolError, answer(gzip.compress(CHAT_BYTES), 200, "Content-Encoding: deflate")
    ),
    "no-deflate": refused(CHAT_JSON, RemoteProtocolError, answer(b"\xff" * 20, 200, "Content-Encoding: deflate")),
    "many-headers": refused(
        CHAT_JSON, RemoteProtocolError, head(200, *(f"X-{number}: {'x' * 100}" for number in range(20_000)))
    ),
    # --- time
    "no-head": Scenario(
        CHAT_STREAM, sends(), error=ReadTimeout, end="incomplete", events=0, settings={"timeouts": QUICK}
    ),
    "no-head-for-json": Scenario(CHAT_JSON, sends(), error=IdleTimeout, settings={"timeouts": IMPATIENT}),
    "silence": Scenario(
        CHAT_STREAM,
        streams(CHAT_EVENTS[0], leave=stays),
        error=ReadTimeout,
        end="incomplete",
        events=1,
        settings={"timeouts": QUICK},
    ),
    "idle": Scenario(
        CHAT_STREAM,
        streams(CHAT_EVENTS[0], leave=stays),
        error=IdleTimeout,
        end="incomplete",
        events=1,
        settings={"timeouts": IMPATIENT},
    ),
    "comments": Scenario(
        RESPONSE_STREAM,
        streams(*RESPONSE_EVENTS[:2], leave=comments),
        error=IdleTimeout,
        end="incomplete",
        events=2,
        settings={"timeouts": IMPATIENT},
    ),
    "total": Scenario(
        CHAT_STREAM,
        streams(CHAT_EVENTS[0], leave=comments),
        error=DeadlineExceeded,
        end="incomplete",
        events=1,
        settings={"timeouts": HASTY},
    ),
    "total-for-json": Scenario(
        CHAT_JSON,
        sends(head(200, "Transfer-Encoding: chunked"), leave=comments),
        error=DeadlineExceeded,
        settings={"timeouts": HASTY},
    ),
    # --- size
    "large-event": Scenario(
        CHAT_STREAM,
        streams(CHAT_EVENTS[0], event(b"x" * 1001), leave=stays),
        error=EventTooLargeError,
        end="incomplete",
        events=1,
        settings=LIMIT,
    ),
    "endless-line": Scenario(
        CHAT_STREAM,
        streams(CHAT_EVENTS[0], leave=lambda peer: peer.flood(chunk(b"x" * 100))),
        error=EventTooLargeError,
        end="incomplete",
        events=1,
        settings=LIMIT,
    ),
    "large-body": refused(CHAT_JSON, BodyTooLargeError, answer(b" " * 1001), settings=LIMIT),
    # --- again
    "retried": Scenario(
        CHAT_STREAM,
        lambda peer: (
            streams(*CHAT_EVENTS)(peer)
            if peer.number == 2
            else sends(answer(TOO_MANY, 429, "Retry-After: 0", "Connection: close"), leave=fin)(peer)
        ),
        end="completed",
        events=3,
        settings={"retry": retry(2)},
        requests=2,
    ),
    "retried-in-vain": Scenario(
        CHAT_JSON,
        sends(answer(TOO_MANY, 429, "Connection: close"), leave=fin),
        error=RateLimitError,
        settings={"retry": retry(3)},
        requests=3,
    ),
    "told-to-wait-too-long": refused(
        CHAT_JSON, RateLimitError, answer(TOO_MANY, 429, "Retry-After: 9999"), settings={"retry": retry(3)}
    ),
    "no-time-to-wait": refused(
        CHAT_JSON,
        RateLimitError,
        answer(TOO_MANY, 429, "Retry-After: 60"),
        settings={"retry": retry(3), "timeouts": Timeouts(total=5)},
    ),
}
RECORDED = {
    name.removesuffix(".sse"): Scenario(
        CHAT_STREAM if name.startswith("Chat") else RESPONSE_STREAM,
        streams(*(block + b"\n\n" for block in recorded(name).strip().split(b"\n\n"))),
        error=APIError if "error" in name else None,
        end="error" if "error" in name else "completed",
    )
    for name in recordings()
    if name.endswith(".sse")
}
ALL = SCENARIOS | RECORDED


def play(shell: str, scenario: Scenario) -> tuple[Seen, int]:
    with Server(scenario.script) as server:

        async def main() -> Seen:
            async with open_shell(shell, server.url, **scenario.settings) as client:
                return await call(client, scenario.kind, cancel_at=scenario.cancel_at)

        return run(main, shell), len(server.requests)


@functools.cache
def shown_by_the_client(name: str) -> Seen:
    return play("client", ALL[name])[0]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", ALL)
def test_scenario(shell: str, name: str) -> None:
    scenario = ALL[name]
    seen, requests = play(shell, scenario)
    if scenario.error is None:
        assert seen.error is None
    else:
        assert seen.error is not None
        assert issubclass(seen.error, scenario.error)
    assert seen.end == scenario.end
    assert scenario.events in (None, len(seen.events))
    assert requests == scenario.requests
    if scenario.compared:
        assert seen == shown_by_the_client(name)
