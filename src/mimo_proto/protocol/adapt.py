"""Requests that were written for another server, brought into the form that MiMo takes.

Rules:
- Each name that MiMo's table lacks is renamed, dropped, changed (dropped too, but the caller does not get what it asked
  for), or refused: by the table of foreign names (spec/facts/foreign.json), which has its sources.
- Null is absent; what MiMo has under another form is brought into it; a number out of its range goes to the bound.
- What comes out passes `validate`, but for what the caller wanted kept.
- The body that was given is not changed. What need not change is handed on as the same object, to the whole body.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

from msgspec import Raw, Struct

from mimo_proto.errors import InvalidRequestError, LocalProtocolError
from mimo_proto.protocol.adapt_changes import Changes, JSONSchemaAct, Options, UnknownAct
from mimo_proto.protocol.adapt_fields import adapt_fields
from mimo_proto.protocol.adapt_nulls import without_nulls
from mimo_proto.protocol.convert import Mismatch
from mimo_proto.protocol.finding import Finding
from mimo_proto.protocol.json_types import is_mapping, is_object
from mimo_proto.protocol.validate import validate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mimo_proto.endpoints import Endpoint

__all__ = ["Adapted", "adapt_request"]

# Stands for a kept field where the rest is checked: what is encoded already is trusted.
TRUSTED = Raw(b"null")


class Adapted(Struct, frozen=True):
    """A request in MiMo's form, and what was done to it.

    Attributes:
        body: The request; the very body that was given, where nothing had to be done.
        notes: What is worth knowing: what the caller will not get, and what is sent otherwise than it was written.
        dropped: The places of all that was left out, those without a note too: `seed`, `text.verbosity`.
    """

    body: dict[str, Any]
    notes: list[Finding]
    dropped: list[str]


def adapt_request(
    endpoint: Endpoint[Any, Any, Any],
    body: Mapping[str, Any],
    *,
    keep: Collection[str] = (),
    unknown: UnknownAct = "drop",
    json_schema: JSONSchemaAct = "refuse",
) -> Adapted:
    """Bring a request that was written for another server into the form that MiMo takes.

    The client never calls this by itself.

    Args:
        endpoint: The endpoint that the body is for, `CHAT_COMPLETIONS` or `RESPONSES`.
        body: The request as JSON decodes it, a dict of dicts and lists; bytes are decoded first. Structs in it are
            handed on as they are.
        keep: What is sent as it is, whatever the tables say: names of fields, and types and roles that MiMo lacks
            (`file`, `item_reference`). The field that such an object stands in is not held to the spec.
        unknown: What becomes of a field that no table has: left out with a note, kept, or refused.
        json_schema: What becomes of a schema that the answer is to follow: refused, kept, or replaced by `json_object`.

    Raises:
        InvalidRequestError: Nothing can be made of the request; the text says what to do, `.path` says where.
        LocalProtocolError: The endpoint takes no request.
    """
    if endpoint.request is None:
        raise LocalProtocolError(f"the endpoint {endpoint.name} takes no body")
    names = {keep} if isinstance(keep, str) else keep
    changes = Changes(endpoint, Options(frozenset(names), unknown, json_schema))
    try:
        fields = _adapted(body, changes)
    except Mismatch as mismatch:
        reason, path = mismatch.reason, mismatch.path
    else:
        _check(fields, endpoint, changes)
        return Adapted(fields, changes.notes, changes.dropped)
    raise InvalidRequestError(f"{path}: {reason}", path=path)


def _adapted(body: object, changes: Changes) -> dict[str, Any]:
    if not is_mapping(body):
        raise Mismatch("the body is no JSON object")
    keep = changes.options.keep
    fields = {name: value for name, value in body.items() if value is not None or name in keep}
    adapt_fields(fields, changes)
    for name, value in fields.items():
        if name in changes.nodes and name not in keep:
            fields[name] = without_nulls(value, changes.nodes[name])
    if is_object(body) and fields.keys() == body.keys() and all(map(is_, fields.values(), body.values())):
        return body
    return fields


def _check(fields: Mapping[str, Any], endpoint: Endpoint[Any, Any, Any], changes: Changes) -> None:
    """Hold to the spec what the caller did not want kept."""
    checked = {
        name: TRUSTED if name in changes.unchecked else value
        for name, value in fields.items()
        if name in changes.nodes or name not in changes.unchecked
    }
    validate(checked, endpoint.request)
