"""Fields that the server added to an object which goes back to it: kept, under the names they came with.

Rules:
- Such an object is an instance of a subclass, made for it, of the Struct that the spec has: `isinstance`, `match` and
  every attribute work as ever, and what was added is an attribute too wherever its name allows that.
- It encodes, pickles, copies and compares with what was added.
- A class serves all objects with the same added names, and stays. So that names without end cannot fill the memory, the
  number of classes is capped, and so is what one class may add.
"""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["extra_fields", "keep_extra"]

StructT = TypeVar("StructT", bound=Struct)

# A class takes about 3 KB. A server that moves ahead adds a handful of names a year.
MAX_CLASSES = 256
MAX_FIELDS = 32
MAX_NAMES = 1024

# The classes made so far, by the Struct of the spec and the added names.
_classes: dict[tuple[type[Struct], tuple[str, ...]], type[Struct]] = {}


def keep_extra(cls: type[StructT], fields: Mapping[str, Any], extra: Mapping[str, Any]) -> StructT | None:
    """Make a `cls` that also holds what the spec does not know.

    Args:
        cls: The Struct of the spec.
        fields: Its fields, by attribute name.
        extra: What was added, by JSON name; none of them a name of the Struct's own.

    Returns:
        The object, or None past the caps: 256 classes in all, 32 names and 1,024 characters of names in one.
    """
    names = tuple(sorted(extra))
    made = _classes.get((cls, names))
    if made is None:
        if len(_classes) >= MAX_CLASSES or len(names) > MAX_FIELDS or sum(map(len, names)) > MAX_NAMES:
            return None
        made = _classes.setdefault((cls, names), _subclass(cls, names))
    added = {attribute: extra[name] for attribute, name in _added(made).items()}
    return cast("StructT", made(**fields, **added))


def extra_fields(value: Struct) -> dict[str, Any]:
    """Give what the server added to an object, by JSON name; empty if it added nothing."""
    return {name: getattr(value, attribute) for attribute, name in _added(type(value)).items()}


def _added(cls: type[Struct]) -> Mapping[str, str]:
    """The attributes that a class adds to the Struct of the spec, and their JSON names."""
    added: Mapping[str, str] = getattr(cls, "__added_fields__", {})
    return added


def _subclass(cls: type[Struct], names: tuple[str, ...]) -> type[Struct]:
    attributes: dict[str, str] = {}
    for name in names:
        attribute = name
        if not name.isidentifier() or iskeyword(name) or name.startswith("_") or hasattr(cls, name):
            number = len(attributes)
            while (attribute := f"extra_{number}") in names or hasattr(cls, attribute):
                number += len(names)
        attributes[attribute] = name
    return msgspec.defstruct(
        cls.__name__,
        [(attribute, Any, msgspec.field(name=name)) for attribute, name in attributes.items()],
        bases=(cls,),
        module=cls.__module__,
        namespace={"__added_fields__": attributes, "__reduce__": _reduce, "__qualname__": cls.__qualname__},
        kw_only=True,
        gc=True,
    )


def _reduce(self: Struct) -> tuple[Any, ...]:
    extra = extra_fields(self)
    fields = {name: getattr(self, name) for name in self.__struct_fields__ if name not in _added(type(self))}
    return _restore, (type(self).__bases__[0], fields, extra)


def _restore(cls: type[Struct], fields: dict[str, Any], extra: dict[str, Any]) -> Struct:
    # Past the caps of the process that reads the pickle, the object that the spec knows is what can be had.
    return keep_extra(cls, fields, extra) or cls(**fields)
