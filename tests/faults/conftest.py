"""Every test here that makes its client by `client_for` runs over the sync client and over AsyncClient by itself.

What an answer means does not depend on what sends, so those tests run over the libraries as well; the others are about
connections of our own. tests/aio has what a library's connections are held to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.blocking import BlockingClient
from tests.support.outcomes import client_for, made_by
from tests.support.shells import LIBRARIES, OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

OVER_LIBRARIES = {"test_ends", "test_error_bodies", "test_stream_errors", "test_size"}

SLOW = {"test_time", "test_cancel", "test_size"}
"""What takes seconds runs on asyncio's own loop only, and over one of the libraries that one module serves."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Say over which clients a test runs."""
    names: dict[str, Any] = metafunc.function.__globals__
    if names.get("client_for") is not client_for or "shell" in metafunc.fixturenames:
        return
    module = metafunc.definition.path.stem
    kinds = [*OWN, *(LIBRARIES if module in OVER_LIBRARIES else ())]
    marker = metafunc.definition.get_closest_marker("clients")
    if marker is not None:
        kinds = list(marker.args)
    elif module in SLOW:
        kinds = [kind for kind in kinds if kind not in {"uvloop", "httpx"}]
    metafunc.parametrize("client_kind", kinds, indirect=True)


@pytest.fixture(autouse=True)
def client_kind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have `client_for` make clients of that kind."""
    kind = getattr(request, "param", "client")
    if kind == "client":
        yield
        return
    with made_by(lambda *arguments, **settings: BlockingClient(kind, *arguments, **settings)):
        yield
