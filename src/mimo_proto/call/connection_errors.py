"""The errors of a connection that did not open, broke, or brought what is no HTTP: one wording for every transport.

Rules:

- An `OSError`, those of TLS among them, says that the connection broke; a `ValueError`, that a decoder refused what
  came.
- The system has a timeout of its own, when TCP gives a peer up: that breaks a connection, and is no clock of the call.
- What a library says is shown cut and without passwords.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mimo_proto.errors import ConnectError, ConnectionClosed, RemoteProtocolError

if TYPE_CHECKING:
    from mimo_proto.errors import MimoError

__all__ = ["MAX_SHOWN_CHARACTERS", "Stage", "connection_closed", "connection_error", "is_clock", "shown"]

Stage: TypeAlias = Literal["connect", "send", "head", "body"]
"""What was being done."""

PLACES: Final[dict[Stage, str]] = {
    "send": "while the request was sent",
    "head": "before an answer came",
    "body": "inside the answer",
}
"""Where a connection broke that had opened."""

MAX_SHOWN_CHARACTERS: Final = 300
"""How much of a library's text an error shows."""

PASSWORDS: Final = re.compile(r"(?<=//)[^/\s]*@|(?<=BasicAuth\().*")
"""Where a library's text shows a proxy's name and password: the userinfo of a URL (RFC 3986, section 3.2.1), and all
that follows where the `repr` of aiohttp's credentials begins. Both may hold quotes and parentheses."""


def is_clock(exc: BaseException) -> bool:
    """Whether a timeout that was given has run out; the system's own has a number (ETIMEDOUT)."""
    return isinstance(exc, TimeoutError) and exc.errno is None


def connection_error(
    exc: BaseException, stage: Stage, *, reused: bool | None = None, answer_begun: bool = True
) -> MimoError:
    """Map what a socket, TLS or a decoder raised to our tree.

    Args:
        exc: What was raised.
        stage: What was being done.
        reused: Whether the request went out on a kept connection; None where nobody can tell.
        answer_begun: Whether anything of an answer had come.
    """
    if stage == "connect":
        return ConnectError(f"no connection: {shown(exc)}")
    if isinstance(exc, OSError):
        return connection_closed(exc, stage, reused=reused, answer_begun=answer_begun)
    return RemoteProtocolError(f"not an answer in HTTP/1.1: {type(exc).__name__}: {shown(exc)}")


def connection_closed(
    exc: BaseException, stage: Stage, *, reused: bool | None = None, answer_begun: bool
) -> ConnectionClosed:
    """Make the error of a connection that broke; the arguments are those of `connection_error`."""
    text = f"the connection broke {PLACES[stage]}: {shown(exc)}"
    return ConnectionClosed(text, reused=reused, answer_begun=answer_begun)


def shown(exc: BaseException) -> str:
    """Give what a library says, cut and without passwords; its class where it says nothing."""
    return PASSWORDS.sub("", str(exc))[:MAX_SHOWN_CHARACTERS] or type(exc).__name__
