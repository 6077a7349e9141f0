"""`mimo-proto generate`: models of the spec and of a caller's additions, by the generator that the wheel holds."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mimo_proto.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse

__all__ = ["add_options"]

GENERATOR = "mimo_proto.codegen"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give the command's parser its options, and what is run."""
    parser.add_argument("--overlay", help="a directory of additions to the spec; see docs/how-to-extend.md")
    parser.add_argument("--out", required=True, help="the directory of the package that is written")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 with a diff if a file would change")
    parser.set_defaults(run=_generate)


def _generate(chosen: argparse.Namespace) -> int:
    if find_spec(GENERATOR) is None:
        raise ConfigurationError("the generator is a part of the wheel; in a checkout it is `python -m codegen`")
    arguments = ["--out", chosen.out, *(["--check"] if chosen.check else [])]
    if chosen.overlay:
        arguments += ["--overlay", chosen.overlay]
    status: int = import_module(f"{GENERATOR}.__main__").main(arguments)
    return status
