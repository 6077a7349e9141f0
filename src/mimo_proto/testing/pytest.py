"""A fixture for the tests of a service: `mimo_server`, a `LoopbackServer` for each test.

Rules: it is switched on by a line in the `conftest.py` of the project that has the tests, and costs others nothing:

    pytest_plugins = ["mimo_proto.testing.pytest"]

A test that passes, and leaves scripted replies that no request took, fails: its service asked less than the test says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .server import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["mimo_server", "pytest_runtest_call"]

SERVER = pytest.StashKey[LoopbackServer]()


@pytest.fixture
def mimo_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[LoopbackServer]:
    """A server that answers as MiMo does, for one test.

    Meanwhile MIMO_API_KEY and MIMO_BASE_URL name it, so that a client made without arguments goes there, and no test
    calls MiMo by mistake.
    """
    with LoopbackServer() as server:
        monkeypatch.setenv("MIMO_API_KEY", server.api_key)
        monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
        request.node.stash[SERVER] = server
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that has passed otherwise, and has left scripted replies."""
    result = yield
    server = item.stash.get(SERVER, None)
    if server is not None and server.unplayed:
        count = f"{server.unplayed} scripted replies were" if server.unplayed > 1 else "1 scripted reply was"
        requests = ", ".join(f"{each.method} {each.path}" for each in server.requests) or "none"
        pytest.fail(f"{count} taken by no request; the requests that came: {requests}", pytrace=False)
    return result
