"""When a stream is complete."""

from __future__ import annotations

__all__ = ["TERMINAL"]

TERMINAL = ("response.completed", "response.incomplete", "response.failed")
"""The types of the events that end a Responses stream."""
