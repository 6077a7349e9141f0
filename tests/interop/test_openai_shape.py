"""openai's own types take what `encode_event`, `to_json` and `encode_error` write, by their strict validation.

The client validates what comes (its option for that has an underscore), and gets the recordings in a transport's place.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    AuthenticationError,
    ContentFilterError,
    MimoError,
    RateLimitError,
    ReadTimeout,
    StreamDecoder,
    encode_done,
    encode_error,
    encode_event,
    parse_response,
    to_json,
)
from mimo_proto.testing import recorded, recordings

# Not import statements: the type checkers' environment has no openai.
openai: Any = pytest.importorskip("openai")
httpx: Any = pytest.importorskip("httpx2")
pytestmark = pytest.mark.interop

JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}
# Tools gave sound and video back, in parts of MiMo's that OpenAI has no types for.
MEDIA = "Response.function_call_output.json"
REPLIES = [
    name for name in recordings() if name.split(".")[0] in ("ChatCompletion", "Response") and "final" not in name
]
STREAMS = [name for name in recordings() if name.endswith(".sse") and "error" not in name]
CHAT_ENDED = ("stop", "length", "tool_calls", "content_filter")


def client_of(status: int, headers: dict[str, str], body: bytes, *, strict: bool = True) -> Any:
    """A client, which gets this response whatever it asks."""

    def respond(_: Any) -> Any:
        return httpx.Response(status, headers=headers, content=body)

    return openai.OpenAI(
        api_key="sk-none",
        base_url="http://127.0.0.1:1/v1",
        max_retries=0,
        http_client=httpx.Client(transport=httpx.MockTransport(respond)),
        _strict_response_validation=strict,
    )


def endpoint_of(name: str) -> Any:
    return CHAT_COMPLETIONS if name.startswith("Chat") else RESPONSES


def ask(client: Any, endpoint: Any, **options: Any) -> Any:
    if endpoint is CHAT_COMPLETIONS:
        messages = [{"role": "user", "content": "hi"}]
        return client.chat.completions.create(model="mimo-v2.6-pro", messages=messages, **options)
    return client.responses.create(model="mimo-v2.6-pro", input="hi", **options)


@pytest.mark.parametrize("name", [name for name in REPLIES if name != MEDIA])
def test_replies(name: str) -> None:
    endpoint = endpoint_of(name)
    reply = parse_response(endpoint, 200, JSON, recorded(name))
    with client_of(200, JSON, to_json(reply, shape="openai")) as client:
        done = ask(client, endpoint)
    if endpoint is CHAT_COMPLETIONS:
        assert done.choices[0].finish_reason in CHAT_ENDED
        assert done.choices[0].message.content == (reply.choices[0].message.content or "")
        assert (done.usage and done.usage.total_tokens) == (reply.usage and reply.usage.total_tokens)
    else:
        assert [item.type for item in done.output] == [item.type for item in reply.output]


@pytest.mark.parametrize("name", STREAMS)
def test_streams(name: str) -> None:
    endpoint = endpoint_of(name)
    events = list(StreamDecoder[Any](endpoint).events([recorded(name)]))
    written = b"".join(encode_event(each, shape="openai") for each in events)
    with client_of(200, SSE, written + (encode_done() if endpoint is CHAT_COMPLETIONS else b"")) as client:
        heard = list(ask(client, endpoint, stream=True))
    assert len(heard) == len(events) > 0
    if endpoint is RESPONSES:
        assert [each.type for each in heard] == [each.type for each in events]
        assert [each.sequence_number for each in heard] == [each.sequence_number for each in events]


EMPTY_MESSAGE: dict[str, Any] = {"annotations": [{}], "audio": {}}
EMPTY_PARTS = [{"type": "output_text"}]
EMPTY_ITEMS = [
    {"type": "message"},
    {"type": "message", "content": EMPTY_PARTS},
    {"type": "reasoning"},
    {"type": "reasoning", "content": [{"type": "reasoning_text"}]},
    {"type": "function_call"},
    {"type": "function_call_output"},
    {"type": "function_call_output", "output": [{"type": "input_text"}, {"type": "input_image"}]},
    {"type": "custom_tool_call"},
    {"type": "custom_tool_call_output"},
]
EMPTY_RESPONSE = {"output": EMPTY_ITEMS, "usage": {}, "error": {}, "incomplete_details": {"reason": "of another day"}}
EMPTY_EVENTS: list[dict[str, Any]] = [
    *({"type": f"response.{name}", "response": EMPTY_RESPONSE} for name in ("created", "in_progress")),
    *({"type": f"response.output_item.{name}", "item": item} for name in ("added", "done") for item in EMPTY_ITEMS),
    *({"type": f"response.content_part.{name}", "part": part} for name in ("added", "done") for part in EMPTY_PARTS),
    *(
        {"type": f"response.{kind}.{name}"}
        for kind in ("output_text", "reasoning_text", "function_call_arguments", "custom_tool_call_input")
        for name in ("delta", "done")
    ),
    *({"type": f"response.{name}", "response": EMPTY_RESPONSE} for name in ("completed", "incomplete", "failed")),
]
"""Each event with next to nothing in it; places are never made up, so these come beside."""


def test_replies_with_next_to_nothing() -> None:
    completion: Any = {"choices": [{"index": 0, "message": EMPTY_MESSAGE}], "usage": {}}
    replies: list[tuple[Any, Any]] = [(CHAT_COMPLETIONS, completion), (RESPONSES, EMPTY_RESPONSE)]
    for endpoint, came in replies:
        reply = parse_response(endpoint, 200, JSON, json.dumps(came).encode())
        with client_of(200, JSON, to_json(reply, shape="openai")) as client:
            assert ask(client, endpoint).usage.total_tokens == 0


@pytest.mark.parametrize("came", EMPTY_EVENTS, ids=lambda came: came["type"])
def test_events_with_next_to_nothing(came: dict[str, Any]) -> None:
    place = {"sequence_number": 1, "output_index": 0, "content_index": 0, "item_id": "msg_1"}
    body = b"data: %b\n\n" % json.dumps({**came, **place}).encode()
    [event] = StreamDecoder[Any](RESPONSES).feed(body)
    with client_of(200, SSE, encode_event(event, shape="openai")) as client:
        [heard] = ask(client, RESPONSES, stream=True)
    assert heard.type == came["type"]


def test_a_chunk_with_next_to_nothing() -> None:
    delta: dict[str, Any] = {**EMPTY_MESSAGE, "tool_calls": [{"index": 0, "function": {}}]}
    body = b"data: %b\n\n" % json.dumps({"choices": [{"index": 0, "delta": delta}], "usage": {}}).encode()
    [event] = StreamDecoder[Any](CHAT_COMPLETIONS).feed(body)
    with client_of(200, SSE, encode_event(event, shape="openai")) as client:
        [heard] = ask(client, CHAT_COMPLETIONS, stream=True)
    assert heard.usage.total_tokens == 0


@pytest.mark.parametrize("shape", ["mimo", "openai"])
@pytest.mark.parametrize("name", [name for name in STREAMS if name.startswith("Response")])
def test_the_helper_for_streams_of_responses(name: str, shape: Any) -> None:
    """It does not validate, and adds the events up; it needs the empty lists and texts in either shape."""
    events = list(StreamDecoder[Any](RESPONSES).events([recorded(name)]))
    written = b"".join(encode_event(each, shape=shape) for each in events)
    client = client_of(200, SSE, written, strict=False)
    with client, client.responses.stream(model="mimo-v2.6-pro", input="hi") as stream:
        heard = [each.type for each in stream]
    assert heard == [each.type for each in events]


def test_without_the_shape_they_are_refused() -> None:
    """So the tests above can fail."""
    name = "ResponseStreamEvent.reasoning_and_text.sse"
    events = StreamDecoder[Any](RESPONSES).events([recorded(name)])
    written = b"".join(encode_event(each) for each in events)
    with client_of(200, SSE, written) as client, pytest.raises(openai.APIResponseValidationError):
        list(ask(client, RESPONSES, stream=True))


def test_parts_that_openai_lacks_go_out_as_they_are() -> None:
    reply = parse_response(RESPONSES, 200, JSON, recorded(MEDIA))
    with client_of(200, JSON, to_json(reply, shape="openai")) as client:
        with pytest.raises(openai.APIResponseValidationError):
            ask(client, RESPONSES)
    assert {"input_audio", "input_video"} <= {
        part["type"] for part in json.loads(to_json(reply))["output"][1]["output"]
    }


def test_sources_of_the_web_search() -> None:
    reply = parse_response(CHAT_COMPLETIONS, 200, JSON, recorded("ChatCompletion.web_search.json"))
    with client_of(200, JSON, to_json(reply, shape="openai")) as client:
        message = ask(client, CHAT_COMPLETIONS).choices[0].message
    came = reply.choices[0].message.annotations or []
    assert came
    assert [each.url_citation.url for each in message.annotations] == [each.url for each in came]


def test_the_models() -> None:
    models = parse_response(MODELS, 200, JSON, recorded("ModelList.json"))
    with client_of(200, JSON, to_json(models, shape="openai")) as client:
        assert [model.id for model in client.models.list()] == [model.id for model in models.data]


ERRORS: list[tuple[MimoError, str]] = [
    (RateLimitError("Too many", status=429, code="429", retry_after=2), "RateLimitError"),
    (AuthenticationError("No key", status=401), "AuthenticationError"),
    (ContentFilterError("Not this", status=400, code="421"), "BadRequestError"),
    (ReadTimeout("Silence", seconds=3), "InternalServerError"),
]


@pytest.mark.parametrize("endpoint", [CHAT_COMPLETIONS, RESPONSES], ids=["chat", "responses"])
@pytest.mark.parametrize(("error", "theirs"), ERRORS, ids=[theirs for _, theirs in ERRORS])
def test_errors(endpoint: Any, error: MimoError, theirs: str) -> None:
    reply = encode_error(error, endpoint)
    detail = json.loads(reply.body)["error"]
    with client_of(reply.status, reply.headers, reply.body) as client, pytest.raises(getattr(openai, theirs)) as caught:
        ask(client, endpoint)
    assert (caught.value.body, caught.value.code) == (detail, detail["code"])
    with client_of(200, SSE, reply.event) as client, pytest.raises(openai.APIError) as in_stream:
        list(ask(client, endpoint, stream=True))
    assert (in_stream.value.message, in_stream.value.body) == (detail["message"], detail)
