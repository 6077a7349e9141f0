"""Requests for preflight, and what it finds in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto import preflight

if TYPE_CHECKING:
    from mimo_proto import Finding

__all__ = ["CALL", "CHAT", "ELSEWHERE", "IMAGE", "RESPONSES", "found", "only"]

CHAT: dict[str, Any] = {"model": "mimo-v2.6-pro", "messages": [{"role": "user", "content": "hi"}]}
RESPONSES: dict[str, Any] = {"model": "mimo-v2.6-pro", "input": "hi"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
ELSEWHERE = "https://gateway.example/v1"


def found(request: Any, **options: Any) -> list[tuple[str, str, str]]:
    """Code, severity and path of each finding."""
    return [(finding.code, finding.severity, finding.path) for finding in preflight(request, **options)]


def only(request: Any, **options: Any) -> Finding:
    """The one finding."""
    [finding] = preflight(request, **options)
    return finding
