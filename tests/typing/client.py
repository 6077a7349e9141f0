"""What type checkers make of calls; both run over this file, nothing does at run time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, assert_type

import msgspec

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
    Client,
    Delta,
    Limits,
    ModelList,
    Reply,
    Response,
    ResponseOutputTextDelta,
    ResponseRequest,
    ResponseStreamEvent,
    RetryPolicy,
    Stream,
    Timeouts,
    to_request,
    user,
)

__all__: list[str] = []


class Narrow(msgspec.Struct):
    choices: list[dict[str, Any]]


def clients() -> None:
    Client()
    Client("key", "https://h/v1", auth="api-key", timeouts=Timeouts(read=1), retry=RetryPolicy(attempts=3))
    with Client(limits=Limits(event=1), pool_size=1, headers={"x-a": "b"}, proxy=None, allow_http=True) as client:
        assert_type(client, Client)
        assert_type(client.list_models(), ModelList)


def forms_of_a_chat_call(client: Client, messages: list[dict[str, str]], mapping: Mapping[str, Any]) -> None:
    """Keywords, with messages as Structs, dicts, or a variable of dicts of strings; a whole request goes to `send`."""
    request = ChatCompletionRequest(model="m", messages=[user("hi")])
    assert_type(client.send(CHAT_COMPLETIONS, request).value, ChatCompletion)
    assert_type(client.send(CHAT_COMPLETIONS, mapping).value, ChatCompletion)
    assert_type(client.send(CHAT_COMPLETIONS, {"model": "m", "messages": messages}).value, ChatCompletion)
    assert_type(client.create_chat_completion(**mapping), ChatCompletion)
    assert_type(client.create_chat_completion(model="m", messages=messages), ChatCompletion)
    assert_type(client.create_chat_completion(model="m", messages=[user("hi")]), ChatCompletion)
    assert_type(client.create_chat_completion(model="m", messages=[{"role": "user", "content": "hi"}]), ChatCompletion)
    client.create_chat_completion(
        model="m",
        messages=[
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://h/i.png"}}]},
        ],
        temperature=0.5,
        stop=["a"],
        thinking={"type": "disabled"},
        tools=[{"type": "function", "function": {"name": "f"}}],
        response_format={"type": "json_object"},
        max_completion_tokens=None,
    )


def options_of_a_call(client: Client) -> None:
    client.create_chat_completion(
        model="m",
        messages=[],
        extra_body={"seed": 7},
        extra_headers={"x-a": "b"},
        timeouts=Timeouts(total=5),
        retry=RetryPolicy(attempts=2),
        tee=bytearray().extend,
        validate=False,
    )
    client.create_response(model="m", input="hi", extra_body={"store": False}, timeouts=None)


def forms_of_a_response_call(client: Client, items: list[dict[str, str]]) -> None:
    assert_type(client.send(RESPONSES, ResponseRequest(model="m", input="hi")).value, Response)
    assert_type(client.send(RESPONSES, {"model": "m", "input": "hi"}).value, Response)
    assert_type(client.create_response(model="m", input="hi"), Response)
    assert_type(client.create_response(model="m", input=items), Response)
    assert_type(client.create_response(model="m", input=[{"role": "user", "content": "hi"}]), Response)


def streamed_calls(client: Client, messages: list[dict[str, str]]) -> None:
    with client.stream_chat_completion(model="m", messages=messages) as stream:
        assert_type(stream, Stream[ChatCompletionChunk, ChatCompletion])
        for chunk in stream:
            assert_type(chunk, ChatCompletionChunk)
        assert_type(stream.open(), Stream[ChatCompletionChunk, ChatCompletion])
        assert_type(stream.text(), Iterator[str])
        for delta in stream.deltas():
            assert_type(delta, Delta)
            assert_type((delta.text, delta.choice, delta.part, delta.id, delta.name), tuple[str, int, int, str, str])
        assert_type(stream.result(), ChatCompletion)
        assert_type(stream.status, int | None)
        assert_type(stream.request_id, str | None)
        stream.cancel()
    with client.stream_response(model="m", input="hi") as events:
        assert_type(events, Stream[ResponseStreamEvent, Response])
        for event in events:
            assert_type(event, ResponseStreamEvent)
            if event.type == "response.output_text.delta":
                assert_type(event, ResponseOutputTextDelta)
        assert_type(events.result(), Response)


def generic_calls(client: Client) -> None:
    assert_type(client.send(MODELS), Reply[ModelList])
    reply = client.send(CHAT_COMPLETIONS, {"model": "m", "messages": []})
    assert_type(reply, Reply[ChatCompletion])
    assert_type(reply.value, ChatCompletion)
    assert_type(reply.body, bytes)
    assert_type(client.stream(RESPONSES, {"model": "m", "input": ""}), Stream[ResponseStreamEvent, Response])
    for event in client.stream(CHAT_COMPLETIONS, {"model": "m", "messages": []}, event_type=Narrow):
        assert_type(event, Narrow)


def a_conversation(client: Client) -> None:
    history = [user("hi")]
    done = client.create_chat_completion(model="m", messages=history)
    client.create_chat_completion(model="m", messages=[*history, done.choices[0].message])
    client.create_chat_completion(model="m", messages=[*history, to_request(done.choices[0].message)])
    first = client.create_response(model="m", input="hi")
    client.create_response(model="m", input=[*first.output, {"role": "user", "content": "more"}])


def refused(client: Client) -> None:
    """`test_type_messages` has what is said of each."""
    client.create_chat_completion(model="m")  # type: ignore[call-arg]
    client.create_chat_completion(model="m", messages=[], max_tokens=5)  # type: ignore[call-arg]
    client.create_chat_completion(model=5, messages=[])  # type: ignore[arg-type]
    client.create_response(model="m", input=5)  # type: ignore[arg-type]
    client.create_response(ResponseRequest(model="m", input="hi"))  # type: ignore[call-arg, arg-type]
    Client(timeout=5)  # type: ignore[call-arg]
    Client(auth="basic")  # type: ignore[arg-type]
    client.send(MODELS).value.choices  # type: ignore[attr-defined]  # noqa: B018
