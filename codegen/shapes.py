"""The way that each definition travels, found by following the references from the roots.

- sent: reachable from a root with `x-root: sent`; received: from one with `x-root: received`; both: from either.
- sent back: what is given back in a later request (both, and what an `x-accepts` names, with all that these reach).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .spec import Definition

__all__ = ["Shape", "Shapes", "find_shapes"]

Shape: TypeAlias = Literal["sent", "received", "both"]


@dataclass(frozen=True)
class Shapes:
    """The names of the definitions, by the way that they travel.

    Attributes:
        sent: What a request may hold.
        received: What a reply or event may hold.
        sent_back: What is received, and given back in a later request.
    """

    sent: frozenset[str]
    received: frozenset[str]
    sent_back: frozenset[str]

    def of(self, name: str) -> Shape:
        """The shape of one definition."""
        if name not in self.sent:
            return "received"
        return "both" if name in self.received else "sent"


def find_shapes(definitions: Mapping[str, Definition]) -> Shapes:
    """Give every definition its direction."""
    roots: dict[str, list[str]] = {"sent": [], "received": []}
    accepted: list[str] = []
    for name, definition in definitions.items():
        if "x-root" in definition.schema:
            roots[definition.schema["x-root"]].append(name)
        accepted += definition.schema.get("x-accepts", [])
    sent, received = _reachable(definitions, roots["sent"]), _reachable(definitions, roots["received"])
    return Shapes(sent, received, (sent & received) | _reachable(definitions, accepted))


def _reachable(definitions: Mapping[str, Definition], names: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += definitions[name].references
    return frozenset(found)
