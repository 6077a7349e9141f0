"""Clients of other HTTP libraries that `AsyncClient` can send with, told apart without importing any of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, Protocol

from mimo_proto.aio.httpx import HTTPXLibrary
from mimo_proto.errors import ConfigurationError

if TYPE_CHECKING:
    from mimo_proto.aio.library import HTTPLibrary

__all__ = ["AiohttpSession", "HTTPXClient", "library_of"]


class HTTPXClient(Protocol):
    """What type checkers tell an `httpx.AsyncClient` or `httpx2.AsyncClient` by.

    A union of the classes themselves would be Any where one of the libraries is not installed.
    """

    @property
    def is_closed(self) -> bool:
        """Whether it is closed."""
        ...

    async def aclose(self) -> None:
        """Close it; never called here."""
        ...


class AiohttpSession(Protocol):
    """What type checkers tell an `aiohttp.ClientSession` by."""

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        ...

    @property
    def connector(self) -> object:
        """What holds its connections."""
        ...

    async def close(self) -> None:
        """Close it; never called here."""
        ...


KNOWN: Final = "an aiohttp.ClientSession, httpx.AsyncClient or httpx2.AsyncClient"


def library_of(http: Any) -> HTTPLibrary:
    """Find out how a client of another library is used.

    Args:
        http: The client, or an object of a class that is derived from its class.

    Raises:
        ConfigurationError: It is none that can be used.
    """
    for kind in type(http).__mro__:
        match kind.__module__.partition(".")[0], kind.__name__:
            case "aiohttp", "ClientSession":
                from mimo_proto.aio.aiohttp import AiohttpLibrary  # noqa: PLC0415 - it needs aiohttp

                return AiohttpLibrary(http)
            case ("httpx" | "httpx2") as package, "AsyncClient":
                return HTTPXLibrary(http, sys.modules[package])
            case _:
                pass
    raise ConfigurationError(f"http= takes {KNOWN}, not {_named(http)}; without http= none is needed")


def _named(http: object) -> str:
    """Name what came by its class; a `repr` might hold a secret."""
    kind = http if isinstance(http, type) else type(http)
    name = f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"
    return f"the class {name}, of which it takes an object" if kind is http else f"an object of {name}"
