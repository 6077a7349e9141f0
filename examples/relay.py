"""A gateway: any client of OpenAI's APIs in front, MiMo behind. `uvicorn examples.relay:app`, or run this file.

It needs starlette and uvicorn, and the key in MIMO_API_KEY. Clients get `http://127.0.0.1:8000/v1` as their base URL.
Put your own authentication before it: whoever reaches it spends your tokens.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    AsyncClient,
    AsyncStream,
    InvalidRequestError,
    MimoError,
    ReasoningMemory,
    Watch,
    adapt_request,
    encode_done,
    encode_error,
    encode_event,
    to_json,
)


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[dict[str, Any]]:
    """One client and one memory for all requests: `request.state` has them."""
    async with AsyncClient() as client:
        yield {"client": client, "memory": ReasoningMemory()}


class Events(StreamingResponse):
    """The events of an answer, in OpenAI's shape. When the client leaves, the call to MiMo ends."""

    def __init__(self, endpoint: Any, stream: AsyncStream[Any, Any], watch: Watch) -> None:
        self.endpoint, self.stream, self.watch = endpoint, stream, watch
        super().__init__(self.events(), media_type="text/event-stream", headers={"cache-control": "no-cache"})

    async def __call__(self, *asgi: Any) -> None:
        """Send the response; Starlette cancels that when the client leaves."""
        async with self.stream:
            await super().__call__(*asgi)

    async def events(self) -> AsyncIterator[bytes]:
        """Give the events, and what went wrong as the last of them: the head has gone out with 200."""
        sent = 0
        try:
            async for event in self.stream:
                self.watch.add(event)
                yield encode_event(event, shape="openai")
                sent += 1
            if self.endpoint is CHAT_COMPLETIONS:
                yield encode_done()
        except MimoError as error:
            yield encode_error(error, self.endpoint, sequence_number=sent).event


async def relay(request: Request) -> Response:
    """Answer a request, for as long as the client is there."""
    await request.body()  # what comes after it says that the client has left
    work = asyncio.create_task(answer(request, ENDPOINTS[request.url.path]))
    left = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((work, left), return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else Response(status_code=499)
    finally:
        work.cancel()
        left.cancel()


async def answer(request: Request, endpoint: Any) -> Response:
    """Give MiMo's answer, or the error that came in its place."""
    try:
        return await ask(request, endpoint)
    except MimoError as error:
        refused = encode_error(error, endpoint)
        return Response(refused.body, refused.status, refused.headers)


async def ask(request: Request, endpoint: Any) -> Response:
    """Ask MiMo what the client asks: up to the head of a stream, or the whole reply."""
    client, memory = request.state.client, request.state.memory
    if endpoint is MODELS:
        return Response(to_json(await client.list_models(), shape="openai"), media_type="application/json")
    user = request.headers.get("authorization", "")  # whose conversation it is
    body = adapt_request(endpoint, memory.restore(await read_json(request), user).body).body
    if body.get("stream"):
        stream = await client.stream(endpoint, body).open()  # an error comes here, before our own head
        return Events(endpoint, stream, memory.watch(user))
    reply = (await client.send(endpoint, body)).value
    memory.remember(reply, user)
    return Response(to_json(reply, shape="openai"), media_type="application/json")


async def read_json(request: Request) -> Any:
    """Read the body of a request."""
    try:
        return await request.json()
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"the body is no JSON: {error}") from None


ENDPOINTS = {f"/v1{endpoint.path}": endpoint for endpoint in (CHAT_COMPLETIONS, RESPONSES, MODELS)}
routes = [Route(path, relay, methods=[endpoint.method]) for path, endpoint in ENDPOINTS.items()]
app = Starlette(routes=routes, lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.run(app, timeout_graceful_shutdown=5)  # seconds for open streams after Ctrl-C
