"""Packages that a test generates, imported from where they are."""

import importlib.util
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

__all__ = ["imported"]


@contextmanager
def imported(directory: Path) -> Generator[ModuleType, None, None]:
    """A package under the name of its directory, forgotten at the end."""
    spec = importlib.util.spec_from_file_location(directory.name, directory / "__init__.py")
    assert spec
    assert spec.loader
    module = sys.modules[directory.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    for name in [name for name in sys.modules if name.split(".")[0] == directory.name]:
        del sys.modules[name]
