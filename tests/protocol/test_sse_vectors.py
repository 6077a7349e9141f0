"""Every vector in every form of its line ends: by the reference, whole, in small pieces and at each two-way cut."""

from itertools import product

import pytest

from mimo_proto.protocol.sse import ServerSentEvent, SSEDecoder
from tests.support.feeding import Outcome, byte_by_byte, run, two_way_cuts, whole_blocks
from tests.support.sse_reference import interpret
from tests.support.sse_vectors import VECTORS, Vector, with_line_ends

__all__: list[str] = []

FORMS = [form for vector in VECTORS for form in with_line_ends(vector)]
SHORT = 256  # bytes: above, the slow reference is not asked about every prefix

each_form = pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])


def test_names_are_unique() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS)


@each_form
def test_reference(form: Vector) -> None:
    assert tuple(interpret(form.stream)) == form.events


@each_form
def test_decoder(form: Vector) -> None:
    expected = Outcome([ServerSentEvent(*event) for event in form.events], None)
    assert run(SSEDecoder(), [form.stream]) == expected
    pieces = byte_by_byte(form.stream)
    assert run(SSEDecoder(), pieces) == expected, "byte by byte"
    assert run(SSEDecoder(), [part for piece in pieces for part in (b"", piece)]) == expected, "with empty feeds"
    assert run(SSEDecoder(), whole_blocks(form.stream)) == expected, "block by block"
    for cut in two_way_cuts(form.stream):
        assert run(SSEDecoder(), cut) == expected, cut


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if len(vector.stream) <= SHORT], ids=lambda v: v.name)
def test_events_are_out_with_their_last_byte(vector: Vector) -> None:
    for form in with_line_ends(vector):
        decoder = SSEDecoder()
        events: list[ServerSentEvent] = []
        for position, byte in enumerate(byte_by_byte(form.stream), 1):
            events += decoder.feed(byte)
            assert events == [ServerSentEvent(*event) for event in interpret(form.stream[:position])], position


# What a server flushes at once. A decoder may learn from one feed what the next will look like: it must not believe it.
BLOCKS = (
    b"data: a\n\n",
    b"data:a\n\n",
    b"data:  a\n\n",
    b"data:\n\n",
    b"data\n\n",
    b"data: \n\n",
    b"data: a\ndata: b\n\n",
    b"data: a\n\ndata: b\n\n",
    b"data: a\n",
    b"data: a",
    b"\n",
    b"data: a\nevent: e\n\n",
    b"data: a\rb\n\n",
    b"data: a\r\n\r\n",
    b"data: a\r\r",
    b"data: a\n\r\n",
    b"datax: a\n\n",
    b"event: e\ndata: a\n\n",
    b"event: f\ndata: a\n\n",
    b"event:e\ndata:a\n\n",
    b"event: e\r\ndata: a\r\n\r\n",
    b"event: e\n\n",
    b"event: e\n",
    b"event: e\xff\ndata: \xff\n\n",
    b"id: 1\ndata: a\n\n",
    b"id: 2\nevent: e\ndata: a\n\n",
    b"id\ndata: a\n\n",
    b"id: 3\0\ndata: a\n\n",
    b"retry: 4\ndata: a\n\n",
    b"retry: 5\n\n",
    b": c\n\n",
    b": c\ndata: a\n\n",
    b"\xef\xbb\xbfdata: a\n\n",
)


@pytest.mark.parametrize("first", BLOCKS, ids=repr)
def test_feeds_that_follow_each_other(first: bytes) -> None:
    for second, third in product(BLOCKS, repeat=2):
        pieces = [first, second, third, first]
        wanted = [ServerSentEvent(*event) for event in interpret(b"".join(pieces))]
        assert run(SSEDecoder(), pieces) == Outcome([*wanted], None), pieces
