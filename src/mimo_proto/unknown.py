"""`Unknown`: an object of a kind that the spec does not know.

Rules:
- An `Unknown` is a dict with everything the server sent, and msgspec encodes it as it came.
- `Unknown.type` is a constant, by which `match`, `==` and type checkers know an `Unknown` from every other member of a
  union. `Unknown.tag` is the tag that the server sent.
- An `Unknown` pickles, copies and compares like the dict that it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["STATIC_ONLY", "Unknown"]


class Unknown(dict[str, Any]):
    """An object whose kind the spec does not know: an event, item, part, tool or message newer than this package.

    Read the object as a dict; send it back as it is. It stands where a member of a union is expected, at any depth.
    To send an object that the spec does not know yet, make one: `Unknown({"type": "new_item", "text": "hi"})`.

    One thread at a time, as with any dict.

    Args:
        content: The object's fields, as JSON values.
        tag_field: The name of the field that has the tag; `role` for chat messages.

    Attributes:
        type: Always "unknown", whatever the server said: `event.type == "unknown"`.
    """

    __slots__ = ("_tag_field",)

    type: ClassVar[Literal["unknown"]] = "unknown"

    def __init__(
        self, content: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, *, tag_field: str = "type"
    ) -> None:
        super().__init__(content)
        self._tag_field = tag_field

    @property
    def tag(self) -> str | None:
        """The server's name for this kind of object; None if there is no such text."""
        tag = self.get(self._tag_field)
        return tag if isinstance(tag, str) else None

    def copy(self) -> Unknown:
        """Make a shallow copy, as `dict.copy` does."""
        return Unknown(self, tag_field=self._tag_field)

    def __repr__(self) -> str:
        return f"Unknown({super().__repr__()})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._tag_field, dict(self))


class _StaticOnly:
    """A member of a union for type checkers alone: at run time, `STATIC_ONLY | X` is `X`.

    So a generated union is written once: its `Unknown` is this object, since msgspec takes no dict beside Structs.
    It stands first: from Python 3.14 on `X | anything` is a union of both, and only what stands left is asked before.
    """

    def __or__(self, union: object) -> object:
        return union


STATIC_ONLY = _StaticOnly()


def _restore(tag_field: str, content: dict[str, Any]) -> Unknown:
    return Unknown(content, tag_field=tag_field)
