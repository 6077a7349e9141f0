"""What observers get, over sockets and every shell: each step once, in order, the end last."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import threading
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    AttemptStarted,
    AuthenticationError,
    CallFinished,
    CallStarted,
    ConfigurationError,
    ConnectError,
    ConnectionClosed,
    FirstEvent,
    HeadReceived,
    MimoError,
    Retrying,
    RetryPolicy,
    StreamCancelled,
    Usage,
)
from tests.support.dummyserver import END, Peer, Server, answer, chunk, head, once, sse
from tests.support.observing import OBSERVED, Kept, run
from tests.support.outcomes import KEY, client_for, retry
from tests.support.payloads import (
    CHAT,
    CHAT_REQUEST,
    DONE,
    RESPONSE,
    RESPONSE_EVENTS,
    RESPONSE_REQUEST,
    chat_chunk,
    error_body,
)
from tests.support.shells import open_shell

if TYPE_CHECKING:
    from collections.abc import Callable

    from mimo_proto import Client, Observation

each_shell = pytest.mark.parametrize("shell", OBSERVED)

USAGE = {
    "prompt_tokens": 7,
    "completion_tokens": 5,
    "total_tokens": 12,
    "completion_tokens_details": {"reasoning_tokens": 3},
    "prompt_tokens_details": {"cached_tokens": 4},
}
USED = Usage(input_tokens=7, output_tokens=5, reasoning_tokens=3, cached_tokens=4, total_tokens=12)
CHUNKS = [chat_chunk("Hello"), chat_chunk(" world"), chat_chunk(None, "stop", usage=USAGE), DONE]
STREAM = sse("X-Request-Id: q1") + b"".join(map(chunk, CHUNKS)) + END
WHOLE = ["CallStarted", "AttemptStarted", "HeadReceived", "CallFinished"]
STREAMED = ["CallStarted", "AttemptStarted", "HeadReceived", "FirstEvent", "CallFinished"]
SAID = ["Hello", "world", "What is", "sk-"]
REQUEST = {**CHAT_REQUEST, "messages": [{"role": "user", "content": "What is this?"}]}


class Finish(msgspec.Struct):
    finish_reason: str | None = None


class Small(msgspec.Struct):
    """A projection: what it does not name is not decoded."""

    id: str
    choices: list[Finish]


def send(shell: str, server: Server, observer: Any, endpoint: Any, request: Any, **settings: Any) -> Any:
    """Make a whole call; returns the reply or our error."""

    async def main() -> Any:
        async with open_shell(shell, server.url, observer=observer, **settings) as client:
            try:
                return await client.send(endpoint, request)
            except MimoError as error:
                return error

    return run(shell, main)


def read(shell: str, server: Server, observer: Any, endpoint: Any = CHAT_COMPLETIONS, **options: Any) -> Any:
    """Read a stream to its end; returns its last event or our error."""
    request = RESPONSE_REQUEST if endpoint is RESPONSES else REQUEST
    settings = {"retry": options.pop("retry", RetryPolicy())}

    async def main() -> Any:
        last = None
        async with open_shell(shell, server.url, observer=observer, **settings) as client:
            try:
                async with client.stream(endpoint, request, **options) as stream:
                    async for event in stream:
                        last = event
            except MimoError as error:
                return error
        return last

    return run(shell, main)


def test_without_an_observer_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with Server(once(answer(CHAT))) as server, client_for(server.url) as client:
        client.send(CHAT_COMPLETIONS, REQUEST)
    assert caplog.records == []


@each_shell
def test_a_whole_call(shell: str) -> None:
    kept, body = Kept(), json.dumps({**CHAT, "usage": USAGE}).encode()
    with Server(once(answer(body, 200, "X-Request-Id: q1"))) as server:
        send(shell, server, kept, CHAT_COMPLETIONS, {**REQUEST, "temperature": 0.5, "max_completion_tokens": 9})
    assert kept.kinds == WHOLE
    start, end = kept.start, kept.end
    assert start == CallStarted(
        call=start.call,
        endpoint="chat completions",
        model="mimo-v2.6-pro",
        stream=False,
        server_address="127.0.0.1",
        server_port=server.port,
        request_bytes=len(server.requests[0].body),
        sampling={"temperature": 0.5, "max_completion_tokens": 9},
    )
    [came] = kept.of(HeadReceived)
    assert (came.attempt, came.status, came.request_id) == (1, 200, "q1")
    assert 0 <= came.seconds <= end.seconds < 30
    assert end == CallFinished(
        call=start.call,
        started=start,
        end="completed",
        error=None,
        attempts=1,
        status=200,
        seconds=end.seconds,
        events=0,
        response_bytes=len(body),
        usage=USED,
        response_id="c1",
        response_model="mimo-v2.6-pro",
        finish_reasons=["stop"],
    )


@each_shell
def test_a_response(shell: str) -> None:
    kept = Kept()
    usage = {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}
    incomplete = {**RESPONSE, "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    with Server(once(answer({**incomplete, "usage": usage}))) as server:
        send(shell, server, kept, RESPONSES, RESPONSE_REQUEST)
    assert kept.kinds == WHOLE
    assert kept.start.endpoint == "responses"
    assert kept.end.usage == Usage(input_tokens=7, output_tokens=5, total_tokens=12)
    assert (kept.end.response_id, kept.end.finish_reasons) == ("r1", ["max_output_tokens"])


@each_shell
def test_a_call_without_a_body(shell: str) -> None:
    kept = Kept()
    with Server(once(answer({"object": "list", "data": []}))) as server:
        send(shell, server, kept, MODELS, None)
    assert kept.kinds == WHOLE
    assert (kept.start.model, kept.start.request_bytes, kept.start.sampling) == (None, 0, {})
    end = kept.end
    assert (end.usage, end.response_id, end.response_model, end.finish_reasons) == (None, None, None, [])


@each_shell
def test_a_stream(shell: str) -> None:
    kept = Kept()
    with Server(once(STREAM)) as server:
        read(shell, server, kept)
    assert kept.kinds == STREAMED
    [came], [first], end = kept.of(HeadReceived), kept.of(FirstEvent), kept.end
    assert kept.start.stream is True
    assert came.request_id == "q1"
    assert 0 <= came.seconds <= first.seconds <= end.seconds < 30
    assert (end.end, end.error, end.attempts, end.status, end.events) == ("completed", None, 1, 200, 3)
    assert end.response_bytes == len(b"".join(CHUNKS))
    assert (end.usage, end.response_id, end.response_model) == (USED, "c1", "mimo-v2.6-pro")
    assert end.finish_reasons == ["stop"]


@each_shell
def test_a_stream_of_a_response(shell: str) -> None:
    kept = Kept()
    with Server(once(sse() + b"".join(map(chunk, RESPONSE_EVENTS)) + END)) as server:
        read(shell, server, kept, RESPONSES)
    assert kept.kinds == STREAMED
    assert (kept.end.events, kept.end.usage) == (4, None)
    assert (kept.end.response_id, kept.end.finish_reasons) == ("r1", ["completed"])


@each_shell
def test_a_projected_stream(shell: str) -> None:
    """Its events are counted; what they add up to nobody knows."""
    kept = Kept()
    with Server(once(STREAM)) as server:
        assert read(shell, server, kept, event_type=Small) == Small("c1", [Finish("stop")])
    assert kept.kinds == STREAMED
    end = kept.end
    assert (end.end, end.events, end.response_bytes) == ("completed", 3, len(b"".join(CHUNKS)))
    assert (end.usage, end.response_id, end.response_model, end.finish_reasons) == (None, None, None, [])


@each_shell
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
def test_tried_again(shell: str, streamed: bool) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer(error_body("503", "busy"), 503))
        peer.request()
        peer.send(STREAM if streamed else answer(CHAT))
        peer.gone()

    kept = Kept()
    with Server(script) as server:
        if streamed:
            read(shell, server, kept, retry=retry(2))
        else:
            send(shell, server, kept, CHAT_COMPLETIONS, REQUEST, retry=retry(2))
    assert kept.kinds == [*WHOLE[:3], "Retrying", *(STREAMED if streamed else WHOLE)[1:]]
    [again] = kept.of(Retrying)
    assert again == Retrying(call=kept.start.call, attempt=1, error="ServerError", status=503, delay=again.delay)
    assert 0 <= again.delay <= 0.001
    assert [each.attempt for each in kept.of(AttemptStarted)] == [1, 2]
    assert [(each.attempt, each.status) for each in kept.of(HeadReceived)] == [(1, 503), (2, 200)]
    assert (kept.end.end, kept.end.attempts, kept.end.status) == ("completed", 2, 200)


@each_shell
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
def test_refused(shell: str, streamed: bool) -> None:
    kept = Kept()
    with Server(once(answer(error_body("401", f"wrong key {KEY}"), 401))) as server:
        error = read(shell, server, kept) if streamed else send(shell, server, kept, CHAT_COMPLETIONS, REQUEST)
    assert isinstance(error, AuthenticationError)
    assert kept.kinds == WHOLE
    end = kept.end
    assert (end.end, end.error, end.status, end.attempts) == ("error", "AuthenticationError", 401, 1)
    assert (end.response_bytes, end.usage, end.finish_reasons) == (0, None, [])


@each_shell
def test_no_answer_at_all(shell: str) -> None:
    kept = Kept()
    with Server(once(b"")) as server:
        pass  # nobody listens there any more
    error = send(shell, server, kept, CHAT_COMPLETIONS, REQUEST, retry=retry(2))
    assert isinstance(error, ConnectError)
    assert kept.kinds == ["CallStarted", "AttemptStarted", "Retrying", "AttemptStarted", "CallFinished"]
    assert [(each.error, each.status) for each in kept.of(Retrying)] == [("ConnectError", None)]
    assert (kept.end.end, kept.end.error, kept.end.status) == ("incomplete", "ConnectError", None)


@each_shell
def test_cut(shell: str) -> None:
    """What had come is told."""
    kept = Kept()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sse() + chunk(CHUNKS[0]))
        peer.fin()

    with Server(script) as server:
        error = read(shell, server, kept)
    assert isinstance(error, ConnectionClosed)
    assert kept.kinds == STREAMED
    end = kept.end
    assert (end.end, end.error, end.events, end.response_bytes) == ("incomplete", "ConnectionClosed", 1, len(CHUNKS[0]))
    assert (end.response_id, end.usage, end.finish_reasons) == ("c1", None, [])


@each_shell
def test_an_error_in_the_stream(shell: str) -> None:
    kept = Kept()
    error = b"data: " + json.dumps(error_body("429", "slow down")).encode() + b"\n\n"
    with Server(once(sse() + chunk(CHUNKS[0]) + chunk(error))) as server:
        read(shell, server, kept)
    assert kept.kinds == STREAMED
    assert (kept.end.end, kept.end.error, kept.end.status) == ("error", "RateLimitError", 200)


def waits(peer: Peer) -> None:
    """One event, and then nothing."""
    peer.request()
    peer.send(sse() + chunk(CHUNKS[0]))
    peer.gone()


@each_shell
def test_cancelled_from_a_thread(shell: str) -> None:
    """While a read blocks, wherever the cancelling finds it."""
    kept = Kept()

    async def main() -> None:
        async with open_shell(shell, server.url, observer=kept) as client:
            stream = client.stream(CHAT_COMPLETIONS, REQUEST)
            timer = threading.Timer(0.05, stream.cancel)
            timer.start()
            with pytest.raises(StreamCancelled):
                async with stream:
                    async for _ in stream:
                        pass
            timer.join()

    with Server(waits) as server:
        run(shell, main)
    assert kept.kinds[-1] == "CallFinished"
    assert (kept.end.end, kept.end.error) == ("cancelled", "StreamCancelled")


@each_shell
def test_cancelled_at_any_time(shell: str) -> None:
    """Calls that race with their cancelling end once each, and nothing comes behind the end."""
    seen: dict[int, list[str]] = {}

    def observer(observation: Observation) -> None:
        seen.setdefault(observation.call, []).append(type(observation).__name__)

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(STREAM)

    async def main() -> None:
        async with open_shell(shell, server.url, observer=observer) as client:
            for turn in range(60):
                stream = client.stream(CHAT_COMPLETIONS, REQUEST)
                timer = threading.Timer(turn * 0.0001, stream.cancel)
                timer.start()
                try:
                    async with stream:
                        async for _ in stream:
                            pass
                except StreamCancelled:
                    pass
                timer.join()

    with Server(script) as server:
        run(shell, main)
    assert len(seen) == 60
    for kinds in seen.values():
        assert (kinds[0], kinds[-1]) == ("CallStarted", "CallFinished")
        assert kinds.count("CallFinished") == 1


def test_closed_from_many_threads() -> None:
    """No stream is for many threads; its end is reported once all the same."""
    ends: list[int] = []

    def observer(observation: Observation) -> None:
        if isinstance(observation, CallFinished):
            ends.append(observation.call)

    with Server(waits) as server, client_for(server.url, observer=observer) as client:
        for _ in range(20):
            stream = client.stream(CHAT_COMPLETIONS, REQUEST).open()
            barrier = threading.Barrier(4)

            def close(stream: Any = stream, barrier: threading.Barrier = barrier) -> None:
                barrier.wait(10)
                stream.close()

            threads = [threading.Thread(target=close) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(10)
    assert len(ends) == len(set(ends)) == 20


@each_shell
def test_left_early(shell: str) -> None:
    kept = Kept()

    async def main() -> None:
        async with open_shell(shell, server.url, observer=kept) as client:
            async with client.stream(CHAT_COMPLETIONS, REQUEST) as stream:
                async for _ in stream:
                    break
            await stream.aclose()
            with pytest.raises(StreamCancelled):
                await stream.result()

    with Server(waits) as server:
        run(shell, main)
    assert kept.kinds == STREAMED
    assert (kept.end.end, kept.end.error, kept.end.events) == ("cancelled", "StreamCancelled", 1)


@each_shell
def test_a_stream_that_is_closed_before_it_sends_says_nothing(shell: str) -> None:
    kept = Kept()

    async def main() -> None:
        async with open_shell(shell, "http://127.0.0.1:9/v1", observer=kept) as client:
            stream = client.stream(CHAT_COMPLETIONS, REQUEST)
            await stream.aclose()

    run(shell, main)
    assert kept.observations == []


def passed_over(_: object) -> None:
    """What Python does with an exception in a finalizer, where warnings are errors."""


def drop_sync(client: Client) -> None:
    stream = client.stream(CHAT_COMPLETIONS, REQUEST)
    next(iter(stream))


@pytest.mark.parametrize("action", ["always", "error"])
def test_dropped(action: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reported when the stream is collected, even where the warning is an error."""
    kept = Kept()
    monkeypatch.setattr("sys.unraisablehook", passed_over)
    with Server(waits) as server, client_for(server.url, observer=kept) as client:
        with warnings.catch_warnings(record=action == "always"):
            warnings.simplefilter(action)
            drop_sync(client)
            gc.collect()
    assert kept.kinds == STREAMED
    assert (kept.end.end, kept.end.error, kept.end.events) == ("cancelled", "StreamCancelled", 1)


@pytest.mark.parametrize("action", ["always", "error"])
@pytest.mark.parametrize("shell", [shell for shell in OBSERVED if shell != "client"])
def test_dropped_in_asyncio(shell: str, action: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    monkeypatch.setattr("sys.unraisablehook", passed_over)

    async def main() -> None:
        async with open_shell(shell, server.url, observer=kept) as client:
            stream = client.stream(CHAT_COMPLETIONS, REQUEST)
            await anext(stream)
            with warnings.catch_warnings(record=action == "always"):
                warnings.simplefilter(action)
                del stream
                gc.collect()
            assert kept.finished.is_set()
            await asyncio.sleep(0)  # the connection goes with the loop's next turn

    with Server(waits) as server:
        run(shell, main)
    assert kept.kinds == STREAMED
    assert (kept.end.end, kept.end.error, kept.end.events) == ("cancelled", "StreamCancelled", 1)


@pytest.mark.parametrize("shell", [shell for shell in OBSERVED if shell != "client"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
def test_a_task_that_is_cancelled(shell: str, streamed: bool) -> None:
    """The class is that of what passes through."""
    kept, asked = Kept(), threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        asked.set()
        peer.gone()

    async def call(client: Any) -> None:
        if not streamed:
            await client.send(CHAT_COMPLETIONS, REQUEST)
        async with client.stream(CHAT_COMPLETIONS, REQUEST):
            pass

    async def main() -> None:
        async with open_shell(shell, server.url, observer=kept) as client:
            task = asyncio.create_task(call(client))
            await asyncio.to_thread(asked.wait, 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with Server(script) as server:
        run(shell, main)
    assert kept.kinds == ["CallStarted", "AttemptStarted", "CallFinished"]
    assert (kept.end.end, kept.end.error, kept.end.status) == ("cancelled", "CancelledError", None)


@pytest.mark.parametrize("shell", [shell for shell in OBSERVED if shell != "client"])
def test_nothing_comes_behind_the_end(shell: str) -> None:
    """A stream is closed while another task waits for its head, and the head comes at the same time."""
    kept, asked, goes_on = Kept(), threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        asked.set()
        goes_on.wait(10)
        peer.send(STREAM)
        peer.gone()

    async def main() -> None:
        async with open_shell(shell, server.url, observer=kept) as client:
            stream = client.stream(CHAT_COMPLETIONS, REQUEST)
            reader = asyncio.create_task(stream.result())
            await asyncio.to_thread(asked.wait, 10)
            goes_on.set()
            await stream.aclose()
            await asyncio.gather(reader, return_exceptions=True)

    with Server(script) as server:
        run(shell, main)
    assert kept.kinds[-1] == "CallFinished"
    assert kept.end.end == "cancelled"


@each_shell
def test_what_an_observer_raises_is_logged_and_changes_nothing(shell: str, caplog: pytest.LogCaptureFixture) -> None:
    def observer(observation: Observation) -> None:
        raise RuntimeError(f"I do not like {type(observation).__name__}")

    with Server(once(STREAM)) as server:
        last = read(shell, server, observer)
    assert last.usage.total_tokens == 12
    records = [record for record in caplog.records if record.name == "mimo_proto"]
    assert [(record.levelno, record.getMessage()) for record in records] == [
        (logging.ERROR, "an observer raised"),
    ] * len(STREAMED)
    assert [str(record.exc_info[1]) for record in records if record.exc_info] == [
        f"I do not like {kind}" for kind in STREAMED
    ]


def test_an_observer_may_end_the_call_that_it_observes() -> None:
    kept = Kept()

    def observer(observation: Observation) -> None:
        kept(observation)
        if isinstance(observation, FirstEvent):
            stream.close()

    with Server(waits) as server, client_for(server.url, observer=observer) as client:
        stream = client.stream(CHAT_COMPLETIONS, REQUEST)
        with pytest.raises(MimoError):
            for _ in stream:
                pass
    assert kept.kinds == STREAMED
    assert kept.end.end == "cancelled"


CURRENT: ContextVar[str] = ContextVar("CURRENT", default="nobody's")


@each_shell
def test_it_is_called_in_the_context_of_the_method(shell: str) -> None:
    """That of the method, not that of the reading; what an observer sets is seen by nobody."""
    seen: list[str] = []

    def observer(_: Observation) -> None:
        seen.append(CURRENT.get())
        CURRENT.set("the observer's")

    async def main() -> None:
        async with open_shell(shell, server.url, observer=observer) as client:
            CURRENT.set("the method's")
            stream = client.stream(CHAT_COMPLETIONS, REQUEST)
            CURRENT.set("the reader's")
            async with stream:
                async for _ in stream:
                    pass
            assert CURRENT.get() == "the reader's"

    with Server(once(STREAM)) as server:
        run(shell, main)
    assert seen == ["the method's"] * len(STREAMED)


@each_shell
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
def test_neither_content_nor_the_key_is_in_them(shell: str, streamed: bool) -> None:
    """Not even where the server sends the key back."""
    kept = Kept()
    chunks = [chat_chunk("Hello", "stop", id=KEY, model=KEY, usage=USAGE), DONE]
    body = {**CHAT, "id": KEY, "model": f"Bearer {KEY}"}
    echo = f"X-Request-Id: {KEY}"
    script = sse(echo) + b"".join(map(chunk, chunks)) + END if streamed else answer(body, 200, echo)
    with Server(once(script)) as server:
        if streamed:
            read(shell, server, kept)
        else:
            send(shell, server, kept, CHAT_COMPLETIONS, REQUEST)
    assert kept.kinds[-1] == "CallFinished"
    text = repr(kept.observations) + msgspec.json.encode(kept.observations).decode()
    assert [word for word in SAID if word in text] == []
    assert kept.end.response_id == "********"


def test_calls_have_numbers_of_their_own() -> None:
    numbers: set[int] = set()

    def observer(observation: Observation) -> None:
        numbers.add(observation.call)

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer(CHAT))

    with Server(script) as server:
        for _ in range(2):
            with client_for(server.url, observer=observer) as client:
                client.send(CHAT_COMPLETIONS, REQUEST)
                client.send(CHAT_COMPLETIONS, REQUEST)
    assert len(numbers) == 4


def test_the_options_of_a_call_keep_its_observer() -> None:
    kept = Kept()
    with Server(once(answer(CHAT))) as server, client_for(server.url, observer=kept) as client:
        client.send(CHAT_COMPLETIONS, REQUEST, retry=retry(2))
    assert kept.kinds == WHOLE


def test_what_tees_get_is_the_same() -> None:
    kept, teed = Kept(), bytearray()
    with Server(once(STREAM)) as server, client_for(server.url, observer=kept) as client:
        client.stream(CHAT_COMPLETIONS, REQUEST, tee=teed.extend).result()
    assert bytes(teed) == b"".join(CHUNKS)
    assert kept.end.response_bytes == len(teed)


async def too_late(_: Observation) -> None:
    """An observer that nobody would await."""


@pytest.mark.parametrize(
    ("observer", "came"), [(5, "of type int"), ("print", "of type str"), (too_late, "a coroutine function")]
)
def test_what_is_no_observer_is_refused(observer: Any, came: str) -> None:
    make: Callable[..., object] = client_for
    with pytest.raises(
        ConfigurationError, match=f"observer= takes a function of one argument, and what came is {came}"
    ):
        make("http://127.0.0.1:9/v1", observer=observer)


def test_a_redirect_is_one_attempt_with_its_head() -> None:
    kept = Kept()
    with Server(once(head(307, "Location: /v2", "Content-Length: 0"))) as server:
        with client_for(server.url, observer=kept) as client, pytest.raises(MimoError):
            client.send(CHAT_COMPLETIONS, REQUEST)
    assert kept.kinds == WHOLE
    assert (kept.end.end, kept.end.error, kept.end.status) == ("incomplete", "RedirectRefused", 307)
