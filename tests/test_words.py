"""The words of the house: what a private vocabulary once named has names from the field now (design, "Words").

Names are looked at where they are given: modules, functions, classes, arguments, attributes and variables. Prose, and
names of other libraries that are only used, are not.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "mimo_proto"

# What went, and what the field calls it. A word is refused as any part of a name.
GONE = {
    "everyday": "ordinary",
    "extra": "added or unknown fields",
    "film": "video",
    "films": "videos",
    "form": "prefix, delimiter, format or shape",
    "forms": "shapes",
    "fruitless": "what it counts",
    "half": "surrogate",
    "halves": "surrogates",
    "misfit": "mismatch",
    "over": "ended, closed or done",
    "picture": "image",
    "pictures": "images",
    "pieces": "parts, deltas, chunks or fragments",
    "tell": "report",
    "told": "reported",
    "trip": "end or cancel",
    "trust": "TLS context",
    "walk": "what it makes",
    "wire": "request or response",
    "words": "text",
}
# These are refused as whole names.
GONE_BY_THEMSELVES = {
    "Answer": "HTTP response or body",
    "plain": "JSON",
}
# Arguments that callers give.
PUBLIC = {"extra_body", "extra_headers"}
# Rooms whose names are still being mended.
MENDING: set[str] = set()

FILES = sorted(path for path in PACKAGE.rglob("*.py") if "models" not in path.parts)
ROOMS: dict[str, list[Path]] = {"codegen": sorted((ROOT / "codegen").rglob("*.py"))}
for _path in FILES:
    ROOMS.setdefault(_path.relative_to(PACKAGE).parts[0].removesuffix(".py"), []).append(_path)


def given_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The names that a module gives, with their lines."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                yield node.lineno, name
            case _:
                pass


def parts_of(name: str) -> list[str]:
    """The words of a name: `half_at`, `HalfAt` and `HALF_AT` have the same."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def gone(name: str) -> list[str]:
    """The refused words of a name."""
    if name in PUBLIC:
        return []
    whole = [name.strip("_")] if name.strip("_") in GONE_BY_THEMSELVES else []
    return whole + [part for part in parts_of(name) if part in GONE]


@pytest.mark.parametrize("room", ROOMS)
def test_the_words_that_went_are_no_names(room: str) -> None:
    if room in MENDING:
        pytest.skip("its names are being mended")
    found = [f"{path.relative_to(ROOT)}: {word}" for path in ROOMS[room] for word in gone(path.stem)]
    for path in ROOMS[room]:
        for line, name in given_names(ast.parse(path.read_text("utf-8"))):
            found += [f"{path.relative_to(ROOT)}:{line}: {name} ({word})" for word in gone(name)]
    assert found == []


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ("def tell(): pass", ["tell"]),
        ("class HalfAt: pass", ["half"]),
        ("class _Answer: pass", ["Answer"]),
        ("def f(extra, *, pieces, extra_body): pass", ["extra", "pieces"]),
        ("a.is_over = FORM_OF = 1", ["over", "form"]),
        ("import b as films", ["films"]),
        ("try: pass\nexcept E as misfit: pass", ["misfit"]),
        ("match a:\n case [b as trip, *told]: pass\n case {**walk}: pass", ["walk", "trip", "told"]),
        ("os.walk(format, trustworthy, a.answer)\nhalfway = sword = 'words'", []),
    ],
)
def test_where_they_are_looked_for(source: str, refused: list[str]) -> None:
    names = [name for _, name in given_names(ast.parse(source))]
    assert [word for name in names for word in gone(name)] == refused
