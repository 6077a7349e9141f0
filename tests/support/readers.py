"""Streams that are read in a thread of their own, and ended from another."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from mimo_proto import Timeouts
from tests.support.payloads import CHAT_REQUEST

if TYPE_CHECKING:
    from mimo_proto import Client
    from tests.support.outcomes import Kind

__all__ = ["Reader", "no_clocks", "stream_of"]


def stream_of(client: Client, kind: Kind, **options: Any) -> Any:
    if kind.protocol == "chat":
        return client.stream_chat_completion(**CHAT_REQUEST, **options)
    return client.stream_response(model="m", input="x", **options)


class Reader(threading.Thread):
    """Reads a stream to its end in a thread of its own."""

    def __init__(self, stream: Any) -> None:
        super().__init__(daemon=True)
        self.stream = stream
        self.events: list[Any] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with self.stream:
                for each in self.stream:
                    self.events.append(each)
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            self.error = error

    def ended(self) -> BaseException | None:
        self.join(5)
        assert not self.is_alive(), "the read goes on"
        return self.error


def no_clocks() -> Timeouts:
    return Timeouts(connect=None, read=None, idle=None)
