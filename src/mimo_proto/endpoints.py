"""The endpoints: their paths, and the types that travel over them.

An endpoint is a value. Services that extend the spec make their own from ours, `CHAT_COMPLETIONS.with_types(...)`, and
pass it where ours go.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar, overload

import msgspec

from mimo_proto.models import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
    ModelList,
    Response,
    ResponseRequest,
    ResponseStreamEvent,
)

__all__ = ["CHAT_COMPLETIONS", "Endpoint", "MODELS", "RESPONSES"]

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")
EventT = TypeVar("EventT")
NewRequestT = TypeVar("NewRequestT")
NewReplyT = TypeVar("NewReplyT")
NewEventT = TypeVar("NewEventT")


class Endpoint(msgspec.Struct, Generic[RequestT, ReplyT, EventT], frozen=True, kw_only=True):
    """One operation of the API.

    Attributes:
        name: The endpoint's name in error texts.
        method: The HTTP method.
        path: The path that is appended to the base URL.
        request: The type of the request's body, or None where there is none.
        reply: The type of the JSON response.
        event: The type of a stream's events, or None where there are no streams.
        protocol: The API whose rules say when a stream is complete.
    """

    name: str
    method: Literal["GET", "POST"]
    path: str
    request: Any
    reply: Any
    event: Any = None
    protocol: Literal["chat", "responses"] | None = None

    @overload
    def with_types(
        self, *, request: type[NewRequestT], reply: type[NewReplyT], event: type[NewEventT]
    ) -> Endpoint[NewRequestT, NewReplyT, NewEventT]: ...
    @overload
    def with_types(
        self, *, request: type[NewRequestT], reply: type[NewReplyT], event: Any
    ) -> Endpoint[NewRequestT, NewReplyT, Any]: ...
    def with_types(self, *, request: Any, reply: Any, event: Any) -> Endpoint[Any, Any, Any]:
        """Make an endpoint at the same place with other types, such as those that were generated with an overlay.

        Args:
            request: The type of the request's body.
            reply: The type of the JSON response.
            event: The type of a stream's events; of a union, type checkers want to be told by an annotation.
        """
        return msgspec.structs.replace(self, request=request, reply=reply, event=event)


CHAT_COMPLETIONS: Endpoint[ChatCompletionRequest, ChatCompletion, ChatCompletionChunk] = Endpoint(
    name="chat completions",
    method="POST",
    path="/chat/completions",
    request=ChatCompletionRequest,
    reply=ChatCompletion,
    event=ChatCompletionChunk,
    protocol="chat",
)
"""`POST {base}/chat/completions`."""

RESPONSES: Endpoint[ResponseRequest, Response, ResponseStreamEvent] = Endpoint(
    name="responses",
    method="POST",
    path="/responses",
    request=ResponseRequest,
    reply=Response,
    event=ResponseStreamEvent,
    protocol="responses",
)
"""`POST {base}/responses`."""

MODELS: Endpoint[None, ModelList, None] = Endpoint(
    name="models", method="GET", path="/models", request=None, reply=ModelList
)
"""`GET {base}/models`."""
