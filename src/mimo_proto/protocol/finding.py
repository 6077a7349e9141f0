"""What was found in a request: by `adapt_request` about what it did, and by whoever looks at one before it is sent."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = ["Finding", "Severity"]

Severity = Literal["refused", "ignored", "risky", "info"]
"""What MiMo does: it refuses the request, ignores what was asked for, may do otherwise than expected, or nothing."""


class Finding(Struct, frozen=True):
    """One thing to know about a request.

    Attributes:
        code: The kind of finding, a stable word to match on. Those of `adapt_request`: `renamed` (sent under MiMo's
            name), `changed` (the caller does not get what the field asked for), `dropped` (a name that nobody knows was
            left out), `bounded` (a number went to the bound of its range). That of `ReasoningMemory.restore`: `filled`
            (a text stands for thinking that is not known).
        severity: What MiMo does, or would do, about it.
        path: The place in the body, as a JSONPath such as `$.messages[0].content`.
        message: What it is, and what to do.
        source: Where that is known from: keys and threads of spec/SOURCES.md; "" where nobody has to say it.
    """

    code: str
    severity: Severity
    path: str
    message: str
    source: str = ""
