"""Other threads, and signals: promises "Connections and threads"."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from mimo_proto import StreamCancelled, user
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, sse
from tests.support.outcomes import client_for, words
from tests.support.payloads import CHAT, CHAT_EVENTS, chat_chunk
from tests.support.readers import Reader

if TYPE_CHECKING:
    from collections.abc import Callable


def echo(peer: Peer) -> None:
    """Answer with the prompt, word by word where a stream is asked for."""
    while True:
        request = peer.request()
        prompt = request.json["messages"][0]["content"]
        if request.json.get("stream"):
            peer.send(sse())
            for word in prompt:
                peer.send(chunk(chat_chunk(word)))
            peer.send(chunk(chat_chunk(None, "stop")), chunk(CHAT_EVENTS[-1]), END)
        else:
            message = {"role": "assistant", "content": prompt}
            peer.send(answer({**CHAT, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))


def run_all(work: Callable[[int], None], count: int) -> None:
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
        assert not thread.is_alive(), "deadlock"
    if failures:
        raise failures[0]


def test_one_client_many_threads() -> None:
    def work(number: int) -> None:
        for turn in range(10):
            prompt = f"{number}/{turn}"
            messages = [user(prompt)]
            assert words(client.create_chat_completion(model="m", messages=messages)) == prompt
            with client.stream_chat_completion(model="m", messages=messages) as stream:
                assert "".join(stream.text()) == prompt
                assert words(stream.result()) == prompt

    with Server(echo) as server, client_for(server.url, pool_size=3) as client:
        run_all(work, 8)
        assert len(server.requests) == 160
        for _ in range(100):
            if server.open_connections <= 3:
                break
            server.stopping.wait(0.05)
        assert server.open_connections <= 3


def test_more_streams_than_the_pool_holds() -> None:
    """All are open at the same time, and read in turns."""
    with Server(echo) as server, client_for(server.url, pool_size=2) as client:
        streams = [client.stream_chat_completion(model="m", messages=[user(f"n{n:03}")]) for n in range(40)]
        readers = [stream.__enter__().text() for stream in streams]
        texts = map("".join, zip(*zip(*readers, strict=True), strict=True))
        assert list(texts) == [f"n{n:03}" for n in range(40)]
        for number, stream in enumerate(streams):
            assert words(stream.result()) == f"n{number:03}"
            stream.close()
        assert server.connections == 40


def test_cancels_from_many_threads_hit_their_own_stream_alone() -> None:
    def script(peer: Peer) -> None:
        while True:
            request = peer.request()
            if request.json["messages"][0]["content"] == "wait":
                peer.send(sse(), chunk(chat_chunk("x")))
                peer.gone()
                return
            peer.send(sse(), *map(chunk, CHAT_EVENTS), END)

    def work(number: int) -> None:
        for _ in range(10):
            if number % 2:
                with client.stream_chat_completion(model="m", messages=[user("go")]) as stream:
                    assert words(stream.result()) == "Hello world"
                continue
            stream = client.stream_chat_completion(model="m", messages=[user("wait")])
            reader = Reader(stream)
            reader.start()
            stream.cancel()
            assert type(reader.ended()) is StreamCancelled

    with Server(script) as server, client_for(server.url) as client:
        run_all(work, 6)


INTERRUPTED = """
import sys, json
from mimo_proto import Client
client = Client("sk-interrupted-key", sys.argv[1])
streamed = sys.argv[2] == "stream"
request = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
try:
    if streamed:
        stream = client.stream_chat_completion(**request)
        with stream:
            for event in stream: pass
    else:
        client.create_chat_completion(**request)
except KeyboardInterrupt as error:
    import traceback
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "interrupted-key" not in shown, shown
    end = stream.end if streamed else None
    print(json.dumps([end, client.create_chat_completion(**request).choices[0].message.content]))
"""


@pytest.mark.parametrize("mode", ["json", "stream"])
def test_a_keyboard_interrupt_passes_through_and_drops_the_connection(mode: str) -> None:
    there = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        if peer.number > 1:
            peer.send(answer(CHAT))
            peer.gone()
            return
        if mode == "stream":
            peer.send(sse(), chunk(CHAT_EVENTS[0]))
        else:
            peer.send(head(200, "Content-Length: 100"), b"{")
        there.set()
        assert peer.gone()

    with Server(script) as server:
        child = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, server.url, mode], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert there.wait(20)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    assert err == b""
    end, content = json.loads(out)
    assert end == ("cancelled" if mode == "stream" else None)
    assert content == "Hello world"
    assert server.connections == 2
