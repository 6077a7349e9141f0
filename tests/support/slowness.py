"""Answers that come slowly, and the clocks that they are held to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dummyserver import Peer

__all__ = ["CLOCK", "LATE", "LONG", "bytewise", "slowly"]

CLOCK = 0.15
"""What the clock under test is set to, in seconds."""


LATE = 5
"""No call takes that long: the slack is for busy machines."""


def bytewise(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


def slowly(peer: Peer, data: bytes) -> None:
    """One byte after the other; then go on with nothing."""
    peer.drip(bytewise(data), every=0.02)
    peer.gone()


LONG = b" " * 10_000
