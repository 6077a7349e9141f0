"""JSON that a server may send, made of the types that it is read as: for properties of what is received."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

__all__ = ["received"]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(["\n\n", "\r", "\u2028", '"'])
SCALARS: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS
ANY: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2), max_leaves=4
)
# Names that no Struct of the spec has.
UNKNOWN = st.dictionaries(st.sampled_from(["mood", "tide", "x-trace", "class", "the name"]), ANY, max_size=2)


def received(kind: Any) -> st.SearchStrategy[Any]:
    """JSON values that fit a type: with any of the fields that may be absent, nulls, and unknown fields.

    Args:
        kind: A Struct of the spec, or a union of them.
    """
    return values(msgspec.inspect.type_info(kind))


def values(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.UnionType():
            return st.one_of(*map(values, info.types))
        case inspect.StructType():
            return objects(info)
        case inspect.ListType():
            return st.lists(values(info.item_type), max_size=2)
        case inspect.LiteralType():
            return st.sampled_from(info.values)
        case inspect.DictType():
            return st.dictionaries(TEXTS, values(info.value_type), max_size=2)
        case inspect.IntType():
            return st.integers(-(2**53), 2**53)
        case inspect.FloatType():
            return st.sampled_from([0.5, -2.25, 1e300])
        case inspect.NoneType():
            return st.none()
        case inspect.StrType():
            return TEXTS
        case _:
            return ANY


@st.composite
def objects(draw: st.DrawFn, info: inspect.StructType) -> dict[str, Any]:
    made = draw(UNKNOWN)
    if info.tag_field is not None:
        made[info.tag_field] = info.tag
    for field in info.fields:
        # What says that a reply failed is raised, and never written.
        if field.encode_name != "error" and (field.required or draw(st.booleans())):
            made[field.encode_name] = draw(values(field.type))
    return made
