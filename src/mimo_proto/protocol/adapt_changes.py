"""What `adapt_request` was asked to do, and what it has done so far.

Rules:
- A value that is not changed is handed on as the same object, at any depth: only what leads to a change is copied.
- Nothing that the caller asked for goes without a trace: it is in `dropped`, and noted where the answer will differ.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from mimo_proto.protocol.convert import Mismatch, shape_of
from mimo_proto.protocol.finding import Finding
from mimo_proto.protocol.foreign_names import foreign_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mimo_proto.endpoints import Endpoint
    from mimo_proto.models.foreign_names import ForeignName
    from mimo_proto.protocol.finding import Severity

__all__ = [
    "GONE",
    "Changes",
    "JSONSchemaAct",
    "Options",
    "Place",
    "UnknownAct",
    "adapt_each",
    "adapt_member",
    "has_value",
    "refusal",
]

Place = tuple[str | int, ...]
"""The names and numbers that lead to a value, the outermost first."""

UnknownAct = Literal["drop", "keep", "refuse"]
"""What becomes of a field that neither MiMo's table nor that of foreign names has."""
JSONSchemaAct = Literal["refuse", "keep", "json_object"]
"""What becomes of a `json_schema` that the answer is to follow."""

GONE: Any = object()
"""Stands for an element that is left out of its list."""

LISTS = (list, tuple)

# The member of an object that the name of a row stands in, by the row's place.
TAGS: Mapping[str, Place] = {"field": (), "tool": ("type",), "item": ("type",), "part": ("type",), "role": ("role",)}

ChangesT = TypeVar("ChangesT")


class Options(NamedTuple):
    """What the caller of `adapt_request` wants.

    Attributes:
        keep: The names of fields, and the types and roles of the table, that are sent as they are.
        unknown: What becomes of a field that no table has.
        json_schema: What becomes of a `json_schema`.
    """

    keep: frozenset[str]
    unknown: UnknownAct
    json_schema: JSONSchemaAct


class Changes:
    """What is done to one body.

    Attributes:
        endpoint: The API of the body, `chat` or `responses`.
        options: What the caller wants.
        nodes: The hints of the request's fields, by name.
        rows: The rows of the table of foreign names, by place and name.
        tool_kinds: The types of tools that MiMo has.
        unchecked: The names of fields that the spec may refuse, as the caller wants it.
        notes: What is worth knowing of what was done.
        dropped: The places of all that was left out.
    """

    def __init__(self, endpoint: Endpoint[Any, Any, Any], options: Options) -> None:
        self.endpoint = endpoint.protocol or "chat"
        self.options = options
        self.nodes = {field.key: field.node for field in shape_of(endpoint.request).fields}
        self.rows = {place: foreign_names(self.endpoint, place) for place in TAGS}
        tools = self.nodes.get("tools")
        self.tool_kinds = tuple(tools.item.structs) if tools and tools.item else ()
        self.unchecked = set(options.keep)
        self.notes: list[Finding] = []
        self.dropped: list[str] = []

    def row(self, place: str, name: object, at: Place = ()) -> ForeignName | None:
        """Give the row that the table of foreign names has for this endpoint; None for a name that is kept.

        Args:
            place: What the name is a name of.
            name: The name.
            at: The place of the object that the name is a tag of.
        """
        row = self.rows[place].get(name) if isinstance(name, str) else None
        return None if row is None or self.keeps(row.name, at) else row

    def keeps(self, name: str, at: Place) -> bool:
        """Whether the caller keeps a name; the field that it stands in is not held to the spec then."""
        kept = name in self.options.keep
        if kept:
            self.unchecked.update(map(str, at[:1]))
        return kept

    def note(self, code: str, at: Place, message: str, source: str, severity: Severity = "ignored") -> None:
        """Note something that was done at a place."""
        self.notes.append(Finding(code, severity, path_of(at), message, source))

    def drop(self, at: Place) -> None:
        """Take down that something was left out."""
        self.dropped.append(path_of(at).removeprefix("$").removeprefix("."))

    def change(self, at: Place, message: str, source: str) -> None:
        """Take down that something was left out that the caller will not get."""
        self.drop(at)
        self.note("changed", at, message, source)

    def act(self, row: ForeignName, at: Place, value: object = GONE) -> None:
        """Leave out what a row of the table is about, or refuse it.

        Args:
            row: The row.
            at: The place of the field, or of the object that the name is a tag of.
            value: The value, where some are harmless.

        Raises:
            Mismatch: The row refuses it.
        """
        message = f'"{row.name}": {row.advice}'
        if row.act == "dropped" or has_value(row.harmless, value):
            self.drop(at)
        elif row.act == "changed":
            self.change(at, message, row.source)
        else:
            raise refusal((*at, *TAGS[row.place]), message)


def path_of(at: Place) -> str:
    """Write a place as a JSONPath."""
    return refusal(at, "").path


def refusal(at: Place, reason: str) -> Mismatch:
    """Make the error that refuses what is at a place."""
    return Mismatch(reason, *reversed(at))


def has_value(values: tuple[Any, ...], value: object) -> bool:
    """Whether a JSON value is one of several; true and 1 are two values, 1 and 1.0 are one."""
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in values)


def adapt_each(elements: Any, at: Place, changes: ChangesT, adapt: Callable[[Any, Place, ChangesT], Any]) -> Any:
    """Adapt the elements of a list.

    Args:
        elements: The list; what is none is handed back.
        at: The place of the list.
        changes: What `adapt` gets too, to take down what it does.
        adapt: Gets an element and its place, and gives what is to stand there, or `GONE`.

    Returns:
        A new list, or the same one where no element has changed.
    """
    if elements.__class__ not in LISTS:
        return elements
    adapted = [adapt(element, (*at, number), changes) for number, element in enumerate(elements)]
    return elements if all(map(is_, adapted, elements)) else [each for each in adapted if each is not GONE]


def adapt_member(
    holder: dict[str, Any], name: str, at: Place, changes: ChangesT, adapt: Callable[[Any, Place, ChangesT], Any]
) -> dict[str, Any]:
    """Adapt the elements of a list that an object has under a name.

    Args:
        holder: The object.
        name: The name; what is no list there stays.
        at: The place of the object.
        changes: As for `adapt_each`.
        adapt: As for `adapt_each`.

    Returns:
        A copy of the object, or the same one where no element has changed.
    """
    elements = holder.get(name)
    if elements.__class__ not in LISTS:
        return holder
    adapted = adapt_each(elements, (*at, name), changes, adapt)
    return holder if adapted is elements else {**holder, name: adapted}
