"""What the adapters over an HTTP library have in common: all but the library.

An adapter says how its library sends a request and reads an answer (`HTTPLibrary`, `Answer`); from there on it is one
sequence: head, is it an event stream, pieces to the decoder, events, the verdict, what is left of the body.

Rules:

- The core decides everything: what is sent (`request`), what an answer means (`response`, `stream`), what is tried
  again (`retry`). Nothing here looks into a byte.
- The library is the caller's: its trust, proxies, pool and hooks are used, its authentication, redirects, timeouts and
  decompression are not.
- What is raised leaves with its traceback cut off here: the frames below hold what the server sent, which may hold the
  key. Only what a function of the caller's raises (`tee`) keeps it.
"""

from __future__ import annotations

import contextlib
import os
from abc import abstractmethod
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, cast

from mimo_proto.aio.answer import Resumed
from mimo_proto.aio.call import AsyncCall
from mimo_proto.aio.session import AsyncAdapter, AsyncStream
from mimo_proto.endpoints import MODELS
from mimo_proto.errors import IncompleteStreamError, LocalProtocolError, MimoError, StreamCancelled
from mimo_proto.http.attempts import Reply
from mimo_proto.limits import Limits, Timeouts
from mimo_proto.protocol.base_url import DEFAULT_BASE_URL, check_base_url
from mimo_proto.protocol.chat_accumulator import ChatAccumulator
from mimo_proto.protocol.request import build_request
from mimo_proto.protocol.response import FirstBytes, find_request_id, is_event_stream, parse_response, refuse_answer
from mimo_proto.protocol.response_accumulator import ResponseAccumulator
from mimo_proto.protocol.secret import Secret
from mimo_proto.protocol.stream import StreamDecoder
from mimo_proto.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from typing import Unpack

    from mimo_proto.aio.answer import Answer, HTTPLibrary
    from mimo_proto.call.options import CallOptions
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.http.stream import Accumulator
    from mimo_proto.protocol.request import Auth, HTTPRequest

__all__ = ["HTTPAdapter", "HTTPStream"]

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")
EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")
ClientT = TypeVar("ClientT")
WorkT = TypeVar("WorkT")


class HTTPStream(AsyncStream[EventT, ResultT]):
    """A stream whose bytes an HTTP library reads. See `AsyncStream`."""

    def __init__(
        self, call: AsyncCall, decoder: StreamDecoder[EventT], accumulator: Accumulator[EventT, ResultT] | None
    ) -> None:
        super().__init__(whole=accumulator is not None)
        self._call = call
        self._decoder = decoder
        self._accumulator = accumulator
        self._answer: Answer | None = None
        self._batch: list[EventT] = []
        self._sum: ResultT | None = None

    @property
    def attempts(self) -> int:
        """How many HTTP requests were made."""
        return self._call.attempts

    def cancel(self) -> None:
        """See `AsyncStream.cancel`."""
        self._call.cancel()

    async def _open(self) -> None:
        if self._opened:
            return
        self._opened = True
        await self._see_to(self._begin())

    async def _wait(self) -> None:
        events = await self._see_to(self._fetch())
        self._ready.extend(events)
        self._batch = events
        if not events:
            self.end = "completed"
            await self._call.finish(cast("Answer", self._answer))

    async def _see_to(self, work: Coroutine[Any, Any, WorkT]) -> WorkT:
        """Await a part of the call; what it raises ends the stream."""
        try:
            return await work
        except BaseException as exc:  # noqa: BLE001 - raised below
            failure = _bare(exc)
        own = failure if isinstance(failure, MimoError) else StreamCancelled("the reading was interrupted")
        try:
            await self._fail(own)
            raise failure
        finally:
            del failure, own

    async def _begin(self) -> None:
        call = self._call
        self._answer = answer = await call.open()
        self.status, self.headers = answer.status, answer.headers
        self.request_id = find_request_id(answer.headers)
        if not (is_event_stream(answer.status, answer.headers) or await self._begins_as_one(answer)):
            body = await call.error_body(self._answer)
            raise refuse_answer(answer.status, answer.headers, body, wanted="an event stream")

    async def _begins_as_one(self, answer: Answer) -> bool:
        """Whether the first bytes are those of an event stream, whatever the type says."""
        first = FirstBytes(self._call.limits.error_body)
        while first.is_event_stream is None:
            first.feed(await self._call.read(answer))
        self._answer = Resumed(answer, first.data)
        return first.is_event_stream

    async def _fetch(self) -> list[EventT]:
        """Read pieces until one completes an event; nothing when the stream is complete."""
        decoder, call, answer = self._decoder, self._call, cast("Answer", self._answer)
        self._add_up()
        if decoder.done:
            return []
        # An error that came behind the last events was kept back for now.
        events = decoder.feed(b"")
        while not events and not decoder.done:
            try:
                piece = await call.read(answer)
            except StreamCancelled:
                raise
            except MimoError:
                # A cut or silence after the verdict is an end.
                if not decoder.finished:
                    raise
                piece = b""
            if not piece:
                return decoder.close()
            if call.tee is not None:
                call.tee(piece)
            seen, came = decoder.events_seen, monotonic()
            events = decoder.feed(piece)
            if not events:  # with them, the time is the caller's
                call.linger -= monotonic() - came
            if decoder.events_seen != seen:
                call.idle_at = inf
            if decoder.finished and call.linger == inf:
                call.linger = call.limits.linger
        return events

    async def _fail(self, error: MimoError) -> None:
        # What was not handed out does not count as arrived, as with `Stream`.
        del self._batch[len(self._batch) - len(self._ready) :]
        self._call.report(error)
        if self._accumulator is not None:
            # What has come may be too little, or too odd, to make anything of.
            with contextlib.suppress(MimoError):
                self._add_up()
                error.partial = self._accumulator.partial()
        self._note(error)
        if self._answer is not None:
            await self._call.close(self._answer)

    async def _result(self) -> ResultT:
        if self._sum is None:
            self._add_up()
            with contextlib.suppress(LocalProtocolError):  # not one event came before the end mark
                self._sum = cast("Accumulator[EventT, ResultT]", self._accumulator).result()
            if self._sum is None or getattr(self._sum, "choices", None) == []:
                await self._fail(IncompleteStreamError("the stream said that it was complete, but not one choice came"))
                return await self.result()
        return self._sum

    def _add_up(self) -> None:
        """Add up what was fetched last and has been handed out since."""
        if self._accumulator is not None:
            batch, self._batch = self._batch, []
            for event in batch:
                self._accumulator.add(event)

    def _drop(self) -> None:
        cast("Answer", self._answer).drop()


class HTTPAdapter(AsyncAdapter, Generic[ClientT]):
    """What an adapter over an HTTP library is. It does not pickle: it holds the key.

    Args:
        client: The library's client; the caller's, it stays open.
        api_key: The key; without it ``MIMO_API_KEY`` from the environment.
        base_url: Where the API is, ending in ``/v1`` for MiMo; without it ``MIMO_BASE_URL``, else MiMo's own.
        auth: How the key is sent: "bearer" (``Authorization: Bearer``) or "api-key" (``api-key:``).
        timeouts: The four clocks of a call, in seconds.
        retry: When a call is tried again; never, by default.
        limits: How much of an answer is taken, in bytes, and how long its end is waited for, in seconds.
        headers: More headers for every request.
        allow_http: Allow a plain ``http://`` base URL to other hosts than this one.

    Raises:
        ConfigurationError: No key, or a key, base URL or header that cannot be used.
    """

    def __init__(
        self,
        client: ClientT,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        auth: Auth = "bearer",
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        limits: Limits = Limits(),  # noqa: B008 - frozen
        headers: Mapping[str, str] | None = None,
        allow_http: bool = False,
    ) -> None:
        # First of all, so that no frame of ours shows the key.
        api_key = Secret(os.environ.get("MIMO_API_KEY", "") if api_key is None else api_key)
        if base_url is None:
            base_url = os.environ.get("MIMO_BASE_URL") or DEFAULT_BASE_URL
        self._library = self._wrap(client)
        self._key = api_key
        self._base_url = check_base_url(base_url, allow_http=allow_http)
        self._auth: Auth = auth
        self._headers = headers or {}
        self._allow_http = allow_http
        self._timeouts = timeouts
        self._retry = retry
        self._limits = limits
        self._build(MODELS, None, False, {})  # refuses now what it would refuse with every call

    @staticmethod
    @abstractmethod
    def _wrap(client: ClientT) -> HTTPLibrary:
        """Say how the client is used."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._base_url}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled, it holds the key; build one there")

    async def send(
        self,
        endpoint: Endpoint[RequestT, ReplyT, Any],
        request: RequestT | Mapping[str, Any] | None = None,
        /,
        **options: Unpack[CallOptions],
    ) -> Reply[ReplyT]:
        """See `AsyncAdapter.send`."""
        call = self._call(endpoint, request, False, options)
        try:
            return await self._perform(call, endpoint)
        except BaseException as exc:  # noqa: BLE001 - raised below
            failure = _bare(exc)
        try:
            raise call.report(failure) if isinstance(failure, MimoError) else failure
        finally:
            del failure

    async def _perform(self, call: AsyncCall, endpoint: Endpoint[Any, ReplyT, Any]) -> Reply[ReplyT]:
        answer = await call.open()
        try:
            body = await call.body(answer)
            value = parse_response(endpoint, answer.status, answer.headers, body)
        finally:
            await call.close(answer)
        return Reply(
            value=value,
            status=answer.status,
            headers=answer.headers,
            request_id=find_request_id(answer.headers),
            attempts=call.attempts,
            body=body,
        )

    def _stream(
        self, endpoint: Endpoint[Any, Any, Any], request: Any, event_type: Any, options: CallOptions
    ) -> AsyncStream[Any, Any]:
        decoder = StreamDecoder(endpoint, event_type=event_type, limits=self._limits)
        accumulator: Accumulator[Any, Any] | None = None
        if event_type is None:
            accumulator = (ChatAccumulator if endpoint.protocol == "chat" else ResponseAccumulator)(endpoint)
        return HTTPStream(self._call(endpoint, request, True, options), decoder, accumulator)

    def _call(self, endpoint: Endpoint[Any, Any, Any], request: Any, stream: bool, options: CallOptions) -> AsyncCall:
        timeouts, retry = options.get("timeouts"), options.get("retry")
        return AsyncCall(
            self._library,
            self._build(endpoint, request, stream, options),
            key=self._key,
            timeouts=self._timeouts if timeouts is None else timeouts,
            retry=self._retry if retry is None else retry,
            limits=self._limits,
            tee=options.get("tee"),
        )

    def _build(
        self, endpoint: Endpoint[Any, Any, Any], request: Any, stream: bool, options: CallOptions
    ) -> HTTPRequest:
        headers = {**self._headers, **(options.get("extra_headers") or {}), "accept-encoding": "identity"}
        return build_request(
            endpoint,
            request,
            api_key=self._key,
            base_url=self._base_url,
            auth=self._auth,
            stream=stream,
            extra_body=options.get("extra_body"),
            extra_headers=headers,
            allow_http=self._allow_http,
            validate=options.get("validate", True),
        )


def _bare(failure: BaseException) -> BaseException:
    """Take the frames off what leaves; see the rules above. Returns the same object."""
    if isinstance(failure, MimoError) or not isinstance(failure, Exception):
        failure.__context__ = failure.__traceback__ = None
    return failure
