"""Every example goes through the Structs and comes out the same; streams add up to what was written by hand.

Nulls of fields that are only received are left aside: absent and null are one. Requests are compared to the letter.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    APIError,
    ChatAccumulator,
    ChatCompletion,
    Endpoint,
    Response,
    ResponseAccumulator,
    StreamDecoder,
    models,
    parse_response,
    validate,
)
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.testing import recorded, recordings
from tests.support.calling import payloads

RECEIVED = [name for name in recordings() if "Request" not in name and not name.endswith(".txt")]
REQUESTS = [name for name in recordings() if "Request" in name]
STREAMS = [name for name in recordings() if name.endswith(".sse")]
FINALS = [name for name in recordings() if name.endswith(".final.json")]


def without_nulls(value: Any) -> Any:
    if is_object(value):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(member) for member in value] if is_array(value) else value


def endpoint_of(name: str) -> Endpoint[Any, Any, Any]:
    return CHAT_COMPLETIONS if name.startswith("Chat") else RESPONSES


def added_up(name: str) -> Any:
    """The final object of a recorded stream."""
    total: Any = ChatAccumulator() if name.startswith("Chat") else ResponseAccumulator()
    for event in StreamDecoder(endpoint_of(name)).events([recorded(name)]):
        total.add(event)
    return total.result()


@pytest.mark.parametrize("name", RECEIVED)
def test_what_is_received_comes_out_as_it_was(name: str) -> None:
    kind = getattr(models, name.partition(".")[0])
    values = payloads(recorded(name)) if name.endswith(".sse") else [json.loads(recorded(name))]
    assert values
    for value in values:
        struct = msgspec.json.decode(json.dumps(value), type=kind)
        assert without_nulls(json.loads(msgspec.json.encode(struct))) == without_nulls(value)


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_sent_comes_out_to_the_letter(name: str) -> None:
    request = json.loads(recorded(name))
    struct = validate(request)
    assert type(struct).__name__ == name.partition(".")[0]
    if isinstance(request.get("input"), list):
        # The Struct names the kind that the short form of a message leaves out.
        request["input"] = [{"type": "message", **item} for item in request["input"]]
    assert json.loads(msgspec.json.encode(struct)) == request


@pytest.mark.parametrize("name", FINALS)
def test_a_stream_adds_up_to_what_was_written_by_hand(name: str) -> None:
    kind, what = name.removesuffix(".final.json").split(".")
    stream = {"ChatCompletion": "ChatCompletionChunk", "Response": "ResponseStreamEvent"}[kind]
    final = added_up(f"{stream}.{what}.sse")
    assert without_nulls(json.loads(msgspec.json.encode(final))) == without_nulls(json.loads(recorded(name)))
    assert final == msgspec.json.decode(recorded(name), type=getattr(models, kind))


def test_every_stream_that_completes_has_its_final_object() -> None:
    whole = [name.split(".")[1] for name in STREAMS if name != "ResponseStreamEvent.error.sse"]
    assert sorted(name.split(".")[1] for name in FINALS) == sorted(whole)


def test_the_stream_with_an_error_raises_it() -> None:
    with pytest.raises(APIError) as caught:
        added_up("ResponseStreamEvent.error.sse")
    assert (caught.value.code, caught.value.in_stream) == ("500", True)


def test_the_chat_page() -> None:
    page = parse_response(CHAT_COMPLETIONS, 200, {}, recorded("ChatCompletion.page.json"))
    assert isinstance(page, ChatCompletion)
    assert (page.id, page.object, page.created, page.model) == (
        "8b51f9e0515949cb8207fbd35ea6ea5c",
        "chat.completion",
        1776848906,
        "mimo-v2.5-pro",
    )
    [choice] = page.choices
    assert (choice.index, choice.finish_reason, choice.message.role) == (0, "stop", "assistant")
    assert choice.message.tool_calls is None
    assert choice.message.reasoning_content is None
    assert choice.message.content is not None
    assert choice.message.content.startswith("Hello! I'm MiMo, Xiaomi's AI assistant")
    assert choice.message.content.endswith("do my best to help! 😊")
    assert page.usage == models.CompletionUsage(
        prompt_tokens=57,
        completion_tokens=72,
        total_tokens=129,
        completion_tokens_details=models.CompletionTokensDetails(reasoning_tokens=0),
    )


def test_the_responses_page() -> None:
    page = parse_response(RESPONSES, 200, {}, recorded("Response.page.json"))
    assert isinstance(page, Response)
    text = (
        "Hello! I am MiMo, a large language model developed by Xiaomi's LLM Core Team. I'm here to help answer your "
        "questions, generate text, and assist with various tasks. How can I assist you today?"
    )
    assert page == Response(
        id="resp_5fcaac1af26a4b449f30e1eeeaa8c48f",
        object="response",
        created_at=1782215659,
        status="completed",
        model="mimo-v2.5-pro",
        output=[
            models.OutputMessage(
                id="msg_1fa8f5011ebf47adb158ecf13c99d06c",
                status="completed",
                role="assistant",
                content=[models.OutputText(text=text, annotations=[])],
            )
        ],
        output_text=text,
        usage=models.ResponseUsage(
            input_tokens=57,
            input_tokens_details=models.InputTokensDetails(),
            output_tokens=46,
            output_tokens_details=models.OutputTokensDetails(reasoning_tokens=0),
            total_tokens=103,
        ),
    )
