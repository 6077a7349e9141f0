"""Every stream of the table: the same events, then the same error class, under every cut, fed and pulled.

The table says how many events there are and how it ends; the snapshot says which they are, with what text and finish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mimo_proto import ChatCompletionChunk, DecodeError, MimoError, StreamDecoder, Unknown
from mimo_proto.protocol.json_types import is_array, is_object
from tests.support.feeding import byte_by_byte, cut, pull, run, two_way_cuts, whole_blocks
from tests.support.stream_cases import CASES, Case, all_line_ends

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from syrupy.assertion import SnapshotAssertion

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)

# The fields that bring text, in deltas, parts and calls.
TEXT_NAMES = ("content", "reasoning_content", "reasoning", "delta", "text", "arguments")

# Longer streams are cut at every byte near their blocks' ends, and every so often in between.
SHORT = 600


def cuts(stream: bytes) -> Iterator[Sequence[bytes]]:
    yield [stream]
    yield whole_blocks(stream)
    if len(stream) <= SHORT:
        yield byte_by_byte(stream)
        yield from two_way_cuts(stream)
        return
    yield [stream[at : at + 7] for at in range(0, len(stream), 7)]
    for start in range(0, len(stream), 997):
        yield cut(stream, (start + offset for offset in range(3)))


@every_case
def test_a_stream_ends_as_the_table_says(case: Case) -> None:
    for stream in all_line_ends(case.stream):
        for outcome in (
            run(StreamDecoder[Any](case.endpoint), [stream]),
            pull(StreamDecoder[Any](case.endpoint), [stream]),
        ):
            assert (len(outcome.events), outcome.error) == (case.events, case.error)


@every_case
def test_cuts_do_not_show(case: Case) -> None:
    whole = pull(StreamDecoder[Any](case.endpoint), [case.stream])
    for stream in all_line_ends(case.stream):
        for pieces in cuts(stream):
            assert run(StreamDecoder[Any](case.endpoint), pieces) == whole
            assert pull(StreamDecoder[Any](case.endpoint), pieces) == whole


@every_case
def test_events_and_errors(case: Case, snapshot: SnapshotAssertion) -> None:
    decoder = StreamDecoder[Any](case.endpoint)
    events: list[Any] = []
    end = "complete"
    try:
        events += decoder.feed(case.stream)
        events += decoder.close() or []
    except DecodeError as error:
        end = f"DecodeError at {error.path}"
    except MimoError as error:
        end = f"{type(error).__name__}: {str(error)[:300]}"
    assert len(events) == case.events
    state = ", ".join(name for name in ("finished", "done") if getattr(decoder, name)) or "open"
    assert " | ".join([*map(summary, events), end, state]) == snapshot


def summary(event: Any) -> str:
    """What an event is, the text that it brings, and the finish reasons or the status of what is complete."""
    if isinstance(event, Unknown):
        return f"unknown {''.join(texts(event))!r}"
    value: Any = msgspec.to_builtins(event)
    kind, finish = value.get("type", "chunk"), [value.get("response", {}).get("status")]
    if isinstance(event, ChatCompletionChunk):
        finish = [choice.get("finish_reason") for choice in value["choices"]]
    return " ".join([kind, repr("".join(texts(value))), *filter(None, finish)])


def texts(value: Any) -> Iterator[str]:
    """The texts in it that a user may read, at any depth."""
    if is_array(value):
        for each in value:
            yield from texts(each)
    elif is_object(value):
        for name, each in value.items():
            if isinstance(each, str):
                yield each if name in TEXT_NAMES else ""
            else:
                yield from texts(each)
