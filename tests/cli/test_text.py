"""What is shown of a stream."""

from __future__ import annotations

import io
from typing import Any

import pytest

from mimo_proto import DecodeError, Delta, Unknown
from mimo_proto.cli.text import TextWriter, json_line


def test_what_is_nested_too_deeply_is_not_shown() -> None:
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(DecodeError, match="too deeply") as caught:
        json_line(Unknown({"type": "new", "a": deep}))
    assert caught.value.__context__ is None


def test_each_part_has_a_line_of_its_own() -> None:
    answer, other = io.StringIO(), io.StringIO()
    writer = TextWriter(answer, other)
    for delta in (
        Delta("reasoning", "h"),
        Delta("reasoning", "m"),
        Delta("text", "Low", part=1),
        Delta("audio", "AAA=", part=2),
        Delta("text", " water", part=1),
        Delta("tool_call", part=3, id="call_1", name="tide"),
        Delta("arguments", "{}", part=3, id="call_1"),
        Delta("text", "Neap", part=4),
        Delta("refusal", "No", choice=1),
    ):
        writer.show(delta)
    writer.end()
    writer.end()
    assert answer.getvalue() == "Low water\nNeap\nNo\n"
    assert other.getvalue() == "hm\ntide {}\n"


def test_labels_say_what_a_line_is() -> None:
    out = io.StringIO()
    writer = TextWriter(out, out, labels=True)
    for delta in (Delta("reasoning", "hm"), Delta("thought", "x", part=1), Delta("tool_call", part=2, name="tide")):
        writer.show(delta)
    writer.end()
    assert out.getvalue() == "  thinking    | hm\n  thought     | x\n  call        | tide \n"


def test_thinking_alone_is_dim() -> None:
    answer, other = io.StringIO(), io.StringIO()
    writer = TextWriter(answer, other, dim=True)
    for delta in (
        Delta("reasoning", "h"),
        Delta("reasoning", "m"),
        Delta("text", "4", part=1),
        Delta("tool_call", part=2),
    ):
        writer.show(delta)
    writer.end()
    assert answer.getvalue() == "4\n"
    assert other.getvalue() == "\x1b[2mh\x1b[22m\x1b[2mm\x1b[22m\n \n"
