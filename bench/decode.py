"""Bytes to typed events: every way to feed a stream, both forms of the decoder, the dialects, and what others offer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bench.block import Block, cpu_time, section
from bench.payloads import DIALECTS, GRANULARITIES, cut, record
from bench.rivals import RIVALS, floor_decoder
from mimo_proto import CHAT_COMPLETIONS, RESPONSES, StreamDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bench.payloads import Protocol
    from bench.rivals import Loop

__all__ = [
    "COUNT",
    "OURS",
    "PROTOCOLS",
    "checked",
    "decode",
    "decode_all",
    "decode_block",
    "dialect_block",
    "dialects",
    "dialects_of",
    "endpoint_of",
    "event_loop",
    "others",
]

PROTOCOLS: tuple[Protocol, ...] = ("chat", "responses")
COUNT = 1000  # events of a stream

# In floors, each with its stretch: what `form` may cost when the stream comes so cut. What is not here is only shown.
BUDGETS: dict[tuple[Protocol, str, str], tuple[float, float | None]] = {
    ("chat", "1 event", "events()"): (2.8, 2.2),
    ("chat", "1 event", "feed()"): (3.2, None),
    ("chat", "4 KiB", "events()"): (2.5, 1.9),
    ("chat", "64 KiB", "events()"): (2.3, 1.8),
    ("responses", "1 event", "events()"): (4.1, 3.2),
    ("responses", "1 event", "feed()"): (4.8, None),
    ("responses", "4 KiB", "events()"): (3.3, 2.5),
    ("responses", "64 KiB", "events()"): (3.9, 2.6),
}

# Times the LF row, in floors each.
DIALECT_BUDGETS = {"CRLF": 2, "comments": 2, "no space": 1.2, "tag last": 1.2}

# How many times less CPU than openai.
OPENAI = {"chat": 50, "responses": 90}


def endpoint_of(protocol: Protocol) -> Any:
    return CHAT_COMPLETIONS if protocol == "chat" else RESPONSES


def dialects_of(protocol: Protocol) -> list[str]:
    """LF first; a Chat chunk has no tag."""
    return [name for name in DIALECTS if protocol == "responses" or name != "tag last"]


def event_loop(protocol: Protocol, event_type: Any = None, endpoint: Any = None) -> Loop:
    """Pull the events out of `StreamDecoder.events()`; returns the last."""
    endpoint = endpoint or endpoint_of(protocol)

    def loop(chunks: Iterable[bytes]) -> Any:
        last = None
        for event in StreamDecoder(endpoint, event_type=event_type).events(chunks):
            last = event
        return last

    return loop


def feed_loop(protocol: Protocol) -> Loop:
    """Push the chunks into `StreamDecoder.feed()`; returns the last event."""
    endpoint = endpoint_of(protocol)

    def loop(chunks: Iterable[bytes]) -> Any:
        last = None
        decoder = StreamDecoder(endpoint)
        feed = decoder.feed
        for chunk in chunks:
            if events := feed(chunk):  # small chunks seldom complete one
                for event in events:
                    last = event
        decoder.close()
        return last

    return loop


OURS: dict[str, Callable[[Protocol], Loop]] = {"events()": event_loop, "feed()": feed_loop}


def decode_all(decode: Callable[[bytes], Any], payloads: list[bytes]) -> Any:
    """Decode every payload; returns the last value."""
    last = None
    for payload in payloads:
        last = decode(payload)
    return last


def checked(protocol: Protocol, name: str, loop: Loop, chunks: list[bytes]) -> Callable[[], Any]:
    """A run of the loop over the chunks, once it has come to the stream's last event."""
    last = loop(chunks)
    # openai's classes are called alike, but for this one.
    if type(last).__name__ not in {"ChatCompletionChunk", "ResponseCompleted", "ResponseCompletedEvent"}:
        raise AssertionError(f"{protocol}, {name}: the last event is {last!r}")
    return partial(loop, chunks)


def decode_block(protocol: Protocol, granularity: str, dialect: str = "LF", *, count: int = COUNT) -> Block:
    """A stream that comes so cut: both forms of the decoder against the floor."""
    recording = record(protocol, dialect, count)
    chunks = cut(recording, granularity)
    block = Block(f"{protocol}, {dialect}, {granularity} a feed")
    block.cpu("floor", partial(decode_all, floor_decoder(protocol), recording.payloads), units=count)
    for form, make in OURS.items():
        block.cpu(form, checked(protocol, form, make(protocol), chunks), units=count)
        block.at_most(form, "floor", *(BUDGETS.get((protocol, granularity, form), ()) if dialect == "LF" else ()))
    return block


def others_block(protocol: Protocol, granularity: str) -> Block:
    """What others offer beside `events()`, in MiMo's dialects: a space after `data:` in Chat, none in Responses."""
    dialect = "LF" if protocol == "chat" else "no space"
    recording = record(protocol, dialect, COUNT)
    chunks = cut(recording, granularity)
    block = Block(f"{protocol}, {dialect}, {granularity} a feed, beside others")
    block.cpu("floor", partial(decode_all, floor_decoder(protocol), recording.payloads), units=COUNT)
    for name, make in {"events()": event_loop, **RIVALS}.items():
        block.cpu(name, checked(protocol, name, make(protocol), chunks), units=COUNT)
    small = granularity == "7 B"
    block.at_least("events()", "openai", None if small else OPENAI[protocol])
    # The fastest of the others, in every row.
    block.at_least("events()", "launchdarkly-eventsource", 1 if granularity == "1 event" else None)
    if granularity == "1 event":
        for name in RIVALS:
            block.at_most(name, "floor")
    return block


def in_floors(run: Callable[[], Any], floor: Callable[[], Any]) -> Callable[[], float]:
    """A measuring function for how many times the floor's CPU time a run takes."""
    ours, least = cpu_time(run, units=1), cpu_time(floor, units=1)
    return lambda: ours() / least()


def dialect_block(protocol: Protocol, granularity: str) -> Block:
    """`events()` for each dialect against the LF one; in floors, as the order of the fields is the floor's matter."""
    block = Block(f"{protocol}, {granularity} a feed")
    for dialect in dialects_of(protocol):
        recording = record(protocol, dialect, COUNT)
        run = checked(protocol, dialect, event_loop(protocol), cut(recording, granularity))
        floor = partial(decode_all, floor_decoder(protocol), recording.payloads)
        block.add(dialect, in_floors(run, floor), "floors")
        if dialect != "LF":
            block.at_most(dialect, "LF", DIALECT_BUDGETS[dialect] if granularity == "1 event" else None)
    return block


@section("decode", "Bytes to typed events", [(protocol,) for protocol in PROTOCOLS])
def decode(quick: bool, protocol: Protocol) -> Iterator[Block]:
    """CPU time an event, in floors: msgspec.json.Decoder(T).decode(payload) over payloads that are cut out already.

    T are the library's own Structs.
    """
    for granularity in ("1 event", "64 KiB") if quick else GRANULARITIES:
        yield decode_block(protocol, granularity)


@section("others", "Beside others", [(protocol,) for protocol in PROTOCOLS])
def others(quick: bool, protocol: Protocol) -> Iterator[Block]:
    """CPU time an event of what others offer; parsers that know no types have our Structs behind them.

    The stream is written as MiMo writes it: a space after `data:` in Chat, none in Responses.
    """
    for granularity in ("1 event",) if quick else ("1 event", "64 KiB", "7 B"):
        yield others_block(protocol, granularity)


@section("dialects", "Other line ends, comments, no space, the tag last", [(protocol,) for protocol in PROTOCOLS])
def dialects(quick: bool, protocol: Protocol) -> Iterator[Block]:
    """What `events()` costs for each way to write a stream, in floors, against the same stream written with LF.

    A comment stands before each fiftieth event. The tag last: `type` is the last field of a Responses event.
    """
    for granularity in ("1 event",) if quick else ("1 event", "64 KiB"):
        yield dialect_block(protocol, granularity)
