"""What an observer of calls gets: one value for each step of a call.

    def observer(observation: Observation) -> None:
        if isinstance(observation, CallFinished): ...

    client = Client(observer=observer)

Rules:

- Every call that sends begins with `CallStarted` and ends with one `CallFinished`, behind which nothing comes: whole
  or streamed, refused, cut, cancelled, left early or dropped.
- Every observation has the number of its call in `call`; the numbers are those of the process.
- There is no content in them, nothing of what was asked or answered, and no key.
- An observer is called in the context (`contextvars`) in which the method of the client was called; in which thread is
  not promised. What it sets in the context is seen by nobody else.
- What an observer raises is logged as an error of the logger ``mimo_proto``, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from mimo_proto.usage import Usage

__all__ = [
    "AttemptStarted",
    "CallFinished",
    "CallStarted",
    "FirstEvent",
    "HeadReceived",
    "Observation",
    "Observer",
    "Retrying",
]


class CallStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A call begins to send; that of a stream when the stream is entered or first read.

    Attributes:
        call: The number of the call in this process, from 1.
        endpoint: The name of the endpoint, such as "chat completions".
        model: The model that was asked for; None where the endpoint takes none.
        stream: Whether the answer is to come as events.
        server_address: The host in the base URL.
        server_port: The port in the base URL, or that of its scheme.
        request_bytes: The size of the request's body.
        sampling: What was set of the numbers that sampling and length depend on, by the names of the request's fields:
            ``temperature``, ``top_p``, ``max_completion_tokens`` and the like.
    """

    call: int
    endpoint: str
    model: str | None
    stream: bool
    server_address: str
    server_port: int
    request_bytes: int
    sampling: dict[str, int | float]


class AttemptStarted(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request is about to be sent.

    Attributes:
        call: The number of the call.
        attempt: Which of its requests this is, from 1.
    """

    call: int
    attempt: int


class HeadReceived(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a response has come.

    Attributes:
        call: The number of the call.
        attempt: Which of its requests was answered, from 1.
        status: The HTTP status.
        request_id: The id that a header gave the call, if any.
        seconds: How long after the start of the call.
    """

    call: int
    attempt: int
    status: int
    request_id: str | None
    seconds: float


class FirstEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The first event of a stream is handed out.

    Attributes:
        call: The number of the call.
        seconds: How long after the start of the call.
    """

    call: int
    seconds: float


class Retrying(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt has failed, and another one follows.

    Attributes:
        call: The number of the call.
        attempt: Which request failed, from 1.
        error: The name of the error's class, such as "ServerError".
        status: The HTTP status of the response; None where none came.
        delay: How long is waited before the next one, in seconds.
    """

    call: int
    attempt: int
    error: str
    status: int | None
    delay: float


class CallFinished(msgspec.Struct, frozen=True, kw_only=True):
    """A call has ended; this is the last of it.

    Of a projected stream, whose events are not the whole, the last five are not known.

    Attributes:
        call: The number of the call.
        started: What was reported first.
        end: How the call ended, as `Stream.end` has it: "completed"; "error", the server said so; "cancelled", the
            caller ended it; "incomplete", anything else.
        error: The name of the class of what was raised, such as "RateLimitError"; None where nothing was.
        attempts: How many HTTP requests were made.
        status: The HTTP status of the last response; None where none came.
        seconds: How long the call took.
        events: How many events of a stream were handed out.
        response_bytes: How many bytes of the answer came, decompressed; bodies of errors do not count.
        usage: What the call consumed; None where the server did not say.
        response_id: The id of the reply.
        response_model: The model that answered.
        finish_reasons: The ``finish_reason`` of each choice; of a response why it is incomplete, else its status.
    """

    call: int
    started: CallStarted
    end: Literal["completed", "error", "incomplete", "cancelled"]
    error: str | None
    attempts: int
    status: int | None
    seconds: float
    events: int
    response_bytes: int
    usage: Usage | None
    response_id: str | None
    response_model: str | None
    finish_reasons: list[str]


Observation: TypeAlias = CallStarted | AttemptStarted | HeadReceived | FirstEvent | Retrying | CallFinished
"""What an observer gets."""

Observer: TypeAlias = Callable[[Observation], object]
"""A function that gets each observation; what it returns is not looked at."""
