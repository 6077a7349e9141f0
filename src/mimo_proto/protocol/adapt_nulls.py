"""Take nulls out of a request: other clients send them for what is absent, and MiMo's tables allow few.

Rules:
- Null is absent in every object that the spec has a Struct for, whatever the name; a tag is no exception.
- What the spec has no Struct for stays as it is: schemas of parameters, arguments, items and parts of unknown kinds.
"""

from __future__ import annotations

from functools import cache
from operator import is_
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mimo_proto.protocol.convert import StructShape, TypeNode

__all__ = ["without_nulls"]

CONTAINERS = (dict, list)


def without_nulls(value: Any, node: TypeNode) -> Any:
    """Take the nulls out of a value.

    Args:
        value: Any JSON.
        node: The hint of the value.

    Returns:
        A copy, or the value itself where it has none.
    """
    kind = value.__class__
    if kind is dict and node.structs:
        shape = node.shape_of(value)
        return _without_null_tag(value, node) if shape is None else _object_without_nulls(value, shape)
    if kind is list and node.item is not None:
        item = node.item
        elements = [without_nulls(element, item) for element in value]
        return value if all(map(is_, elements, value)) else elements
    return value


@cache
def _inner_nodes(shape: StructShape) -> tuple[tuple[str, TypeNode], ...]:
    """List the fields that may hold objects of the spec, or lists of them."""
    return tuple((key, node) for _, key, node, _ in shape.fields if node.structs or (node.item and node.item.structs))


def _without_null_tag(value: Any, node: TypeNode) -> Any:
    """Take the nulls out of an object whose tag names no Struct: a null tag is absent, any other is left alone."""
    if value.get(node.tag_field, "") is not None:
        return value
    return without_nulls({key: value[key] for key in value if key != node.tag_field}, node)


def _object_without_nulls(value: dict[str, Any], shape: StructShape) -> dict[str, Any]:
    for key, node in _inner_nodes(shape):
        old = value.get(key)
        if old.__class__ in CONTAINERS and (new := without_nulls(old, node)) is not old:
            value = {**value, key: new}
    if None not in value.values():
        return value
    return {key: member for key, member in value.items() if member is not None}
