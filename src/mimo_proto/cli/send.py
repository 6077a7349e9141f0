"""`mimo-proto send`: a request from a file, and the answer as JSON.

Rules: the request is checked and sent as it is. Where it has `"stream": true`, the events are written as they come,
one a line; else the reply is one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mimo_proto.cli.connection import open_client
from mimo_proto.cli.endpoints import ENDPOINTS
from mimo_proto.cli.output import fail_if_failed, write_line
from mimo_proto.cli.requests import opened, read_request
from mimo_proto.cli.text import json_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

__all__ = ["add_commands"]


def add_commands(add: Callable[..., argparse.ArgumentParser], parents: list[argparse.ArgumentParser]) -> None:
    """Add the command; the arguments are those of `ask.add_commands`."""
    send = add("send", help="send the request in a file; the reply, or each event, is a line of JSON", parents=parents)
    send.add_argument("endpoint", choices=ENDPOINTS, help="which API it goes to")
    send.add_argument("file", help="a file with the JSON of a request; - is stdin")
    send.set_defaults(run=_send)


def _send(chosen: argparse.Namespace) -> int:
    with opened(chosen.file) as file:
        request = read_request(file.read())
    endpoint = ENDPOINTS[chosen.endpoint]
    with open_client(chosen) as client:
        if request.get("stream") is not True:
            reply = client.send(endpoint, request).value
            write_line(json_line(reply))
            return fail_if_failed(reply)
        del request["stream"]  # the method says it
        with client.stream(endpoint, request) as stream:
            for event in stream:
                write_line(json_line(event))
            return fail_if_failed(stream.result())
