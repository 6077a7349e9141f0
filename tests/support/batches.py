"""Batches for examples/batch.py: questions to ask, faults on the way, and what came out."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from mimo_proto.testing import RawReply, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAULTS = [
    RawReply(Refusal(429, "Too many requests", None, type="limitation")),
    RawReply(Refusal(503, "Service Unavailable")),
    RawReply(b"", raw=True),  # the connection is closed without an answer
    RawReply(None, cut=150),  # closed inside the answer
    RawReply(None, cut=300, reset=True),
    RawReply(b"<html>502 Bad Gateway</html>"),
    RawReply({"error": {"code": "500", "message": "engine"}}),  # under status 200
]


def write_questions(path: Path, count: int) -> None:
    """Write so many questions, whose answers can be told apart."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            messages = [{"role": "user", "content": f"number {number}"}]
            request = {"model": "mimo-v2.6-pro", "messages": messages}
            file.write(json.dumps({"id": str(number), "request": request}) + "\n")


def faulty(count: int, share: float) -> Iterator[RawReply]:
    """Give so many replies, of which a share are faults of all kinds; the same ones each time."""
    chance = random.Random(7)
    return (chance.choice(FAULTS) if chance.random() < share else RawReply(None) for _ in range(count))


def read_answers(path: Path) -> list[tuple[str, str]]:
    """Give id and text of each answer, by the number that the id is."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    texts = [(line["id"], line["response"]["choices"][0]["message"]["content"]) for line in lines]
    return sorted(texts, key=lambda each: int(each[0]))


def expected(count: int) -> list[tuple[str, str]]:
    """Give what `read_answers` gives when nothing was lost, doubled or mixed up."""
    return [(str(number), f"You said: number {number}") for number in range(count)]
