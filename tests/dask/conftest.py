"""These tests want Dask, which `make examples-dask` brings; without it they are not collected at all."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent

collect_ignore = [] if find_spec("distributed") else [path.name for path in HERE.glob("test_*.py")]
