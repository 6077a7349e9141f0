"""Chat payloads that a C decoder refuses for nothing that matters, mended as JSON before any type is built.

In this order, once the payload has been found not to be an error:

1. `choices` absent or null beside a `usage` that is an object and not empty: `choices` becomes []. Gateways send the
   usage so behind the last choice.
2. In a choice, a `delta` that is absent or null becomes {}: in the last chunk, or in one that reports a content filter.
3. No key `choices`, but a kind of its own, by a `type` other than "error" or by an event name other than "message" and
   "error", and no field that an error or a usage has: a heartbeat.
4. Any other payload stays as it is, for the decoder to build or to refuse.
"""

from __future__ import annotations

from typing import Any

from mimo_proto.protocol.json_types import is_array, is_object

__all__ = ["mend_chunk"]

NO_HEARTBEAT = {"choices", "error", "detail", "message", "msg", "code", "status", "base_resp", "usage"}
"""The fields that a heartbeat does not have; a payload with one of them may not be passed over."""


def mend_chunk(value: dict[str, Any], event: str) -> dict[str, Any] | None:
    """Mend the payload of a Chat stream's event.

    Args:
        value: The payload's JSON object; it may be changed.
        event: The event's name; "" when it has none.

    Returns:
        The payload, mended where that was possible; None for a heartbeat, which is to be passed over.
    """
    choices = value.get("choices")
    if choices is None and is_object(value.get("usage")) and value["usage"]:
        value["choices"] = []
    elif is_array(choices):
        for choice in choices:
            if is_object(choice) and choice.get("delta") is None:
                choice["delta"] = {}
    elif _is_heartbeat(value, event):
        return None
    return value


def _is_heartbeat(value: dict[str, Any], event: str) -> bool:
    kind = value.get("type")
    named = (isinstance(kind, str) and kind != "error") or event not in ("", "message", "error")
    return named and value.keys().isdisjoint(NO_HEARTBEAT)
