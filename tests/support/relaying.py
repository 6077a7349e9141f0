"""The relay of examples/, served on 127.0.0.1 in front of a server that a test has."""

from __future__ import annotations

import logging
import os
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import uvicorn

from examples.relay import app

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["Served", "relaying"]


class Served(NamedTuple):
    """Where the relay is, and what a client of it says it is."""

    base_url: str
    api_key: str = "sk-of-a-user"


@contextmanager
def relaying(base_url: str, api_key: str) -> Generator[Served]:
    """Serve the relay for the time of a block.

    Args:
        base_url: Where the relay sends what it gets, `/v1` included.
        api_key: The key that it sends it with.
    """
    environment = {"MIMO_BASE_URL": base_url, "MIMO_API_KEY": api_key}
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    # It listens from here on, so who comes before uvicorn waits in the queue.
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    config = uvicorn.Config(app, log_level=logging.ERROR, access_log=False, loop="asyncio", http="h11")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="relay", daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        assert not thread.is_alive(), "the relay hangs"
