"""The form of the answer: `response_format` of Chat, `text.format` of Responses, each under the other's name too.

Rules:
- MiMo has `text` and `json_object`. A `json_schema` is refused unless the caller says what else: accounts of Chat
  differ (it works: llmgateway#4173, it is refused: llmgateway#4175), and Responses refuses it with 400.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.adapt_changes import refusal
from mimo_proto.protocol.json_types import is_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mimo_proto.protocol.adapt_changes import Changes, Place

__all__ = ["adapt_response_format", "adapt_text", "response_format_of", "text_of"]

ADVICE = (
    'MiMo checks no schema; ask for {"type": "json_object"}, with the schema in the prompt, and check the answer '
    'yourself: adapt_request(..., json_schema="json_object") does the first, "keep" sends it as it is'
)
SOURCE = "JSON llmgateway#4173 llmgateway#4175"


def _adapt_format(value: Any, at: Place, changes: Changes) -> Any:
    if not is_mapping(value) or value.get("type") != "json_schema":
        return value
    act = changes.options.json_schema
    if act == "keep":
        changes.unchecked.add(str(at[0]))
        return value
    if act == "json_object":
        changes.note("changed", at, f"json_schema became json_object: {ADVICE}", SOURCE)
        return {"type": "json_object"}
    raise refusal((*at, "type"), f"json_schema: {ADVICE}")


def adapt_response_format(value: Any, changes: Changes) -> Any:
    """Bring the `response_format` of Chat into MiMo's form."""
    return _adapt_format(value, ("response_format",), changes)


def adapt_text(value: Any, changes: Changes) -> Any:
    """Bring the `text` of Responses into MiMo's form, with nothing in it but `format`; None where it says nothing."""
    if not is_mapping(value):
        return value
    for name, member in value.items():
        if name != "format" and member is not None:
            changes.drop(("text", str(name)))
    old = value.get("format")
    if old is None:
        return None
    new = _adapt_format(old, ("text", "format"), changes)
    return value if new is old and len(value) == 1 else {"format": new}


def response_format_of(text: Any) -> Any:
    """Give the `response_format` that means the same as a `text` of Responses."""
    value = text.get("format") if is_mapping(text) else None
    if not is_mapping(value) or value.get("type") != "json_schema":
        return value
    return {"type": "json_schema", "json_schema": {name: value[name] for name in value if name != "type"}}


def text_of(response_format: Any) -> Any:
    """Give the `text` that means the same as a `response_format` of Chat."""
    if not is_mapping(response_format):
        return {"format": response_format}
    schema = response_format.get("json_schema")
    rest: Mapping[str, Any] = schema if is_mapping(schema) else {}
    return {"format": {"type": response_format.get("type"), **rest}}
