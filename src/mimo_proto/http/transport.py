"""One HTTP exchange over urllib3's connections: send a request, read the answer, leave the connection fit or closed.

Rules:

- Values in, values and our own errors out: the exceptions of urllib3, http.client, ssl, socket and zlib end here, see
  `network_errors`. Their frames hold the request's headers, so our errors are raised outside the
  `except` block (no ``__context__``), and what passes through (KeyboardInterrupt) loses its traceback up to here.
- Reading is prompt: one piece is what one read of the socket gave, decoded; whatever the framing.
- Everything is bounded: time by the `Guard`, sizes by the caller's limits on *decoded* bytes, read in pieces.
- Redirects are not followed. Nothing is sent twice: whether to try again is the caller's decision.
- ``Accept-Encoding: identity`` for all: an answer takes seconds to be written and is small, so compression would spend
  CPU on both sides for nothing. A server that compresses all the same is understood as far as zlib goes.
"""

from __future__ import annotations

from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

from mimo_proto.errors import BodyTooLargeError, MimoError, RemoteProtocolError, StreamCancelled
from mimo_proto.http.connection import LONGEST
from mimo_proto.http.deadlines import WATCHDOG, ended
from mimo_proto.http.network_errors import Stage, own_error
from mimo_proto.http.pool import Pool

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Generator

    from mimo_proto.http.body import Answer, ForeignAnswer
    from mimo_proto.http.connection import PlainConnection
    from mimo_proto.http.deadlines import Guard
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.request import HTTPRequest

__all__ = ["Exchange", "Progress", "Transport"]

PIECE: Final = 65536
"""How much is read at a time, in bytes."""

DRAIN_SECONDS: Final = 0.1
"""How long the end of a body is waited for behind a stream's last event, for the connection's sake."""

CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate", "identity"})
"""What urllib3 decodes on every installation; brotli and zstd depend on what else is installed."""


class Progress(Protocol):
    """What has become of a stream's pieces, for the clocks. `StreamDecoder` is one.

    Attributes:
        events_seen: How many events have come.
        finished: The answer is complete; something may follow.
    """

    @property
    def events_seen(self) -> int:
        """How many events have come."""
        ...

    @property
    def finished(self) -> bool:
        """Whether the answer is complete."""
        ...


class Transport:
    """Sends requests to one origin. All methods: any thread.

    Args:
        base_url: Scheme and host of every request.
        pool_size, ssl_context, proxy: See `Pool`.
    """

    def __init__(self, base_url: str, *, pool_size: int, ssl_context: ssl.SSLContext | None, proxy: str | None) -> None:
        self._pool = Pool(base_url, size=pool_size, ssl_context=ssl_context, proxy=proxy)
        scheme, _, rest = base_url.partition("://")
        self._origin = len(scheme) + 3 + len(rest.partition("/")[0])

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def open(self, request: HTTPRequest, guard: Guard, timeouts: Timeouts) -> Exchange:
        """Send a request and read the head of the answer.

        Args:
            request: What to send; its URL lies under the base URL.
            guard: The call's; its idle clock starts when the request is sent.
            timeouts: The call's.

        Raises:
            ConnectError, ConnectTimeout: Nothing was sent.
            ConnectionClosed, ReadTimeout, IdleTimeout, DeadlineExceeded: It may have been.
            StreamCancelled: The guard was tripped by a caller.
            RemoteProtocolError: The answer is not HTTP.
        """
        connection = self._pool.take(guard)
        stage: Stage = "connect"
        try:
            if connection.is_closed:
                guard.connect_at = inf if timeouts.connect is None else monotonic() + timeouts.connect
                connection.connect()
                guard.connect_at = inf
            stage = "send"
            connection.timeout = None if timeouts.read is None else min(timeouts.read, LONGEST)
            guard.idle_at = monotonic() + guard.idle
            WATCHDOG.watch(guard, guard.idle_at)
            target = request.url if self._pool.forward else request.url[self._origin :]
            headers = {
                "host": self._pool.host,
                **request.headers,
                "accept-encoding": "identity",
                **self._pool.forward_headers,
            }
            try:
                connection.dispatch(request.method, target, headers, request.body)
                stage = "head"
            except (BrokenPipeError, ConnectionResetError):
                # A server that answers before it has read all may have closed its end: its answer counts.
                stage = "head"
            return Exchange(self._pool, connection, connection.receive(), guard, timeouts)
        except BaseException as exc:  # noqa: BLE001 - see the rules above
            failure = own_error(exc, stage, guard, timeouts)
        guard.detach()
        connection.close()
        try:
            raise failure
        finally:
            del failure


class Exchange:
    """An answer whose head has come. One thread; other threads use the `Guard`.

    Attributes:
        status: The HTTP status.
        headers: The header fields, names in lower case, repeated ones joined with ", ".
    """

    def __init__(
        self,
        pool: Pool,
        connection: PlainConnection,
        answer: Answer | ForeignAnswer,
        guard: Guard,
        timeouts: Timeouts,
    ) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self._pool = pool
        self._connection = connection
        self._answer = answer
        self._guard = guard
        self._timeouts = timeouts
        self._open = True
        self._read1 = answer.read1
        self._strange = ""
        if coding := self.headers.get("content-encoding", ""):
            codings = {coding.strip() for coding in coding.lower().split(",")} - {""}
            self._read1 = answer.decoding() if codings else answer.read1
            self._strange = "" if codings <= CODINGS else coding

    def read(self) -> bytes:
        """Wait for the next piece of the decoded body; empty at its end.

        Raises:
            ConnectionClosed, ReadTimeout, IdleTimeout, DeadlineExceeded, StreamCancelled, RemoteProtocolError: As they
                say; the connection is closed then.
        """
        if self._strange:
            self.close()
            raise RemoteProtocolError(f"the body is encoded as {self._strange[:100]!r}; only identity was asked for")
        try:
            data = self._read1(PIECE)
            if self._guard.reason is None:
                return data
            failure: BaseException = ended(self._guard.reason, self._timeouts)
        except BaseException as exc:  # noqa: BLE001 - see the rules above
            failure = own_error(exc, "body", self._guard, self._timeouts)
        self.close(broken=True)
        try:
            raise failure
        finally:
            del failure

    def unread(self, data: bytes) -> None:
        """Give what was read back: the next `read` gives it again."""
        read1 = self._read1

        def again(_: int) -> bytes:
            self._read1 = read1
            return data

        self._read1 = again

    def body(self, limit: int, tee: Callable[[bytes], object] | None = None) -> bytes:
        """Read the whole body, and give the connection back.

        Args:
            limit: The most decoded bytes that are taken.
            tee: Gets every piece as it comes.

        Raises:
            BodyTooLargeError: There is more.
        """
        pieces: list[bytes] = []
        size = 0
        try:
            while piece := self.read():
                size += len(piece)
                if size > limit:
                    raise BodyTooLargeError(f"the body is larger than {limit} bytes (Limits.body)")
                if tee is not None:
                    tee(piece)
                pieces.append(piece)
        finally:
            self.close()
        return b"".join(pieces)

    def error_body(self, limit: int) -> bytes:
        """Read an error's body as far as it comes and as the limit allows: the status has said what matters.

        Args:
            limit: The most decoded bytes that are taken; the rest is not waited for.

        Raises:
            StreamCancelled: The caller does not want it any more.
        """
        pieces: list[bytes] = []
        size = 0
        try:
            while size < limit and (piece := self.read()):
                pieces.append(piece)
                size += len(piece)
        except StreamCancelled:
            raise
        except MimoError:
            pass
        self.close()
        return b"".join(pieces)[:limit]

    def chunks(
        self, progress: Progress, linger: float, tee: Callable[[bytes], object] | None = None
    ) -> Generator[bytes, None, None]:
        """Read a stream piece by piece, under the idle and linger clocks; neither runs while events are looked at.

        Args:
            progress: What has become of the pieces so far; a cut or silence after `finished` is an end, not an error.
            linger: How long to wait for what may follow `finished`, in seconds.
            tee: Gets every piece as it comes.
        """
        guard, idle = self._guard, self._guard.idle
        idle_at, linger_at, watched = guard.idle_at, inf, 0.0
        while True:
            guard.idle_at, guard.linger_at = idle_at, linger_at
            try:
                piece = self.read()
            except StreamCancelled:
                raise
            except MimoError:
                if progress.finished:
                    return
                raise
            came = monotonic()
            guard.idle_at = guard.linger_at = inf
            if not piece:
                return
            if tee is not None:
                tee(piece)
            seen = progress.events_seen
            yield piece
            now = monotonic()
            if progress.events_seen != seen:
                idle_at = now + idle
                linger_at += now - came
            if progress.finished:
                linger_at = min(linger_at, now + linger)
                if watched <= now:  # the watchdog may have looked while the clock stood still
                    watched = linger_at
                    WATCHDOG.watch(guard, linger_at)

    def finish(self, drain: int) -> None:
        """Leave the answer after its last event: read on to the body's end, within a bound, to keep the connection.

        Args:
            drain: The most bytes that are read.
        """
        if self._open and self._answer.kept and not self._connection.is_closed:
            self._connection.sock.settimeout(DRAIN_SECONDS)
            self._guard.idle_at = self._guard.linger_at = inf
            self._guard.drain_at = monotonic() + DRAIN_SECONDS
            try:
                while drain > 0 and not self._answer.closed and monotonic() < self._guard.drain_at:
                    drain -= len(self.read())
            except MimoError:
                return
        self.close()

    def close(self, *, broken: bool = False) -> None:
        """Give the connection back if the body has ended, else close it. Twice does no harm.

        Args:
            broken: The reading failed; urllib3 calls the answer closed then too, which is no end.
        """
        if not self._open:
            return
        self._open = False
        self._guard.detach()
        fit = self._answer.closed and self._answer.kept and self._guard.reason is None
        fit = fit and not self._connection.is_closed
        if fit and not broken:
            self._pool.give(self._connection)
        else:
            self._answer.close()
            self._connection.close()
