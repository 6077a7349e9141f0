"""The fuzzer: `python -m tests.fuzz N [--seed S] [--target NAME]`, or `make fuzz N=... [SEED=...]`.

Each input is a mutated seed, cut at random, and is fed twice: whole and in its pieces. What must hold:

- any bytes give events or an error of this package, never another exception;
- how the input was cut shows neither in the events nor in the error's class;
- where a target has a reference, the events are the reference's.

An input depends on the run's seed and its own number only, so that a finding can be had again with `--only NUMBER`.
A finding is made smaller before it is shown. The first one ends the run, with exit status 1.
"""

import argparse
import platform
import random
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mimo_proto.errors import MimoError
from mimo_proto.sse import ServerSentEvent, SSEDecoder
from tests.feeding import Decoder, Outcome, byte_by_byte, cut, run, whole_blocks
from tests.sse_reference import interpret
from tests.sse_vectors import VECTORS, with_line_ends

__all__ = ["TARGETS", "Finding", "Target", "find", "main"]

EXAMPLES = Path(__file__).parents[1] / "spec" / "examples"
LONGEST = 160  # bytes of an input before it is mutated: short inputs, many of them
SMALL_CAP = 24  # bytes: low enough that mutated seeds are around it

# What a mutation inserts: the words of the format, and what is known to trip parsers.
TOKENS = (
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r", b":", b" ", b": ", b"\0", b"\xef\xbb\xbf"),
    *(b"data", b"data:", b"data: ", b"event:", b"event: e", b"id", b"id: 1", b"retry:", b"retry: 7", b": c\n"),
    *(b"data: a\n\n", b"data:a\r\n\r\n", b"event: e\ndata: a\n\n", b"id: 2\ndata: b\n\n", b"data\ndata\n"),
    *(
        b"\xef",
        b"\xbb",
        b"\xbf",
        b"\xff",
        b"\xc3\xa9",
        b"\xe2\x80\xa8",
        b"\xf0\x9f\x98\x80",
        b"\xed\xa0\xbd",
        b"\xc2\x85",
    ),
    *(b"0", b"9" * 18, b"9" * 19, b"[DONE]", b"{", b"}", b'"', b"\\", b"\x0b", b"\x1c", b"\t"),
)


class Target(NamedTuple):
    """What is fuzzed: whence the inputs are bred, how a decoder is made, and what it must say (None: just agree)."""

    seeds: Sequence[bytes]
    make: Callable[[], Decoder]
    reference: Callable[[bytes], list[object]] | None = None


class Finding(NamedTuple):
    """An input that broke a rule, and which one."""

    number: int
    pieces: list[bytes]
    rule: str


def sse_reference(stream: bytes) -> list[object]:
    return [ServerSentEvent(*event) for event in interpret(stream)]


def recorded_streams() -> list[bytes]:
    return [path.read_bytes() for path in sorted(EXAMPLES.glob("**/*.sse"))]


SSE_SEEDS = [form.stream for vector in VECTORS for form in with_line_ends(vector)] + recorded_streams()

TARGETS = {
    "sse": Target(SSE_SEEDS, SSEDecoder, sse_reference),
    "sse-capped": Target(SSE_SEEDS, lambda: SSEDecoder(SMALL_CAP)),
}


def breed(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Take a seed, or a window of a long one, and mutate it up to four times."""
    stream = bytearray(window(rng, rng.choice(seeds), LONGEST))
    for _ in range(rng.randrange(5)):
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
                stream[position:position] = window(rng, rng.choice(seeds), 48)
            case 6:
                stream = stream.replace(b"\n", rng.choice((b"\r", b"\r\n", b"\n\r")))
            case _:
                del stream[position:]
    return bytes(stream)


def window(rng: random.Random, stream: bytes, size: int) -> bytes:
    start = rng.randrange(len(stream) - size + 1) if len(stream) > size else 0
    return stream[start : start + size]


def cut_somehow(rng: random.Random, stream: bytes) -> list[bytes]:
    """Block by block, byte by byte, or at up to five places."""
    match rng.randrange(8):
        case 0 | 1:
            return whole_blocks(stream)
        case 2:
            return byte_by_byte(stream)
        case _:
            return cut(stream, [rng.randrange(len(stream) + 1) for _ in range(rng.randrange(1, 6))])


def pieces_of(target: Target, seed: int, number: int) -> list[bytes]:
    rng = random.Random(seed << 40 | number)
    return cut_somehow(rng, breed(rng, target.seeds))


def observe(make: Callable[[], Decoder], pieces: Sequence[bytes]) -> Outcome:
    try:
        return run(make(), pieces)
    except Exception as error:  # noqa: BLE001 - any exception that is not ours is the finding
        return Outcome([], type(error))


def broken_rule(target: Target, pieces: Sequence[bytes]) -> str | None:
    """Say which rule the pieces break, or None."""
    stream = b"".join(pieces)
    whole, in_pieces = observe(target.make, [stream]), observe(target.make, pieces)
    for outcome in (whole, in_pieces):
        if outcome.error is not None and not issubclass(outcome.error, MimoError):
            return f"an exception that is not ours: {outcome.error.__name__}"
    if in_pieces != whole:
        return f"cuts matter\n  whole:     {whole}\n  in pieces: {in_pieces}"
    if target.reference is not None and whole != (wanted := Outcome(target.reference(stream), None)):
        return f"not what the reference says\n  decoder:   {whole}\n  reference: {wanted}"
    return None


def smaller(pieces: list[bytes]) -> Iterator[list[bytes]]:
    """Each way to make the input a little simpler: a piece less, two pieces in one, a byte less."""
    for index, piece in enumerate(pieces):
        before, after = pieces[:index], pieces[index + 1 :]
        yield before + after
        if after:
            yield [*before, piece + after[0], *after[1:]]
        for position in range(len(piece)):
            yield [*before, piece[:position] + piece[position + 1 :], *after]


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
            f"  again:     python -m tests.fuzz --target {name} --seed {seed} --only {finding.number}\n"
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
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz the decoders.")
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
