"""Projection: decode only the fields and events that the caller uses, without losing sight of the stream's end.

Chat: a Struct of the caller's in place of `ChatCompletionChunk`. Its `choices` must be required, or an error object
would pass for a chunk; and a choice must have `finish_reason`, or the end could not be known. One choice is followed,
as MiMo gives one; with `error` on the chunk and `index` on the choice, each is followed by itself.

Responses: a union of the caller's tagged Structs, named by the events' types. It is completed with empty Structs for
all other known types: they are decoded to nothing and dropped, but the terminal ones still end the stream. Left to the
tolerant decoder, each of them would cost ten times as much.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple, Union, get_args

import msgspec

from mimo_proto.completion import TERMINAL
from mimo_proto.decode import TolerantDecoder
from mimo_proto.errors import ConfigurationError

if TYPE_CHECKING:
    from mimo_proto.endpoints import Endpoint

__all__ = ["EventPlan", "Unwanted", "plan_events"]

# What msgspec raises on what is no type, or none that it decodes into; and evaluating an annotation.
NOT_A_TYPE = (TypeError, ValueError, NameError, AttributeError, SyntaxError)


class Unwanted(msgspec.Struct):
    """An event that is known, and that the caller did not ask for."""


class EventPlan(NamedTuple):
    """What the events of a stream are decoded into.

    Attributes:
        decoder: Makes the Struct, or one out of the union of Structs.
        whole: Chat: a chunk tells its choices apart and names an error, as the endpoint's own does.
        special: The Responses classes that are not everyday events: terminal, error, dropped.
        dropped: Those that nobody asked for, and that say nothing about the end either.
    """

    decoder: TolerantDecoder[Any]
    whole: bool = False
    special: frozenset[type] = frozenset()
    dropped: frozenset[type] = frozenset()


def plan_events(endpoint: Endpoint[Any, Any, Any], event_type: Any = None) -> EventPlan:
    """Say what the events of an endpoint's stream are decoded into.

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
    raise ConfigurationError(f"{wanted!r} is no type to decode into: {reason}")


# Looking a type over, and taking it apart for the decoder, takes a millisecond; streams are many and types few. To look
# a union up takes 0.3 µs: it stands in the key once.
@functools.lru_cache(maxsize=128)
def _plan_chat(event_type: Any) -> EventPlan:
    fields = _fields(event_type)
    choices = fields.get("choices")
    if choices is None or not choices.required:
        raise ConfigurationError(f"{event_type!r} needs a required field `choices`, else an error object passes for it")
    choice = getattr(choices.type, "item_type", None)
    choice_fields = _fields(choice.cls) if isinstance(choice, msgspec.inspect.StructType) else {}
    if "finish_reason" not in choice_fields:
        raise ConfigurationError(
            f"{event_type!r}: `choices` must be a list of Structs with a field `finish_reason`, "
            "else the stream's end cannot be known"
        )
    return EventPlan(
        TolerantDecoder(event_type), whole="error" in fields and {"index", "error"} <= choice_fields.keys()
    )


@functools.lru_cache(maxsize=128)
def _plan_responses(event_type: Any, full: Any) -> EventPlan:
    wanted = _tagged_members(full if event_type is None else event_type)
    members = wanted | {
        tag: msgspec.defstruct("Unwanted", [], bases=(Unwanted,), tag_field="type", tag=tag, gc=False)
        for tag in {**dict.fromkeys(TERMINAL), "error": None, **_tagged_members(full)}
        if tag not in wanted
    }
    ends = {members[tag] for tag in (*TERMINAL, "error")}
    dropped = {cls for cls in members.values() if issubclass(cls, Unwanted)} - ends
    return EventPlan(
        decoder=TolerantDecoder(Union[tuple(members.values())]),  # noqa: UP007 - the members are known at run time only
        special=frozenset(ends | dropped),
        dropped=frozenset(dropped),
    )


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


def _fields(struct: Any) -> dict[str, msgspec.inspect.Field]:
    info = msgspec.inspect.type_info(struct)
    if not isinstance(info, msgspec.inspect.StructType) or info.array_like:
        raise ConfigurationError(f"{struct!r} must be a Struct, not array_like, to hold the chunks of a stream")
    # Under a name of its own a field could not be found again in what was decoded.
    return {field.name: field for field in info.fields if field.name == field.encode_name}
