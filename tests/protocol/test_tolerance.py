"""A server ahead of the spec, or astray: every example of what is received, damaged in every way at every place.

Whatever comes of it, it is a value or our error. A value never lies about its types, can be encoded, pickled, copied
and compared; and what goes back to the server in a later request goes back as it came.
"""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Struct

from mimo_proto import ResponseAccumulator, models
from mimo_proto.endpoints import CHAT_COMPLETIONS, RESPONSES
from mimo_proto.errors import DecodeError
from mimo_proto.messages import to_request
from mimo_proto.models import ResponseCompleted, ResponseOutputItemDone
from mimo_proto.protocol.decode import TolerantDecoder
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.protocol.request import build_request
from mimo_proto.protocol.response import parse_response
from mimo_proto.protocol.sse import SSEDecoder
from mimo_proto.protocol.stream import StreamDecoder
from mimo_proto.protocol.widen import forget
from mimo_proto.unknown import Unknown

ROOTS = ("ErrorResponse", "ModelList", "ChatCompletion", "ChatCompletionChunk", "Response", "ResponseStreamEvent")
DECODERS: dict[str, TolerantDecoder[Any]] = {name: TolerantDecoder(getattr(models, name)) for name in ROOTS}
SPEC = Path(__file__).parents[2] / "spec" / "examples"
Steps = tuple[str | int, ...]


def examples() -> Iterator[tuple[str, Any]]:
    """Each received payload of spec/examples, those of a stream without the ones that have the same keys."""
    for path in sorted(SPEC.iterdir()):
        root = path.name.split(".", 1)[0]
        if root not in ROOTS or path.suffix == ".txt":
            continue
        if path.suffix == ".json":
            yield root, json.loads(path.read_bytes())
            continue
        seen: set[str] = set()
        for event in SSEDecoder().feed(path.read_bytes()):
            if event.data != "[DONE]":
                value = json.loads(event.data)
                keys = f"{value.get('type')} {list(places(value))}"
                if keys not in seen:
                    seen.add(keys)
                    yield root, value


def places(value: Any, at: Steps = ()) -> Iterator[Steps]:
    """The paths of all values within a value."""
    yield at
    if is_object(value):
        for key, element in value.items():
            yield from places(element, (*at, key))
    if is_array(value):
        for index, element in enumerate(value):
            yield from places(element, (*at, index))


def at(value: Any, place: Steps) -> Any:
    for step in place:
        value = value[step]
    return value


DROP: Any = object()
Damage = Callable[[Any], Any]


def other_type(value: Any) -> Any:
    return {"was": value} if isinstance(value, str | int) else "text"


def added(value: Any) -> Any:
    return {**value, "added by the server": [1, None], "class": {"a": "b"}} if is_object(value) else value


def other_tag(value: Any) -> Any:
    if not is_object(value):
        return value
    return {key: "moved.ahead" if key in ("type", "role", "object") else element for key, element in value.items()}


DAMAGES: list[Damage] = [
    lambda _: DROP,
    lambda _: None,
    other_type,
    added,
    other_tag,
    lambda value: [value],
    lambda value: {"type": "wrapped", "inner": value},
    lambda value: value if is_object(value) else 5,
    lambda value: [*value, *value, 1] if is_array(value) else 2**70,
    lambda value: value + "\ud83d" if isinstance(value, str) else [],
]


def damaged(value: Any, place: Steps, damage: Damage) -> Any:
    value = copy.deepcopy(value)
    if not place:
        changed = damage(value)
        return {} if changed is DROP else changed
    parent = at(value, place[:-1])
    changed = damage(parent[place[-1]])
    if changed is DROP:
        del parent[place[-1]]
    else:
        parent[place[-1]] = changed
    return value


# What must hold


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is what its hint says; an Unknown may stand for any object. Written against the hints only."""
    if hint is Any:
        return True
    origin, args = get_origin(hint), get_args(hint)
    if origin is list:
        return is_array(value) and all(fits(element, args[0]) for element in value)
    if origin is dict:
        return is_object(value)
    if origin is Literal:
        return value in args
    if args:
        return any(fits(value, member) for member in args)
    if isinstance(value, Unknown):
        return isinstance(hint, type) and issubclass(hint, Struct)
    if isinstance(value, Struct):
        return isinstance(value, hint) and all(
            fits(getattr(value, field.name), field.type) for field in msgspec.structs.fields(hint)
        )
    return type(value) is hint or value is UNSET


def echoed(value: Any, where: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """The outermost objects within a value that go back to the server, and where they are."""
    if isinstance(value, Unknown) or hasattr(value, "__sent_back__"):
        yield where, value
    elif isinstance(value, Struct):
        for name, key in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
            yield from echoed(getattr(value, name), (*where, key))
    elif is_array(value):
        for index, element in enumerate(value):
            yield from echoed(element, (*where, index))


def is_empty(value: Any) -> bool:
    """Whether a value says nothing: what stands for an absent one, and an object of such values."""
    return value in (None, "", []) or (is_object(value) and all(map(is_empty, value.values())))


def stands_for_absent(key: str, value: Any) -> bool:
    return (key, value) == ("type", "function") or is_empty(value)


def means(key: str, again: Any, came: Any) -> bool:
    """Whether one value is what another of another type plainly means."""
    if key == "arguments" and isinstance(again, str) and not isinstance(came, str):
        return bool(json.loads(again) == came)
    if key in ("created", "created_at", "expires_at") and isinstance(came, str):
        return came.isdigit() and bool(again == int(came))
    if key == "error":
        return again == ({"message": came} if isinstance(came, str) and came else None) and not (came and again is None)
    return (type(again), type(came)) == (int, float) and bool(again == came)


def same(again: Any, came: Any) -> bool:
    """Whether a value is what came, or means it. For a null may stand what stands for an absent one, or nothing."""
    if is_object(came) and is_object(again):
        return all(
            stands_for_absent(key, again.get(key))
            if came.get(key) is None
            else same(again.get(key), came[key]) or means(key, again.get(key), came[key])
            for key in came.keys() | again.keys()
        )
    if is_array(came):
        return is_array(again) and len(again) == len(came) and all(map(same, again, came))
    return type(again) is type(came) and bool(again == came)


def keeps_all(value: Any, came: Any) -> bool:
    """Whether an Unknown is what came to the letter, and a Struct that is sent keeps even the nulls that it takes."""
    if isinstance(value, Unknown):
        return bool(value == came)
    if is_array(value):
        return all(map(keeps_all, value, came))
    if not isinstance(value, Struct):
        return True
    again = msgspec.json.decode(msgspec.json.encode(value))
    takes_none = {field.encode_name for field in msgspec.structs.fields(type(value)) if fits(None, field.type)}
    whole = value.__struct_config__.omit_defaults or not takes_none & (came.keys() - again.keys())
    names = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
    return whole and all(keeps_all(getattr(value, name), came[key]) for name, key in names if came.get(key) is not None)


def check(root: str, payload: Any) -> None:
    """Decode a payload; if that gives a value, all the promises about it must hold."""
    forget()
    data = json.dumps(payload).encode()
    try:
        value = DECODERS[root].decode(data)
    except DecodeError as error:
        path, context = error.path, error.__context__
    else:
        check_value(root, payload, value)
        return
    assert path.startswith("$")
    assert context is None


def check_value(root: str, payload: Any, value: Any) -> None:
    """Hold a value to its promises, before and after the fields that were added to it are learned."""
    text = msgspec.json.encode(value)
    for _ in range(3):
        again = DECODERS[root].decode(text)
        assert again == value
        assert msgspec.json.encode(again) == text
        assert fits(again, getattr(models, root))
        for copied in (copy.copy(again), copy.deepcopy(again), pickle.loads(pickle.dumps(again))):
            assert copied == value
            assert msgspec.json.encode(copied) == text
    # Lone surrogates are read as U+FFFD.
    came = json.dumps(payload, ensure_ascii=False).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert same(msgspec.json.decode(text), json.loads(came))
    for where, part in echoed(value):
        assert keeps_all(part, at(json.loads(came), where))


EXAMPLES = list(examples())


def test_every_received_root_is_damaged() -> None:
    spec = [json.loads(path.read_bytes())["$defs"] for path in SPEC.parent.glob("*.json")]
    received = {name for defs in spec for name, schema in defs.items() if schema.get("x-root") == "received"}
    assert received == {*ROOTS} == {root for root, _ in EXAMPLES}


@pytest.mark.parametrize(("root", "payload"), EXAMPLES, ids=[f"{n}-{root}" for n, (root, _) in enumerate(EXAMPLES)])
def test_one_damage_at_each_place(root: str, payload: Any) -> None:
    check(root, payload)
    for place in places(payload):
        for damage in DAMAGES:
            check(root, damaged(payload, place, damage))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(EXAMPLES), st.data())
def test_several_damages(example: tuple[str, Any], data: st.DataObject) -> None:
    root, payload = example
    for _ in range(data.draw(st.integers(2, 4))):
        place = data.draw(st.sampled_from(list(places(payload))))
        payload = damaged(payload, place, data.draw(st.sampled_from(DAMAGES)))
    check(root, payload)


# All but those that no field of a Struct can have: what comes under such a name is not kept.
NAMES = st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cs", "Cc"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(EXAMPLES), st.data())
def test_anything_at_any_place(example: tuple[str, Any], data: st.DataObject) -> None:
    root, payload = example
    place = data.draw(st.sampled_from(list(places(payload))))
    value: Any = data.draw(JSON)
    check(root, damaged(payload, place, lambda old: {**old, **value} if is_object(old) and is_object(value) else value))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(EXAMPLES), st.data())
def test_any_bytes_give_a_value_or_our_error(example: tuple[str, Any], data: st.DataObject) -> None:
    root, payload = example
    text = bytearray(json.dumps(payload).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        text[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    try:
        value = DECODERS[root].decode(bytes(text))
    except DecodeError:
        return
    DECODERS[root].decode(msgspec.json.encode(value))


# Through the whole library: what the server added is in the next request

CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}", "lang": "py"}, "score": 0.5}
MESSAGE = {
    "role": "assistant",
    "content": "hi",
    "reasoning_content": "hm",
    "tool_calls": [CALL],
    "a b": {"class": [1]},
    "signature": "x",
}
ITEMS: list[Any] = [
    {"type": "reasoning", "id": "rs_1", "content": None, "summary": [], "encrypted_content": "x", "status": None},
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "content": [
            {"type": "output_text", "text": "hi", "annotations": None, "logprobs": []},
            {"type": "poem", "n": 1},
        ],
        "phase": "final",
    },
    {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}", "id": None, "class": 1},
    {"type": "dance", "steps": [1, 2]},
]
JSON_HEAD = {"content-type": "application/json"}


def body(endpoint: Any, **fields: Any) -> Any:
    request = build_request(endpoint, {"model": "m", **fields}, api_key="k")
    assert request.body is not None
    return json.loads(request.body)


def lines(*events: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def test_a_message_of_a_json_reply() -> None:
    data = json.dumps({"choices": [{"message": MESSAGE, "index": 0}]}).encode()
    done = parse_response(CHAT_COMPLETIONS, 200, JSON_HEAD, data)
    assert body(CHAT_COMPLETIONS, messages=[to_request(done.choices[0].message)])["messages"] == [MESSAGE]


def test_the_items_of_a_json_reply() -> None:
    done = parse_response(RESPONSES, 200, JSON_HEAD, json.dumps({"output": ITEMS}).encode())
    assert body(RESPONSES, input=[*map(to_request, done.output)])["input"] == ITEMS


def test_the_items_of_a_stream() -> None:
    added: list[Any] = [
        {"type": "response.output_item.done", "item": item, "output_index": index, "sequence_number": index}
        for index, item in enumerate(ITEMS)
    ]
    end: Any = {
        "type": "response.completed",
        "response": {"output": ITEMS, "status": "completed"},
        "sequence_number": 9,
    }
    events = StreamDecoder(RESPONSES).feed(lines(*added, {"type": "response.mood", "mood": 1}, end))
    *done, mood, last = events
    assert mood == Unknown({"type": "response.mood", "mood": 1})
    items = [event.item for event in done if isinstance(event, ResponseOutputItemDone)]
    assert body(RESPONSES, input=[*map(to_request, items)])["input"] == ITEMS
    assert isinstance(last, ResponseCompleted)
    assert body(RESPONSES, input=[*map(to_request, last.response.output)])["input"] == ITEMS
    total = ResponseAccumulator()
    for event in events:
        total.add(event)
    assert body(RESPONSES, input=[*map(to_request, total.result().output)])["input"] == ITEMS


# Names without end

# Payloads of all kinds with ever new names: each name comes as often as the argument says, and the first thousand names
# come before what is measured.
ENDLESS = """
import gc, sys
from mimo_proto import models
from mimo_proto.protocol.decode import TolerantDecoder

event, completion = TolerantDecoder(models.ResponseStreamEvent).decode, TolerantDecoder(models.ChatCompletion).decode
chunk = TolerantDecoder(models.ChatCompletionChunk).decode
ITEM = b'{"type":"function_call","call_id":"1","name":"f","arguments":"","new_%d":1}'
KINDS = (
    (event, b'{"type":"response.output_item.done","item":' + ITEM + b'}'),
    (event, b'{"type":"response.new_%d","new":1}'),
    (event, b'{"type":"response.output_text.delta","delta":"","new_%d":1}'),
    (completion, b'{"choices":[{"message":{"content":"hi","new_%d":1}}]}'),
    (chunk, b'{"choices":[{"delta":{"content":"hi","new_%d":1}}]}'),
)

def run(numbers):
    for number in numbers:
        for decode, payload in KINDS:
            for _ in range(int(sys.argv[1])):
                decode(payload % number)
    gc.collect()
    return sys.getallocatedblocks()

full = run(range(1_000))
print(run(range(1_000, 10_000)) - full)
"""


@pytest.mark.parametrize("times", ["1", "2"])
def test_ever_new_names_do_not_grow_the_memory(times: str) -> None:
    # In a process of its own: coverage would take ten times as long.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-c", ENDLESS, times],
        check=True,
        capture_output=True,
        text=True,
        env={**bare, "PYTHONPATH": path},
    )
    # Single objects come and go; one for each name would be tens of thousands.
    assert int(done.stdout) < 5_000
