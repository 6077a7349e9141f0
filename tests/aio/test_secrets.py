"""Where the key must not go when a call fails: the frames behind an error hold what the server sent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from mimo_proto import CHAT_COMPLETIONS, APIError, MimoError
from mimo_proto.aio.attempts import AsyncCall
from mimo_proto.aio.library import LibraryResponse
from mimo_proto.call.settings import Settings
from mimo_proto.protocol.secret import Secret
from tests.faults.test_secrets import LEAKS
from tests.support.dummyserver import END, Peer, Server, chunk, head, once, sse
from tests.support.outcomes import ALL, CHAT_JSON, CHAT_STREAM, KEY, Kind
from tests.support.payloads import CHAT_EVENTS, CHAT_REQUEST, chat_chunk, error_body, event
from tests.support.shells import ASYNC, LIBRARIES, SHELLS, call, open_shell, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mimo_proto.aio.stream import AsyncStream


def behind(error: BaseException | None) -> Iterator[tuple[str, str, str]]:
    """All locals of the frames behind an error and those that led to it, as error trackers show them; no tests'."""
    if error is None:
        return
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not Path(code.co_filename).is_relative_to(Path(__file__).parents[1]):
            for name, value in trace.tb_frame.f_locals.items():
                yield code.co_qualname, name, repr(value)
        trace = trace.tb_next
    yield from behind(error.__cause__)
    yield from behind(error.__context__)


def again(reply: bytes) -> Callable[[Peer], None]:
    """A script that answers every request so."""

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(reply)

    return script


def assert_bare(error: BaseException) -> None:
    assert [(where, name) for where, name, value in behind(error) if KEY in value] == []


@pytest.mark.parametrize("kind", ALL, ids=str)
@pytest.mark.parametrize("name", LEAKS)
@pytest.mark.parametrize("shell", ASYNC)
def test_a_server_that_sends_the_key_back(shell: str, name: str, kind: Kind) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(LEAKS[name])
        peer.fin()

    async def main() -> None:
        async with open_shell(shell, server.url) as client:
            # Which looks at str, repr, traceback with locals, context and pickle.
            seen = await call(client, kind)
        assert seen.error is not None
        assert KEY not in repr(seen)

    with Server(script) as server:
        run(main, shell)


async def iterated(stream: AsyncStream[Any, Any]) -> None:
    async for _ in stream:
        pass


async def spoken(stream: AsyncStream[Any, Any]) -> None:
    async for _ in stream.text():
        pass


async def added_up(stream: AsyncStream[Any, Any]) -> None:
    await stream.result()


@pytest.mark.parametrize("use", [iterated, spoken, added_up])
@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("shell", SHELLS)
def test_events_that_hold_the_key_do_not_stay_behind_an_error(shell: str, pieces: int, use: Any) -> None:
    said, failed = chat_chunk(f"the key is {KEY}"), event(error_body("500", f"no {KEY}"))
    body = chunk(said + failed) if pieces == 1 else chunk(said) + chunk(failed)

    async def main() -> None:
        async with open_shell(shell, server.url) as client:
            stream = client.stream(CHAT_COMPLETIONS, CHAT_REQUEST)
            for again in (use, use, added_up, iterated):
                with pytest.raises(APIError) as caught:
                    await again(stream)
                assert_bare(caught.value)
                assert KEY not in str(caught.value)
            with pytest.raises(APIError) as caught:
                async with stream:
                    pass
            assert_bare(caught.value)

    with Server(once(sse() + body + END)) as server:
        run(main, shell)


BEGUN = {
    "json": (CHAT_JSON, head(200, "Content-Length: 1000") + f'{{"id": "{KEY}"'.encode()),
    "event": (CHAT_STREAM, sse() + chunk(chat_chunk(KEY))),
    "half-an-event": (CHAT_STREAM, sse() + chunk(f'data: {{"id": "{KEY}"'.encode())),
}


@pytest.mark.parametrize("name", BEGUN)
@pytest.mark.parametrize("shell", ASYNC)
def test_a_cancelled_task_keeps_no_frames(shell: str, name: str) -> None:
    kind, begun = BEGUN[name]

    async def make(client: Any, tee: Any) -> None:
        if kind.streamed:
            await client.stream(CHAT_COMPLETIONS, CHAT_REQUEST, tee=tee).result()
        else:
            await client.send(CHAT_COMPLETIONS, CHAT_REQUEST, tee=tee)

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def cancel(piece: bytes) -> None:
            if KEY.encode() in piece:
                loop.call_soon_threadsafe(task.cancel)

        async with open_shell(shell, server.url) as client:
            task = asyncio.create_task(make(client, cancel))
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert_bare(caught.value)

    with Server(once(begun)) as server:
        run(main, shell)


class Echo(LibraryResponse):
    """An answer that sends the key back, and then cancels who reads on."""

    def __init__(self) -> None:
        self.pieces = [KEY.encode()]

    async def read(self) -> bytes:
        if self.pieces:
            return self.pieces.pop()
        cast("asyncio.Task[Any]", asyncio.current_task()).cancel()
        await asyncio.Event().wait()
        raise AssertionError

    async def aclose(self) -> None:
        pass

    def drop(self) -> None:
        pass


class Silent:
    """A library that sends nothing and knows no errors."""

    async def request(self, *args: object) -> None: ...

    def own_error(self, *args: object, **more: object) -> MimoError | None:
        return None


def test_a_task_that_is_cancelled_behind_the_end_keeps_no_frames() -> None:
    async def main() -> None:
        nothing: Any = None
        silent: Any = Silent()
        settings = Settings(key=Secret(KEY), base_url="https://api.example.com/v1", headers={})
        call = AsyncCall(silent, nothing, settings)
        with pytest.raises(asyncio.CancelledError) as caught:
            await call.finish(Echo())
        assert_bare(caught.value)

    run(main)


@pytest.mark.parametrize("shell", ASYNC)
def test_what_the_callers_own_function_raises_keeps_its_frames(shell: str) -> None:
    """It is the caller's to find the mistake."""

    def tee(_: bytes) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        async with open_shell(shell, server.url) as client:
            for work in (
                client.send(CHAT_COMPLETIONS, CHAT_REQUEST, tee=tee),
                client.stream(CHAT_COMPLETIONS, CHAT_REQUEST, tee=tee).result(),
            ):
                with pytest.raises(ZeroDivisionError) as caught:
                    await work
                assert caught.traceback[-1].name == "tee"

    with Server(again(sse() + b"".join(map(chunk, CHAT_EVENTS)) + END)) as server:
        run(main, shell)


@pytest.mark.parametrize("shell", LIBRARIES)
def test_a_task_that_is_cancelled_while_an_error_is_cleared_up_keeps_no_frames(
    shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def close(self: AsyncCall, answer: LibraryResponse) -> None:
        answer.drop()
        cast("asyncio.Task[Any]", asyncio.current_task()).cancel()
        await asyncio.sleep(0)

    monkeypatch.setattr(AsyncCall, "close", close)

    async def main() -> None:
        async with open_shell(shell, server.url) as client:
            stream = client.stream(CHAT_COMPLETIONS, CHAT_REQUEST)
            for work in (stream.result(), client.send(CHAT_COMPLETIONS, CHAT_REQUEST)):
                task = asyncio.ensure_future(work)
                with pytest.raises(asyncio.CancelledError) as caught:
                    await task
                assert_bare(caught.value)
                assert not isinstance(caught.value.__context__, MimoError)
            assert stream.end == "error"

    with Server(again(sse() + chunk(chat_chunk(KEY) + event(error_body("500", KEY))) + END)) as server:
        run(main, shell)
