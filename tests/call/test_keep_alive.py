"""How long an idle connection is trusted."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest

from mimo_proto.call.keep_alive import MAX_IDLE_SECONDS, keep_alive_options, max_idle_seconds


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ("timeout=5", 4),
        ("timeout=5, max=100", 4),
        ("max=100,timeout=5", 4),
        ("max=5; Timeout = 30", 29),
        ('timeout="15"', 14),
        ("timeout=2.5", 1),
        ("timeout=60", 59),
        ("timeout=61", 60),
        ("timeout=3600", 60),
        ("timeout=30, timeout=10", 9),
        ("timeout=1", 0),
        ("timeout=0", 0),
        ("timeout=" + "9" * 5000, 60),
        ("timeout=-5", 60),
        ("timeout=x", 60),
        ("x-timeout=5", 60),
        ("timeout", 60),
        ("", 60),
    ],
)
def test_what_a_server_says(field: str, seconds: float) -> None:
    assert max_idle_seconds({"keep-alive": field}) == seconds


def test_a_server_that_says_nothing() -> None:
    assert max_idle_seconds({"connection": "keep-alive"}) == MAX_IDLE_SECONDS == 60


def test_this_system_has_some_of_the_options() -> None:
    assert [value for _, _, value in keep_alive_options(socket)] == [1, 60, 60, 5]


def test_a_system_that_has_none_of_the_probes_settings() -> None:
    """Its own settings are the probes' then."""
    module: Any = SimpleNamespace(SOL_SOCKET=1, SO_KEEPALIVE=9, IPPROTO_TCP=6)
    assert keep_alive_options(module) == [(1, 9, 1)]
