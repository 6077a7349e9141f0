"""Bytes to typed events: every granularity and dialect, both forms of the decoder, against the floor and the rivals."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from bench.block import Block, section
from bench.payloads import DIALECTS, GRANULARITIES, cut, record
from bench.rivals import RIVALS, floor_decoder
from mimo_proto import CHAT_COMPLETIONS, RESPONSES, StreamDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bench.payloads import Protocol
    from bench.rivals import Loop

__all__ = ["OURS", "decode", "decode_block", "event_loop", "feed_loop"]

PROTOCOLS: tuple[Protocol, ...] = ("chat", "responses")

# In floors, and the stretch: what is judged by (form, protocol, what is fed).
BUDGETS: dict[tuple[str, str, str], tuple[float, float | None]] = {
    ("events()", "chat", "1 event"): (1.6, 1.3),
    ("events()", "responses", "1 event"): (2.0, 1.6),
    ("events()", "chat", "another dialect"): (1.8, None),
    ("events()", "responses", "another dialect"): (2.3, None),
    ("events()", "chat", "large"): (1.9, 1.5),
    ("events()", "responses", "large"): (2.5, 1.8),
    ("events()", "chat", "7 B"): (11, None),
    ("events()", "responses", "7 B"): (18, None),
    ("feed()", "chat", "1 event"): (2.0, None),
    ("feed()", "responses", "1 event"): (2.6, None),
    ("feed()", "chat", "another dialect"): (2.2, None),
    ("feed()", "responses", "another dialect"): (2.9, None),
    ("feed()", "chat", "large"): (2.0, None),
    ("feed()", "responses", "large"): (2.7, None),
    ("feed()", "chat", "7 B"): (18, None),
    ("feed()", "responses", "7 B"): (28, None),
}


def budget(form: str, protocol: Protocol, dialect: str, granularity: str) -> tuple[float | None, float | None]:
    """The bounds of a row; 7-byte feeds of another dialect have none."""
    fed = "large" if granularity in {"4 KiB", "64 KiB"} else granularity
    if dialect != "LF" and fed == "7 B":
        return None, None
    if dialect in {"CRLF", "no space", "comments"} and fed == "1 event":
        fed = "another dialect"
    return BUDGETS[form, protocol, fed]


def endpoint_of(protocol: Protocol) -> Any:
    return CHAT_COMPLETIONS if protocol == "chat" else RESPONSES


def event_loop(protocol: Protocol, event_type: Any = None) -> Loop:
    """Pull the events out of `StreamDecoder.events()`; returns the last."""
    endpoint = endpoint_of(protocol)

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


def decode_block(protocol: Protocol, dialect: str, granularity: str, *, count: int, rivals: bool) -> Block:
    """One stream cut in one way: both of our forms against the floor, or the rivals against `events()`."""
    recording = record(protocol, dialect, count)
    chunks = cut(recording, granularity)
    block = Block(f"{protocol}, {dialect}, {granularity} a feed" + (", beside others" if rivals else ""))
    floor = floor_decoder(protocol)
    payloads = recording.payloads

    def decode_all() -> Any:
        last = None
        for payload in payloads:
            last = floor(payload)
        return last

    block.cpu("floor", decode_all, units=count)
    final = decode_all()
    makers = {"events()": event_loop, **RIVALS} if rivals else OURS
    loops = {name: make(protocol) for name, make in makers.items()}
    for name, loop in loops.items():
        last = loop(chunks)
        if type(last).__name__ not in {type(final).__name__, "ResponseCompletedEvent"}:
            raise AssertionError(f"{block.title}, {name}: the last event is {last!r}")
        block.cpu(name, partial(loop, chunks), units=count)
    if rivals:
        block.at_least("events()", "openai", None if granularity == "7 B" else 90)
        for name in RIVALS:
            block.at_most(name, "floor")
        return block
    for form in OURS:
        limit, stretch = budget(form, protocol, dialect, granularity)
        block.at_most(form, "floor", limit, stretch)
    return block


# Beside the rivals, in a process of its own, what MiMo writes: a space after `data:` in Chat, none in Responses.
PARTS = [*product(PROTOCOLS, DIALECTS, (False,)), ("chat", "LF", True), ("responses", "no space", True)]


@section("decode", "Bytes to typed events", PARTS)
def decode(quick: bool, protocol: Protocol, dialect: str, rivals: bool) -> Iterator[Block]:
    """CPU time an event, in floors: msgspec.json.Decoder(T).decode(payload) over payloads that are cut out already."""
    if quick and dialect not in {"LF", "no space"}:
        return
    for granularity in ("1 event", "64 KiB") if quick else GRANULARITIES:
        yield decode_block(protocol, dialect, granularity, count=1000, rivals=rivals)
