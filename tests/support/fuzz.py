"""The fuzzer: `python -m tests.support.fuzz N [--seed S] [--target NAME]`, or `make fuzz N=... [SEED=...]`.

Each input is bred from seeds and fed in every way the target has, whole and cut at random. What must hold:

- any bytes give events or an error of this package, never another exception;
- neither the cuts nor the way show in the events or in the error's class;
- where a target has a reference, the events are the reference's;
- what a target asks of its events besides, such as that they can be encoded and added up.

An input depends on the run's seed and its own number only, so that a finding can be had again with `--only NUMBER`.
A finding is made smaller before it is shown. The first one ends the run, with exit status 1.
"""

import argparse
import contextlib
import json
import platform
import random
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec

from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    ChatAccumulator,
    ChatCompletionChunk,
    DecodeError,
    Endpoint,
    IncompleteStreamError,
    MimoError,
    ResponseAccumulator,
    ServerSentEvent,
    SSEDecoder,
    StreamDecoder,
)
from mimo_proto.protocol import widen
from tests.support.feeding import Decoder, Outcome, run
from tests.support.fuzz_breeding import breed_bytes, breed_events, cut_somehow
from tests.support.other_servers import look
from tests.support.sse_reference import interpret
from tests.support.sse_vectors import VECTORS, with_line_ends
from tests.support.stream_blocks import CHAT_ODD, CHAT_STREAMS, RECORDED, RESPONSES_ODD, RESPONSES_STREAMS

__all__ = ["SSE_SEEDS", "TARGETS", "Finding", "Target", "fed", "find", "main"]

REPLACEMENT = "\ufffd"
SMALL_CAP = 24  # bytes: low enough that mutated seeds are around it

Way = Callable[[Sequence[bytes]], Outcome]


class Target(NamedTuple):
    """What is fuzzed."""

    breed: Callable[[random.Random], bytes]
    ways: Sequence[Way]
    reference: Callable[[bytes], list[object]] | None = None
    use: Callable[[bytes, Outcome], object] | None = None


class Finding(NamedTuple):
    """An input that broke a rule, and which one."""

    number: int
    pieces: list[bytes]
    rule: str


def fed(make: Callable[[], Decoder]) -> Way:
    """The way of `feed()` and `close()`."""

    def way(pieces: Sequence[bytes]) -> Outcome:
        try:
            return run(make(), pieces)
        except Exception as error:  # noqa: BLE001 - any exception that is not ours is the finding
            return Outcome([], type(error))

    return way


def pulled(endpoint: Endpoint[Any, Any, Any]) -> Way:
    """The way of `events()`."""

    def way(pieces: Sequence[bytes]) -> Outcome:
        events: list[object] = []
        try:
            events.extend(StreamDecoder(endpoint).events(iter(pieces)))
        except Exception as error:  # noqa: BLE001 - as above
            return Outcome(events, type(error))
        return Outcome(events, None)

    return way


def sse_reference(stream: bytes) -> list[object]:
    return [ServerSentEvent(*event) for event in interpret(stream)]


def add_up(accumulator: Any, events: Sequence[Any]) -> None:
    """Do with the events what callers do."""
    for event in events:
        msgspec.json.encode(event)
        accumulator.add(event)
    # What has come may be too odd to make a reply of.
    with contextlib.suppress(DecodeError):
        msgspec.json.encode(accumulator.partial())


def use_chat(stream: bytes, outcome: Outcome) -> None:
    """The events add up, and nothing of the answer's text is lost or has changed its place."""
    add_up(ChatAccumulator(), outcome.events)
    if outcome.error in (None, IncompleteStreamError):
        choices = [choice for event in outcome.events for choice in cast("ChatCompletionChunk", event).choices]
        text = "".join(choice.delta.content or "" for choice in choices if choice.index == 0)
        wanted, finished = chat_text(stream)
        # Half an emoji that still waits at a cut is not handed out.
        waiting = text + REPLACEMENT
        if wanted is not None and not (waiting.startswith(wanted) if finished else wanted in (text, waiting)):
            raise AssertionError(f"the text is {wanted!r}, the events have {text!r}")


def use_responses(_: bytes, outcome: Outcome) -> None:
    add_up(ResponseAccumulator(), outcome.events)


def chat_text(stream: bytes) -> tuple[str | None, bool]:
    """The answer's text by the slow way, and whether the answer finished: all of choice 0, surrogates joined.

    A choice that sometimes has no index is not the same as one that has: such streams are nobody's. Nor is JSON without
    `data:` looked at, or what comes behind the finish, which the decoder passes over where it cannot be read.
    """
    parts: list[str] = [""]
    begun: set[int] = set()
    finished: set[int] = set()
    for chunk in chat_chunks(stream):
        for choice in chunk.get("choices") or ():
            index = choice.get("index")
            if index is None:
                return None, False
            begun.add(index)
            parts[-1] += (look(choice, "delta.content") or "") if index == 0 else ""
            if choice.get("finish_reason"):
                finished.add(index)
                parts += [""] if index == 0 else []
        if begun and begun == finished:
            return joined(parts), True
    return joined(parts) if begun else None, False


def joined(parts: Sequence[str]) -> str:
    """The parts as one text; half an emoji has its other half in the same part."""
    return "".join(part.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") for part in parts)


def chat_chunks(stream: bytes) -> Iterator[Any]:
    """The payloads up to the terminal mark."""
    for _, data, _, _ in interpret(stream):
        if data.strip() == "[DONE]":
            return
        if data.strip():
            yield json.loads(data.removeprefix("\ufeff"))


SSE_SEEDS = [form.stream for vector in VECTORS for form in with_line_ends(vector)] + RECORDED

TARGETS = {
    "sse": Target(partial(breed_bytes, seeds=SSE_SEEDS), [fed(SSEDecoder)], sse_reference),
    "sse-capped": Target(partial(breed_bytes, seeds=SSE_SEEDS), [fed(lambda: SSEDecoder(SMALL_CAP))]),
    "chat": Target(
        partial(breed_events, streams=CHAT_STREAMS, odd=CHAT_ODD),
        [fed(lambda: StreamDecoder(CHAT_COMPLETIONS)), pulled(CHAT_COMPLETIONS)],
        use=use_chat,
    ),
    "responses": Target(
        partial(breed_events, streams=RESPONSES_STREAMS, odd=RESPONSES_ODD),
        [fed(lambda: StreamDecoder(RESPONSES)), pulled(RESPONSES)],
        use=use_responses,
    ),
}


def pieces_of(target: Target, seed: int, number: int) -> list[bytes]:
    rng = random.Random(seed << 40 | number)
    return cut_somehow(rng, target.breed(rng))


def broken_rule(target: Target, pieces: Sequence[bytes]) -> str | None:
    """Say which rule the pieces break, or None."""
    # What was learned from other inputs leaves less room for the names in this one.
    widen.forget()
    stream = b"".join(pieces)
    whole = target.ways[0]([stream])
    outcomes = [whole, *(way([stream]) for way in target.ways[1:]), *(way(pieces) for way in target.ways)]
    for outcome in outcomes:
        if outcome.error is not None and not issubclass(outcome.error, MimoError):
            return f"an exception that is not ours: {outcome.error.__name__}"
        if outcome != whole:
            return f"cuts or ways matter\n  whole:     {whole}\n  otherwise: {outcome}"
    if target.reference is not None and whole != (wanted := Outcome(target.reference(stream), None)):
        return f"not what the reference says\n  decoder:   {whole}\n  reference: {wanted}"
    if target.use is not None:
        try:
            target.use(stream, whole)
        except Exception as error:  # noqa: BLE001 - as above
            return f"the events are of no use: {error!r}\n  events:    {whole.events}"
    return None


def smaller(pieces: list[bytes]) -> Iterator[list[bytes]]:
    """Each way to make the input simpler: a piece less, two pieces in one, some bytes or one less."""
    for index, piece in enumerate(pieces):
        before, after = pieces[:index], pieces[index + 1 :]
        yield before + after
        if after:
            yield [*before, piece + after[0], *after[1:]]
        for size in (512, 64, 8, 1):
            for position in range(0, len(piece) if len(piece) >= size else 0, size):
                yield [*before, piece[:position] + piece[position + size :], *after]


def shrink(target: Target, pieces: list[bytes]) -> list[bytes]:
    """Simplify as long as some rule stays broken."""
    while (simpler := next((each for each in smaller(pieces) if broken_rule(target, each)), None)) is not None:
        pieces = simpler
    return pieces


def find(target: Target, numbers: range, seed: int) -> Finding | None:
    """Try the inputs with these numbers and return the first that breaks a rule, made small."""
    for number in numbers:
        pieces = pieces_of(target, seed, number)
        if broken_rule(target, pieces):
            pieces = shrink(target, pieces)
            return Finding(number, pieces, broken_rule(target, pieces) or "")
    return None


def fuzz(name: str, numbers: range, seed: int) -> tuple[Finding | None, float]:
    """Run one target and say how it went; give the finding, if any, and the seconds taken."""
    began = time.perf_counter()
    finding = find(TARGETS[name], numbers, seed)
    seconds = time.perf_counter() - began
    if finding is None:
        rate = len(numbers) / seconds
        sys.stdout.write(f"{name}: {len(numbers):,} inputs of seed {seed} in {seconds:.1f} s, {rate:,.0f}/s: clean\n")
    else:
        sys.stdout.write(
            f"{name}: input {finding.number} of seed {seed} breaks a rule: {finding.rule}\n"
            f"  pieces:    {finding.pieces}\n"
            f"  again:     python -m tests.support.fuzz --target {name} --seed {seed} --only {finding.number}\n"
        )
    return finding, seconds


def record(path: Path, rows: Sequence[str]) -> None:
    """Put the rows of figures between the two marks of a page."""
    start, end = "<!-- figures -->\n", "<!-- end of figures -->"
    before, _, rest = path.read_text("utf-8").partition(start)
    _, _, after = rest.partition(end)
    head = "| target | inputs | seed | seconds | inputs/s | findings |\n|---|---|---|---|---|---|\n"
    where = f"\nCPython {platform.python_version()} on {platform.machine()}, one core.\n"
    path.write_text(f"{before}{start}{head}{''.join(rows)}{where}{end}{after}", "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the targets; 0 when all were clean."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.fuzz", description="Fuzz the decoders.")
    parser.add_argument("inputs", type=int, nargs="?", default=100_000, help="how many for each target (100000)")
    parser.add_argument("--seed", type=int, default=None, help="of the whole run (a fresh one, which is shown)")
    parser.add_argument("--target", choices=TARGETS, default=None, help="this one only")
    parser.add_argument("--only", type=int, default=None, metavar="NUMBER", help="this input only")
    parser.add_argument("--record", type=Path, default=None, metavar="PAGE", help="write the figures into this page")
    options = parser.parse_args(arguments)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    numbers = range(options.inputs) if options.only is None else range(options.only, options.only + 1)
    rows: list[str] = []
    for name in TARGETS if options.target is None else [options.target]:
        finding, seconds = fuzz(name, numbers, seed)
        if finding is not None:
            return 1
        count, rate = len(numbers), len(numbers) / seconds
        rows.append(f"| {name} | {count:,} | {seed} | {seconds:.0f} | {rate:,.0f} | none |\n")
    if options.record is not None:
        record(options.record, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
