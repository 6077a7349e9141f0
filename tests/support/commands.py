"""Commands in processes of their own: those of `mimo-proto`, and pytest; and a stdin for those in this process."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

__all__ = ["give", "run_pytest", "start"]


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Have a command in this process find these bytes on its stdin."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


def start(
    *arguments: str,
    stdin: int | IO[bytes] = subprocess.PIPE,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command in a process of its own.

    Args:
        *arguments: Those behind the program's name.
        stdin: As `subprocess.Popen` takes it, and so the others.
        stdout: What the output goes to.
        stderr: What errors go to.
        environment: Variables beside those of this process.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "mimo_proto", *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **(environment or {})},
    )


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, with warnings as errors."""
    plugins = ["-p", "no:cacheprovider", "-p", "no:xdist"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTEST_ADDOPTS": ""}
    for name in ("MIMO_API_KEY", "CI"):  # pytest prints each failure twice, in full, where CI is set
        environment.pop(name, None)
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", *plugins, *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=50)
