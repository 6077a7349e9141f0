"""In which order the addresses of a host are tried."""

from __future__ import annotations

import pytest

from mimo_proto.call.addresses import take_turns
from tests.support.connecting import address_of


@pytest.mark.parametrize(
    ("resolved", "tried"),
    [
        ([], []),
        (["127.0.0.1"], ["127.0.0.1"]),
        (["127.0.0.2", "127.0.0.1"], ["127.0.0.2", "127.0.0.1"]),
        (["::1", "::2", "127.0.0.1", "::3", "127.0.0.2"], ["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"]),
        (["127.0.0.1", "127.0.0.2", "::1"], ["127.0.0.1", "::1", "127.0.0.2"]),
    ],
)
def test_the_families_take_turns(resolved: list[str], tried: list[str]) -> None:
    """RFC 8305, 4; which family comes first, and the order in each, is the system's affair."""
    assert take_turns(address_of(9, host) for host in resolved) == [address_of(9, host) for host in tried]
