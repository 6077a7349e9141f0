"""What the model says in the tool loops: two calls one after the other, and an answer with a source."""

from __future__ import annotations

from typing import Any

from mimo_proto.testing import Call, Turn

__all__ = ["RESULTS", "TURNS", "told"]

FOUND = {
    "type": "url_citation",
    "url": "https://example.com/harbin",
    "title": "Harbin",
    "summary": "Cold.",
    "site_name": "Example",
    "publish_time": "2026-10-02T08:00:00+08:00",
    "logo_url": "https://example.com/icon.png",
}
"""A source of MiMo's web search, in its flat form, which OpenAI's types refuse."""

TURNS = [
    Turn(reasoning="First the weather.", calls=[Call("get_weather", {"city": "Harbin"})]),
    Turn("Now the time.", reasoning="Then the time.", calls=[Call("get_time", {"city": "Harbin"})]),
    Turn("Cold noon.", reasoning="Both are known.", annotations=[FOUND]),
]
RESULTS = ["-11 in Harbin", "noon in Harbin"]
"""What the tools say to the two calls."""


def told(body: Any) -> list[str]:
    """The results of tools that a request has."""
    turns = body.get("messages") or body["input"]
    outputs = [turn.get("content") if turn.get("role") == "tool" else turn.get("output") for turn in turns]
    return [output for output in outputs if output is not None]
