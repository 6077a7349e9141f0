"""Texts in pieces: joined in the order they came, and rarely."""

from __future__ import annotations

from mimo_proto.pieces import MANY, Text


def test_a_text_is_its_pieces_in_order() -> None:
    text = Text()
    assert str(text) == ""
    for piece in ("a", "", "bc"):
        text.add(piece)
    assert str(text) == "abc"


def test_many_pieces_become_few() -> None:
    text = Text()
    most = 0
    for number in range(10 * MANY):
        text.add(str(number % 10))
        most = max(most, len(text.pieces))
    assert most < MANY + 10
    assert str(text) == "0123456789" * MANY
