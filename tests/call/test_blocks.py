"""How a request's body is cut."""

from __future__ import annotations

import pytest

from mimo_proto.call.blocks import BLOCK_BYTES, blocks_of


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (0, []),
        (1, [1]),
        (BLOCK_BYTES, [BLOCK_BYTES]),
        (2 * BLOCK_BYTES + 5, [BLOCK_BYTES, BLOCK_BYTES, 5]),
    ],
)
def test_the_blocks_of_a_body(size: int, sizes: list[int]) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    blocks = list(blocks_of(body))
    assert b"".join(blocks) == body
    assert [len(block) for block in blocks] == sizes
