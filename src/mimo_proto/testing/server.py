"""A MiMo of one's own: a real HTTP/1.1 server on 127.0.0.1, for tests and for trying things out.

Rules: a thread for each connection, connections kept alive, streams in chunks, an event each. The server answers as
`replies` says, or what a test scripted. Closing it opens every gate, ends every connection and waits for its threads.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from mimo_proto.errors import ConfigurationError

from .exchanges import Exchanges
from .log import Log
from .replies import HTTPResponse, Received, make_response, receive, refuse, respond
from .rules import Refusal, Strictness
from .script import Gate, RawReply, Scripted, plan_writes
from .turns import Turn
from .watching import watching

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from typing import Self

    from .exchanges import Played

__all__ = ["LoopbackServer"]

MAX_PORT = 65535


class LoopbackServer:
    """A server that speaks MiMo's protocol on 127.0.0.1, over real sockets.

    The server plays the spec's examples to the requests that they belong to, and to every other the same answer always:
    the user's text back (thinking first, where that is on), a call of each tool once, and a sentence on the results.
    What MiMo refuses it refuses with MiMo's status and body. A test scripts it by `reply` and `script`::

        with LoopbackServer() as server, Client(server.api_key, server.base_url) as client:
            server.reply(Turn("42", reasoning="Hm."))
            done = client.create_chat_completion(model="mimo-v2.6-pro", messages=[user("6 by 7?")])
        assert server.requests[0].body["messages"][0]["content"] == "6 by 7?"

    All threads may use one server.

    Args:
        api_key: The key that the server takes.
        port: The port to listen on; 0 for one that is free.
        today: The day, by which models are switched off: 404, and not in the list. None switches none off, so that the
            examples of MiMo's pages, which name models of their time, are answered.
        strict_null_content: Whether an assistant's null content beside tool calls is refused; accounts of MiMo differ.

    Raises:
        ConfigurationError: The port cannot be listened on: it is taken, or is not a port.

    Attributes:
        api_key: The key that the server takes, in either of the two headers.
    """

    def __init__(
        self,
        *,
        api_key: str = "sk-loopback",
        port: int = 0,
        today: date | None = None,
        strict_null_content: bool = False,
    ) -> None:
        self.api_key = api_key
        self._strictness = Strictness(today, strict_null_content)
        self._listener = _listen(port)
        self._log = Log()
        self._script: deque[RawReply] = deque()
        self._every = RawReply(None)
        self._lock = threading.Lock()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._accepted = 0
        self._closing = False
        self._gates: set[Gate] = set()
        self._acceptor = threading.Thread(target=self._accept, name="LoopbackServer", daemon=True)
        self._acceptor.start()

    @property
    def base_url(self) -> str:
        """The URL of the server, ``/v1`` included: what `Client` takes as ``base_url``."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    @property
    def requests(self) -> list[Received]:
        """The requests so far, in the order in which they came: a copy."""
        return self._log.entries("requests")

    @property
    def disconnects(self) -> list[Received]:
        """The requests whose client hung up before the end of the answer, in the order in which that was seen: a copy.

        A client that hangs up is seen while the answer is held at a gate, and else when a write fails: an answer that
        is not held has usually been written whole by then.
        """
        return self._log.entries("disconnects")

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
        return self._log.wait_for("requests", count, timeout)

    def wait_for_disconnects(self, count: int, timeout: float = 10.0) -> list[Received]:
        """Block until the clients of a number of requests have hung up, and give these requests; see `disconnects`.

        Args:
            count: The number of requests, from the start.
            timeout: The longest wait, in seconds.

        Raises:
            TimeoutError: The clients did not hang up.
        """
        return self._log.wait_for("disconnects", count, timeout)

    def reply(
        self,
        what: Scripted | RawReply,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bool = False,
        split: int | None = None,
        hold: Mapping[int, Gate] | None = None,
        cut: int | None = None,
        reset: bool = False,
        checked: bool = True,
        every: bool = False,
    ) -> None:
        """Put one reply at the end of the script. `RawReply` says what the arguments mean.

        With `every=True` it is no part of the script: it answers each request that finds the script empty, in place of
        the server's own answer, and the last one given counts.

        Raises:
            TypeError: A `RawReply` has come, which goes as it is, and other arguments beside it.
        """
        reply = RawReply(what, status, headers or {}, raw, split, hold or {}, cut, reset, checked)
        if isinstance(what, RawReply):
            if reply != RawReply(what):
                raise TypeError("a RawReply goes as it is: give it what stands beside it")
            reply = what
        if every:
            self._every = reply
        else:
            self.script([reply])

    def script(self, replies: Iterable[Scripted | RawReply]) -> None:
        """Put replies at the end of the script; each request takes one, whatever it asks for.

        A `Turn` answers what MiMo takes (see `RawReply.checked`), everything else any request.
        """
        self._script.extend(reply if isinstance(reply, RawReply) else RawReply(reply) for reply in replies)

    def close(self) -> None:
        """Stop the server. Open responses are cut off; an error that the script raised is raised here."""
        if self._stop() and self._log.failures:
            raise self._log.failures[0]

    def _stop(self) -> bool:
        """Stop the server; give whether it was running."""
        with self._lock:
            already, self._closing = self._closing, True
        if already:
            return False
        for gate in tuple(self._gates):
            gate.open()
        with socket.create_connection(self._listener.getsockname()[:2]):
            self._acceptor.join()
        self._listener.close()
        with self._lock:
            open_ones = dict(self._connections)
        for connection in open_ones:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in open_ones.values():
            thread.join()
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error:
            self._stop()
        else:
            self.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with self._lock:
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
                Exchanges(connection, functools.partial(self._take, number), self._write)
        finally:
            with self._lock:
                del self._connections[connection]
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
            connection.close()

    def _take(self, connection: int, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Played:
        """Answer one request, whose headers have their names in lower case."""
        request = receive(method, path, headers, raw, connection)
        with self._lock:
            number = self._log.add("requests", request)
            reply = self._script.popleft() if self._script else self._every
        try:
            reply = self._checked(_settled(reply, request), request, headers)
            writes = plan_writes(reply, self._respond(reply, request, number))
        except BaseException as error:  # noqa: BLE001 - a scripted function may raise anything; close() raises it
            self._log.failures.append(error)
            reply = RawReply(Refusal(500, "the script failed", repr(error)))
            writes = plan_writes(reply, make_response(reply.what, request, number))
        return request, reply, writes

    def _checked(self, reply: RawReply, request: Received, headers: Mapping[str, str]) -> RawReply:
        """Give the reply, or MiMo's refusal of the request in its place."""
        if reply.raw or not (reply.what is None or (isinstance(reply.what, Turn) and reply.checked)):
            return reply
        refusal = refuse(request, headers, self.api_key, self._strictness)
        return RawReply(refusal) if refusal else reply

    def _respond(self, reply: RawReply, request: Received, number: int) -> HTTPResponse:
        if reply.raw:
            return HTTPResponse(0, "", [reply.what])
        if reply.what is None:
            return respond(request, self._strictness, number)
        return make_response(reply.what, request, number)

    def _write(self, connection: socket.socket, request: Received, writes: Iterable[bytes | Gate]) -> None:
        """Write an answer, and stand at the gates in it; no gate holds a thread while the server closes.

        Raises:
            OSError: The client has gone.
        """
        gone: list[Received] = []

        def note_disconnect() -> None:
            with self._lock:
                if not (self._closing or gone):
                    gone.append(request)
                    self._log.add("disconnects", request)

        try:
            for write in writes:
                if isinstance(write, Gate):
                    with watching(connection, note_disconnect):
                        self._stand_at(write)
                else:
                    connection.sendall(write)
        except OSError:
            note_disconnect()
            raise

    def _stand_at(self, gate: Gate) -> None:
        with self._lock:
            self._gates.add(gate)
            if self._closing:
                gate.open()
        gate.pass_through()


def _listen(port: int) -> socket.socket:
    if not 0 <= port <= MAX_PORT:
        raise ConfigurationError(f"{port} is not a port: one is from 0 to {MAX_PORT}, and 0 stands for a free one")
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except OSError as error:
        reason = error.strerror
    raise ConfigurationError(f"127.0.0.1:{port} cannot be listened on: {reason}; choose another port, or 0 for any")


def _settled(reply: RawReply, request: Received) -> RawReply:
    """Call the functions of a script until one gives something that is not a function; a `RawReply` goes as it is."""
    while callable(reply.what) or isinstance(reply.what, RawReply):
        given = reply.what(request) if callable(reply.what) else reply.what
        reply = given if isinstance(given, RawReply) else msgspec.structs.replace(reply, what=given)
    return reply
