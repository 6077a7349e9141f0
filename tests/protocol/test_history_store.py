"""The default store of a memory: its bound, what it forgets first, and threads."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from sys import getsizeof

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto.protocol.history_store import BoundedStore


def cost(key: str, entry: bytes) -> int:
    """How large a store has to be for one entry."""
    size = len(key) + len(entry)
    while True:
        store = BoundedStore(size)
        store[key] = entry
        if store:
            return size
        size += 1


def test_it_is_a_mapping() -> None:
    store = BoundedStore(10_000)
    store["a"], store["b"], store["a"] = b"1", b"2", b"3"
    assert dict(store) == {"b": b"2", "a": b"3"}
    del store["a"]
    assert store.get("a") is None
    assert len(store) == 1
    with pytest.raises(KeyError):
        store["a"]


def test_what_was_not_used_for_longest_goes_first() -> None:
    store = BoundedStore(3 * cost("a", b"1"))
    for key in "abc":
        store[key] = b"1"
    assert store["a"] == b"1"
    store["b"] = b"2"
    store["d"] = b"1"
    assert list(store) == ["a", "b", "d"]


def test_an_entry_that_is_too_large_is_not_kept_and_takes_no_place() -> None:
    store = BoundedStore(10_000)
    store["a"], store["b"] = b"1", b"2"
    store["b"] = bytes(10_000)
    assert list(store) == ["a"]
    assert not BoundedStore(0)


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.binary(max_size=2_000)), max_size=60))
def test_the_bound_holds_after_every_step(steps: list[tuple[str, bytes]]) -> None:
    store, last = BoundedStore(5_000), dict[str, bytes]()
    for key, entry in steps:
        store[key] = last[key] = entry
        held = dict(store.items())
        assert sum(getsizeof(key) + getsizeof(entry) for key, entry in held.items()) <= 5_000
        assert held.items() <= last.items()
        assert store[key] == entry


def test_the_bound_holds_for_many_small_entries() -> None:
    store = BoundedStore(1_000_000)
    for number in range(10_000):
        store[f"{number:064}"] = b"x"
    assert 1_000 < len(store) < 1_000_000 / (getsizeof(f"{0:064}") + getsizeof(b"x"))


def test_threads() -> None:
    store = BoundedStore(20_000)

    def work(number: int) -> None:
        for step in range(300):
            key = f"{(number + step) % 40}"
            store[key] = bytes(step)
            if (entry := store.get(key)) is not None:
                assert set(entry) <= {0}
            with suppress(KeyError):
                del store[f"{step % 40}"]
            list(store)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sum(len(key) + len(entry) for key, entry in store.items()) <= 20_000
    store.clear()
    store["whole"] = bytes(15_000)
    assert len(store) == 1


def test_it_shows_and_pickles_nothing() -> None:
    store = BoundedStore(10_000)
    store["a"] = b"a secret thought"
    assert "secret" not in repr(store)
    with pytest.raises(TypeError):
        pickle.dumps(store)
