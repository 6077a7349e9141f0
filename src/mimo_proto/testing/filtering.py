"""What is left of a request once the names that the spec does not know are gone, as MiMo filters them.

Rules: unknown names fall away at every depth; free-form objects keep all theirs. An object whose tag is unknown stays
as it is, for the check behind to refuse. An input item without `type` is a message, and is told so on the copy.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from msgspec import inspect

from mimo_proto.jsontypes import is_array, is_object
from mimo_proto.models import MessageItem

__all__ = ["filtered"]


def filtered(value: Any, of: Any) -> Any:
    """A copy of plain JSON data, without the names that its type does not have.

    Args:
        value: What `json.loads` gave.
        of: A Struct class.
    """
    return _walk(value, _described(of))


@cache
def _described(of: Any) -> inspect.Type:
    return inspect.type_info(of)


def _walk(value: Any, kind: inspect.Type) -> Any:
    members = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    if is_array(value):
        inner = next((each.item_type for each in members if isinstance(each, inspect.CollectionType)), None)
        return value if inner is None else [_walk(item, inner) for item in value]
    if not is_object(value):
        return value
    structs = [each for each in members if isinstance(each, inspect.StructType)]
    if any(each.cls is MessageItem for each in structs):
        value = {"type": MessageItem.type, **value}
    for each in structs:
        tag = each.tag_field
        if tag is None or value.get(tag, each.tag) == each.tag:
            known = {field.encode_name: field.type for field in each.fields}
            return {name: _walk(member, known[name]) if name in known else member for name, member in value.items()
                    if name in known or name == tag}  # fmt: skip
    return value
