"""What is shown of a stream, of the events that no stream of the other tests brings."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto import DecodeError, Unknown
from mimo_proto.words import shown


def test_what_is_nested_too_deeply_is_not_shown() -> None:
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(DecodeError, match="too deeply") as caught:
        shown(Unknown({"type": "new", "a": deep}))
    assert caught.value.__context__ is None


def test_what_only_the_nulls_are_too_deep_for_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    monkeypatch.setattr("mimo_proto.words.plain_value", lambda value: value)
    with pytest.raises(DecodeError, match="too deeply to be shown") as caught:
        shown(deep)
    assert caught.value.__context__ is None
