"""Tools and the choice among them.

Rules:
- A tool that MiMo lacks is refused in Chat, as MiMo refuses it, and left out of Responses, where agents offer hosted
  tools beside functions whether or not they are needed.
- MiMo knows the choice `auto` alone: it drops every other without a word (its tables), and does not obey `none`.
- The schema of a function's arguments is never touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from mimo_proto.models import WebSearchTool
from mimo_proto.protocol.adapt_changes import GONE, adapt_each, adapt_member, refusal
from mimo_proto.protocol.adapt_numbers import adapt_inner_numbers
from mimo_proto.protocol.json_types import is_mapping, is_object

if TYPE_CHECKING:
    from mimo_proto.protocol.adapt_changes import Changes, Place

__all__ = ["adapt_tool", "adapt_tool_choice", "adapt_tools"]

# The tools that a namespace may hold.
MEMBER_KINDS = ("function", "custom")

CHOICE = 'MiMo decides by itself whether to call a tool ("auto"), and drops any other choice'
NO_CHOICE = 'MiMo does not obey "none": leave `tools` out to be sure that none is called'


def adapt_tool_choice(choice: Any, changes: Changes) -> Any:
    """Bring the `tool_choice` of a request into MiMo's form: None, which leaves it out, for all but `auto`."""
    if choice == "auto":
        return choice
    changes.change(("tool_choice",), NO_CHOICE if choice == "none" else CHOICE, "CHAT-2 RESP-2")
    return None


def adapt_tools(tools: Any, changes: Changes) -> Any:
    """Bring the `tools` of a request into MiMo's form; None where MiMo has none of them."""
    adapted = adapt_each(tools, ("tools",), changes, adapt_tool)
    return None if tools and not adapted else adapted


def adapt_tool(tool: Any, at: Place, changes: Changes) -> Any:
    """Leave out, or refuse, a tool that MiMo lacks.

    Args:
        tool: The tool.
        at: The place of the tool.
        changes: Learns what was done.
    """
    kind = tool.get("type") if is_mapping(tool) else None
    if _is_foreign(kind, changes.tool_kinds, at, changes):
        _act_on_foreign_tool(kind, at, changes)
        return GONE
    if kind == "web_search" and is_object(tool):
        return adapt_inner_numbers(tool, WebSearchTool, at, changes)
    if kind == "namespace" and is_object(tool):
        return adapt_member(tool, "tools", at, changes, _adapt_tool_within)
    return tool


def _adapt_tool_within(tool: Any, at: Place, changes: Changes) -> Any:
    """Adapt a tool inside a namespace, which holds no namespace."""
    kind = tool.get("type") if is_mapping(tool) else None
    if _is_foreign(kind, MEMBER_KINDS, at, changes):
        _act_on_foreign_tool(kind, at, changes)
        return GONE
    return tool


def _is_foreign(kind: Any, known: tuple[str, ...], at: Place, changes: Changes) -> TypeGuard[str]:
    return isinstance(kind, str) and kind not in known and not changes.keeps(kind, at)


def _act_on_foreign_tool(kind: str, at: Place, changes: Changes) -> None:
    row = changes.row("tool", kind)
    if row is not None:
        changes.act(row, at)
        return
    message = f'"{kind}": MiMo has no such tool; offer a function of your own'
    if changes.endpoint == "chat":
        raise refusal((*at, "type"), message)
    changes.change(at, message, "RESP-2")
