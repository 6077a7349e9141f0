"""What the endpoints are called on the command line."""

from __future__ import annotations

from typing import Any

from mimo_proto.endpoints import CHAT_COMPLETIONS, RESPONSES, Endpoint

__all__ = ["ENDPOINTS"]

ENDPOINTS: dict[str, Endpoint[Any, Any, Any]] = {"chat": CHAT_COMPLETIONS, "responses": RESPONSES}
