"""One connection in asyncio: a stream of bytes each way, with TLS in it where that is wanted.

Rules:

- What the loop reads waits as bytes until the call's task takes it. One read buffer serves all connections of a loop:
  a buffer is used from `get_buffer` to `buffer_updated` only, between which nothing else runs.
- One future wakes the task. Clocks are the call's.
- Reading goes on while a request is being sent, so that an early response is heard; it stops while more waits than
  `MAX_WAITING_BYTES`. What the system still holds when a write fails is read: it may be the response that says why.
- An idle connection on which anything happens is closed: what came answers nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Final, Literal, cast

from mimo_proto.aio.tls import TLSLayer

if TYPE_CHECKING:
    import ssl

__all__ = ["READ_BUFFER_BYTES", "AsyncConnection"]

READ_BUFFER_BYTES: Final = 64 * 1024
"""How much the loop reads at a time."""

MAX_WAITING_BYTES: Final = 256 * 1024
"""How many bytes may wait for the task before the loop stops reading."""


class AsyncConnection(asyncio.BufferedProtocol):
    """A connection that belongs to one call, or to nobody. One task at a time, in the loop's thread.

    Args:
        loop: The running loop.
        sock: The socket, connected.
        buffer: What the loop reads into.

    Attributes:
        ended: Whether nothing more will come, behind what `take` gives.
        failure: What broke the connection; None as long as nothing did.
        idle_until: Up to when a call may take it, by the loop's clock; None while a call has it.
        reused: Whether another call had it before.
    """

    __slots__ = (
        "_buffer",
        "_layers",
        "_loop",
        "_received",
        "_sending",
        "_socket",
        "_transport",
        "_waiting",
        "ended",
        "failure",
        "idle_until",
        "reused",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, buffer: memoryview) -> None:
        self.ended = False
        self.failure: BaseException | None = None
        self.idle_until: float | None = None
        self.reused = False
        self._loop = loop
        self._socket = sock
        self._buffer = buffer
        self._transport: asyncio.Transport
        self._waiting: asyncio.Future[None] | None = None
        self._layers: list[TLSLayer] = []
        self._received = b""
        self._sending: Literal["ready", "full", "lost"] = "ready"

    # --- what the call's task does --------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether it is open and silent, by the loop's knowledge and by the system's, which may be newer."""
        if self.ended or self._received or self._transport.is_closing():
            return False
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    @property
    def can_write(self) -> bool:
        """Whether all that was written has left."""
        return self._sending == "ready" and not self._transport.is_closing()

    def take(self) -> bytes:
        """Give what has come and not been taken; empty when there is nothing."""
        data, self._received = self._received, b""
        if not data:
            return data
        if len(data) >= MAX_WAITING_BYTES:
            self._transport.resume_reading()
        for depth, layer in enumerate(self._layers):
            data = layer.decrypt(data)
            self._send(layer.unsent(), depth)
            if layer.ended:
                self.ended, self.failure = True, self.failure or layer.failure
        return data

    async def receive(self) -> bytes:
        """Wait for bytes; empty at the end.

        Raises:
            OSError: The connection broke.
        """
        while not (data := self.take()):
            if self.ended:
                if self.failure is not None:
                    raise self.failure
                return b""
            await self.wait()
        return data

    def wait(self) -> asyncio.Future[None]:
        """Give what is done when bytes or the end have come, or what was written has left."""
        self._waiting = self._loop.create_future()
        return self._waiting

    def write(self, data: bytes | memoryview) -> None:
        """Send it, as fast as the other side takes it; `can_write` says when it has."""
        self._send(data, len(self._layers))

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """Talk TLS from now on, inside of what is there.

        Args:
            context: What is verified, and how.
            name: Whose certificate is expected.

        Raises:
            OSError: The connection or the handshake broke, or the server said something unasked.
        """
        layer = TLSLayer(context, name)
        depth = len(self._layers)
        data = b""
        try:
            while not layer.handshake(data):
                self._send(layer.unsent(), depth)
                data = await self.receive()
                if not data:
                    raise ConnectionResetError("the connection ended in the TLS handshake")
        finally:
            # What is wrong with a certificate is said to the server too.
            self._send(layer.unsent(), depth)
        self._layers.append(layer)
        if layer.decrypt(b"") or layer.ended:
            raise ConnectionAbortedError("the server spoke before it was asked")

    def close(self) -> None:
        """Close the connection when what was written has left."""
        self._transport.close()

    def abort(self) -> None:
        """Close the connection at once."""
        if self._sending != "lost":  # a transport that has ended may have forgotten its loop
            self._transport.abort()

    def _send(self, data: bytes | memoryview, depth: int) -> None:
        """Send by way of the TLS layers below a depth."""
        if not data or self._transport.is_closing():
            return
        for layer in reversed(self._layers[:depth]):
            data = layer.encrypt(cast("bytes", data))
        self._transport.write(data)

    # --- what the loop calls --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.BaseProtocol`."""
        self._transport = cast("asyncio.Transport", transport)
        # Nothing waits in the transport when the next piece is written: progress is seen.
        self._transport.set_write_buffer_limits(high=0)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the buffer has one size
        """See `asyncio.BufferedProtocol`."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._received += self._buffer[:nbytes].tobytes()
        if len(self._received) >= MAX_WAITING_BYTES:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """See `asyncio.BufferedProtocol`; the transport closes itself."""
        self.ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.BaseProtocol`; the socket is still open."""
        if exc is not None and not self.ended:
            self.failure = exc
            with contextlib.suppress(OSError):
                while data := self._socket.recv(READ_BUFFER_BYTES):
                    self._received += data
        self.ended, self._sending = True, "lost"
        self._wake()

    def pause_writing(self) -> None:
        """See `asyncio.BaseProtocol`."""
        self._sending = "full"

    def resume_writing(self) -> None:
        """See `asyncio.BaseProtocol`."""
        self._sending = "ready"
        self._wake()

    def _wake(self) -> None:
        """Wake the task that waits; without one, nothing is to happen here."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
        elif self.idle_until is not None:
            self.abort()
