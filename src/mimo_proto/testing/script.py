"""What a test tells the server to answer, and the gates that it holds an answer at.

Rules: a script is a queue: each request takes the next reply, whatever it asks for; with none left the server answers
by itself again. Nothing here waits for a time: an answer is held by a `Gate`, and goes on when the test opens it.
"""

from __future__ import annotations

import threading
from http.client import responses as phrases
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .replies import Answer, Received
    from .rules import Refusal
    from .turns import Turn

__all__ = ["Gate", "Reply", "Scripted", "on_the_wire"]


class Gate:
    """Holds the server at a place in an answer until the test lets it go on.

    Any thread may use it. Closing the server opens it.
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
            timeout: For so many seconds at most.

        Raises:
            TimeoutError: It did not get there.
        """
        if not self._reached.wait(timeout):
            raise TimeoutError(f"the server did not get to the gate in {timeout} s")

    def pass_through(self) -> None:
        """Stand at the gate until it is open: what the server does."""
        self._reached.set()
        self._open.wait()


Scripted: TypeAlias = (
    "Turn | Refusal | bytes | Mapping[str, Any] | Sequence[Any] | Callable[[Received], Scripted | Reply | None]"
)
"""What can be answered:

- a `Turn`: what the model says, told in the mode and at the endpoint that was asked;
- a `Refusal`: an error of MiMo's, behind `data:` where a stream was asked;
- bytes: a body as it is, such as `recorded("ChatCompletionChunk.thinking.sse")`: its first character tells JSON;
- a mapping or a list: JSON;
- a function of the request (`Received`) that gives one of these; None from it means: the server's own answer.
"""


class Reply(msgspec.Struct, frozen=True):
    """A scripted answer, and what becomes of it on its way.

    Attributes:
        what: What is answered.
        status: The HTTP status; None for the usual one.
        headers: Headers beside the usual ones, or instead of them: ``{"Retry-After": "1"}``.
        raw: ``what`` is bytes that go out as they are, status line and all; then the connection is closed.
            ``Reply(b"", raw=True)`` closes it without a word.
        split: Cut the body into pieces of so many bytes, each written by itself; None leaves a stream in its events
            and JSON in one piece.
        hold: Gates, by how many pieces were sent before; at 0 nothing was, the head neither.
        cut: Close the connection after so many bytes of the body (of everything, if raw).
        reset: Close it by RST instead of FIN.
    """

    what: Any
    status: int | None = None
    headers: Mapping[str, str] = {}
    raw: bool = False
    split: int | None = None
    hold: Mapping[int, Gate] = {}
    cut: int | None = None
    reset: bool = False


def on_the_wire(reply: Reply, answer: Answer) -> list[bytes | Gate]:
    """What goes out, in order: bytes, each written by itself, and gates to stand at.

    Args:
        reply: What becomes of the answer.
        answer: The answer; a raw one has its bytes as its only piece.
    """
    pieces = [piece for piece in answer.pieces if piece]
    if reply.split:
        whole = b"".join(pieces)
        pieces = [whole[at : at + reply.split] for at in range(0, len(whole), reply.split)]
    head = b"" if reply.raw else _head(reply, answer, sum(map(len, pieces)))
    chunked = answer.streamed and not reply.raw
    if reply.cut is not None:
        pieces = list(_first(pieces, reply.cut))
    out: list[bytes | Gate] = [reply.hold[0]] if 0 in reply.hold else []
    frames = [b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece for piece in pieces] or [b""]
    for count, frame in enumerate(frames, 1):
        out.append(head + frame)
        head = b""
        if count in reply.hold:
            out.append(reply.hold[count])
    return [*out, b"0\r\n\r\n"] if chunked and reply.cut is None else out


def _head(reply: Reply, answer: Answer, length: int) -> bytes:
    status = reply.status or answer.status
    framing = {"Transfer-Encoding": "chunked"} if answer.streamed else {"Content-Length": str(length)}
    usual = {"Content-Type": answer.content_type, **framing}
    taken = {name.lower() for name in reply.headers}
    headers = {**{name: value for name, value in usual.items() if name.lower() not in taken}, **reply.headers}
    lines = [f"HTTP/1.1 {status} {phrases.get(status, 'Unknown')}", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1")


def _first(pieces: Sequence[bytes], count: int) -> Iterator[bytes]:
    for piece in pieces:
        if count <= 0:
            return
        yield piece[:count]
        count -= len(piece)
