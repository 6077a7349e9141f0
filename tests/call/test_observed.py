"""What is made of a call for its observers, where no socket is needed for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mimo_proto import CHAT_COMPLETIONS, CallFinished, CallStarted, StreamCancelled, build_request
from mimo_proto.call.observed import ObservedCall
from mimo_proto.call.route import Address
from mimo_proto.protocol.secret import Secret
from tests.support.observing import Kept
from tests.support.payloads import CHAT_REQUEST

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = Secret("sk-0123456789")
ORIGIN = Address("api.example.com", 443, tls=True)


def observed(kept: Kept, request: Mapping[str, Any], **options: Any) -> ObservedCall:
    """A call whose clock goes on by a second whenever it is asked."""
    made = build_request(CHAT_COMPLETIONS, request, api_key=KEY, validate=False, **options)
    clock = iter(range(100))
    errors: list[Exception] = []
    return ObservedCall(
        [kept],
        CHAT_COMPLETIONS,
        made,
        origin=ORIGIN,
        key=KEY,
        clock=lambda: float(next(clock)),
        log_error=errors.append,
    )


def started(request: Mapping[str, Any], **options: Any) -> CallStarted:
    kept = Kept()
    observed(kept, request, **options).start()
    return kept.start


def finished(value: Any) -> CallFinished:
    kept = Kept()
    call = observed(kept, CHAT_REQUEST)
    call.start()
    call.finish("completed", error=None, attempts=1, events=0, value=value)
    return kept.end


def test_what_is_sent_counts_and_not_what_it_was_made_of() -> None:
    start = started(CHAT_REQUEST, stream=True, extra_body={"model": "other", "top_p": 0.5, "seed": 3, "n": "two"})
    assert (start.model, start.stream, start.sampling) == ("other", True, {"top_p": 0.5, "seed": 3})
    assert (start.server_address, start.server_port) == ("api.example.com", 443)


@pytest.mark.parametrize("raw", [b"[", b"[" * 1_000_000 + b"]" * 1_000_000], ids=["cut", "deep"])
def test_what_is_no_json_does_no_harm(raw: bytes) -> None:
    start = started({**CHAT_REQUEST, "messages": msgspec.Raw(raw)})
    assert start.request_bytes > len(raw)
    assert (start.model, start.stream, start.sampling) == (None, False, {})


def test_values_of_other_types_are_passed_over() -> None:
    start = started({"model": 5, "messages": [], "temperature": None, "seed": [1]})
    assert (start.model, start.sampling) == (None, {})


def test_the_end_is_reported_once() -> None:
    kept = Kept()
    call = observed(kept, CHAT_REQUEST)
    call.finish("cancelled", error=StreamCancelled("early"), attempts=0, events=0, value=None)
    assert kept.observations == []
    call.start()
    call.finish("completed", error=None, attempts=1, events=0, value=None)
    call.finish("cancelled", error=StreamCancelled("late"), attempts=1, events=0, value=None)
    call.start_attempt(2)
    assert kept.kinds == ["CallStarted", "CallFinished"]
    assert kept.end.seconds == 1.0


class Own(msgspec.Struct):
    """A reply of an endpoint of the caller's own."""

    id: int = 7
    model: object = None
    choices: object = None
    status: object = None
    usage: object = None


@pytest.mark.parametrize(
    ("reply", "reasons"),
    [
        (Own(), []),
        (Own(choices=5, status="done"), ["done"]),
        (Own(choices=["text"]), []),
        (Own(status=3, usage=4), []),
    ],
)
def test_replies_of_any_shape(reply: Own, reasons: list[str]) -> None:
    end = finished(reply)
    assert (end.response_id, end.response_model, end.finish_reasons) == (None, None, reasons)
