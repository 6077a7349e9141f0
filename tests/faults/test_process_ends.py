"""A process that ends with calls open, or makes one while it ends: promises "Connections and threads".

Each script runs in a process of its own, and its server goes on for as long as the test lets it.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.dummyserver import Peer, Server, chunk, sse
from tests.support.outcomes import CHAT_JSON, CHAT_STREAM, good
from tests.support.payloads import CHAT_EVENTS

PREAMBLE = """
import atexit, sys, threading
from mimo_proto import Client, Timeouts
client = Client("sk-process", sys.argv[1], timeouts=Timeouts(read=float(sys.argv[2])))
request = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
def begin():
    stream = client.stream_chat_completion(**request)
    assert next(stream.text()) == "Hello"
    return stream
def ask():
    print(client.create_chat_completion(**request).choices[0].message.content)
"""

OPEN: dict[str, str] = {
    "in-the-main-thread": "stream = begin(); sys.exit()",
    "in-a-with-block": "stream = begin()\nwith stream: sys.exit()",
    "in-a-cycle": "streams = [begin()]; streams.append(streams)",
    "text-half-read": "words = client.stream_chat_completion(**request).text(); next(words)",
    "many": "streams = [begin() for _ in range(20)]",
    "of-a-daemon-thread-that-reads": """
stream = begin()
threading.Thread(target=stream.result, daemon=True).start()
""",
    "of-many-daemon-threads-that-read": """
streams = [begin() for _ in range(20)]
for stream in streams: threading.Thread(target=stream.result, daemon=True).start()
""",
    "of-a-thread-that-has-ended": """
streams = []
thread = threading.Thread(target=lambda: streams.append(begin())); thread.start(); thread.join()
""",
    "cancelled-meanwhile": """
stream = begin()
def read():
    try: stream.result()
    except BaseException: pass
threading.Thread(target=read).start()
stream.cancel()
""",
}


def script(peer: Peer) -> None:
    peer.request()
    peer.send(sse(), chunk(CHAT_EVENTS[0]))
    peer.gone()


def run(code: str, server: Server, read: float = 60) -> subprocess.CompletedProcess[str]:
    """Run it, for so long at most as no clock of it takes."""
    command = [sys.executable, "-W", "ignore::ResourceWarning", "-c", PREAMBLE + code, server.url, str(read)]
    return subprocess.run(command, capture_output=True, text=True, timeout=15, check=False)


@pytest.mark.parametrize("where", OPEN)
def test_a_process_ends_while_streams_are_open(where: str) -> None:
    with Server(script) as server:
        ended = run(OPEN[where], server)
    assert ended.stderr == ""
    assert ended.returncode == 0


def test_a_thread_that_is_no_daemon_and_reads_is_waited_for_until_its_clock() -> None:
    """That is Python's rule for threads: nothing of ours ends it before."""
    code = """
def read():
    try: stream.result()
    except TimeoutError as error: print(error)
stream = begin()
threading.Thread(target=read).start()
"""
    with Server(script) as server:
        ended = run(code, server, read=0.5)
    assert ended.stderr == ""
    assert ended.stdout == "no byte came for 0.5 s (Timeouts.read)\n"


def answers(peer: Peer) -> None:
    while True:
        request = peer.request()
        peer.send(good(CHAT_STREAM if request.json["stream"] else CHAT_JSON))


LAST_WORDS: dict[str, str] = {
    "json": "atexit.register(ask)",
    "stream": """
@atexit.register
def last():
    with client.stream_chat_completion(**request) as stream: print("".join(stream.text()))
""",
    "behind-another-call": "ask(); atexit.register(ask)",
}


@pytest.mark.parametrize("how", LAST_WORDS)
def test_a_call_from_atexit_is_answered(how: str) -> None:
    """From Python 3.12 on no thread can be started then, so the watchdog may be missing."""
    with Server(answers) as server:
        ended = run(LAST_WORDS[how], server)
    assert ended.stderr == ""
    assert set(ended.stdout.splitlines()) == {"Hello world"}


def test_a_call_from_atexit_has_its_clocks() -> None:
    code = """
@atexit.register
def last():
    try: ask()
    except TimeoutError as error: print(error)
"""
    with Server(Peer.gone) as server:
        ended = run(code, server, read=0.5)
    assert ended.stderr == ""
    assert ended.stdout == "no byte came for 0.5 s (Timeouts.read)\n"
