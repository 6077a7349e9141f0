"""JSON values that may be of any type, read as the type that they should have.

Rules: a value of another type counts as empty; whether that is an error is for the caller to say.
"""

from __future__ import annotations

from typing import Any

from mimo_proto.protocol.json_types import is_array, is_object

__all__ = ["as_object", "objects_in"]


def as_object(value: Any) -> dict[str, Any]:
    """Give the value if it is an object, else an empty object."""
    return value if is_object(value) else {}


def objects_in(value: Any) -> list[dict[str, Any]]:
    """Give the objects in the value if it is an array, else nothing."""
    return [member for member in value if is_object(member)] if is_array(value) else []
