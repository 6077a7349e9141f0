"""The server the HTTP benchmarks talk to, in a process of its own: `python -m bench.http_server` prints its port.

The first part of the path chooses what comes back, so that a mode is a base URL:
`/ahead/v1` every event as one HTTP chunk and `/blocks/v1` HTTP chunks of 16 KiB, rendered before the first request and
written in one go: the client always finds bytes to read. `/paced/v1` an event each 150 µs. `/first/v1` the head and the
first event at once, nineteen more 1 ms later, as a model needs its time for the next word. `/late/v1` the same, but the
first event comes 2 ms after the head and its `id` is the time at which it was sent. `/reply/v1` a JSON answer.
`/million/v1` a million events. `/ticks/N/v1` waits until N clients ask, then sends each an event every 20 ms.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from bench.payloads import STREAM_ID, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["EVENTS", "MILLION", "PACE", "PACED_EVENTS", "TICK", "TICK_EVENTS", "server"]

EVENTS = 5000
PACED_EVENTS, PACE = 1500, 150e-6
TICK_EVENTS, TICK = 500, 20e-3
MILLION = 1_000_000
BLOCK = 16 * 1024

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def protocol_of(path: str) -> str:
    return "responses" if path.endswith("/responses") else "chat"


def events_of(path: str, count: int) -> list[bytes]:
    """A stream as MiMo writes it: a space after `data:` in Chat, none in Responses."""
    if protocol_of(path) == "chat":
        return record("chat", "LF", count).events
    return record("responses", "no space", count).events


def blocks_of(events: list[bytes]) -> list[bytes]:
    stream = b"".join(events)
    return [stream[start : start + BLOCK] for start in range(0, len(stream), BLOCK)]


def reply(_path: str) -> bytes:
    """A short Chat answer, as JSON."""
    usage = {"completion_tokens": 72, "prompt_tokens": 57, "total_tokens": 129, "prompt_tokens_details": None}
    answer = {
        "id": "8d01b2c3d4e5f60718293a4b5c6d7e8f",
        "choices": [
            {
                "finish_reason": "stop",
                "index": 0,
                "message": {"content": "It is done, and it was not hard.", "role": "assistant", "tool_calls": None},
            }
        ],
        "created": 1790000000,
        "model": "mimo-v2.6-pro",
        "object": "chat.completion",
        "usage": usage | {"completion_tokens_details": {"reasoning_tokens": 0}},
    }
    body = json.dumps(answer).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


WHOLE: dict[str, Callable[[str], bytes]] = {
    "ahead": lambda path: STREAM_HEAD + b"".join(map(chunk, events_of(path, EVENTS))) + END,
    "blocks": lambda path: STREAM_HEAD + b"".join(map(chunk, blocks_of(events_of(path, EVENTS)))) + END,
    "reply": reply,
}


# Rendered before the first request: what is waited for is the client's doing.
EARLY = {protocol: [*map(chunk, events_of(f"/{protocol}", 20))] for protocol in ("chat", "responses")}


def wait_until(due: float) -> None:
    if (early := due - perf_counter()) > 0:
        sleep(early)


def paced(connection: socket.socket, path: str) -> None:
    """Send an event each 150 µs. A sleep is late by some, which the next one makes up for; a spin would take a core."""
    events = [chunk(event) for event in events_of(path, PACED_EVENTS)]
    connection.sendall(STREAM_HEAD)
    due = perf_counter()
    for event in events:
        due += PACE
        wait_until(due)
        connection.sendall(event)
    connection.sendall(END)


def early(connection: socket.socket, path: str) -> None:
    """Send the head with the first event, then the rest."""
    first, *rest = EARLY[protocol_of(path)]
    connection.sendall(STREAM_HEAD + first)
    sleep(1e-3)
    connection.sendall(b"".join(rest) + END)


def late(connection: socket.socket, path: str) -> None:
    """Send the head, then an event that says when it was sent, then the rest."""
    first, *rest = events_of(path, 20)
    connection.sendall(STREAM_HEAD)
    sleep(2e-3)
    before, _, after = first.partition(STREAM_ID)
    connection.sendall(chunk(before + b"%.9f" % perf_counter() + after))
    connection.sendall(b"".join(map(chunk, rest)) + END)


def million(connection: socket.socket, path: str) -> None:
    """Send the middle of a stream again and again, in HTTP chunks of about 16 KiB, then its end."""
    events = events_of(path, 5000)
    middle = b"".join(map(chunk, blocks_of(events[10:-10])))
    connection.sendall(STREAM_HEAD + chunk(b"".join(events[:10])))
    for _ in range(MILLION // (len(events) - 20) + 1):
        connection.sendall(middle)
    connection.sendall(chunk(b"".join(events[-10:])) + END)


LIVE: dict[str, Callable[[socket.socket, str], None]] = {
    "paced": paced,
    "first": early,
    "late": late,
    "million": million,
}


class Ticker:
    """Waits until enough clients ask, then sends each of them an event every 20 ms, evenly spread over the time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: list[socket.socket] = []

    def join(self, connection: socket.socket, path: str) -> None:
        count = int(path.split("/")[2])
        with self.lock:
            self.waiting.append(connection)
            if len(self.waiting) < count:
                return
            group, self.waiting = self.waiting, []
        self.run(group, [chunk(event) for event in events_of(path, TICK_EVENTS)])

    def run(self, group: list[socket.socket], events: list[bytes]) -> None:
        for connection in group:
            connection.sendall(STREAM_HEAD)
        due = perf_counter()
        for event in events:
            for connection in group:
                due += TICK / len(group)
                wait_until(due)
                connection.sendall(event)
        for connection in group:
            connection.sendall(END)
            connection.close()


class Server:
    """A thread a connection; requests on one connection are answered one after the other."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.ticker = Ticker()
        self.rendered: dict[str, bytes] = {}

    def run(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        try:
            while path := read_request(connection):
                mode = path.split("/")[1]
                if mode == "ticks":
                    self.ticker.join(connection, path)
                    return
                if mode in LIVE:
                    LIVE[mode](connection, path)
                else:
                    connection.sendall(self.whole(mode, path))
        except OSError:
            pass  # the client went away: its right

    def whole(self, mode: str, path: str) -> bytes:
        if path not in self.rendered:
            self.rendered[path] = WHOLE[mode](path)
        return self.rendered[path]


def read_request(connection: socket.socket) -> str:
    """Read one request whole; its path, or nothing at the end."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        more = connection.recv(65536)
        if not more:
            return ""
        data += more
    head, body = data[:end], len(data) - end - 4
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
            while body < length:
                body += len(connection.recv(65536))
    return head.split(b" ")[1].decode()


@contextmanager
def server() -> Iterator[str]:
    """Run the server in a process of its own; gives its origin, `http://127.0.0.1:port`.

    Where the system lets us, it gets a core of its own too: else a wake-up costs four times as much whenever the two
    happen to meet on one.
    """
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
    with subprocess.Popen([sys.executable, "-m", "bench.http_server"], stdout=subprocess.PIPE, text=True) as process:
        try:
            if len(cores) > 1:
                os.sched_setaffinity(process.pid, {max(cores)})
                os.sched_setaffinity(0, cores - {max(cores)})
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()
            if len(cores) > 1:
                os.sched_setaffinity(0, cores)


def main() -> None:
    """Serve until killed."""
    running = Server()
    print(running.port, flush=True)
    running.run()


if __name__ == "__main__":
    main()
