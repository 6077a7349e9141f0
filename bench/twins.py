"""Structs that ignore what they do not know, made from Structs that may not.

The library's own Structs say that there is more than they know (`forbid_unknown_fields`), for the library to keep it.
What that costs is seen against twins: the same fields in the same order, and everything else is skipped.
"""

from __future__ import annotations

import functools
import types
from typing import Any, Union, get_args, get_origin

import msgspec

__all__ = ["ignoring"]


def ignoring(hint: Any) -> Any:
    """The type with a twin for each Struct in it, at any depth."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return twin(hint)
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return Union[tuple(ignoring(part) for part in parts)]  # noqa: UP007 - the members are known at run time only
    return origin[*map(ignoring, parts)] if origin in {list, dict} else hint


@functools.cache
def twin(struct: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The Struct with all its fields, and nothing that it forbids."""
    config = struct.__struct_config__
    fields = msgspec.structs.fields(struct)
    return msgspec.defstruct(
        struct.__name__,
        [(field.name, ignoring(field.type), default_of(field)) for field in fields],
        kw_only=True,
        gc=config.gc,
        omit_defaults=config.omit_defaults,
        tag_field=config.tag_field,
        tag=config.tag,
        rename={field.name: field.encode_name for field in fields},
    )


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """The default as `defstruct` takes it; what has none is required."""
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    return msgspec.field() if field.required else msgspec.field(default=field.default)
