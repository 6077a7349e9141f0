"""The generated models: what is required of whom, what stands for what is absent, and how it is written."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import NODEFAULT, UNSET, Struct

from mimo_proto import models
from mimo_proto.errors import InvalidRequestError
from mimo_proto.models import (
    ChatCompletion,
    ChatCompletionChunk,
    ChoiceDelta,
    ModelList,
    OutputMessage,
    ReasoningItem,
    Response,
    ResponseStreamEvent,
)
from mimo_proto.protocol.validate import validate

STRUCTS: list[type[Struct]] = [
    value for name in models.__all__ if isinstance(value := getattr(models, name), type) and issubclass(value, Struct)
]
RECEIVED = [cls for cls in STRUCTS if hasattr(cls, "__received__")]
SENT_BACK = [cls for cls in STRUCTS if hasattr(cls, "__sent_back__")]
# What the server sends, and takes as a request's own part too.
BOTH = [cls for cls in SENT_BACK if not cls.__struct_config__.omit_defaults]


def required(cls: type[Struct]) -> set[str]:
    fields = msgspec.structs.fields(cls)
    return {field.encode_name for field in fields if field.default is NODEFAULT is field.default_factory}


def test_what_is_received_requires_what_nothing_can_stand_for() -> None:
    assert {cls.__name__: required(cls) for cls in RECEIVED if cls not in BOTH and required(cls)} == {
        "ChatCompletion": {"choices"},
        "ChatCompletionChunk": {"choices"},
        "Choice": {"message"},
        "ResponseCreated": {"response"},
        "ResponseInProgress": {"response"},
        "ResponseCompleted": {"response"},
        "ResponseIncomplete": {"response"},
        "ResponseFailed": {"response"},
        "ResponseOutputItemAdded": {"item"},
        "ResponseOutputItemDone": {"item"},
        "ResponseContentPartAdded": {"part"},
        "ResponseContentPartDone": {"part"},
    }


def test_what_travels_both_ways_requires_it_of_the_sender_alone() -> None:
    absent: dict[str, dict[str, Any]] = {cls.__name__: dict(getattr(cls, "__absent__", {})) for cls in BOTH}
    # All that a constructor asks for has something that stands for it, but for the function of a call.
    assert {cls.__name__: required(cls) for cls in BOTH} == {
        name: {*absent[name], *(["function"] if name == "ToolCall" else [])} for name in absent
    }
    assert absent["FunctionCallItem"] == {"call_id": "", "name": "", "arguments": ""}
    assert absent["FunctionCallOutputItem"] == {"call_id": "", "output": []}
    assert absent["OutputText"] == {"text": ""}


@pytest.mark.parametrize("cls", BOTH, ids=lambda cls: cls.__name__)
def test_a_sender_cannot_leave_out_what_is_required(cls: Any) -> None:
    for name in required(cls):
        rest: dict[str, Any] = dict.fromkeys(required(cls) - {name}, "")
        with pytest.raises(TypeError, match=name):
            cls(**rest)


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ({"type": "function_call", "call_id": "1", "name": "f"}, "$.input[0]"),
        ({"type": "function_call_output", "call_id": "1"}, "$.input[0]"),
        ({"type": "custom_tool_call", "name": "f", "input": ""}, "$.input[0]"),
        ({"role": "assistant", "content": [{"type": "output_text"}]}, "$.input[0].content[0]"),
        ({"type": "function_call", "call_id": "1", "name": "f", "arguments": None}, "$.input[0].arguments"),
    ],
)
def test_validate_is_as_strict_as_the_constructors(item: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        validate({"model": "m", "input": [item]})
    assert caught.value.path == path


def test_a_reasoning_item_needs_no_id() -> None:
    validate({"model": "m", "input": [{"type": "reasoning"}]})
    item = msgspec.json.decode(b'{"type":"reasoning","content":[]}', type=ReasoningItem)
    assert item.id is UNSET
    assert msgspec.json.encode(item) == b'{"type":"reasoning","content":[]}'


@pytest.mark.parametrize("cls", RECEIVED, ids=lambda cls: cls.__name__)
def test_what_is_received_refuses_what_it_does_not_know(cls: type[Struct]) -> None:
    config = cls.__struct_config__
    assert config.forbid_unknown_fields
    assert config.repr_omit_defaults
    assert config.omit_defaults is (cls not in BOTH)


def test_what_is_only_sent_has_no_mark_and_forbids_nothing() -> None:
    sent = [cls for cls in STRUCTS if cls not in RECEIVED]
    assert {"ChatCompletionRequest", "ResponseRequest", "AssistantMessage"} <= {cls.__name__ for cls in sent}
    assert not [cls for cls in sent if cls in SENT_BACK or cls.__struct_config__.forbid_unknown_fields]
    assert [cls.__name__ for cls in SENT_BACK if cls not in BOTH] == [
        "Annotation",
        "AudioOutput",
        "ChatCompletionMessage",
        "OutputMessage",
    ]


# What comes with nulls and without what is empty, and how it is written.
WRITTEN: dict[str, tuple[Any, bytes, bytes]] = {
    "nulls": (ChatCompletion, b'{"id":null,"choices":[],"usage":null}', b'{"choices":[]}'),
    "empty texts and lists": (
        ChatCompletion,
        b'{"id":"","choices":[{"message":{"content":"","tool_calls":[]}}]}',
        b'{"id":"","choices":[{"message":{"content":"","tool_calls":[]}}]}',
    ),
    "zero": (ChatCompletion, b'{"created":0,"choices":[]}', b'{"created":0,"choices":[]}'),
    "a fraction": (ChatCompletion, b'{"created":0.5,"choices":[]}', b'{"created":0.5,"choices":[]}'),
    "a chunk's choice": (ChatCompletionChunk, b'{"choices":[{}]}', b'{"choices":[{"delta":{},"finish_reason":null}]}'),
    "a response": (Response, b'{"created_at":1.5}', b'{"created_at":1.5,"output":[]}'),
    "a message": (OutputMessage, b'{"type":"message"}', b'{"type":"message","content":[]}'),
    "a list of models": (ModelList, b'{"data":[{}]}', b'{"data":[{"id":""}]}'),
    "no list of models": (ModelList, b"{}", b'{"data":[]}'),
    "an event": (
        ResponseStreamEvent,
        b'{"type":"response.output_text.delta"}',
        b'{"type":"response.output_text.delta","delta":""}',
    ),
}


@pytest.mark.parametrize(("kind", "came", "written"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_empty_is_written_and_null_is_not(kind: Any, came: bytes, written: bytes) -> None:
    read = msgspec.json.decode(came, type=kind)
    assert msgspec.json.encode(read) == written
    assert msgspec.json.decode(written, type=kind) == read


def test_two_objects_share_no_list() -> None:
    assert Response().output is not Response().output
    assert ChatCompletionChunk(choices=[models.ChunkChoice()]).choices[0].delta == ChoiceDelta()


def test_what_servers_of_the_weights_send_is_read() -> None:
    read = msgspec.json.decode(
        b'{"choices":[{"delta":{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text"}],"refusal":null},'
        b'"message":{"reasoning":"hm","refusal":"no"},"usage":{"total_tokens":1},"error":"busy"}],"error":{"code":1}}',
        type=ChatCompletionChunk,
    )
    [choice] = read.choices
    assert (choice.delta.reasoning, choice.delta.reasoning_details) == ("hm", [{"type": "reasoning.text"}])
    assert choice.message is not None
    assert (choice.message.reasoning, choice.message.refusal, choice.error) == ("hm", "no", "busy")
    assert choice.usage == models.CompletionUsage(total_tokens=1)
    whole = msgspec.json.decode(b'{"choices":[{"message":{},"error":{"code":1}}],"error":""}', type=ChatCompletion)
    assert (whole.choices[0].error, whole.error) == (models.ErrorDetail(code=1), "")
