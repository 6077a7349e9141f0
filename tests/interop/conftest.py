"""These tests want other people's packages, which `make interop` brings; without them they are not collected at all."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent

collect_ignore = [] if find_spec("openai") else [path.name for path in HERE.glob("test_*.py")]
