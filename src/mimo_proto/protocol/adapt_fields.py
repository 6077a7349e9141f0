"""The fields of a request: what becomes of each name, by the table of foreign names.

Rules:
- A kept name is not looked at, whatever it is: contested facts are the caller's to decide.
- Of two names for one thing MiMo's own wins, if it says anything; then the order of the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.adapt_changes import refusal
from mimo_proto.protocol.adapt_format import adapt_response_format, adapt_text, response_format_of, text_of
from mimo_proto.protocol.adapt_items import adapt_items
from mimo_proto.protocol.adapt_messages import adapt_messages
from mimo_proto.protocol.adapt_numbers import adapt_numbers
from mimo_proto.protocol.adapt_thinking import adapt_reasoning, adapt_thinking, reasoning_of, thinking_of
from mimo_proto.protocol.adapt_tools import adapt_tool_choice, adapt_tools
from mimo_proto.protocol.foreign_names import renamed_fields
from mimo_proto.protocol.json_types import is_array

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mimo_proto.models.foreign_names import ForeignName
    from mimo_proto.protocol.adapt_changes import Changes

__all__ = ["adapt_fields"]

MAX_STOPS = 4


def _adapt_stop(stops: Any, _: Changes) -> Any:
    """Refuse more texts to stop at than MiMo takes: which of them to leave out is not for us to say."""
    if is_array(stops) and len(stops) > MAX_STOPS:
        raise refusal(("stop",), f"MiMo stops at {MAX_STOPS} texts at most, and there are {len(stops)}")
    return stops


# What a value of a foreign field says, as a value of the field that it is renamed to; of all others, the same.
MEANINGS: Mapping[str, Callable[[Any], Any]] = {
    "thinking": thinking_of,
    "reasoning": reasoning_of,
    "response_format": response_format_of,
    "text": text_of,
}
# What brings a field into MiMo's form; None leaves it out.
ADAPTERS: Mapping[str, Callable[[Any, Changes], Any]] = {
    "thinking": adapt_thinking,
    "reasoning": adapt_reasoning,
    "response_format": adapt_response_format,
    "text": adapt_text,
    "tools": adapt_tools,
    "tool_choice": adapt_tool_choice,
    "stop": _adapt_stop,
    "messages": adapt_messages,
    "input": adapt_items,
}


def adapt_fields(fields: dict[str, Any], changes: Changes) -> None:
    """Bring the fields of a request into MiMo's form.

    Args:
        fields: The fields, without nulls; those that change are replaced, or taken out.
        changes: Learns what was done.

    Raises:
        Mismatch: Nothing can be made of one.
    """
    keep = changes.options.keep
    foreign = [name for name in fields if name not in changes.nodes and name not in keep]
    for name in foreign:
        _act_on_field(name, fields, changes)
    _adapt_each({name for name in fields if name in changes.nodes} - keep, fields, changes)
    made = {row.to for row in renamed_fields(changes.endpoint) if row.name in foreign and _rename(row, fields, changes)}
    _adapt_each(made, fields, changes)
    adapt_numbers(fields, changes)


def _adapt_each(names: set[str], fields: dict[str, Any], changes: Changes) -> None:
    """Bring the fields that have an adapter into MiMo's form; those that say nothing are taken out."""
    for name, adapt in ADAPTERS.items():
        if name in names:
            fields[name] = adapt(fields[name], changes)
            if fields[name] is None:
                del fields[name]


def _act_on_field(name: str, fields: dict[str, Any], changes: Changes) -> None:
    """Do what the table says about a field; what is renamed waits for its turn."""
    row = changes.row("field", name)
    if row is None:
        if _act_on_unknown(name, changes):
            del fields[name]
    elif row.act != "renamed":
        # The speech models are sent modalities by OpenAI's clients, and take them.
        if name == "modalities" and "-tts" in str(fields.get("model")):
            changes.drop((name,))
        else:
            changes.act(row, (name,), fields[name])
        del fields[name]


def _act_on_unknown(name: str, changes: Changes) -> bool:
    """Do what the caller wants with a field that no table has; the answer is whether it goes."""
    unknown = changes.options.unknown
    if unknown == "keep":
        changes.unchecked.add(name)
        return False
    message = "is in no table, MiMo's or another's"
    if unknown != "drop":
        raise refusal((str(name),), f"{name!r} {message}; keep={{{name!r}}} sends it")
    changes.drop((str(name),))
    changes.note("dropped", (str(name),), f"{name!r} {message}: it was left out, and keep={{{name!r}}} sends it", "")
    return True


def _rename(row: ForeignName, fields: dict[str, Any], changes: Changes) -> bool:
    """Send the value of a foreign field under MiMo's name, unless that is set; the answer is whether it is sent."""
    value = fields.pop(row.name)
    meant = MEANINGS[row.to](value) if row.to in MEANINGS else value
    if meant is None or row.to in fields:
        changes.drop((row.name,))
        return False
    fields[row.to] = meant
    changes.note("renamed", (row.name,), f"{row.name}: {row.advice}", row.source, "info")
    return True
