"""What type checkers make of `AsyncClient(http=...)` where the libraries are installed; nothing does at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import httpx

from mimo_proto import AsyncClient

if TYPE_CHECKING:
    import httpx2

__all__ = ["refused", "taken"]


class Derived(httpx.AsyncClient):
    """One of a service's own."""


def taken(
    session: aiohttp.ClientSession, first: httpx.AsyncClient, second: httpx2.AsyncClient, derived: Derived
) -> None:
    AsyncClient(http=session)
    AsyncClient(http=first)
    AsyncClient(http=second)
    AsyncClient(http=derived)


def refused(first: httpx.Client, second: httpx2.Client, connector: aiohttp.TCPConnector) -> None:
    AsyncClient(http=first)  # type: ignore[arg-type]
    AsyncClient(http=second)  # type: ignore[arg-type]
    AsyncClient(http=connector)  # type: ignore[arg-type]
    AsyncClient(http=httpx.AsyncClient)  # type: ignore[arg-type]
    AsyncClient(http=aiohttp.ClientSession)  # type: ignore[arg-type]
