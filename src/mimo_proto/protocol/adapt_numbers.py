"""Numbers out of their range: to the bound.

Rules:
- The ranges are those of the spec, and the cap of tokens is that of the model, where its facts are known.
- A cap of tokens below zero means "no cap" to many servers (-1), so it is left out.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Meta

from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.protocol.convert import shape_of
from mimo_proto.protocol.hints import members_of

if TYPE_CHECKING:
    from msgspec import Struct

    from mimo_proto.protocol.adapt_changes import Changes, Place

__all__ = ["adapt_inner_numbers", "adapt_numbers"]

NUMBERS = (int, float)
TOKEN_CAPS = ("max_completion_tokens", "max_output_tokens")


@cache
def _range(hint: Any) -> tuple[float, float] | None:
    """Give the least and the greatest number that a hint allows; None where it has no bounds."""
    for member, bounds in members_of(hint, ()):
        for bound in bounds:
            if member in NUMBERS and isinstance(bound, Meta) and bound.ge is not None and bound.le is not None:
                return bound.ge, bound.le
    return None


def adapt_numbers(fields: dict[str, Any], changes: Changes) -> None:
    """Bring each number of a request into its range.

    Args:
        fields: The fields of the request; those that change are replaced.
        changes: Learns what was done.
    """
    for name, value in list(fields.items()):
        bounds = _range(changes.nodes[name].hint) if name in changes.nodes else None
        if bounds is None or name in changes.options.keep:
            continue
        if name in TOKEN_CAPS and value.__class__ in NUMBERS:
            if value < 0:
                del fields[name]
                message = f"{value} was left out: MiMo's own default holds, the model's cap"
                changes.change((name,), message, "CHAT-2 RESP-2")
                continue
            bounds = bounds[0], _token_cap(fields.get("model")) or bounds[1]
        fields[name] = _bounded(value, bounds, (name,), changes)


def adapt_inner_numbers(holder: dict[str, Any], struct: type[Struct], at: Place, changes: Changes) -> dict[str, Any]:
    """Bring the numbers of an object within a request into their ranges.

    Args:
        holder: The object.
        struct: The Struct whose fields have the ranges.
        at: The place of the object.
        changes: Learns what was done.

    Returns:
        A copy, or the object itself where none changes.
    """
    for name, node in shape_of(struct).nodes.items():
        bounds = _range(node.hint)
        if bounds is None or name not in holder:
            continue
        bounded = _bounded(holder[name], bounds, (*at, name), changes)
        if bounded is not holder[name]:
            holder = {**holder, name: bounded}
    return holder


def _bounded(value: Any, bounds: tuple[float, float], at: Place, changes: Changes) -> Any:
    least, greatest = bounds
    if value.__class__ not in NUMBERS or least <= value <= greatest:
        return value
    bounded = min(max(value, least), greatest)
    message = f"{value} went to {bounded}: MiMo takes {least} to {greatest}, and refuses what is beyond"
    changes.note("bounded", at, message, "CHAT-2 RESP-2 MODELS", "info")
    return bounded


def _token_cap(model: Any) -> int | None:
    facts = MODEL_FACTS.get(model) if isinstance(model, str) else None
    return facts.output_cap if facts else None
