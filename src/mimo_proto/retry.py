"""When a call is tried again: a policy as a value, and a decision that is a pure function.

Rules:

- One attempt by default: whoever embeds this usually has a retry layer already, and two multiply.
- Tried again: a request that never reached the server (`ConnectError`, `ConnectTimeout`); a response whose HTTP status
  the policy lists, whatever the class of its error; an error inside a 200 JSON reply whose code the policy lists; and
  with ``connection_lost`` a request behind which the connection broke before anything of an answer came.
- Never tried again: a stream after a status of 2xx; what broke inside an answer; the clocks of reading, of idleness and
  of the whole call, since the server may have done (and billed) the work.
- ``Retry-After`` is obeyed up to ``retry_after_max``; a longer one ends the call at once. ``retry-after-ms`` counts
  before it: the same wait in milliseconds.
- Between attempts: full jitter, ``fraction * min(backoff_max, backoff * 2**(attempt - 1))``.

The clock and the random number come in as arguments; `email.utils` is not imported, so a date costs no import.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import cast

import msgspec

from mimo_proto.errors import APIError, ConfigurationError, ConnectError, ConnectionClosed, ConnectTimeout, MimoError

__all__ = ["RetryPolicy", "retry_delay", "parse_retry_after", "parse_retry_after_ms"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_IMF_FIXDATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Whether, when and how often a call is tried again.

    Attributes:
        attempts: How many requests a call may make in all; 1 means no retry.
        on: The HTTP statuses that are tried again, in any collection; kept as a frozenset. Inside a 200 JSON reply the
            code of the error counts as its status.
        connection_lost: Whether a request is sent again behind which the connection broke before anything of an answer
            came. The server may have done, and billed, the work.
        backoff: The longest wait before the second attempt, in seconds; it doubles with every further one.
        backoff_max: Where the doubling ends, in seconds.
        retry_after_max: The longest ``Retry-After`` that is waited for, in seconds; a longer one ends the call.
    """

    attempts: int = 1
    on: Collection[int] = frozenset({408, 409, 429, 500, 502, 503, 504})
    connection_lost: bool = False
    backoff: float = 0.5
    backoff_max: float = 8.0
    retry_after_max: float = 120.0

    def __post_init__(self) -> None:
        if not _is_at_least(1, self.attempts):
            raise ConfigurationError(f"RetryPolicy.attempts is {self.attempts!r}: give 1 (no retry) or more")
        if not _are_statuses(self.on):
            raise ConfigurationError(
                f"RetryPolicy.on is {self.on!r}: give a set of HTTP statuses, such as {{429, 503}}"
            )
        msgspec.structs.force_setattr(self, "on", frozenset(self.on))
        if self.connection_lost not in (False, True):
            raise ConfigurationError(f"RetryPolicy.connection_lost is {self.connection_lost!r}: give True or False")
        for name in ("backoff", "backoff_max", "retry_after_max"):
            value = getattr(self, name)
            if not _is_at_least(0, value):
                raise ConfigurationError(f"RetryPolicy.{name} is {value!r}: give seconds, 0 or more")


def retry_delay(policy: RetryPolicy, error: MimoError, attempt: int, *, fraction: float) -> float | None:
    """Decide whether a call that failed is tried again, and after how long.

    Args:
        policy: The policy.
        error: The error of the attempt, before anything of an answer was handed out.
        attempt: The number of the attempt, from 1.
        fraction: The jitter, from 0 to 1.

    Returns:
        Seconds to wait before the next attempt, or None: give the error to the caller.
    """
    if attempt >= policy.attempts or not _is_covered(policy, error):
        return None
    wait = fraction * min(policy.backoff_max, policy.backoff * 2.0 ** min(attempt - 1, 64))
    if not isinstance(error, APIError) or error.retry_after is None:
        return wait
    return max(error.retry_after, wait) if error.retry_after <= policy.retry_after_max else None


def _is_covered(policy: RetryPolicy, error: MimoError) -> bool:
    """Whether the policy speaks of such an error."""
    if isinstance(error, ConnectionClosed):
        return policy.connection_lost and not error.answer_begun
    if not isinstance(error, APIError):
        return isinstance(error, ConnectError | ConnectTimeout)
    if error.in_stream:
        return False
    return error.status in policy.on or (error.status < 300 and error.code in {str(status) for status in policy.on})


def _is_at_least(bound: int, value: object) -> bool:
    return isinstance(value, int | float) and bound <= value < math.inf


def _are_statuses(value: object) -> bool:
    """Whether a value is a collection of HTTP statuses (RFC 9110, 15); a text is not, whatever is in it."""
    if not isinstance(value, Collection) or isinstance(value, str | bytes):
        return False
    return all(isinstance(each, int) and 100 <= each <= 599 for each in cast("Collection[object]", value))


def parse_retry_after(value: str | None, *, now: float | None) -> float | None:
    """Read a ``Retry-After`` header (RFC 9110, 10.2.3).

    Args:
        value: The header: seconds, or a date in the IMF-fixdate form.
        now: Seconds since the epoch to count a date from; None where no clock is at hand, and a date then gives None.

    Returns:
        Seconds to wait, 0 for a date gone by, or None for no header and for one that is neither form.
    """
    text = (value or "").strip()
    date = None if now is None else _epoch(text)
    return _number(text) if now is None or date is None else max(0.0, date - now)


def parse_retry_after_ms(value: str | None) -> float | None:
    """Read a ``retry-after-ms`` header: milliseconds, as Azure and gateways send them.

    Args:
        value: The header.

    Returns:
        Seconds to wait, or None for no header and for one that is not a number.
    """
    number = _number((value or "").strip())
    return None if number is None else number / 1000


def _number(text: str) -> float | None:
    """Read digits, perhaps with a fraction, as a number; None for a sign, an exponent and any other text."""
    is_number = text.isascii() and text.replace(".", "", 1).isdigit() and len(text) <= 32
    return float(text) if is_number else None


def _epoch(text: str) -> float | None:
    """Read an IMF-fixdate (``Sun, 06 Nov 1994 08:49:37 GMT``) as seconds since the epoch; None for any other text."""
    match = _IMF_FIXDATE.fullmatch(text)
    if match is None or match[2] not in MONTHS:
        return None
    day, year, hour, minute, second = (int(match[group]) for group in (1, 3, 4, 5, 6))
    try:
        moment = datetime(year, MONTHS.index(match[2]) + 1, day, hour, minute, tzinfo=UTC)
    except ValueError:  # there is no such day
        return None
    return moment.timestamp() + second
