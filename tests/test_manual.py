"""The docstring of the package is its manual: `pydoc mimo_proto` begins with it."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING

import mimo_proto

if TYPE_CHECKING:
    import pytest

    from mimo_proto.testing import LoopbackServer

MANUAL = mimo_proto.__doc__ or ""


def test_its_example_prints_what_it_shows(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIMO_API_KEY", server.api_key)
    monkeypatch.setenv("MIMO_BASE_URL", server.base_url)
    example = doctest.DocTestParser().get_doctest(MANUAL, {}, "mimo_proto", mimo_proto.__file__, 0)
    report: list[str] = []
    found = doctest.DocTestRunner().run(example, out=report.append)
    assert (found.failed, found.attempted > 5) == (0, True), "".join(report)


def test_every_name_in_it_is_there() -> None:
    import_module("mimo_proto.testing")
    names = re.findall(r"`([\w.]+)`", MANUAL)
    assert len(names) > 40
    for name in names:
        attrgetter(name)(mimo_proto)


def test_it_has_what_is_called_by_those_who_use_the_package() -> None:
    """All functions and what has methods of its own; not the types of what is sent and received."""
    said = set(re.findall(r"`(\w+)", MANUAL))
    called = [name for name in mimo_proto.__all__ if name[0].islower() and name != "__version__"]
    assert [name for name in called if name not in said] == []
