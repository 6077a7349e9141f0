"""asyncio: `AsyncClient` by itself over asyncio's own transports, or over a client of httpx, httpx2 or aiohttp.

All of it is private: `mimo_proto.AsyncClient` and `mimo_proto.AsyncStream` are its names.
"""

from __future__ import annotations

__all__: list[str] = []
