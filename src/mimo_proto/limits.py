"""How long and how much: the values that bound a call.

Seconds and bytes throughout. Both are immutable and checked when they are made; `msgspec.structs.replace` makes a
changed copy.
"""

from __future__ import annotations

import math

import msgspec

from mimo_proto.errors import ConfigurationError

__all__ = ["Limits", "Timeouts"]

MIB = 1024 * 1024


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Four clocks, in seconds; None switches one off.

    Attributes:
        connect: To open a connection, TLS included. Name resolution cannot be bounded and is not part of it.
        read: Between two bytes; while a request is sent, between two pieces of it that were taken.
        idle: Between two events of a stream, the wait for the first one included; comments and parts of events do not
            count. A JSON response counts as one event. While a request is sent, as `read`.
        total: The whole call: the wait for a pooled connection, connect, TLS, head and body. Off by default.
    """

    connect: float | None = 10.0
    read: float | None = 600.0
    idle: float | None = 600.0
    total: float | None = None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None and not _is_above_zero(value):
                raise ConfigurationError(f"Timeouts.{name} is {value!r}: give seconds above 0, or None for no bound")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a response is taken, in decoded bytes, and how long its end is waited for.

    Attributes:
        event: The size of one event of a stream, in bytes.
        body: The size of one JSON body, in bytes.
        error_body: How much of an error's body is read and kept, in bytes.
        drain: How much may follow a stream's last event for the connection to be used again, in bytes.
        linger: How long to wait, after every choice has finished, for the usage chunk and ``[DONE]``, in seconds.
    """

    event: int = 16 * MIB
    body: int = 64 * MIB
    error_body: int = 64 * 1024
    drain: int = 64 * 1024
    linger: float = 2.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not _is_above_zero(value):
                raise ConfigurationError(f"Limits.{name} is {value!r}: give a number above 0")


def _is_above_zero(value: object) -> bool:
    return isinstance(value, int | float) and 0 < value < math.inf
