"""Fields that MiMo's table lacks: filtered without a word, refused, or contested.

Rules:
- What other servers know is in the table of foreign names (spec/facts/foreign.json); any other name is only unknown.
- Where accounts differ, the finding is risky and names both.
- Null is absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.models import ChatCompletionRequest, ResponseRequest
from mimo_proto.protocol.adapt_changes import has_value
from mimo_proto.protocol.convert import TypeNode
from mimo_proto.protocol.foreign_names import foreign_names
from mimo_proto.protocol.preflight.check import Rule, members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mimo_proto.models.foreign_names import ForeignName
    from mimo_proto.protocol.preflight.check import Check

__all__ = ["check_fields"]

IGNORED_FIELD = Rule("ignored_field", "ignored", 'MiMo ignores "{name}" ({advice}); leave it out', "CHAT-2 RESP-2")
RENAMED_FIELD = Rule("renamed_field", "ignored", 'MiMo ignores "{name}", which {advice}', "CHAT-2 RESP-2")
UNKNOWN_FIELD = Rule(
    "unknown_field",
    "ignored",
    'MiMo\'s table has no "{name}", and MiMo filters what its table lacks; leave it out',
    "CHAT-2 RESP-2",
)
REFUSED_FIELD = Rule("refused_field", "refused", 'MiMo refuses "{name}": {advice}', "CHAT-2 RESP-2")
STATEFUL_FIELD = Rule(
    "stateful_field",
    "risky",
    'MiMo\'s page says that it ignores "{name}" or answers with an error: it keeps nothing between calls; send the '
    "whole history",
    "RESP-1 RESP-2",
)
MAX_TOKENS = Rule(
    "max_tokens",
    "risky",
    "three accounts had `max_tokens` taken for max_completion_tokens (NousResearch/hermes-agent#34326, litellm, a "
    "measurement of 2026-05-27), one had it refused (an integration note); send max_completion_tokens",
    "CHAT-2 NousResearch/hermes-agent#34326 litellm",
)
REASONING_EFFORT = Rule(
    "reasoning_effort",
    "risky",
    "by some accounts `reasoning_effort` takes low, medium and high (litellm), and `none` (lidge-jun/opencodex#1483); "
    "by others it is refused, or most of its words (NousResearch/hermes-agent#48562, llmgateway#4175), and no account "
    "saw an effect; send `thinking`",
    "THINK NousResearch/hermes-agent#48562 lidge-jun/opencodex#1483 llmgateway#4175 litellm",
)
FILTERED_FIELD = Rule(
    "filtered_field",
    "risky",
    '"{name}" was taken without complaint by two accounts (NousResearch/hermes-agent#89770, zed-industries/zed#56600), '
    "and filtered strictly by three (Zoo-Code#80, openclaw/openclaw#82976, OmniRoute#4224); {advice}: leave it out",
    "NousResearch/hermes-agent#89770 zed-industries/zed#56600 Zoo-Code#80 openclaw/openclaw#82976 OmniRoute#4224",
)

ELSEWHERE = ("response_format",)
"""The fields whose members are looked at elsewhere, see `check_format`."""

REQUESTS: Mapping[str, TypeNode] = {"chat": TypeNode(ChatCompletionRequest), "responses": TypeNode(ResponseRequest)}

RULES: Mapping[tuple[str, str], Rule] = {
    ("chat", "max_tokens"): MAX_TOKENS,
    ("chat", "reasoning_effort"): REASONING_EFFORT,
    ("chat", "n"): REFUSED_FIELD._replace(source="published measurements of 2026-05 and 2026-06"),
    ("responses", "previous_response_id"): REFUSED_FIELD._replace(source="esengine/DeepSeek-Reasonix#7248"),
    ("responses", "background"): STATEFUL_FIELD,
    ("responses", "conversation"): STATEFUL_FIELD,
    ("responses", "context_management"): STATEFUL_FIELD,
}
"""What is known of single names; other contested ones are filtered, and all that remain are ignored."""


def check_fields(check: Check) -> None:
    """Look at the names of a request's fields, and of the members of those that are objects."""
    request = REQUESTS[check.api].structs[None]
    foreign = foreign_names(check.api, "field")
    for field in request.fields:
        if field.key in check.fields and field.node.structs and field.key not in ELSEWHERE:
            _check_members(check, check.fields[field.key], field.node, field.key)
    for name, value in check.fields.items():
        if name in request.keys or value is None:
            continue
        row = foreign.get(name)
        if row is None:
            check.find(UNKNOWN_FIELD, str(name), name=name)
        elif not has_value(row.harmless, value):
            check.find(_rule_of(check.api, row), name, name=name, advice=row.advice)


def _rule_of(api: str, row: ForeignName) -> Rule:
    if (api, row.name) in RULES:
        return RULES[api, row.name]
    if row.confidence == "contested":
        return FILTERED_FIELD
    return (RENAMED_FIELD if row.act == "renamed" else IGNORED_FIELD)._replace(source=row.source)


def _check_members(check: Check, value: object, node: TypeNode, *at: str | int) -> None:
    opened: Mapping[str, Any] = members(value)
    shape = node.shape_of(opened)
    for name in opened:
        if shape is not None and name not in shape.keys and opened[name] is not None:
            check.find(UNKNOWN_FIELD, *at, str(name), name=name)
