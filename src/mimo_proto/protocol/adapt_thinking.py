"""Whether to think first: the many names for it, and MiMo's two.

Rules:
- MiMo knows on and off (its page on thinking): none, false and their like are off, every other word is on.
- Chat has `thinking: {"type": "enabled" | "disabled"}`; Responses has `reasoning: {"effort": ...}`, whose eight words
  are sent as they are, and nothing else in `reasoning`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.models import Reasoning
from mimo_proto.protocol.adapt_changes import has_value
from mimo_proto.protocol.convert import shape_of
from mimo_proto.protocol.json_types import is_mapping
from mimo_proto.protocol.sums import says_something

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mimo_proto.protocol.adapt_changes import Changes

__all__ = ["adapt_reasoning", "adapt_thinking", "reasoning_of", "thinking_of"]

OFF = (False, 0, "none", "disable", "disabled", "off", "false")
# Where an object says it, in the order of precedence: `type` as in `thinking`, `effort`, `enabled` as in `reasoning`,
# the rest as in `chat_template_kwargs`.
SWITCHES = ("type", "effort", "enabled", "enable_thinking", "thinking")
EFFORTS = next(field.node.literals for field in shape_of(Reasoning).fields if field.key == "effort")
# What stands for "on" where nobody said how hard: all words but `none` behave alike.
EFFORT = "medium"


def thinking_of(value: Any) -> dict[str, str] | None:
    """Give the `thinking` that means the same as a value of any field that says whether to think.

    Args:
        value: A word, a truth value, or an object with one of them.

    Returns:
        The `thinking` of Chat; None where the value says nothing.
    """
    said = _said(value)
    return None if said is None else {"type": "disabled" if has_value(OFF, said) else "enabled"}


def reasoning_of(value: Any) -> dict[str, str] | None:
    """Give the `reasoning` that means the same as a value of any field that says whether to think.

    Args:
        value: A word, a truth value, or an object with one of them.

    Returns:
        The `reasoning` of Responses; None where the value says nothing.
    """
    said = _said(value)
    if said is None or has_value(EFFORTS, said):
        return said and {"effort": said}
    return {"effort": "none" if has_value(OFF, said) else EFFORT}


def _said(value: Any) -> Any:
    values = [value.get(name) for name in SWITCHES] if is_mapping(value) else [value]
    return next(filter(says_something, values), None)


def adapt_thinking(value: Any, changes: Changes) -> Any:
    """Bring the `thinking` of a chat request into MiMo's form; None where it says nothing."""
    adapted = thinking_of(value)
    if adapted is None:
        changes.drop(("thinking",))
        return None
    if is_mapping(value) and value.get("type") == adapted["type"]:
        return value
    changes.note("renamed", ("thinking",), f'sent as {{"type": "{adapted["type"]}"}}', "THINK", "info")
    return adapted


def adapt_reasoning(value: Any, changes: Changes) -> Any:
    """Bring the `reasoning` of a Responses request into MiMo's form; None where it says nothing."""
    adapted = reasoning_of(value)
    members: Mapping[str, Any] = value if is_mapping(value) else {}
    for name in members:
        if name not in SWITCHES:
            changes.drop(("reasoning", str(name)))
    if adapted is None or members == adapted:
        return adapted and value
    if members.get("effort") != adapted["effort"]:
        changes.note("renamed", ("reasoning",), f'sent as {{"effort": "{adapted["effort"]}"}}', "RESP-2", "info")
    return adapted
