"""Tools, their schemas, and the choice among them.

Rules:
- The schema of a function's arguments is held to JSON Schema 2020-12, where `items` is one schema: a list of them,
  which earlier drafts had, is `prefixItems` since (JSON Schema 2020-12, core, 10.3.1.1).
- A schema is looked for where the meta-schema of 2020-12 has one; what stands elsewhere is data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mimo_proto.protocol.foreign_names import foreign_names
from mimo_proto.protocol.preflight.check import Rule, elements, members
from mimo_proto.tools import LISTED_SCHEMAS, NAMED_SCHEMAS, ONE_SCHEMA

if TYPE_CHECKING:
    from mimo_proto.protocol.preflight.check import Check

__all__ = ["check_tool_choice", "check_tools"]

SCHEMA_ITEMS = Rule(
    "schema_items",
    "refused",
    "MiMo answers 400 to the whole request: `items` is a list, and MiMo holds a tool's schema to JSON Schema 2020-12; "
    "write one schema, or `prefixItems`",
    "esengine/DeepSeek-Reasonix#6327",
)
FOREIGN_TOOL = Rule(
    "foreign_tool", "refused", 'MiMo answers 400 to a tool "{kind}": {advice}', "CHAT-2 RESP-2 lidge-jun/opencodex#1158"
)
TOOL_CHOICE = Rule(
    "tool_choice",
    "ignored",
    "MiMo drops every choice but `auto`, which is what it does anyway; leave the field out, and say in the prompt what "
    "is to be called",
    "CHAT-2 RESP-2",
)
NO_TOOL_CHOICE = TOOL_CHOICE._replace(
    message="MiMo does not obey `none`; leave `tools` out, to be sure that none is called",
    source="CHAT-2 RESP-2, and the account of an integration",
)

TOOLS = {
    "chat": {"function", "web_search"},
    "responses": {"function", "namespace", "custom"},
}
"""The types of tools that each API has."""


def check_tool_choice(check: Check) -> None:
    """Look at the choice among the tools."""
    choice = check.fields.get("tool_choice")
    if choice is not None and choice != "auto":
        check.find(NO_TOOL_CHOICE if choice == "none" else TOOL_CHOICE, "tool_choice")


def check_tools(check: Check, tools: object, *at: str | int) -> None:
    """Look at a list of tools, and at those inside the namespaces among them.

    Args:
        check: The request.
        tools: The list.
        *at: The place of the list.
    """
    for number, element in enumerate(elements(tools)):
        tool = members(element)
        kind = tool.get("type")
        if isinstance(kind, str) and kind not in TOOLS[check.api]:
            row = foreign_names(check.api, "tool").get(kind)
            advice = row.advice if row else "offer a function of your own"
            check.find(FOREIGN_TOOL, *at, number, "type", kind=kind, advice=advice)
        inside = ("function",) if check.api == "chat" else ()
        function = members(tool.get("function")) if inside else tool
        _check_schema(check, function.get("parameters"), *at, number, *inside, "parameters")
        check_tools(check, tool.get("tools"), *at, number, "tools")


def _check_schema(check: Check, schema: object, *at: str | int) -> None:
    for name, value in members(schema).items():
        if name == "items" and isinstance(value, (list, tuple)):
            check.find(SCHEMA_ITEMS, *at, name)
        elif name in ONE_SCHEMA:
            _check_schema(check, value, *at, name)
        elif name in LISTED_SCHEMAS:
            for number, each in enumerate(elements(value)):
                _check_schema(check, each, *at, name, number)
        elif name in NAMED_SCHEMAS:
            for key, each in members(value).items():
                _check_schema(check, each, *at, name, key)
