"""Fields that the server added to an object: kept, under the names they came with.

Rules:
- Such an object is an instance of a subclass of the Struct that the spec has: `isinstance`, `match` and every attribute
  work as ever, and what was added is an attribute too wherever its name allows that.
- It encodes, pickles, copies and compares with what was added. Equal is what has the same known and the same added
  fields, whatever class holds them; an added field that is UNSET is absent, and shown nowhere.
- A learned class (`widen`) has a field for each name that was learned of its Struct. Where none has all the names, a
  class is made for them alone: it serves all objects with the same added names, and stays. So that names without end
  cannot fill the memory, the number of such classes is capped, and so is what one class may add.
- msgspec has no fields whose names hold `"`, a backslash, a control character or half a surrogate pair: such a name is
  kept in no class.
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
    "adopt",
    "extra_fields",
    "forget_classes",
    "is_field_name",
    "keep_extra",
    "keep_some",
    "known_class",
    "subclass",
]

StructT = TypeVar("StructT", bound=Struct)

# A server that moves ahead adds a handful of names a year. Who meets the caps: a stream whose objects have ids for
# names. What goes back to the server has as many classes of its own, so that no other names can take its room.
MAX_CLASSES = 256
MAX_FIELDS = 32
MAX_NAMES_LENGTH = 1024

UNFIT_FOR_A_FIELD = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')

# The classes made for single sets of names, by Struct and names: of what goes back to the server, and of the rest.
_classes: dict[bool, dict[tuple[type[Struct], tuple[str, ...]], type[Struct]]] = {True: {}, False: {}}
# The newest learned class of each Struct.
_learned: dict[type[Struct], type[Struct]] = {}


def keep_extra(cls: type[StructT], fields: Mapping[str, Any], extra: Mapping[str, Any]) -> StructT | None:
    """Make a `cls` that also holds what the spec does not know.

    Args:
        cls: The Struct of the spec.
        fields: Its fields, by attribute name.
        extra: What was added, by JSON name; none of them a name of the Struct's own.

    Returns:
        The object, or None where no class can hold all of it: past 256 classes for what goes back to the server and 256
        for the rest, 32 names and 1,024 characters of names in one; or with a name that msgspec has no fields for.
    """
    if not extra:
        return cls(**fields)
    learned = _learned.get(cls, cls)
    made = learned if extra.keys() <= added_fields(learned).keys() else _own_class(cls, extra)
    if made is None:
        return None
    attributes = added_fields(made)
    return cast("StructT", made(**fields, **{attributes[name]: value for name, value in extra.items()}))


def keep_some(cls: type[StructT], fields: Mapping[str, Any], extra: Mapping[str, Any]) -> StructT:
    """Make a `cls` that holds as much as can be of what the spec does not know.

    Args:
        cls: The Struct of the spec.
        fields: Its fields, by attribute name.
        extra: What was added, by JSON name; none of them a name of the Struct's own.

    Returns:
        The object. Past the caps of `keep_extra` it has the names that were learned, and no others.
    """
    kept = keep_extra(cls, fields, extra)
    if kept is None:
        kept = keep_extra(cls, fields, {name: value for name, value in extra.items() if is_field_name(name)})
    if kept is None:
        learned = added_fields(_learned.get(cls, cls))
        kept = keep_extra(cls, fields, {name: extra[name] for name in learned if name in extra})
    return cls(**fields) if kept is None else kept


def extra_fields(value: object) -> dict[str, Any]:
    """Give what the server added to an object, by JSON name; empty if it added nothing, and for what is no Struct."""
    held = {name: getattr(value, attribute) for name, attribute in added_fields(type(value)).items()}
    return {name: element for name, element in held.items() if element is not UNSET}


def added_fields(cls: type) -> Mapping[str, str]:
    """The attributes that a class adds to the Struct of the spec, by JSON name."""
    added: Mapping[str, str] = getattr(cls, "__added_fields__", {})
    return added


def known_class(cls: type[Struct]) -> type[Struct]:
    """The Struct that a class made here stands for; of any other the class itself."""
    known: type[Struct] = getattr(cls, "__known_class__", cls)
    return known


def adopt(learned: type[Struct]) -> None:
    """Take a class of `subclass` for the learned one of its Struct from now on."""
    _learned[known_class(learned)] = learned


def forget_classes() -> None:
    """Forget all classes; objects of them stay what they are."""
    _learned.clear()
    _classes[True].clear()
    _classes[False].clear()


def is_field_name(name: str) -> bool:
    """Whether msgspec has fields of that name."""
    return UNFIT_FOR_A_FIELD.search(name) is None


def _own_class(cls: type[Struct], extra: Collection[str]) -> type[Struct] | None:
    """The class for just these added names, or None past the caps."""
    if len(extra) > MAX_FIELDS:
        return None
    names = tuple(sorted(extra))
    classes = _classes[getattr(cls, "__sent_back__", not getattr(cls, "__received__", False))]
    made = classes.get((cls, names))
    if made is not None:
        return made
    is_over = len(classes) >= MAX_CLASSES or sum(map(len, names)) > MAX_NAMES_LENGTH
    if is_over or not all(map(is_field_name, names)):
        return None
    # What was added may be an object or a list, to which the caller may give itself.
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
    """The object as the spec has it. How such objects compare is up to their class."""
    cls = type(value)
    return value if known_class(cls) is cls else known_class(cls)(**_known_fields(value))


def _is_equal(self: Struct, other: object) -> Any:
    if not isinstance(other, Struct) or known_class(type(self)) is not known_class(type(other)):
        return NotImplemented
    return self is other or (_known(self) == _known(other) and extra_fields(self) == extra_fields(other))


def _is_different(self: Struct, other: object) -> Any:
    equal = _is_equal(self, other)
    return equal if equal is NotImplemented else not equal


def _hash(self: Struct) -> int:
    return hash(_known(self))


def _reduce(self: Struct) -> tuple[Any, ...]:
    return _restore, (known_class(type(self)), _known_fields(self), extra_fields(self))


def _restore(cls: type[Struct], fields: dict[str, Any], extra: dict[str, Any]) -> Struct:
    # Past the caps of the process that reads the pickle, what the spec knows and what was learned can be had.
    return keep_some(cls, fields, extra)
