"""A MiMo of one's own: a real HTTP/1.1 server on 127.0.0.1, for tests and for trying things out.

Rules: a thread for each connection, connections kept alive, streams in chunks, an event each. The server answers as
`replies` says, or what a test scripted. Closing it opens every gate, ends every connection and waits for its threads.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import struct
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import msgspec

from .replies import HTTPResponse, Received, make_response, receive, respond
from .rules import Refusal
from .script import Gate, RawReply, Scripted, plan_writes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Self

__all__ = ["LoopbackServer"]

Played: TypeAlias = "tuple[RawReply, Iterator[bytes]]"
"""What was answered to a request, and the writes of it."""


class LoopbackServer:
    """A server that speaks MiMo's protocol on 127.0.0.1, over real sockets.

    The server plays the spec's examples to the requests that they belong to, and to every other the same answer always:
    the user's text back (thinking first, where that is on), a call of each tool once, and a sentence on the results.
    What MiMo refuses it refuses with MiMo's status and body. A test scripts it by `reply` and `script`.

        with LoopbackServer() as server, Client(server.api_key, server.base_url) as client:
            server.reply(Turn("42", reasoning="Hm."))
            done = client.create_chat_completion(model="mimo-v2.6-pro", messages=[user("6 by 7?")])
        assert server.requests[0].body["messages"][0]["content"] == "6 by 7?"

    All threads may use one server.

    Attributes:
        api_key: The key that the server takes, in either of the two headers.
    """

    def __init__(self, *, api_key: str = "sk-loopback") -> None:
        self.api_key = api_key
        self._requests: list[Received] = []
        self._script: deque[RawReply] = deque()
        self._failures: list[BaseException] = []
        self._changed = threading.Condition()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._accepted = 0
        self._closing = False
        self._gates: set[Gate] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._acceptor = threading.Thread(target=self._accept, name="LoopbackServer", daemon=True)
        self._acceptor.start()

    @property
    def base_url(self) -> str:
        """The URL of the server, ``/v1`` included: what `Client` takes as ``base_url``."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    @property
    def requests(self) -> list[Received]:
        """The requests so far, in the order in which they came: a copy."""
        with self._changed:
            return list(self._requests)

    @property
    def connections(self) -> int:
        """The number of connections made so far."""
        return self._accepted

    @property
    def unplayed(self) -> int:
        """The number of scripted replies that no request has taken."""
        return len(self._script)

    def wait_for_requests(self, count: int, timeout: float = 10.0) -> list[Received]:
        """Block until a number of requests have come.

        Args:
            count: The number of requests, from the start.
            timeout: The longest wait, in seconds.

        Raises:
            TimeoutError: The requests did not come.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= count, timeout):
                raise TimeoutError(f"{len(self._requests)} of {count} requests came in {timeout} s")
            return list(self._requests)

    def reply(
        self,
        what: Scripted,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bool = False,
        split: int | None = None,
        hold: Mapping[int, Gate] | None = None,
        cut: int | None = None,
        reset: bool = False,
    ) -> None:
        """Put one reply at the end of the script. `RawReply` says what the arguments mean."""
        self.script([RawReply(what, status, headers or {}, raw, split, hold or {}, cut, reset)])

    def script(self, replies: Iterable[Scripted | RawReply]) -> None:
        """Put replies at the end of the script; each request takes one, whatever it asks for, and gets it unchecked."""
        self._script.extend(reply if isinstance(reply, RawReply) else RawReply(reply) for reply in replies)

    def close(self) -> None:
        """Stop the server. Open responses are cut off; an error that the script raised is raised here."""
        with self._changed:
            already, self._closing = self._closing, True
        if already:
            return
        for gate in tuple(self._gates):
            gate.open()
        with socket.create_connection(self._listener.getsockname()[:2]):
            self._acceptor.join()
        self._listener.close()
        with self._changed:
            open_ones = dict(self._connections)
        for connection in open_ones:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in open_ones.values():
            thread.join()
        if self._failures:
            raise self._failures[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        with contextlib.suppress(*([Exception] if error else [])):
            self.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with self._changed:
                if self._closing:
                    connection.close()
                    return
                self._accepted += 1
                thread = threading.Thread(
                    target=self._serve, args=(connection, self._accepted), name="LoopbackServer connection", daemon=True
                )
                self._connections[connection] = thread
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            with contextlib.suppress(OSError):  # the client has gone
                _Exchanges(connection, functools.partial(self._take, number))
        finally:
            with self._changed:
                del self._connections[connection]
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
            connection.close()

    def _take(self, connection: int, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Played:
        """Answer one request, whose headers have their names in lower case."""
        request = receive(method, path, headers, raw, connection)
        with self._changed:
            self._requests.append(request)
            number = len(self._requests)
            reply = self._script.popleft() if self._script else RawReply(None)
            self._changed.notify_all()
        try:
            reply = _settled(reply, request)
            writes = plan_writes(reply, self._respond(reply, request, headers, number))
        except Exception as error:  # noqa: BLE001 - a scripted function may raise anything; close() raises it
            self._failures.append(error)
            reply = RawReply(Refusal(500, "the script failed", repr(error)))
            writes = plan_writes(reply, make_response(reply.what, request, number))
        return reply, self._up_to_gates(writes)

    def _respond(self, reply: RawReply, request: Received, headers: Mapping[str, str], number: int) -> HTTPResponse:
        if reply.raw:
            return HTTPResponse(0, "", [reply.what])
        if reply.what is None:
            return respond(request, headers, self.api_key, number)
        return make_response(reply.what, request, number)

    def _up_to_gates(self, writes: Iterable[bytes | Gate]) -> Iterator[bytes]:
        """Yield the bytes, and stand at the gates between them; no gate holds a thread while the server closes."""
        for write in writes:
            if isinstance(write, Gate):
                with self._changed:
                    self._gates.add(write)
                    if self._closing:
                        write.open()
                write.pass_through()
            else:
                yield write


def _settled(reply: RawReply, request: Received) -> RawReply:
    """Call the functions of a script until one gives something that is not a function."""
    while callable(reply.what):
        given = reply.what(request)
        reply = given if isinstance(given, RawReply) else msgspec.structs.replace(reply, what=given)
    return reply


class _Exchanges(BaseHTTPRequestHandler):
    """The exchanges of one connection; making it serves them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, connection: socket.socket, take: Callable[[str, str, Mapping[str, str], bytes], Played]) -> None:
        self._take = take
        super().__init__(connection, connection.getpeername(), cast("Any", None))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _exchange(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply, writes = self._take(self.command, self.path, headers, self._body())
        if self.command == "HEAD":  # what a body would be is left out (RFC 9110, 9.3.2)
            writes = iter([b"".join(b"".join(writes).partition(b"\r\n\r\n")[:2])])
        self.wfile.writelines(writes)
        if reply.raw or reply.cut is not None or reply.reset:
            self.close_connection = True
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def parse_request(self) -> bool:
        """Read a head; the base class looks for what serves a method under its name, and all are served alike."""
        is_read = super().parse_request()
        setattr(self, f"do_{self.command}", self._exchange)
        return is_read

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing on stderr."""
