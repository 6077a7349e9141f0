"""TLS from asyncio, as far as the faults over real sockets do not show it."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from mimo_proto.aio.tls import default_context

if TYPE_CHECKING:
    import pytest


def test_the_context_of_all_connections_verifies_and_takes_no_old_version(monkeypatch: pytest.MonkeyPatch) -> None:
    load = ssl.SSLContext.load_default_certs

    def loaded(self: ssl.SSLContext, *purpose: Any) -> None:
        load(self, *purpose)
        self.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED  # as the Python of some systems leaves it

    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", loaded)
    context = default_context()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
