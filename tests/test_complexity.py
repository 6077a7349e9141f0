"""No class holds more than a reader can keep in mind: twelve attributes, Structs and exceptions aside.

What the linters count (branches, statements, nesting) is in pyproject.toml and the Makefile; attributes they do not.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [path for folder in ("src", "codegen") for path in sorted((ROOT / folder).rglob("*.py"))]
MAX_ATTRIBUTES = 12
# What has fields for its purpose.
EXEMPT = {"Struct", "NamedTuple", "TypedDict", "Exception", "BaseException"}


def name_of(base: ast.expr) -> str:
    """The last name of a base class: `Struct` of `msgspec.Struct`, `Generic` of `Generic[T]`."""
    return ast.unparse(base).partition("[")[0].rpartition(".")[2]


def classes(tree: ast.AST) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


BASES = {
    cls.name: set(map(name_of, cls.bases)) for path in FILES for cls in classes(ast.parse(path.read_text("utf-8")))
}


def ancestors(name: str) -> set[str]:
    """The names of all classes that a class comes from."""
    found: set[str] = set()
    ahead = {name}
    while ahead:
        found |= ahead
        ahead = {base for each in ahead for base in BASES.get(each, ())} - found
    return found


def attributes(cls: ast.ClassDef) -> set[str]:
    """The attributes that a class sets, in whichever of its methods."""
    return {
        node.attr
        for node in ast.walk(cls)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_class_sets_at_most_twelve_attributes(path: Path) -> None:
    counted = {
        cls.name: len(attributes(cls))
        for cls in classes(ast.parse(path.read_text("utf-8")))
        if not ancestors(cls.name) & EXEMPT
    }
    assert {name: count for name, count in counted.items() if count > MAX_ATTRIBUTES} == {}


def test_how_they_are_counted() -> None:
    [cls] = classes(
        ast.parse(
            "class A(b.B[T]):\n"
            " def __init__(self, a):\n"
            "  self.a, self.b = a\n"
            "  self.a = self.c['d'] = a.e = 1\n"
            "  self.f += 1\n"
            "  self.g: int\n"
        )
    )
    assert attributes(cls) == {"a", "b", "f", "g"}
    assert name_of(cls.bases[0]) == "B"
