"""The logger ``mimo_proto``, and who observes a call: it, where it is wanted, and the caller's observer.

Rules:

- Nothing is logged unless somebody has set a level: one line a call at INFO, every observation as it is at DEBUG.
- The level is asked when a call is made.
- Lines have what observations have: no content, and no key.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from mimo_proto.call.observed import ObservedCall
from mimo_proto.call.route import make_route
from mimo_proto.observe import CallFinished

if TYPE_CHECKING:
    from mimo_proto.call.settings import Settings
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.observe import Observation, Observer
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["observe_call"]

LOGGER: Final = logging.getLogger("mimo_proto")
LOGGER.addHandler(logging.NullHandler())


def observe_call(settings: Settings, endpoint: Endpoint[Any, Any, Any], request: HTTPRequest) -> ObservedCall | None:
    """Make what reports a call; None where nobody observes it.

    Args:
        settings: The settings of the client.
        endpoint: What is called.
        request: What is sent.
    """
    logs = LOGGER.isEnabledFor(logging.INFO)
    if not logs and settings.observer is None:
        return None
    observers: list[Observer] = [_log] if logs else []
    if settings.observer is not None:
        observers.append(settings.observer)
    origin = make_route(settings.base_url, None).origin
    return ObservedCall(
        observers, endpoint, request, origin=origin, key=settings.key, clock=monotonic, log_error=_log_error
    )


def _log(observation: Observation) -> None:
    LOGGER.debug("%r", observation)
    if isinstance(observation, CallFinished):
        LOGGER.info("%s", _line(observation))


def _line(finished: CallFinished) -> str:
    """Write what became of a call in one line."""
    started = finished.started
    parts = [
        f"call {finished.call}",
        f"{started.endpoint} {started.model!r}" if started.model else started.endpoint,
        f"{finished.end} ({finished.error})" if finished.error else finished.end,
    ]
    if finished.status is not None:
        parts.append(f"HTTP {finished.status}")
    parts += [f"attempts {finished.attempts}", f"{finished.seconds:.3f} s"]
    if started.stream:
        parts.append(f"{finished.events} events")
    if finished.usage is not None:
        parts.append(f"{finished.usage.input_tokens} + {finished.usage.output_tokens} tokens")
    return ", ".join(parts)


def _log_error(error: Exception) -> None:
    LOGGER.error("an observer raised", exc_info=error)
