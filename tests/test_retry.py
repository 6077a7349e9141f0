"""The retry decision, without a network or a clock."""

from __future__ import annotations

import calendar
import pickle
import subprocess
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto import errors as e
from mimo_proto.protocol.server_error import api_error_class
from mimo_proto.retry import RetryPolicy, parse_retry_after, retry_delay

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

POLICY = RetryPolicy(attempts=4)
NOW = 1_790_000_000.0


def api(status: int, code: str | None = None, **more: object) -> e.APIError:
    return api_error_class(status, code)("no", status=status, code=code, **more)  # type: ignore[arg-type]


def delay(error: e.MimoError, attempt: int = 1, policy: RetryPolicy = POLICY, fraction: float = 1.0) -> float | None:
    return retry_delay(policy, error, attempt, fraction=fraction)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(e.ConnectError("refused"), id="connect-error"),
        pytest.param(e.ConnectTimeout("slow", seconds=1), id="connect-timeout"),
        *(pytest.param(api(status), id=str(status)) for status in (408, 409, 429, 500, 502, 503, 504)),
        pytest.param(api(200, "503"), id="code-in-200"),
    ],
)
def test_tried_again(error: e.MimoError) -> None:
    assert [delay(error, attempt) for attempt in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert delay(error, 4) is None, "the last attempt"
    assert delay(error, 1, RetryPolicy()) is None, "one attempt is the default"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(e.ConnectionClosed("cut", answer_begun=False), id="connection-lost"),
        pytest.param(e.ReadTimeout("slow", seconds=1), id="read-timeout"),
        pytest.param(e.IdleTimeout("slow", seconds=1), id="idle-timeout"),
        pytest.param(e.DeadlineExceeded("slow", seconds=1), id="deadline"),
        pytest.param(e.RedirectRefused("no", status=302, location="x"), id="redirect"),
        pytest.param(e.IncompleteStreamError("cut"), id="incomplete"),
        pytest.param(e.DecodeError("bad"), id="decode"),
        pytest.param(e.InvalidRequestError("bad"), id="invalid"),
        *(pytest.param(api(status), id=str(status)) for status in (400, 401, 402, 403, 404, 421, 422, 441, 501)),
        pytest.param(api(400, "429"), id="code-in-400"),
        pytest.param(api(200, "400"), id="code-in-200-not-listed"),
        pytest.param(api(200, "busy"), id="word-in-200"),
        pytest.param(api(200), id="no-code-in-200"),
        pytest.param(api(200, "429", in_stream=True), id="in-stream"),
    ],
)
def test_not_tried_again(error: e.MimoError) -> None:
    assert delay(error) is None


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, None), (402, None), (403, None), (421, None), (441, None), (400, "421"), (503, "401"), (200, "402")],
)
def test_what_is_listed_is_tried_again_whatever_its_class(status: int, code: str | None) -> None:
    listed = code if status == 200 else status
    assert delay(api(status, code), policy=RetryPolicy(attempts=9, on={int(listed or 0)})) == 0.5
    assert delay(api(status, code), policy=RetryPolicy(attempts=9, on={429})) is None


def test_a_lost_connection_is_tried_again_if_asked_and_before_an_answer() -> None:
    policy = RetryPolicy(attempts=3, connection_lost=True)
    for reused in (True, False, None):
        assert delay(e.ConnectionClosed("gone", reused=reused, answer_begun=False), policy=policy) == 0.5
        assert delay(e.ConnectionClosed("gone", reused=reused, answer_begun=True), policy=policy) is None
    assert delay(e.ConnectionClosed("gone"), policy=policy) is None, "whatever may have come"
    assert delay(e.ReadTimeout("slow", seconds=1), policy=policy) is None
    assert delay(e.IdleTimeout("slow", seconds=1), policy=policy) is None


@given(attempt=st.integers(1, 10_000), fraction=st.floats(0, 1))
def test_backoff_is_bounded(attempt: int, fraction: float) -> None:
    wait = delay(api(503), attempt, RetryPolicy(attempts=10_001), fraction)
    assert wait is not None
    assert 0 <= wait <= 8.0 * fraction


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(0.0, 0.5), (3.0, 3.0), (120.0, 120.0), (120.5, None), (1e300, None), (float("inf"), None)],
)
def test_retry_after_up_to_the_cap(asked: float, expected: float | None) -> None:
    assert delay(api(429, retry_after=asked)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, None, id="absent"),
        pytest.param("0", 0.0, id="zero"),
        pytest.param(" 12 ", 12.0, id="blanks"),
        pytest.param("1.5", 1.5, id="fraction"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1e9", None, id="exponent"),
        pytest.param("nan", None, id="nan"),
        pytest.param("", None, id="empty"),
        pytest.param(".", None, id="dot"),
        pytest.param("1.2.3", None, id="two-dots"),
        pytest.param("9" * 5000, None, id="5000-digits"),
        pytest.param("٣", None, id="arabic-digit"),
        pytest.param("soon", None, id="word"),
        pytest.param("Sun, 06 Nov 1994 08:49:37 GMT", 0.0, id="past"),
        pytest.param("Mon, 21 Sep 2026 14:13:50 GMT", 30.0, id="date"),
        pytest.param("Mon, 21 Sep 2026 14:13:60 GMT", 40.0, id="leap-second"),
        pytest.param("Mon, 21 Foo 2026 14:13:50 GMT", None, id="no-month"),
        pytest.param("Tue, 31 Nov 2026 14:13:50 GMT", None, id="no-day"),
        pytest.param("Mon, 21 Sep 2026 24:13:50 GMT", None, id="no-hour"),
        pytest.param("Mon, 21 Sep 0000 14:13:50 GMT", None, id="no-year"),
        pytest.param("Sunday, 06-Nov-94 08:49:37 GMT", None, id="obsolete-date"),
    ],
)
def test_parse_retry_after(value: str | None, expected: float | None) -> None:
    assert parse_retry_after(value, now=NOW) == expected


def test_a_date_needs_a_clock() -> None:
    assert parse_retry_after("Mon, 21 Sep 2026 14:13:50 GMT", now=None) is None
    assert parse_retry_after("7", now=None) == 7.0


@given(moment=st.datetimes())
def test_dates_agree_with_the_calendar(moment: dt.datetime) -> None:
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    day = f"{moment.day:02} {months[moment.month - 1]} {moment.year:04}"
    text = f"{names[moment.weekday()]}, {day} {moment:%H:%M:%S} GMT"
    assert parse_retry_after(text, now=0.0) == max(0, calendar.timegm(moment.timetuple()))


@pytest.mark.parametrize(
    "wrong",
    [
        *({"attempts": value} for value in (0, -1, "3", None, float("nan"), float("inf"))),
        *({"connection_lost": value} for value in ("false", None, 2)),
        *({"backoff": value} for value in (-1.0, "0.5", None)),
        *({"backoff_max": value} for value in (float("inf"), "8", None)),
        *({"retry_after_max": value} for value in (float("nan"), "120", None)),
    ],
    ids=str,
)
def test_policy_is_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(e.ConfigurationError, match=rf"RetryPolicy\.{next(iter(wrong))}"):
        RetryPolicy(**wrong)


@pytest.mark.parametrize(
    "on", [429, None, "429", "", ["429"], [429.0], {True}, (42,), b"429", b"\xc8", [600], [[429]], {429: True, 1: 2}]
)
def test_ill_statuses_are_refused(on: Any) -> None:
    with pytest.raises(
        e.ConfigurationError, match=r"RetryPolicy\.on is .*: give a set of HTTP statuses, such as \{429, 503\}"
    ):
        RetryPolicy(on=on)


@pytest.mark.parametrize(
    "on", [{429, 503}, frozenset({429, 503}), (429, 503), [503, 429, 429], [HTTPStatus.TOO_MANY_REQUESTS, 503]], ids=str
)
def test_statuses_are_kept_as_a_frozenset(on: Collection[int]) -> None:
    policy = RetryPolicy(on=on)
    assert policy.on == frozenset({429, 503})
    assert isinstance(policy.on, frozenset)
    assert hash(policy) == hash(RetryPolicy(on={429, 503}))
    changed = msgspec.structs.replace(policy, on=[500])
    assert isinstance(changed.on, frozenset)
    assert pickle.loads(pickle.dumps(changed)) == RetryPolicy(on=(500,))


def test_no_status_need_be_listed() -> None:
    policy = RetryPolicy(attempts=2, on=())
    assert delay(api(503), policy=policy) is None
    assert delay(e.ConnectError("refused"), policy=policy) == 0.5


def test_email_is_not_imported() -> None:
    code = "import sys, mimo_proto.retry; sys.exit('email.utils' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
