"""Names learned from the wire: the C decoder takes what has come twice, and nothing else is different."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from mimo_proto import models
from mimo_proto.endpoints import CHAT_COMPLETIONS, RESPONSES
from mimo_proto.errors import DecodeError
from mimo_proto.kept_fields import unknown_fields
from mimo_proto.models import (
    ChatCompletion,
    ChatCompletionChunk,
    ChoiceDelta,
    ChunkChoice,
    ErrorDetail,
    FunctionCallItem,
    ResponseCompleted,
    ResponseOutputTextDelta,
    ResponseStreamEvent,
)
from mimo_proto.protocol.decode import TolerantDecoder
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.protocol.stream import StreamDecoder
from mimo_proto.protocol.widen import forget
from mimo_proto.unknown import Unknown
from tests.support.feeding import pull, run, whole_blocks
from tests.support.payloads import chat_chunk, event, response_delta, response_event

CHUNK: TolerantDecoder[ChatCompletionChunk] = TolerantDecoder(ChatCompletionChunk)
COMPLETION: TolerantDecoder[ChatCompletion] = TolerantDecoder(ChatCompletion)
EVENT: TolerantDecoder[Any] = TolerantDecoder(ResponseStreamEvent)

NEW = {
    "choices": [{"finish_reason": None, "delta": {"content": "hi", "mood": None}, "stop": 5}],
    "fingerprint": "fp",
    "class": {"a": [1]},
}


def data(value: Any) -> bytes:
    return json.dumps(value).encode()


def plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def is_learned(decoder: TolerantDecoder[Any], value: Any) -> bool:
    """Whether the C decoder takes a payload."""
    try:
        decoder.strict(data(value))
    except msgspec.ValidationError:
        return False
    return True


def learn(decoder: TolerantDecoder[Any], value: Any) -> Any:
    """Have a payload come twice, and decode it once more."""
    for _ in range(2):
        decoder.decode(data(value))
    assert is_learned(decoder, value)
    return decoder.decode(data(value))


# What is learned


def test_what_comes_twice_is_learned() -> None:
    assert not is_learned(CHUNK, NEW)
    slow = CHUNK.decode(data(NEW))
    assert not is_learned(CHUNK, NEW)
    assert CHUNK.decode(data(NEW)) == slow
    assert is_learned(CHUNK, NEW)
    chunk = CHUNK.decode(data(NEW))
    assert chunk == slow
    assert plain(chunk) == plain(slow) == NEW
    assert unknown_fields(chunk) == {"fingerprint": "fp", "class": {"a": [1]}}
    assert unknown_fields(chunk.choices[0].delta) == {"mood": None}
    assert chunk.fingerprint == "fp"  # type: ignore[attr-defined]


def test_it_looks_like_what_it_is() -> None:
    chunk = learn(CHUNK, NEW)
    assert isinstance(chunk, ChatCompletionChunk)
    assert type(chunk).__name__ == type(chunk).__qualname__ == "ChatCompletionChunk"
    assert type(chunk).__module__ == ChatCompletionChunk.__module__
    match chunk:
        case ChatCompletionChunk(choices=[ChunkChoice(delta=ChoiceDelta(content=content))]):
            assert content == "hi"
        case _:
            pytest.fail(repr(chunk))
    assert repr(learn(EVENT, {"type": "response.output_text.delta", "delta": "hi", "new": 1})) == (
        "ResponseOutputTextDelta(delta='hi', new=1)"
    )


def test_what_is_absent_is_shown_nowhere() -> None:
    learn(CHUNK, NEW)
    payload = {"choices": [{"finish_reason": None, "delta": {"content": "hi"}}]}
    chunk = CHUNK.strict(data(payload))
    assert plain(chunk) == payload
    assert msgspec.to_builtins(chunk) == payload
    assert unknown_fields(chunk) == {}
    known = ChatCompletionChunk(choices=[ChunkChoice(delta=ChoiceDelta(content="hi"))])
    assert repr(chunk) == repr(known)
    assert chunk == known
    assert known == chunk
    assert (chunk != known) is False
    assert (known != chunk) is False


def test_once_in_many_places_is_once() -> None:
    models_list = {"data": [{"id": name, "created": 1} for name in "abc"]}
    decoder: TolerantDecoder[models.ModelList] = TolerantDecoder(models.ModelList)
    decoder.decode(data(models_list))
    assert not is_learned(decoder, models_list)
    decoder.decode(data(models_list))
    assert is_learned(decoder, models_list)


def test_all_new_names_of_the_second_payload_are_learned() -> None:
    CHUNK.decode(data({"choices": [], "one": 1}))
    CHUNK.decode(data({"choices": [{"delta": {"two": 2}}], "one": 1, "three": 3}))
    assert is_learned(CHUNK, {"choices": [{"delta": {"two": 2}}], "three": 3})


def test_what_was_learned_grows() -> None:
    first = learn(CHUNK, {"choices": [], "one": 1})
    second = learn(CHUNK, {"choices": [{"delta": {"two": 2}}], "one": 1})
    third = CHUNK.strict(data({"choices": [], "one": 1}))
    assert first == third
    assert type(first) is not type(third)
    assert unknown_fields(second) == {"one": 1}


def test_a_name_belongs_to_the_struct_whatever_it_was_decoded_in() -> None:
    usage: Any = {"choices": [], "usage": {"new": 1}}
    learn(CHUNK, usage)
    # The other type looks when it next refuses something.
    assert not is_learned(COMPLETION, usage)
    assert unknown_fields(COMPLETION.decode(data(usage)).usage) == {"new": 1}
    assert is_learned(COMPLETION, usage)
    assert not is_learned(COMPLETION, {"choices": [], "new": 1})


def test_a_plain_value_that_is_built_teaches_too() -> None:
    for _ in range(2):
        assert plain(CHUNK.build(NEW)) == NEW
    assert is_learned(CHUNK, NEW)
    # And has what was learned elsewhere taken up.
    COMPLETION.build({"choices": [], "usage": {"new": 1}})
    CHUNK.build({"choices": [], "usage": {"new": 1}})
    assert not is_learned(COMPLETION, {"choices": [], "usage": {"new": 1}})
    COMPLETION.build({"choices": [], "usage": {"new": 1}})
    assert is_learned(COMPLETION, {"choices": [], "usage": {"new": 1}})


def test_what_was_learned_can_be_forgotten() -> None:
    learn(CHUNK, NEW)
    forget()
    assert not is_learned(CHUNK, NEW)
    learn(CHUNK, NEW)


def test_a_field_of_an_item_in_a_terminal_event() -> None:
    item = {"type": "function_call", "call_id": "1", "name": "f", "arguments": "", "new": [1]}
    done = {"type": "response.completed", "response": {"output": [item], "new": None}, "sequence_number": 1}
    last = learn(EVENT, done)
    assert isinstance(last, ResponseCompleted)
    [call] = last.response.output
    assert isinstance(call, FunctionCallItem)
    assert unknown_fields(call) == {"new": [1]}
    assert plain(last) == done


# What stays as it was


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"fingerprint": "fp"}, "$"),
        ({"choices": None, "fingerprint": "fp"}, "$.choices"),
        ({"choices": [{"delta": {"content": 5}}]}, "$.choices[0].delta.content"),
        ({"choices": [{"delta": {"content": "hi"}, "index": "x"}]}, "$.choices[0].index"),
    ],
)
def test_learning_switches_off_no_check(payload: Any, path: str) -> None:
    learn(CHUNK, NEW)
    with pytest.raises(DecodeError) as caught:
        CHUNK.decode(data(payload))
    assert caught.value.path == path


def test_tags_go_on_telling_the_kinds_apart() -> None:
    learn(EVENT, {"type": "response.output_text.delta", "delta": "hi", "new": 1})
    assert EVENT.decode(b'{"type":"response.new","new":1}') == Unknown({"type": "response.new", "new": 1})
    assert EVENT.decode(b'{"type":"response.completed","response":{}}').type == "response.completed"
    assert EVENT.decode(b'{"new":1}') == Unknown({"new": 1})


def test_plain_meaning_beside_what_was_learned() -> None:
    learn(CHUNK, NEW)
    chunk = CHUNK.decode(data({**NEW, "created": "1790500000"}))
    assert chunk.created == 1790500000
    assert unknown_fields(chunk) == {"fingerprint": "fp", "class": {"a": [1]}}


ERROR = {"code": "500", "message": "no more"}


@pytest.mark.parametrize("decoder", [COMPLETION, CHUNK], ids=["reply", "chunk"])
@pytest.mark.parametrize("in_choice", [False, True])
def test_an_error_behind_nulls_is_an_error(decoder: TolerantDecoder[Any], in_choice: bool) -> None:
    def wrap(error: Any) -> Any:
        held: Any = {"error": error, "new": 1}
        choices: Any = [{"message": {}, "delta": {}, **held}]
        return {"choices": choices} if in_choice else {"choices": [], **held}

    learn(decoder, wrap(None))
    for _ in range(3):
        value = decoder.decode(data(wrap(ERROR)))
        held = value.choices[0] if in_choice else value
        assert isinstance(held.error, ErrorDetail)
        assert held.error.message == "no more"
        assert unknown_fields(held)["new"] == 1


# Streams


@pytest.mark.parametrize("how", [run, pull])
def test_a_stream_ends_at_its_terminal_event_before_and_after_it_was_learned(how: Callable[..., Any]) -> None:
    delta = response_delta("Hello").replace(b'"delta"', b'"new": 1, "delta"', 1)
    end = response_event("response.completed", response={"output": [], "new": 1}, new=2)
    for _ in range(4):
        decoder: StreamDecoder[Any] = StreamDecoder(RESPONSES)
        outcome = how(decoder, [delta, delta, delta, end])
        assert outcome.error is None
        assert decoder.done
        *deltas, last = outcome.events
        assert [each.delta for each in deltas] == ["Hello"] * 3
        assert isinstance(last, ResponseCompleted)
        assert (unknown_fields(last), unknown_fields(last.response)) == ({"new": 2}, {"new": 1})


def test_a_chat_stream_is_the_same_however_often_it_came() -> None:
    pieces = [chat_chunk("Hello", new=1), chat_chunk(" world", new=None), chat_chunk("", "stop", new=2)]
    first = run(StreamDecoder(CHAT_COMPLETIONS), pieces)
    assert [unknown_fields(each) for each in first.events] == [{"new": 1}, {"new": None}, {"new": 2}]
    for how in (run, pull, run):
        assert how(StreamDecoder(CHAT_COMPLETIONS), pieces) == first


# Copies


def test_equality_before_and_after() -> None:
    before = CHUNK.decode(data(NEW))
    once_learned = learn(CHUNK, NEW)
    learn(CHUNK, {**NEW, "newer": 1})
    after = CHUNK.strict(data(NEW))
    assert type(before) is not type(once_learned) is not type(after) is not type(before)
    assert before == once_learned == after == before
    for one, other in ((before, after), (after, once_learned)):
        assert (one != other) is False
    changed = CHUNK.strict(data({**NEW, "fingerprint": "other"}))
    assert changed != after
    assert before != changed
    assert changed != CHUNK.strict(data({"choices": NEW["choices"]}))
    assert pickle.loads(pickle.dumps(after)) == before
    assert pickle.loads(pickle.dumps(before)) == after


READ = """
import pickle, sys
from mimo_proto import models
from mimo_proto.protocol.decode import TolerantDecoder
from mimo_proto.kept_fields import unknown_fields

decoder = TolerantDecoder(models.ChatCompletionChunk)
payload, pickled = pickle.load(sys.stdin.buffer)
values = [decoder.decode(payload) for _ in range(%d)]
came = pickle.loads(pickled)
assert all(value == came and not value != came for value in values)
assert unknown_fields(came) == unknown_fields(values[0]) != {}
sys.stdout.buffer.write(pickle.dumps([came, *values]))
"""


@pytest.mark.parametrize("there", [1, 3])
@pytest.mark.parametrize("here", [1, 3])
def test_pickles_cross_processes(here: int, there: int) -> None:
    values = [CHUNK.decode(data(NEW)) for _ in range(here)]
    done = subprocess.run(
        [sys.executable, "-c", READ % there],
        input=pickle.dumps((data(NEW), pickle.dumps(values[-1]))),
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    for value in pickle.loads(done.stdout):
        assert value == values[-1]
        assert plain(value) == NEW


# Every root, every depth

POOL = ["new", "a b", "class", "é", "_private", "copy", "created_by", "extra_0"]
VALUES: st.SearchStrategy[Any] = st.sampled_from([None, 0, False, "", "text", [], [1, None], {}, {"a": {"b": []}}])
ADDED: st.SearchStrategy[dict[str, Any]] = st.dictionaries(st.sampled_from(POOL), VALUES, max_size=3)
PAYLOADS: dict[str, Any] = {
    "ModelList": {"data": [{"id": "mimo-v2.6-pro"}]},
    "ErrorResponse": {"error": {"code": "400"}},
    "ChatCompletion": {
        "choices": [
            {
                "message": {
                    "content": "hi",
                    "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
                    "annotations": [{"url": "https://example.com"}],
                    "audio": {"id": "a"},
                }
            }
        ],
        "usage": {"completion_tokens_details": {}, "prompt_tokens_details": {}, "web_search_usage": {}},
    },
    "ChatCompletionChunk": {
        "choices": [
            {
                "delta": {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}], "annotations": [{}]},
                "finish_reason": None,
            }
        ],
        "usage": {"prompt_tokens_details": {}},
    },
    "Response": {
        "output": [
            {"type": "message", "content": [{"type": "output_text", "text": "hi"}]},
            {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "hm"}]},
            {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        ],
        "usage": {"output_tokens_details": {}},
        "error": {"code": "x"},
    },
    "ResponseStreamEvent": {
        "type": "response.output_item.done",
        "item": {"type": "message", "content": [{"type": "output_text", "text": "hi"}]},
    },
}


@st.composite
def with_added_fields(draw: st.DrawFn, value: Any) -> Any:
    """A payload with names of the pool in objects at any depth."""
    if is_array(value):
        return [draw(with_added_fields(element)) for element in value]
    if is_object(value):
        return draw(ADDED) | {key: draw(with_added_fields(element)) for key, element in value.items()}
    return value


@pytest.mark.parametrize("root", PAYLOADS)
@given(st.data())
def test_added_fields_survive_at_every_depth(root: str, drawn: st.DataObject) -> None:
    forget()
    decoder: TolerantDecoder[Any] = TolerantDecoder(getattr(models, root))
    payload = drawn.draw(with_added_fields(PAYLOADS[root]))
    first = decoder.decode(data(payload))
    held = plain(first)
    assert holds(held, payload)
    for _ in range(3):
        value = decoder.decode(data(payload))
        assert value == first
        assert plain(value) == held
        assert pickle.loads(pickle.dumps(value)) == first
        assert plain(pickle.loads(pickle.dumps(value))) == held
    decoder.strict(data(payload))


def holds(value: Any, came: Any) -> bool:
    """Whether all of what came is in a value, which may have defaults besides."""
    if is_object(came):
        return is_object(value) and all(key in value and holds(value[key], element) for key, element in came.items())
    if is_array(came):
        return is_array(value) and len(value) == len(came) and all(map(holds, value, came))
    return type(value) is type(came) and bool(value == came)


# Threads


def test_threads_that_learn_at_once() -> None:
    payloads = [data({**NEW, f"by_{number % 3}": number}) for number in range(60)]
    results: list[list[Any]] = [[], [], []]
    at_once = threading.Barrier(3)

    def read(number: int) -> None:
        decoder: TolerantDecoder[Any] = TolerantDecoder(ChatCompletionChunk)
        at_once.wait()
        results[number] += map(decoder.decode, payloads)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for values in results:
        assert [plain(value) for value in values] == list(map(json.loads, payloads))
    assert results[0] == results[1] == results[2]
    assert is_learned(CHUNK, NEW)


class Marked(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What the spec has looks like this."""

    __received__: ClassVar[bool] = True


class Reader(Marked):
    """While a class is made for it, what stands in `meanwhile` is done: as a thread may do, without waiting for one."""

    meanwhile: ClassVar[list[Callable[[], None]]] = []

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        while cls.meanwhile:
            cls.meanwhile.pop()()


def test_nobody_waits_for_who_learns() -> None:
    read: list[Any] = []
    CHUNK.decode(data(NEW))
    decoder: TolerantDecoder[Reader] = TolerantDecoder(Reader)
    decoder.decode(b'{"new":1}')
    Reader.meanwhile.append(lambda: read.append(plain(CHUNK.decode(data(NEW)))))
    decoder.decode(b'{"new":1}')
    assert is_learned(decoder, {"new": 1})
    assert read == [NEW]
    assert not is_learned(CHUNK, NEW)
    learn(CHUNK, NEW)


# Structs of any kind


class Tree(Marked):
    children: list[Tree] = []
    by_name: dict[str, Tree | None] = {}
    leaf: Leaf | None = None


class Leaf(Marked):
    tree: Tree | None = None


def test_structs_that_hold_themselves() -> None:
    decoder: TolerantDecoder[Tree] = TolerantDecoder(Tree)
    tree: Any = {"children": [{"new": 1, "leaf": {"tree": {"new": 2}}}], "by_name": {"a": {"new": 3}, "b": None}}
    first = decoder.decode(data(tree))
    learned = learn(decoder, tree)
    assert learned == first
    inner = decoder.strict(data(tree)).children[0].leaf
    assert inner is not None
    assert unknown_fields(inner.tree) == {"new": 2}
    assert not is_learned(decoder, {"leaf": {"new": 1}})
    learn(decoder, {"children": [{"leaf": {"new": 1}}]})


class Mine(ChatCompletionChunk, kw_only=True, gc=True):
    mood: str = "good"


def test_a_subclass_of_ours_is_ours() -> None:
    decoder: TolerantDecoder[Mine] = TolerantDecoder(Mine)
    chunk = learn(decoder, {**NEW, "mood": "bad"})
    assert isinstance(chunk, Mine)
    assert chunk.mood == "bad"
    assert unknown_fields(chunk) == {"fingerprint": "fp", "class": {"a": [1]}}
    # Names belong to the Struct in which they came, and not to the one it is made of.
    assert not is_learned(CHUNK, {"choices": [], "fingerprint": "fp"})


class Frozen(Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    __received__: ClassVar[bool] = True
    text: str = ""


def test_what_can_be_hashed_still_can() -> None:
    decoder: TolerantDecoder[Frozen] = TolerantDecoder(Frozen)
    slow = decoder.decode(b'{"text":"a","new":[1]}')
    learned = learn(decoder, {"text": "a", "new": [1]})
    assert len({slow, learned, decoder.strict(b'{"text":"a","new":[1]}')}) == 1
    assert hash(decoder.strict(b'{"text":"a"}')) == hash(Frozen(text="a"))
    assert len({decoder.strict(b'{"text":"a"}'), Frozen(text="a")}) == 1


class Reply(Struct):
    """A caller's own, with one of ours in it."""

    choices: list[models.Choice]
    usage: models.CompletionUsage | None = None


def test_a_struct_of_the_caller_s_own_is_not_taught() -> None:
    decoder: TolerantDecoder[Reply] = TolerantDecoder(Reply)
    payload = {"choices": [{"message": {"content": "hi", "new": 1}}], "new": 2}
    reply = learn(decoder, payload)
    assert isinstance(reply, Reply)
    assert reply == decoder.decode(data({**payload, "newer": 1}))
    assert unknown_fields(reply) == {}
    assert unknown_fields(reply.choices[0].message) == {"new": 1}
    assert pickle.loads(pickle.dumps(reply)) == reply
    assert reply == Reply(reply.choices)
    assert Reply(reply.choices) == reply


class Renamed(Marked, rename="camel", tag_field="kind", tag="renamed"):
    long_name: str = "a"


def test_a_class_that_is_made_has_its_struct_s_options() -> None:
    decoder: TolerantDecoder[Renamed] = TolerantDecoder(Renamed)
    value: Renamed = learn(decoder, {"kind": "renamed", "longName": "b", "other_name": 1})
    assert value.long_name == "b"
    assert plain(value) == {"kind": "renamed", "longName": "b", "other_name": 1}
    config = type(value).__struct_config__
    assert (config.gc, config.tag, config.forbid_unknown_fields) == (False, "renamed", True)


# The caps


def test_a_long_name_is_kept_and_not_learned() -> None:
    for length, learned in ((64, True), (65, False)):
        payload: Any = {"choices": [], "x" * length: 1}
        for _ in range(3):
            assert plain(CHUNK.decode(data(payload))) == payload
        assert is_learned(CHUNK, payload) is learned


def test_a_struct_learns_so_many_names() -> None:
    for first in range(0, 60, 20):
        learn(CHUNK, {"choices": [], **{f"n{number}": 1 for number in range(first, first + 20)}})
    payload: Any = {"choices": [], **{f"n{number}": 1 for number in range(60, 70)}}
    for _ in range(3):
        assert plain(CHUNK.decode(data(payload))) == payload
    assert not is_learned(CHUNK, payload)
    assert is_learned(CHUNK, {"choices": [], **{f"n{number}": 1 for number in range(64)}})
    # The others have room.
    learn(CHUNK, {"choices": [{"delta": {"n64": 1}}]})


def test_a_type_is_made_anew_so_often() -> None:
    for number in range(32):
        learn(CHUNK, {"choices": [], f"n{number}": 1})
    payload: Any = {"choices": [], "n32": 1}
    for _ in range(3):
        assert plain(CHUNK.decode(data(payload))) == payload
    assert not is_learned(CHUNK, payload)
    # The types in which the Struct comes too go on.
    usage: Any = {"choices": [], "usage": {"new": 1}}
    learn(COMPLETION, usage)
    assert plain(CHUNK.decode(data({**usage, "n0": 1}))) == {**usage, "n0": 1}
    assert not is_learned(CHUNK, usage)


def test_of_the_names_that_came_once_the_latest_count() -> None:
    CHUNK.decode(b'{"choices":[],"old":1}')
    for number in range(1023):
        CHUNK.decode(data({"choices": [], f"n{number}": 1}))
    CHUNK.decode(b'{"choices":[],"new":1}')
    CHUNK.decode(b'{"choices":[],"old":1}')
    assert not is_learned(CHUNK, {"choices": [], "old": 1})
    CHUNK.decode(b'{"choices":[],"new":1}')
    assert is_learned(CHUNK, {"choices": [], "new": 1})


def test_events_that_are_whole_and_learned_come_out_alike() -> None:
    """Whatever was learned between them."""
    body = b"".join(event({"type": "response.output_text.delta", "delta": "x", f"n{n % 4}": n}) for n in range(20))
    body += response_event("response.completed", response={"output": [], "n": 1})
    for pieces in ([body], whole_blocks(body)):
        outcome = run(StreamDecoder[Any](RESPONSES), pieces)
        assert [unknown_fields(each) for each in outcome.events[:-1]] == [{f"n{n % 4}": n} for n in range(20)]
        assert all(isinstance(each, ResponseOutputTextDelta) for each in outcome.events[:-1])
        forget()
