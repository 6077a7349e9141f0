"""What follows an attempt, and what leaves the library."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from mimo_proto import (
    APIError,
    AuthenticationError,
    BodyTooLargeError,
    ConnectError,
    ConnectionClosed,
    Limits,
    PermissionDeniedError,
    RateLimitError,
    RetryPolicy,
    StreamCancelled,
)
from mimo_proto.call.outcome import BaseCall, Wait, after_attempt, clean_headers, refuse_larger
from mimo_proto.call.settings import Settings
from mimo_proto.protocol.secret import Secret

NONE = RetryPolicy()
THREE = RetryPolicy(attempts=3, backoff=1.0, backoff_max=8.0, retry_after_max=30.0)

LOSSES_TOO = RetryPolicy(attempts=3, connection_lost=True, backoff=1.0)

RESPONSE = object()
REFUSED = ConnectError("refused")
BUSY = RateLimitError("slow down", status=429)
LATER = RateLimitError("slow down", status=429, retry_after=10.0)
MUCH_LATER = RateLimitError("slow down", status=429, retry_after=31.0)
WRONG_KEY = AuthenticationError("no", status=401)
LOST = ConnectionClosed("gone", answer_begun=False)
CUT = ConnectionClosed("gone", answer_begun=True)
CANCELLED = StreamCancelled("cancelled")


@pytest.mark.parametrize(
    ("outcome", "attempt", "policy", "seconds_left", "fraction", "expected"),
    [
        # A response is given on, whatever the policy and the clocks say.
        (RESPONSE, 1, NONE, inf, 0.5, RESPONSE),
        (RESPONSE, 3, THREE, -1.0, 0.5, RESPONSE),
        # One attempt is all, or what the policy says.
        (REFUSED, 1, NONE, inf, 0.5, REFUSED),
        (REFUSED, 1, THREE, inf, 0.5, Wait(0.5)),
        (REFUSED, 2, THREE, inf, 0.5, Wait(1.0)),
        (REFUSED, 3, THREE, inf, 0.5, REFUSED),
        # The chance is the caller's.
        (BUSY, 1, THREE, inf, 0.0, Wait(0.0)),
        (BUSY, 1, THREE, inf, 1.0, Wait(1.0)),
        # What the server asks for.
        (LATER, 1, THREE, inf, 0.5, Wait(10.0)),
        (MUCH_LATER, 1, THREE, inf, 0.5, MUCH_LATER),
        # A wait that the total clock would end is not begun.
        (LATER, 1, THREE, 10.1, 0.5, Wait(10.0)),
        (LATER, 1, THREE, 10.0, 0.5, LATER),
        (BUSY, 1, THREE, 0.0, 0.0, BUSY),
        # A lost connection, where that is asked for.
        (LOST, 1, THREE, inf, 0.5, LOST),
        (LOST, 1, LOSSES_TOO, inf, 0.5, Wait(0.5)),
        (CUT, 1, LOSSES_TOO, inf, 0.5, CUT),
        # What is not tried again.
        (WRONG_KEY, 1, THREE, inf, 0.5, WRONG_KEY),
        (CANCELLED, 1, THREE, inf, 0.5, CANCELLED),
    ],
)
def test_what_follows_an_attempt(
    outcome: Any, attempt: int, policy: RetryPolicy, seconds_left: float, fraction: float, expected: object
) -> None:
    step = after_attempt(outcome, attempt, policy, seconds_left=seconds_left, fraction=fraction)
    if isinstance(expected, Wait):
        assert step == expected
    else:
        assert step is expected


def test_an_error_leaves_with_its_attempts_and_without_the_key() -> None:
    call = BaseCall(Settings(key=Secret("sk-0123456789"), base_url="https://api.example.com/v1"), None)
    assert (call.limits, call.tee, call.attempts) == (Limits(), None, 0)
    call.attempts = 2
    error = APIError("the key sk-0123456789 is wrong", status=500, body=b"sk-0123456789")
    assert call.report(error) is error
    assert error.attempts == 2
    assert "0123456789" not in str(error)
    assert b"0123456789" not in error.body


def test_header_fields_leave_without_the_key() -> None:
    fields = {"x-echo": "Bearer sk-0123456789", "date": "today"}
    assert clean_headers(fields, Secret("sk-0123456789")) == {"x-echo": "Bearer ********", "date": "today"}


def test_a_body_over_its_limit_is_refused() -> None:
    refuse_larger(b"abc", 3)
    with pytest.raises(BodyTooLargeError, match=r"larger than 3 bytes \(Limits.body\)"):
        refuse_larger(bytearray(4), 3)


def test_a_401_says_that_key_and_host_do_not_belong_together() -> None:
    settings = Settings(key=Secret("tp-0123456789"), base_url="https://api.xiaomimimo.com/v1")
    call = BaseCall(settings, None)
    error = AuthenticationError("Invalid API Key", status=401, code="401")
    for _ in range(2):  # as what is reported at two places is completed twice
        call.report(error)
    assert str(error) == (
        "HTTP 401, code 401: Invalid API Key; a key that begins with tp- (token plan) does not belong to "
        "api.xiaomimimo.com, which takes those that begin with sk-; "
        "set base_url to that of the plan, such as https://token-plan-cn.xiaomimimo.com/v1"
    )
    assert error.message == "Invalid API Key"


@pytest.mark.parametrize(
    ("key", "base_url", "error"),
    [
        ("sk-0123456789", "https://api.xiaomimimo.com/v1", AuthenticationError("no", status=401)),
        ("tp-0123456789", "https://gateway.example/v1", AuthenticationError("no", status=401)),
        ("tp-0123456789", "https://api.xiaomimimo.com/v1", PermissionDeniedError("no", status=403)),
    ],
)
def test_other_errors_say_nothing_of_the_kind(key: str, base_url: str, error: APIError) -> None:
    before = str(error)
    assert str(BaseCall(Settings(key=Secret(key), base_url=base_url), None).report(error)) == before
