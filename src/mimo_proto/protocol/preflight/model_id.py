"""The id of the model: whether there is one of that name, on this endpoint, on that day; and its cap of tokens.

Rules:
- An id that the facts lack is not wrong, only unknown: models come faster than facts.
- No clock is read: a model is retired if its day is past when the facts were looked up, or when `today` is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.protocol.preflight.check import Rule

if TYPE_CHECKING:
    from datetime import date

    from mimo_proto.models.model_facts import ModelFacts
    from mimo_proto.protocol.preflight.check import Check

__all__ = ["check_cap", "check_model", "is_retired"]

UNKNOWN_MODEL = Rule(
    "unknown_model",
    "risky",
    '"{model}" was no model of MiMo\'s on {as_of}, and MiMo refuses an id that it does not have; GET /models has them',
    "MODELS",
)
MISCASED_MODEL = Rule(
    "miscased_model",
    "refused",
    'MiMo answers 400, "Not supported model", to "{model}": upper and lower case matter; write "{known}"',
    "XiaomiMiMo/MiMo#47",
)
RETIRED_MODEL = Rule(
    "retired_model",
    "refused",
    'MiMo answers 404, "Unsupported model": "{model}" was switched off on {retired}; take another, such as "{living}"',
    "MODELS openclaude#1538",
)
WRONG_ENDPOINT = Rule(
    "wrong_endpoint",
    "refused",
    'MiMo answers 400, "Unsupported model": "{model}" is for chat completions; send it a request of that endpoint',
    "TTS ASR RESP-2",
)
ABOVE_CAP = Rule(
    "above_cap",
    "refused",
    'MiMo answers 400, "max_completion_tokens is too large": "{model}" gives {cap} tokens at most, thinking included; '
    "ask for no more, or leave the field out",
    "CHAT-2 RESP-2 MODELS CherryHQ/cherry-studio#20539",
)
UNPROVEN_CAP = ABOVE_CAP._replace(
    severity="risky",
    message='MiMo\'s page gives "{model}" 2K tokens, read here as {cap}, and refuses more than a cap; ask for no more',
    source="MODELS",
)

CAPS = {"chat": "max_completion_tokens", "responses": "max_output_tokens"}


def is_retired(facts: ModelFacts, today: date | None) -> bool:
    """Whether a model was switched off.

    Args:
        facts: The facts of the model.
        today: The day; None for that on which the facts were looked up.
    """
    if facts.retired is None:
        return False
    # Dates and times of RFC 3339 begin with the day, and days written like this compare as texts.
    day = facts.as_of if today is None else today.isoformat()
    return facts.retired[:10] <= day[:10]


def check_model(check: Check) -> None:
    """Look at the id of the model."""
    model, facts = check.model, check.facts
    if facts is None:
        known = model.strip().lower()
        if known in MODEL_FACTS:
            check.find(MISCASED_MODEL, "model", model=model, known=known)
        elif model:
            as_of = max(each.as_of for each in MODEL_FACTS.values())
            check.find(UNKNOWN_MODEL, "model", model=model, as_of=as_of)
        return
    if is_retired(facts, check.today):
        living = next(each.id for each in MODEL_FACTS.values() if each.kind == facts.kind and not each.retired)
        check.find(RETIRED_MODEL, "model", model=model, retired=facts.retired, living=living)
    if check.api not in facts.endpoints:
        check.find(WRONG_ENDPOINT, "model", model=model)


def check_cap(check: Check) -> None:
    """Look at how many tokens are asked for."""
    facts, name = check.facts, CAPS[check.api]
    asked = check.fields.get(name)
    if facts is None or not isinstance(asked, int) or asked <= facts.output_cap:
        return
    rule = UNPROVEN_CAP if "output_cap" in facts.unproven else ABOVE_CAP
    check.find(rule, name, model=facts.id, cap=facts.output_cap)
