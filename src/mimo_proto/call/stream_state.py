"""The state of a stream, whoever reads it: its head, what its events add up to, and how it ended.

Rules:

- A stream has one of four ends: "completed" (the protocol says so), "error" (the server said so), "cancelled" (the
  caller did), "incomplete" (anything else). Only "completed" has a result.
- Every error carries in `partial` what had been handed out before it.
- A stream that has failed raises the same error again whenever it is asked for something: a copy without its frames,
  which would refer back to the stream.
- A projected stream has no text and no result: its events are not the whole.
"""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mimo_proto.call.reply import end_of
from mimo_proto.endpoints import CHAT_COMPLETIONS, RESPONSES
from mimo_proto.errors import IncompleteStreamError, LocalProtocolError, MimoError, StreamCancelled
from mimo_proto.protocol.deltas import DeltaReader
from mimo_proto.protocol.response import find_request_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mimo_proto.call.outcome import BaseCall
    from mimo_proto.call.reply import Accumulator, End
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.protocol.delta_parts import Delta

__all__ = ["StreamBase", "StreamState"]

EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")


class StreamState(Generic[EventT, ResultT]):
    """The state of one stream. One thread at a time.

    Args:
        accumulator: Adds up the events that are handed out; None where nobody does so here.
        call: The call of the stream.
        projected: Whether the events are not the whole.

    Attributes:
        status: The HTTP status; None until the head has come.
        headers: The header fields of the response, names in lower case; empty until the head has come.
        end: How the stream ended; None while it has not.
        call: The call of the stream.
    """

    def __init__(
        self,
        accumulator: Accumulator[EventT, ResultT] | None,
        call: BaseCall,
        *,
        projected: bool,
    ) -> None:
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.end: End | None = None
        self._add: Callable[[EventT], object] = _ignore if accumulator is None else accumulator.add
        if call.observed is not None:
            self._add = call.observed.with_first_event(self._add)
        self._added = 0
        self._read = 0
        self.call = call
        self._accumulator = accumulator
        self._projected = projected
        self._failure: MimoError | None = None
        self._result: ResultT | None = None
        self._reader: DeltaReader[EventT] | None = None

    def open(self, status: int | None, headers: Mapping[str, str]) -> None:
        """Take the head of the response."""
        self.status, self.headers = status, headers

    def add(self, event: EventT) -> None:
        """Add an event that is handed out.

        Raises:
            DecodeError: The event does not fit those before, or is nested too deeply for where this is called.
        """
        self._added += 1
        self._add(event)

    def complete(self) -> None:
        """Note that the protocol says that the stream is complete."""
        self.end = "completed"
        if self.call.observed is not None:
            self.call.complete(self._partial(), self._added)

    def fail(self, error: BaseException) -> None:
        """Note how the stream ended, and complete the error.

        Args:
            error: What the reading raised. What is not an error of ours has interrupted the reading.
        """
        interrupted = StreamCancelled("the reading was interrupted")
        failure = error if isinstance(error, MimoError) else self.call.report(interrupted)
        if self._accumulator is not None:
            failure.partial = self._partial()
        self.end = end_of(error)
        self.call.fail(error, failure.partial, self._added)
        self._failure = copy.copy(failure)

    def _partial(self) -> ResultT | None:
        """Give what the events add up to so far; None where they are too few, or too odd, to make anything of."""
        with contextlib.suppress(MimoError):
            return None if self._accumulator is None else self._accumulator.partial()
        return None

    def raise_failure(self) -> None:
        """Raise again what the stream has failed with, if it has."""
        if self._failure is not None:
            raise copy.copy(self._failure)

    def refuse_projected(self, method: str, instead: str) -> None:
        """Say that a projected stream has no such method, and what to do instead.

        Raises:
            LocalProtocolError: The stream is projected.
        """
        if self._projected:
            raise LocalProtocolError(f"a projected stream (event_type=) has no {method}: {instead}")

    def deltas_of(self, event: EventT) -> list[Delta]:
        """Give the deltas in the event that was added last.

        Raises:
            DecodeError: The event is nested too deeply for where this is called.
        """
        if self._reader is None:
            endpoint: Endpoint[Any, Any, Any] = CHAT_COMPLETIONS if hasattr(event, "choices") else RESPONSES
            self._reader = DeltaReader(endpoint)
        if self._read != self._added - 1:  # events were handed out to somebody else
            self._reader.skip()
        self._read = self._added
        return self._reader.feed(event)

    def text_of(self, event: EventT) -> str:
        """Give the text of the answer in the event that was added last: that of choice 0, without the reasoning."""
        return "".join(delta.text for delta in self.deltas_of(event) if delta.kind == "text" and delta.choice == 0)

    def result(self) -> ResultT:
        """Give the whole of a stream that has ended.

        Raises:
            MimoError: What the stream has failed with; `IncompleteStreamError` where not one choice came.
        """
        self.raise_failure()
        if self._result is None and self._accumulator is not None:
            with contextlib.suppress(LocalProtocolError):  # not one event came before the end mark
                self._result = self._accumulator.result()
        if self._result is None or getattr(self._result, "choices", None) == []:
            self.fail(IncompleteStreamError("the stream said that it was complete, but not one choice came"))
            return self.result()
        return self._result


class StreamBase(Generic[EventT, ResultT]):
    """What every stream says of itself.

    Args:
        state: The state of the stream.
    """

    def __init__(self, state: StreamState[EventT, ResultT]) -> None:
        self._state = state

    @property
    def status(self) -> int | None:
        """The HTTP status; None until the head has come."""
        return self._state.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields of the response, names in lower case; empty until the head has come."""
        return self._state.headers

    @property
    def request_id(self) -> str | None:
        """The id that a header of the response gave the call, if any."""
        return find_request_id(self.headers)

    @property
    def end(self) -> End | None:
        """How the stream ended; None while it has not."""
        return self._state.end

    @property
    def attempts(self) -> int:
        """How many HTTP requests were made."""
        return self._state.call.attempts

    def __repr__(self) -> str:
        return f"<{type(self).__name__} status={self.status} end={self.end!r}>"


def _ignore(_: object) -> None:
    """Take an event of a stream that is not added up here."""
