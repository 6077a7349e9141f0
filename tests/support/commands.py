"""Commands of `mimo-proto`: in this process, with a stdin of one's own, or in one of their own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

__all__ = ["give", "start"]


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
