"""What type checkers make of the shells for asyncio; both run over this file, nothing does at run time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Never, assert_type

import msgspec

from mimo_proto import CHAT_COMPLETIONS, MODELS, RESPONSES, Delta
from mimo_proto.models import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
    ModelList,
    Response,
    ResponseStreamEvent,
)

if TYPE_CHECKING:
    from mimo_proto.aio.adapter import AsyncAdapter
    from mimo_proto.aio.aiohttp import AiohttpAdapter
    from mimo_proto.aio.httpx import HTTPXAdapter
    from mimo_proto.aio.threads import ThreadsAdapter

__all__ = ["adapters", "answers", "streams"]


class Mine(msgspec.Struct):
    choices: list[str]


async def answers(mimo: AsyncAdapter, request: ChatCompletionRequest) -> None:
    assert_type((await mimo.send(CHAT_COMPLETIONS, request)).value, ChatCompletion)
    assert_type((await mimo.send(CHAT_COMPLETIONS, {"model": "m"}, extra_headers={"X": "y"})).value, ChatCompletion)
    assert_type((await mimo.send(RESPONSES, {"model": "m"})).value, Response)
    assert_type((await mimo.send(MODELS)).value, ModelList)


async def streams(mimo: AsyncAdapter, request: ChatCompletionRequest) -> None:
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


def adapters(threads: ThreadsAdapter, httpx: HTTPXAdapter, aiohttp: AiohttpAdapter) -> list[AsyncAdapter]:
    return [threads, httpx, aiohttp]
