"""What is kept of a scope's replies: keys that no scope can spell for another, equal calls, entries of any kind."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto.protocol.history_entries import Entries, MadeCall
from mimo_proto.protocol.json_types import is_array, is_object

THOUGHT = [{"reasoning_content": "Hm."}]


def made(call_id: object = "c1", name: object = "f", arguments: object = "{}", kind: str = "tool_calls") -> MadeCall:
    call = MadeCall.of(kind, call_id, name, arguments)
    assert call is not None
    return call


def keep(entries: Entries, *calls: MadeCall, thinking: Any = THOUGHT) -> None:
    entries.keep_calls(calls, entries.keep_thinking(calls[0], thinking))


def kept(*calls: MadeCall, scope: str = "") -> tuple[dict[str, bytes], Entries]:
    store: dict[str, bytes] = {}
    entries = Entries(store, scope)
    keep(entries, *calls)
    return store, entries


# Which calls are equal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":1,"b":[true,null]}', '{ "b" : [true, null], "a" : 1 }'),
        ('{"a":1.0}', '{"a":1}'),
        ('{"a":1e2}', '{"a":100}'),
        ('{"a":1e21}', '{"a":1000000000000000000000}'),
        ('{"a":0.10}', '{"a":0.1}'),
        ('{"a":"\\u00e9"}', '{"a":"é"}'),
        ("", "{}"),
        (" ", "{}"),
        ('{"a":1}', {"a": 1}),
        (None, "{}"),
        ('{"a":1234567890123456789}', '{"a":1234567890123456800}'),
        ('{"a":"x\ny"}', '{"a":"x\\ny"}'),
        ('{"a":"\\ud83d"}', '{"a": "\\ud83d"}'),
        ('{"a":"b', '"{\\"a\\":\\"b"'),
        ('{"a":1}', '"{\\"a\\": 1}"'),
        ("no JSON", "no JSON"),
        ('{"a":"\ud800"}', '{"a":"\ud800"}'),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_equal_calls(one: object, other: object) -> None:
    _, entries = kept(made(arguments=one))
    assert entries.thinking_of([made(arguments=other)]).objects == THOUGHT


@pytest.mark.parametrize(
    "other",
    [
        {"call_id": "c2"},
        {"call_id": "c1 "},
        {"name": "g"},
        {"name": None},
        {"call_id": "c", "name": "1f"},
        {"name": "f{", "arguments": '"a":1}'},
        {"kind": "function_call"},
        *({"arguments": text} for text in ("", "[]", "null", '{"a":true}', '{"a":"1"}', '{"a":1,"b":2}', '{"a":1')),
        *({"arguments": text} for text in ("no JSON", '{"a":"\ud800"}', "[" * 100_000)),
    ],
)
def test_other_calls(other: dict[str, Any]) -> None:
    _, entries = kept(made(arguments='{"a":1}'))
    assert entries.thinking_of([made(**{"arguments": '{"a":1}', **other})]).objects == []


@pytest.mark.parametrize("call_id", ["", None, 5, ["c1"]])
def test_what_is_no_id(call_id: object) -> None:
    assert MadeCall.of("tool_calls", call_id, "f", "{}") is None


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def in_javascript(value: Any) -> Any:
    """Make all numbers floats, and tell true from 1, which are equal in Python."""
    if is_object(value):
        return {name: in_javascript(member) for name, member in value.items()}
    if is_array(value):
        return [in_javascript(member) for member in value]
    return ("float", float(value)) if type(value) is int else (type(value).__name__, value)


objects = st.dictionaries(st.text(), values, max_size=3)


@given(objects, objects)
def test_calls_are_equal_where_their_json_is(one: Any, other: Any) -> None:
    equal = made(arguments=json.dumps(one)) == made(arguments=json.dumps(other, indent=1))
    assert equal == (in_javascript(one) == in_javascript(other))
    assert made(arguments=json.dumps(one)) == made(arguments=json.dumps(one, indent=1, ensure_ascii=False))


# Several calls


def test_calls_of_one_reply_share_what_they_came_with() -> None:
    first, second = made("c1"), made("c2", "g")
    store, entries = kept(first, second)
    for calls in ([first], [second], [second, first], [first, first]):
        assert entries.thinking_of(calls).objects == THOUGHT
    assert entries.thinking_of([first, made("c3")]).objects == []
    assert entries.thinking_of([]).objects == []
    # Once, however many there are: servers send floods of calls (XiaomiMiMo/MiMo#98).
    assert sum(b"Hm." in entry for entry in store.values()) == 1


def test_calls_of_two_replies_share_nothing() -> None:
    first, second = made("c1"), made("c2")
    store, entries = kept(first)
    keep(Entries(store, ""), second)
    assert entries.thinking_of([first]).key != entries.thinking_of([second]).key
    assert entries.thinking_of([first, second]).objects == []


def test_the_last_reply_with_a_call_counts() -> None:
    call = made()
    _, entries = kept(call)
    keep(entries, call, thinking=[{"reasoning_content": "Ah."}])
    assert entries.thinking_of([call]).objects == [{"reasoning_content": "Ah."}]
    keep(entries, call, thinking=[])
    assert entries.thinking_of([call]).objects == []


def test_one_id_for_two_calls() -> None:
    """Servers that number the calls of each reply begin with the same id each time."""
    one, other = made("call_0", arguments='{"a":1}'), made("call_0", arguments='{"a":2}')
    store, entries = kept(one)
    keep(Entries(store, ""), other, thinking=[{"reasoning_content": "Ah."}])
    assert entries.thinking_of([one]).objects == THOUGHT
    assert entries.thinking_of([other]).objects == [{"reasoning_content": "Ah."}]


# Items


def test_items_by_id() -> None:
    store: dict[str, bytes] = {}
    entries = Entries(store, "")
    entries.keep_item({"id": "m1", "type": "message"})
    for item_id in ("", None, 5):
        entries.keep_item({"id": item_id, "type": "message"})
        assert entries.item(item_id) is None
    assert entries.item("m1") == {"id": "m1", "type": "message"}
    assert len(store) == 1


# Scopes


@given(st.lists(st.tuples(st.text(max_size=3), st.text(min_size=1, max_size=3)), min_size=2, max_size=8, unique=True))
def test_scopes_never_meet(owners: list[tuple[str, str]]) -> None:
    """Every pair of scope and id has thinking of its own, and gets no other."""
    store: dict[str, bytes] = {}
    for number, (scope, call_id) in enumerate(owners):
        call = made(call_id)
        keep(Entries(store, scope), call, thinking=[{"reasoning": number}])
        Entries(store, scope).keep_item({"id": call_id, "number": number})
    for number, (scope, call_id) in enumerate(owners):
        assert Entries(store, scope).thinking_of([made(call_id)]).objects == [{"reasoning": number}]
        assert Entries(store, scope).item(call_id) == {"id": call_id, "number": number}


@pytest.mark.parametrize("scope", ["a", "calltool_calls", "a:", '","', '["', "a\x00", "\ud800", "6:a", "a" * 10_000])
def test_no_scope_spells_another(scope: str) -> None:
    store, _ = kept(made("c1"), scope=scope)
    for other in ("", scope + "call", scope + '","call', scope[:-1], "call", json.dumps([scope, "call"])):
        for call_id in ("c1", scope + "c1", "calltool_callsc1", f'{scope}","c1', "call"):
            assert Entries(store, other).thinking_of([made(call_id)]).objects == []
    assert {len(key) for key in store} == {64}
    assert all(key.isascii() and key.isalnum() for key in store)


# What a store gives


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"type":"call","version":2,"thinking":"x"}',
        b'{"type":"call","thinking":"x"}',
        b'{"type":"call","version":1,"thinking":5}',
        b'{"type":"objects","version":1,"objects":[5]}',
        b'{"type":"objects","version":1,"objects":[]}',
        b'{"type":"objects","version":2,"objects":[{}]}',
        b"[" * 100_000,
        "\ud800",
        5,
        object(),
    ],
)
def test_an_entry_that_is_not_ours_is_unknown(entry: Any) -> None:
    call = made()
    store, entries = kept(call)
    entries.keep_item({"id": "m1"})
    for key in list(store):
        before, store[key] = store[key], entry
        thinking, item = entries.thinking_of([call]), entries.item("m1")
        assert (thinking.objects == []) + (item is None) >= 1
        assert thinking.objects in ([], THOUGHT)
        store[key] = before
    assert entries.thinking_of([call]).objects == THOUGHT


def test_an_entry_without_its_thinking_is_unknown() -> None:
    call = made()
    store, entries = kept(call)
    [key] = [key for key, entry in store.items() if b"Hm." in entry]
    del store[key]
    assert entries.thinking_of([call]).objects == []


def test_entries_are_json_with_a_version() -> None:
    call = made()
    store, entries = kept(call)
    entries.keep_item({"id": "m1"})
    for key, entry in list(store.items()):
        fields = msgspec.json.decode(entry)
        assert fields["version"] == 1
        store[key] = msgspec.json.encode({**fields, "version": 2})
        assert entries.thinking_of([call]).objects == [] or entries.item("m1") is None
        store[key] = msgspec.json.encode({**fields, "added": "by a later release"})
        assert entries.thinking_of([call]).objects == THOUGHT
        assert entries.item("m1") == {"id": "m1"}


def test_what_is_no_json_is_not_kept() -> None:
    call = made()
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, object(), "\ud800"):
        store: dict[str, bytes] = {}
        entries = Entries(store, "")
        entries.keep_item({"id": "m1", "content": value})
        keep(entries, call, thinking=[{"reasoning": value}])
        assert entries.item("m1") is None
        assert entries.thinking_of([call]).objects == []
    while deep:
        deep = deep[0]


def test_what_the_store_raises_passes_through() -> None:
    class Broken(dict[str, bytes]):
        def __setitem__(self, key: str, entry: bytes) -> None:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        Entries(Broken(), "").keep_item({"id": "m1"})
