"""One HTTP exchange: send a request, read the response, keep the connection or close it.

Rules:

- Values in, values and our own errors out: the exceptions of urllib3, ssl, socket and zlib end here, see
  `network_errors`. Their frames hold the request's headers, so our errors, and what passes through
  (KeyboardInterrupt), leave without frames.
- Reading is prompt: a read gives what one read of the socket gave, decoded; whatever the framing.
- Everything is bounded: time by the `Guard`, sizes by the caller's limits on *decoded* bytes, read block by block.
- Redirects are not followed. Nothing is sent twice: whether to try again is the caller's decision.
- ``Accept-Encoding: identity`` for all: an answer takes seconds to be written and is small, so compression would spend
  CPU on both sides for nothing. A server that compresses all the same is understood as far as zlib goes.
"""

from __future__ import annotations

import functools
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from mimo_proto.call.clocks import DRAIN_TIMEOUT_SECONDS, StreamClocks, end_error
from mimo_proto.call.keep_alive import max_idle_seconds
from mimo_proto.call.outcome import refuse_larger
from mimo_proto.call.route import make_route
from mimo_proto.errors import MimoError, RemoteProtocolError, StreamCancelled
from mimo_proto.http.body import ResponseBody
from mimo_proto.http.connection import Connection
from mimo_proto.http.network_errors import own_error
from mimo_proto.http.pool import Pool
from mimo_proto.http.socket_io import receive_head, send_request
from mimo_proto.http.tls import TLS
from mimo_proto.http.watchdog import WATCHDOG
from mimo_proto.protocol.content_coding import DECODABLE, content_codings
from mimo_proto.protocol.http11 import HeadDecoder
from mimo_proto.protocol.secret import without_frames

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Generator

    from mimo_proto.call.connection_errors import Stage
    from mimo_proto.http.deadlines import Guard
    from mimo_proto.limits import Timeouts
    from mimo_proto.protocol.http11 import Head
    from mimo_proto.protocol.request import HTTPRequest
    from mimo_proto.protocol.stream import StreamDecoder

__all__ = ["Exchange", "Transport"]

READ_BYTES: Final = 65536
"""How much is read at a time."""


class Transport:
    """Sends requests to one origin. All methods: any thread.

    Args:
        base_url: Scheme and host of every request.
        pool_size: See `Pool`.
        ssl_context: See `TLS`.
        proxy: See `make_route`.

    Raises:
        ConfigurationError: The proxy cannot be used.
    """

    def __init__(self, base_url: str, *, pool_size: int, ssl_context: ssl.SSLContext | None, proxy: str | None) -> None:
        self._route = make_route(base_url, proxy)
        self._pool = Pool(functools.partial(Connection, self._route, TLS(ssl_context)), pool_size)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def open(self, request: HTTPRequest, guard: Guard, timeouts: Timeouts) -> Exchange:
        """Send a request and read the head of the response.

        Args:
            request: What to send; its URL lies under the base URL.
            guard: The call's; its idle clock starts when the request is sent.
            timeouts: The call's.

        Raises:
            ConnectError, ConnectTimeout: Nothing was sent.
            ConnectionClosed, ReadTimeout, IdleTimeout, DeadlineExceeded: It may have been.
            StreamCancelled: The caller ended the call.
            RemoteProtocolError: The response is not HTTP.
        """
        connection = self._pool.take(guard)
        decoder = HeadDecoder()
        stage: Stage = "connect"
        with without_frames:
            try:
                if connection.is_closed:
                    guard.connect_at = inf if timeouts.connect is None else monotonic() + timeouts.connect
                    connection.connect()
                    guard.connect_at = inf
                stage = "send"
                WATCHDOG.watch(guard, monotonic() + min(guard.read, guard.idle))
                head = self._route.encode_request(request)
                early = send_request(connection.sock, head, request.body or b"", decoder, guard)
                stage = "head"
                # Where an answer came early, a part of the request is missing on the connection.
                answer = early._replace(kept=False) if early else receive_head(connection.sock, decoder, guard)
                body = ResponseBody(answer, decoder.rest, connection.sock, guard)
                return Exchange(answer, body, connection, self._pool, timeouts)
            except BaseException as error:  # noqa: BLE001 - see the rules above
                try:
                    raise own_error(
                        error, stage, guard, timeouts, reused=connection.reused, answer_begun=decoder.begun
                    ) from None
                finally:
                    guard.detach()
                    connection.close()


class Exchange:
    """A response whose head has come. One thread; other threads use the `Guard`.

    Args:
        head: The head of the response.
        body: Its body, unread.
        connection: Where it comes from; it belongs to the call.
        pool: Where the connection goes back to.
        timeouts: The call's.

    Attributes:
        status: The HTTP status.
        headers: The header fields, names in lower case, repeated ones joined with ", ".
    """

    def __init__(self, head: Head, body: ResponseBody, connection: Connection, pool: Pool, timeouts: Timeouts) -> None:
        self.status = head.status
        self.headers = head.headers
        self._kept = head.kept
        self._pool = pool
        self._connection = connection
        self._body = body
        self._guard = connection.guard
        self._timeouts = timeouts
        self._open = True
        self._read1: Callable[[int], bytes] = body.read1
        self._unread = b""
        self._refused_coding = ""
        coding = ", ".join(content_codings(self.headers.get("content-encoding", "")))
        if coding in DECODABLE:
            self._read1 = body.decoding(coding)
        else:
            self._refused_coding = coding

    @property
    def has_ended(self) -> bool:
        """Whether the body was read to its end, or given up."""
        return self._body.closed

    def read(self) -> bytes:
        """Wait for the next bytes of the decoded body; empty at its end.

        Raises:
            ConnectionClosed, ReadTimeout, IdleTimeout, DeadlineExceeded, StreamCancelled, RemoteProtocolError: As they
                say; the connection is closed then.
        """
        if self._unread:
            data, self._unread = self._unread, b""
            return data
        if self._refused_coding:
            self.close()
            coding = self._refused_coding[:100]
            raise RemoteProtocolError(f"the body is encoded as {coding!r}; only identity was asked for")
        with without_frames:
            try:
                data = self._read1(READ_BYTES)
                self._refuse_if_ended()
            except BaseException as error:  # noqa: BLE001 - see the rules above
                try:
                    raise own_error(
                        error, "body", self._guard, self._timeouts, reused=self._connection.reused
                    ) from None
                finally:
                    self.close(broken=True)
            return data

    def _refuse_if_ended(self) -> None:
        """What a socket gives that was shut down from outside means nothing."""
        if self._guard.reason is not None:
            raise end_error(self._guard.reason, self._timeouts)

    def unread(self, data: bytes) -> None:
        """Give what was read back: the next `read` gives it again."""
        self._unread = data

    def body(self, limit: int, tee: Callable[[bytes], object] | None = None) -> bytes:
        """Read the whole body, and give the connection back.

        Args:
            limit: The most decoded bytes that are taken.
            tee: Gets every block as it comes.

        Raises:
            BodyTooLargeError: There is more.
        """
        body = bytearray()
        try:
            while data := self.read():
                body += data
                refuse_larger(body, limit)
                if tee is not None:
                    tee(data)
        finally:
            self.close()
        return bytes(body)

    def error_body(self, limit: int) -> bytes:
        """Read an error's body as far as it comes and as the limit allows: the status has said what matters.

        Args:
            limit: The most decoded bytes that are taken; the rest is not waited for.

        Raises:
            StreamCancelled: The caller does not want it any more.
        """
        body = bytearray()
        try:
            while len(body) < limit and (data := self.read()):
                body += data
        except StreamCancelled:
            raise
        except MimoError:
            pass
        self.close()
        return bytes(body[:limit])

    def chunks(
        self, decoder: StreamDecoder[Any], linger: float, tee: Callable[[bytes], object] | None = None
    ) -> Generator[bytes, None, None]:
        """Read a stream block by block, under the idle and the linger clock.

        Args:
            decoder: What takes the bytes; a cut or silence behind a finished answer is an end, not an error.
            linger: How long to wait for what may follow `finished`, in seconds.
            tee: Gets every block as it comes.
        """
        guard = self._guard
        clocks = StreamClocks(idle=guard.idle, linger=linger, idle_at=guard.idle_at, decoder=decoder)
        watched_until = 0.0
        while True:
            now = monotonic()
            clocks.start(now)
            guard.idle_at, guard.linger_at = clocks.idle_at, clocks.linger_at
            if watched_until <= now:  # the watchdog may have looked while the clock stood still
                watched_until = clocks.linger_at if clocks.linger_at < inf else 0.0
                WATCHDOG.watch(guard, clocks.linger_at)
            data = self._read_until_end(decoder)
            clocks.stop(monotonic())
            guard.idle_at = guard.linger_at = inf
            if not data:
                return
            if tee is not None:
                tee(data)
            yield data

    def _read_until_end(self, decoder: StreamDecoder[Any]) -> bytes:
        """Read on; a cut or silence behind a complete answer is the end."""
        try:
            return self.read()
        except MimoError as error:
            if isinstance(error, StreamCancelled) or not decoder.finished:
                raise
            return b""

    def finish(self, drain: int) -> None:
        """Leave the response after its last event: read on to the body's end, within a bound, to keep the connection.

        Args:
            drain: The most bytes that are read.
        """
        if self._open and self._kept and not self._connection.is_closed:
            self._guard.drain(DRAIN_TIMEOUT_SECONDS)
            try:
                while drain > 0 and not self._body.closed:
                    drain -= len(self.read())
            except MimoError:
                return
        self.close()

    def close(self, *, broken: bool = False) -> None:
        """Give the connection back if the body has ended, else close it. Twice does no harm.

        Args:
            broken: The reading failed; urllib3 calls the body closed then too, which is no end.
        """
        if not self._open:
            return
        self._open = False
        self._guard.detach()
        has_ended = self._body.closed and not broken and self._guard.reason is None
        if has_ended and self._kept and not self._body.has_surplus and not self._connection.is_closed:
            self._pool.give(self._connection, max_idle_seconds(self.headers))
        else:
            self._body.close()
            self._connection.close()
