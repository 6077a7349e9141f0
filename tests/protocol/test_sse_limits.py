"""The decoder's cap, its linear time and its memory, and what it does after an error and after `close()`."""

import contextlib
import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterable, Iterator
from time import process_time
from typing import Any

import pytest

from mimo_proto import CHAT_COMPLETIONS, Limits, StreamDecoder
from mimo_proto.errors import EventTooLargeError, LocalProtocolError
from mimo_proto.protocol.sse import ServerSentEvent, SSEDecoder
from tests.support.feeding import Outcome, byte_by_byte, run, two_way_cuts, whole_blocks

__all__: list[str] = []

CAP = 32
MIB = 1024 * 1024

BEFORE = b"event: e\nid: 1\ndata: before\n\n"
AFTER = b"\n\ndata: after\n\n"
BEFORE_EVENT = ServerSentEvent("e", "before", "1", None)

# What follows a good event, and goes over the cap. Neither the event in it nor the one after it may come out.
TOO_LARGE = {
    "data-line": b"data:" + b"a" * (CAP - 4),
    "data-line-by-far": b"data: " + b"a" * 10 * CAP,
    "data-lines": b"data:aa\n" * 2 + b"data:a\n" * (CAP // 2 - 3) + b"data:a",
    "empty-data-lines": b"data\n" * (CAP + 2),
    "event-line": b"data: a\nevent:" + b"e" * (CAP - 5),
    "id-line": b"data: a\nid:" + b"1" * CAP,
    "retry-line": b"data: a\nretry:" + b"1" * CAP,
    "unknown-line": b"data: a\nfoo:" + b"a" * CAP,
    "line-without-colon": b"a" * (CAP + 1),
    "comment-line": b":" + b"c" * CAP,
    "second-line": b"data: a\ndata: " + b"a" * CAP,
    "replaced-bytes": b"data: " + b"\xff" * CAP,
    "nulls": b"\0" * (CAP + 1),
}

# At the cap or below it, however large the whole is.
WITHIN = {
    "data-line": b"data:" + b"a" * (CAP - 5),
    "data-lines": b"data:aa\n" + b"data:a\n" * (CAP // 2 - 2) + b"data:a",
    "comment-line": b":" + b"c" * (CAP - 1) + b"\ndata:a",
    "event-line": b"event:" + b"e" * (CAP - 6) + b"\ndata:a",
    "fields-together": b"event:" + b"e" * 20 + b"\nid:" + b"1" * 20 + b"\ndata:" + b"a" * 20,
    "comments-together": b": comment\n" * CAP + b"data:a",
    "ignored-fields-together": b"foo: bar\n" * CAP + b"data:a",
    "names-together": b"event: abc\n" * CAP + b"data:a",
    "ids-together": b"id: 12\n" * CAP + b"data:a",
    "blocks-without-data": b"event: ping\n\n" * CAP + b"data:a",
    "events-together": b"data:" + (b"a" * (CAP - 5) + b"\n\ndata:") * 3 + b"a",
}

each_end = pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["lf", "cr", "crlf"])


def every_way(stream: bytes) -> Iterator[list[bytes]]:
    yield [stream]
    yield byte_by_byte(stream)
    yield whole_blocks(stream)
    for size in (2, 3, 7, CAP - 1, CAP, CAP + 1):
        yield [stream[start : start + size] for start in range(0, len(stream), size)]
    for pieces in two_way_cuts(stream):
        yield list(pieces)


@each_end
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["no-bom", "bom"])
@pytest.mark.parametrize("name", TOO_LARGE)
def test_over_the_cap(name: str, bom: bytes, end: bytes) -> None:
    alone = (bom + TOO_LARGE[name] + AFTER).replace(b"\n", end)
    for pieces in every_way(alone):
        assert run(SSEDecoder(CAP), pieces) == Outcome([], EventTooLargeError), pieces
    behind = (bom + BEFORE + TOO_LARGE[name] + AFTER).replace(b"\n", end)
    for pieces in every_way(behind):
        assert run(SSEDecoder(CAP), pieces) == Outcome([BEFORE_EVENT], EventTooLargeError), pieces


@pytest.mark.parametrize("name", TOO_LARGE)
def test_over_the_cap_and_never_dispatched(name: str) -> None:
    stream = BEFORE + TOO_LARGE[name] + b"\n"
    for pieces in every_way(stream):
        assert run(SSEDecoder(CAP), pieces) == Outcome([BEFORE_EVENT], EventTooLargeError), pieces


@each_end
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["no-bom", "bom"])
@pytest.mark.parametrize("name", WITHIN)
def test_within_the_cap(name: str, bom: bytes, end: bytes) -> None:
    stream = (bom + WITHIN[name] + AFTER).replace(b"\n", end)
    whole = run(SSEDecoder(), [stream])
    assert len(whole.events) >= 2
    assert whole.error is None
    for pieces in every_way(stream):
        assert run(SSEDecoder(CAP), pieces) == whole, pieces


def test_the_error_keeps_to_the_cap_it_was_given() -> None:
    stream = b"data: " + b"a" * 100 + b"\n\n"
    assert run(SSEDecoder(99), [stream]).error is EventTooLargeError
    assert run(SSEDecoder(max_event_size=120), [stream]).error is None


@pytest.mark.parametrize("size", [16 * MIB - 5, 16 * MIB - 4], ids=["at", "over"])
def test_the_default_cap_is_16_mib(size: int) -> None:
    stream = b"data:" + b"a" * size + b"\n\n"
    outcome = run(SSEDecoder(), [stream[:MIB], stream[MIB:]])
    assert outcome.error is (None if len(stream) - 2 <= 16 * MIB else EventTooLargeError)


def test_an_error_comes_after_the_events_before_it_and_stays() -> None:
    decoder = SSEDecoder(CAP)
    assert decoder.feed(BEFORE + TOO_LARGE["data-line"] + AFTER) == [BEFORE_EVENT]
    for _ in range(2):
        with pytest.raises(EventTooLargeError, match=str(CAP)) as caught:
            decoder.feed(b"data: a\n\n")
        assert caught.value.__context__ is None
    with pytest.raises(EventTooLargeError):
        decoder.close()


def test_an_error_at_the_end_comes_with_close() -> None:
    decoder = SSEDecoder(CAP)
    assert decoder.feed(BEFORE + TOO_LARGE["data-line"]) == [BEFORE_EVENT]
    with pytest.raises(EventTooLargeError):
        decoder.close()


@pytest.mark.parametrize("pieces", [[b":" * 100], [b"data: a\n\n" + b":" * 100], [b"data: a\n\n" + b":" * 100, b""]])
def test_a_decoder_is_freed_without_the_garbage_collector(pieces: list[bytes]) -> None:
    gc.disable()
    try:
        decoder = SSEDecoder(50)
        for piece in pieces:
            with contextlib.suppress(EventTooLargeError):
                decoder.feed(piece)
        with pytest.raises(EventTooLargeError):
            decoder.close()
        freed = weakref.ref(decoder)
        del decoder
        assert freed() is None
    finally:
        gc.enable()


def test_close_drops_what_no_empty_line_ended() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(BEFORE + b"data: never\n") == [BEFORE_EVENT]
    decoder.close()
    decoder.close()
    with pytest.raises(LocalProtocolError):
        decoder.feed(b"\n")


def test_decoders_share_nothing() -> None:
    one, other = SSEDecoder(), SSEDecoder()
    assert one.feed(b"id: 1\nretry: 2\nevent: e\ndata: a\n") == []
    assert other.feed(b"data: b\n\n") == [ServerSentEvent("message", "b", "", None)]
    assert one.feed(b"\n") == [ServerSentEvent("e", "a", "1", 2)]


def test_events_compare_by_value() -> None:
    event = ServerSentEvent("e", "a", "1", 2)
    assert event == ServerSentEvent("e", "a", "1", 2)
    assert len({event, ServerSentEvent("e", "a", "1", 2)}) == 1
    for other in (("f", "a", "1", 2), ("e", "b", "1", 2), ("e", "a", "2", 2), ("e", "a", "1", None)):
        assert event != ServerSentEvent(*other)
    assert (event.event, event.data, event.id, event.retry) == ("e", "a", "1", 2)


# A start, what is repeated until the stream has its size, and an end.
ONE_EVENT = {
    "data-line": (b"data: ", b"a", b"\n\n"),
    "comment-line": (b":", b"c", b"\n\n"),
    "unknown-line": (b"", b"x", b""),
    "data-lines": (b"", b"data: ab\n", b"\n"),
    "bare-data-lines": (b"", b"data\r", b""),
}
MANY_LINES = {
    "comments": (b"", b":\n", b""),
    "comments-in-an-event": (b"data: a\n", b": c\r\n", b"\r\n"),
    "names": (b"", b"event: abc\n", b"data\n\n"),
    "events": (b"", b"data: ab\n\n", b""),
    "events-with-names": (b"", b"event: e\r\ndata: ab\r\n\r\n", b""),
    "empty-lines": (b"", b"\n", b""),
    "crs": (b"", b"\r", b""),
}
SIZES = (MIB // 128, MIB // 2)
REPEATS = (4, 2)


def sized(shape: tuple[bytes, bytes, bytes], size: int) -> bytes:
    start, middle, end = shape
    return start + middle * (size // len(middle)) + end


def chunks(stream: bytes, size: int) -> list[bytes]:
    return [stream[start : start + size] for start in range(0, len(stream), size)]


def cost(stream: bytes, pieces: list[bytes], repeats: int) -> float:
    """CPU seconds a byte, the best of some runs."""
    best = float("inf")
    gc.disable()  # its passes over all that lives are no cost of the decoder's
    try:
        for _ in range(repeats):
            began = process_time()
            outcome = run(SSEDecoder(), pieces)
            best = min(best, process_time() - began)
            assert outcome.error is None
    finally:
        gc.enable()
    return best / len(stream)


@pytest.mark.parametrize("piece", [2, MIB * 2], ids=["by-twos", "whole"])
@pytest.mark.parametrize("shape", ONE_EVENT)
def test_time_is_linear_in_one_event(shape: str, piece: int) -> None:
    streams = [sized(ONE_EVENT[shape], size) for size in SIZES]
    small, large = (cost(stream, chunks(stream, piece), n) for stream, n in zip(streams, REPEATS, strict=True))
    # Copying all that came before for each feed or line makes it some 60 times, on a machine however busy.
    assert large <= 12 * small


@pytest.mark.parametrize("piece", [100, MIB * 2], ids=["by-hundreds", "whole"])
@pytest.mark.parametrize("shape", MANY_LINES)
def test_time_is_linear_in_many_lines(shape: str, piece: int) -> None:
    streams = [sized(MANY_LINES[shape], size) for size in SIZES]
    small, large = (cost(stream, chunks(stream, piece), n) for stream, n in zip(streams, REPEATS, strict=True))
    assert large <= 12 * small


def push(decoder: SSEDecoder | StreamDecoder[Any], pieces: Iterable[bytes]) -> None:
    """Feed a decoder; the events are thrown away."""
    for piece in pieces:
        decoder.feed(piece)


def pull(decoder: StreamDecoder[Any], pieces: Iterable[bytes]) -> None:
    """Have a decoder pull its pieces; the events are thrown away."""
    for _ in decoder.events(pieces):
        pass


def peak(run: Callable[[], object]) -> int:
    """The most memory in bytes that a run took, beyond what was there."""
    tracemalloc.start()
    try:
        run()
    except EventTooLargeError:
        pass
    finally:
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return highest


# The promise is three caps and 8 MiB; at this cap's size 8 MiB would hide anything, so half of one has to do.
ENDLESS = {
    "line": b"a" * 1000,
    "line-by-twos": b"aa",
    "comment-by-sevens": b":cccccc",
    "data-line": b"data:" + b"a" * 1000,
    "data-lines": b"data:" + b"a" * 1000 + b"\n",
    "short-data-lines": b"data:ab\n" * 125,
    "empty-data-lines": b"data\n" * 200,
}


ENDLESS_CAP = MIB // 4
RUNS: dict[str, Callable[[Iterable[bytes]], None]] = {
    "raw": lambda pieces: push(SSEDecoder(ENDLESS_CAP), pieces),
    "typed": lambda pieces: push(StreamDecoder(CHAT_COMPLETIONS, limits=Limits(event=ENDLESS_CAP)), pieces),
    "pulled": lambda pieces: pull(StreamDecoder(CHAT_COMPLETIONS, limits=Limits(event=ENDLESS_CAP)), pieces),
}


@pytest.mark.parametrize("shape", ENDLESS)
@pytest.mark.parametrize("run", RUNS)
def test_what_never_ends_stays_within_three_caps(shape: str, run: str) -> None:
    # Each piece its own object, as off a socket.
    pieces = (bytes(bytearray(ENDLESS[shape])) for _ in range(6 * ENDLESS_CAP // len(ENDLESS[shape])))
    assert peak(lambda: RUNS[run](pieces)) <= 3 * ENDLESS_CAP + MIB // 2
    assert next(pieces, None) is not None, "the cap is noticed"


ENDLESS_AND_FINE = {
    "comments": b": keep-alive\n" * 100,
    "blocks-without-data": b"event: ping\n\n" * 100,
    "ignored-fields": b"foo: bar\n" * 100,
    "names": b"event: abc\n" * 100,
    "ids": b"id: 1234\n" * 100,
    "events": b"event: e\ndata: a\n\n" * 50,
}


@pytest.mark.parametrize("shape", ENDLESS_AND_FINE)
def test_what_is_over_is_not_kept(shape: str) -> None:
    decoder = SSEDecoder(MIB // 16)
    pieces = (ENDLESS_AND_FINE[shape] for _ in range(300))
    assert peak(lambda: push(decoder, pieces)) <= 64 * 1024
    decoder.feed(b"\n")
    assert decoder.feed(b"data: a\n\n")[0].data == "a"
