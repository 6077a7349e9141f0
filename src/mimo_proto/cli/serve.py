"""`mimo-proto serve`: a stand-in for MiMo on this machine, until Ctrl-C."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from mimo_proto.cli.output import write_line
from mimo_proto.testing import LoopbackServer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

__all__ = ["add_commands"]


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; the argument is that of `ask.add_commands`."""
    serve = add("serve", help="answer as MiMo does on this machine, until Ctrl-C; prints the variables to export")
    serve.add_argument("--port", type=int, default=0, help="the port to listen on; a free one by default")
    serve.set_defaults(run=_serve)


def _serve(chosen: argparse.Namespace) -> None:
    with contextlib.suppress(KeyboardInterrupt), LoopbackServer(port=chosen.port) as server:
        write_line(f"export MIMO_API_KEY={server.api_key}")
        write_line(f"export MIMO_BASE_URL={server.base_url}")
        while True:
            time.sleep(60)  # unlike a wait for an Event, Ctrl-C ends it on every system
