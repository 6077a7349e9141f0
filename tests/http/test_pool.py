"""Which connections are kept, and for how long."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from mimo_proto.http.deadlines import Guard
from mimo_proto.http.pool import Pool
from tests.support.connecting import connections_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mimo_proto.http.connection import Connection


@pytest.fixture
def pool() -> Iterator[Pool]:
    """A pool of two connections to a listener."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pool = Pool(connections_to(f"http://127.0.0.1:{listener.getsockname()[1]}"), 2)
        yield pool
        pool.close()


def opened(pool: Pool) -> Connection:
    connection = pool.take(Guard())
    connection.connect()
    return connection


def test_the_last_one_given_back_is_the_next_one_taken(pool: Pool) -> None:
    one, two, three = (opened(pool) for _ in range(3))
    for connection in (one, two, three):
        pool.give(connection, 60)
    assert three.is_closed, "there is room for two"
    assert pool.take(Guard()) is two
    assert pool.take(Guard()) is one
    one.close()
    two.close()


def test_another_process_closes_its_copies(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = opened(pool)
    pool.give(connection, 60)
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert pool.take(Guard()) is not connection
    assert connection.is_closed


def test_one_that_was_idle_for_too_long_is_closed(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("mimo_proto.http.pool.monotonic", lambda: now)
    short, long = opened(pool), opened(pool)
    pool.give(long, 60)
    pool.give(short, 5)
    now = 1004.9
    assert pool.take(Guard()) is short
    pool.give(short, 5)
    now = 1010.0
    assert pool.take(Guard()) is long, "the one behind it is kept"
    assert short.is_closed
    pool.give(long, 60)
    now = 1070.0
    assert pool.take(Guard()) is not long
    assert long.is_closed


def test_one_that_may_not_be_idle_is_closed_at_once(pool: Pool) -> None:
    connection = opened(pool)
    pool.give(connection, 0)
    assert connection.is_closed
