"""Make a call, keep all that came of it, and check what holds for every error whatever caused it."""

from __future__ import annotations

import contextlib
import copy
import pickle
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mimo_proto import (
    ChatCompletion,
    Client,
    Limits,
    MimoError,
    Response,
    RetryPolicy,
    Timeouts,
)
from tests.support.dummyserver import END, answer, chunk, sse
from tests.support.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST, RESPONSE, RESPONSE_EVENTS, RESPONSE_REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = [
    "ALL",
    "CHAT_JSON",
    "CHAT_STREAM",
    "EVENTS",
    "JSON",
    "KEY",
    "Kind",
    "Outcome",
    "RESPONSE_JSON",
    "RESPONSE_STREAM",
    "STREAMS",
    "VALUES",
    "assert_clean",
    "call",
    "client_for",
    "frames_of",
    "good",
    "made_by",
    "retry",
    "words",
]

KEY = "sk-Key0Of0The0Tests"


class Kind(NamedTuple):
    """One of the four kinds of call."""

    protocol: Literal["chat", "responses"]
    streamed: bool

    def __str__(self) -> str:
        return f"{self.protocol}-{'stream' if self.streamed else 'json'}"


CHAT_JSON, RESPONSE_JSON = Kind("chat", False), Kind("responses", False)
CHAT_STREAM, RESPONSE_STREAM = Kind("chat", True), Kind("responses", True)
JSON = (CHAT_JSON, RESPONSE_JSON)
STREAMS = (CHAT_STREAM, RESPONSE_STREAM)
ALL = (*JSON, *STREAMS)


EVENTS = {"chat": CHAT_EVENTS, "responses": RESPONSE_EVENTS}
"""The events of a good stream."""

VALUES = {"chat": CHAT, "responses": RESPONSE}
"""Good JSON answers."""


def good(kind: Kind) -> bytes:
    """A good answer of that kind, on a connection that can be used again."""
    if kind.streamed:
        return sse() + b"".join(map(chunk, EVENTS[kind.protocol])) + END
    return answer(VALUES[kind.protocol])


@dataclass
class Outcome:
    """What came of a call."""

    value: Any = None
    error: MimoError | None = None
    events: list[Any] = field(default_factory=list[Any])
    end: str | None = None
    partial: Any = None

    @property
    def kept(self) -> str:
        """The words that had arrived."""
        return words(self.partial if self.value is None else self.value)


def words(value: ChatCompletion | Response | None) -> str:
    """The text of an answer, whole or partial."""
    if value is None:
        return ""
    if isinstance(value, ChatCompletion):
        return (value.choices[0].message.content or "") if value.choices else ""
    return value.output_text or ""


MAKERS: list[Callable[..., Any]] = [Client]
"""What makes the clients; the last one counts."""


@contextlib.contextmanager
def made_by(make: Callable[..., Any]) -> Generator[None]:
    """Have `client_for` make other clients, with the face of `Client`."""
    MAKERS.append(make)
    try:
        yield
    finally:
        MAKERS.pop()


def client_for(url: str, **settings: Any) -> Client:
    """A client with clocks that fit tests."""
    settings.setdefault("timeouts", Timeouts(connect=5, read=5, idle=5))
    settings.setdefault("limits", Limits(linger=0.2))
    client: Client = MAKERS[-1](KEY, url, **settings)
    return client


def call(client: Client, kind: Kind, **options: Any) -> Outcome:
    """Make a call of that kind, to its end; own errors are part of the outcome, and checked."""
    outcome = Outcome()
    try:
        if kind.streamed:
            _stream(client, kind, outcome, options)
        elif kind.protocol == "chat":
            outcome.value = client.create_chat_completion(**CHAT_REQUEST, **options)
        else:
            outcome.value = client.create_response(**RESPONSE_REQUEST, **options)
    except MimoError as error:
        assert_clean(error)
        outcome.error, outcome.partial = error, error.partial
    return outcome


def _stream(client: Client, kind: Kind, outcome: Outcome, options: dict[str, Any]) -> None:
    make: Callable[..., Any] = client.stream_chat_completion if kind.protocol == "chat" else client.stream_response
    stream = make(**(CHAT_REQUEST if kind.protocol == "chat" else RESPONSE_REQUEST), **options)
    try:
        with stream:
            for event in stream:
                outcome.events.append(event)
            outcome.value = stream.result()
    finally:
        outcome.end = stream.end


def assert_clean(error: MimoError, attempts: int | None = None) -> None:
    """No foreign exception behind it, nothing of the key anywhere, fit for pickle and copy, counted."""
    assert error.__cause__ is None
    assert error.__context__ is None
    assert KEY not in str(error)
    assert KEY not in repr(error)
    assert KEY not in frames_of(error)
    assert KEY.encode() not in pickle.dumps(error)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert twin.attempts == error.attempts
    assert error.attempts >= 1 if attempts is None else error.attempts == attempts


def frames_of(error: BaseException) -> str:
    """The traceback as error trackers store it, with the repr of all locals."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def retry(attempts: int, **more: Any) -> RetryPolicy:
    """A policy that waits next to nothing."""
    return RetryPolicy(attempts=attempts, backoff=0.001, **more)
