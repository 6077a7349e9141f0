"""One connection of asyncio, by itself."""

from __future__ import annotations

import asyncio
import socket

import pytest

from mimo_proto.aio.connection import READ_BUFFER_BYTES, AsyncConnection
from tests.support.loops import LOOPS, run_on


@pytest.mark.parametrize("loop", LOOPS)
def test_what_ended_by_itself_may_be_aborted(loop: str) -> None:
    """As when the server half-closes while a request is sent, and then takes all of it."""

    async def main() -> None:
        ours, server = socket.socketpair()
        with server:
            running = asyncio.get_running_loop()
            connection = AsyncConnection(running, ours, memoryview(bytearray(READ_BUFFER_BYTES)))
            await running.create_connection(lambda: connection, sock=ours)
            connection.write(bytes(10_000_000))
            assert not connection.can_write
            connection.close()
            taken = 0
            while data := await asyncio.to_thread(server.recv, 1_000_000):
                taken += len(data)
            assert taken == 10_000_000
            while not connection.ended:
                await asyncio.sleep(0.01)
            connection.abort()
            connection.close()

    run_on(loop, main)
