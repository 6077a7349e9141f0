"""mimo-proto: Xiaomi MiMo's Chat Completions and Responses APIs, typed, streamed, and without I/O where you want none.

- `Client` talks to MiMo over urllib3.
- `build_request`, `parse_response`, `StreamDecoder` and the accumulators do the same for any other HTTP library.
- `mimo_proto.models` holds every type of the spec; requests, replies and events are here as well.
- `mimo_proto.testing` has a server to test against, `mimo_proto.aio` the shells for asyncio.

The client, and with it urllib3, is imported when it is first asked for (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto._version import __version__
from mimo_proto.endpoints import CHAT_COMPLETIONS, MODELS, RESPONSES, Endpoint
from mimo_proto.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    BodyTooLargeError,
    ConfigurationError,
    ConnectError,
    ConnectionClosed,
    ConnectTimeout,
    ContentFilterError,
    DeadlineExceeded,
    DecodeError,
    EventTooLargeError,
    IdleTimeout,
    IncompleteStreamError,
    InsufficientBalanceError,
    InvalidRequestError,
    LocalProtocolError,
    MimoError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ReadTimeout,
    RedirectRefused,
    RemoteProtocolError,
    ServerError,
    SSEError,
    StreamCancelled,
    TransportError,
    TransportTimeout,
    UnexpectedContentType,
)
from mimo_proto.limits import Limits, Timeouts
from mimo_proto.messages import assistant, developer, system, to_request, tool, user
from mimo_proto.models import (
    SPEC_VERSION,
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
    ChatMessage,
    ChatTool,
    ContentPart,
    ErrorEvent,
    InputItem,
    ModelList,
    OutputItem,
    Response,
    ResponseCompleted,
    ResponseContentPartAdded,
    ResponseContentPartDone,
    ResponseCreated,
    ResponseCustomToolCallInputDelta,
    ResponseCustomToolCallInputDone,
    ResponseFailed,
    ResponseFunctionCallArgumentsDelta,
    ResponseFunctionCallArgumentsDone,
    ResponseIncomplete,
    ResponseInProgress,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
    ResponseOutputTextDelta,
    ResponseOutputTextDone,
    ResponseReasoningTextDelta,
    ResponseReasoningTextDone,
    ResponseRequest,
    ResponseStreamEvent,
    ResponseTool,
)
from mimo_proto.protocol.chat_accumulator import ChatAccumulator
from mimo_proto.protocol.request import HTTPRequest, build_request
from mimo_proto.protocol.response import parse_response
from mimo_proto.protocol.response_accumulator import ResponseAccumulator
from mimo_proto.protocol.sse import ServerSentEvent, SSEDecoder
from mimo_proto.protocol.stream import StreamDecoder
from mimo_proto.protocol.validate import validate
from mimo_proto.retry import RetryPolicy
from mimo_proto.unknown import Unknown

if TYPE_CHECKING:
    from mimo_proto.client import Client, Reply
    from mimo_proto.http.stream import Stream

__all__ = [
    # talk to MiMo
    "Client",
    "Stream",
    "Reply",
    # the same without I/O
    "Endpoint",
    "CHAT_COMPLETIONS",
    "RESPONSES",
    "MODELS",
    "HTTPRequest",
    "build_request",
    "parse_response",
    "validate",
    "StreamDecoder",
    "ChatAccumulator",
    "ResponseAccumulator",
    "SSEDecoder",
    "ServerSentEvent",
    # messages
    "system",
    "developer",
    "user",
    "assistant",
    "tool",
    "to_request",
    # values
    "Timeouts",
    "Limits",
    "RetryPolicy",
    # types of the spec
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatCompletionRequest",
    "ChatMessage",
    "ChatTool",
    "ContentPart",
    "ErrorEvent",
    "InputItem",
    "ModelList",
    "OutputItem",
    "Response",
    "ResponseCompleted",
    "ResponseContentPartAdded",
    "ResponseContentPartDone",
    "ResponseCreated",
    "ResponseCustomToolCallInputDelta",
    "ResponseCustomToolCallInputDone",
    "ResponseFailed",
    "ResponseFunctionCallArgumentsDelta",
    "ResponseFunctionCallArgumentsDone",
    "ResponseIncomplete",
    "ResponseInProgress",
    "ResponseOutputItemAdded",
    "ResponseOutputItemDone",
    "ResponseOutputTextDelta",
    "ResponseOutputTextDone",
    "ResponseReasoningTextDelta",
    "ResponseReasoningTextDone",
    "ResponseRequest",
    "ResponseStreamEvent",
    "ResponseTool",
    "Unknown",
    # errors
    "MimoError",
    "ConfigurationError",
    "TransportError",
    "ConnectError",
    "ConnectionClosed",
    "RedirectRefused",
    "TransportTimeout",
    "ConnectTimeout",
    "ReadTimeout",
    "IdleTimeout",
    "DeadlineExceeded",
    "APIError",
    "BadRequestError",
    "AuthenticationError",
    "InsufficientBalanceError",
    "PermissionDeniedError",
    "NotFoundError",
    "ContentFilterError",
    "RateLimitError",
    "ServerError",
    "RemoteProtocolError",
    "SSEError",
    "EventTooLargeError",
    "BodyTooLargeError",
    "DecodeError",
    "UnexpectedContentType",
    "IncompleteStreamError",
    "StreamCancelled",
    "LocalProtocolError",
    "InvalidRequestError",
    # versions
    "SPEC_VERSION",
    "__version__",
]

LAZY = {"Client": "client", "Reply": "client", "Stream": "http.stream"}


def __getattr__(name: str) -> Any:
    """Import the client's names when they are first asked for."""
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - as late as what it imports

    value = globals()[name] = getattr(import_module(f"{__name__}.{LAZY[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
