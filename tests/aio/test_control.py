"""What callers do to a call while it is under way, over every shell: cancel, leave early, reuse, share, drop."""

from __future__ import annotations

import asyncio
import gc
import gzip
import threading
import warnings
import weakref
import zlib
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    ChatAccumulator,
    ChatCompletionRequest,
    ConfigurationError,
    ConnectError,
    DecodeError,
    Delta,
    IncompleteStreamError,
    InvalidRequestError,
    Limits,
    LocalProtocolError,
    RateLimitError,
    RemoteProtocolError,
    StreamCancelled,
    Timeouts,
    user,
)
from mimo_proto.aio.attempts import AsyncCall
from mimo_proto.aio.content_coding import decoded
from mimo_proto.aio.library import LibraryResponse
from tests.support import payloads
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, sse
from tests.support.outcomes import CHAT_JSON, CHAT_STREAM, KEY, assert_clean, retry, words
from tests.support.payloads import CHAT, CHAT_EVENTS, CHAT_REQUEST, DONE, RESPONSE, RESPONSE_EVENTS, error_body
from tests.support.shells import ASYNC, LIBRARIES, SHELLS, call, open_shell, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mimo_proto import AsyncClient, AsyncStream

# httpcore keeps what came behind an answer in its parser, and reads it as the next one; docs/async.md says so.
KEEPS_SURPLUS = pytest.mark.xfail(reason="httpcore takes surplus bytes for the next answer")

MODEL_LIST = {"object": "list", "data": [{"id": "mimo-v2.6-pro", "object": "model", "owned_by": "xiaomi"}]}


def serve(peer: Peer) -> None:
    """Answer well, in the mode and protocol that is asked for."""
    while True:
        request = peer.request()
        if request.method == "GET":
            peer.send(answer(MODEL_LIST))
        elif request.json.get("stream"):
            chat = request.target.endswith("/chat/completions")
            peer.send(sse("X-Request-Id: q1"), *map(chunk, CHAT_EVENTS if chat else RESPONSE_EVENTS), END)
        else:
            peer.send(answer(CHAT if request.target.endswith("/chat/completions") else RESPONSE))


def says(*pieces: bytes) -> Callable[[Peer], None]:
    """Answer so, once, and wait for the client to leave."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*pieces)
        peer.gone()

    return script


class Held:
    """A server that sends the first event and then waits, and knows when its client has gone."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.left = threading.Event()

    def __call__(self, peer: Peer) -> None:
        peer.request()
        self.asked.set()
        peer.send(*self.pieces)
        if peer.gone():
            self.left.set()


def once_asked(held: Held, act: Callable[[], object]) -> asyncio.Task[None]:
    """Do something as soon as the server has the request, while the call waits for an answer."""

    async def wait() -> None:
        assert await asyncio.to_thread(held.asked.wait, 10)
        act()

    return asyncio.create_task(wait())


def over(shell: str, server: Server, work: Callable[[Any], Awaitable[Any]], /, **settings: Any) -> Any:
    return run(partial(over_it, shell, server, work, **settings), shell)


async def over_it(shell: str, server: Server, work: Callable[[Any], Awaitable[Any]], /, **settings: Any) -> Any:
    async with open_shell(shell, server.url, **settings) as client:
        return await work(client)


def chat(client: AsyncClient, **options: Any) -> AsyncStream[Any, Any]:
    return client.stream(CHAT_COMPLETIONS, CHAT_REQUEST, **options)


# --- a call as it should be ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_five_calls_one_connection(shell: str) -> None:
    async def work(client: AsyncClient) -> None:
        for _ in range(2):
            assert words((await client.send(CHAT_COMPLETIONS, CHAT_REQUEST)).value) == "Hello world"
            async with chat(client) as stream:
                assert [text async for text in stream.text()] == ["Hello", " world"]
                assert words(await stream.result()) == "Hello world"
                assert await stream.result() is await stream.result()
            async with client.stream(RESPONSES, {"model": "mimo-v2.6-pro", "input": "hi"}) as stream:
                assert [text async for text in stream.text()] == ["Hello", " world"]
        assert (await client.send(MODELS)).value.data[0].id == "mimo-v2.6-pro"

    with Server(serve) as server:
        over(shell, server, work)
    assert server.connections == 1
    assert len(server.requests) == 7


@pytest.mark.parametrize("shell", SHELLS)
def test_error_replies_keep_the_connection(shell: str) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(error_body(), 429))

    async def work(client: AsyncClient) -> None:
        for kind in (CHAT_JSON, CHAT_STREAM, CHAT_JSON):
            assert (await call(client, kind)).error is RateLimitError

    with Server(script) as server:
        over(shell, server, work)
    assert server.connections == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_sent(shell: str) -> None:
    settings: dict[str, Any] = {"headers": {"X-Team": "a", "X-Both": "client"}, "auth": "api-key"}

    async def work(client: AsyncClient) -> None:
        request = ChatCompletionRequest(model="mimo-v2.6-pro", messages=[user("hi")])
        await client.send(CHAT_COMPLETIONS, request, extra_headers={"X-Both": "call"}, extra_body={"new": 1})
        async with chat(client) as stream:
            await stream.result()

    with Server(serve) as server:
        over(shell, server, work, **settings)
    whole, streamed = server.requests
    assert whole.json == {**CHAT_REQUEST, "new": 1, "stream": False}
    assert streamed.json == {**CHAT_REQUEST, "stream": True}
    assert (whole.headers["x-team"], whole.headers["x-both"], whole.headers["api-key"]) == ("a", "call", KEY)
    assert streamed.headers["accept"] == "text/event-stream"
    assert whole.headers["accept"] == whole.headers["content-type"] == "application/json"
    for request in server.requests:
        assert request.headers["accept-encoding"] == "identity"
        assert request.headers["user-agent"].startswith("mimo-proto/")
        assert "authorization" not in request.headers
        assert request.method == "POST"


@pytest.mark.parametrize("shell", SHELLS)
def test_what_a_stream_tells(shell: str) -> None:
    async def work(client: AsyncClient) -> None:
        stream = chat(client)
        assert (stream.status, dict(stream.headers), stream.request_id, stream.attempts, stream.end) == (
            None,
            {},
            None,
            0,
            None,
        )
        async with stream:
            assert (stream.status, stream.request_id, stream.attempts, stream.end) == (200, "q1", 1, None)
            assert stream.headers["content-type"] == "text/event-stream"
            assert "status=200 end=None" in repr(stream)
            assert len([event async for event in stream]) == 3
        assert stream.end == "completed"
        assert [event async for event in stream] == [], "over"

    with Server(serve) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_iteration_left_early_goes_on(shell: str) -> None:
    async def work(client: AsyncClient) -> None:
        stream = chat(client)
        async for event in stream:
            assert event.choices[0].delta.content == "Hello"
            break
        assert [text async for text in stream.text()] == [" world"]
        assert words(await stream.result()) == "Hello world"
        await stream.aclose()

    with Server(serve) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_stream_that_completed_without_a_choice_stays_incomplete(shell: str) -> None:
    async def work(client: AsyncClient) -> None:
        async with chat(client) as stream:
            for _ in range(2):
                with pytest.raises(IncompleteStreamError) as caught:
                    await stream.result()
                assert_clean(caught.value, 1)
                assert stream.end == "incomplete"

    with Server(says(sse(), chunk(DONE), END)) as server:
        over(shell, server, work)


class Choice(msgspec.Struct):
    finish_reason: str | None = None


@pytest.mark.parametrize("shell", ASYNC)
def test_a_stream_is_opened_before_it_is_read(shell: str) -> None:
    async def work(client: AsyncClient) -> None:
        for stream in (chat(client), client.stream(RESPONSES, {"model": "mimo-v2.6-pro", "input": "hi"})):
            async with await stream.open():
                assert (stream.status, stream.end) == (200, None)
                assert await stream.open() is stream
                assert [delta async for delta in stream.deltas()] == [Delta("text", "Hello"), Delta("text", " world")]
                assert stream.end == "completed"

    with Server(serve) as server:
        over(shell, server, work)
        assert len(server.requests) == 2


@pytest.mark.parametrize("shell", ASYNC)
def test_an_error_is_known_when_a_stream_is_opened(shell: str) -> None:
    async def work(client: AsyncClient) -> None:
        stream = chat(client)
        for _ in range(2):
            with pytest.raises(RateLimitError):
                await stream.open()
        assert stream.end == "error"
        with pytest.raises(LocalProtocolError, match="projected"):
            client.stream(CHAT_COMPLETIONS, CHAT_REQUEST, event_type=Chunk).deltas()

    with Server(says(answer(error_body("429", "Too many requests"), 429))) as server:
        over(shell, server, work)


class Chunk(msgspec.Struct):
    choices: list[Choice]


@pytest.mark.parametrize("shell", SHELLS)
def test_projection(shell: str) -> None:
    async def work(client: AsyncClient) -> None:
        async with client.stream(CHAT_COMPLETIONS, CHAT_REQUEST, event_type=Chunk) as stream:
            events = [event async for event in stream]
            assert [type(event) for event in events] == [Chunk] * 3
            with pytest.raises(LocalProtocolError):
                stream.text()
            with pytest.raises(LocalProtocolError):
                await stream.result()

    with Server(serve) as server:
        over(shell, server, work)
        with Server(says(sse(), chunk(CHAT_EVENTS[0]), END)) as cut:

            async def fails(client: AsyncClient) -> None:
                async with client.stream(CHAT_COMPLETIONS, CHAT_REQUEST, event_type=Chunk) as stream:
                    with pytest.raises(RemoteProtocolError) as caught:
                        _ = [event async for event in stream]
                    assert caught.value.partial is None

            over(shell, cut, fails)


@pytest.mark.parametrize("shell", SHELLS)
def test_tee(shell: str) -> None:
    pieces: list[bytes] = []

    async def work(client: AsyncClient) -> None:
        await client.send(CHAT_COMPLETIONS, CHAT_REQUEST, tee=pieces.append)
        async with chat(client, tee=pieces.append) as stream:
            await stream.result()

    with Server(serve) as server:
        over(shell, server, work)
    whole, streamed = b"".join(pieces).split(b"}data", 1)
    assert msgspec.json.decode(whole + b"}") == CHAT
    assert b"data" + streamed == b"".join(CHAT_EVENTS)


class Oops(Exception):
    """Raised by a caller's own function."""


@pytest.mark.parametrize("shell", SHELLS)
def test_an_error_of_the_callers_own_passes(shell: str) -> None:
    def tee(_: bytes) -> None:
        raise Oops

    async def work(client: AsyncClient) -> None:
        stream = chat(client, tee=tee)
        with pytest.raises(Oops):
            async with stream:
                _ = [event async for event in stream]
        assert stream.end == "cancelled"
        with pytest.raises(StreamCancelled):
            await stream.result()
        with pytest.raises(Oops):
            await client.send(CHAT_COMPLETIONS, CHAT_REQUEST, tee=tee)

    with Server(serve) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_event_that_cannot_be_added_up_ends_the_stream(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(self: ChatAccumulator, event: object) -> None:
        raise DecodeError("what the server sent is nested too deeply")

    monkeypatch.setattr(ChatAccumulator, "add", add)

    async def work(client: AsyncClient) -> None:
        stream = chat(client)
        for _ in range(2):
            with pytest.raises(DecodeError) as caught:
                await stream.result()
            assert_clean(caught.value, 1)
            assert stream.end == "incomplete"

    with Server(says(sse(), *map(chunk, CHAT_EVENTS), END)) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_large_request(shell: str) -> None:
    request = {"model": "mimo-v2.6-pro", "messages": [{"role": "user", "content": "x" * 3_000_000}]}

    async def work(client: AsyncClient) -> None:
        await client.send(CHAT_COMPLETIONS, request)

    with Server(serve) as server:
        over(shell, server, work)
    assert server.requests[0].json == {**request, "stream": False}


@pytest.mark.parametrize("shell", SHELLS)
def test_an_answer_to_half_a_request(shell: str) -> None:
    request = {"model": "mimo-v2.6-pro", "messages": [{"role": "user", "content": "x" * 8_000_000}]}
    left = threading.Event()

    def script(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.send(answer(error_body(), 429, "Connection: close"))
        if peer.gone():
            left.set()

    async def work(client: AsyncClient) -> None:
        with pytest.raises(RateLimitError):
            await client.send(CHAT_COMPLETIONS, request)
        # asyncio closes a transport only when the rest has been written, and notices in the next turn of the loop.
        assert await asyncio.to_thread(left.wait, 10)
        await asyncio.sleep(0.01)

    with Server(script) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_connection_that_was_closed_meanwhile(shell: str) -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(CHAT))
        peer.fin()
        closed.set()

    async def work(client: AsyncClient) -> None:
        for _ in range(3):
            await client.send(CHAT_COMPLETIONS, CHAT_REQUEST)
            await asyncio.to_thread(closed.wait, 10)
            closed.clear()
            await asyncio.sleep(0.05)

    with Server(script) as server:
        over(shell, server, work)
    assert server.connections == 3


@pytest.mark.parametrize(
    "shell", [name if not name.startswith("httpx") else pytest.param(name, marks=KEEPS_SURPLUS) for name in SHELLS]
)
def test_surplus_bytes_never_answer_the_next_call(shell: str) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(CHAT) + answer({**CHAT, "id": "smuggled"}))

    async def work(client: AsyncClient) -> None:
        for _ in range(3):
            assert (await client.send(CHAT_COMPLETIONS, CHAT_REQUEST)).value.id == "c1"

    with Server(script) as server:
        over(shell, server, work)
    assert len(server.requests) == 3


@pytest.mark.parametrize("shell", LIBRARIES)
@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_an_endless_body_behind_a_compressed_one(shell: str, coding: str, compress: Callable[[bytes], bytes]) -> None:
    """It is left, and its connection with it."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(head(200, f"Content-Encoding: {coding}") + compress(msgspec.json.encode(CHAT)))
        peer.flood(bytes(65536))

    async def work(client: AsyncClient) -> None:
        for _ in range(2):
            assert (await client.send(CHAT_COMPLETIONS, CHAT_REQUEST)).value.id == "c1"

    with Server(script) as server:
        over(shell, server, work)
    assert server.connections == 2


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_compressed_body_in_small_pieces(size: int) -> None:
    """Which of the two formats called deflate it is, shows in its second byte."""
    wire = zlib.compress(b"hello" * 9)

    class Pieces(LibraryResponse):
        def __init__(self, body: bytes) -> None:
            self.status, self.headers = 200, {"content-encoding": "deflate"}
            self.pieces = [body[at : at + size] for at in range(0, len(body), size)]

        async def read(self) -> bytes:
            return self.pieces.pop(0) if self.pieces else b""

        async def aclose(self) -> None: ...

        def drop(self) -> None: ...

    async def whole(body: bytes) -> bytes:
        answer, pieces = decoded(Pieces(body)), list[bytes]()
        while piece := await answer.read():
            pieces.append(piece)
        await answer.aclose()
        answer.drop()
        return b"".join(pieces)

    for body, read in ((wire, b"hello" * 9), (wire[2:-4], b"hello" * 9), (wire[:1], b"")):
        assert asyncio.run(whole(body)) == read


@pytest.mark.parametrize("shell", SHELLS)
def test_no_connection(shell: str) -> None:
    with Server(serve) as server:
        url = server.url

    async def main() -> None:
        async with open_shell(shell, url, retry=retry(2)) as client:
            for kind in (CHAT_JSON, CHAT_STREAM):
                seen = await call(client, kind)
                assert (seen.error, seen.attempts) == (ConnectError, 2)

    run(main, shell)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_total_clock_ends_the_waits_between_attempts(shell: str) -> None:
    with Server(says(answer(error_body(), 429, "Retry-After: 100"))) as server:

        async def work(client: AsyncClient) -> None:
            assert (await call(client, CHAT_JSON)).error is RateLimitError

        over(shell, server, work, retry=retry(3), timeouts=Timeouts(total=5))
    assert len(server.requests) == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_many_at_a_time(shell: str) -> None:
    async def work(client: AsyncClient) -> None:
        async def one(number: int) -> None:
            async with chat(client) as stream:
                assert words(await stream.result()) == "Hello world", number

        await asyncio.gather(*map(one, range(20)))

    with Server(serve) as server:
        over(shell, server, work)
    assert len(server.requests) == 20


@pytest.mark.parametrize("shell", SHELLS)
def test_a_wrong_request_is_refused_before_it_is_sent(shell: str) -> None:
    async def work(client: AsyncClient) -> None:
        with pytest.raises(InvalidRequestError):
            chat(client, extra_body={"stream": False})
        with pytest.raises(InvalidRequestError):
            await client.send(CHAT_COMPLETIONS, {"model": 1})
        with pytest.raises(ConfigurationError):
            client.stream(MODELS)

    with Server(serve) as server:
        over(shell, server, work)
    assert not server.requests


# --- ended by the caller ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ASYNC)
@pytest.mark.parametrize("where", ["loop", "thread"])
def test_cancel_while_the_body_is_waited_for(shell: str, where: str) -> None:
    held = Held(sse(), chunk(CHAT_EVENTS[0]))

    async def work(client: AsyncClient) -> None:
        async with chat(client) as stream:
            assert (await anext(stream)).choices[0].delta.content == "Hello"
            if where == "loop":
                asyncio.get_running_loop().call_later(0.05, stream.cancel)
            else:
                threading.Timer(0.05, stream.cancel).start()
            with pytest.raises(StreamCancelled) as caught:
                await anext(stream)
            assert_clean(caught.value)
            assert words(caught.value.partial) == "Hello"
            assert stream.end == "cancelled"
            stream.cancel()
            with pytest.raises(StreamCancelled):
                await stream.result()
        assert await asyncio.to_thread(held.left.wait, 10)

    with Server(held) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", ASYNC)
def test_cancel_while_the_head_is_waited_for(shell: str) -> None:
    held = Held()

    async def work(client: AsyncClient) -> None:
        stream = chat(client)
        cancelling = once_asked(held, stream.cancel)
        with pytest.raises(StreamCancelled) as caught:
            async with stream:
                pass
        await cancelling
        assert caught.value.attempts == stream.attempts == 1
        with pytest.raises(StreamCancelled):
            async with stream:
                pass
        with pytest.raises(StreamCancelled):
            await anext(stream)
        assert await asyncio.to_thread(held.left.wait, 10)

    with Server(held) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", SHELLS)
def test_cancel_before_anything_is_sent(shell: str) -> None:
    async def work(client: AsyncClient) -> None:
        stream = chat(client)
        stream.cancel()
        with pytest.raises(StreamCancelled) as caught:
            async with stream:
                pass
        assert caught.value.attempts == 0

    with Server(serve) as server:
        over(shell, server, work)
    assert not server.requests


@pytest.mark.parametrize("shell", ASYNC)
def test_cancel_while_it_waits_to_try_again(shell: str) -> None:
    held = Held(answer(error_body(), 429, "Retry-After: 60"))

    async def work(client: AsyncClient) -> None:
        stream = chat(client)

        def cancel_soon() -> None:
            asyncio.get_running_loop().call_later(0.05, stream.cancel)

        cancelling = once_asked(held, cancel_soon)
        with pytest.raises(StreamCancelled):
            async with stream:
                pass
        await cancelling

    with Server(held) as server:
        over(shell, server, work, retry=retry(2))
    assert len(server.requests) == 1


@pytest.mark.parametrize("shell", LIBRARIES)
def test_cancel_while_an_errors_connection_is_let_go(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the answer and the wait for the next attempt nothing is waited for that could be ended."""
    streams: list[AsyncStream[Any, Any]] = []
    real = AsyncCall.close

    async def close(self: AsyncCall, answer: Any) -> None:
        await real(self, answer)
        await asyncio.to_thread(streams[0].cancel)

    monkeypatch.setattr(AsyncCall, "close", close)

    async def work(client: AsyncClient) -> None:
        streams.append(chat(client))
        with pytest.raises(StreamCancelled):
            await streams[0].result()

    with Server(says(answer(error_body(), 429, "Retry-After: 60"))) as server:
        over(shell, server, work, retry=retry(2))
    assert len(server.requests) == 1


@pytest.mark.parametrize("shell", ASYNC)
def test_cancel_while_an_errors_body_is_waited_for(shell: str) -> None:
    held = Held(head(500, "Content-Length: 100") + b"{")

    async def work(client: AsyncClient) -> None:
        stream = chat(client)

        def cancel_soon() -> None:
            asyncio.get_running_loop().call_later(0.05, stream.cancel)

        cancelling = once_asked(held, cancel_soon)
        with pytest.raises(StreamCancelled):
            await stream.result()
        await cancelling
        assert await asyncio.to_thread(held.left.wait, 10)

    with Server(held) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", ASYNC)
@pytest.mark.parametrize("pieces", [(), (sse(),), (sse(), chunk(CHAT_EVENTS[0]))], ids=["head", "first", "second"])
def test_a_cancelled_task_ends_its_stream(shell: str, pieces: tuple[bytes, ...]) -> None:
    held = Held(*pieces)
    streams: list[AsyncStream[Any, Any]] = []

    async def work(client: AsyncClient) -> None:
        async def read() -> None:
            streams.append(chat(client))
            async with streams[0] as stream:
                async for _ in stream:
                    pass

        task = asyncio.create_task(read())
        assert await asyncio.to_thread(held.asked.wait, 10)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        [stream] = streams
        assert stream.end == "cancelled"
        with pytest.raises(StreamCancelled) as caught:
            await stream.result()
        assert_clean(caught.value)
        assert await asyncio.to_thread(held.left.wait, 10)

    with Server(held) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", LIBRARIES)
def test_a_task_that_is_cancelled_behind_the_end_has_its_result(shell: str) -> None:
    held = Held(sse(), *map(chunk, CHAT_EVENTS))

    async def work(client: AsyncClient) -> None:
        def cancel_soon(piece: bytes) -> None:
            if piece.endswith(DONE):
                asyncio.get_running_loop().call_later(0.03, task.cancel)

        stream = chat(client, tee=cancel_soon)
        task = asyncio.create_task(stream.result())
        with pytest.raises(asyncio.CancelledError):
            await task
        assert stream.end == "completed"
        assert words(await stream.result()) == "Hello world"
        assert await asyncio.to_thread(held.left.wait, 10)

    with Server(held) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", ASYNC)
@pytest.mark.parametrize("pieces", [(), (head(200, "Content-Length: 100") + b"{",)], ids=["head", "body"])
def test_a_cancelled_task_ends_its_call(shell: str, pieces: tuple[bytes, ...]) -> None:
    held = Held(*pieces)

    async def work(client: AsyncClient) -> None:
        task = asyncio.create_task(client.send(CHAT_COMPLETIONS, CHAT_REQUEST))
        assert await asyncio.to_thread(held.asked.wait, 10)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(held.left.wait, 10)

    with Server(held) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", ASYNC)
def test_a_timeout_of_the_callers(shell: str) -> None:
    held = Held(sse(), chunk(CHAT_EVENTS[0]))

    async def work(client: AsyncClient) -> None:
        stream = chat(client)

        async def read() -> None:
            async with stream, asyncio.timeout(0.1):
                async for _ in stream:
                    pass

        with pytest.raises(TimeoutError) as caught:
            await read()
        assert type(caught.value) is TimeoutError
        assert stream.end == "cancelled"
        assert await asyncio.to_thread(held.left.wait, 10)

    with Server(held) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", SHELLS)
def test_left_early(shell: str) -> None:
    held = Held(sse(), chunk(CHAT_EVENTS[0]), chunk(CHAT_EVENTS[1]))

    async def work(client: AsyncClient) -> None:
        async with chat(client) as stream:
            async for _ in stream:
                break
        assert stream.end == "cancelled"
        await stream.aclose()
        with pytest.raises(StreamCancelled) as caught:
            await stream.result()
        assert words(caught.value.partial).startswith("Hello")
        assert await asyncio.to_thread(held.left.wait, 10)

    with Server(held) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", ASYNC)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_dropped(shell: str, coding: str) -> None:
    begun = zlib.compressobj(wbits=31)
    piece = begun.compress(CHAT_EVENTS[0]) + begun.flush(zlib.Z_SYNC_FLUSH) if coding == "gzip" else CHAT_EVENTS[0]
    held = Held(sse(f"Content-Encoding: {coding}"), chunk(piece))

    async def work(client: AsyncClient) -> None:
        stream = chat(client)
        await anext(aiter(stream))
        gone = weakref.ref(stream)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del stream
            gc.collect()
        told = [(warning.category, str(warning.message)) for warning in caught]
        caught.clear()  # each holds the stream that it is about
        assert [(kind, text[:8]) for kind, text in told] == [(ResourceWarning, "unclosed")]
        assert gone() is None
        assert await asyncio.to_thread(held.left.wait, 10)

    with Server(held) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_broken_chunk_behind_the_head(shell: str) -> None:
    entered = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), chunk(CHAT_EVENTS[0]))
        entered.wait(10)
        peer.send(b"zz\r\nhello\r\n")
        peer.gone()

    async def work(client: AsyncClient) -> None:
        async with chat(client) as stream:
            await anext(aiter(stream))
            entered.set()
            with pytest.raises(RemoteProtocolError) as caught:
                await anext(aiter(stream))
            assert words(caught.value.partial) == "Hello"

    with Server(script) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", SHELLS)
def test_what_came_before_a_cut_is_not_lost_on_a_slow_reader(shell: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), chunk(CHAT_EVENTS[0]))
        entered.wait(10)
        peer.send(chunk(CHAT_EVENTS[1]), chunk(CHAT_EVENTS[2]))
        peer.fin()
        cut.set()
        peer.gone()

    entered, cut = threading.Event(), threading.Event()

    async def work(client: AsyncClient) -> None:
        async with chat(client) as stream:
            events = aiter(stream)
            await anext(events)
            entered.set()
            assert await asyncio.to_thread(cut.wait, 10)
            await asyncio.sleep(0.05)
            assert len([event async for event in events]) == 2
            assert words(await stream.result()) == "Hello world"
            assert stream.end == "completed"

    with Server(script) as server:
        over(shell, server, work)


@pytest.mark.parametrize("shell", LIBRARIES)
def test_reading_comments_counts_as_waiting(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a flood of them behind the finish would go on until the loop has nothing to do."""
    hours = 0

    def an_hour_for_a_comment(data: bytes) -> None:
        nonlocal hours
        hours += data.startswith(b":")

    def clock(loop: object = None) -> float:
        return monotonic() + 3600 * hours

    monkeypatch.setattr("mimo_proto.aio.deadlines.monotonic", clock)
    monkeypatch.setattr(asyncio.BaseEventLoop, "time", clock)
    comments = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse(), *map(chunk, CHAT_EVENTS[:3]))
        assert comments.wait(10)
        peer.send(chunk(b": hi\n\n"))
        assert peer.gone()

    async def work(client: AsyncClient) -> None:
        async with chat(client, tee=an_hour_for_a_comment) as stream:
            async for event in stream:
                if event.choices[0].finish_reason:
                    comments.set()
            assert stream.end == "completed"
        assert hours == 1

    with Server(script) as server:
        settings = {"limits": Limits(linger=3000), "timeouts": Timeouts(read=None, idle=None)}
        asyncio.run(over_it(shell, server, work, **settings))  # not bounded by a timeout, which has that clock too


@pytest.mark.parametrize("shell", LIBRARIES)
def test_no_clock_but_the_total_one_runs_while_the_caller_works(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour over each event, and the late usage is still taken."""
    hours = 0

    def clock() -> float:
        return monotonic() + 3600 * hours

    monkeypatch.setattr("mimo_proto.aio.deadlines.monotonic", clock)
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    turns = [threading.Event() for _ in range(5)]

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse())
        late = [
            payloads.event({"id": "c1", "choices": []}),
            payloads.event({"id": "c1", "choices": [], "usage": usage}),
        ]
        pieces = [*CHAT_EVENTS[:3], *late]
        for turn, piece in zip(turns, pieces, strict=True):
            peer.send(chunk(piece))
            turn.wait(10)
        peer.send(END)
        peer.gone()

    async def work(client: AsyncClient) -> None:
        nonlocal hours
        async with chat(client) as stream:
            async for _ in stream:
                hours += 1
                turns[hours - 1].set()
            assert hours == 5
            assert (await stream.result()).usage.total_tokens == 3

    with Server(script) as server:
        over(shell, server, work, limits=Limits(linger=10))
