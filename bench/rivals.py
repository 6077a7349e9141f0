"""From bytes to typed events with what others offer.

Each function makes a loop over the events of a stream that has been cut into chunks; the loop returns the last event,
so that its end can be checked at no cost. The parsers that know no types get the library's own Structs behind them, by
the same msgspec decoder as the floor. Each rival is imported when its loop is made, and used in the way that is kindest
to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto.models import ChatCompletionChunk, ResponseStreamEvent

if TYPE_CHECKING:
    from bench.payloads import Protocol

__all__ = ["RIVALS", "Loop", "floor_decoder", "httpx_sse", "launchdarkly", "openai_sdk", "sseclient_py", "type_of"]

Loop = Callable[[Iterable[bytes]], Any]


def type_of(protocol: Protocol) -> Any:
    """The library's own type of an event."""
    return ChatCompletionChunk if protocol == "chat" else ResponseStreamEvent


def floor_decoder(protocol: Protocol) -> Callable[[bytes | str], Any]:
    """What nobody can go below: msgspec's C decoder into the library's own Structs."""
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(type_of(protocol))
    return decoder.decode


def launchdarkly(protocol: Protocol) -> Loop:
    """launchdarkly-eventsource: its parser alone, without the client's retry and error strategies around it."""
    from ld_eventsource.actions import Event
    from ld_eventsource.reader import _BufferedLineReader, _SSEReader

    decode = floor_decoder(protocol)

    def loop(chunks: Iterable[bytes]) -> Any:
        last = None
        for event in _SSEReader(_BufferedLineReader.lines_from(chunks)).events_and_comments():
            if isinstance(event, Event) and event.data != "[DONE]":
                last = decode(event.data)
        return last

    return loop


def httpx_sse(protocol: Protocol) -> Loop:
    """httpx-sse over an httpx response whose body is the chunks."""
    import httpx
    from httpx_sse import EventSource

    decode = floor_decoder(protocol)

    def loop(chunks: Iterable[bytes]) -> Any:
        last = None
        response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=iter(chunks))
        for event in EventSource(response).iter_sse():
            if event.data != "[DONE]":
                last = decode(event.data)
        return last

    return loop


def sseclient_py(protocol: Protocol) -> Loop:
    """sseclient-py over the chunks."""
    from sseclient import SSEClient

    decode = floor_decoder(protocol)

    def loop(chunks: Iterable[bytes]) -> Any:
        last = None
        for event in SSEClient(iter(chunks)).events():
            if event.data != "[DONE]":
                last = decode(event.data)
        return last

    return loop


def openai_sdk(protocol: Protocol) -> Loop:
    """The openai SDK's own Stream over a response whose body is the chunks."""
    import httpx2
    from openai import OpenAI, Stream
    from openai.types import chat, responses

    cast_to: Any = chat.ChatCompletionChunk if protocol == "chat" else responses.ResponseStreamEvent
    client = OpenAI(api_key="sk-bench", base_url="http://127.0.0.1/v1")

    def loop(chunks: Iterable[bytes]) -> Any:
        last = None
        response = httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=iter(chunks))
        for event in Stream[Any](cast_to=cast_to, response=response, client=client):
            last = event
        return last

    return loop


RIVALS: dict[str, Callable[[Protocol], Loop]] = {
    "launchdarkly-eventsource": launchdarkly,
    "httpx-sse": httpx_sse,
    "sseclient-py": sseclient_py,
    "openai": openai_sdk,
}
