"""What follows an attempt: its outcome, another attempt after a wait, or an error; and what leaves a call.

Rules:

- The decision is a pure function: the chance and the time that is left are arguments.
- What is tried again is decided by `mimo_proto.retry`, before anything of an answer was handed out. A wait that the
  total clock would end is not begun.
- Every error leaves with the number of attempts, and without the key, even where the server has sent it back. The same
  holds for the header fields of a response.
- MiMo answers 401 to the key of another of its hosts as to a wrong one; the error says which it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mimo_proto.call.reply import end_of
from mimo_proto.errors import AuthenticationError, BodyTooLargeError, MimoError
from mimo_proto.protocol.key_host import host_of, key_mismatch
from mimo_proto.protocol.response import find_request_id
from mimo_proto.protocol.secret import redact, redact_error
from mimo_proto.retry import retry_delay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sized

    from mimo_proto.call.observed import ObservedCall
    from mimo_proto.call.settings import Settings
    from mimo_proto.protocol.secret import Secret
    from mimo_proto.retry import RetryPolicy

__all__ = ["BaseCall", "Wait", "after_attempt", "clean_headers", "refuse_larger"]

OutcomeT = TypeVar("OutcomeT")


class Wait(NamedTuple):
    """Another attempt follows.

    Attributes:
        seconds: After how long.
    """

    seconds: float


def after_attempt(
    outcome: OutcomeT | MimoError,
    attempt: int,
    policy: RetryPolicy,
    *,
    seconds_left: float,
    fraction: float,
) -> OutcomeT | Wait | MimoError:
    """Decide what follows an attempt.

    Args:
        outcome: The response with a status of success, or the reply that was read from it; or how the attempt failed.
        attempt: Which attempt it was, from 1.
        policy: What is tried again.
        seconds_left: How long the call may still take; inf without a total clock.
        fraction: The jitter, from 0 to 1.

    Returns:
        The outcome as it was given, for the caller; or how long to wait.
    """
    if not isinstance(outcome, MimoError):
        return outcome
    delay = retry_delay(policy, outcome, attempt, fraction=fraction)
    return outcome if delay is None or delay >= seconds_left else Wait(delay)


class BaseCall:
    """What every call has, whoever sends it.

    Args:
        settings: The settings of the client, with what the options of the call say otherwise.
        tee: Gets the bytes of the body as they come, or None.
        observed: Reports the call; None where nobody observes it.

    Attributes:
        limits: The limits of the call.
        tee: Gets the bytes of the body as they come, or None.
        attempts: How many requests were made.
        observed: Reports the call; None where nobody observes it.
    """

    def __init__(
        self, settings: Settings, tee: Callable[[bytes], object] | None, observed: ObservedCall | None = None
    ) -> None:
        self._settings = settings
        self.limits = settings.limits
        self.tee = tee if observed is None else observed.with_count(tee)
        self.attempts: int = 0
        self.observed = observed

    def start(self) -> None:
        """Begin to send."""
        if self.observed is not None:
            self.observed.start()

    def start_attempt(self) -> None:
        """Begin another attempt, which counts from here on."""
        self.attempts += 1
        if self.observed is not None:
            self.observed.start_attempt(self.attempts)

    def receive_head(self, status: int, headers: Mapping[str, str]) -> dict[str, str]:
        """Take the head of a response; returns its header fields without the key."""
        fields = clean_headers(headers, self._settings.key)
        if self.observed is not None:
            self.observed.receive_head(self.attempts, status, find_request_id(fields))
        return fields

    def retry(self, error: object, delay: float) -> None:
        """Begin to wait for another attempt.

        Args:
            error: How the last one failed.
            delay: How long is waited, in seconds.
        """
        if self.observed is not None:
            self.observed.retry(self.attempts, error, delay)

    def complete(self, value: object, events: int = 0) -> None:
        """Note that the call has ended well.

        Args:
            value: The reply; None where nobody has added it up.
            events: How many events were handed out.
        """
        if self.observed is not None:
            self.observed.finish("completed", error=None, attempts=self.attempts, events=events, value=value)

    def fail(self, error: BaseException, partial: object = None, events: int = 0) -> None:
        """Note that the call ends with an error, and complete that if it is ours.

        Args:
            error: What is raised.
            partial: The reply as far as it came; None where nothing of it is known.
            events: How many events were handed out.
        """
        if isinstance(error, MimoError):
            self.report(error)
        if self.observed is not None:
            self.observed.finish(end_of(error), error=error, attempts=self.attempts, events=events, value=partial)

    def report(self, error: MimoError) -> MimoError:
        """Complete an error that leaves the call: how many attempts, whose key, and no key. Returns the same object."""
        error.attempts = self.attempts
        if isinstance(error, AuthenticationError):
            _name_mismatch(error, key_mismatch(self._settings.key, host_of(self._settings.base_url)))
        redact_error(error, self._settings.key)
        return error


def _name_mismatch(error: AuthenticationError, mismatch: str) -> None:
    """Add to an error's text, once, that the key does not belong to the host."""
    text = str(error.args[0])
    if mismatch and mismatch not in text:
        error.args = (f"{text}; {mismatch}",)


def clean_headers(headers: Mapping[str, str], key: Secret) -> dict[str, str]:
    """Give the header fields of a response without the key."""
    return {name: redact(value, key) for name, value in headers.items()}


def refuse_larger(body: Sized, limit: int) -> None:
    """Refuse a body that is larger than the limit.

    Raises:
        BodyTooLargeError: It is.
    """
    if len(body) > limit:
        raise BodyTooLargeError(f"the body is larger than {limit} bytes (Limits.body)")
