"""From the events of a Responses stream to the object that the same call gives without streaming.

- The terminal event carries the object. Where that has no output, the output is what was streamed.
- Before the terminal event, `partial()` is put together from items and deltas (`output_items`).

Events are read by their documented fields, not by their classes, so those of an extended spec will do as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import msgspec

from mimo_proto.endpoints import RESPONSES, Endpoint
from mimo_proto.errors import LocalProtocolError
from mimo_proto.protocol.completion import TERMINAL
from mimo_proto.protocol.decode import TolerantDecoder, plain_value
from mimo_proto.protocol.output_items import OutputItems
from mimo_proto.protocol.output_places import DELTAS

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from mimo_proto.models import Response, ResponseStreamEvent

    EventT = TypeVarWithDefault("EventT", default=ResponseStreamEvent)
    ResponseT = TypeVarWithDefault("ResponseT", default=Response)
else:
    EventT, ResponseT = map(TypeVar, ("EventT", "ResponseT"))

__all__ = ["ResponseAccumulator", "with_output_text"]

ReplyT = TypeVar("ReplyT")


def with_output_text(response: ReplyT) -> ReplyT:
    """Fill in the `output_text` of a `Response` that lacks it: MiMo sends it in JSON replies, not in streams."""
    reply: Any = response
    if reply.output_text is not None:
        return response
    messages = (item for item in reply.output if item.type == "message")
    parts = (part for message in messages for part in message.content if part.type == "output_text")
    filled: ReplyT = msgspec.structs.replace(reply, output_text="".join(part.text for part in parts))
    return filled


class ResponseAccumulator(Generic[EventT, ResponseT]):
    """Add up the events of a Responses stream.

    One thread at a time.

    Args:
        endpoint: The endpoint that the events come from; a partial result has its reply type.
    """

    @overload
    def __init__(self: ResponseAccumulator) -> None: ...
    @overload
    def __init__(self, endpoint: Endpoint[Any, ResponseT, EventT]) -> None: ...
    def __init__(self, endpoint: Endpoint[Any, Any, Any] = RESPONSES) -> None:
        self._reply: TolerantDecoder[ResponseT] = TolerantDecoder(endpoint.reply)
        self._result: ResponseT | None = None
        self._begun: dict[str, Any] = {}
        self._output = OutputItems()

    def add(self, event: EventT) -> None:
        """Add the next event.

        Raises:
            DecodeError: The event is nested too deeply for where this is called.
            LocalProtocolError: The terminal event was added already.
        """
        if self._result is not None:
            raise LocalProtocolError("add() after the terminal event: the response is complete")
        added: Any = event
        kind: str = added.type
        if kind in DELTAS:
            self._output.add_delta(added, kind)
        elif kind in ("response.created", "response.in_progress"):
            self._begun = plain_value(added.response)
            self._output.add_snapshot(self._begun.get("output") or ())
        elif kind in TERMINAL:
            self._result = with_output_text(self._with_output(added.response))
        else:
            self._output.add(added, kind)

    def result(self) -> ResponseT:
        """Give the response of the terminal event; its `status` may be completed, incomplete or failed.

        Raises:
            LocalProtocolError: The terminal event was not added.
        """
        if self._result is None:
            raise LocalProtocolError("result() before the terminal event: partial() has what has come so far")
        return self._result

    def partial(self) -> ResponseT | None:
        """Give the response as far as it has come, or None when nothing has; the result itself, once it is there.

        Raises:
            DecodeError: The events do not fit the endpoint's reply, or are nested too deeply for where this is called.
        """
        if self._result is not None or not (self._begun or self._output):
            return self._result
        response = {**self._begun, "output": self._output.as_json()}
        if self._output:
            response["output_text"] = None  # the text that came was that of an earlier output
        so_far: ResponseT = with_output_text(self._reply.build(response))
        return so_far

    def _with_output(self, response: Any) -> Any:
        """Give the response of the terminal event, with the items that were streamed if it has none itself."""
        if response.output or not self._output:
            return response
        fields = plain_value(response)
        output_text = fields.get("output_text") or None
        return self._reply.build({**fields, "output": self._output.as_json(), "output_text": output_text})
