"""What is shown of a stream, of the events that no stream of the other tests brings."""

from __future__ import annotations

import io
from typing import Any

import pytest

from mimo_proto import CHAT_COMPLETIONS, DecodeError, StreamDecoder, Unknown
from mimo_proto.cli.text import TextWriter, json_line
from tests.support.payloads import choice_chunk


def test_what_is_nested_too_deeply_is_not_shown() -> None:
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(DecodeError, match="too deeply") as caught:
        json_line(Unknown({"type": "new", "a": deep}))
    assert caught.value.__context__ is None


def test_a_piece_of_a_call_may_bring_an_id_only() -> None:
    pieces: list[dict[str, Any]] = [
        {"index": 0, "id": "call_1"},
        {"index": 0, "function": {"name": "tide"}},
        {"index": 0, "function": {"arguments": "{}"}},
    ]
    other = io.StringIO()
    writer = TextWriter(io.StringIO(), other)
    decoder = StreamDecoder(CHAT_COMPLETIONS)
    for piece in pieces:
        for event in decoder.feed(choice_chunk({"tool_calls": [piece]})):
            writer.show(event)
    writer.end()
    assert other.getvalue() == "tide {}\n"
