"""What other servers and gateways of the two protocols send comes out right: nothing lost, nothing harmless refused.

Each case says what of the result, of the error and of the next request is right, whichever way the bytes arrive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    ChatAccumulator,
    MimoError,
    ResponseAccumulator,
    StreamDecoder,
    build_request,
    parse_response,
    to_request,
    user,
)
from tests.support.feeding import byte_by_byte, pull, run, whole_blocks
from tests.support.other_servers import look
from tests.support.other_servers_calls import CALL_STREAMS
from tests.support.other_servers_chat import CHAT_STREAMS
from tests.support.other_servers_chunks import CHUNK_STREAMS
from tests.support.other_servers_replies import CHAT_REPLIES, ERROR_BODIES, RESPONSE_REPLIES, ErrorBody
from tests.support.other_servers_responses import RESPONSE_STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.other_servers import Case

JSON = {"content-type": "application/json"}


def named(cases: Sequence[Case | ErrorBody]) -> pytest.MarkDecorator:
    assert len({case.id for case in cases}) == len(cases)
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.id)


# What is looked at


def view(result: Any) -> Any:
    """The result as JSON; beside its fields stand those of the first choice, and what is in the calls or the items."""
    value: Any = msgspec.to_builtins(result)
    if "choices" in value:
        choice: Any = value["choices"][0] if value["choices"] else {}
        message: Any = choice.get("message") or {}
        calls: list[Any] = [
            [call["id"], call["function"]["name"], call["function"]["arguments"]]
            for call in message.get("tool_calls") or ()
        ]
        return {**value, "message": message, "finish_reason": choice.get("finish_reason"), "calls": calls}
    return {**value, "items": [[item["type"], item_text(item)] for item in value["output"]]}


def item_text(item: dict[str, Any]) -> str:
    if item["type"] == "function_call":
        return str(item["name"] + item["arguments"])
    return "".join(part["text"] for part in item.get("content") or item.get("summary") or ())


def check_result(case: Case, result: Any) -> None:
    seen = view(result)
    assert {path: look(seen, path) for path in case.result} == case.result


def check_chat_sent(case: Case, result: Any) -> None:
    """The reply goes back in the next request, whose other messages do not matter."""
    messages = [user("hi"), to_request(result.choices[0].message)]
    http = build_request(CHAT_COMPLETIONS, {"model": "mimo-v2.6-pro", "messages": messages}, api_key="sk-1")
    sent = msgspec.json.decode(http.body or b"")["messages"][1]
    assert sent["role"] == "assistant"
    assert {path: look(sent, path) for path in case.sent} == case.sent


def check_response_sent(case: Case, result: Any) -> None:
    items = list(map(to_request, result.output))
    http = build_request(RESPONSES, {"model": "mimo-v2.6-pro", "input": items}, api_key="sk-1")
    sent = msgspec.json.decode(http.body or b"")["input"]
    assert {path: look(sent, path) for path in case.sent} == case.sent


class NoError:
    """Stands for the error of what ends well."""


# Streams, fed and pulled, whole, event by event, and byte by byte


def check_stream(endpoint: Any, accumulator: Any, case: Case) -> Any:
    """Hold what comes of the stream to what the case says, and return the sum of its events."""
    result: Any = None
    for pieces in ([case.body], whole_blocks(case.body), byte_by_byte(case.body)):
        for outcome in (run(StreamDecoder(endpoint), pieces), pull(StreamDecoder(endpoint), pieces)):
            assert issubclass(outcome.error or NoError, case.error or NoError)
            assert case.events in (None, len(outcome.events))
            adding = accumulator()
            for event in outcome.events:
                adding.add(event)
            result = adding.partial() if outcome.error else adding.result()
            if case.result:
                check_result(case, result)
    check_error_text(endpoint, case)
    return result


def check_error_text(endpoint: Any, case: Case) -> None:
    decoder: Any = StreamDecoder(endpoint)
    if case.error is not None:
        with pytest.raises(case.error) as caught:
            list(decoder.events([case.body]))
        assert case.text in str(caught.value)


@named([*CHAT_STREAMS, *CHUNK_STREAMS, *CALL_STREAMS])
def test_chat_streams(case: Case) -> None:
    result = check_stream(CHAT_COMPLETIONS, ChatAccumulator, case)
    if case.error is None:
        check_chat_sent(case, result)


@named(RESPONSE_STREAMS)
def test_response_streams(case: Case) -> None:
    result = check_stream(RESPONSES, ResponseAccumulator, case)
    if case.error is None:
        check_response_sent(case, result)


# JSON


def reply(endpoint: Any, case: Case) -> Any:
    """The reply, checked; None where an error is right, and has come."""
    if case.error is None:
        result = parse_response(endpoint, 200, JSON, case.body)
        check_result(case, result)
        return result
    with pytest.raises(case.error) as caught:
        parse_response(endpoint, 200, JSON, case.body)
    assert case.text in str(caught.value)
    return None


@named(CHAT_REPLIES)
def test_chat_replies(case: Case) -> None:
    result = reply(CHAT_COMPLETIONS, case)
    if result is not None:
        check_chat_sent(case, result)


@named(RESPONSE_REPLIES)
def test_response_replies(case: Case) -> None:
    check_response_sent(case, reply(RESPONSES, case))


def test_the_models_of_other_servers() -> None:
    body = (
        b'{"object": "list", "data": [{"id": "mimo-v2.6-pro", "created": 1790000017.5, "max_model_len": 262144,'
        b' "permission": [{"id": "modelperm-1"}]}, {"id": "other", "owned_by": null}], "has_more": false}'
    )
    models = parse_response(MODELS, 200, JSON, body)
    assert [model.id for model in models.data] == ["mimo-v2.6-pro", "other"]
    seen = msgspec.to_builtins(models)
    assert seen["has_more"] is False
    assert (seen["data"][0]["created"], seen["data"][0]["max_model_len"]) == (1790000017.5, 262144)
    assert seen["data"][0]["permission"] == [{"id": "modelperm-1"}]


# Refusals


@named(ERROR_BODIES)
def test_error_bodies(case: ErrorBody) -> None:
    with pytest.raises(MimoError) as caught:
        parse_response(CHAT_COMPLETIONS, case.status, {**JSON, **dict(case.headers)}, case.body)
    error: Any = caught.value
    assert isinstance(error, case.error)
    assert case.text in str(error)
    assert "Provider returned error" not in str(error)
    assert (error.status, error.body, error.retry_after) == (case.status, case.body, case.retry_after)
