"""Streams larger than what is dealt with at a time: forms that change, and events of every size, under many cuts."""

from __future__ import annotations

import tracemalloc
from itertools import cycle, islice

import pytest

from mimo_proto import ServerSentEvent, SSEDecoder
from tests.support.feeding import Outcome, run
from tests.support.sse_reference import interpret

KIB = 1024

# Blocks of every form, all line ends LF.
BLOCKS = [
    b"data: plain\n\n",
    b"data:no space\n\n",
    b"event: one\ndata: a\n\n",
    b"event: two\ndata: a\n\n",
    b"event:two\ndata:  a\n\n",
    b": keep-alive\n\n",
    b": a comment\nevent: one\ndata: a\n\n",
    b"data: first\ndata: second\n\n",
    b"event: one\nid: 7\ndata: a\n\n",
    b"retry: 5\n\n",
    b"\n",
    b"event: nobody\n\n",
    b"data\n\n",
    b"event: one\ndata: before the name\nevent: late\n\n",
]
RUNS = {
    "long runs of a form": [block for block in BLOCKS for _ in range(300)],
    "short runs of a form": [block for block in islice(cycle(BLOCKS), 700) for _ in range(3)],
    "no two alike": [*islice(cycle(BLOCKS), 3000)],
    "comments between": [b": keep-alive\n\n", b"event: one\ndata: a\n\n"] * 1500,
    "large and small": [
        b"event: %b\ndata: %b\n\n" % (name, b"x" * size)
        for size in (20 * KIB, 5, 40 * KIB, 40 * KIB, 5, 5, 100 * KIB, 16 * KIB, 32 * KIB, 2)
        for name in (b"one", b"one", b"two")
    ],
    "large with comments": [b": keep-alive\n\ndata: %b\n\n" % (b"x" * size) for size in (40 * KIB, 50 * KIB, 5) * 3],
    # A form is learned from the last event of a text: here there is another one in each.
    "forms within forms": [b"event: %d\ndata: a\n\n" % abs(name) for name in range(-3000, 3001)],
    "here and there": [b"event: %d\ndata: %b\n\n" % (name % 3, b"x" * 300) for name in range(500)],
    "two kinds of line ends in an event": [b"event: a\rdata: b\ndata: c\n\n"] * 50,
    "large in lines": [b"data: %b\ndata: y\n\n" % (b"x" * size) for size in (40 * KIB, 50 * KIB, 5) * 3],
}
SIZES = (16 * KIB * KIB, 70_000, 20_000, 16 * KIB, 4 * KIB, 1000, 64, 63, 7)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("name", RUNS)
def test_the_reference_says_the_same(name: str, end: bytes) -> None:
    stream = b"".join(RUNS[name]).replace(b"\n", end)
    wanted = Outcome([ServerSentEvent(*event) for event in interpret(stream)], None)
    for size in SIZES:
        pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
        assert run(SSEDecoder(), pieces) == wanted, size


@pytest.mark.parametrize("name", RUNS)
def test_line_ends_may_change(name: str) -> None:
    ends = cycle([b"\n"] * 50 + [b"\r\n"] * 50 + [b"\r"] * 3)
    stream = b"".join(block.replace(b"\n", next(ends)) for block in RUNS[name])
    wanted = Outcome([ServerSentEvent(*event) for event in interpret(stream)], None)
    for size in SIZES:
        pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
        assert run(SSEDecoder(), pieces) == wanted, size


def test_a_form_of_other_line_ends_leaves_no_event_behind() -> None:
    """The last event of the usual line ends has others inside, and so has the one behind it."""
    stream = b"data: a\r\n\r\n" * 3 + b"event: b\r\ndata: %b\r\n\r\n" % (b"x" * 3 * KIB) + b"event: c\ndata: d\r\n\r\n"
    stream += b"data: e\n\n"
    wanted = [ServerSentEvent(*event) for event in interpret(stream)]
    decoder = SSEDecoder()
    assert decoder.feed(stream[:11]) + decoder.feed(stream[11:]) == wanted
    assert wanted[-1].data == "e"


def test_the_names_of_a_server_do_not_pile_up() -> None:
    """What may be learned from one stream for the next ones is not kept without bound."""

    def read(numbers: range) -> None:
        decoder = SSEDecoder()
        for number in numbers:
            [event] = decoder.feed(b"event: %0100d\ndata: a\n\n" % number)
            assert int(event.event) == number

    read(range(1000))
    tracemalloc.start()
    try:
        for start in range(1000, 21_000, 1000):
            read(range(start, start + 1000))
        # The names alone are 2 MB.
        assert tracemalloc.get_traced_memory()[0] < 64 * KIB
    finally:
        tracemalloc.stop()
