"""A request without the names that the spec does not know, as MiMo filters it.

Rules: unknown names fall away at every depth; free-form objects keep all theirs. An object whose tag is unknown stays
as it is, for the check behind to refuse. An input item without `type` is a message: the copy gets that type.
"""

from __future__ import annotations

from typing import Any

from mimo_proto.protocol.convert import TypeNode
from mimo_proto.protocol.json_types import is_array, is_object

__all__ = ["drop_unknown_names"]


def drop_unknown_names(value: Any, struct: Any) -> Any:
    """Copy a JSON value without the names that its type does not have.

    Args:
        value: What `json.loads` gave.
        struct: The Struct class of the value.
    """
    return _copy(value, TypeNode(struct))


def _copy(value: Any, node: TypeNode | None) -> Any:
    if node is None:
        return value
    if is_array(value):
        return [_copy(element, node.item) for element in value]
    if not is_object(value) or not node.structs:
        return value
    shape = node.shape_of(value)
    if shape is None:
        return value
    if shape is node.default:
        value = {str(shape.tag_field): shape.tag, **value}
    known = {field.key: field.node for field in shape.fields}
    return {name: _copy(member, known.get(str(name))) for name, member in value.items() if name in shape.keys}
