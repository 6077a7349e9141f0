"""Raw-socket servers that a test scripts: what is sent, when, and how the connection ends is all in the test.

A script is a function that gets the accepted connection as a `Peer`; every connection runs it in its own thread.
Nothing here knows HTTP beyond finding the end of a request.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import ssl
import struct
import threading
from typing import TYPE_CHECKING, Any, Self

from tests.support.server_tls import server_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    import trustme

__all__ = ["Peer", "Request", "Server", "answer", "chunk", "head", "once", "pump", "sse"]

END = b"0\r\n\r\n"
"""The end of a chunked body."""


class Request:
    """One request as it came over the wire."""

    def __init__(self, raw_head: bytes, body: bytes) -> None:
        self.raw = raw_head + body
        self.body = body
        first, *lines = raw_head.decode("latin-1").split("\r\n")[:-2]
        self.method, self.target, _ = first.split(" ", 2)
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Peer:
    """One accepted connection, seen from the server."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self.sock = sock
        self.server = server
        self.number = server.connections
        self._buffer = b""

    def request(self) -> Request:
        """Read one request; raises ConnectionError when the client has gone."""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        raw_head, _, rest = self._buffer.partition(b"\r\n\r\n")
        raw_head += b"\r\n\r\n"
        request = Request(raw_head, b"")
        length = int(request.headers.get("content-length", "0"))
        while len(rest) < length:
            self._buffer = b""
            self._more()
            rest += self._buffer
        self._buffer = rest[length:]
        request = Request(raw_head, rest[:length])
        self.server.requests.append(request)
        return request

    def _more(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionResetError("the client has gone")
        self._buffer += data

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.sock.sendall(piece)

    def drip(self, data: Iterable[bytes], every: float = 0.1) -> None:
        """Send piece by piece with pauses, until the client or the server goes."""
        for piece in data:
            self.send(piece)
            if self.server.stopping.wait(every):
                return

    def flood(self, piece: bytes) -> None:
        """Send the same for ever, until the client goes."""
        while not self.server.stopping.is_set():
            self.send(piece)

    def gone(self) -> bool:
        """Wait until the client closes its end, swallowing what it still sends; True if it did so in time."""
        self.sock.settimeout(10)
        try:
            while self.sock.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def fin(self) -> None:
        """End the sending side in order."""
        with contextlib.suppress(OSError):
            if isinstance(self.sock, ssl.SSLSocket):
                self.sock.settimeout(1)
                self.sock = self.sock.unwrap()
            self.sock.shutdown(socket.SHUT_WR)

    def break_off(self) -> None:
        """End both directions, from any thread; the script ends with it."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def rst(self) -> None:
        """Break the connection off."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Server:
    """A listener on 127.0.0.1 for the time of a ``with`` block.

    Args:
        script: What to do with each connection.
        authority: Serves TLS with a certificate of this authority.
        name: The host name in that certificate.
    """

    def __init__(
        self, script: Callable[[Peer], object], *, authority: trustme.CA | None = None, name: str = "127.0.0.1"
    ) -> None:
        self.script = script
        self.connections = 0
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        self.errors: list[BaseException] = []
        self._context: ssl.SSLContext | None = None
        if authority is not None:
            self._context = server_context(authority, name)
        self._threads: list[threading.Thread] = []
        self._peers: list[Peer] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=300)
        self.port: int = self._listener.getsockname()[1]

    @property
    def open_connections(self) -> int:
        """How many connections have a script that goes on: most do until their client has gone."""
        return sum(thread.is_alive() for thread in self._threads if thread is not self._acceptor)

    @property
    def origin(self) -> str:
        return f"{'http' if self._context is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    def __enter__(self) -> Self:
        self._acceptor = self._start(self._accept)
        return self

    def restart(self) -> None:
        """Close the listener and all connections, and listen on the same port again, as a server that is renewed.

        The new listener is there before the connections break: nobody who comes back at once is refused.
        """
        self._stop_accepting()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=300)
        self._acceptor = self._start(self._accept)
        peers, self._peers = self._peers, []
        for peer in peers:
            peer.break_off()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._stop_accepting()
        for peer in self._peers:
            peer.break_off()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive(), "a script hangs"
        for peer in self._peers:
            peer.sock.close()
        if self.errors and error is None:
            raise self.errors[0]

    def _start(self, target: Callable[..., None], *args: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _stop_accepting(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        peer = Peer(sock, self)
        self._peers.append(peer)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                peer.sock = self._context.wrap_socket(sock, server_side=True)
            self.script(peer)
        except OSError:
            pass  # the client has gone, which scripts that serve for ever end with
        except BaseException as exc:  # noqa: BLE001 - raised again by __exit__
            self.errors.append(exc)
        finally:
            with contextlib.suppress(OSError):
                peer.sock.close()


def pump(peer: Peer, opened: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
    """A proxy that connects to where it is asked, and says so."""
    request = peer.request()
    host, _, port = request.target.rpartition(":")
    assert request.method == "CONNECT"
    assert host == "127.0.0.1"
    with socket.create_connection((host, int(port))) as other:
        peer.send(opened)
        while True:
            readable, _, _ = select.select([peer.sock, other], [], [])
            for sock in readable:
                data = sock.recv(65536)
                if not data:
                    return
                (other if sock is peer.sock else peer.sock).sendall(data)


def head(status: int = 200, *fields: str, kind: str | None = "application/json") -> bytes:
    """The head of an answer; with a content type unless that is None."""
    lines = [f"HTTP/1.1 {status} Reason", *fields]
    if kind is not None:
        lines.append(f"Content-Type: {kind}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(body: bytes | Any, status: int = 200, *fields: str, kind: str | None = "application/json") -> bytes:
    """A whole answer with Content-Length; what is not bytes is sent as JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return head(status, f"Content-Length: {len(body)}", *fields, kind=kind) + body


def sse(*fields: str, status: int = 200) -> bytes:
    """The head of a chunked event stream."""
    return head(status, "Transfer-Encoding: chunked", *fields, kind="text/event-stream")


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def once(reply: bytes) -> Callable[[Peer], None]:
    """A script that answers one request, and waits for the client to go."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(reply)
        peer.gone()

    return script
