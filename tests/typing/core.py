"""What type checkers make of the sans-IO core; both run over this file, nothing does at run time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, assert_type

import msgspec

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    APIError,
    ChatAccumulator,
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
    Delta,
    DeltaReader,
    Endpoint,
    HTTPRequest,
    ModelList,
    RateLimitError,
    Response,
    ResponseAccumulator,
    ResponseOutputTextDelta,
    ResponseRequest,
    ResponseStreamEvent,
    ServerSentEvent,
    SSEDecoder,
    StreamDecoder,
    build_request,
    parse_response,
    user,
)

__all__: list[str] = []


class Narrow(msgspec.Struct):
    choices: list[dict[str, Any]]


class MyRequest(msgspec.Struct):
    prompt: str


class MyReply(msgspec.Struct):
    text: str


def endpoints() -> None:
    assert_type(CHAT_COMPLETIONS, Endpoint[ChatCompletionRequest, ChatCompletion, ChatCompletionChunk])
    assert_type(RESPONSES, Endpoint[ResponseRequest, Response, ResponseStreamEvent])
    assert_type(MODELS, Endpoint[None, ModelList, None])


def requests(raw: msgspec.Raw, messages: list[dict[str, str]], mapping: Mapping[str, Any]) -> None:
    assert_type(build_request(CHAT_COMPLETIONS, mapping, api_key="k"), HTTPRequest)
    build_request(CHAT_COMPLETIONS, {"model": "m", "messages": messages}, api_key="k", stream=True)
    build_request(
        CHAT_COMPLETIONS, ChatCompletionRequest(model="m", messages=[user("hi")]), api_key="k", auth="api-key"
    )
    build_request(RESPONSES, ResponseRequest(model="m", input="hi"), api_key="k", extra_headers={"x-a": "b"})
    build_request(MODELS, api_key="k")
    assert_type(build_request(MODELS, api_key="k").headers, Mapping[str, str])
    assert_type(build_request(MODELS, api_key="k").body, bytes | None)


def answers(headers: dict[str, str]) -> None:
    assert_type(parse_response(CHAT_COMPLETIONS, 200, headers, b""), ChatCompletion)
    assert_type(parse_response(RESPONSES, 200, headers, b""), Response)
    assert_type(parse_response(MODELS, 200, headers, b"").data[0].id, str)
    mine: Endpoint[MyRequest, MyReply, None] = Endpoint(
        name="mine", method="POST", path="/mine", request=MyRequest, reply=MyReply
    )
    assert_type(parse_response(mine, 200, headers, b""), MyReply)
    build_request(mine, MyRequest(prompt="hi"), api_key="k")


def streams(chunks: Iterator[bytes]) -> None:
    chat = StreamDecoder(CHAT_COMPLETIONS)
    assert_type(chat, StreamDecoder[ChatCompletionChunk])
    assert_type(chat.feed(b""), list[ChatCompletionChunk])
    assert_type(chat.events(chunks), Iterator[ChatCompletionChunk])
    assert_type(StreamDecoder(RESPONSES).feed(b""), list[ResponseStreamEvent])
    assert_type(StreamDecoder(CHAT_COMPLETIONS, event_type=Narrow).feed(b""), list[Narrow])
    assert_type(StreamDecoder(RESPONSES, event_type=ResponseOutputTextDelta), StreamDecoder[ResponseOutputTextDelta])
    both: StreamDecoder[ResponseOutputTextDelta | Narrow] = StreamDecoder(
        RESPONSES, event_type=ResponseOutputTextDelta | Narrow
    )
    assert_type(both.feed(b""), list[ResponseOutputTextDelta | Narrow])
    assert_type((chat.finished, chat.done, chat.events_seen), tuple[bool, bool, int])
    [event] = SSEDecoder().feed(b"")
    assert_type(event, ServerSentEvent)
    assert_type(event.retry, int | None)


def deltas(chunk: ChatCompletionChunk, event: ResponseStreamEvent) -> None:
    assert_type(DeltaReader(CHAT_COMPLETIONS).feed(chunk), list[Delta])
    assert_type(DeltaReader(RESPONSES).feed(event), list[Delta])


def totals(chunk: ChatCompletionChunk, event: ResponseStreamEvent) -> None:
    chat, responses = ChatAccumulator(), ResponseAccumulator()
    chat.add(chunk)
    responses.add(event)
    assert_type(chat.result(), ChatCompletion)
    assert_type(chat.partial(), ChatCompletion | None)
    assert_type(responses.result(), Response)
    assert_type(responses.partial(), Response | None)


def extended(chunks: Iterator[bytes]) -> None:
    """An endpoint with types of one's own carries them through decoder and accumulator."""
    chat = CHAT_COMPLETIONS.with_types(request=MyRequest, reply=MyReply, event=Narrow)
    assert_type(chat, Endpoint[MyRequest, MyReply, Narrow])
    assert_type(StreamDecoder(chat).events(chunks), Iterator[Narrow])
    total = ChatAccumulator(chat)
    for event in StreamDecoder(chat).events(chunks):
        total.add(event)
    assert_type(total.result(), MyReply)
    mine: Endpoint[MyRequest, MyReply, Narrow | ResponseOutputTextDelta] = RESPONSES.with_types(
        request=MyRequest, reply=MyReply, event=Narrow | ResponseOutputTextDelta
    )
    assert_type(ResponseAccumulator(mine).partial(), MyReply | None)


def replies(done: ChatCompletion) -> None:
    """What a newcomer touches first has nothing to narrow but null."""
    message = done.choices[0].message
    assert_type(message.content, str | None)
    assert_type(message.reasoning_content, str | None)
    for call in message.tool_calls or []:
        assert_type(call.function.arguments, str)


def errors(error: APIError) -> None:
    assert_type(error.status, int)
    assert_type(error.code, str | None)
    assert_type(error.retry_after, float | None)
    assert_type(error.body, bytes)
    if isinstance(error, RateLimitError):
        assert_type(error.attempts, int)


def refused(chunk: ChatCompletionChunk) -> None:
    build_request(CHAT_COMPLETIONS)  # type: ignore[call-arg]
    build_request(CHAT_COMPLETIONS, {}, api_key="k", auth="basic")  # type: ignore[arg-type]
    build_request(CHAT_COMPLETIONS, MyRequest(prompt="hi"), api_key="k")  # type: ignore[misc]
    StreamDecoder(CHAT_COMPLETIONS).feed("text")  # type: ignore[arg-type]
    ResponseAccumulator().add(chunk)  # type: ignore[arg-type]
    ChatAccumulator(CHAT_COMPLETIONS.with_types(request=MyRequest, reply=MyReply, event=Narrow)).add(chunk)  # type: ignore[arg-type]
    parse_response(CHAT_COMPLETIONS, "200", {}, b"")  # type: ignore[arg-type]
