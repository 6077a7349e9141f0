"""The shape of OpenAI's types: what is filled in, nested or replaced, and that all else goes out as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given

from mimo_proto import models, to_json
from mimo_proto.models import ChatCompletion, ChatCompletionChunk, ModelList, Response, ResponseStreamEvent
from mimo_proto.models.openai_shape import OPENAI_SHAPE
from mimo_proto.protocol.decode import TolerantDecoder
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.testing import recorded
from tests.support.other_servers import look
from tests.support.received import received

if TYPE_CHECKING:
    from msgspec import Struct


def shaped(root: Any, came: Any) -> Any:
    """What is written of a JSON value in the shape of OpenAI."""
    return json.loads(to_json(TolerantDecoder(root).decode(msgspec.json.encode(came)), shape="openai"))


def chat(**message: Any) -> Any:
    return shaped(ChatCompletion, {"choices": [{"message": message, "finish_reason": "stop"}]})["choices"][0]["message"]


def item(**fields: Any) -> Any:
    return shaped(Response, {"output": [fields]})["output"][0]


def part(**fields: Any) -> Any:
    return item(type="message", content=[fields])["content"][0]


# Chat


def test_a_completion_with_next_to_nothing() -> None:
    assert shaped(ChatCompletion, {"choices": [{"message": {}}], "usage": {}}) == {
        "id": "",
        "object": "chat.completion",
        "created": 0,
        "model": "",
        "choices": [
            {
                "message": {"role": "assistant", "content": "", "refusal": None, "annotations": []},
                "finish_reason": "length",
                "logprobs": None,
            }
        ],
        "usage": {
            **dict.fromkeys(["prompt_tokens", "completion_tokens", "total_tokens"], 0),
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def test_a_chunk_with_next_to_nothing() -> None:
    head = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": ""}
    assert shaped(ChatCompletionChunk, {"choices": [{"delta": {}}]}) == {
        **head,
        "choices": [{"delta": {}, "finish_reason": None}],
    }
    assert shaped(ChatCompletionChunk, {"choices": [], "usage": None}) == {**head, "choices": []}


@pytest.mark.parametrize(
    ("came", "whole", "in_a_chunk"),
    [
        ("stop", "stop", "stop"),
        ("tool_calls", "tool_calls", "tool_calls"),
        ("content_filter", "content_filter", "content_filter"),
        ("repetition_truncation", "length", "length"),
        ("of_another_day", "length", "length"),
        # What says nothing does not end a stream.
        ("", "length", None),
        (None, "length", None),
    ],
)
def test_why_an_answer_ended(came: str | None, whole: str, in_a_chunk: str | None) -> None:
    done = shaped(ChatCompletion, {"choices": [{"message": {}, "finish_reason": came}]})
    chunk = shaped(ChatCompletionChunk, {"choices": [{"finish_reason": came}]})
    assert look(done, "choices.0.finish_reason") == whole
    assert chunk["choices"][0]["finish_reason"] == in_a_chunk


@pytest.mark.parametrize(
    ("root", "fields", "constant"),
    [
        (ChatCompletion, {"choices": []}, "chat.completion"),
        (ChatCompletionChunk, {"choices": []}, "chat.completion.chunk"),
        (Response, {}, "response"),
    ],
    ids=["completion", "chunk", "response"],
)
@pytest.mark.parametrize("came", ["", "text_completion", None])
def test_what_kind_of_object_it_is(root: Any, fields: dict[str, Any], constant: str, came: str | None) -> None:
    """Azure's notes on a stream have "", and some servers end a stream with a whole message in a chunk's place."""
    assert shaped(root, {**fields, "object": came})["object"] == constant


def test_whose_message_it_is() -> None:
    for role in ("", "model", None):
        assert chat(role=role)["role"] == item(type="message", role=role)["role"] == "assistant"


def test_a_role_or_a_type_without_words_is_left_out() -> None:
    """MiniMax-AI/MiniMax-M2.5#2; the AI SDK gives up the stream."""
    delta = {"role": "", "tool_calls": [{"index": 0, "type": "", "function": {"arguments": "{"}}]}
    chunk = shaped(ChatCompletionChunk, {"choices": [{"delta": delta}]})
    call = {"index": 0, "function": {"arguments": "{"}}
    assert chunk["choices"][0]["delta"] == {"tool_calls": [call]}
    said = {"role": "assistant", "tool_calls": [{**call, "type": "function"}]}
    assert shaped(ChatCompletionChunk, {"choices": [{"delta": said}]})["choices"][0]["delta"] == said


def test_a_code_that_came_as_a_number_is_a_text() -> None:
    """The AI SDK does not hear of the failure otherwise."""
    assert shaped(Response, {"error": {"code": 502, "message": "x"}})["error"] == {"code": "502", "message": "x"}


def test_sources_are_nested() -> None:
    source = {
        "url": "https://example.com/tide",
        "title": "Tide",
        "site_name": "Harbour",
        "mood": "calm",
        "summary": None,
    }
    nested = {"start_index": 0, "end_index": 0, **{name: value for name, value in source.items() if value is not None}}
    wanted = [{"type": "url_citation", "url_citation": nested}]
    assert chat(annotations=[{"type": "url_citation", **source}])["annotations"] == wanted
    assert chat(annotations=[source])["annotations"] == wanted
    chunk = shaped(ChatCompletionChunk, {"choices": [{"delta": {"annotations": [source]}}]})
    assert look(chunk, "choices.0.delta.annotations") == wanted


def test_sources_that_came_nested_stay_as_they_came() -> None:
    """OpenRouter has OpenAI's form."""
    place = {"url": "https://example.com/tide", "title": "Tide", "start_index": 3, "end_index": 9}
    came = {"type": "url_citation", "url_citation": place}
    assert chat(annotations=[came])["annotations"] == [came]
    nothing = {"url": "", "title": "", "start_index": 0, "end_index": 0}
    for odd in ({"type": "url_citation", "url_citation": "x"}, {}):
        assert chat(annotations=[odd])["annotations"] == [{"type": "url_citation", "url_citation": nothing}]


def test_spoken_sound() -> None:
    sound = {"id": "a1", "data": "AAAA", "expires_at": None, "transcript": None}
    assert chat(audio=sound)["audio"] == {"id": "a1", "data": "AAAA", "expires_at": 0, "transcript": ""}
    assert "audio" not in chat(audio=None)


def test_pieces_of_calls() -> None:
    calls = [{"index": 1, "function": {"name": "tide"}}, {"function": {"arguments": "{"}}]
    chunk = shaped(ChatCompletionChunk, {"choices": [{"delta": {"tool_calls": calls}}]})
    # An index is never made up.
    assert look(chunk, "choices.0.delta.tool_calls") == [
        {"index": 1, "function": {"name": "tide", "arguments": ""}},
        {"function": {"arguments": "{"}},
    ]


def test_the_models() -> None:
    assert shaped(ModelList, {"data": [{"id": "mimo-v2.6-pro"}]}) == {
        "object": "list",
        "data": [{"id": "mimo-v2.6-pro", "object": "model", "created": 0, "owned_by": ""}],
    }


# Responses


@pytest.mark.parametrize("kind", ["response.created", "response.in_progress", "response.completed", "response.failed"])
def test_a_response_with_next_to_nothing(kind: str) -> None:
    nulls = "error incomplete_details instructions metadata temperature top_p max_output_tokens previous_response_id"
    wanted: dict[str, Any] = {
        "id": "",
        "object": "response",
        "created_at": 0,
        "model": "",
        "output": [],
        "tools": [],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        **dict.fromkeys([*nulls.split(), "reasoning", "usage"]),
    }
    assert shaped(ResponseStreamEvent, {"type": kind, "response": {}})["response"] == wanted
    assert shaped(Response, {}) == wanted


def test_what_a_response_says_stays() -> None:
    said = {"tools": [{"type": "function"}], "tool_choice": "none", "parallel_tool_calls": False, "temperature": 0}
    done = shaped(Response, {**said, "error": {"code": "x", "message": "y"}, "output_text": "a"})
    assert {name: done[name] for name in [*said, "error", "output_text"]} == {
        **said,
        "error": {"code": "x", "message": "y"},
        "output_text": "a",
    }


@pytest.mark.parametrize("details", [{}, {"input_tokens_details": None}, {"input_tokens_details": {}}])
def test_the_details_of_the_usage(details: dict[str, Any]) -> None:
    assert shaped(Response, {"usage": {"input_tokens": 3, **details}})["usage"] == {
        "input_tokens": 3,
        "output_tokens": 0,
        "total_tokens": 0,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }


def test_the_details_of_the_usage_that_came_stay() -> None:
    came = {"cached_tokens": 5, "mood": 1}
    done = shaped(Response, {"usage": {"input_tokens_details": came}})
    assert done["usage"]["input_tokens_details"] == {**came, "cache_write_tokens": 0}


@pytest.mark.parametrize(
    ("came", "written"),
    [
        ("max_output_tokens", "max_output_tokens"),
        ("content_filter", "content_filter"),
        ("repetition_truncation", "max_output_tokens"),
        ("", None),
        (None, None),
    ],
)
def test_why_a_response_stopped_before_its_end(came: str | None, written: str | None) -> None:
    assert shaped(Response, {"incomplete_details": {"reason": came}})["incomplete_details"] == {"reason": written}


def test_why_a_response_failed() -> None:
    assert shaped(Response, {"error": {}})["error"] == {"code": "server_error", "message": ""}
    said = {"code": "500", "message": "The model stopped."}
    assert shaped(Response, {"error": said})["error"] == said


def test_items_and_parts() -> None:
    empty_message: dict[str, Any] = {
        "type": "message",
        "id": "",
        "role": "assistant",
        "content": [],
        "status": "completed",
    }
    assert item(type="message", status=None) == empty_message
    assert item(type="message", status="in_progress") == {**empty_message, "status": "in_progress"}
    assert item(type="reasoning", id=None) == {"type": "reasoning", "id": "", "summary": [], "content": []}
    call = {"type": "function_call", "call_id": "c1", "name": "tide"}
    assert item(**call, namespace=None) == {**call, "arguments": ""}
    for kind in ("function_call_output", "custom_tool_call_output"):
        # What a tool gave is there as a whole.
        whole = {"type": kind, "call_id": "c1", "output": "fine"}
        assert item(**whole) == {**whole, "id": "", "status": "completed"}
    image = {"type": "input_image", "image_url": "https://example.com/tide.png"}
    shown = item(type="function_call_output", call_id="c1", output=[image])
    assert shown["output"] == [{**image, "detail": "auto"}]
    empty: dict[str, Any] = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    assert part(type="output_text") == part(type="output_text", annotations=None, logprobs=None) == empty
    assert part(type="reasoning_text", text="a") == {"type": "reasoning_text", "text": "a"}


@pytest.mark.parametrize("kind", ["response.output_text.delta", "response.output_text.done"])
def test_events_of_text(kind: str) -> None:
    assert shaped(ResponseStreamEvent, {"type": kind})["logprobs"] == []
    assert shaped(ResponseStreamEvent, {"type": kind, "logprobs": [1]})["logprobs"] == [1]


# All else


def test_what_the_table_does_not_name_is_written_as_it_is() -> None:
    message = {
        "reasoning_content": "",
        "mood": {"none": None, "list": [[{"a": None}]]},
        "reasoning_details": [{"a": None}],
    }
    written = chat(**message)
    assert {name: written[name] for name in message} == message
    sketch = {"type": "sketch", "strokes": [None]}
    assert item(**sketch) == sketch
    delta = {"type": "response.reasoning_text.delta", "delta": "a"}
    assert shaped(ResponseStreamEvent, delta) == delta


@pytest.mark.parametrize("times", [1, 3])
def test_a_field_that_the_spec_does_not_know_changes_nothing_else(times: int) -> None:
    """Also once it is learned, which takes two of them."""
    for _ in range(times):
        source = {"type": "url_citation", "url": "https://example.com/tide", "tide": 1}
        written = chat(mood="glad", annotations=[source])
        assert (written["role"], written["mood"]) == ("assistant", "glad")
        assert written["annotations"][0]["url_citation"]["tide"] == 1


def test_a_list_of_replies() -> None:
    one = TolerantDecoder(ModelList).decode(b"{}")
    assert json.loads(to_json([one, 3], shape="openai")) == [{"object": "list", "data": []}, 3]


def test_a_reply_is_not_changed() -> None:
    done = TolerantDecoder(Response).decode(recorded("Response.reasoning_and_text.final.json"))
    before = to_json(done)
    assert to_json(done, shape="openai") == to_json(done, shape="openai") != before
    assert to_json(done) == before


NAMED = {row.field for row in OPENAI_SHAPE} - {"content", "message", "output"}


def keeps(written: Any, came: Any) -> bool:
    """Whether all that came is in what was written, but for nulls, and for the fields that the table names."""
    if is_object(came) and is_object(written):
        return all(name in NAMED or value is None or keeps(written[name], value) for name, value in came.items())
    if is_array(came) and is_array(written):
        return len(written) == len(came) and all(map(keeps, written, came))
    return bool(written == came)


@pytest.mark.parametrize("root", [ChatCompletion, ChatCompletionChunk, Response], ids=lambda root: root.__name__)
def test_no_other_field_is_touched(root: Any) -> None:
    decoder = TolerantDecoder[Any](root)

    @given(received(root))
    def property_of(came: Any) -> None:
        value = decoder.decode(msgspec.json.encode(came))
        assert keeps(json.loads(to_json(value, shape="openai")), json.loads(to_json(value)))

    property_of()


def test_the_table_names_what_the_spec_has() -> None:
    for row in OPENAI_SHAPE:
        json.loads(row.absent or "null")
        assert bool(row.known) == bool(row.other and json.loads(row.other) in row.known)
        for name in row.objects:
            struct: type[Struct] = getattr(models, name)
            assert struct.__dict__["__received__"]
    assert len({(name, row.field) for row in OPENAI_SHAPE for name in row.objects}) == sum(
        len(row.objects) for row in OPENAI_SHAPE
    )
