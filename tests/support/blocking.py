"""`AsyncClient` with the face of `Client`, so that the tests of faults run over it too.

A loop runs in a thread of its own; each call of a method waits there for what the client's coroutine gives.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self

from mimo_proto import AsyncClient
from tests.support.loops import LOOPS
from tests.support.shells import LIBRARIES, make_http

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine, Iterator

__all__ = ["BlockingClient"]


class BlockingClient:
    """An `AsyncClient` in a loop of its own.

    Args:
        shell: Which kind of loop, or over which library (`tests.support.shells`).
        *arguments, **settings: Those of the client.
    """

    def __init__(self, shell: str, *arguments: Any, **settings: Any) -> None:
        self._loop = LOOPS.get(shell, LOOPS["asyncio"])()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._http: Any = None
        if shell in LIBRARIES:
            settings["http"] = self._http = self._run(_made(shell, settings.pop("ssl_context", None)))
        try:
            self._client = AsyncClient(*arguments, **settings)
        except BaseException:
            self._stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._client)

    def close(self) -> None:
        """Close the client, and the loop when all that was open has ended."""
        if self._loop.is_closed():
            return
        self._run(self._client.aclose())
        self._stop()

    def _stop(self) -> None:
        if self._http is not None:
            self._run(self._http.__aexit__(None, None, None))
        self._run(asyncio.sleep(0))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def create_chat_completion(self, **arguments: Any) -> Any:
        return self._run(self._client.create_chat_completion(**arguments))

    def create_response(self, **arguments: Any) -> Any:
        return self._run(self._client.create_response(**arguments))

    def list_models(self, **options: Any) -> Any:
        return self._run(self._client.list_models(**options))

    def send(self, *arguments: Any, **options: Any) -> Any:
        return self._run(self._client.send(*arguments, **options))

    def stream_chat_completion(self, **arguments: Any) -> BlockingStream:
        return BlockingStream(self._client.stream_chat_completion(**arguments), self._run)

    def stream_response(self, **arguments: Any) -> BlockingStream:
        return BlockingStream(self._client.stream_response(**arguments), self._run)

    def stream(self, *arguments: Any, **options: Any) -> BlockingStream:
        return BlockingStream(self._client.stream(*arguments, **options), self._run)


class BlockingStream:
    """An `AsyncStream` with the face of a `Stream`."""

    def __init__(self, stream: Any, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._stream = stream
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __repr__(self) -> str:
        return repr(self._stream)

    def __enter__(self) -> Self:
        self._run(self._stream.__aenter__())
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self._next(self._stream)

    def _next(self, events: Any) -> Any:
        event = self._run(_one_of(events))
        if event is None:
            raise StopIteration
        return event

    def text(self) -> Iterator[str]:
        texts = self._stream.text()
        while (text := self._run(_one_of(texts))) is not None:
            yield text

    def result(self) -> Any:
        return self._run(self._stream.result())

    def close(self) -> None:
        self._run(self._stream.aclose())


async def _made(library: str, trust: ssl.SSLContext | None) -> Any:
    """A library's client; that of aiohttp belongs to the running loop."""
    return make_http(library, trust)


async def _one_of(items: Any) -> Any:
    """The next item, None at the end."""
    return await anext(items, None)
