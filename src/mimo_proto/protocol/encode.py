"""Events and replies written as a server writes them: JSON, and server-sent events. For gateways.

Rules:
- Every field that is not null is written: "", [], {}, 0 and false say something, and clients fail where one is missing.
- Null is left out, but for a chunk's `finish_reason`: where that is absent, some clients take the answer for finished.
- Fields that the spec does not know, and objects that go back to the server as they came (items, tool calls), keep
  their nulls. What `StreamDecoder` reads of what is written are the same events.
- The shape of OpenAI differs by one table, see `openai_shape`.
- No value breaks out of its event: a line break in the JSON is a blank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from mimo_proto.errors import LocalProtocolError
from mimo_proto.protocol.json_types import is_object
from mimo_proto.protocol.openai_shape import in_openai_shape

if TYPE_CHECKING:
    from msgspec import Struct

    from mimo_proto.unknown import Unknown

__all__ = ["Shape", "encode_done", "encode_event", "server_sent_event", "to_json"]

Shape = Literal["mimo", "openai"]
"""Whose clients are to read it: MiMo's, or those that hold replies to OpenAI's types."""

ENCODE = msgspec.json.Encoder().encode
# What msgspec raises on what it cannot write.
NOT_ENCODED = (TypeError, ValueError, OverflowError, RecursionError)
LINE_BREAKS = bytes.maketrans(b"\r\n", b"  ")
# What stands before the JSON of an event, by its class: the tag of a Struct is the event's name.
PREFIXES: dict[type, bytes] = {}


def encode_event(event: Struct | Unknown, *, shape: Shape = "mimo") -> bytes:
    """Write one event of a stream as a server-sent event, ready to be sent.

    Args:
        event: A chunk of Chat, or an event of Responses, which gets its `event:` line; also one of the caller's types.
        shape: "mimo", as it came, or "openai", with what typed OpenAI clients demand.

    Raises:
        LocalProtocolError: The event holds what JSON has no place for, or there is no such shape.
    """
    try:
        data = ENCODE(event if shape == "mimo" else _shaped(event, shape))
    except NOT_ENCODED as error:
        problem = str(error)
    else:
        if 10 in data or 13 in data:
            data = _one_line(data)
        return (PREFIXES.get(event.__class__) or _prefix(event)) + data + b"\n\n"
    raise _not_encoded(event, problem)


def to_json(value: object, *, shape: Shape = "mimo") -> bytes:
    """Write a reply, or any other value, as JSON.

    Args:
        value: What `parse_response`, a stream or an accumulator gave: a `ChatCompletion`, a `Response`, a `ModelList`.
        shape: "mimo", as it came, or "openai", with what typed OpenAI clients demand.

    Raises:
        LocalProtocolError: The value holds what JSON has no place for, or there is no such shape.
    """
    try:
        return ENCODE(value if shape == "mimo" else _shaped(value, shape))
    except NOT_ENCODED as error:
        problem = str(error)
    raise _not_encoded(value, problem)


def encode_done() -> bytes:
    """Write the event that ends a stream of Chat; one of Responses ends with its terminal event."""
    return b"data: [DONE]\n\n"


def server_sent_event(data: bytes, name: object = None) -> bytes:
    """Write an event (WHATWG HTML, 9.2.5).

    Args:
        data: JSON.
        name: The name for the `event:` line; what is no text on one line is not written.
    """
    return _prefix_of(name) + _one_line(data) + b"\n\n"


def _shaped(value: object, shape: str) -> Any:
    if shape != "openai":
        raise LocalProtocolError(f'shape is {shape!r}: it must be "mimo" or "openai"')
    return in_openai_shape(value)


def _not_encoded(value: object, problem: str) -> LocalProtocolError:
    return LocalProtocolError(f"a value of type {type(value).__name__} cannot be written as JSON: {problem}")


def _prefix(event: Struct | Unknown) -> bytes:
    """Give what stands before the JSON of an event, and keep it for the class where all its objects have the same."""
    if is_object(event):
        return _prefix_of(event.get("type"))
    config = getattr(event, "__struct_config__", None)
    prefix = PREFIXES[type(event)] = _prefix_of(config and config.tag)
    return prefix


def _prefix_of(name: object) -> bytes:
    if not isinstance(name, str) or not name or "\n" in name or "\r" in name:
        return b"data: "
    return b"event: %b\ndata: " % name.encode()


def _one_line(data: bytes) -> bytes:
    """Put JSON on one line: within its texts line breaks are escaped, between its tokens they are white space."""
    return data.translate(LINE_BREAKS)
