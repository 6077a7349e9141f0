"""Servers that answer slowly in every place of an answer, and calls that are timed over them."""

from __future__ import annotations

from itertools import repeat
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.dummyserver import Peer, Server, head
from tests.support.outcomes import (
    ALL,
    CHAT_JSON,
    CHAT_STREAM,
    RESPONSE_JSON,
    RESPONSE_STREAM,
    Kind,
    Outcome,
    call,
    client_for,
)
from tests.support.slowness import LATE, LONG, slowly

if TYPE_CHECKING:
    from collections.abc import Callable

    from mimo_proto import Timeouts

__all__ = ["FACES", "SLOW", "timed"]

CHUNKED = "Transfer-Encoding: chunked"


def head_for(kind: Kind, framing: str) -> bytes:
    return head(200, framing, kind="text/event-stream" if kind.streamed else "application/json")


def sent(peer: Peer, *pieces: bytes) -> Peer:
    peer.send(*pieces)
    return peer


def stalled(peer: Peer) -> None:
    peer.gone()


SLOW: dict[str, Callable[[Peer, Kind], None]] = {
    "silence": lambda peer, kind: stalled(peer),
    "drip-in-the-status-line": lambda peer, kind: slowly(peer, b"HTTP/1.1 200 " + LONG),
    "drip-in-a-header": lambda peer, kind: slowly(peer, b"HTTP/1.1 200 OK\r\nX: " + LONG),
    "headers-for-ever": lambda peer, kind: peer.drip([b"HTTP/1.1 200 OK\r\n", *repeat(b"X: y\r\n", 90)], 0.1),
    "silence-after-the-head": lambda peer, kind: stalled(sent(peer, head_for(kind, "Content-Length: 9"))),
    "drip-in-the-body": lambda peer, kind: slowly(sent(peer, head_for(kind, "Content-Length: 10000")), LONG),
    "drip-until-close": lambda peer, kind: slowly(sent(peer, head_for(kind, "X: y")), LONG),
    "drip-in-a-chunk-size": lambda peer, kind: slowly(sent(peer, head_for(kind, CHUNKED)), b"5;" + LONG),
    "drip-in-a-chunk": lambda peer, kind: slowly(sent(peer, head_for(kind, CHUNKED)), b"2710\r\n" + LONG),
    "drip-in-the-trailer": lambda peer, kind: slowly(sent(peer, head_for(kind, CHUNKED), b"0\r\nX: "), LONG),
    "drip-in-gzip": lambda peer, kind: slowly(
        sent(peer, head_for(kind, "Content-Encoding: gzip")), b"\x1f\x8b\x08\x08\0\0\0\0\0\0" + b"x" * 10_000
    ),
    "100-for-ever": lambda peer, kind: peer.flood(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103-for-ever": lambda peer, kind: peer.flood(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
    "103-drip": lambda peer, kind: peer.drip(repeat(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), 0.02),
}


def timed(
    script: Callable[[Peer, Kind], object], kind: Kind, timeouts: Timeouts, authority: Any, trust: Any, **options: Any
) -> Outcome:
    def serve(peer: Peer) -> None:
        peer.request()
        script(peer, kind)

    started = monotonic()
    with (
        Server(serve, authority=authority) as server,
        client_for(server.url, timeouts=timeouts, ssl_context=trust) as client,
    ):
        outcome = call(client, kind, **options)
        assert monotonic() - started < LATE
        assert len(server.requests) <= 1, "none where the clock ran out before the server looked"
    return outcome


# All four kinds of call on plain sockets; over TLS and with the other clock one of each protocol and mode is enough.
FACES = [
    *(pytest.param(kind, False, "idle", id=f"{kind}-plain-idle") for kind in ALL),
    *(pytest.param(kind, True, "idle", id=f"{kind}-tls-idle") for kind in (RESPONSE_JSON, CHAT_STREAM)),
    pytest.param(CHAT_JSON, False, "total", id=f"{CHAT_JSON}-plain-total"),
    pytest.param(RESPONSE_STREAM, True, "total", id=f"{RESPONSE_STREAM}-tls-total"),
]
