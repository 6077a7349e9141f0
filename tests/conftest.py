"""What every test has: a server to talk to, and the check that what it got is what the spec says."""

from __future__ import annotations

import signal
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from hypothesis import HealthCheck, settings

from mimo_proto.protocol import widen
from mimo_proto.testing import LoopbackServer
from tests.support.schemas import check

if TYPE_CHECKING:
    from collections.abc import Iterator

# The same examples in every run, on machines however busy.
settings.register_profile(
    "tests", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")

# A shell has what it runs in the background ignore Ctrl-C, and the tests of Ctrl-C would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOTS = {"/v1/chat/completions": "ChatCompletionRequest", "/v1/responses": "ResponseRequest"}


@pytest.fixture(autouse=True)
def nothing_was_learned() -> None:
    """Each test begins as a process does: no field that the spec does not know has come."""
    widen.forget()


@pytest.fixture(autouse=True)
def bodies_are_checked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold every body that a LoopbackServer got to its schema, unless the test is marked `wrong_requests`."""
    servers: list[LoopbackServer] = []
    make = LoopbackServer.__init__

    def made(self: LoopbackServer, **options: Any) -> None:
        make(self, **options)
        servers.append(self)

    monkeypatch.setattr(LoopbackServer, "__init__", made)
    yield
    if request.node.get_closest_marker("wrong_requests") is None:
        for received in (received for server in servers for received in server.requests if received.raw):
            check(received.body, ROOTS[received.path])


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A running LoopbackServer."""
    with LoopbackServer() as running:
        yield running


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Signs the certificates of the TLS servers."""
    return trustme.CA()


@pytest.fixture(scope="session")
def trust(authority: Any) -> ssl.SSLContext:
    """A context that trusts `authority`."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def black_hole() -> Iterator[str]:
    """The base URL of a port that drops what knocks: its queue is full, and nobody accepts."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        for filler in fillers:
            filler.close()
