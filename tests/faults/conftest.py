"""Every test here that makes its client by `client_for` runs over the sync client and over AsyncClient by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support.blocking import BlockingClient
from tests.support.loops import LOOPS
from tests.support.outcomes import client_for, made_by

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = {"test_time", "test_cancel", "test_size", "test_other_servers", "test_content_types"}
"""What takes seconds runs on asyncio's own loop only."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Say over which clients a test runs."""
    made = cast("Any", metafunc)
    module: Any = made.module
    if getattr(module, "client_for", None) is not client_for:
        return
    is_slow = module.__name__.rpartition(".")[2] in SLOW
    loops = [loop for loop in LOOPS if loop == "asyncio" or not is_slow]
    marker = made.definition.get_closest_marker("clients")
    kinds = ["client", *loops] if marker is None else list(marker.args)
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
