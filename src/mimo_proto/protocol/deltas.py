"""What the events of a stream say, piece by piece and alike in both APIs.

- A part is what grows: a text, the thinking, the arguments of a call. Parts are numbered per choice, in the order in
  which they began.
- Which call or item a piece belongs to is said by `tool_calls` and `output_places`, as for the result.
- What an event brings whole (`message` in a chunk's choice, an item, the terminal event's output) is a delta where
  nothing was said of it before.
- Of the names under which thinking comes, `reasoning_content` goes before `reasoning`, and that before the texts of
  `reasoning_details`: what comes under one is passed over once one before it has said something.
- A text that the spec does not know is a delta too, and its name is the kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mimo_proto.errors import ConfigurationError
from mimo_proto.protocol.chat_deltas import ChatDeltas
from mimo_proto.protocol.response_deltas import ResponseDeltas

if TYPE_CHECKING:
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.protocol.delta_parts import Delta

__all__ = ["DeltaReader"]

EventT = TypeVar("EventT")


class DeltaReader(Generic[EventT]):
    """Read out of the events of a stream what they say, piece by piece, alike in both APIs.

    One thread at a time; every event of the stream, in order, or `skip()` where some are left out.

    Args:
        endpoint: The endpoint that the events come from.

    Raises:
        ConfigurationError: The endpoint has no streams.
    """

    def __init__(self, endpoint: Endpoint[Any, Any, EventT]) -> None:
        if endpoint.protocol is None:
            raise ConfigurationError(f"the endpoint {endpoint.name} has no streams")
        self._stream = ChatDeltas() if endpoint.protocol == "chat" else ResponseDeltas()

    def skip(self) -> None:
        """Note that events were left out before the next one: what comes whole from now on may have come before."""
        self._stream.takes_wholes = False

    def feed(self, event: EventT) -> list[Delta]:
        """Give the deltas in the next event: none, one or several.

        Raises:
            DecodeError: The event is nested too deeply for where this is called.
        """
        return list(self._stream.read(event))
