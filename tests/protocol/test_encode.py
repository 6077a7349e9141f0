"""Events and replies written as a server writes them: what comes in goes out, on one line, and is read as the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given

from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    ChatAccumulator,
    LocalProtocolError,
    MimoError,
    ResponseAccumulator,
    StreamDecoder,
    Unknown,
    encode_done,
    encode_event,
    to_json,
)
from mimo_proto.models import (
    ChatCompletion,
    ChatCompletionChunk,
    ChoiceDelta,
    ChunkChoice,
    ErrorEvent,
    ModelList,
    Response,
    ResponseOutputTextDelta,
    ResponseStreamEvent,
)
from mimo_proto.protocol.decode import TolerantDecoder
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.testing import recorded, recordings
from tests.support.other_servers_calls import CALL_STREAMS
from tests.support.other_servers_chat import CHAT_STREAMS
from tests.support.other_servers_chunks import CHUNK_STREAMS
from tests.support.other_servers_responses import RESPONSE_STREAMS
from tests.support.payloads import CHAT, DONE, RESPONSE, event
from tests.support.received import received
from tests.support.stream_cases import CASES

if TYPE_CHECKING:
    from mimo_proto import Endpoint

STREAMS: list[tuple[str, Endpoint[Any, Any, Any], bytes]] = [
    *((case.id, case.endpoint, case.stream) for case in CASES),
    *((case.id, CHAT_COMPLETIONS, case.body) for case in [*CALL_STREAMS, *CHAT_STREAMS, *CHUNK_STREAMS]),
    *((case.id, RESPONSES, case.body) for case in RESPONSE_STREAMS),
    *(
        (name, CHAT_COMPLETIONS if name.startswith("Chat") else RESPONSES, recorded(name))
        for name in recordings()
        if name.endswith(".sse")
    ),
]
ROOTS: list[Any] = [ChatCompletion, ChatCompletionChunk, Response, ModelList, ResponseStreamEvent]


def read(endpoint: Endpoint[Any, Any, Any], stream: bytes) -> list[Any]:
    """The events of a stream, up to its end or its error."""
    events = list[Any]()
    try:
        for each in StreamDecoder[Any](endpoint).events([stream]):
            events.append(each)
    except MimoError:
        pass
    return events


def holds(written: Any, came: Any) -> bool:
    """Whether all that came is in what was written, but for nulls."""
    if is_object(came) and is_object(written):
        return all(value is None or (name in written and holds(written[name], value)) for name, value in came.items())
    if is_array(came) and is_array(written):
        return len(came) == len(written) and all(map(holds, written, came))
    return type(written) is type(came) and bool(written == came)


# There and back


@pytest.mark.parametrize(("endpoint", "stream"), [each[1:] for each in STREAMS], ids=[each[0] for each in STREAMS])
def test_what_is_written_is_read_as_the_same_events(endpoint: Endpoint[Any, Any, Any], stream: bytes) -> None:
    events = read(endpoint, stream)
    written = [encode_event(each) for each in events]
    assert read(endpoint, b"".join(written)) == events
    # Each event stands by itself.
    assert [each.count(b"\n\n") for each in written] == [1] * len(events)


def test_the_streams_have_events() -> None:
    assert sum(bool(read(endpoint, stream)) for _, endpoint, stream in STREAMS) > 150


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: getattr(root, "__name__", "events"))
def test_all_that_came_is_written(root: Any) -> None:
    decoder = TolerantDecoder[Any](root)

    @given(received(root))
    def property_of(came: Any) -> None:
        value = decoder.decode(msgspec.json.encode(came))
        written = to_json(value)
        assert holds(json.loads(written), came)
        assert decoder.decode(written) == value
        assert b"\n" not in written

    property_of()


def test_a_sum_is_written_as_a_reply() -> None:
    streamed = ChatAccumulator()
    for each in read(CHAT_COMPLETIONS, recorded("ChatCompletionChunk.tool_calls.sse")):
        streamed.add(each)
    done = streamed.result()
    assert msgspec.json.decode(to_json(done), type=ChatCompletion) == done
    summed = ResponseAccumulator()
    for each in read(RESPONSES, recorded("ResponseStreamEvent.reasoning_and_text.sse")):
        summed.add(each)
    response = summed.result()
    assert msgspec.json.decode(to_json(response), type=Response) == response


# What is written


def test_what_is_empty_is_written_and_null_is_not() -> None:
    chunk = ChatCompletionChunk(
        id="",
        created=0,
        choices=[ChunkChoice(index=0, delta=ChoiceDelta(content="", reasoning_content=None, reasoning_details=[]))],
    )
    assert json.loads(to_json(chunk)) == {
        "id": "",
        "created": 0,
        "choices": [{"index": 0, "delta": {"content": "", "reasoning_details": []}, "finish_reason": None}],
    }
    done = TolerantDecoder(Response).decode(b'{"output": [], "output_text": "", "metadata": {}, "usage": null}')
    assert json.loads(to_json(done)) == {"output": [], "output_text": "", "metadata": {}}


@pytest.mark.parametrize("times", [1, 3])
def test_fields_that_the_spec_does_not_know_are_written(times: int) -> None:
    """Also once they are learned, which takes two of them."""
    unknown = {"x-trace": [1, None], "flag": False, "none": None}
    came = {**unknown, "choices": [{**unknown, "delta": {**unknown, "content": "a"}, "finish_reason": None}]}
    for each in read(CHAT_COMPLETIONS, event(came) * times):
        assert json.loads(to_json(each)) == came


def test_chat_has_data_alone_and_responses_name_the_event() -> None:
    chunk = ChatCompletionChunk(choices=[])
    assert encode_event(chunk) == b'data: {"choices":[]}\n\n'
    delta = ResponseOutputTextDelta(delta="a")
    line = b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"a"}\n\n'
    assert encode_event(delta) == line
    assert encode_event(delta, shape="openai").startswith(b"event: response.output_text.delta\ndata: {")
    assert encode_event(ErrorEvent(message="no")).startswith(b'event: error\ndata: {"type":"error"')


def test_the_end_of_a_chat_stream() -> None:
    assert encode_done() == DONE


def test_events_that_the_spec_does_not_know() -> None:
    later = Unknown({"type": "response.sketch", "strokes": [1], "none": None})
    written = b'event: response.sketch\ndata: {"type":"response.sketch","strokes":[1],"none":null}\n\n'
    assert encode_event(later) == encode_event(later, shape="openai") == written
    assert encode_event(Unknown({"position": 3})) == b'data: {"position":3}\n\n'
    assert encode_event(Unknown({"type": 3})) == b'data: {"type":3}\n\n'
    assert encode_event(Unknown({"type": ""})) == b'data: {"type":""}\n\n'


def test_types_of_the_callers() -> None:
    class Delta(msgspec.Struct, tag_field="type", tag="response.output_text.delta"):
        delta: str
        note: str | None = None

    class Numbered(msgspec.Struct, tag=7):
        text: str

    came = b'{"type":"response.output_text.delta","delta":"a","note":null}'
    for _ in range(2):
        assert encode_event(Delta("a")) == b"event: response.output_text.delta\ndata: " + came + b"\n\n"
        assert encode_event(Numbered("a")) == b'data: {"type":7,"text":"a"}\n\n'
        assert encode_event(Delta("a"), shape="openai") == encode_event(Delta("a"))


# Nothing breaks out


@pytest.mark.parametrize("text", ["a\n\ndata: {}\n\n", "\r\r", "\r\ndata: x", "\x00\x0b\x0c\x85\u2028\u2029"])
def test_no_text_breaks_out_of_its_event(text: str) -> None:
    chunk = ChatCompletionChunk(id=text, choices=[ChunkChoice(delta=ChoiceDelta(content=text))])
    later = Unknown({"type": text, text: text})
    for endpoint, each in ((CHAT_COMPLETIONS, chunk), (RESPONSES, later)):
        written = encode_event(each)
        assert b"\n" not in written.partition(b"data: ")[2].removesuffix(b"\n\n")
        assert b"\r" not in written
        assert read(endpoint, written) == [each]


def test_a_name_that_is_no_line_is_not_written() -> None:
    assert encode_event(Unknown({"type": "a\nid: 7"})) == b'data: {"type":"a\\nid: 7"}\n\n'
    assert encode_event(Unknown({"type": "a\rid: 7"})) == b'data: {"type":"a\\rid: 7"}\n\n'


def test_json_that_comes_ready_breaks_out_nowhere() -> None:
    class Chunk(msgspec.Struct):
        choices: msgspec.Raw

    assert encode_event(Chunk(msgspec.Raw(b"[\n\n{},\r{}]"))) == b'data: {"choices":[  {}, {}]}\n\n'
    for line_break in (b"\n", b"\r"):
        written = encode_event(Chunk(msgspec.Raw(b"[" + line_break + b"]")))
        assert written == b'data: {"choices":[ ]}\n\n'


# What cannot be written

ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)


@pytest.mark.parametrize("value", [object(), {"a": "\ud800"}, {object(): 1}, {"a": ENDLESS}])
@pytest.mark.parametrize("shape", ["mimo", "openai"])
def test_what_is_no_json_is_an_error_of_ours(value: Any, shape: Any) -> None:
    for write in (encode_event, to_json):
        with pytest.raises(LocalProtocolError, match="cannot be written as JSON") as caught:
            write(value, shape=shape)
        assert caught.value.__context__ is None


def test_there_are_two_shapes() -> None:
    wrong: Any = "opneai"
    for write in (encode_event, to_json):
        with pytest.raises(LocalProtocolError, match='must be "mimo" or "openai"'):
            write(ChatCompletionChunk(choices=[]), shape=wrong)


def test_other_values_are_json_as_they_are() -> None:
    values: list[Any] = [[], {"a": None}, CHAT, RESPONSE, "x", None]
    for value in values:
        assert json.loads(to_json(value)) == json.loads(to_json(value, shape="openai")) == value
