"""See a client hang up while its answer is held back.

Rules: a client sends nothing while it waits for an answer (nobody here pipelines, RFC 9112, 9.3.2), so that a
connection that becomes readable then was closed or reset. Nothing is read from it: bytes that did come stay there.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["watching"]


@contextlib.contextmanager
def watching(connection: socket.socket, hung_up: Callable[[], object]) -> Generator[None]:
    """Watch a connection during a block, in a thread that ends with it.

    Args:
        connection: The connection that the client may close.
        hung_up: Is called when the client has closed it, at most once.
    """
    stop, stopped = socket.socketpair()
    watcher = threading.Thread(target=_watch, args=(connection, stopped, hung_up), name="LoopbackServer watcher")
    with stop, stopped:
        watcher.start()
        try:
            yield
        finally:
            stop.send(b"\0")
            watcher.join()


def _watch(connection: socket.socket, stopped: socket.socket, hung_up: Callable[[], object]) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        selector.register(stopped, selectors.EVENT_READ)
        ready = [key.fileobj for key, _ in selector.select()]
    if connection in ready and _is_closed(connection):
        hung_up()


def _is_closed(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except OSError:  # reset
        return True
