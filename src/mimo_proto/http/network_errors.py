"""What urllib3, ssl, socket and zlib raise, mapped to our tree; nowhere else are they known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from urllib3.exceptions import DecodeError, HTTPError

from mimo_proto.call.clocks import end_error
from mimo_proto.call.connection_errors import connection_error, is_clock
from mimo_proto.errors import RemoteProtocolError

if TYPE_CHECKING:
    from mimo_proto.call.clocks import Reason
    from mimo_proto.call.connection_errors import Stage
    from mimo_proto.http.deadlines import Guard
    from mimo_proto.limits import Timeouts

__all__ = ["own_error"]

FOREIGN = (HTTPError, OSError, ValueError)
"""All that urllib3 and what lies below it raise; ssl, socket and zlib errors are among these or wrapped in them."""


def own_error(
    exc: BaseException, stage: Stage, guard: Guard, timeouts: Timeouts, *, reused: bool, answer_begun: bool = True
) -> BaseException:
    """Map what was raised below to our tree; what is not an error of the network passes, without its frames.

    Args:
        exc: What was raised.
        stage: What was being done.
        guard: The call's.
        timeouts: The call's, in seconds.
        reused: Whether the request went out on a kept connection.
        answer_begun: Whether anything of an answer had come.
    """
    if not isinstance(exc, FOREIGN):
        exc.__cause__ = exc.__context__ = None
        return exc.with_traceback(None)
    if guard.reason is not None:
        return end_error(_reason(guard.reason, stage), timeouts)
    # urllib3 wraps what the socket raises; the wrapper's text is a repr.
    cause = exc.__cause__ if isinstance(exc, HTTPError) and exc.__cause__ is not None else exc
    if stage == "connect" and is_clock(cause):
        return end_error(_connect_clock(guard), timeouts)
    if isinstance(exc, DecodeError):
        return RemoteProtocolError("the body is not encoded as its Content-Encoding says")
    return connection_error(cause, stage, reused=reused, answer_begun=answer_begun)


def _reason(reason: Reason, stage: Stage) -> Reason:
    """Say what the read clock was waiting for."""
    return "send" if reason == "read" and stage == "send" else reason


def _connect_clock(guard: Guard) -> Reason:
    """Say which clock bounded a connection that did not open in time."""
    return "total" if guard.total_at < guard.connect_at else "connect"
