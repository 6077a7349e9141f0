"""The messages of Chat and the items of Responses: what has to go back with them, and what must not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.foreign_names import foreign_names
from mimo_proto.protocol.json_types import text_or_empty
from mimo_proto.protocol.preflight.check import Rule
from mimo_proto.protocol.preflight.media import check_parts
from mimo_proto.protocol.preflight.tools import check_tools

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mimo_proto.models.foreign_names import ForeignName
    from mimo_proto.protocol.preflight.check import Check

__all__ = ["check_items", "check_messages"]

# One account, of a model that is gone since, had its request taken all the same (esengine/DeepSeek-Reasonix#2594).
MISSING_REASONING = Rule(
    "missing_reasoning",
    "refused",
    'MiMo answers 400, "The reasoning_content in the thinking mode must be passed back": send the reply\'s message as '
    "it came (`to_request`), or turn thinking off",
    "THINK tailcallhq/forgecode#3347 earendil-works/pi#4505",
)
NO_CONTENT = Rule(
    "no_content",
    "refused",
    'MiMo answers 400, "`text` is not present", to a message of the assistant without text and calls; send "", or '
    "leave the message out",
    "CHAT-2 XiaomiMiMo/MiMo-V2-Flash#8",
)
FOREIGN_ROLE = Rule("foreign_role", "refused", 'MiMo has no role "{role}", which {advice}', "CHAT-2")
FOLDED_SUMMARY = Rule(
    "folded_summary",
    "risky",
    "MiMo folds a summary that is sent back into the context, where the thinking doubles each round; send "
    "`summary: []` (`to_request` does)",
    "esengine/DeepSeek-Reasonix#7234",
)
REFUSED_ITEM = Rule("foreign_item", "refused", 'MiMo has no item "{kind}": {advice}', "RESP-2")
RISKY_ITEM = Rule(
    "foreign_item", "risky", 'MiMo has no item "{kind}", and may filter or refuse it; leave it out', "RESP-2"
)

OUTPUTS: Mapping[str, str] = {"function_call_output": "output", "custom_tool_call_output": "output"}
"""The items that do not have their parts in `content`, and where they have them."""

ARRAYS = (list, tuple)


def check_messages(check: Check) -> None:
    """Look at the messages of a chat request."""
    thinks, roles = check.thinks, foreign_names("chat", "role")
    for number, message in enumerate(check.turns):
        role, content = message.get("role"), message.get("content")
        if check.is_hosted and content.__class__ in ARRAYS:
            check_parts(check, content, "messages", number, "content")
        if role == "assistant":
            _check_assistant(check, message, number, thinks=thinks)
        elif isinstance(role, str) and role in roles:
            check.find(FOREIGN_ROLE, "messages", number, "role", role=role, advice=roles[role].advice)


def _check_assistant(check: Check, message: Mapping[str, Any], number: int, *, thinks: bool) -> None:
    if message.get("tool_calls"):
        if thinks and not isinstance(message.get("reasoning_content"), str):
            check.find(MISSING_REASONING, "messages", number, "reasoning_content")
    elif message.get("content") is None:
        check.find(NO_CONTENT, "messages", number, "content")


def check_items(check: Check) -> None:
    """Look at the items of a Responses request; a text is none."""
    foreign = foreign_names("responses", "item")
    for number, item in enumerate(check.turns):
        kind = text_or_empty(item.get("type"))
        if kind in OWN_RULES:
            OWN_RULES[kind](check, item, number)
        elif kind in foreign:
            _find_foreign_item(check, foreign[kind], number)
        elif check.is_hosted:
            name = OUTPUTS.get(kind, "content")
            content = item.get(name)
            if content.__class__ in ARRAYS:
                check_parts(check, content, "input", number, name)


def _check_reasoning(check: Check, item: Mapping[str, Any], number: int) -> None:
    if item.get("summary"):
        check.find(FOLDED_SUMMARY, "input", number, "summary")


def _check_additional_tools(check: Check, item: Mapping[str, Any], number: int) -> None:
    check_tools(check, item.get("tools"), "input", number, "tools")


def _find_foreign_item(check: Check, row: ForeignName, number: int) -> None:
    rule = REFUSED_ITEM if row.act == "refused" else RISKY_ITEM
    check.find(rule, "input", number, "type", kind=row.name, advice=row.advice)


OWN_RULES: Mapping[str, Callable[[Check, Mapping[str, Any], int], None]] = {
    "reasoning": _check_reasoning,
    "additional_tools": _check_additional_tools,
}
"""What looks at an item, by its type; of the others, their parts are looked at."""
