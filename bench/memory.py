"""A million events: how much the process grows while they come, behind ten thousand that warm it up.

Each case is a process of its own (`python -m bench.memory StreamDecoder`), because a peak cannot be taken back.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.block import Block, section
from bench.http_client import KEY, REQUESTS
from bench.http_server import MILLION, server
from bench.payloads import record
from bench.projection import ContentChunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["memory", "peak"]

WARM = 10_000


def peak() -> float:
    """The most memory this process has had, in MiB. Linux only: getrusage would count its parent's peak too."""
    status = Path("/proc/self/status").read_text()
    return float(status.partition("VmHWM:")[2].split()[0]) / 1024


def growth(events: Iterable[Any]) -> float:
    """Go through all events, a million at least; MiB the peak rose by after the first ten thousand."""
    start, count = 0.0, 0
    for _ in events:
        count += 1
        if count == WARM:
            start = peak()
    if count < MILLION:
        raise AssertionError(f"{count} events")
    return peak() - start


def chunks() -> Iterator[bytes]:
    """A long Chat stream, one event a chunk."""
    events = record("chat", "LF", 5000).events
    middle = events[10:-10]
    return chain(events[:10], chain.from_iterable(repeat(middle, MILLION // len(middle) + 1)), events[-10:])


def new_names() -> Iterator[bytes]:
    """Ten thousand known events, then a million, each with a field in its delta that nobody has ever seen."""
    event = record("chat", "LF", 100).events[50]
    before, after = event.split(b'"content"')
    yield from repeat(event, WARM)
    for number in range(MILLION):
        yield b'%b"field_%d":"x","content"%b' % (before, number, after)
    yield b"data: [DONE]\n\n"


def through_decoder(stream: Callable[[], Iterator[bytes]] = chunks) -> float:
    from mimo_proto import CHAT_COMPLETIONS, StreamDecoder

    return growth(StreamDecoder(CHAT_COMPLETIONS).events(stream()))


def through_client(event_type: Any = None) -> float:
    from mimo_proto import CHAT_COMPLETIONS, Client

    with (
        server() as origin,
        Client(api_key=KEY, base_url=f"{origin}/million/v1") as client,
        client.stream(CHAT_COMPLETIONS, REQUESTS["chat"], event_type=event_type) as stream,
    ):
        return growth(stream)


CASES: dict[str, Callable[[], float]] = {
    "StreamDecoder": through_decoder,
    "StreamDecoder, ever new names": partial(through_decoder, new_names),
    "Client, projected": partial(through_client, ContentChunk),
    "Client": through_client,
}


def in_a_process(name: str) -> float:
    command = [sys.executable, "-m", "bench.memory", name]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


@section("memory", "A million events")
def memory(quick: bool) -> Iterator[Block]:
    """MiB that the peak of a process rises by behind the first ten thousand events.

    Ever new names: each of the million events has a field of its own that the spec lacks. A stream of the Client that
    is not projected keeps the answer's words for `result()`: a million parts.
    """
    block = Block("growth over a million events", once=True)
    for name in CASES if not quick else ("StreamDecoder",):
        block.add(name, partial(in_a_process, name), "MiB")
    block.at_most("StreamDecoder", None, 1)
    if not quick:
        block.at_most("StreamDecoder, ever new names", None, 4)
        block.at_most("Client, projected", None)
        block.at_most("Client", None)
    yield block


if __name__ == "__main__":
    print(CASES[sys.argv[1]]())
