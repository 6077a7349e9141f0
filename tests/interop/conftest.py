"""These tests want packages that `make interop` brings: the official client, and pydantic-ai; without, none runs."""

from __future__ import annotations

from importlib.util import find_spec

NEEDED = {"test_openai.py": "openai", "test_openai_shape.py": "openai", "test_pydantic_ai.py": "pydantic_ai"}
collect_ignore = [test for test, package in NEEDED.items() if not find_spec(package)]
