"""Clients of other HTTP libraries that `AsyncClient` can send with, told apart without importing any of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from mimo_proto.errors import ConfigurationError

if TYPE_CHECKING:
    from mimo_proto.aio.library import HTTPLibrary

__all__ = ["library_of"]

LIBRARIES: Final = {
    ("aiohttp", "ClientSession"): ("mimo_proto.aio.aiohttp", "AiohttpLibrary"),
    ("httpx", "AsyncClient"): ("mimo_proto.aio.httpx", "HTTPXLibrary"),
}
"""By package and class of the client: our module for it, and the class there."""


def library_of(http: object) -> HTTPLibrary:
    """Find out how a client of another library is used.

    Args:
        http: The client, or an object of a class that is derived from its class.

    Raises:
        ConfigurationError: It is not known.
    """
    for kind in type(http).__mro__:
        found = LIBRARIES.get((kind.__module__.partition(".")[0], kind.__name__))
        if found is not None:
            module, name = found
            library: HTTPLibrary = getattr(import_module(module), name)(http)
            return library
    known = " or ".join(f"{package}.{name}" for package, name in LIBRARIES)
    raise ConfigurationError(f"http= takes an {known}, and what came is of type {type(http).__qualname__}")
