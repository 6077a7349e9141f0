"""Type hints: their members, the Structs in them, and the same hints with other Structs in them.

Aliases (`type X = ...`, NewType) are looked through, and so is what `Annotated` adds.
"""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["is_struct", "members_of", "replace_structs", "structs_in"]


def members_of(hint: Any, bounds: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Yield the members of a union, aliases and annotations looked through.

    Args:
        hint: Any hint; what is not a union is its one member.
        bounds: The annotations around the hint.

    Yields:
        Each member, and the annotations that hold for it.
    """
    hint = _meaning(hint)
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *more = get_args(hint)
        yield from members_of(inner, (*bounds, *more))
    elif origin in (Union, UnionType):
        for member in get_args(hint):
            yield from members_of(member, bounds)
    else:
        yield hint, bounds


def _meaning(hint: Any) -> Any:
    """Look through a hint that stands for another: a `type X = ...`, a NewType."""
    while (meaning := getattr(hint, "__value__", getattr(hint, "__supertype__", None))) is not None:
        hint = meaning
    return hint


def is_struct(origin: Any) -> bool:
    """Whether a class is a Struct whose objects are JSON objects."""
    return _is_class_of_structs(origin) and not origin.__struct_config__.array_like


def _is_class_of_structs(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Struct)


def replace_structs(hint: Any, swap: Callable[[Any], Any]) -> Any:
    """Copy a hint with other Structs in it.

    Args:
        hint: Any hint that msgspec decodes into.
        swap: Gives the hint that stands in the place of a Struct; a generic Struct comes with its parameters.

    Returns:
        The copy, or the hint itself where nothing in it was swapped.
    """
    meaning = _meaning(hint)
    origin, args = get_origin(meaning), get_args(meaning)
    if _is_class_of_structs(origin or meaning):
        return swap(meaning)
    swapped = tuple(replace_structs(argument, swap) for argument in args)
    if all(new is old for new, old in zip(swapped, args, strict=True)):
        return hint
    return (Union if origin is UnionType else origin)[swapped]


def structs_in(hint: Any) -> list[Any]:
    """List the Structs in a hint, without those in their fields."""
    found: list[Any] = []

    def note(struct: Any) -> Any:
        found.append(struct)
        return struct

    replace_structs(hint, note)
    return found
