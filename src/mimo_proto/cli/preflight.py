"""Requests in files, looked at before they are sent.

Rules: a file holds one request as JSON, or one on each line (JSON Lines): which of the two, its first line says. No
clock is read, so that a file has the same findings on every day.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto.errors import InvalidRequestError
from mimo_proto.protocol.preflight import preflight

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from mimo_proto.protocol.finding import Finding

__all__ = ["check_file"]


def check_file(name: str, data: bytes, today: date | None) -> Iterator[tuple[str, list[Finding] | str]]:
    """Look at the requests of a file; the key and the base URL are those of the environment.

    Args:
        name: The name of the file, for the places.
        data: The bytes of the file.
        today: The day on which the requests are to be sent, or None.

    Yields:
        The place of each request, and what was found in it; or why it is none.

    Raises:
        ConfigurationError: The base URL is none.
    """
    base_url, api_key = os.environ.get("MIMO_BASE_URL") or None, os.environ.get("MIMO_API_KEY")
    for place, text in _requests(name, data):
        try:
            request: Any = msgspec.json.decode(text)
            yield place, preflight(request, base_url=base_url, api_key=api_key, today=today)
        except (InvalidRequestError, msgspec.DecodeError, UnicodeDecodeError) as error:
            yield place, str(error)


def _requests(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Take the requests of a file apart, each with its place."""
    lines = [(number, line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    if len(lines) > 1 and _is_json(lines[0][1]):
        yield from ((f"{name}:{number}", line) for number, line in lines)
    else:
        yield name, data


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
