"""The tolerant decoder: tolerant of what is new, strict on what cannot be typed, unshaken by hostile text."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import msgspec
import pytest
from msgspec import Struct

from mimo_proto.errors import DecodeError
from mimo_proto.kept_fields import unknown_fields
from mimo_proto.models import (
    Annotation,
    AudioOutput,
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    ChoiceDelta,
    ChunkChoice,
    FunctionCall,
    FunctionCallItem,
    OutputMessage,
    OutputText,
    Response,
    ResponseOutputItemDone,
    ResponseOutputTextDelta,
    ResponseStreamEvent,
    ToolCall,
)
from mimo_proto.protocol.decode import TolerantDecoder, plain_value, read_json, replace_surrogates
from mimo_proto.unknown import Unknown

COMPLETION: TolerantDecoder[ChatCompletion] = TolerantDecoder(ChatCompletion)
RESPONSE: TolerantDecoder[Response] = TolerantDecoder(Response)
EVENT: TolerantDecoder[ResponseStreamEvent] = TolerantDecoder(ResponseStreamEvent)
ANY: TolerantDecoder[Any] = TolerantDecoder(Any)


class Nest(Struct):
    inner: Nest | None = None


def completion(**message: Any) -> bytes:
    return json.dumps({"choices": [{"message": message}]}).encode()


def first_message(data: bytes) -> ChatCompletionMessage:
    return COMPLETION.decode(data).choices[0].message


# What is new


def test_what_is_known_is_typed() -> None:
    assert first_message(completion(content="hi")) == ChatCompletionMessage(content="hi")


@pytest.mark.parametrize("content", [{"type": "response.new", "a": [1, {"b": None}]}, {"a": 1}, {}, {"type": 5}])
def test_an_unknown_event_is_kept(content: dict[str, Any]) -> None:
    event = EVENT.decode(json.dumps(content).encode())
    assert isinstance(event, Unknown)
    assert event == content
    assert event.tag == (content.get("type") if isinstance(content.get("type"), str) else None)


def test_an_unknown_item_and_an_unknown_part_are_kept() -> None:
    parts = [{"type": "poem", "lines": 2}, {"type": "output_text", "text": "x"}]
    text = json.dumps({"output": [{"type": "message", "content": parts}, {"type": "dance"}]}).encode()
    message, dance = RESPONSE.decode(text).output
    assert isinstance(message, OutputMessage)
    poem, words = message.content
    assert poem == Unknown({"type": "poem", "lines": 2})
    assert words == OutputText(text="x")
    assert isinstance(dance, Unknown)
    assert dance.tag == "dance"
    assert msgspec.json.encode(RESPONSE.decode(text).output) == msgspec.json.encode(json.loads(text)["output"])


def test_an_unknown_item_within_an_event() -> None:
    event = EVENT.decode(b'{"type":"response.output_item.done","output_index":0,"item":{"type":"dance"}}')
    assert isinstance(event, ResponseOutputItemDone)
    assert event.item == Unknown({"type": "dance"})


def test_a_struct_alone_with_another_tag() -> None:
    assert TolerantDecoder[Any](OutputText).decode(b'{"type":"poem"}') == Unknown({"type": "poem"})


def test_a_tool_call_of_another_kind() -> None:
    fits, does_not = (
        {"id": "1", "type": "f2", "function": {"name": "f", "arguments": ""}},
        {"id": "2", "type": "custom"},
    )
    calls: Any = first_message(completion(tool_calls=[fits, does_not])).tool_calls
    assert isinstance(calls[0], ToolCall)
    assert calls[1] == Unknown({"id": "2", "type": "custom"})
    assert msgspec.json.decode(msgspec.json.encode(calls)) == [fits, does_not]


@pytest.mark.parametrize("kind", [{}, {"type": "function"}, {"type": 5}])
def test_a_tool_call_of_the_known_kind_must_fit(kind: dict[str, Any]) -> None:
    with pytest.raises(DecodeError) as caught:
        COMPLETION.decode(completion(tool_calls=[{"id": "1", **kind}]))
    assert caught.value.path.startswith("$.choices[0].message.tool_calls[0]")


def test_an_annotation_of_another_kind() -> None:
    fits, does_not = {"type": "file_citation", "file": {"id": "f1"}}, {"type": "file_citation", "url": {"path": "/"}}
    notes: Any = first_message(completion(annotations=[fits, does_not])).annotations
    assert isinstance(notes[0], Annotation)
    assert notes[1] == Unknown(does_not)
    assert msgspec.json.decode(msgspec.json.encode(notes)) == [fits, does_not]
    with pytest.raises(DecodeError):
        COMPLETION.decode(completion(annotations=[{**does_not, "type": "url_citation"}]))


def test_an_unknown_enum_value_is_a_string() -> None:
    assert (
        COMPLETION.decode(b'{"choices":[{"message":{},"finish_reason":"tired"}]}').choices[0].finish_reason == "tired"
    )


def test_a_field_added_to_what_goes_back_is_kept() -> None:
    function = {"name": "f", "arguments": "{}", "deeper": {"a": [None]}}
    message = {
        "role": "assistant",
        "content": "hi",
        "tool_calls": [{"id": "1", "type": "function", "function": function, "score": 0.5}],
        "annotations": [{"url": "https://example.com", "rank": 1}],
        "mood": "good",
    }
    decoded = first_message(completion(**message))
    assert msgspec.json.decode(msgspec.json.encode(decoded)) == message
    assert decoded.tool_calls is not None
    assert decoded.annotations is not None
    assert isinstance(decoded.tool_calls[0], ToolCall)
    assert isinstance(decoded.annotations[0], Annotation)
    assert pickle.loads(pickle.dumps(decoded)) == decoded


def test_a_field_added_to_anything_else_is_kept_too() -> None:
    data = {"choices": [{"message": {"content": "hi"}, "new": 2}], "usage": {"new": 1}, "new": None}
    assert json.loads(msgspec.json.encode(COMPLETION.decode(json.dumps(data).encode()))) == data
    chunk = {"choices": [{"finish_reason": None, "delta": {"new": 1}, "new": 2}], "new": 3}
    assert (
        json.loads(msgspec.json.encode(TolerantDecoder(ChatCompletionChunk).decode(json.dumps(chunk).encode())))
        == chunk
    )
    event = {"type": "response.output_text.delta", "delta": "hi", "new": {"a": 1}}
    assert json.loads(msgspec.json.encode(EVENT.decode(json.dumps(event).encode()))) == event


def fill(make: Callable[[str], bytes], decoder: TolerantDecoder[Any]) -> None:
    """Have so many names come that no class is made for another."""
    for number in range(256):
        decoder.decode(make(f"fill_{number}"))


def test_past_the_caps_the_type_goes_first_where_no_unknown_is_expected() -> None:
    fill(lambda name: completion(**{name: 1}), COMPLETION)
    item = {"type": "function_call", "call_id": "1", "name": "f", "arguments": "", "new": 1}
    assert RESPONSE.decode(json.dumps({"output": [item]}).encode()).output == [Unknown(item)]
    assert first_message(completion(content="hi", new=1)) == ChatCompletionMessage(content="hi")


def test_past_the_caps_an_event_is_still_one() -> None:
    fill(lambda name: json.dumps({"type": "response.output_text.delta", name: 1}).encode(), EVENT)
    data = b'{"type":"response.output_text.delta","delta":"hi","new":1}'
    assert EVENT.decode(data) == ResponseOutputTextDelta(delta="hi")
    # What comes again is learned all the same, and from then on kept.
    assert unknown_fields(EVENT.decode(data)) == {}
    assert unknown_fields(EVENT.decode(data)) == {"new": 1}
    both = b'{"type":"response.output_text.delta","delta":"hi","new":1,"newer":2}'
    assert unknown_fields(EVENT.decode(both)) == {"new": 1}


# What is plainly meant


def test_null_and_absence_are_the_default() -> None:
    item = b'{"type":"function_call","call_id":null,"arguments":null}'
    read = RESPONSE.decode(b'{"output":[%b,{"type":"message","content":null}],"tools":null}' % item)
    assert read.output == [FunctionCallItem(call_id="", name="", arguments=""), OutputMessage()]
    call = first_message(completion(tool_calls=[{"function": {"name": "f"}}])).tool_calls
    assert call == [ToolCall(id="", function=FunctionCall(name="f", arguments=""))]
    event = EVENT.decode(b'{"type":"response.output_text.delta","delta":null}')
    assert event == ResponseOutputTextDelta(delta="")
    chunk = TolerantDecoder(ChatCompletionChunk).decode(b'{"choices":[{"delta":null}]}')
    assert chunk == ChatCompletionChunk(choices=[ChunkChoice(delta=ChoiceDelta())])


def test_what_stands_for_an_absent_list_is_of_the_object_alone() -> None:
    class Notes(Struct, forbid_unknown_fields=True):
        __received__: ClassVar[bool] = True
        __absent__: ClassVar[Mapping[str, Any]] = {"notes": [], "by": {}}
        notes: list[Any]
        by: dict[str, Any]

    decoder: TolerantDecoder[Notes] = TolerantDecoder(Notes)
    decoder.decode(b"{}").notes.append(1)
    decoder.decode(b"{}").by["a"] = 1
    assert decoder.decode(b'{"notes":null}') == Notes([], {})


def test_digits_are_a_time() -> None:
    assert COMPLETION.decode(b'{"choices":[],"created":"1790500000"}').created == 1790500000
    assert RESPONSE.decode(b'{"output":[],"created_at":"1790500000"}').created_at == 1790500000
    audio = first_message(completion(audio={"id": "a", "expires_at": "1790500000"})).audio
    assert audio is not None
    assert audio.expires_at == 1790500000


@pytest.mark.parametrize("text", ["", "soon", "-1", "1e9", "1.5", "\u0661", "1" * 5000])
def test_another_text_is_no_time(text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        COMPLETION.decode(json.dumps({"choices": [], "created": text}).encode())
    assert caught.value.path == "$.created"


def test_digits_are_no_other_number() -> None:
    with pytest.raises(DecodeError) as caught:
        COMPLETION.decode(b'{"choices":[{"message":{},"index":"0"}]}')
    assert caught.value.path == "$.choices[0].index"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"a": [1, None], "b c": "\u00e9"}, '{"a":[1,null],"b c":"\u00e9"}'),
        ({}, "{}"),
        ([1], "[1]"),
        ({"a": "\ud83d"}, '{"a":"\ufffd"}'),
    ],
)
def test_arguments_that_are_json_already(given: Any, text: str) -> None:
    calls = first_message(
        completion(tool_calls=[{"id": "1", "function": {"name": "f", "arguments": given}}])
    ).tool_calls
    assert calls == [ToolCall(id="1", function=FunctionCall(name="f", arguments=text))]
    call = {"type": "function_call", "call_id": "1", "name": "f", "arguments": given}
    assert RESPONSE.build({"output": [call]}).output == [FunctionCallItem(call_id="1", name="f", arguments=text)]
    delta = {"type": "custom_tool_call", "call_id": "1", "name": "f", "input": given}
    with pytest.raises(DecodeError):
        RESPONSE.decode(json.dumps({"output": [delta]}).encode())


@pytest.mark.parametrize(("text", "number"), [("1771.0", 1771), ("1e3", 1000), ("-0.0", 0), ("1e15", 10**15)])
def test_a_number_that_is_an_integer_is_read_as_one(text: str, number: int) -> None:
    data = b'{"output":[],"usage":{"input_tokens":%b},"error":{"code":%b}}' % (text.encode(), text.encode())
    read = RESPONSE.decode(data)
    assert read.error is not None
    assert read.usage is not None
    assert (read.usage.input_tokens, read.error.code) == (number, number)
    assert isinstance(read.usage.input_tokens, int)
    usage = COMPLETION.decode(b'{"choices":[{"message":{}}],"created":1.0,"usage":{"seconds":%b}}' % text.encode())
    assert usage.usage is not None
    assert repr(usage.usage.seconds) == str(number)
    delta = b'{"type":"response.output_text.delta","delta":"x","output_index":1.0,"sequence_number":%b}' % text.encode()
    event = EVENT.decode(delta)
    assert isinstance(event, ResponseOutputTextDelta)
    assert (event.output_index, event.sequence_number) == (1, number)


def test_a_number_stays_one_where_the_spec_has_numbers() -> None:
    assert repr(TolerantDecoder(AudioOutput).decode(b'{"expires_at":1.0,"id":"x"}').expires_at) == "1.0"
    assert TolerantDecoder(list[int | float]).decode(b"[1.0]") == [1.0]


@pytest.mark.parametrize("text", ["1790500000", "1790500000.0", "1790500000.25"])
def test_a_time_is_what_the_server_wrote(text: str) -> None:
    chunk = b'{"choices":[],"created":%b}' % text.encode()
    for read in (
        RESPONSE.decode(b'{"created_at":%b}' % text.encode()),
        TolerantDecoder(ChatCompletionChunk).decode(chunk),
    ):
        assert text.encode() in msgspec.json.encode(read)


@pytest.mark.parametrize("text", ["1771.5", "1e300", "9007199254740993.0", "-9007199254740992.0"])
def test_a_number_that_is_no_integer_is_an_error_there(text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        RESPONSE.decode(b'{"output":[],"usage":{"input_tokens":%b}}' % text.encode())
    assert caught.value.path == "$.usage.input_tokens"


# What cannot be typed


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"{}", "$"),
        (b"[]", "$"),
        (b"null", "$"),
        (b"3", "$"),
        (b'{"choices":null}', "$.choices"),
        (b'{"choices":[null]}', "$.choices[0]"),
        (b'{"choices":[{"message":null}]}', "$.choices[0].message"),
        (b'{"choices":[{"message":{"content":5}}]}', "$.choices[0].message.content"),
        (b'{"choices":[{"message":{"tool_calls":{}}}]}', "$.choices[0].message.tool_calls"),
        (b'{"choices":[{"message":{},"index":"0"}]}', "$.choices[0].index"),
        (b'{"choices":[{"message":{},"index":1.5}]}', "$.choices[0].index"),
        (b'{"choices":[],"usage":{"total_tokens":{}}}', "$.usage.total_tokens"),
        (b'{"choices":[{"message":{"new":1,"annotations":[{"url":1}]}}]}', "$.choices[0].message.annotations[0].url"),
    ],
)
def test_it_is_an_error_with_its_path(data: bytes, path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        COMPLETION.decode(data)
    error = caught.value
    assert error.path == path
    assert path in str(error)
    assert error.data == data
    assert error.__context__ is None
    assert pickle.loads(pickle.dumps(error)).path == path


def test_the_error_says_what() -> None:
    with pytest.raises(DecodeError, match=r"at \$\.choices\[0\]: `message` is missing"):
        COMPLETION.decode(b'{"choices":[{}]}')
    with pytest.raises(DecodeError, match=r"at \$\.choices\[0\]\.index: Expected `int \| null`, got `str`"):
        COMPLETION.decode(b'{"choices":[{"message":{},"index":"x"}]}')


def test_the_error_shows_what_the_payload_begins_with() -> None:
    with pytest.raises(DecodeError) as caught:
        COMPLETION.decode(b'{"choices":null,"note":"\xe6\xbd\xae\xff\\ud83d","more":"' + b"x" * 500 + b'"}')
    text = str(caught.value)
    assert """begins '{"choices":null,"note":"\u6f6e\ufffd\\\\ud83d","more":"xxx""" in text
    assert 100 < text.count("x") < 200
    assert text.encode().decode() == text
    with pytest.raises(DecodeError, match=r"not JSON: .*begins '<html>.n.x1b'"):
        COMPLETION.decode(b"<html>\n\x1b")
    with pytest.raises(DecodeError, match=r"is missing$"):
        COMPLETION.build({})


# Hostile text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'"\xff"', "\ufffd"),
        (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd"),
        (rb'"\ud83d"', "\ufffd"),
        (rb'"a\ude00b"', "a\ufffdb"),
        (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
        (rb'"\ud83d\ude00\ud83d"', "\U0001f600\ufffd"),
        (rb'"\ud83dx"', "\ufffdx"),
        (rb'{"\ud83d":[{"a":"\ude00"},1,null,true,0.5]}', {"\ufffd": [{"a": "\ufffd"}, 1, None, True, 0.5]}),
        (b"\xef\xbb\xbf[1]", [1]),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b"1180591620717411303424", 2**70),
        (b"9" * 4000, int("9" * 4000)),
        (b" \r\n\t[1] ", [1]),
        (b'"\\u0000"', "\0"),
    ],
)
def test_it_gives_a_value_that_encodes(text: bytes, value: Any) -> None:
    assert ANY.decode(text) == value
    assert ANY.decode(msgspec.json.encode(ANY.decode(text))) == value


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"a"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 5000,
        b"1e999",
        b"[1e999, 1]",
        b"-1e999",
        b"NaN",
        b"[Infinity]",
        b"{} {}",
        b"{}{}",
        b"{}x",
        b"[DONE]",
        b"\xff\xfe[\x00]\x00",
        b"01",
        b"'a'",
        b'"\n"',
        b"\x00",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\xef\xbb\xbf1",
        b"<html>",
    ],
)
@pytest.mark.parametrize("decoder", [ANY, COMPLETION, EVENT])
def test_it_gives_an_error_of_ours(decoder: TolerantDecoder[Any], text: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        decoder.decode(text)
    assert caught.value.__context__ is None
    assert caught.value.data == text[:1024]


def test_depth_that_only_the_copy_cannot_take() -> None:
    deep: Any = "\ud83d"
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(DecodeError, match="too deeply") as caught:
        replace_surrogates(deep)
    assert caught.value.__context__ is None


def test_depth_that_only_the_walk_cannot_take() -> None:
    deep: Any = {"inner": 5}
    for _ in range(10_000):
        deep = {"inner": deep}
    with pytest.raises(DecodeError, match="too deeply"):
        TolerantDecoder(Nest).build(deep)


def test_what_is_too_deep_to_be_made_plain() -> None:
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(DecodeError, match="too deeply") as caught:
        plain_value(deep)
    assert caught.value.__context__ is None


def test_damaged_text_is_typed_all_the_same() -> None:
    event = EVENT.decode(b'\xef\xbb\xbf{"type":"response.output_text.delta","delta":"\\ud83d \xff"}')
    assert event == ResponseOutputTextDelta(delta="\ufffd \ufffd")


def test_what_json_is_read_as() -> None:
    assert read_json(rb'["\ud83d", 1]') == ["\ud83d", 1]
    assert read_json(b'{"a":1}') == {"a": 1}
    assert replace_surrogates("\ud83d" + "\ude00") == "\U0001f600"


# What callers bring along


def test_a_type_of_the_caller_s_own() -> None:
    class Delta(Struct, tag_field="type", tag="response.output_text.delta"):
        delta: msgspec.Raw

    decoder: TolerantDecoder[Any] = TolerantDecoder(Delta)
    assert bytes(decoder.decode(b'{"type":"response.output_text.delta","delta":{"a":1}}').delta) == b'{"a":1}'
    slow = decoder.decode(b'{"type":"response.output_text.delta","delta":{"a":"\\ud83d"}}')
    assert bytes(slow.delta) == '{"a":"\ufffd"}'.encode()


class Picky(Struct, forbid_unknown_fields=True):
    choices: list[Any]


def test_a_struct_of_the_caller_s_own_forbids_for_itself() -> None:
    decoder: TolerantDecoder[Picky] = TolerantDecoder(Picky)
    for _ in range(3):
        with pytest.raises(DecodeError, match="at \\$: Object contains unknown field `new`"):
            decoder.decode(b'{"choices":[],"new":1}')


def test_a_plain_value_is_built() -> None:
    call = {"type": "function_call", "call_id": "1", "name": "f", "arguments": ""}
    assert RESPONSE.build({"output": [call]}).output == [FunctionCallItem(call_id="1", name="f", arguments="")]
