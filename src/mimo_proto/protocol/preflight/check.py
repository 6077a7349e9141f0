"""What preflight looks at, what it knows of it, and what it has found.

Rules:
- A rule is a value: what MiMo does, what to do about it, and where that is known from.
- Nothing is changed and as little as possible is copied: a dict is read as it is, a Struct when its turn comes.
- The facts of a model, and whose a key is, hold on MiMo's own hosts alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.protocol.convert import Mismatch
from mimo_proto.protocol.finding import Finding
from mimo_proto.protocol.json_types import is_array, is_mapping, is_tuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from mimo_proto.protocol.finding import Severity

__all__ = ["Check", "Rule", "elements", "members"]


class Rule(NamedTuple):
    """One thing that MiMo does.

    Attributes:
        code: The kind of finding.
        severity: What MiMo does; "risky" where accounts differ.
        message: What MiMo does and what to do, a format string; where accounts differ, both.
        source: Where that is known from: keys and threads of spec/SOURCES.md.
    """

    code: str
    severity: Severity
    message: str
    source: str


class Check:
    """One request, and what was found in it.

    Args:
        fields: The fields of the request.
        is_hosted: Whether the request goes to a host of MiMo's.
        today: The day on which the request is sent; None for that on which the facts were looked up.

    Attributes:
        fields: The fields of the request.
        api: The API of the request, `chat` or `responses`.
        model: The id of the model; "" where there is none.
        is_hosted: Whether the request goes to a host of MiMo's.
        facts: What is known of the model; None where nothing is, or where other hosts answer.
        today: The day on which the request is sent, or None.
        turns: The messages of Chat, or the items of Responses; a text has none.
        findings: What was found so far.
    """

    def __init__(self, fields: Mapping[str, Any], *, is_hosted: bool, today: date | None) -> None:
        self.fields = fields
        self.api = "responses" if fields.get("messages") is None else "chat"
        model = fields.get("model")
        self.model = model if isinstance(model, str) else ""
        self.is_hosted = is_hosted
        self.facts = MODEL_FACTS.get(self.model) if is_hosted else None
        self.today = today
        self.turns = _opened(fields.get("messages" if self.api == "chat" else "input"))
        self.findings: list[Finding] = []

    @property
    def thinks(self) -> bool:
        """Whether the model thinks before it answers, as the request says, else as the model does by itself."""
        if self.api == "responses":
            return members(self.fields.get("reasoning")).get("effort") != "none"
        said = members(self.fields.get("thinking")).get("type")
        if said is None and self.facts is not None:
            said = self.facts.thinking or "disabled"
        return said != "disabled"

    def find(self, rule: Rule, *at: str | int, **values: object) -> None:
        """Add a finding.

        Args:
            rule: What MiMo does.
            *at: The names and numbers that lead to the place, the outermost first.
            **values: What stands in the braces of the rule's message.
        """
        message = rule.message.format_map(values) if values else rule.message
        path = Mismatch("", *reversed(at)).path
        self.findings.append(Finding(rule.code, rule.severity, path, message, rule.source))


def members(value: Any) -> Mapping[str, Any]:
    """Give the members of an object, by JSON name; none for any other value.

    Args:
        value: A dict or another mapping, a Struct, or `msgspec.Raw`.
    """
    if value.__class__ is dict or is_mapping(value):  # asking for the class first halves the time
        return value
    if isinstance(value, (msgspec.Struct, msgspec.Raw)):
        opened = msgspec.to_builtins(value, enc_hook=_open)
        return members(opened) if opened.__class__ is dict else {}
    return {}


def elements(value: object) -> Sequence[Any]:
    """Give the elements of an array; none for any other value."""
    return value if is_array(value) or is_tuple(value) else ()


def _opened(array: object) -> list[Mapping[str, Any]]:
    listed = elements(array)
    if {each.__class__ for each in listed} - {dict}:
        listed = msgspec.to_builtins(listed, enc_hook=_open)  # at once: one by one, they take six times as long
    return [members(each) for each in listed]


def _open(value: object) -> Any:
    """Open what msgspec has no builtin type for: encoded JSON, and mappings that are no dicts."""
    if isinstance(value, msgspec.Raw):
        return msgspec.json.decode(value)
    if is_mapping(value):
        return dict(value)
    raise TypeError(f"a value of type {type(value).__name__} is no JSON")
