"""What is not closed, not kept, or not shared: promises "Connections", of pool, forks and dropped streams."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
import threading
import warnings
from typing import Any

import pytest

from tests.support.dummyserver import END, Peer, Server, answer, chunk, once, sse
from tests.support.outcomes import (
    CHAT_JSON,
    CHAT_STREAM,
    EVENTS,
    JSON,
    STREAMS,
    Kind,
    call,
    client_for,
    good,
)
from tests.support.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST, chat_chunk
from tests.support.readers import stream_of


def test_no_more_idle_connections_are_kept_than_asked_for() -> None:
    closed = threading.Semaphore(0)

    def script(peer: Peer) -> None:
        try:
            while True:
                peer.request()
                peer.send(sse(), chunk(chat_chunk("x", "stop")), chunk(CHAT_EVENTS[-1]), END)
        except ConnectionError:
            closed.release()

    with Server(script) as server, client_for(server.url, pool_size=2) as client:
        streams = [client.stream_chat_completion(**CHAT_REQUEST) for _ in range(5)]
        for stream in streams:
            stream.__enter__()
        assert server.connections == 5
        for stream in streams:
            stream.result()
            stream.close()
        for _ in range(3):
            assert closed.acquire(timeout=10)
        assert not closed.acquire(blocking=False)
        with client.stream_chat_completion(**CHAT_REQUEST) as one, client.stream_chat_completion(**CHAT_REQUEST) as two:
            one.result()
            two.result()
        assert server.connections == 5, "two were kept"
    for _ in range(2):
        assert closed.acquire(timeout=10), "close() closes the idle ones"


@pytest.mark.clients("client")
def test_a_client_that_nobody_closes_closes_its_idle_connections() -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(CHAT_JSON))
        assert peer.gone()
        closed.set()

    with Server(script) as server:
        client = client_for(server.url)
        client.create_chat_completion(**CHAT_REQUEST)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del client
            gc.collect()
        assert closed.wait(10)
        assert caught == []


@pytest.mark.clients("client")
def test_what_is_given_back_after_close_is_closed() -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(CHAT_STREAM))
        assert peer.gone()
        closed.set()

    with Server(script) as server:
        client = client_for(server.url)
        with client.stream_chat_completion(**CHAT_REQUEST) as stream:
            client.close()
            stream.result()
        assert closed.wait(10)


@pytest.mark.clients("client")
def test_given_back_while_another_thread_closes() -> None:
    from mimo_proto.http.deadlines import Guard
    from mimo_proto.http.pool import Pool
    from tests.support.connecting import connections_to

    class ClosesMeanwhile(int):
        """A size that is asked for when the pool has looked whether it is closed, and before it keeps a connection."""

        def __le__(self, other: int) -> bool:
            pool.close()
            return False

    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        pool = Pool(connections_to(origin), ClosesMeanwhile(1))
        connection = pool.take(Guard())
        connection.connect()
        pool.give(connection, 60)
        assert connection.is_closed


FORK = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
from mimo_proto import Client
client = Client("sk-fork", sys.argv[1])
def ask():
    done = client.create_chat_completion(model="m", messages=[{"role": "user", "content": "x"}])
    return done.choices[0].message.content
assert ask() == "1"
pid = os.fork()
if pid == 0:
    os._exit(0 if ask() == "2" and ask() == "2" else 1)
assert os.waitpid(pid, 0)[1] == 0
assert ask() == "1", "the parent goes on with its own"
"""


@pytest.mark.clients("client")
def test_a_forked_child_opens_its_own_connections() -> None:
    def script(peer: Peer) -> None:
        number = peer.number
        while True:
            peer.request()
            message = {"role": "assistant", "content": str(number)}
            peer.send(answer({**CHAT, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))

    with Server(script) as server:
        subprocess.run([sys.executable, "-c", FORK, server.url], check=True, timeout=30)
    assert server.connections == 2


@pytest.mark.clients("client")
@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("way", ["stream", "iterator", "text", "cycle"])
def test_a_stream_left_without_close(kind: Kind, way: str) -> None:
    left = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), *map(chunk, EVENTS[kind.protocol][:2]))
        assert peer.gone()
        left.set()

    with Server(script) as server, client_for(server.url) as client:
        make: Any = client.stream_chat_completion if kind.protocol == "chat" else client.stream_response
        stream = make(**(CHAT_REQUEST if kind.protocol == "chat" else {"model": "m", "input": "x"}))
        words = stream.text() if way == "text" else iter(stream)
        next(words)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if way == "cycle":
                words = [words]
                words.append(words)
            del stream, words
            gc.collect()
        assert [warning.category for warning in caught] == [ResourceWarning]
        assert "unclosed <Stream" in str(caught[0].message)
        assert left.wait(10)


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_a_stream_left_when_all_of_it_has_come_keeps_its_connection(kind: Kind) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(good(kind))

    with Server(script) as server, client_for(server.url) as client:
        for _ in range(3):
            with stream_of(client, kind) as stream:
                next(iter(stream))
            assert stream.end == "cancelled"
    assert server.connections == 1


def test_a_stream_that_was_never_read_needs_no_close() -> None:
    with client_for("http://127.0.0.1:1/v1") as client, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client.stream_chat_completion(**CHAT_REQUEST)
        gc.collect()
    assert caught == []


def test_an_iteration_may_be_left_and_taken_up_again() -> None:
    with (
        Server(once(good(CHAT_STREAM))) as server,
        client_for(server.url) as client,
        client.stream_chat_completion(**CHAT_REQUEST) as stream,
    ):
        for _ in stream:
            break
        assert stream.end is None
        assert list(stream.text()) == [" world"]
        assert stream.result().choices[0].message.content == "Hello world"


@pytest.mark.parametrize("kind", JSON, ids=str)
def test_a_failing_tee_passes_and_drops_the_connection(kind: Kind) -> None:
    class MyError(Exception):
        pass

    def tee(data: bytes) -> None:
        raise MyError

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(kind)[:-1])
        assert peer.gone() or True

    with Server(script) as server, client_for(server.url) as client, pytest.raises(MyError):
        call(client, kind, tee=tee)


def test_a_failing_tee_ends_a_stream() -> None:
    closed = threading.Event()

    def tee(data: bytes) -> None:
        raise ZeroDivisionError

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(good(CHAT_STREAM)[:-5])
        if peer.gone():
            closed.set()

    with (
        Server(script) as server,
        client_for(server.url) as client,
        client.stream_chat_completion(**CHAT_REQUEST, tee=tee) as stream,
    ):
        with pytest.raises(ZeroDivisionError):
            list(stream)
        assert stream.end == "cancelled"
        assert closed.wait(10)
