"""What is left of a request once the names that the spec does not know are gone, as MiMo filters them.

Rules: unknown names fall away at every depth; free-form objects keep all theirs. An object whose tag is unknown stays
as it is, for the check behind to refuse. An input item without `type` is a message, and is told so on the copy.
"""

from __future__ import annotations

from typing import Any

from mimo_proto.protocol.convert import TypeNode
from mimo_proto.protocol.json_types import is_array, is_object

__all__ = ["filtered"]


def filtered(value: Any, of: Any) -> Any:
    """A copy of plain JSON data, without the names that its type does not have.

    Args:
        value: What `json.loads` gave.
        of: A Struct class.
    """
    return _walk(value, TypeNode(of))


def _walk(value: Any, node: TypeNode | None) -> Any:
    if node is None:
        return value
    if is_array(value):
        return [_walk(item, node.item) for item in value]
    if not is_object(value) or not node.structs:
        return value
    shape = node.shape_of(value)
    if shape is None:
        return value
    if shape is node.default:
        value = {str(shape.tag_field): shape.tag, **value}
    known = {field.key: field.node for field in shape.fields}
    return {name: _walk(member, known.get(str(name))) for name, member in value.items() if name in shape.keys}
