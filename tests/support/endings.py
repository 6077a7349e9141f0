"""Servers that stream some events and then leave, and the ways to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.dummyserver import END, Peer, Server, chunk, head, sse
from tests.support.payloads import CHAT_EVENTS, RESPONSE_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.outcomes import Kind

__all__ = ["FIRST", "end", "fin", "serve", "silence"]

FIRST = {"chat": CHAT_EVENTS[:2], "responses": RESPONSE_EVENTS[:3]}
"""The events that carry the words, without any that ends a stream."""


def serve(kind: Kind, body: list[bytes], leave: Callable[[Peer], object], framing: str = "chunked") -> Server:
    """A server that answers every request with these pieces of an event stream, and then leaves so."""

    def script(peer: Peer) -> None:
        peer.request()
        if framing == "chunked":
            peer.send(sse(), *map(chunk, body))
        elif framing == "length":
            peer.send(head(200, "Content-Length: 100000", kind="text/event-stream"), *body)
        else:
            peer.send(head(200, "Connection: close", kind="text/event-stream"), *body)
        leave(peer)

    return Server(script)


def fin(peer: Peer) -> None:
    peer.fin()
    peer.gone()


def end(peer: Peer) -> None:
    peer.send(END)
    peer.gone()


def silence(peer: Peer) -> None:
    peer.gone()
