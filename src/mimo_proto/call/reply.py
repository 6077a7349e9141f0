"""What a call gives: a whole answer, or one of the four ends of a stream and what its events add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar

import msgspec

from mimo_proto.errors import APIError, MimoError, StreamCancelled
from mimo_proto.protocol.chat_accumulator import ChatAccumulator
from mimo_proto.protocol.response import find_request_id, parse_response
from mimo_proto.protocol.response_accumulator import ResponseAccumulator

if TYPE_CHECKING:
    from mimo_proto.endpoints import Endpoint

__all__ = ["Accumulator", "End", "Reply", "ResponseHead", "accumulator_for", "end_of", "read_reply"]

ReplyT = TypeVar("ReplyT")
EventT_contra = TypeVar("EventT_contra", contravariant=True)
ResultT_co = TypeVar("ResultT_co", covariant=True)

End: TypeAlias = Literal["completed", "error", "incomplete", "cancelled"]
"""How a stream ended: the protocol says so, the server said so, neither did, or the caller ended it."""


def end_of(error: BaseException) -> End:
    """Say how a call ended that raises this; what is not an error of ours has interrupted it."""
    if isinstance(error, APIError):
        return "error"
    return "incomplete" if isinstance(error, MimoError) and not isinstance(error, StreamCancelled) else "cancelled"


class Reply(msgspec.Struct, Generic[ReplyT], frozen=True, kw_only=True):
    """A typed answer, and what HTTP said around it. Immutable: any thread.

    Attributes:
        value: The typed answer.
        status: The HTTP status.
        headers: The header fields, names in lower case.
        request_id: The id that a header gave the call, if any.
        attempts: How many HTTP requests were made.
        body: The body as it came, decompressed.
    """

    value: ReplyT
    status: int
    headers: dict[str, str]
    request_id: str | None
    attempts: int
    body: bytes


class ResponseHead(Protocol):
    """A response whose head has come.

    Attributes:
        status: The HTTP status.
        headers: The header fields, names in lower case.
    """

    status: int
    headers: dict[str, str]


def read_reply(
    endpoint: Endpoint[Any, ReplyT, Any], response: ResponseHead, body: bytes, *, attempts: int
) -> Reply[ReplyT]:
    """Read the JSON answer of a call.

    Args:
        endpoint: What the body is decoded into.
        response: The head of the response.
        body: The whole body, decompressed.
        attempts: How many HTTP requests were made.

    Raises:
        MimoError: See `parse_response`.
    """
    status, headers = response.status, response.headers
    value = parse_response(endpoint, status, headers, body)
    request_id = find_request_id(headers)
    return Reply(value=value, status=status, headers=headers, request_id=request_id, attempts=attempts, body=body)


class Accumulator(Protocol[EventT_contra, ResultT_co]):
    """Puts events together; `ChatAccumulator` and `ResponseAccumulator` are such."""

    def add(self, event: EventT_contra, /) -> None:
        """Take the next event."""

    def result(self) -> ResultT_co:
        """Give the whole."""
        ...

    def partial(self) -> ResultT_co | None:
        """Give what there is."""
        ...


def accumulator_for(endpoint: Endpoint[Any, Any, Any], event_type: Any) -> Accumulator[Any, Any] | None:
    """Make the accumulator of a stream; None for a projected one, whose events are not the whole."""
    if event_type is not None:
        return None
    return ChatAccumulator(endpoint) if endpoint.protocol == "chat" else ResponseAccumulator(endpoint)
