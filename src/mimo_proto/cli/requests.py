"""Requests in files: one as JSON, or one on each line (JSON Lines).

Rules: a file that is no JSON as a whole has a request on each line, if any line is a JSON object by itself: one that is
broken, be it the first, hides no other.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto.errors import InvalidRequestError
from mimo_proto.protocol.json_types import is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["opened", "read_request", "requests_in"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def opened(name: str) -> AbstractContextManager[Any]:
    """Open a file for its bytes; `-` is stdin, which stays open."""
    return nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb")


def requests_in(name: str) -> Iterator[tuple[str, bytes]]:
    """Yield the requests of a file, each with its place: the name of the file, and the number of the line.

    Raises:
        OSError: The file cannot be read.
    """
    with opened(name) as file:
        data: bytes = file.read()
    lines = [(f"{name}:{number}", line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    has_one_on_each = _json_in(data) is None and any(is_object(_json_in(line)) for _, line in lines)
    yield from lines if has_one_on_each else [(name, data)]


def read_request(text: bytes) -> dict[str, Any]:
    """Read the JSON of a request.

    Raises:
        InvalidRequestError: The text is not JSON, or not an object.
    """
    try:
        return msgspec.json.decode(text.removeprefix(BYTE_ORDER_MARK), type=dict[str, Any])
    except RecursionError:
        reason = "the JSON is nested too deeply"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = str(error)
    raise InvalidRequestError(reason)


def _json_in(text: bytes) -> Any:
    """Give the value of a JSON text; None for what is none."""
    try:
        return msgspec.json.decode(text.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
