"""`StreamDecoder`, driven by hand: what may be called when, what is told about the end, and where the caps are."""

from __future__ import annotations

import contextlib
import gc
import tracemalloc
import weakref
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    APIError,
    ChatCompletionChunk,
    ConfigurationError,
    DecodeError,
    EventTooLargeError,
    IncompleteStreamError,
    Limits,
    LocalProtocolError,
    MimoError,
    RateLimitError,
    ResponseOutputTextDelta,
    StreamDecoder,
    Unknown,
)
from tests.support.feeding import byte_by_byte, pull, run, two_way_cuts
from tests.support.payloads import (
    CHAT_EVENTS,
    DONE,
    RESPONSE_EVENTS,
    chat_chunk,
    error_body,
    event,
    response_delta,
    response_event,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HELLO, WORLD, STOP, _ = CHAT_EVENTS
ERROR = event(error_body("429", "Too many requests"))


def chat(**options: Any) -> StreamDecoder[ChatCompletionChunk]:
    return StreamDecoder(CHAT_COMPLETIONS, **options)


def words(events: list[ChatCompletionChunk]) -> list[str | None]:
    return [event.choices[0].delta.content for event in events]


# What may be called when


def test_an_endpoint_without_streams_has_no_decoder() -> None:
    with pytest.raises(ConfigurationError, match="'models' has no streams"):
        StreamDecoder(MODELS)


def test_good_events_come_before_the_error_behind_them() -> None:
    decoder = chat()
    assert words(decoder.feed(HELLO + WORLD + ERROR + STOP)) == ["Hello", " world"]
    with pytest.raises(RateLimitError):
        decoder.feed(STOP)
    with pytest.raises(LocalProtocolError, match="takes no more"):
        decoder.feed(STOP)
    decoder.close()


def test_an_error_alone_is_raised_at_once() -> None:
    decoder = chat()
    with pytest.raises(RateLimitError) as caught:
        decoder.feed(ERROR)
    assert caught.value.__context__ is None
    with pytest.raises(LocalProtocolError):
        decoder.events([])
    decoder.close()


def test_an_error_that_was_kept_is_raised_by_close() -> None:
    decoder = chat()
    assert len(decoder.feed(HELLO + ERROR)) == 1
    with pytest.raises(RateLimitError):
        decoder.close()
    decoder.close()


def test_an_error_that_was_kept_is_raised_by_events() -> None:
    decoder = chat()
    assert len(decoder.feed(HELLO + ERROR)) == 1
    with pytest.raises(RateLimitError):
        decoder.events([STOP])


def test_a_kept_error_is_not_forgotten_for_an_empty_piece() -> None:
    decoder = chat()
    assert len(decoder.feed(HELLO + ERROR)) == 1
    with pytest.raises(RateLimitError):
        decoder.feed(b"")


def test_feed_after_close() -> None:
    decoder = chat()
    decoder.feed(STOP)
    decoder.close()
    decoder.close()
    with pytest.raises(LocalProtocolError):
        decoder.feed(HELLO)
    with pytest.raises(LocalProtocolError):
        decoder.events([HELLO])


def test_close_raises_once() -> None:
    decoder = chat()
    with pytest.raises(IncompleteStreamError, match="before its first choice"):
        decoder.close()
    decoder.close()
    with pytest.raises(LocalProtocolError):
        decoder.feed(HELLO)


def test_what_follows_the_terminal_mark_is_ignored() -> None:
    decoder = chat()
    decoder.feed(STOP + DONE + b"data: nonsense\n\n")
    assert decoder.done
    assert decoder.feed(ERROR) == []
    assert list(decoder.events([ERROR])) == []
    decoder.close()
    with pytest.raises(LocalProtocolError):
        decoder.feed(b"")


def test_events_after_the_terminal_mark_are_none() -> None:
    decoder = chat()
    assert len(list(decoder.events([STOP + DONE]))) == 1
    assert list(decoder.events([HELLO])) == []
    assert decoder.feed(HELLO) == []
    decoder.close()
    with pytest.raises(LocalProtocolError):
        decoder.events([HELLO])


def test_events_goes_on_where_feed_was() -> None:
    decoder = chat()
    assert words(decoder.feed(HELLO + WORLD[:20])) == ["Hello"]
    assert words(list(decoder.events([WORLD[20:], STOP]))) == [" world", None]


def test_events_has_the_decoder_for_itself() -> None:
    decoder = chat()
    reading = decoder.events([HELLO + WORLD, STOP])
    assert next(reading).choices[0].delta.content == "Hello"
    with pytest.raises(LocalProtocolError, match="was given to events"):
        decoder.feed(WORLD)
    with pytest.raises(LocalProtocolError, match="was given to events"):
        decoder.events([WORLD])
    assert words(list(reading)) == [" world", None]
    decoder.close()


def test_events_that_was_left_can_be_closed_for_the_verdict() -> None:
    decoder = chat()
    for _ in decoder.events([HELLO, STOP]):
        break
    with pytest.raises(IncompleteStreamError, match="finish_reason for choice 0"):
        decoder.close()


def test_events_that_raised_is_over() -> None:
    decoder = chat()
    with pytest.raises(RateLimitError):
        list(decoder.events([ERROR]))
    decoder.close()
    with pytest.raises(LocalProtocolError):
        decoder.events([HELLO])


def test_events_that_ended_badly_is_over() -> None:
    decoder = chat()
    with pytest.raises(IncompleteStreamError):
        list(decoder.events([HELLO]))
    decoder.close()


def test_no_piece_is_pulled_after_the_terminal_mark() -> None:
    def pieces() -> Iterator[bytes]:
        yield STOP + DONE
        pytest.fail("pulled")

    assert len(list(chat().events(pieces()))) == 1


def test_what_the_pieces_raise_passes_through() -> None:
    def pieces() -> Iterator[bytes]:
        yield HELLO
        raise KeyError("theirs")

    decoder, events = chat(), list[Any]()
    with pytest.raises(KeyError, match="theirs"):
        events.extend(decoder.events(pieces()))
    with pytest.raises(IncompleteStreamError):
        decoder.close()


class InterruptingChoice(msgspec.Struct):
    finish_reason: str | None = None

    def __post_init__(self) -> None:
        if self.finish_reason is not None:
            raise KeyboardInterrupt


class InterruptingChunk(msgspec.Struct):
    choices: list[InterruptingChoice]


def test_an_interrupted_feed_is_the_last() -> None:
    decoder = StreamDecoder(CHAT_COMPLETIONS, event_type=InterruptingChunk)
    assert len(decoder.feed(HELLO)) == 1
    with pytest.raises(KeyboardInterrupt):
        decoder.feed(WORLD + STOP)
    with pytest.raises(LocalProtocolError):
        decoder.feed(DONE)


def test_empty_pieces_do_nothing() -> None:
    decoder = chat()
    assert decoder.feed(b"") == []
    assert words(decoder.feed(HELLO)) == ["Hello"]
    assert decoder.feed(b"") == []
    assert run(chat(), [b"", HELLO, b"", STOP, b"", DONE]) == run(chat(), [HELLO, STOP, DONE])
    assert pull(chat(), [b"", HELLO, b"", STOP, b"", DONE]) == run(chat(), [HELLO, STOP, DONE])


def close_after(*pieces: bytes) -> Callable[[Any], object]:
    def close(decoder: Any) -> None:
        for piece in pieces:
            decoder.feed(piece)
        decoder.close()

    return close


USES: dict[str, Callable[[Any], object]] = {
    "fed": lambda decoder: decoder.feed(HELLO + STOP + DONE),
    "pulled": lambda decoder: list(decoder.events([HELLO, STOP])),
    "closed": close_after(STOP),
    "an error fed": lambda decoder: decoder.feed(ERROR),
    "an error kept": lambda decoder: decoder.feed(HELLO + ERROR),
    "an error kept and raised": close_after(HELLO + ERROR),
    "an error pulled": lambda decoder: list(decoder.events([HELLO, ERROR])),
    "an error at the end": close_after(HELLO, ERROR[:-1]),
    "no JSON fed": lambda decoder: decoder.feed(b"data: x\n\n"),
    "no JSON kept": lambda decoder: decoder.feed(HELLO + b"data: x\n\n"),
    "no JSON pulled": lambda decoder: list(decoder.events([b"data: x\n\n"])),
    "a misfit": lambda decoder: decoder.feed(event({"choices": 5})),
    "too large, fed": lambda decoder: decoder.feed(b":" * 1000 + b"\n"),
    "too large, kept": lambda decoder: decoder.feed(HELLO + b":" * 1000 + b"\n"),
    "too large, pulled": lambda decoder: list(decoder.events([b":" * 1000 + b"\n"])),
    "cut": close_after(HELLO),
    "cut, pulled": lambda decoder: list(decoder.events([HELLO])),
    "used too long": lambda decoder: (decoder.feed(DONE), decoder.close(), decoder.feed(HELLO)),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_decoder_is_freed_without_the_garbage_collector(use: Callable[[Any], object]) -> None:
    gc.disable()
    try:
        decoder = chat(limits=Limits(event=500))
        with contextlib.suppress(MimoError):
            use(decoder)
        freed = weakref.ref(decoder)
        del decoder
        assert freed() is None
    finally:
        gc.enable()


# What is told about the end


def test_finished_is_a_verdict_and_done_the_terminal_mark() -> None:
    decoder = chat()
    seen: list[tuple[bool, bool]] = []
    for piece in CHAT_EVENTS:
        decoder.feed(piece)
        seen.append((decoder.finished, decoder.done))
    assert seen == [(False, False), (False, False), (True, False), (True, True)]


def test_a_choice_that_begins_late_takes_the_verdict_back() -> None:
    decoder = chat()
    decoder.feed(STOP)
    assert decoder.finished
    decoder.feed(chat_chunk("b", None, 1))
    assert not decoder.finished
    decoder.feed(chat_chunk("", "length", 1))
    assert decoder.finished
    assert not decoder.done


def test_done_is_the_end_whatever_is_missing() -> None:
    decoder = chat()
    decoder.feed(HELLO + DONE)
    assert (decoder.finished, decoder.done) == (True, True)


@pytest.mark.parametrize("kind", ["response.completed", "response.incomplete", "response.failed"])
def test_responses_end_at_their_terminal_events(kind: str) -> None:
    decoder = StreamDecoder(RESPONSES)
    decoder.feed(response_delta("a"))
    assert not decoder.finished
    [last] = decoder.feed(response_event(kind, response={"output": []}))
    assert last.type == kind
    assert (decoder.finished, decoder.done) == (True, True)


def test_what_is_missing_is_told() -> None:
    decoder = chat()
    decoder.feed(HELLO + chat_chunk("b", None, 2) + chat_chunk("c", "stop", 1))
    with pytest.raises(IncompleteStreamError, match=r"without \[DONE\], and without a finish_reason for choice 0, 2"):
        decoder.close()
    with pytest.raises(IncompleteStreamError, match=r"response\.completed, response\.incomplete, response\.failed"):
        StreamDecoder(RESPONSES).close()


def test_a_choice_without_an_index_is_the_first() -> None:
    decoder = chat()
    decoder.feed(event(b'{"choices": [{"delta": {}}]}'))
    with pytest.raises(IncompleteStreamError, match="choice 0"):
        decoder.close()


def test_a_choice_that_finished_is_not_opened_again_for_want_of_an_index() -> None:
    decoder = chat()
    decoder.feed(event(b'{"choices": [{"delta": {}, "finish_reason": "stop"}]}'))
    decoder.feed(HELLO)
    assert decoder.finished


class CountedIndex(int):
    """An index that counts how often any is looked up or compared."""

    looks = 0

    def __hash__(self) -> int:
        CountedIndex.looks += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        CountedIndex.looks += 1
        return super().__eq__(other)

    def __lt__(self, other: int) -> bool:
        CountedIndex.looks += 1
        return super().__lt__(other)


class CountedChoice(msgspec.Struct):
    index: int
    finish_reason: str | None = None

    def __post_init__(self) -> None:
        self.index = CountedIndex(self.index)


class CountedChunk(msgspec.Struct):
    choices: list[CountedChoice]
    error: Any = None


def test_many_choices_are_not_gone_over_again_and_again() -> None:
    """Every chunk a new choice: what a chunk costs does not depend on how many there are."""
    decoder = StreamDecoder(CHAT_COMPLETIONS, event_type=CountedChunk)
    CountedIndex.looks = 0
    for index in range(500):
        decoder.feed(chat_chunk("a", None, index))
    for index in range(500):
        assert not decoder.finished
        decoder.feed(chat_chunk("", "stop", index))
    assert decoder.finished
    assert 0 < CountedIndex.looks < 20 * 1000


def test_unknown_events_are_handed_out_as_they_came() -> None:
    decoder = StreamDecoder(RESPONSES)
    named, nameless = decoder.feed(response_event("response.queued", position=3) + event({"position": 4}))
    assert named == Unknown({"type": "response.queued", "position": 3})
    assert nameless == {"position": 4}
    assert isinstance(nameless, Unknown)


def test_the_event_line_names_what_has_no_type() -> None:
    [delta] = StreamDecoder(RESPONSES).feed(event({"delta": "a"}, "response.output_text.delta"))
    assert delta == ResponseOutputTextDelta(delta="a")


def test_the_learned_form_of_a_chunk_carries_no_name() -> None:
    decoder = StreamDecoder(RESPONSES)
    decoder.feed(response_delta("a"))
    decoder.feed(response_delta("b"))
    [unnamed] = decoder.feed(event({"delta": "c"}))
    assert isinstance(unnamed, Unknown)


# What counts as an event, for whoever watches an idle clock

HALF = HELLO[:30]
QUIET: dict[str, list[bytes]] = {
    "comment": [b": keep-alive\n\n"],
    "half an event": [HALF],
    "the next half": [HALF, HELLO[30:40]],
    "a line of it": [b"event: x\n"],
    "data without data": [b"data:\n\n"],
    "dataless": [b"event: ping\n\nid: 7\n\n"],
    "heartbeat": [event({"type": "keepalive"})],
    "named heartbeat": [event({}, "ping")],
}


@pytest.mark.parametrize("pieces", QUIET.values(), ids=QUIET)
@pytest.mark.parametrize("first", [b"", HELLO], ids=["at the start", "later"])
def test_what_completes_no_event_is_not_counted(pieces: list[bytes], first: bytes) -> None:
    count = 1 if first else 0
    decoder = chat()
    decoder.feed(first)
    for piece in pieces:
        assert decoder.feed(piece) == []
        assert decoder.events_seen == count
    pulling = chat()

    def watched() -> Iterator[bytes]:
        yield first
        for piece in pieces:
            yield piece
            assert pulling.events_seen == count

    with pytest.raises(IncompleteStreamError):
        list(pulling.events(watched()))


@pytest.mark.parametrize("piece", [HELLO, HELLO + HALF, b": c\n\n" + HELLO, HELLO + b": c\n\n", STOP])
def test_what_completes_an_event_is_counted(piece: bytes) -> None:
    for first in ([], [WORLD], [WORLD + WORLD]):
        decoder, pulling = chat(), chat()
        for data in (*first, piece):
            decoder.feed(data)
        assert decoder.events_seen == len(b"".join(first)) // len(WORLD) + 1

        def watched(pieces: list[bytes], pulling: StreamDecoder[Any] = pulling) -> Iterator[bytes]:
            count = 0
            for data in pieces:
                yield data
                count += data.count(b"finish_reason")
                assert pulling.events_seen == count

        with contextlib.suppress(IncompleteStreamError):
            list(pulling.events(watched([*first, piece])))


# Errors


def test_a_server_error_keeps_all_that_was_said() -> None:
    body = error_body("400", "Param Incorrect", param="`text` is not set", type="Bad Request")
    with pytest.raises(APIError) as caught:
        chat().feed(event(body))
    error = caught.value
    assert (error.status, error.code, error.param, error.type) == (200, "400", "`text` is not set", "Bad Request")
    assert error.message == "Param Incorrect: `text` is not set"
    assert error.in_stream
    assert msgspec.json.decode(error.body) == body
    assert str(error) == "in the stream, code 400: Param Incorrect: `text` is not set"


def test_an_error_beside_choices_with_something_in_them() -> None:
    with pytest.raises(RateLimitError):
        chat().feed(HELLO.replace(b'"id"', b'"error": {"code": "429"}, "id"'))
    decoder = chat()
    decoder.feed(HELLO)
    with pytest.raises(RateLimitError):
        decoder.feed(HELLO.replace(b'"id"', b'"error": {"code": "429"}, "id"'))


@pytest.mark.parametrize("nothing", ["null", '""', "{}"])
def test_an_error_that_says_nothing_is_none(nothing: str) -> None:
    said = b'"error": ' + nothing.encode() + b', "id"'
    decoder = chat()
    assert len(decoder.feed(b"".join(CHAT_EVENTS).replace(b'"id"', said))) == 3
    decoder.close()


def test_what_is_no_event_is_named() -> None:
    with pytest.raises(DecodeError) as caught:
        chat().feed(event({"choices": [{"delta": {"content": 5}}]}, "greeting"))
    error = caught.value
    assert "'greeting'" in str(error)
    assert 'begins b\'{"choices": [' in str(error)
    assert error.path == "$.choices[0].delta.content"
    assert error.data.strip().startswith(b'{"choices"')
    assert error.__context__ is None
    with pytest.raises(DecodeError, match="the event 'message' that begins b'oops'"):
        chat().feed(b"data: oops\n\n")


def test_the_last_words_of_a_cut_stream() -> None:
    for tail in (b"", b"\n", b"\r", b"\r\n"):
        for body in (
            b'{"error": {"code": "503"}}',
            b'data: {"error":\ndata: {"code": "503"}}',
            b'\xef\xbb\xbfdata: {"error": "x"}',
        ):
            decoder = chat()
            decoder.feed(body + tail)
            with pytest.raises(APIError):
                decoder.close()


def test_last_words_without_bounds_are_not_kept() -> None:
    decoder = chat()
    decoder.feed(b'{"error": {"code": "503"}')
    tracemalloc.start()
    try:
        for _ in range(2000):
            decoder.feed(b"\n" + b" " * 1000)
        assert tracemalloc.get_traced_memory()[0] < 128 * 1024
    finally:
        tracemalloc.stop()
    decoder.feed(b"\n}\n")
    with pytest.raises(APIError):  # the blanks that were too many cost nothing
        decoder.close()


def test_last_words_that_are_no_error() -> None:
    decoder = chat()
    decoder.feed(b'data: {"choices": [\nevent: error')
    with pytest.raises(IncompleteStreamError):
        decoder.close()


# Caps


def too_large(limit: int, stream: bytes) -> set[tuple[int, type[MimoError] | None]]:
    """How a stream ends under a cap, under every two-way cut and byte by byte."""
    outcomes: set[tuple[int, type[MimoError] | None]] = set()
    for pieces in [*two_way_cuts(stream), byte_by_byte(stream)]:
        for outcome in (run(chat(limits=Limits(event=limit)), pieces), pull(chat(limits=Limits(event=limit)), pieces)):
            outcomes.add((len(outcome.events), outcome.error))  # type: ignore[arg-type]
    return outcomes


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["", "bom"])
@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["lf", "cr", "crlf"])
def test_the_cap_is_where_it_is_under_every_cut(bom: bytes, end: bytes) -> None:
    line = b'data: {"choices":[{"delta":{}}]}'
    stream = bom + (line + end + end) * 2
    assert too_large(len(line), stream) == {(2, IncompleteStreamError)}
    assert too_large(len(line) - 1, stream) == {(0, EventTooLargeError)}


def test_the_cap_holds_for_data_in_several_lines() -> None:
    stream = HELLO + b'data: {"choices":\ndata: [{"delta":{}}]}\n\n'
    size = len(b' {"choices":\n[{"delta":{}}]}')
    assert too_large(max(size, len(HELLO) - 2), stream) == {(2, IncompleteStreamError)}
    stream = stream.removeprefix(HELLO)
    assert too_large(size, stream) == {(1, IncompleteStreamError)}
    assert too_large(size - 1, stream) == {(0, EventTooLargeError)}


def test_an_event_over_the_cap_costs_none_before_it() -> None:
    small = event({"choices": []})
    stream = small * 3 + b": " + b"x" * 50
    assert too_large(40, stream) == {(3, EventTooLargeError)}


def test_an_event_over_the_cap_is_the_end() -> None:
    decoder = chat(limits=Limits(event=20))
    decoder.feed(b"data: ")
    with pytest.raises(EventTooLargeError, match=r"20 bytes; Limits\(event=...\)"):
        decoder.feed(b"x" * 15)
    with pytest.raises(LocalProtocolError):
        decoder.feed(b"x" * 15)
    decoder.close()


def test_an_empty_piece_takes_nothing_away_at_the_cap() -> None:
    line = b'\xef\xbb\xbfdata: {"choices":[{"delta":{}}]}'
    pieces = [line, b"", b"\n\n"]
    assert len(run(chat(limits=Limits(event=len(line) - 3)), pieces).events) == 1


def test_bytearrays_are_bytes_too() -> None:
    for make, events in ((chat, CHAT_EVENTS), (lambda: StreamDecoder(RESPONSES), RESPONSE_EVENTS)):
        # A comment, and a line that is no field.
        pieces = [b": c\n\n", *events[:2], b": c\n\n", b"{}\n\n", *events[2:]]
        mutable: list[Any] = [*map(bytearray, pieces)]
        assert run(make(), mutable) == run(make(), events)
        assert list(make().events(mutable)) == list(make().events(events))
