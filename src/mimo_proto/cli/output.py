"""What the command line writes: lines of output, and errors with the exit status that goes with them.

Rules: an error is one line on stderr; what a server wrote into it cannot break the line, or steer the terminal.
"""

from __future__ import annotations

import sys

from mimo_proto.models import Response

__all__ = ["fail", "fail_if_failed", "printable", "write_line"]


def write_line(line: str) -> None:
    """Write a line to stdout, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def printable(text: str) -> str:
    """Give a text that stays in its line and does not steer the terminal."""
    return "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))


def fail(message: str, status: int) -> int:
    """Write an error to stderr, behind what was written to stdout before, and give the exit status.

    Args:
        message: What happened; line breaks become blanks.
        status: The exit status.
    """
    sys.stdout.flush()
    sys.stderr.write(f"mimo-proto: {printable(message)}\n")
    return status


def fail_if_failed(result: object) -> int:
    """Give the exit status of a reply: 1, and an error, for a response whose status is "failed"; else 0."""
    if not isinstance(result, Response) or result.status != "failed":
        return 0
    said = [result.error.code, result.error.message] if result.error else []
    reason = ": ".join(str(part) for part in said if part is not None) or "the server gives no reason"
    return fail(f"the response has failed: {reason}", 1)
