"""One call as its observers see it.

Rules:

- Values are made here, of what the call hands in: the time is asked of a clock that is an argument.
- Nothing an observer does reaches the call: it runs in a copy of the caller's context, and what it raises is given to
  the function for that.
- `CallFinished` is reported once, and last.
"""

from __future__ import annotations

import contextlib
from contextvars import copy_context
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from mimo_proto.errors import APIError
from mimo_proto.observe import (
    AttemptStarted,
    CallFinished,
    CallStarted,
    FirstEvent,
    HeadReceived,
    Retrying,
)
from mimo_proto.protocol.secret import redact
from mimo_proto.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mimo_proto.call.reply import End
    from mimo_proto.call.route import Address
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.observe import Observation, Observer
    from mimo_proto.protocol.request import HTTPRequest
    from mimo_proto.protocol.secret import Secret

__all__ = ["ObservedCall"]

EventT = TypeVar("EventT")

NUMBERS: Final = count(1)
"""The numbers of the calls of this process."""


class _RequestFields(msgspec.Struct, kw_only=True):
    """What is looked at of a request's body; types are not checked here."""

    model: Any = None
    stream: Any = False
    temperature: Any = None
    top_p: Any = None
    frequency_penalty: Any = None
    presence_penalty: Any = None
    max_completion_tokens: Any = None
    max_output_tokens: Any = None
    max_tokens: Any = None
    n: Any = None
    seed: Any = None


class ObservedCall:
    """Reports one call to its observers, in the context in which this is made.

    Args:
        observers: Who gets the observations, in this order.
        endpoint: What is called.
        request: What is sent.
        origin: Where it is sent to.
        key: The key, which no observation may show.
        clock: Gives the time in seconds: `time.monotonic`.
        log_error: Gets what an observer raises.
    """

    def __init__(
        self,
        observers: Sequence[Observer],
        endpoint: Endpoint[Any, Any, Any],
        request: HTTPRequest,
        *,
        origin: Address,
        key: Secret,
        clock: Callable[[], float],
        log_error: Callable[[Exception], object],
    ) -> None:
        self._observers = observers
        self._key = key
        self._clock = clock
        self._log_error = log_error
        self._context = copy_context()
        self._started = _call_started(endpoint, request, origin)
        self._started_at = 0.0
        # Holds one thing from the start of the call to its end. A list, since `pop` is atomic: two threads may end it.
        self._running: list[CallStarted] = []
        self._status: int | None = None
        self._has_event = False
        self._response_bytes = 0

    def start(self) -> None:
        """Report that the call begins to send."""
        self._started_at = self._clock()
        self._running.append(self._started)
        self._report(self._started)

    def start_attempt(self, attempt: int) -> None:
        """Report that a request is about to be sent."""
        self._report(AttemptStarted(call=self._started.call, attempt=attempt))

    def receive_head(self, attempt: int, status: int, request_id: str | None) -> None:
        """Report that the head of a response has come."""
        self._status = status
        call, seconds = self._started.call, self._seconds()
        self._report(HeadReceived(call=call, attempt=attempt, status=status, request_id=request_id, seconds=seconds))

    def retry(self, attempt: int, error: object, delay: float) -> None:
        """Report that another attempt follows."""
        status = error.status if isinstance(error, APIError) else None
        call, name = self._started.call, type(error).__name__
        self._report(Retrying(call=call, attempt=attempt, error=name, status=status, delay=delay))

    def with_first_event(self, add: Callable[[EventT], object]) -> Callable[[EventT], object]:
        """Make of what takes the events of a stream what reports the first as well."""

        def add_and_report(event: EventT) -> None:
            if not self._has_event:
                self._has_event = True
                self._report(FirstEvent(call=self._started.call, seconds=self._seconds()))
            add(event)

        return add_and_report

    def with_count(self, tee: Callable[[bytes], object] | None) -> Callable[[bytes], object]:
        """Make of what takes the bytes of the body, if anything does, what counts them as well."""

        def count_bytes(data: bytes) -> None:
            self._response_bytes += len(data)
            if tee is not None:
                tee(data)

        return count_bytes

    def finish(self, end: End, *, error: BaseException | None, attempts: int, events: int, value: Any) -> None:
        """Report how the call ended, unless that has been done, or the call had not begun.

        Args:
            end: How.
            error: What is raised; None where nothing is.
            attempts: How many requests were made.
            events: How many events of a stream were handed out.
            value: The reply, as far as it came; None where nothing of it is known.
        """
        try:
            started = self._running.pop()
        except IndexError:
            return
        self._call_observers(
            CallFinished(
                call=started.call,
                started=started,
                end=end,
                error=None if error is None else type(error).__name__,
                attempts=attempts,
                status=self._status,
                seconds=self._seconds(),
                events=events,
                response_bytes=self._response_bytes,
                usage=None if getattr(value, "usage", None) is None else Usage.of(value),
                response_id=self._text(getattr(value, "id", None)),
                response_model=self._text(getattr(value, "model", None)),
                finish_reasons=[text for reason in _finish_reasons(value) if (text := self._text(reason))],
            )
        )

    def _seconds(self) -> float:
        return self._clock() - self._started_at

    def _text(self, value: object) -> str | None:
        """Give a text of the server's without the key; None for what says nothing."""
        return redact(value, self._key) if isinstance(value, str) and value else None

    def _report(self, observation: Observation) -> None:
        if self._running:  # a stream may have been closed while the call waited for something
            self._call_observers(observation)

    def _call_observers(self, observation: Observation) -> None:
        for observer in self._observers:
            try:
                # A copy, since a context cannot be entered twice at a time, as where an observer ends the call.
                self._context.copy().run(observer, observation)
            except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on
                self._log_error(error)


def _call_started(endpoint: Endpoint[Any, Any, Any], request: HTTPRequest, origin: Address) -> CallStarted:
    """Say what is called. It is read from the body, which has what is sent, whatever it was made of."""
    fields = _RequestFields()
    if request.body is not None:
        # A caller may send what is no JSON, by `msgspec.Raw` and without validation.
        with contextlib.suppress(msgspec.DecodeError, RecursionError):
            fields = msgspec.json.decode(request.body, type=_RequestFields)
    values = {name: getattr(fields, name) for name in fields.__struct_fields__ if name not in ("model", "stream")}
    return CallStarted(
        call=next(NUMBERS),
        endpoint=endpoint.name,
        model=fields.model if isinstance(fields.model, str) else None,
        stream=fields.stream is True,
        server_address=origin.host,
        server_port=origin.port,
        request_bytes=len(request.body or b""),
        sampling={name: value for name, value in values.items() if isinstance(value, int | float)},
    )


def _finish_reasons(value: Any) -> list[object]:
    """Give why a reply ended: a reason for each choice, or one for a response."""
    choices: list[Any] | None = getattr(value, "choices", None)
    if isinstance(choices, list):
        return [getattr(choice, "finish_reason", None) for choice in choices]
    details = getattr(value, "incomplete_details", None)
    return [getattr(details, "reason", None) or getattr(value, "status", None)]
