"""`Limits` and `Timeouts`: values that are checked when they are made."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from mimo_proto import ConfigurationError, Limits, Timeouts

CLOCKS = ["connect", "read", "idle", "total"]
CAPS = ["event", "body", "error_body", "drain", "linger"]
NO_AMOUNT = [0, -1, -0.5, math.nan, math.inf, -math.inf, "1", b"1", [1], object()]


def test_they_cannot_be_changed() -> None:
    for value in (Timeouts(), Limits()):
        with pytest.raises(AttributeError):
            value.read = 1  # type: ignore[union-attr, misc]
    assert msgspec.structs.replace(Limits(), event=1).event == 1
    assert {Timeouts(), Timeouts()} == {Timeouts()}


@pytest.mark.parametrize("name", CLOCKS)
@pytest.mark.parametrize("seconds", [None, 1, 0.001, 10**400])
def test_clocks(name: str, seconds: Any) -> None:
    assert getattr(Timeouts(**{name: seconds}), name) == seconds


@pytest.mark.parametrize("name", CLOCKS)
@pytest.mark.parametrize("seconds", NO_AMOUNT)
def test_clocks_that_are_refused(name: str, seconds: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"Timeouts.{name} is .*: give seconds above 0, or None"):
        Timeouts(**{name: seconds})


@pytest.mark.parametrize("name", CAPS)
@pytest.mark.parametrize("amount", [1, 2**60])
def test_caps(name: str, amount: Any) -> None:
    assert getattr(Limits(**{name: amount}), name) == amount


@pytest.mark.parametrize("name", CAPS)
@pytest.mark.parametrize("amount", [*NO_AMOUNT, None])
def test_caps_that_are_refused(name: str, amount: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"Limits.{name} is .*: give a number above 0"):
        Limits(**{name: amount})


def test_a_copy_is_checked_too() -> None:
    with pytest.raises(ConfigurationError):
        msgspec.structs.replace(Limits(), event=0)
