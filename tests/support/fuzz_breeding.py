"""How the fuzzer makes its inputs: seeds, mutated as bytes, as JSON, and as runs of events; and the cuts.

All chance comes from the `random.Random` that is handed in, so that an input can be made again.
"""

import json
import random
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from mimo_proto.protocol.json_types import is_array, is_object
from tests.support.feeding import byte_by_byte, cut, whole_blocks

__all__ = ["breed_bytes", "breed_events", "cut_somehow"]

LONGEST = 160  # bytes of a seed: short inputs, many of them

# What a mutation inserts: the words of the format, and what is known to trip parsers.
TOKENS = (
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r", b":", b" ", b": ", b"\0", b"\xef\xbb\xbf"),
    *(b"data", b"data:", b"data: ", b"event:", b"event: e", b"id", b"id: 1", b"retry:", b"retry: 7", b": c\n"),
    *(b"data: a\n\n", b"data:a\r\n\r\n", b"event: e\ndata: a\n\n", b"id: 2\ndata: b\n\n", b"data\ndata\n"),
    *(
        b"\xef",
        b"\xbb",
        b"\xff",
        b"\xc3\xa9",
        b"\xe2\x80\xa8",
        b"\xf0\x9f\x98\x80",
        b"\xed\xa0\xbd",
        b"\xc2\x85",
        b"\\ud83d",
    ),
    *(
        b"0",
        b"9" * 18,
        b"9" * 19,
        b"[DONE]",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b'"',
        b"\\",
        b"\x0b",
        b"\x1c",
        b"\t",
        b"null",
    ),
)

# What a JSON value is replaced by.
DEEP: Any = json.loads("[" * 80 + "]" * 80)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**70, 0.5, 1e300, float("inf"), float("nan"), "", "a", "error", "stop", "[DONE]"),
    *(
        "\ud83d",
        "\ude00",
        "a\ud83d",
        "\ude00b",
        "\ud83d\ude00",
        "\ufffd",
        "\0",
        "response.completed",
        "response.x.delta",
    ),
    *([], {}, [None], [[]], [{}], {"type": "x"}, {"error": "x"}, {"code": 429, "message": "x"}, DEEP),
)


def breed_bytes(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Take a seed, or a window of a long one, and mutate it up to four times."""
    return mutate(rng, window(rng, rng.choice(seeds), LONGEST), seeds, rng.randrange(5))


def breed_events(rng: random.Random, streams: Sequence[Sequence[bytes]], odd: Sequence[bytes]) -> bytes:
    """Take a run of a stream's events, put odd ones between them, and mutate some, most of them as JSON."""
    stream = rng.choice(streams)
    start = 0 if rng.random() < 0.5 else rng.randrange(len(stream))
    events = list(stream[start : start + rng.randrange(1, 7)])
    # Most odd events end a stream, so that too many of them would leave little to look at.
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        events.insert(rng.randrange(len(events) + 1), rng.choice(odd))
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        position = rng.randrange(len(events))
        change = break_a_line if rng.random() < 0.2 else mutate_event
        events[position] = change(rng, events[position])
    ends = rng.choice((b"\n", b"\n", b"\r\n", b"\r"))
    text = b"".join(events).replace(b"\n", ends)
    return mutate(rng, text, odd, rng.randrange(1, 4)) if rng.random() < 0.2 else text


def cut_somehow(rng: random.Random, stream: bytes) -> list[bytes]:
    """Block by block, byte by byte, at some of the line ends or beside them, or at up to five places."""
    match rng.randrange(8):
        case 0 | 1:
            return whole_blocks(stream)
        case 2:
            return byte_by_byte(stream)
        case 3:
            ends = [place for place in accumulate(map(len, stream.splitlines(keepends=True))) if rng.random() < 0.5]
            return cut(stream, [min(max(end + rng.choice((-1, 0, 0, 0, 1)), 0), len(stream)) for end in ends])
        case _:
            return cut(stream, [rng.randrange(len(stream) + 1) for _ in range(rng.randrange(1, 6))])


def mutate(rng: random.Random, seed: bytes, others: Sequence[bytes], times: int) -> bytes:
    stream = bytearray(seed)
    for _ in range(times):
        position = rng.randrange(len(stream) + 1)
        match rng.randrange(8):
            case 0 | 1:
                stream[position:position] = rng.choice(TOKENS)
            case 2:
                stream[position : position + 1] = rng.randbytes(1)
            case 3:
                del stream[position : position + rng.randrange(1, 8)]
            case 4:
                stream[position:position] = stream[position : position + rng.randrange(1, 24)]
            case 5:
                stream[position:position] = window(rng, rng.choice(others), 48)
            case 6:
                stream = stream.replace(b"\n", rng.choice((b"\r", b"\r\n", b"\n\r")))
            case _:
                del stream[position:]
    return bytes(stream)


def window(rng: random.Random, stream: bytes, size: int) -> bytes:
    start = rng.randrange(len(stream) - size + 1) if len(stream) > size else 0
    return stream[start : start + size]


def break_a_line(rng: random.Random, event: bytes) -> bytes:
    """Put a line end where JSON has white space: the line is over, whatever the JSON is."""
    places = [position for position, byte in enumerate(event) if byte in b"{,:"]
    position = rng.choice(places) + 1 if places else 0
    return event[:position] + rng.choice((b"\n", b"\r", b"\r\n", b"\ndata: ")) + event[position:]


def mutate_event(rng: random.Random, event: bytes) -> bytes:
    """Change one value in the JSON of an event, if it has such; the frame around it stays."""
    before, colon, rest = event.rpartition(b"data:")
    payload, blank, after = rest.partition(b"\n")
    try:
        value: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return event
    places = [(None, None), *places_in(value)]
    container, key = rng.choice(places)
    if container is None:
        value = rng.choice(ODD_VALUES)
    elif rng.random() < 0.25:
        del container[key]
    else:
        # A value from elsewhere in the event fits somewhere else in a way that nobody thought of.
        other, name = rng.choice(places)
        container[key] = (
            rng.choice(ODD_VALUES) if other is None or rng.random() < 0.7 else json.loads(json.dumps(other[name]))
        )
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5, separators=(",", ":"))
    return before + colon + text.encode("utf-8", "surrogatepass") + blank + after


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Each container and key of a JSON value."""
    places: list[tuple[Any, Any]] = []
    left: list[Any] = [value]
    while left:
        container: Any = left.pop()
        keys: list[Any] = []
        if is_object(container):
            keys += container
        elif is_array(container):
            keys += range(len(container))
        places += [(container, key) for key in keys]
        left += [container[key] for key in keys]
    return places
