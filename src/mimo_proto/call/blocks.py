"""How much of a request is written at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BLOCK_BYTES", "blocks_of"]

BLOCK_BYTES: Final = 16 * 1024
"""How much of a body is sent at a time, and the largest that goes with its head in one write: what a record of TLS
holds (RFC 8446, 5.1). A block that has gone is progress, for the read clock."""


def blocks_of(body: bytes) -> Iterator[bytes]:
    """Cut the body of a request into the blocks in which it is sent."""
    for at in range(0, len(body), BLOCK_BYTES):
        yield body[at : at + BLOCK_BYTES]
