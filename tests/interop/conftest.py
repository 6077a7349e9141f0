"""These tests want the official client, which `make interop` brings; without it they are not collected at all."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("openai") else ["test_from_openai.py", "test_openai.py", "test_openai_shape.py"]
