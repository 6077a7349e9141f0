"""The table of foreign names, looked up: what other servers' requests have, and MiMo's lack.

The rows are those of spec/facts/foreign.json.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

from mimo_proto.models.foreign_names import FOREIGN_NAMES, ForeignName

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["foreign_hint", "foreign_names", "renamed_fields"]

# How alike a name of the spec must be to be offered in place of one that nobody has: a slip of the pen, not a guess.
SLIP = 0.9


@cache
def foreign_names(endpoint: str, place: str) -> Mapping[object, ForeignName]:
    """Give the rows of the table, by name.

    Args:
        endpoint: The API of the request, `chat` or `responses`.
        place: What the names are names of: `field`, `tool`, `item`, `part` or `role`.
    """
    return {row.name: row for row in FOREIGN_NAMES if row.place == place and endpoint in row.endpoints}


def renamed_fields(endpoint: str) -> list[ForeignName]:
    """List the fields that are sent under another name, in the order of precedence.

    Args:
        endpoint: The API of the request, `chat` or `responses`.
    """
    return [row for row in FOREIGN_NAMES if row.act == "renamed" and endpoint in row.endpoints]


def foreign_hint(name: str, known: Collection[str]) -> str:
    """Say in brackets what to do about a field that a request does not have; "" where nothing is known.

    Args:
        name: The field's name.
        known: The names of the fields that the request has.
    """
    row = foreign_names("responses" if "input" in known else "chat", "field").get(name)
    if row is None:
        close = get_close_matches(name, known, 1, SLIP)
        return f' (it has "{close[0]}")' if close else ""
    return f' (it has "{row.to}")' if row.to in known else f" ({row.advice})"
