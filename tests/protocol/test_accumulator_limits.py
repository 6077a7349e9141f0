"""What the accumulators cost, and how deep they go: linear in what has come, and errors of our own."""

from __future__ import annotations

import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mimo_proto import CHAT_COMPLETIONS, RESPONSES, ChatAccumulator, DecodeError, ResponseAccumulator, StreamDecoder
from tests.support.payloads import event
from tests.support.sums import CHUNKS, EVENTS, call, delta, text_delta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Depth: what could be decoded may be too deep where it is added up


NESTED = b"[" * 200 + b"]" * 200


def deeper(frames: int, work: Callable[[], object]) -> object:
    return deeper(frames - 1, work) if frames else work()


@pytest.mark.parametrize(
    ("accumulator", "payload"),
    [
        (ChatAccumulator, b'{"choices": [{"delta": {"audio_tokens": %b}}]}'),
        (ChatAccumulator, b'{"choices": [{"delta": {"annotations": [{"new": %b}]}}]}'),
        (ResponseAccumulator, b'{"type": "response.created", "response": {"metadata": {"a": %b}}}'),
        (ResponseAccumulator, b'{"type": "response.output_item.added", "item": {"type": "new", "a": %b}}'),
        (ResponseAccumulator, b'{"type": "response.output_item.done", "item": {"type": "new", "a": %b}}'),
    ],
)
def test_what_is_too_deep_for_the_stack_is_our_own_error(accumulator: Any, payload: bytes) -> None:
    [event] = StreamDecoder[Any](RESPONSES if b"response" in payload else CHAT_COMPLETIONS).feed(
        b"data: " + payload % NESTED + b"\n\n"
    )
    refused = 0

    def add_up() -> None:
        nonlocal refused
        total = accumulator()
        try:
            total.add(event)
            total.partial()
        except DecodeError:
            refused += 1

    for frames in range(0, 1000, 20):
        try:
            deeper(frames, add_up)
        except RecursionError:
            # Where there is room for hardly a call, there is none for ours.
            assert frames > 750
    # From 3.12 on, calls and nesting have a limit each.
    assert refused or sys.version_info >= (3, 12)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"choices": [{"delta": {"mood": [%b]}}]}' % (b'{"index": 0, "a": [' * 90 + b"]}" * 90),
        b'{"choices": [{"delta": {}, "logprobs": %b}]}' % (b'{"logprobs": ' * 150 + b"1" + b"}" * 150),
    ],
)
def test_what_is_too_deep_to_be_merged_is_our_own_error(payload: bytes) -> None:
    [chunk] = StreamDecoder(CHAT_COMPLETIONS).feed(b"data: " + payload + b"\n\n")
    refused = 0

    def add() -> None:
        nonlocal refused
        try:
            ChatAccumulator().add(chunk)
        except DecodeError:
            refused += 1

    # One frame more each time: merging takes hardly more of the stack than reading does.
    for frames in range(1000):
        try:
            deeper(frames, add)
        except RecursionError:
            assert frames > 750
    assert refused


def test_a_sum_that_is_too_deep_for_the_stack_is_our_own_error() -> None:
    total = ChatAccumulator()
    for chunk in StreamDecoder(CHAT_COMPLETIONS).feed(b'data: {"choices": [{"delta": {"mood": %b}}]}\n\n' % NESTED):
        total.add(chunk)
    refused = 0

    def look() -> None:
        nonlocal refused
        try:
            total.partial()
        except DecodeError:
            refused += 1

    for frames in range(0, 1000, 20):
        try:
            deeper(frames, look)
        except RecursionError:
            assert frames > 750
    assert refused or sys.version_info >= (3, 12)


# Cost: each piece is looked at once

ROUNDS = 10_000


def work(run: Callable[[], object]) -> int:
    """How many calls of functions, those written in C included, something makes."""
    calls = 0

    def count(frame: Any, kind: str, argument: Any) -> None:
        nonlocal calls
        calls += kind in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return calls


def one_text(rounds: int) -> Iterator[Any]:
    for _ in range(rounds):
        yield delta({"content": "x", "mood": "y"})


def many_choices(rounds: int) -> Iterator[Any]:
    for index in range(rounds):
        yield delta({"content": "x"}, index=index)


def many_calls(rounds: int) -> Iterator[Any]:
    for index in range(rounds):
        yield delta({"tool_calls": [call(index, f"c{index}", "f", "1")]})


def many_calls_at_one_index(rounds: int) -> Iterator[Any]:
    for index in range(rounds):
        yield delta({"tool_calls": [call(0, f"c{index}", "f", "1")]})


def many_elements(rounds: int) -> Iterator[Any]:
    for index in range(rounds):
        yield delta({"reasoning_details": [{"index": index, "text": "x"}, {"index": 0, "text": "y"}]})


def many_messages(rounds: int) -> Iterator[Any]:
    for _ in range(rounds):
        yield {"choices": [{"index": 0, "delta": {}, "message": {"content": "x", "tool_calls": [call(0, "a", "f")]}}]}


@pytest.mark.parametrize(
    "chunks", [one_text, many_choices, many_calls, many_calls_at_one_index, many_elements, many_messages]
)
def test_chat_takes_work_in_proportion_to_what_comes(chunks: Callable[[int], Iterator[Any]]) -> None:
    def add_up(rounds: int) -> int:
        total, events = ChatAccumulator(), [*map(CHUNKS.build, chunks(rounds))]
        return work(lambda: [*map(total.add, events), total.partial()])

    add_up(1)
    assert add_up(800) < 2.2 * add_up(400)


def many_items(rounds: int) -> Iterator[Any]:
    for index in range(rounds):
        yield text_delta("x", index)


def many_items_at_one_place(rounds: int) -> Iterator[Any]:
    for index in range(rounds):
        item: dict[str, Any] = {"type": "message", "id": f"m{index}", "content": []}
        yield {"type": "response.output_item.added", "item": item, "output_index": 0}
        yield {**text_delta("x"), "item_id": f"m{index}"}


def many_items_without_a_place(rounds: int) -> Iterator[Any]:
    for index in range(rounds):
        yield {**text_delta("x", None), "item_id": f"m{index}"}
    for index in range(rounds):
        yield {**text_delta("x", index), "item_id": f"m{index}"}


def many_items_that_are_joined(rounds: int) -> Iterator[Any]:
    for index in range(rounds):
        yield {**text_delta("x", None), "item_id": f"m{index}"}
        yield text_delta("y", index)
    for index in range(rounds):
        yield {**text_delta("z", index), "item_id": f"m{index}"}


def many_items_that_name_themselves_in_no_way(rounds: int) -> Iterator[Any]:
    for _ in range(rounds):
        item: dict[str, Any] = {"type": "message", "content": []}
        yield {"type": "response.output_item.added", "item": item}
        yield {"type": "response.output_item.done", "item": item}


@pytest.mark.parametrize(
    "events",
    [
        many_items,
        many_items_at_one_place,
        many_items_without_a_place,
        many_items_that_are_joined,
        many_items_that_name_themselves_in_no_way,
    ],
)
def test_responses_take_work_in_proportion_to_what_comes(events: Callable[[int], Iterator[Any]]) -> None:
    def add_up(rounds: int) -> int:
        total, built = ResponseAccumulator(), [*map(EVENTS.build, events(rounds))]
        return work(lambda: [*map(total.add, built), total.partial()])

    add_up(1)
    assert add_up(800) < 2.2 * add_up(400)


PIECES: list[Callable[[str], dict[str, Any]]] = [
    lambda word: delta({"content": word}),
    lambda word: delta({"mood": word}),
    lambda word: delta({"tool_calls": [call(0, "a", "f", word)]}),
    lambda word: delta({"reasoning_details": [{"index": 0, "text": word}]}),
    text_delta,
]


@pytest.mark.parametrize("value", PIECES)
def test_a_text_in_many_pieces_takes_little_more_memory_than_the_text(value: Callable[[str], dict[str, Any]]) -> None:
    """Kept a word each, the pieces would take ten times as much."""
    total: Any = ResponseAccumulator() if value is text_delta else ChatAccumulator()
    decoder, word = StreamDecoder[Any](RESPONSES if value is text_delta else CHAT_COMPLETIONS), "words "
    frame = event(value(word))
    for each in decoder.feed(frame):
        total.add(each)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(ROUNDS):
            for each in decoder.feed(frame):
                total.add(each)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 3 * ROUNDS * len(word)
    assert (word * (ROUNDS + 1)).encode() in msgspec.json.encode(total.partial())
