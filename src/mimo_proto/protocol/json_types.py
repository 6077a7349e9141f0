"""JSON values, for type checkers: `isinstance` alone leaves the members of a dict and a list unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

__all__ = ["is_array", "is_mapping", "is_object", "is_tuple", "text_or_empty"]

# A dict is found by its type; asking the abstract class takes four times as long.
MAPPINGS = (dict, Mapping)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """Whether the value is a tuple, which can stand for a JSON array in what is sent."""
    return isinstance(value, tuple)


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether the value can stand for a JSON object, though it need not be a dict."""
    return isinstance(value, MAPPINGS)


def text_or_empty(value: object) -> str:
    """Give a text as it is, and "" for any other value."""
    return value if isinstance(value, str) else ""
