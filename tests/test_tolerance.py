"""A server ahead of the spec, or astray: every example of what is received, damaged in every way at every place.

Whatever comes of it, it is a value or our error. A value never lies about its types, can be encoded, pickled, copied and
compared; and what goes back to the server in a later request goes back as it came.
"""

from __future__ import annotations

import copy
import gc
import json
import pickle
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Struct

from mimo_proto import extra, models
from mimo_proto.decode import TolerantDecoder
from mimo_proto.errors import DecodeError
from mimo_proto.messages import to_request
from mimo_proto.models import (
    ChatCompletion,
    ChatCompletionMessage,
    OutputMessage,
    Response,
    ResponseOutputItemDone,
    ResponseStreamEvent,
)
from mimo_proto.unknown import Unknown

ROOTS = ("ErrorResponse", "ModelList", "ChatCompletion", "ChatCompletionChunk", "Response", "ResponseStreamEvent")
DECODERS: dict[str, TolerantDecoder[Any]] = {name: TolerantDecoder(getattr(models, name)) for name in ROOTS}
SPEC = Path(__file__).parent.parent / "spec" / "examples"
Path_ = tuple[str | int, ...]


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
        for line in path.read_text("utf-8").splitlines():
            data = line.removeprefix("data:").strip()
            if line.startswith("data:") and data != "[DONE]":
                value = json.loads(data)
                keys = f"{value.get('type')} {list(places(value))}"
                if keys not in seen:
                    seen.add(keys)
                    yield root, value


def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """The paths of all values within a value."""
    yield at
    if isinstance(value, dict):
        for key, element in value.items():
            yield from places(element, (*at, key))
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from places(element, (*at, index))


def at(value: Any, place: Path_) -> Any:
    for step in place:
        value = value[step]
    return value


DROP: Any = object()
Damage = Callable[[Any], Any]


def other_type(value: Any) -> Any:
    return {"was": value} if isinstance(value, str | int) else "text"


def added(value: Any) -> Any:
    return {**value, "added by the server": [1, None], "class": {"a": "b"}} if isinstance(value, dict) else value


def other_tag(value: Any) -> Any:
    if not isinstance(value, dict):
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
    lambda value: value if isinstance(value, dict) else 5,
    lambda value: [*value, *value, 1] if isinstance(value, list) else 2**70,
    lambda value: value + "\ud83d" if isinstance(value, str) else [],
]


def damaged(value: Any, place: Path_, damage: Damage) -> Any:
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
        return isinstance(value, list) and all(fits(element, args[0]) for element in value)
    if origin is dict:
        return isinstance(value, dict)
    if origin is Literal:
        return value in args
    if args:
        return any(fits(value, member) for member in args)
    if isinstance(value, Unknown):
        return isinstance(hint, type) and issubclass(hint, Struct)
    if isinstance(value, Struct):
        return isinstance(value, hint) and all(
            fits(getattr(value, field.name), field.type) for field in msgspec.structs.fields(type(value))
        )
    return type(value) is hint or value is UNSET


def echoed(value: Any) -> Iterator[Any]:
    """The outermost objects within a value that go back to the server."""
    if isinstance(value, Unknown) or (isinstance(value, Struct) and value.__struct_config__.forbid_unknown_fields):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from echoed(getattr(value, name))
    elif isinstance(value, list):
        for element in value:
            yield from echoed(element)


def sent_objects(value: Any) -> list[Any]:
    """All objects within a plain value."""
    return [part for part in map(lambda place: at(value, place), places(value)) if isinstance(part, dict)]


def same(again: Any, came: Any) -> bool:
    """Whether a value goes back as it came: only nulls may be left out, and a lone constant be put in."""
    if isinstance(came, dict):
        left_out = came.keys() - again.keys() if isinstance(again, dict) else {None}
        return all(came.get(key) is None for key in left_out) and all(
            same(element, came[key]) if key in came else (key, element) == ("type", "function")
            for key, element in again.items()
        )
    if isinstance(came, list):
        return isinstance(again, list) and len(again) == len(came) and all(map(same, again, came))
    return type(again) is type(came) and bool(again == came)


def check(root: str, payload: Any) -> None:
    """Decode a payload; if that gives a value, all the promises about it must hold."""
    data = json.dumps(payload).encode()
    try:
        value = DECODERS[root].decode(data)
    except DecodeError as error:
        assert error.path.startswith("$")
        assert error.__context__ is None
        return
    assert fits(value, getattr(models, root))
    plain = msgspec.json.decode(json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace").replace(b"?", b"?"))
    text = msgspec.json.encode(value)
    again = DECODERS[root].decode(text)
    assert again == value
    for copied in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert copied == value
        assert type(copied) is type(value)
        assert msgspec.json.encode(copied) == text
    objects = sent_objects(plain)
    for part in echoed(value):
        back = msgspec.json.decode(msgspec.json.encode(part))
        assert any(same(back, came) for came in objects), (back, payload)


EXAMPLES = list(examples())


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(EXAMPLES), st.data())
def test_anything_at_any_place(example: tuple[str, Any], data: st.DataObject) -> None:
    root, payload = example
    place = data.draw(st.sampled_from(list(places(payload))))
    value = data.draw(JSON)
    check(root, damaged(payload, place, lambda old: {**old, **value} if {dict} == {type(old), type(value)} else value))


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
