"""Generated files: what is stale among them, what would change, and writing them."""

import difflib
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from .header import is_generated

__all__ = ["compare_files", "find_stale", "write_files"]


def find_stale(directory: Path, files: Mapping[Path, str]) -> list[Path]:
    """The modules in a directory that we generated once, and do not any more."""
    return [path for path in sorted(directory.glob("*.py")) if path not in files and is_generated(path)]


def write_files(files: Mapping[Path, str], stale: Iterable[Path]) -> None:
    """Delete what is stale, and write the rest.

    Raises:
        OSError: A file cannot be written, or its directory made.
    """
    for directory in {path.parent for path in files}:
        directory.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.unlink()
    for path, text in files.items():
        path.write_text(text, "utf-8", newline="\n")


def compare_files(files: Mapping[Path, str]) -> bool:
    """Print what would change in the files, as a diff; whether anything would."""
    changed = False
    for path, text in files.items():
        old = path.read_bytes() if path.exists() else b""
        if old != text.encode():
            changed = True
            name = os.path.relpath(path)
            lines = (old.decode("utf-8", "backslashreplace").splitlines(keepends=True), text.splitlines(keepends=True))
            sys.stdout.writelines(difflib.unified_diff(*lines, f"{name} (as it is)", f"{name} (as generated)"))
    return changed
