"""What type checkers make of observers and of `Usage`; both run over this file, nothing does at run time."""

from __future__ import annotations

from typing import Any, assert_never, assert_type

from mimo_proto import (
    AsyncClient,
    AttemptStarted,
    CallFinished,
    CallStarted,
    ChatCompletion,
    ChatCompletionChunk,
    Client,
    FirstEvent,
    HeadReceived,
    Observation,
    Observer,
    Response,
    Retrying,
    Usage,
)

__all__: list[str] = []


def every_observation(observation: Observation) -> None:
    """A `match` over them is complete."""
    match observation:
        case CallStarted():
            assert_type(observation.sampling, dict[str, int | float])
        case AttemptStarted() | FirstEvent():
            assert_type(observation.call, int)
        case HeadReceived():
            assert_type(observation.request_id, str | None)
        case Retrying():
            assert_type(observation.delay, float)
        case CallFinished():
            assert_type(observation.usage, Usage | None)
            assert_type(observation.started, CallStarted)
        case _:
            assert_never(observation)


def observers(mine: Observer) -> None:
    Client(observer=every_observation)
    AsyncClient(observer=mine)
    Client(observer=None)


def usages(done: ChatCompletion, response: Response, chunk: ChatCompletionChunk) -> None:
    assert_type(Usage.of(done) + Usage.of(response.usage) + Usage.of(chunk), Usage)
    assert_type(sum([Usage.of(done), Usage.of(None)], Usage()), Usage)


def refused(wrong: Any) -> None:
    Client(observer=5)  # type: ignore[arg-type]
    Usage.of("many")  # type: ignore[arg-type]
    Usage(1, 2)  # type: ignore[call-arg]
