"""`mimo-proto validate` and `preflight`: look at requests before they are sent.

Rules: a file holds one request, or one on each line. Nothing is sent. No clock is read, so that a file has the same
findings on every day.
"""

from __future__ import annotations

import os
from datetime import date
from typing import TYPE_CHECKING

from mimo_proto.cli.output import fail, printable, write_line
from mimo_proto.cli.requests import read_request, requests_in
from mimo_proto.errors import InvalidRequestError
from mimo_proto.protocol.preflight import preflight
from mimo_proto.protocol.validate import validate

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

__all__ = ["add_commands"]


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; the argument is that of `ask.add_commands`."""
    file_help = "a file with the JSON of a request, or of one on each line; - is stdin"
    check = add("validate", help="check requests against the spec")
    check.add_argument("file", nargs="+", help=file_help)
    check.set_defaults(run=_check_files, look_at=_validate)

    look = add("preflight", help="say what MiMo would refuse, ignore or do otherwise than one thinks")
    look.add_argument("file", nargs="+", help=file_help)
    look.add_argument("--today", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the day on which it is sent")
    look.set_defaults(run=_check_files, look_at=_preflight)


def _check_files(chosen: argparse.Namespace) -> int:
    status = 0
    for name in chosen.file:
        try:
            requests = list(requests_in(name))
        except OSError as error:
            status = fail(str(error), 1)
            continue
        for place, text in requests:
            try:
                status |= chosen.look_at(place, text, chosen)
            except InvalidRequestError as error:
                status = fail(f"{place}: {error}", 1)
    return status


def _validate(place: str, text: bytes, _: argparse.Namespace) -> int:
    write_line(f"{place}: a {type(validate(read_request(text))).__name__}")
    return 0


def _preflight(place: str, text: bytes, chosen: argparse.Namespace) -> int:
    """Look at a request; the key and the base URL are those of the environment."""
    base_url, api_key = os.environ.get("MIMO_BASE_URL") or None, os.environ.get("MIMO_API_KEY")
    findings = preflight(read_request(text), base_url=base_url, api_key=api_key, today=chosen.today)
    for each in findings:
        write_line(printable(f"{place}: {each.severity} {each.path}: {each.message} ({each.code}; {each.source})"))
    return int(any(each.severity == "refused" for each in findings))
