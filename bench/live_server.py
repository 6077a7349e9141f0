"""The server of the live streams, plain and over TLS, in a process of its own: `python -m bench.live_server DIRECTORY`.

It prints the two ports, for plain connections and for TLS, and writes the certificate of its authority into the
directory. The first parts of a path say what comes back: `/STREAMS/EVENTS/GROUP/...` waits until so many clients of
the group ask, sends each the head and a first event, leaves them open for a while, and then sends every one an event
each 20 ms, one HTTP chunk an event, evenly spread over the time. `/late` says how late the last group was served.

All bytes are encoded before the first is sent, and one thread sends: the server has to be faster than its clients.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import TYPE_CHECKING
from urllib.request import urlopen

from bench.http_server import END, STREAM_HEAD, TICK, chunk, read_request, wait_until
from bench.payloads import record

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CLIENT_CORE", "OPEN_SECONDS", "SERVER_CORE", "Origins", "allow_many_sockets", "live_server", "pin"]

ROOT = Path(__file__).parent.parent
OPEN_SECONDS = 0.4  # that streams stay open behind their first event; their memory is taken then
BACKLOG = 4096
CLIENT_CORE, SERVER_CORE = 0, -1  # places in the list of those that may be used


@dataclass(frozen=True)
class Origins:
    """Where the server is.

    Attributes:
        plain: Its origin over TCP, `http://127.0.0.1:port`.
        tls: Its origin over TLS.
        authority: The file with the certificate that a client has to trust.
    """

    plain: str
    tls: str
    authority: str

    def late(self) -> float:
        """How late the events of the last group were sent: the 99th percentile, in ms."""
        with urlopen(f"{self.plain}/late") as answer:
            return float(answer.read())


def pin(core: int) -> None:
    """Keep this process on one core, where the system can and there are two: client and server must not meet."""
    if hasattr(os, "sched_setaffinity") and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(0, {cores[core]})


def allow_many_sockets() -> None:
    """Raise the bound of open files to what the system allows: by default it is often 1,024."""
    with suppress(ImportError):  # Windows has no such bound
        import resource

        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class LiveServer:
    """A thread a connection until its group is complete; then one thread for all of the group."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        self.plain, self.tls = (socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) for _ in range(2))
        self.groups: dict[str, list[socket.socket]] = {}
        self.lock = threading.Lock()
        self.late = 0.0

    def run(self) -> None:
        threading.Thread(target=self.accept, args=(self.tls,), daemon=True).start()
        self.accept(self.plain)

    def accept(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self.serve, args=(connection, listener is self.tls), daemon=True).start()

    def serve(self, connection: socket.socket, is_tls: bool) -> None:
        with suppress(OSError):  # the client went away: its right
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if is_tls:
                connection = self.context.wrap_socket(connection, server_side=True)
            path = read_request(connection)
            if path == "/late":
                body = b"%f" % self.late
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                connection.close()
            elif path:
                self.join(connection, path)

    def join(self, connection: socket.socket, path: str) -> None:
        _, streams, events, *_ = path.split("/")
        with self.lock:
            group = self.groups.setdefault(path, [])
            group.append(connection)
            if len(group) < int(streams):
                return
            del self.groups[path]
        self.send(group, [chunk(event) for event in record("chat", "LF", int(events)).events])

    def send(self, group: list[socket.socket], events: list[bytes]) -> None:
        first, *rest = events
        for connection in group:
            connection.sendall(STREAM_HEAD + first)
        sleep(OPEN_SECONDS)
        late: list[float] = []
        due = perf_counter()
        for event in rest:
            for connection in group:
                due += TICK / len(group)
                wait_until(due)
                late.append(perf_counter() - due)
                connection.sendall(event)
        self.late = sorted(late)[len(late) * 99 // 100] * 1e3
        for connection in group:
            connection.sendall(END)
            connection.close()


@contextmanager
def live_server() -> Iterator[Origins]:
    """Run the server in a process of its own."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "bench.live_server", directory]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                plain, tls = json.loads(process.stdout.readline())
                authority = str(Path(directory) / "authority.pem")
                yield Origins(f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{tls}", authority)
            finally:
                process.kill()


def main() -> None:
    """Serve until killed."""
    import trustme

    pin(SERVER_CORE)
    allow_many_sockets()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(Path(sys.argv[1]) / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = LiveServer(context)
    print(json.dumps([one.getsockname()[1] for one in (server.plain, server.tls)]), flush=True)
    server.run()


if __name__ == "__main__":
    main()
