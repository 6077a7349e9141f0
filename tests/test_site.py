"""The site of the documentation, as far as it can be held without Sphinx; `make docs` makes it, and warns."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

import mimo_proto
from tests.support.signatures import public_names

REFERENCE = Path(__file__).parents[1] / "docs/reference"
PAGES = "\n".join(page.read_text("utf-8") for page in sorted(REFERENCE.glob("*.md")))
VERSIONS = {"__version__", "SPEC_VERSION"}
DIRECTIVE = re.compile(r"^\.\. (?P<kind>\w+):: (?P<name>[\w.]+)$", re.MULTILINE)


def described() -> list[str]:
    """What the pages of the reference describe, each as module and name; of a whole module what its `__all__` lists."""
    names: list[str] = []
    current = ""
    for directive in DIRECTIVE.finditer(PAGES):
        match directive["kind"]:
            case "currentmodule":
                current = directive["name"]
            case "automodule":
                names += [f"{directive['name']}.{name}" for name in public_names(directive["name"])]
            case _:
                names.append(f"{current}.{directive['name']}")
    return names


def imported(name: str) -> str:
    """A name as users import it: from the root, where it is there."""
    last = name.rpartition(".")[2]
    return f"mimo_proto.{last}" if last in mimo_proto.__all__ else name


@pytest.mark.parametrize("module", ["mimo_proto", "mimo_proto.testing"])
def test_the_reference_has_every_public_name(module: str) -> None:
    names = {f"{module}.{name}" for name in public_names(module) if name not in VERSIONS}
    assert names - set(map(imported, described())) == set()


def test_the_reference_has_no_name_twice() -> None:
    assert [name for name, count in Counter(map(imported, described())).items() if count > 1] == []


def test_the_reference_has_no_name_that_is_none() -> None:
    for module, _, name in (name.rpartition(".") for name in described()):
        assert hasattr(import_module(module), name), f"{module}.{name}"
