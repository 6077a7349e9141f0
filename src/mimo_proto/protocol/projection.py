"""Projection: decode only the fields and events that the caller uses, without losing sight of the stream's end.

Chat: a Struct of the caller's in place of `ChatCompletionChunk`. Its `choices` must be required, or an error object
would pass for a chunk; and a choice must have `finish_reason`, or the end could not be known. One choice is followed,
as MiMo gives one; with `index` on the choice, each is followed by itself.

Responses: a union of the caller's tagged Structs, named by the events' types. It is completed with empty Structs for
all other known types: such events are dropped, but the terminal ones still end the stream. Left to the tolerant
decoder, each of them would cost ten times as much.

A Struct of the caller's has the fields that it names, and no others: unknown fields are neither kept nor learned; they
are ignored, unless the Struct forbids them itself. So it is with the Structs of the spec that it holds: each has a twin
in its place, a subclass that ignores unknown fields.
A projection that is a Struct of the spec itself, or a subclass of one, or such a member of the union, is not the
caller's: unknown fields are kept and learned, as in the endpoint's own events.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple, Union, get_args

import msgspec

from mimo_proto.errors import ConfigurationError
from mimo_proto.kept_fields import subclass
from mimo_proto.protocol.completion import TERMINAL
from mimo_proto.protocol.convert import TypeNode, remake, shape_of
from mimo_proto.protocol.decode import TolerantDecoder

if TYPE_CHECKING:
    from mimo_proto.endpoints import Endpoint
    from mimo_proto.protocol.convert import Field, StructShape

__all__ = ["EventPlan", "Unwanted", "plan_events"]

# What msgspec raises on what is not a type, or not one that it decodes into; and what evaluating an annotation raises.
NOT_A_TYPE = (TypeError, ValueError, NameError, AttributeError, SyntaxError)


class Unwanted(msgspec.Struct):
    """An event that is known, and that the caller did not ask for."""


class EventPlan(NamedTuple):
    """How the events of a stream are decoded.

    Attributes:
        decoder: The decoder of the Struct, or of the union of Structs.
        whole: Whether a chunk of Chat has the choices' indexes and errors, as the endpoint's own does.
    """

    decoder: TolerantDecoder[Any]
    whole: bool = False


def plan_events(endpoint: Endpoint[Any, Any, Any], event_type: Any = None) -> EventPlan:
    """Plan how the events of an endpoint's stream are decoded.

    Args:
        endpoint: The endpoint.
        event_type: The caller's projection, or None for the endpoint's own events.

    Raises:
        ConfigurationError: The endpoint has no streams, or the type does not let a stream be followed to its end; the
            text says what is missing.
    """
    if endpoint.protocol is None:
        raise ConfigurationError(f"the endpoint {endpoint.name!r} has no streams")
    wanted = endpoint.event if event_type is None else event_type
    try:
        return _plan_chat(wanted) if endpoint.protocol == "chat" else _plan_responses(event_type, endpoint.event)
    except ConfigurationError:
        raise
    except NOT_A_TYPE as error:
        reason = str(error)
    raise ConfigurationError(f"{wanted!r} is not a type to decode into: {reason}")


# To take a type apart takes long beside a short stream; streams are many and types few.
@functools.lru_cache(maxsize=128)
def _plan_chat(event_type: Any) -> EventPlan:
    decoder = TolerantDecoder(_without_unknown(event_type))
    chunk = _only_struct(TypeNode(event_type))
    if chunk is None:
        raise ConfigurationError(f"{event_type!r} must be a Struct, not array_like, to hold the chunks of a stream")
    fields = _fields(chunk)
    choices = fields.get("choices")
    if choices is None or not choices.required:
        raise ConfigurationError(f"{event_type!r} needs a required field `choices`, else an error object passes for it")
    choice = None if choices.node.scalars else _only_struct(choices.node.item)
    choice_fields = _fields(choice) if choice else {}
    if "finish_reason" not in choice_fields:
        raise ConfigurationError(
            f"{event_type!r}: `choices` must be a list of Structs with a field `finish_reason`, not array_like, "
            "else the stream's end cannot be known"
        )
    return EventPlan(decoder, whole="error" in fields and {"index", "error"} <= choice_fields.keys())


@functools.lru_cache(maxsize=128)
def _plan_responses(event_type: Any, full: Any) -> EventPlan:
    wanted = _tagged_members(full if event_type is None else event_type)
    members = wanted | {
        tag: msgspec.defstruct("Unwanted", [], bases=(Unwanted,), tag_field="type", tag=tag, gc=False)
        for tag in {**dict.fromkeys(TERMINAL), "error": None, **_tagged_members(full)}
        if tag not in wanted
    }
    members = {tag: _without_unknown(cls) for tag, cls in members.items()}
    return EventPlan(TolerantDecoder(Union[tuple(members.values())]))  # noqa: UP007 - known at run time only


def _tagged_members(union: Any) -> dict[str, type[msgspec.Struct]]:
    members: dict[str, type[msgspec.Struct]] = {}
    for member in get_args(union) or (union,):
        config = getattr(member, "__struct_config__", None)
        if config is None or config.array_like or config.tag_field != "type" or not isinstance(config.tag, str):
            raise ConfigurationError(
                f'{member!r} must be a Struct with tag_field="type" and the type of its event as tag, not array_like'
            )
        if config.tag in members:
            raise ConfigurationError(f"{members[config.tag]!r} and {member!r} have the same tag, {config.tag!r}")
        members[config.tag] = member
    return members


def _without_unknown(struct: Any) -> Any:
    """Put twins in the place of the spec's Structs that a Struct of the caller's holds; any other hint stays."""
    node = TypeNode(struct)
    if any(shape.received for shape in node.structs.values()):
        return struct
    return remake(struct, _is_received, _twin, {})


def _is_received(cls: type[msgspec.Struct]) -> bool:
    return shape_of(cls).received


def _twin(cls: type[msgspec.Struct]) -> type[msgspec.Struct]:
    return subclass(cls, (), forbid_unknown_fields=False) if _is_received(cls) else subclass(cls, ())


def _only_struct(node: TypeNode | None) -> StructShape | None:
    """Give the Struct that a hint is; None if it is something else, too."""
    if node is None or node.scalars or len(node.structs) != 1:
        return None
    [shape] = node.structs.values()
    return shape


def _fields(struct: StructShape) -> dict[str, Field]:
    # A field with another name in JSON would not be found in a decoded object.
    return {field.name: field for field in struct.fields if field.name == field.key}
