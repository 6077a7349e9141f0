"""The adapters for asyncio: two verbs, `send` and `stream`, for every endpoint; and what those over a library share.

Rules:

- What the verbs take, give and raise is what `Client.send` and `Client.stream` take, give and raise.
- An adapter over an HTTP library says how that sends a request and reads a response (`aio.library`). What is sent, what
  a response means and what is tried again is the core's.
- The library is the caller's: its TLS context, proxies, pool and hooks are used, its authentication, redirects,
  timeouts and decompression are not.
- What is raised leaves without frames: those below hold what the server sent, which may hold the key. Only what a
  function of the caller's raises (`tee`) keeps them.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, Never, NoReturn, TypeVar, overload

from mimo_proto.aio.attempts import AsyncCall
from mimo_proto.aio.stream import AsyncStream, HTTPStream
from mimo_proto.call.reply import accumulator_for
from mimo_proto.call.settings import read_settings
from mimo_proto.limits import Limits, Timeouts
from mimo_proto.protocol.secret import Secret
from mimo_proto.protocol.stream import StreamDecoder
from mimo_proto.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from mimo_proto.aio.library import HTTPLibrary
    from mimo_proto.call.options import CallOptions
    from mimo_proto.call.reply import Reply
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.protocol.request import Auth

__all__ = ["AsyncAdapter", "HTTPAdapter"]

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")
EventT = TypeVar("EventT")
ClientT = TypeVar("ClientT")
ProjectedT = TypeVar("ProjectedT")


class AsyncAdapter(ABC):
    """Calls MiMo from asyncio: any endpoint, whole or streamed. Any number of tasks of one loop may share one."""

    @abstractmethod
    async def send(
        self,
        endpoint: Endpoint[RequestT, ReplyT, Any],
        request: RequestT | Mapping[str, Any] | None = None,
        /,
        **options: Unpack[CallOptions],
    ) -> Reply[ReplyT]:
        """Call an endpoint, and get the answer with its status, headers and raw body.

        Args:
            endpoint: `CHAT_COMPLETIONS`, `RESPONSES`, `MODELS`, or one of your own.
            request: The request as a Struct or a dict.
            **options: See `CallOptions`.

        Raises:
            InvalidRequestError: The spec refuses the request; nothing was sent.
            APIError: The server answered with an error.
            TransportError: The request or the answer did not get through.
            RemoteProtocolError: The answer is not what the protocol says.
        """

    @overload
    def stream(
        self,
        endpoint: Endpoint[RequestT, ReplyT, EventT],
        request: RequestT | Mapping[str, Any] | None = None,
        /,
        **options: Unpack[CallOptions],
    ) -> AsyncStream[EventT, ReplyT]: ...
    @overload
    def stream(
        self,
        endpoint: Endpoint[RequestT, Any, Any],
        request: RequestT | Mapping[str, Any] | None = None,
        /,
        *,
        event_type: type[ProjectedT],
        **options: Unpack[CallOptions],
    ) -> AsyncStream[ProjectedT, Never]: ...
    @overload
    def stream(
        self,
        endpoint: Endpoint[RequestT, Any, Any],
        request: RequestT | Mapping[str, Any] | None = None,
        /,
        *,
        event_type: Any,
        **options: Unpack[CallOptions],
    ) -> AsyncStream[Any, Never]: ...
    def stream(
        self,
        endpoint: Endpoint[Any, Any, Any],
        request: Any = None,
        /,
        *,
        event_type: Any = None,
        **options: Unpack[CallOptions],
    ) -> AsyncStream[Any, Any]:
        """Call an endpoint that streams; the request is sent when the stream is entered or first read.

        Args:
            endpoint: `CHAT_COMPLETIONS`, `RESPONSES`, or one of your own.
            request: The request as a Struct or a dict.
            event_type: Decode the events into this Struct (or union) only; see `mimo_proto.protocol.projection`. Such a
                stream has no `text()` and no `result()`.
            **options: See `CallOptions`.

        Raises:
            InvalidRequestError: The spec refuses the request; nothing was sent.
            ConfigurationError: The endpoint has no streams, or the event type cannot be followed to its end.
        """
        return self._stream(endpoint, request, event_type, options)

    @abstractmethod
    def _stream(
        self, endpoint: Endpoint[Any, Any, Any], request: Any, event_type: Any, options: CallOptions
    ) -> AsyncStream[Any, Any]:
        """Make the stream; nothing is sent yet."""


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

    _base_url = ""

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
        api_key = None if api_key is None else Secret(api_key)
        self._library = self._wrap(client)
        self._settings = read_settings(
            os.getenv,
            api_key,
            base_url,
            auth=auth,
            headers=headers,
            allow_http=allow_http,
            timeouts=timeouts,
            retry=retry,
            limits=limits,
        )
        self._base_url = self._settings.base_url

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
        http_request = self._settings.request(endpoint, request, options)
        call = AsyncCall(self._library, http_request, self._settings.of_call(options), options.get("tee"))
        return await call.reply(endpoint)

    def _stream(
        self, endpoint: Endpoint[Any, Any, Any], request: Any, event_type: Any, options: CallOptions
    ) -> AsyncStream[Any, Any]:
        decoder: StreamDecoder[Any] = StreamDecoder(endpoint, event_type=event_type, limits=self._settings.limits)
        http_request = self._settings.request(endpoint, request, options, stream=True)
        call = AsyncCall(self._library, http_request, self._settings.of_call(options), options.get("tee"), decoder)
        return HTTPStream(call, decoder, accumulator_for(endpoint, event_type))
