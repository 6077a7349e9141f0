"""examples/fastapi_service.py behind a real socket: its answers, its refusals, and clients that leave."""

from __future__ import annotations

import http.client
import runpy
import socket
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto.testing import LoopbackServer, Refusal, Turn
from tests.support.dummyserver import Peer, Server, chunk, sse
from tests.support.outcomes import KEY
from tests.support.payloads import CHAT_EVENTS
from tests.support.services import serving

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parents[1] / "examples" / "fastapi_service.py"


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Any]:
    """Serve the example in front of a MiMo."""

    def serve(key: str, base_url: str) -> Any:
        monkeypatch.setenv("MIMO_API_KEY", key)
        monkeypatch.setenv("MIMO_BASE_URL", base_url)
        return serving(runpy.run_path(str(EXAMPLE))["app"])

    return serve


def get(address: tuple[str, int]) -> tuple[int, str]:
    with closing(http.client.HTTPConnection(*address, timeout=10)) as connection:
        connection.request("GET", "/ask?q=Hello")
        response = connection.getresponse()
        return response.status, response.read().decode()


def test_it_answers_over_kept_connections(server: LoopbackServer, start: Any) -> None:
    with start(server.api_key, server.base_url) as address:
        for _ in range(3):
            assert get(address) == (200, "You said: Hello")
    assert len(server.requests) == 3


def test_a_refusal_is_known_before_the_first_word(server: LoopbackServer, start: Any) -> None:
    server.script([Refusal(429, "Too many requests", None, type="limitation"), Turn("Fine.")])
    with start(server.api_key, server.base_url) as address:
        status, body = get(address)
        assert (status, "Too many requests" in body) == (429, True)
        assert get(address) == (200, "Fine.")


def test_no_connection_is_a_bad_gateway(start: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with start(KEY, f"http://127.0.0.1:{port}/v1") as address:
        assert get(address)[0] == 502


def test_a_client_that_leaves_cancels_the_upstream(start: Any) -> None:
    """MiMo is silent meanwhile: nothing that it sends has to fail first."""
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), chunk(CHAT_EVENTS[0]))
        if peer.gone():
            closed.set()

    with Server(script) as mimo, start(KEY, mimo.url) as address:
        with socket.create_connection(address, timeout=10) as sock:
            sock.sendall(b"GET /ask?q=Hello HTTP/1.1\r\nHost: service\r\n\r\n")
            received = b""
            while b"Hello" not in received:
                received += sock.recv(4096)
            assert not closed.is_set()
        assert closed.wait(1)
