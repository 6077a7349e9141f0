"""Any bytes, cut anywhere: the decoder says what the standard's algorithm says, and raises its own errors only.

The examples are the same in every run; `make fuzz` is for going where no run has been.
"""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mimo_proto.errors import EventTooLargeError
from mimo_proto.protocol.sse import ServerSentEvent, SSEDecoder
from tests.support.feeding import Outcome, byte_by_byte, cut, run, whole_blocks
from tests.support.sse_reference import interpret, utf8_decode

__all__: list[str] = []

fixed = settings(
    max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)

BOM = b"\xef\xbb\xbf"

line_ends = st.sampled_from([b"\n", b"\r", b"\r\n"])
names = st.sampled_from([b"data", b"event", b"id", b"retry", b"", b"Data", b"datax", b" data", b"foo", BOM + b"data"])
separators = st.sampled_from([b":", b": ", b":  ", b"", b" :", b"::"])
values = st.one_of(
    st.sampled_from(
        [b"", b"a", b"1", b"[DONE]", b"0" * 19, b"+1", b"\0", b"a\0", b"\xff", b"\xf0\x9f", BOM, b'{"a":1}']
    ),
    st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=8),
)
fields = st.tuples(names, separators, values, line_ends).map(b"".join)
plain_blocks = st.tuples(
    st.sampled_from([b"", b"event: e\n", b"event:f\n", b"id: 1\n", b"retry: 2\n", b": c\n"]),
    st.sampled_from([b"data:", b"data: "]),
    values,
    st.sampled_from([b"\n\n", b"\r\r", b"\r\n\r\n"]),
).map(b"".join)
grammar = st.tuples(
    st.sampled_from([b"", BOM, BOM + BOM, BOM[:2], b"\n"]),
    st.lists(st.one_of(fields, fields, line_ends, plain_blocks), max_size=12).map(b"".join),
).map(b"".join)
hard_bytes = st.lists(st.sampled_from(b"\r\n: adt\xef\xbb\xbf"), max_size=24).map(bytes)
streams = st.one_of(grammar, grammar, st.binary(max_size=64), hard_bytes)


@st.composite
def pieces_of_streams(draw: st.DrawFn) -> list[bytes]:
    stream = draw(streams)
    return draw(
        st.one_of(
            st.lists(st.integers(0, len(stream)), max_size=8).map(lambda positions: cut(stream, positions)),
            st.just(byte_by_byte(stream)),
            st.just(whole_blocks(stream)),
        )
    )


def reference(stream: bytes) -> list[object]:
    return [ServerSentEvent(*event) for event in interpret(stream)]


@fixed
@given(pieces_of_streams())
def test_decoder_is_the_reference(pieces: list[bytes]) -> None:
    stream = b"".join(pieces)
    wanted = Outcome(reference(stream), None)
    assert run(SSEDecoder(), pieces) == wanted
    assert run(SSEDecoder(), [stream]) == wanted


@fixed
@given(pieces_of_streams())
def test_events_are_out_with_the_piece_that_ends_them(pieces: list[bytes]) -> None:
    decoder = SSEDecoder()
    fed = b""
    events: list[object] = []
    for piece in pieces:
        events += decoder.feed(piece)
        fed += piece
        assert events == reference(fed)


@fixed
@given(pieces_of_streams(), st.integers(len(BOM), 48))
@example([b"data: aa", b"\n\n"], 7)
@example([BOM, b"data: a\n\n"], 7)
def test_the_cap_does_not_see_the_cuts(pieces: list[bytes], cap: int) -> None:
    stream = b"".join(pieces)
    outcome = run(SSEDecoder(cap), pieces)
    assert outcome == run(SSEDecoder(cap), [stream])
    # What comes out is right as far as it goes, and stops for a reason only.
    assert outcome.events == reference(stream)[: len(outcome.events)]
    if outcome.error is None:
        assert outcome.events == reference(stream)
    else:
        assert outcome.error is EventTooLargeError
        assert len(stream) > cap


@fixed
@given(st.one_of(st.binary(max_size=32), st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_the_reference_reads_utf_8_as_python_does(data: bytes) -> None:
    assert utf8_decode(data) == data.removeprefix(BOM).decode("utf-8", "replace")
