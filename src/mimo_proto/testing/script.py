"""What a test scripts the server to answer, and the gates that hold an answer.

Rules: a script is a queue: each request takes the next reply, whatever it asks for; with none left the server answers
by itself again. Nothing here waits for a time: an answer is held by a `Gate`, and goes on when the test opens it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from http.client import responses as phrases
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from .replies import HTTPResponse, Received
from .rules import Refusal
from .turns import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Gate", "RawReply", "Scripted", "plan_writes"]

NO_CONTENT = (204, 304)
"""The statuses whose responses end with their heads (RFC 9112, 6.3)."""


class Gate:
    """A place in an answer at which the server waits until the test lets it go on.

    Any thread may use a gate. Closing the server opens it.
    """

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()

    def open(self) -> None:
        """Let the answer go on, now or when it gets here."""
        self._open.set()

    def wait(self, timeout: float = 10.0) -> None:
        """Block until the server stands at the gate.

        Args:
            timeout: The longest wait, in seconds.

        Raises:
            TimeoutError: The server did not get there.
        """
        if not self._reached.wait(timeout):
            raise TimeoutError(f"the server did not get to the gate in {timeout} s")

    def pass_through(self) -> None:
        """Stand at the gate until it is open: what the server does."""
        self._reached.set()
        self._open.wait()


Scripted: TypeAlias = (
    Turn | Refusal | bytes | Mapping[str, Any] | Sequence[Any] | Callable[[Received], "Scripted | RawReply | None"]
)
"""What can be answered:

- a `Turn`: what the model says, in the mode and at the endpoint that was asked, unless MiMo refuses the request;
- a `Refusal`: an error of MiMo's, behind `data:` where a stream was asked;
- bytes: a body as it is, such as `recorded("ChatCompletionChunk.thinking.sse")`: its first character says whether it is
  JSON;
- a mapping or a list: JSON;
- a function of the request (`Received`) that gives one of these; None from it means: the server's own answer.
"""


class RawReply(msgspec.Struct, frozen=True):
    """A scripted answer, and what becomes of its bytes.

    Attributes:
        what: What is answered: a `Scripted`, or None for the server's own answer.
        status: The HTTP status; None for the usual one.
        headers: Headers beside the usual ones, or instead of them: ``{"Retry-After": "1"}``.
        raw: ``what`` is bytes that are sent as they are, status line and all; then the connection is closed.
            ``RawReply(b"", raw=True)`` closes it without an answer.
        split: The size of the parts that the body is written in, in bytes; None writes a stream event by event and JSON
            at once.
        hold: Gates, each by the number of parts written before it; at 0 not even the head was written.
        cut: Close the connection after this many bytes of the body (of everything, if raw).
        reset: Close the connection by RST instead of FIN.
        checked: Whether a request that MiMo refuses is refused where a `Turn` was to answer it, as MiMo does: at once,
            and with nothing of what is said here. False answers it all the same. Other answers are played to anything.
    """

    what: Any
    status: int | None = None
    headers: Mapping[str, str] = {}
    raw: bool = False
    split: int | None = None
    hold: Mapping[int, Gate] = {}
    cut: int | None = None
    reset: bool = False
    checked: bool = True


def plan_writes(reply: RawReply, response: HTTPResponse) -> list[bytes | Gate]:
    """Give what is written, in order: bytes, each written by itself, and gates to stand at.

    Args:
        reply: What becomes of the response.
        response: The response; a raw one has its bytes as its only part.
    """
    parts = _parts(reply, response)
    head = b"" if reply.raw else _head(reply, response, sum(map(len, parts)))
    if reply.cut is not None:
        parts = list(_first(parts, reply.cut))
    chunked = response.chunked and not (reply.raw or _is_without_body(reply, response))
    first, *rest = [b"%x\r\n%b\r\n" % (len(part), part) if chunked else part for part in parts] or [b""]
    end = b"0\r\n\r\n" if chunked and reply.cut is None else b""
    writes = enumerate([head + first, *rest, end])
    return [each for count, write in writes for each in (reply.hold.get(count), write) if each]


def _is_without_body(reply: RawReply, response: HTTPResponse) -> bool:
    return not reply.raw and (reply.status or response.status) in NO_CONTENT


def _parts(reply: RawReply, response: HTTPResponse) -> list[bytes]:
    """Give the parts that the body is written in."""
    if _is_without_body(reply, response):
        return []
    parts = [part for part in response.parts if part]
    if reply.split:
        body = b"".join(parts)
        parts = [body[at : at + reply.split] for at in range(0, len(body), reply.split)]
    return parts


def _head(reply: RawReply, response: HTTPResponse, length: int) -> bytes:
    status = reply.status or response.status
    framing = {"Transfer-Encoding": "chunked"} if response.chunked else {"Content-Length": str(length)}
    if _is_without_body(reply, response):
        framing = {}
    usual = {"Content-Type": response.content_type, **framing, **response.headers}
    taken = {name.lower() for name in reply.headers}
    headers = {**{name: value for name, value in usual.items() if name.lower() not in taken}, **reply.headers}
    lines = [f"HTTP/1.1 {status} {phrases.get(status, 'Unknown')}", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1")


def _first(parts: Sequence[bytes], count: int) -> Iterator[bytes]:
    for part in parts:
        if count <= 0:
            return
        yield part[:count]
        count -= len(part)
