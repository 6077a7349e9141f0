"""The command line: `mimo-proto`, the same as `python -m mimo_proto`.

Rules:

- What was asked for goes to stdout, everything else (thinking, errors) to stderr, so that the output can be piped on.
- An error is one line, and a hint a second one where the environment is to blame; no traceback.
- The exit status is 0 for done, 1 for an error of the server, the connection or the data, 2 for a wrong call,
  130 after Ctrl-C and 141 when the reader of the output has gone.
- The key and the base URL come from the environment: MIMO_API_KEY and MIMO_BASE_URL.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import TYPE_CHECKING

from mimo_proto._version import __version__
from mimo_proto.cli import ask, check, decode, generate, send, serve
from mimo_proto.cli.connection import find_hint, open_client, option_parser
from mimo_proto.cli.demo import run_demo
from mimo_proto.cli.output import fail, write_line
from mimo_proto.errors import ConfigurationError, MimoError
from mimo_proto.models import SPEC_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

MODEL = "mimo-v2.6-pro"
EPILOG = """MIMO_API_KEY has the key, and MIMO_BASE_URL says where to. The exit status is 0 for done, 1 for an error of
the server, the connection or the data, 2 for a wrong call, 130 after Ctrl-C, and 141 when the reader of the output has
gone."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The arguments behind the program's name; those of the process by default.

    Returns:
        The exit status.
    """
    for out in (sys.stdout, sys.stderr):
        if isinstance(out, io.TextIOWrapper):
            out.reconfigure(errors="backslashreplace")  # text that the terminal's encoding lacks is not an error
    chosen = _parser().parse_args(arguments)
    try:
        status: int = chosen.run(chosen) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer must not be tried again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return fail("interrupted", 130)
    except (MimoError, OSError) as error:
        status = fail(str(error), 2 if isinstance(error, ConfigurationError) else 1)
        if hint := find_hint(error):
            fail(f"hint: {hint}", status)
    return status


def _parser() -> argparse.ArgumentParser:
    description = "Talk to Xiaomi MiMo, and look at what it says."
    parser = argparse.ArgumentParser(prog="mimo-proto", description=description, epilog=EPILOG)
    version = f"mimo-proto {__version__}, spec {SPEC_VERSION}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add, connection = commands.add_parser, option_parser()

    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("--model", default=MODEL, help="which model answers (%(default)s)")

    demo_help = "five exchanges: with MiMo if MIMO_API_KEY is set, else with a local stand-in"
    add("demo", help=demo_help, parents=[model]).set_defaults(run=_demo)
    add("models", help="list the models, one a line", parents=[connection]).set_defaults(run=_models)
    ask.add_commands(add, [model, connection])
    send.add_commands(add, [connection])
    serve.add_commands(add)
    decode.add_commands(add)
    check.add_commands(add)
    generate.add_options(add("generate", help="write models of the spec, with your additions to it"))
    return parser


def _demo(chosen: argparse.Namespace) -> None:
    run_demo(chosen.model)


def _models(chosen: argparse.Namespace) -> None:
    with open_client(chosen) as client:
        for model in client.list_models().data:
            write_line(model.id)
