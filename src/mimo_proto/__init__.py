"""Xiaomi MiMo's Chat Completions and Responses APIs: typed, streamed, and without I/O where you want none.

The key is taken from MIMO_API_KEY, and MIMO_BASE_URL says where to, if it is not MiMo's own host. Without a key,
mimo-proto serve stands in for MiMo on this machine; what it answers is shown here:

    >>> from mimo_proto import Client, user
    >>> client = Client()
    >>> question = [user("Is 91 a prime?")]
    >>> done = client.create_chat_completion(model="mimo-v2.6-pro", messages=question)
    >>> print(done.choices[0].message.content)
    You said: Is 91 a prime?
    >>> with client.stream_chat_completion(model="mimo-v2.6-pro", messages=question) as stream:
    ...     print("|".join(stream.text()))
    You |said: |Is |91 |a |prime?
    >>> print(stream.end, stream.result().usage.total_tokens)
    completed 20
    >>> client.close()

What is here, by task; pydoc mimo_proto.NAME says more of each.

Call MiMo
    `Client` calls over sockets of its own, `AsyncClient` from asyncio; the methods are the
    same. Those named after an endpoint take keywords: create_chat_completion,
    stream_chat_completion, create_response, stream_response, list_models. `Client.send` and
    `Client.stream` take an endpoint and a whole request: `CHAT_COMPLETIONS`, `RESPONSES`,
    `MODELS`. `Timeouts`, `Limits` and `RetryPolicy` bound a call; nothing is sent twice by
    default.

Read a stream
    Iterate over a `Stream` or an `AsyncStream` for its events, over text() for the words,
    over deltas() for a `Delta` of all that is said, alike in both APIs; result() is what
    the call without streaming gives. A stream that was cut raises `IncompleteStreamError`,
    with what had arrived in error.partial.

Hold a conversation
    `system`, `developer`, `user`, `assistant` and `tool` make messages. `to_request` turns
    a reply into what goes back, with the thinking that MiMo wants to see again.

Use tools, typed answers, speech
    `function_tool` makes a tool of a Struct, `parse_arguments` reads a call of it,
    `decode_content` an answer in JSON. `pcm_to_wav` makes a file of what was spoken.

Know what went wrong
    Every error is a `MimoError`: an `APIError` when MiMo says no (`RateLimitError` and so
    on), a `TransportError` when bytes got lost, a `RemoteProtocolError` when the answer is
    not what the protocol says, a `LocalProtocolError` or `ConfigurationError` when the
    mistake is yours. `errors` draws the tree.

Look before sending, and while it runs
    `preflight` says what MiMo would refuse or ignore, `validate` what the spec refuses. An
    `Observer` gets `CallStarted` to `CallFinished`; `Usage` adds tokens up.

Put other clients in front
    `adapt_request` takes what was written for other servers, `ReasoningMemory` puts back
    the thinking that they drop; `encode_event`, `to_json`, `encode_done` and `encode_error`
    write what they read.

Bring an HTTP library of your own
    `build_request` and `parse_response` for a call; `StreamDecoder`, `ChatAccumulator` and
    `ResponseAccumulator` for a stream; `DeltaReader` for what it says; `SSEDecoder` for any
    other event stream. None of them does I/O.

Test a service
    `testing` has a server on 127.0.0.1 that a test scripts.

`models` has every type of the spec, and all of them are in the root as well: import names,
not *. What the spec does not know is an `Unknown`, or an attribute of the object that it
came on, and goes back as it came. The command line is mimo-proto --help.

What a first call does not need, the client and urllib3 with it, is imported when it is
first asked for (PEP 562).
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
