"""A FastAPI service that streams MiMo's answers, all of them over one client and its pool of connections.

Who leaves ends the answer: the task is cancelled, and with it the call; MiMo sees its connection closed and writes on
for nobody. Run it by `uvicorn fastapi_service:app`, with MIMO_API_KEY set.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse

from mimo_proto import APIError, AsyncClient, AsyncStream, MimoError, user


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, Any]]:
    """One client, as long as the service lives."""
    async with AsyncClient() as client:
        yield {"mimo": client}


app = FastAPI(lifespan=lifespan)


@app.get("/ask")
async def ask(q: str, request: Request) -> StreamingResponse:
    """Answer word by word; what MiMo refuses is refused before the first word."""
    client: AsyncClient = request.state.mimo
    try:
        stream = await client.stream_chat_completion(model="mimo-v2.6-pro", messages=[user(q)]).open()
    except APIError as error:
        raise HTTPException(error.status or 502, error.message) from error
    except MimoError as error:
        raise HTTPException(502, str(error)) from error
    return StreamingResponse(words(stream), media_type="text/plain")


async def words(stream: AsyncStream[Any, Any]) -> AsyncIterator[str]:
    """The text as it comes; the stream is closed when nobody wants more of it."""
    async with stream:
        async for text in stream.text():
            yield text
