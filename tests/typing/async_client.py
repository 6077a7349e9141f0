"""What type checkers make of `AsyncClient`; both run over this file, nothing does at run time.

`Session` and `HTTPX` stand for the classes of aiohttp and httpx, which a checker may not find installed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Never, assert_type

import msgspec

from mimo_proto import CHAT_COMPLETIONS, MODELS, RESPONSES, AsyncClient, AsyncStream, Client, Delta
from mimo_proto.models import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
    ModelList,
    Response,
    ResponseStreamEvent,
)

__all__ = ["answers", "clients", "keywords", "refused", "streams"]


class Mine(msgspec.Struct):
    choices: list[str]


class Session:
    @property
    def closed(self) -> bool:
        return False

    @property
    def connector(self) -> str | None:
        return None

    async def close(self) -> None:
        pass


class HTTPX:
    @property
    def is_closed(self) -> bool:
        return False

    async def aclose(self) -> None:
        pass


class SyncHTTPX:
    @property
    def is_closed(self) -> bool:
        return False

    def close(self) -> None:
        pass


async def clients(session: Session, httpx: HTTPX) -> None:
    AsyncClient("key", "https://h/v1", auth="api-key", pool_size=5, proxy="environment")
    AsyncClient(http=session)
    AsyncClient(http=httpx)
    async with AsyncClient(http=None) as client:
        assert_type(client, AsyncClient)


def refused(sync: SyncHTTPX, client: Client) -> None:
    AsyncClient(http=sync)  # type: ignore[arg-type]
    AsyncClient(http=client)  # type: ignore[arg-type]
    AsyncClient(http=HTTPX)  # type: ignore[arg-type]
    AsyncClient(http="https://h/v1")  # type: ignore[arg-type]
    AsyncClient(timeout=5)  # type: ignore[call-arg]


async def keywords(mimo: AsyncClient) -> None:
    assert_type(await mimo.create_chat_completion(model="m", messages=[]), ChatCompletion)
    assert_type(await mimo.create_response(model="m", input="hi"), Response)
    assert_type(await mimo.list_models(), ModelList)
    assert_type(mimo.stream_chat_completion(model="m", messages=[]), AsyncStream[ChatCompletionChunk, ChatCompletion])
    assert_type(mimo.stream_response(model="m", input="hi"), AsyncStream[ResponseStreamEvent, Response])


async def answers(mimo: AsyncClient, request: ChatCompletionRequest) -> None:
    assert_type((await mimo.send(CHAT_COMPLETIONS, request)).value, ChatCompletion)
    assert_type((await mimo.send(CHAT_COMPLETIONS, {"model": "m"}, extra_headers={"X": "y"})).value, ChatCompletion)
    assert_type((await mimo.send(RESPONSES, {"model": "m"})).value, Response)
    assert_type((await mimo.send(MODELS)).value, ModelList)


async def streams(mimo: AsyncClient, request: ChatCompletionRequest) -> None:
    async with mimo.stream(CHAT_COMPLETIONS, request) as chat:
        async for chunk in chat:
            assert_type(chunk, ChatCompletionChunk)
        assert_type(await chat.result(), ChatCompletion)
        assert_type(chat.text(), AsyncIterator[str])
        assert_type(chat.deltas(), AsyncIterator[Delta])
        assert_type(await (await chat.open()).result(), ChatCompletion)
    async with mimo.stream(RESPONSES, {"model": "m"}) as response:
        async for event in response:
            assert_type(event, ResponseStreamEvent)
        assert_type(await response.result(), Response)
    async with mimo.stream(CHAT_COMPLETIONS, request, event_type=Mine) as projected:
        async for mine in projected:
            assert_type(mine, Mine)
        assert_type(await projected.result(), Never)
