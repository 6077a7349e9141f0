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
from mimo_proto.protocol.hints import members_of

if TYPE_CHECKING:
    from mimo_proto.protocol.adapt_changes import Changes

__all__ = ["adapt_numbers"]

TOKEN_CAPS = ("max_completion_tokens", "max_output_tokens")


@cache
def _range(hint: Any) -> tuple[float, float] | None:
    """Give the least and the greatest number that a hint allows; None where it has no bounds."""
    for member, bounds in members_of(hint, ()):
        for bound in bounds:
            if member in (int, float) and isinstance(bound, Meta) and bound.ge is not None and bound.le is not None:
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
        if bounds is None or value.__class__ not in (int, float) or name in changes.options.keep:
            continue
        if name in TOKEN_CAPS and value < 0:
            del fields[name]
            changes.change((name,), f"{value} was left out: MiMo's own default holds, the model's cap", "CHAT-2 RESP-2")
            continue
        least, greatest = bounds
        if name in TOKEN_CAPS:
            greatest = min(greatest, _token_cap(fields.get("model")) or greatest)
        bounded = min(max(value, least), greatest)
        if bounded != value:
            fields[name] = bounded
            message = f"{value} went to {bounded}: MiMo takes {least} to {greatest}, and refuses what is beyond"
            changes.note("bounded", (name,), message, "CHAT-2 RESP-2 MODELS", "info")


def _token_cap(model: Any) -> int | None:
    facts = MODEL_FACTS.get(model) if isinstance(model, str) else None
    return facts.output_cap if facts else None
