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

BROAD = {
    "test_ends",
    "test_lost_connections",
    "test_sending",
    "test_scenarios",
    "test_control",
    "test_transport",
    "test_connect",
}
"""The tests that run over uvloop and httpx2 in `make check` too; `make matrix` runs all others over them as well."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make matrix` asks for."""
    parser.addoption("--all-clients", action="store_true", help="run each test of faults over uvloop and httpx2 too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the second event loop and the second of two libraries that one module serves, but for `BROAD`."""
    if config.getoption("--all-clients"):
        return
    left_out = [
        item
        for item in items
        if item.path.parent.name in {"faults", "aio"}
        and item.path.stem not in BROAD
        and ("uvloop" in item.name or "httpx2" in item.name)
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


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
