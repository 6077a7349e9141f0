"""Shells for asyncio over the complete core; each over what you have already.

- `mimo_proto.aio.threads`: over the `Client`, without another HTTP library; a thread for each open call.
- `mimo_proto.aio.httpx`: over an `httpx.AsyncClient` of yours; needs the extra ``mimo-proto[httpx]``.
- `mimo_proto.aio.aiohttp`: over an `aiohttp.ClientSession` of yours; needs the extra ``mimo-proto[aiohttp]``.

All three are the same to use: `send(endpoint, request)` and `stream(endpoint, request)`, see
`mimo_proto.aio.adapter`. docs/async.md says which one to choose.
"""

from __future__ import annotations

__all__: list[str] = []
