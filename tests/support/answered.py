"""A call that is answered with given bytes, and whether its connection works afterwards."""

from __future__ import annotations

from typing import Any

from tests.support.dummyserver import Peer, Server
from tests.support.outcomes import Kind, Outcome, call, client_for, good

__all__ = ["outcome_of"]


def outcome_of(kind: Kind, reply: bytes, **settings: Any) -> Outcome:
    """Call a server that sends these bytes, then check that the connection was kept or replaced, and works."""

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            if len(server.requests) > 1:
                peer.send(good(kind))
                continue
            peer.send(reply)
            if b"\r\nContent-Length" not in reply and b"\r\nTransfer-Encoding" not in reply and b" 204 " not in reply:
                peer.fin()

    with Server(script) as server, client_for(server.url, **settings) as client:
        outcome = call(client, kind)
        assert len(server.requests) == 1
        assert call(client, kind).kept == "Hello world"
        outcome.end = f"{server.connections} connections"
    return outcome
