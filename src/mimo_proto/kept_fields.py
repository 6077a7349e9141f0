"""Unknown fields: what the server added to an object, kept under the names it came with.

Rules:
- Such an object is an instance of a subclass of the Struct that the spec has: `isinstance`, `match` and every attribute
  work as ever, and an unknown field is an attribute too wherever its name allows that.
- The object encodes, pickles, copies and compares with its unknown fields. Equal is what has the same known and the
  same unknown fields, whatever class holds them; an unknown field that is UNSET is absent, and shown nowhere.
- A learned class (`widen`) has a field for each name that was learned of its Struct. Where no learned class has all the
  names, a class is made for them alone: it serves all objects with the same unknown names, and stays. The number of
  such classes is capped, and so is what one class may add: names without end cannot fill the memory.
- msgspec has no fields whose names hold `"`, a backslash, a control character or a lone surrogate: a field with such a
  name is kept in no class.
"""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Struct

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = [
    "forget_classes",
    "is_field_name",
    "json_names",
    "keep_all",
    "keep_some",
    "known_class",
    "set_learned",
    "subclass",
    "unknown_fields",
]

StructT = TypeVar("StructT", bound=Struct)

# A server that moves ahead adds a handful of names a year. A stream whose objects have ids for names meets these caps.
# Structs that go back to the server have as many classes of their own, so that no other names can take their room.
MAX_CLASSES = 256
MAX_FIELDS_PER_CLASS = 32
MAX_NAME_CHARACTERS_PER_CLASS = 1024

NOT_IN_A_FIELD_NAME = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')

# The classes made for single sets of names, by Struct and names: of what goes back to the server, and of the rest.
_classes: dict[bool, dict[tuple[type[Struct], tuple[str, ...]], type[Struct]]] = {True: {}, False: {}}
# The newest learned class of each Struct.
_learned: dict[type[Struct], type[Struct]] = {}


def keep_all(cls: type[StructT], fields: Mapping[str, Any], unknown: Mapping[str, Any]) -> StructT | None:
    """Make a `cls` that also holds all fields that the spec does not know.

    Args:
        cls: The Struct of the spec.
        fields: Its fields, by attribute name.
        unknown: The unknown fields, by JSON name; none of the names is one of the Struct's own.

    Returns:
        The object. None where no class can hold all of it: past 256 classes for what goes back to the server and 256
        for the rest, past 32 names or 1,024 characters of names in one class, or with a name that msgspec has no fields
        for.
    """
    if not unknown:
        return cls(**fields)
    learned = _learned.get(cls, cls)
    made = learned if unknown.keys() <= unknown_attributes(learned).keys() else _own_class(cls, unknown)
    if made is None:
        return None
    attributes = unknown_attributes(made)
    return cast("StructT", made(**fields, **{attributes[name]: value for name, value in unknown.items()}))


def keep_some(cls: type[StructT], fields: Mapping[str, Any], unknown: Mapping[str, Any]) -> StructT:
    """Make a `cls` that holds as many as can be of the fields that the spec does not know.

    Args:
        cls: The Struct of the spec.
        fields: Its fields, by attribute name.
        unknown: The unknown fields, by JSON name; none of the names is one of the Struct's own.

    Returns:
        The object. Past the caps of `keep_all` it has the names that were learned, and no others.
    """
    learned = unknown_attributes(_learned.get(cls, cls))
    for names in (unknown, filter(is_field_name, unknown)):
        kept = keep_all(cls, fields, {name: unknown[name] for name in names})
        if kept is not None:
            return kept
    return cast("StructT", keep_all(cls, fields, {name: unknown[name] for name in learned if name in unknown}))


def unknown_fields(value: object) -> dict[str, Any]:
    """Give the fields that the server added to an object, by JSON name; empty also for what is not a Struct."""
    held = {name: getattr(value, attribute) for name, attribute in unknown_attributes(type(value)).items()}
    return {name: element for name, element in held.items() if element is not UNSET}


def unknown_attributes(cls: type) -> Mapping[str, str]:
    """Give the attributes that a class adds to the Struct of the spec, by JSON name."""
    attributes: Mapping[str, str] = getattr(cls, "__added_fields__", {})
    return attributes


def json_names(cls: type[Struct]) -> dict[str, str]:
    """Give the JSON names of a Struct's fields, by attribute."""
    return dict(zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True))


def known_class(cls: type[Struct]) -> type[Struct]:
    """Give the Struct that a class of `subclass` stands for; any other class stands for itself."""
    known: type[Struct] = getattr(cls, "__known_class__", cls)
    return known


def set_learned(learned: type[Struct]) -> None:
    """Make a class of `subclass` the learned one of its Struct from now on."""
    _learned[known_class(learned)] = learned


def forget_classes() -> None:
    """Forget all classes; their objects stay what they are."""
    _learned.clear()
    _classes[True].clear()
    _classes[False].clear()


def is_field_name(name: str) -> bool:
    """Whether msgspec has fields of that name."""
    return NOT_IN_A_FIELD_NAME.search(name) is None


def _own_class(cls: type[Struct], unknown: Collection[str]) -> type[Struct] | None:
    """Give the class for just these unknown names, or None past the caps."""
    if len(unknown) > MAX_FIELDS_PER_CLASS:
        return None
    names = tuple(sorted(unknown))
    classes = _classes[getattr(cls, "__sent_back__", not getattr(cls, "__received__", False))]
    made = classes.get((cls, names))
    if made is not None:
        return made
    is_past_caps = len(classes) >= MAX_CLASSES or sum(map(len, names)) > MAX_NAME_CHARACTERS_PER_CLASS
    if is_past_caps or not all(map(is_field_name, names)):
        return None
    # An unknown field may be an object or a list, to which the caller may give the whole itself.
    return classes.setdefault((cls, names), subclass(cls, names, gc=True))


def subclass(cls: type[Struct], names: Iterable[str], **options: Any) -> type[Struct]:
    """Make a subclass that stands for a Struct, and looks like it.

    Args:
        cls: The Struct.
        names: JSON names of fields to add, for which `is_field_name` holds; each takes any value, or is UNSET.
        options: What else is different, as in a Struct's class statement.
    """
    names = sorted(names)
    attributes: dict[str, str] = {}
    for name in names:
        attribute = name
        if not name.isidentifier() or iskeyword(name) or name.startswith("_") or hasattr(cls, name):
            number = len(attributes)
            while (attribute := f"extra_{number}") in names or hasattr(cls, attribute):
                number += len(names)
        attributes[name] = attribute
    return msgspec.defstruct(
        cls.__name__,
        [(attribute, Any, msgspec.field(name=name, default=UNSET)) for name, attribute in attributes.items()],
        bases=(cls,),
        module=cls.__module__,
        namespace={
            "__added_fields__": attributes,
            "__known_class__": cls,
            "__qualname__": cls.__qualname__,
            "__eq__": _is_equal,
            "__ne__": _is_different,
            "__hash__": _hash,
            "__reduce__": _reduce,
        },
        kw_only=True,
        **options,
    )


def _known_fields(value: Struct) -> dict[str, Any]:
    return {name: getattr(value, name) for name in known_class(type(value)).__struct_fields__}


def _known(value: Struct) -> Struct:
    """Give the object as the spec has it. How such objects compare is up to their class."""
    cls = type(value)
    return value if known_class(cls) is cls else known_class(cls)(**_known_fields(value))


def _is_equal(self: Struct, other: object) -> Any:
    if not isinstance(other, Struct) or known_class(type(self)) is not known_class(type(other)):
        return NotImplemented
    return self is other or (_known(self) == _known(other) and unknown_fields(self) == unknown_fields(other))


def _is_different(self: Struct, other: object) -> Any:
    equal = _is_equal(self, other)
    return equal if equal is NotImplemented else not equal


def _hash(self: Struct) -> int:
    return hash(_known(self))


def _reduce(self: Struct) -> tuple[Any, ...]:
    # Past the caps of the process that reads the pickle, the object has what the spec knows and what was learned.
    return keep_some, (known_class(type(self)), _known_fields(self), unknown_fields(self))
