"""Plain JSON data that may be anything, taken as what it should be.

Rules: what is of another type counts as empty; whether that is an error is for the caller to say.
"""

from __future__ import annotations

from typing import Any

from mimo_proto.protocol.json_types import is_array, is_object

__all__ = ["as_object", "objects_in"]


def as_object(value: Any) -> dict[str, Any]:
    """The object that it is, else an empty one."""
    return value if is_object(value) else {}


def objects_in(value: Any) -> list[dict[str, Any]]:
    """The objects in the array that it is, else none."""
    return [member for member in value if is_object(member)] if is_array(value) else []
