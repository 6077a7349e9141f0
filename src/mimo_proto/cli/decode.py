"""`mimo-proto decode`: what was recorded of a server, as lines of JSON.

Rules: the first bytes say whether it is an event stream or a JSON answer, and the first event that says so (or the
answer) which API it came from; where nothing does, it is read as one of Chat Completions. A pipe is read as it comes.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from mimo_proto.cli.endpoints import ENDPOINTS
from mimo_proto.cli.output import fail, write_line
from mimo_proto.cli.requests import opened
from mimo_proto.cli.text import json_line
from mimo_proto.errors import APIError, DecodeError
from mimo_proto.protocol.decode import read_json
from mimo_proto.protocol.json_types import is_object
from mimo_proto.protocol.response import FirstBytes, parse_response
from mimo_proto.protocol.sse import SSEDecoder
from mimo_proto.protocol.stream import StreamDecoder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["add_commands"]

BLOCK_BYTES = 65_536


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; the argument is that of `ask.add_commands`."""
    decode = add("decode", help="turn a recorded stream, or a JSON answer, into one JSON object a line")
    decode.add_argument("file", nargs="?", default="-", help="what the server sent; - is stdin (the default)")
    decode.add_argument("--api", choices=ENDPOINTS, help="which API it came from; the events say so by default")
    decode.set_defaults(run=_decode)


def _decode(chosen: argparse.Namespace) -> int:
    with opened(chosen.file) as file:
        chunks: Iterator[bytes] = iter(lambda: file.read1(BLOCK_BYTES), b"")  # as they come, not when a block is full
        first = FirstBytes(BLOCK_BYTES)
        while first.is_event_stream is None:
            first.feed(next(chunks, b""))
        if not first.is_event_stream:
            return _show_answer(b"".join([first.data, *chunks]), chosen.api)
        _show_stream(chain([first.data], chunks), chosen.api)
    return 0


def _show_answer(body: bytes, api: str | None) -> int:
    """Show a JSON answer; the exit status."""
    try:
        write_line(json_line(parse_response(ENDPOINTS[api or _api_of(body) or "chat"], 200, {}, body)))
    except APIError as error:
        # The recording has the body alone: the status in the error's text is our own.
        code = f", code {error.code}" if error.code else ""
        return fail(f"the server's error{code}: {error.message}", 1)
    return 0


def _show_stream(chunks: Iterable[bytes], api: str | None) -> None:
    if api is None:
        api, chunks = _api_of_stream(chunks)
    for event in StreamDecoder(ENDPOINTS[api]).events(chunks):
        write_line(json_line(event))


def _api_of_stream(chunks: Iterable[bytes]) -> tuple[str, Iterable[bytes]]:
    """Read on until an event says which API it came from; gives also the bytes, those that were read included."""
    seen: list[bytes] = []
    rest = iter(chunks)
    decoder = SSEDecoder()
    for chunk in rest:
        seen.append(chunk)
        for event in decoder.feed(chunk):
            api = "responses" if event.event.startswith("response.") else _api_of(event.data.encode())
            if api is not None:
                return api, chain(seen, rest)
    return "chat", seen


def _api_of(text: bytes) -> str | None:
    """Which API the JSON of an answer or of an event came from; None where it does not say so."""
    try:
        value: Any = read_json(text)
    except DecodeError:
        return None
    if not is_object(value):
        return None
    if str(value.get("type")).startswith("response.") or "output" in value:
        return "responses"
    return "chat" if "choices" in value else None
