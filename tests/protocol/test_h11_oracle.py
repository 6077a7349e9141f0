"""Heads and bodies of HTTP/1.1 are read as h11 reads them; what differs has a name and a reason in `h11_oracle`."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.h11_oracle import NAMES, compare, read_by_us
from tests.support.http_cases import CASES

if TYPE_CHECKING:
    from collections.abc import Iterator

DIFFERENT = {
    "a-reason-with-vt": "VT and FF",
    "a-value-with-vt-and-ff": "VT and FF",
    "chunks-with-a-trailer-and-vt": "VT and FF",
    "two-blanks-before-the-status": "blanks in a status line",
    "2.0": "another version",
    "0.9": "another version",
    "ssh": "refused before its line is whole",
    "chunks-with-lf-for-all": "refused before its line is whole",
    "a-length-twice": "framing fields as they came",
    "a-length-twice-in-one": "framing fields as they came",
    "coding-in-capitals": "framing fields as they came",
    "coding-identity": "identity",
    "coding-identity-and-a-length": "identity",
    "1.0-identity-and-keep-alive": "identity",
    "coding-and-a-length": "a length beside chunks",
    "1.0-keep-alive": "keep-alive of HTTP/1.0",
    "chunks-with-blanks-before-an-extension": "blanks before an extension",
    "chunks-with-cr-in-an-extension": "CR in an extension",
    "chunks-with-an-empty-line-ended-by-lf": "LF in a trailer",
    "chunks-with-a-trailer-ended-by-lf": "LF in a trailer",
    "chunks-with-a-trailer-and-lf": "LF in a trailer",
    "chunks-with-a-fold-ended-by-lf": "LF in a trailer",
    "chunks-with-a-bad-length-in-the-trailer": "framing fields in a trailer",
    "chunks-with-a-coding-in-the-trailer": "framing fields in a trailer",
    "a-head-over-64-kib": "limits",
    "chunks-with-a-long-extension": "limits",
    "chunks-with-a-long-trailer-line": "limits",
    "chunks-with-a-long-trailer": "limits",
}
"""The cases that differ, and by which name; all others do not."""


def cut_somehow(wire: bytes, chance: random.Random) -> list[bytes]:
    marks = sorted({0, len(wire), *(chance.randrange(len(wire) + 1) for _ in range(chance.randrange(5)))})
    return [wire[start:end] for start, end in itertools.pairwise(marks)]


@pytest.mark.parametrize("name", CASES)
def test_a_response_is_read_as_h11_reads_it(name: str) -> None:
    assert compare([CASES[name]]) == ({DIFFERENT[name]} if name in DIFFERENT else set())


@pytest.mark.parametrize("name", CASES)
def test_cuts_do_not_show(name: str) -> None:
    wire = CASES[name]
    whole = read_by_us([wire])
    chance = random.Random(name)
    for _ in range(5):
        pieces = cut_somehow(wire, chance)
        assert read_by_us(pieces) == whole
        compare(pieces)
    if len(wire) < 1000:
        assert read_by_us([wire[at : at + 1] for at in range(len(wire))]) == whole


def test_every_difference_is_met() -> None:
    assert set(DIFFERENT.values()) == NAMES


TOKENS = [
    *(bytes([byte]) for byte in b'\r\n\0 \t:;,\x0b\x0c05f-+_xX"\x85\xa0\xff'),
    *(b"\r\n", b"\r\n\r\n", b"\n\n", b"\r\n ", b"\r\n\t", b"\n ", b"0\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n", b";x=y"),
    *(b"chunked", b"identity", b"close", b"keep-alive", b"5, 5", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 ", b"HTTP/1.1 "),
    *(b"Content-Length: 5\r\n", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"X: y\r\n"),
    *(b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
]


def mutated(wire: bytes, chance: random.Random) -> bytes:
    """One change at a place where something begins, or anywhere."""
    marks = [at for at in range(len(wire) + 1) if wire[at : at + 1] in (b"\r", b"\n", b":", b" ", b"") or at == 0]
    start = chance.choice(marks) if chance.random() < 0.5 else chance.randrange(len(wire) + 1)
    end = min(len(wire), start + chance.choice([1, 1, 1, 2, 4, 16]))
    match chance.randrange(6):
        case 0:
            return wire[:start] + wire[end:]
        case 1:
            return wire[:end] + wire[start:]
        case 2:
            return wire[:start]
        case 3:
            return wire[:start] + chance.choice(TOKENS) + wire[end:]
        case _:
            return wire[:start] + chance.choice(TOKENS) + wire[start:]


SHORT = [wire for wire in CASES.values() if 20 < len(wire) < 400]


def mutations(count: int) -> Iterator[tuple[bytes, list[bytes]]]:
    chance = random.Random(9112)
    for _ in range(count):
        wire = chance.choice(SHORT)
        for _ in range(chance.choice([1, 1, 2, 3])):
            wire = mutated(wire, chance)
        yield wire, cut_somehow(wire, chance)


def test_what_is_mutated_is_read_as_h11_reads_it() -> None:
    ends = dict.fromkeys(("complete", "cut", "error"), 0)
    met: set[str] = set()
    for wire, pieces in mutations(10_000):
        try:
            met |= compare(pieces)
        except AssertionError as error:
            error.add_note(f"the response was {wire!r}, cut into {pieces!r}")
            raise
        verdict = read_by_us(pieces)
        assert verdict == read_by_us([wire])
        ends[verdict.end] += 1
    # The mutations reach all ends, and most of the differences.
    assert min(ends.values()) > 1000
    assert len(met) > len(NAMES) / 2


LINES = st.sampled_from(
    [
        *(
            b"Content-Length: 5",
            b"content-length:5",
            b"Content-Length: 0",
            b"Content-Length: 5, 5",
            b"Content-Length: x",
        ),
        *(
            b"Transfer-Encoding: chunked",
            b"Transfer-Encoding: gzip",
            b"Connection: close",
            b"Connection: Keep-Alive, TE",
        ),
        *(b"X: y", b"X:", b"X", b" folded", b"\tfolded", b" ", b"X : y", b": y", b"X: \0", b"X: \xe9"),
    ]
)
STARTS = st.sampled_from(
    [b"HTTP/1.1 200 OK", b"HTTP/1.0 200", b"HTTP/1.1 204 No Content", b"HTTP/1.1 101 X", b"HTTP/1.1 1"]
)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\n"])
BODIES = st.lists(
    st.sampled_from(
        [b"5\r\nhello\r\n", b"5;x\r\nhello\r\n", b"0\r\n", b"\r\n", b"\n", b"\r", b"X: y\r\n", b"5", b"hello"]
    )
)


@given(
    start=STARTS,
    lines=st.lists(st.tuples(LINES, ENDS), max_size=6),
    end=ENDS,
    body=BODIES,
    cuts=st.lists(st.integers(1, 80)),
)
def test_any_lines_are_read_as_h11_reads_them(
    start: bytes, lines: list[tuple[bytes, bytes]], end: bytes, body: list[bytes], cuts: list[int]
) -> None:
    wire = b"".join([start, end, *(line + line_end for line, line_end in lines), end, *body])
    marks = sorted({0, len(wire), *(min(cut, len(wire)) for cut in cuts)})
    pieces = [wire[a:b] for a, b in itertools.pairwise(marks)]
    compare(pieces)
    assert read_by_us(pieces) == read_by_us([wire])
