"""The client for asyncio: what `Client` does, awaited.

    async with AsyncClient() as client:
        done = await client.create_chat_completion(model="mimo-v2.6-pro", messages=[user("hi")])
        async with client.stream_chat_completion(model=..., messages=[...]) as stream:
            async for chunk in stream: ...
            done = await stream.result()

Rules:

- By itself it sends over asyncio's own transports (`aio.transport`). With ``http=`` it sends through a client of
  another library that the caller owns, and never closes that.
- What the methods take, give and raise is what those of `Client` take, give and raise.
- What is raised leaves without frames: those below hold what the server sent, which may hold the key. Only what a
  function of the caller's raises (`tee`) keeps them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING, Any, Final, Never, NoReturn, Self, TypeVar, overload

from mimo_proto.aio.attempts import AsyncCall
from mimo_proto.aio.libraries import library_of
from mimo_proto.aio.stream import AsyncStream
from mimo_proto.aio.transport import AsyncTransport
from mimo_proto.call.options import (
    CallOptions,
    ChatCompletionArguments,
    NoArguments,
    ResponseArguments,
    no_such_attribute,
    refuse_arguments,
    show_keywords,
    take_apart,
)
from mimo_proto.call.reply import Reply, accumulator_for
from mimo_proto.call.route import environment_proxy
from mimo_proto.call.settings import read_settings
from mimo_proto.endpoints import CHAT_COMPLETIONS, MODELS, RESPONSES, Endpoint
from mimo_proto.errors import ConfigurationError, LocalProtocolError
from mimo_proto.limits import Limits, Timeouts
from mimo_proto.log import observe_call
from mimo_proto.protocol.secret import Secret
from mimo_proto.protocol.stream import StreamDecoder
from mimo_proto.retry import RetryPolicy

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from typing import Unpack

    from mimo_proto.aio.libraries import AiohttpSession, HTTPXClient
    from mimo_proto.aio.library import HTTPLibrary
    from mimo_proto.models import ChatCompletion, ChatCompletionChunk, ModelList, Response, ResponseStreamEvent
    from mimo_proto.observe import Observer
    from mimo_proto.protocol.request import Auth

__all__ = ["AsyncClient", "AsyncStream"]

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")
EventT = TypeVar("EventT")
ProjectedT = TypeVar("ProjectedT")

DEFAULT_POOL_SIZE: Final = 10
"""How many idle connections are kept."""


class AsyncClient:
    """Calls MiMo from asyncio. Any number of tasks may share one; each loop has connections of its own.

    Use it in an ``async with`` block, or await `aclose()`; connections are made when needed, and kept.
    It does not pickle: it holds the key.

    Args:
        api_key: The key; without it ``MIMO_API_KEY`` from the environment.
        base_url: Where the API is, ending in ``/v1`` for MiMo; without it ``MIMO_BASE_URL``, else MiMo's own.
        http: An `aiohttp.ClientSession`, `httpx.AsyncClient` or `httpx2.AsyncClient` of yours to send with, which
            stays open; by default nothing but asyncio is needed.
        auth: How the key is sent: "bearer" (``Authorization: Bearer``) or "api-key" (``api-key:``).
        timeouts: The four clocks of a call, in seconds.
        retry: When a call is tried again; never, by default.
        limits: How much of an answer is taken, in bytes, and how long its end is waited for, in seconds.
        pool_size: How many idle connections are kept, 10 by default. More calls at a time are fine, and wait for
            nobody. Not beside `http`, like the two that follow.
        headers: More headers for every request.
        ssl_context: The context for TLS; the system's certificate store by default.
        proxy: ``http://`` or ``https://`` URL of a proxy, perhaps with ``user:password@``; "environment" for that of
            HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; None for none.
        allow_http: Allow a plain ``http://`` base URL to other hosts than this one.
        observer: Gets an observation at each step of each call; see `mimo_proto.observe`.
        **unknown: Not taken: what comes here is refused, with a hint at what it is called here.

    Raises:
        ConfigurationError: No key; a key, base URL, header, proxy or HTTP client that cannot be used; a value of
            another type, or an argument that there is not.
    """

    _base_url = ""

    if TYPE_CHECKING:
        pass  # a `__getattr__` would make every name a good one
    else:
        __getattr__ = no_such_attribute

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        http: HTTPXClient | AiohttpSession | None = None,
        auth: Auth = "bearer",
        timeouts: Timeouts = Timeouts(),
        retry: RetryPolicy = RetryPolicy(),
        limits: Limits = Limits(),
        pool_size: int | None = None,
        headers: Mapping[str, str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        allow_http: bool = False,
        observer: Observer | None = None,
        **unknown: Unpack[NoArguments],
    ) -> None:
        # First of all, so that no frame of ours shows the key.
        api_key = None if api_key is None else Secret(api_key)
        proxy = None if proxy is None else Secret(proxy)
        refuse_arguments(unknown)
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
            observer=observer,
        )
        self._base_url = self._settings.base_url
        self._closed = False
        self._library: HTTPLibrary
        self._transport: AsyncTransport | None = None
        if http is not None:
            if (pool_size, ssl_context, proxy) != (None, None, None):
                raise ConfigurationError(
                    "pool_size=, ssl_context= and proxy= belong to the client that is given as http=: set them there"
                )
            self._library = library_of(http)
            return
        if proxy == "environment":
            proxy = _environment_proxy(self._base_url)
        self._library = self._transport = AsyncTransport(
            self._base_url,
            pool_size=DEFAULT_POOL_SIZE if pool_size is None else pool_size,
            ssl_context=ssl_context,
            proxy=proxy,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._base_url}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled, it holds the key; build one there")

    async def aclose(self) -> None:
        """Close the idle connections; streams that are open go on to their end. Twice does no harm."""
        self._closed = True
        if self._transport is not None:
            self._transport.close()
            with contextlib.suppress(RuntimeError):  # trio has no loop of asyncio, so nothing is open
                asyncio.get_running_loop()
                await asyncio.sleep(0)  # they are closed when the loop comes to it

    @show_keywords(ChatCompletionArguments)
    async def create_chat_completion(
        self, request: None = None, /, **arguments: Unpack[ChatCompletionArguments]
    ) -> ChatCompletion:
        """Ask for a chat completion: ``POST {base}/chat/completions``.

        Args:
            request: Not taken: a request that is a Struct or a dict goes to `send`.
            **arguments: The fields of a `ChatCompletionRequest`, and the options in `CallOptions`.

        Raises:
            InvalidRequestError: The spec refuses the request; nothing was sent.
            APIError: The server answered with an error.
            TransportError: The request or the answer did not get through.
            RemoteProtocolError: The answer is not what the protocol says.
        """
        fields, options = take_apart(request, arguments, "send(CHAT_COMPLETIONS, request)")
        return (await self.send(CHAT_COMPLETIONS, fields, **options)).value

    @show_keywords(ChatCompletionArguments)
    def stream_chat_completion(
        self, request: None = None, /, **arguments: Unpack[ChatCompletionArguments]
    ) -> AsyncStream[ChatCompletionChunk, ChatCompletion]:
        """Ask for a chat completion, chunk by chunk; the request is sent when the stream is entered or first read.

        Args:
            request: Not taken: a request that is a Struct or a dict goes to `stream`.
            **arguments: The fields of a `ChatCompletionRequest`, and the options in `CallOptions`.

        Raises:
            InvalidRequestError: The spec refuses the request; nothing was sent.
        """
        fields, options = take_apart(request, arguments, "stream(CHAT_COMPLETIONS, request)")
        return self.stream(CHAT_COMPLETIONS, fields, **options)

    @show_keywords(ResponseArguments)
    async def create_response(self, request: None = None, /, **arguments: Unpack[ResponseArguments]) -> Response:
        """Ask for a response: ``POST {base}/responses``.

        Args:
            request: Not taken: a request that is a Struct or a dict goes to `send`.
            **arguments: The fields of a `ResponseRequest`, and the options in `CallOptions`.

        Raises:
            MimoError: As `create_chat_completion` does.
        """
        fields, options = take_apart(request, arguments, "send(RESPONSES, request)")
        return (await self.send(RESPONSES, fields, **options)).value

    @show_keywords(ResponseArguments)
    def stream_response(
        self, request: None = None, /, **arguments: Unpack[ResponseArguments]
    ) -> AsyncStream[ResponseStreamEvent, Response]:
        """Ask for a response, event by event; the request is sent when the stream is entered or first read.

        Args:
            request: Not taken: a request that is a Struct or a dict goes to `stream`.
            **arguments: The fields of a `ResponseRequest`, and the options in `CallOptions`.

        Raises:
            InvalidRequestError: The spec refuses the request; nothing was sent.
        """
        fields, options = take_apart(request, arguments, "stream(RESPONSES, request)")
        return self.stream(RESPONSES, fields, **options)

    async def list_models(self, **options: Unpack[CallOptions]) -> ModelList:
        """Ask which models there are: ``GET {base}/models``; the options are those in `CallOptions`.

        Raises:
            MimoError: As `create_chat_completion` does.
        """
        return (await self.send(MODELS, **options)).value

    async def send(
        self,
        endpoint: Endpoint[RequestT, ReplyT, Any],
        request: RequestT | Mapping[str, Any] | None = None,
        /,
        **options: Unpack[CallOptions],
    ) -> Reply[ReplyT]:
        """Call any endpoint, and get the answer with its status, headers and raw body.

        Args:
            endpoint: `CHAT_COMPLETIONS`, `RESPONSES`, `MODELS`, or one of your own.
            request: The request as a Struct or a dict.
            **options: See `CallOptions`.

        Raises:
            MimoError: As `create_chat_completion` does.
        """
        call = self._call(endpoint, request, options, None)
        return await call.reply(endpoint)

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
        """Call any endpoint that streams; the request is sent when the stream is entered or first read.

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
        decoder: StreamDecoder[Any] = StreamDecoder(endpoint, event_type=event_type, limits=self._settings.limits)
        call = self._call(endpoint, request, options, decoder)
        return AsyncStream(call, decoder, accumulator_for(endpoint, event_type))

    def _call(
        self,
        endpoint: Endpoint[Any, Any, Any],
        request: Any,
        options: CallOptions,
        decoder: StreamDecoder[Any] | None,
    ) -> AsyncCall:
        """Make a call without sending anything."""
        if self._closed:
            raise LocalProtocolError("the client is closed")
        http_request = self._settings.request(endpoint, request, options, stream=decoder is not None)
        settings = self._settings.of_call(options)
        observed = observe_call(settings, endpoint, http_request)
        return AsyncCall(self._library, http_request, settings, options.get("tee"), decoder, observed=observed)


def _environment_proxy(base_url: str) -> Secret | None:
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - it brings http.client, and few need it

    return environment_proxy(base_url, getproxies, proxy_bypass)
