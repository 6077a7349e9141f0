"""How to answer: sampling, thinking, and the form of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mimo_proto.protocol.preflight.check import Rule, elements, members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mimo_proto.protocol.preflight.check import Check

__all__ = ["check_effort", "check_format", "check_sampling"]

SAMPLING = Rule(
    "sampling",
    "ignored",
    "MiMo sets `{name}` to {forced} while the model thinks; leave it out, or turn thinking off",
    "CHAT-2 RESP-2 THINK",
)
EFFORT = Rule(
    "effort",
    "ignored",
    'MiMo knows thinking on and off: every effort but "none" gives the same; choose between the two',
    "RESP-1 RESP-2 llmgateway#3084",
)
CHAT_SCHEMA = Rule(
    "json_schema",
    "risky",
    "MiMo's table has no json_schema; by one account v2.6 takes it (llmgateway#4173), by another it is refused "
    '(llmgateway#4175); ask for {"type": "json_object"} with the schema in the prompt, and check the answer yourself',
    "CHAT-2 JSON llmgateway#4173 llmgateway#4175",
)
RESPONSES_SCHEMA = Rule(
    "json_schema",
    "refused",
    'MiMo answers 400, "only \'text\' and \'json_object\' are allowed"; ask for {"type": "json_object"} with the '
    "schema in the prompt, and check the answer yourself",
    "RESP-2 README of Cuizi7/mimodex",
)
JSON_MODE = Rule(
    "json_mode",
    "risky",
    '"{model}" was seen to answer what is no JSON; check the answer, and keep its text, or take another model',
    "XiaomiMiMo/MiMo#86",
)
JSON_UNASKED = Rule(
    "json_unasked",
    "risky",
    "MiMo's page wants the prompt to ask for JSON in JSON mode, and this one has no such word; ask for it, with an "
    "example",
    "JSON RESP-2",
)

FORCED: Mapping[str, float] = {"temperature": 1.0, "top_p": 0.95}
"""What MiMo samples with while the model thinks."""


def check_sampling(check: Check) -> None:
    """Look at the sampling that thinking overrides."""
    for name, forced in FORCED.items():
        value = check.fields.get(name)
        if isinstance(value, (int, float)) and value != forced and check.thinks:
            check.find(SAMPLING, name, name=name, forced=forced)


def check_effort(check: Check) -> None:
    """Look at how hard a Responses request wants the model to think."""
    effort = members(check.fields.get("reasoning")).get("effort")
    if check.api == "responses" and isinstance(effort, str) and effort != "none":
        check.find(EFFORT, "reasoning", "effort")


def check_format(check: Check) -> None:
    """Look at the form of the answer."""
    at = ("response_format",) if check.api == "chat" else ("text", "format")
    value: object = check.fields
    for name in at:
        value = members(value).get(name)
    kind = members(value).get("type")
    if kind == "json_schema":
        check.find(CHAT_SCHEMA if check.api == "chat" else RESPONSES_SCHEMA, *at, "type")
    elif kind == "json_object":
        if check.facts is not None and not check.facts.json_mode:
            check.find(JSON_MODE, *at, "type", model=check.facts.id)
        if not any("json" in text.lower() for text in _texts(check)):
            check.find(JSON_UNASKED, *at, "type")


def _texts(check: Check) -> Iterator[str]:
    """List the texts of the prompt."""
    contents = (turn.get("content") for turn in check.turns)
    for content in (check.fields.get("instructions"), check.fields.get("input"), *contents):
        for text in (content, *(members(part).get("text") for part in elements(content))):
            if isinstance(text, str):
                yield text
