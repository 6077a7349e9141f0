"""Build typed values out of JSON values, hint by hint: what decoding and validation share.

Rules:
- msgspec converts whatever it can, in C. Only what it refuses is taken apart here: an object by its Struct's fields, a
  list by its elements, a dict by its values. A value that has no parts and is refused is a `Mismatch`, with its path.
- An object among Structs is the one that its tag names. What to do about a tag that none of them has, about fields that
  a Struct does not have, and about values that are not JSON is up to the subclass of `Converter`.
- Type hints are followed here as well: which Structs they lead to (`reachable`), and the same hints with subclasses in
  the place of Structs (`remake`).
"""

from __future__ import annotations

import collections.abc
import re
from abc import ABC, abstractmethod
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Raw, Struct

from mimo_proto.protocol.hints import is_struct, members_of, replace_structs, structs_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Converter", "Field", "Mismatch", "StructShape", "TypeNode", "reachable", "remake", "shape_of"]

# What may stand behind a dot in a path; any other name stands in brackets.
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class Mismatch(Exception):
    """A value that does not fit its hint.

    Attributes:
        reason: What is wrong, as msgspec says it.
        parts: The names and places that lead to the value, the innermost first; `path` is made of them.
    """

    def __init__(self, reason: str, *parts: str | int, inner: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.parts = list(parts)
        # The rest of the path, within what msgspec took apart.
        self._inner = inner

    @property
    def path(self) -> str:
        """Where the value is, as a JSONPath such as `$.choices[0].index`."""
        return "$" + "".join(map(_path_part, reversed(self.parts))) + self._inner


def _path_part(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if NAME.fullmatch(part) else f"[{part!a}]"


class Field(NamedTuple):
    """A field of a Struct.

    Attributes:
        name: The attribute's name.
        key: The field's name in JSON.
        node: The field's hint.
        required: Whether the field must be there.
    """

    name: str
    key: str
    node: TypeNode
    required: bool


class StructShape:
    """A Struct; its fields are listed when they are first needed, since Structs may hold themselves.

    Attributes:
        hint: The Struct as the hints have it, with the parameters of a generic one.
        cls: The Struct's class.
        tag_field: The field that has the tag; None for a Struct without a tag.
        tag: The tag; None for a Struct without one.
        forbids: Whether the Struct refuses unknown fields.
        received: Whether the spec has the Struct, as one that the server sends.
        sent_back: Whether objects of the Struct go back to the server in a later request.
        absent: The values that stand for fields that the server left out, by JSON name.
    """

    def __init__(self, hint: Any) -> None:
        self.hint = hint
        self.cls: type[Struct] = get_origin(hint) or hint
        config = self.cls.__struct_config__
        self.tag_field = config.tag_field
        self.tag = config.tag
        self.forbids = config.forbid_unknown_fields
        self.received: bool = getattr(self.cls, "__received__", False)
        self.sent_back: bool = getattr(self.cls, "__sent_back__", False)
        self.absent: Mapping[str, Any] = getattr(self.cls, "__absent__", {})

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """List the fields, in order."""
        return tuple(
            Field(info.name, info.encode_name, TypeNode(info.type), info.default is NODEFAULT is info.default_factory)
            for info in msgspec.structs.fields(self.hint)
        )

    @cached_property
    def nodes(self) -> dict[str, TypeNode]:
        """Give the hints of the fields, by JSON name."""
        return {field.key: field.node for field in self.fields}

    @cached_property
    def keys(self) -> frozenset[str | None]:
        """List the JSON names, the tag's included."""
        return frozenset([self.tag_field, *(field.key for field in self.fields)])


shape_of = cache(StructShape)
"""Give the shape of a Struct, made once."""

SCALARS = (str, int, float, bool, type(None))
TAGS = (str, int)
LISTS = (list, collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Collection)


class TypeNode:
    """A type hint, taken apart.

    Attributes:
        hint: The hint itself.
        scalars: The Python types of which every value fits as it is.
        tag_field: The field that tells the Structs apart; None where there is one Struct at most, without a tag.
        structs: The Structs that an object may be, by tag.
        default: The Struct that an object without a tag is.
        item: The hint of a list's elements.
        bounds: The hint that a list is converted to at last: a tuple, or a list whose length has bounds.
        values: The hint of a dict's values.
        literals: The texts that a string may be, or is known to be.
        raw: Whether any JSON is taken, as `msgspec.Raw`.
    """

    def __init__(self, hint: Any) -> None:
        self.hint = hint
        self.scalars: set[Any] = set()
        self.tag_field: str | None = None
        self.structs: dict[Any, StructShape] = {}
        self.default: StructShape | None = None
        self.item: TypeNode | None = None
        self.bounds: Any = None
        self.values: TypeNode | None = None
        self.literals: tuple[Any, ...] = ()
        self.raw = False
        for member, bounds in members_of(hint, ()):
            self._add(member, bounds)

    def _add(self, member: Any, bounds: tuple[Any, ...]) -> None:
        """Add a member of the union that the hint is."""
        origin, args = get_origin(member) or member, get_args(member)
        if origin in SCALARS and not bounds:
            self.scalars.add(origin)
        elif origin is Literal:
            self.literals += args
        elif origin is Raw:
            self.raw = True
        elif is_struct(origin):
            self._add_struct(member)
        elif args:
            self._add_container(origin, args, bounds)

    def _add_struct(self, struct: Any) -> None:
        shape = shape_of(struct)
        self.tag_field = shape.tag_field
        self.structs[shape.tag] = shape
        if getattr(shape.cls, "__tag_default__", False):
            self.default = shape

    def _add_container(self, origin: Any, args: tuple[Any, ...], bounds: tuple[Any, ...]) -> None:
        if origin in LISTS:
            self.item = TypeNode(args[0])
            self.bounds = Annotated[(list[Any], *bounds)] if bounds else None
        elif origin is tuple and args[1:] == (Ellipsis,):
            self.item = TypeNode(args[0])
            self.bounds = Annotated[(tuple[Any, ...], *bounds)] if bounds else tuple[Any, ...]
        elif origin in (dict, collections.abc.Mapping) and args[1] is not Any:
            self.values = TypeNode(args[1])

    def shape_of(self, value: Mapping[str, Any]) -> StructShape | None:
        """Give the Struct that an object is, by its tag; None where the tag names none of them."""
        if self.tag_field is None:
            return self.structs[None]
        if self.tag_field not in value:
            return self.default
        tag = value[self.tag_field]
        return self.structs.get(tag) if isinstance(tag, TAGS) else None


@cache
def reachable(struct: Any) -> frozenset[Any]:
    """List the Structs to which the hints of a Struct's fields lead, the Struct itself included."""
    found: set[Any] = set()
    ahead = [struct]
    while ahead:
        here = ahead.pop()
        if here not in found:
            found.add(here)
            ahead += (inner for field in shape_of(here).fields for inner in structs_in(field.node.hint))
    return frozenset(found)


def remake(
    hint: Any,
    wanted: Callable[[type[Struct]], bool],
    make: Callable[[type[Struct]], type[Struct]],
    made: dict[Any, Any],
) -> Any:
    """Copy a hint with subclasses in the place of some Structs, and of all Structs that lead to those.

    Args:
        hint: The hint.
        wanted: Whether a Struct is one of them.
        make: Makes a subclass, which has a field more only if its Struct is wanted.
        made: The subclasses that there are, by Struct; new ones are added.

    Returns:
        The copy, or the hint itself where nothing of it is wanted.
    """

    def swap(struct: Any) -> Any:
        return made.get(struct, struct)

    structs = {inner for struct in structs_in(hint) for inner in reachable(struct)}
    wanted_structs = {struct for struct in structs if wanted(shape_of(struct).cls)}
    new = [struct for struct in structs if struct not in made and not wanted_structs.isdisjoint(reachable(struct))]
    # First all classes, then their hints: Structs may hold themselves, and msgspec asks for the hints of a class when
    # a decoder is made.
    made.update({struct: make(shape_of(struct).cls) for struct in new})
    for struct in new:
        hints = {field.name: field.node.hint for field in shape_of(struct).fields}
        swapped = {name: replace_structs(hint, swap) for name, hint in hints.items()}
        is_generic = struct is not shape_of(struct).cls
        made[struct].__annotations__ = made[struct].__annotations__ | {
            name: new_hint for name, new_hint in swapped.items() if is_generic or new_hint is not hints[name]
        }
    return replace_structs(hint, swap)


class Converter(ABC):
    """Build typed values; a subclass says what becomes of a value that the hints do not cover."""

    def value(self, value: Any, node: TypeNode) -> Any:
        """Build one value.

        Raises:
            Mismatch: The value does not fit the hint.
        """
        kind = value.__class__
        if kind in node.scalars:
            return value
        if kind is dict and node.structs:
            return self.object(value, node)
        if kind is dict and node.values is not None:
            return {key: self.part(key, element, node.values) for key, element in value.items()}
        if kind is list and node.item is not None:
            value = [self.part(index, element, node.item) for index, element in enumerate(value)]
            return self.convert(value, node.bounds) if node.bounds else value
        return self.other(value, node)

    def part(self, place: str | int, value: Any, node: TypeNode) -> Any:
        """Build a part of a value; a `Mismatch` learns its place."""
        try:
            return self.value(value, node)
        except Mismatch as mismatch:
            mismatch.parts.append(place)
            raise

    def object(self, value: dict[str, Any], node: TypeNode) -> Any:
        """Build an object: the Struct that its tag names."""
        shape = node.shape_of(value)
        if shape is None:
            return self.unknown(value, node)
        if shape is node.default and shape.tag_field not in value:
            value = {**value, str(shape.tag_field): shape.tag}
        return self.struct(value, shape)

    def struct(self, value: dict[str, Any], shape: StructShape) -> Any:
        """Build a Struct: whole in C if it fits, else from its fields."""
        try:
            return msgspec.convert(value, shape.hint, str_keys=True)
        except ValueError:
            pass
        fields = self.fields(value, shape)
        try:
            return self.finish(value, shape, fields)
        except (TypeError, ValueError) as error:
            # A __post_init__ refuses by these two, as msgspec has it.
            reason = str(error)
        raise Mismatch(reason)

    def fields(self, value: dict[str, Any], shape: StructShape) -> dict[str, Any]:
        """Build those fields of a Struct that an object has, by attribute."""
        built: dict[str, Any] = {}
        for name, key, node, required in shape.fields:
            if key in value:
                built[name] = self.part(key, value[key], node)
            elif required:
                raise Mismatch(f"`{key}` is missing")
        return built

    def other(self, value: Any, node: TypeNode) -> Any:
        """Build a value that is neither an object nor a list of the hint."""
        try:
            return self.convert(value, node.hint)
        except Mismatch as mismatch:
            if isinstance(value, str) and node.literals:
                mismatch.reason = f"{value!r} is none of {', '.join(map(repr, node.literals))}"
            raise

    def convert(self, value: Any, hint: Any) -> Any:
        """Have msgspec convert a value, all at once."""
        try:
            return msgspec.convert(value, hint, str_keys=True)
        except ValueError as error:
            reason, _, inner = str(error).partition(" - at `$")
        raise Mismatch(reason, inner=inner.rstrip("`"))

    @abstractmethod
    def finish(self, value: dict[str, Any], shape: StructShape, fields: Mapping[str, Any], /) -> Any:
        """Make a Struct of its fields; the object may have more of them."""

    @abstractmethod
    def unknown(self, value: dict[str, Any], node: TypeNode) -> Any:
        """Make something of an object whose tag none of the Structs has."""
