"""A body as it is read, within a limit."""

from __future__ import annotations

import pytest

from mimo_proto import BodyTooLargeError
from mimo_proto.call.body import BodyCollector


def test_a_body_within_its_limit() -> None:
    read: list[bytes] = []
    collector = BodyCollector(6, read.append)
    for block in (b"abc", b"", b"def"):
        collector.add(block)
    assert collector.data() == b"abcdef"
    assert read == [b"abc", b"", b"def"]
    with pytest.raises(BodyTooLargeError, match="larger than 6 bytes"):
        collector.add(b"g")
    assert len(read) == 3, "what is too much is not shown"


def test_the_beginning_of_a_body() -> None:
    collector = BodyCollector(4)
    collector.add_some(b"abc")
    assert not collector.is_full
    collector.add_some(b"def")
    assert collector.is_full
    assert collector.data() == b"abcd"
