"""mimo-proto: Xiaomi MiMo's Chat Completions and Responses APIs, typed, streamed, and without I/O where you want none.

- `Client` talks to MiMo over urllib3, `AsyncClient` over asyncio.
- `build_request`, `parse_response`, `StreamDecoder` and the accumulators do the same for any other HTTP library.
- `DeltaReader` says what the events of a stream say, alike in both APIs.
- `mimo_proto.models` holds every type of the spec, `mimo_proto.errors` every error; all of them are here as well.
- `mimo_proto.testing` has a server to test against, `mimo_proto.aio` the shells for asyncio.

What a first call does not need, the client and urllib3 with it, is imported when it is first asked for (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto._version import __version__
from mimo_proto.endpoints import CHAT_COMPLETIONS, MODELS, RESPONSES, Endpoint
from mimo_proto.errors import *  # noqa: F403 - its __all__ is the list
from mimo_proto.limits import Limits, Timeouts
from mimo_proto.messages import assistant, developer, system, to_request, tool, user
from mimo_proto.models import *  # noqa: F403 - its __all__ is the list
from mimo_proto.protocol.chat_accumulator import ChatAccumulator
from mimo_proto.protocol.request import HTTPRequest, build_request
from mimo_proto.protocol.response import parse_response
from mimo_proto.protocol.response_accumulator import ResponseAccumulator
from mimo_proto.protocol.sse import ServerSentEvent, SSEDecoder
from mimo_proto.protocol.stream import StreamDecoder
from mimo_proto.protocol.validate import validate
from mimo_proto.retry import RetryPolicy
from mimo_proto.unknown import Unknown

from . import errors, models

if TYPE_CHECKING:
    from mimo_proto.aio.client import AsyncClient
    from mimo_proto.aio.stream import AsyncStream
    from mimo_proto.client import Client, Reply
    from mimo_proto.http.stream import Stream
    from mimo_proto.observe import (
        AttemptStarted,
        CallFinished,
        CallStarted,
        FirstEvent,
        HeadReceived,
        Observation,
        Observer,
        Retrying,
    )
    from mimo_proto.protocol.adapt import Adapted, adapt_request
    from mimo_proto.protocol.delta_parts import Delta
    from mimo_proto.protocol.deltas import DeltaReader
    from mimo_proto.protocol.encode import encode_done, encode_event, to_json
    from mimo_proto.protocol.encode_error import ErrorReply, encode_error
    from mimo_proto.protocol.finding import Finding
    from mimo_proto.protocol.history import ReasoningMemory, Watch
    from mimo_proto.protocol.json_content import decode_content
    from mimo_proto.protocol.preflight import preflight
    from mimo_proto.protocol.tool_arguments import parse_arguments
    from mimo_proto.speech import pcm_to_wav
    from mimo_proto.tools import function_tool
    from mimo_proto.usage import Usage

__all__: list[str] = [
    # talk to MiMo
    "Client",
    "Stream",
    "AsyncClient",
    "AsyncStream",
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
    "DeltaReader",
    "Delta",
    "SSEDecoder",
    "ServerSentEvent",
    # before sending
    "preflight",
    # what other clients send
    "adapt_request",
    "Adapted",
    "Finding",
    # what other clients get
    "encode_event",
    "to_json",
    "encode_done",
    "encode_error",
    "ErrorReply",
    "ReasoningMemory",
    "Watch",
    # what observers get
    "Observer",
    "Observation",
    "CallStarted",
    "AttemptStarted",
    "HeadReceived",
    "FirstEvent",
    "Retrying",
    "CallFinished",
    # messages
    "system",
    "developer",
    "user",
    "assistant",
    "tool",
    "to_request",
    # tools, typed answers and speech
    "function_tool",
    "parse_arguments",
    "decode_content",
    "pcm_to_wav",
    # values
    "Timeouts",
    "Limits",
    "RetryPolicy",
    "Unknown",
    "Usage",
    # versions
    "__version__",
]
# Every error, and every type of the spec.
__all__ += errors.__all__
__all__ += models.__all__

LAZY = {
    "Client": "client",
    "Reply": "client",
    "Stream": "http.stream",
    "Delta": "protocol.delta_parts",
    "DeltaReader": "protocol.deltas",
    "Adapted": "protocol.adapt",
    "adapt_request": "protocol.adapt",
    "Finding": "protocol.finding",
    "preflight": "protocol.preflight",
    "encode_event": "protocol.encode",
    "to_json": "protocol.encode",
    "encode_done": "protocol.encode",
    "encode_error": "protocol.encode_error",
    "ErrorReply": "protocol.encode_error",
    "function_tool": "tools",
    "parse_arguments": "protocol.tool_arguments",
    "decode_content": "protocol.json_content",
    "pcm_to_wav": "speech",
    "AsyncClient": "aio.client",
    "AsyncStream": "aio.stream",
    "Usage": "usage",
    "Observer": "observe",
    "Observation": "observe",
    "CallStarted": "observe",
    "AttemptStarted": "observe",
    "HeadReceived": "observe",
    "FirstEvent": "observe",
    "Retrying": "observe",
    "CallFinished": "observe",
    "ReasoningMemory": "protocol.history",
    "Watch": "protocol.history",
}


def __getattr__(name: str) -> Any:
    """Import a name of `LAZY` when it is first asked for."""
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - as late as what it imports

    value = globals()[name] = getattr(import_module(f"{__name__}.{LAZY[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
