"""The client of the command line: from the environment; and hints where its variables are to blame.

Rules: a hint is one line, names the variable or the option, and says what to write there.
"""

from __future__ import annotations

import argparse
import os
import re

from mimo_proto.client import Client
from mimo_proto.errors import ConfigurationError, ConnectError, NotFoundError

__all__ = ["find_hint", "open_client", "option_parser"]

VERSIONED = re.compile(r".*/v[0-9]+/?")
"""A base URL that ends as those of this protocol do."""


def option_parser() -> argparse.ArgumentParser:
    """Make the parser of the options that every command has which calls a server."""
    options = argparse.ArgumentParser(add_help=False)
    allow_http_help = "allow a plain http:// base URL to another machine: the key can be read on the way"
    options.add_argument("--allow-http", action="store_true", help=allow_http_help)
    return options


def open_client(chosen: argparse.Namespace) -> Client:
    """Make the client of a command.

    Args:
        chosen: The arguments of the command.

    Raises:
        ConfigurationError: No key, or a key or a base URL that cannot be used.
    """
    if not os.environ.get("MIMO_API_KEY"):
        raise ConfigurationError("there is no key: set the variable MIMO_API_KEY to yours")
    return Client(allow_http=chosen.allow_http)


def find_hint(error: Exception) -> str:
    """Say what to do about an error for which a variable of the environment is to blame; "" for any other."""
    base_url = os.environ.get("MIMO_BASE_URL", "")
    if isinstance(error, ConfigurationError) and not os.environ.get("MIMO_API_KEY"):
        return "without a key there is `mimo-proto demo`, and `mimo-proto serve` prints variables that work here"
    if isinstance(error, ConfigurationError) and "allow_http" in str(error):
        return "set MIMO_BASE_URL to an https:// URL, or add --allow-http where nobody else can read the network"
    if isinstance(error, ConnectError) and "[SSL" in str(error) and "CERTIFICATE" not in str(error):
        return f"does the server speak plain http? MIMO_BASE_URL, {base_url!r}, then has to begin with http://"
    if isinstance(error, NotFoundError) and base_url and not VERSIONED.fullmatch(base_url):
        return f"MiMo's base URLs end in /v1, and MIMO_BASE_URL does not: {base_url!r}"
    return ""
