"""Commands talk to a server of the test's own, and find nothing on stdin unless the test gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.commands import give

if TYPE_CHECKING:
    from mimo_proto.testing import LoopbackServer


@pytest.fixture(autouse=True)
def environment(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    give(monkeypatch, b"")
