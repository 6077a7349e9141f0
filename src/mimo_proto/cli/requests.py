"""Requests in files: one as JSON, or one on each line (JSON Lines); which of the two, the first line says."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto.errors import InvalidRequestError

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
    lines = [(number, line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    if len(lines) > 1 and _is_json(lines[0][1]):
        yield from ((f"{name}:{number}", line) for number, line in lines)
    else:
        yield name, data


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


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
