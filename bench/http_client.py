"""Over HTTP: the client against a raw socket, httpx with httpx-sse, and the openai SDK.

CPU time of the client's process, request included, on connections that are kept. Two modes: the server is ahead (bytes
are always there: what the Python code costs), and paced (each event is its own wake-up). "As fast as possible" is
neither: whether two events meet in one read would be chance.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from statistics import median
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

from bench.block import Block, section
from bench.http_server import EVENTS, PACED_EVENTS, server
from bench.raw_socket import RawSocket
from bench.rivals import floor_decoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.payloads import Protocol

    Streams = Callable[[], Iterator[Any]]

__all__ = ["CLIENTS", "KEY", "MODEL", "MODES", "REQUESTS", "first_event", "http"]

KEY = "sk-bench"
PAUSE = 2e-3
MODEL = "mimo-v2.6-pro"
PATHS = {"chat": "/chat/completions", "responses": "/responses"}
REQUESTS: dict[str, dict[str, Any]] = {
    "chat": {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]},
    "responses": {"model": MODEL, "input": "hi"},
}


# What the server does: how that is called, how many events, how many times less CPU than openai, and at most how many
# raw sockets.
MODES: dict[str, tuple[str, int, float, float]] = {
    "ahead": ("server ahead, one HTTP chunk an event", EVENTS, 40, 1.9),
    "blocks": ("server ahead, 16 KiB chunks", EVENTS, 40, 1.9),
    "paced": ("an event each 150 µs", PACED_EVENTS, 4, 1.5),
}


def raw_stream(base_url: str, protocol: Protocol, stack: ExitStack) -> Streams:
    """The limit."""
    raw = stack.enter_context(closing(RawSocket(base_url, PATHS[protocol], protocol)))
    request = REQUESTS[protocol] | {"stream": True}
    return lambda: raw.stream(request)


def mimo_stream(base_url: str, protocol: Protocol, stack: ExitStack) -> Streams:
    """Our client."""
    from mimo_proto import Client

    client = stack.enter_context(Client(api_key=KEY, base_url=base_url))
    call: Any = client.stream_chat_completion if protocol == "chat" else client.stream_response
    request = REQUESTS[protocol]

    def events() -> Iterator[Any]:
        with call(**request) as stream:
            yield from stream

    return events


def httpx_stream(base_url: str, protocol: Protocol, stack: ExitStack) -> Streams:
    """httpx, httpx-sse and our Structs."""
    import httpx
    from httpx_sse import EventSource

    client = stack.enter_context(httpx.Client(headers={"authorization": f"Bearer {KEY}"}))
    decode = floor_decoder(protocol)
    url, request = base_url + PATHS[protocol], REQUESTS[protocol] | {"stream": True}

    def events() -> Iterator[Any]:
        with client.stream("POST", url, json=request) as response:
            for event in EventSource(response).iter_sse():
                if event.data != "[DONE]":
                    yield decode(event.data)

    return events


def openai_stream(base_url: str, protocol: Protocol, stack: ExitStack) -> Streams:
    """The openai SDK."""
    from openai import OpenAI

    client = stack.enter_context(OpenAI(api_key=KEY, base_url=base_url, max_retries=0))
    create: Any = client.chat.completions.create if protocol == "chat" else client.responses.create
    request = REQUESTS[protocol]

    def events() -> Iterator[Any]:
        with create(**request, stream=True) as stream:
            yield from stream

    return events


CLIENTS: dict[str, Callable[[str, Protocol, ExitStack], Streams]] = {
    "raw socket": raw_stream,
    "Client": mimo_stream,
    "httpx + httpx-sse": httpx_stream,
    "openai": openai_stream,
}


def run_through(events: Streams, count: int) -> Callable[[], None]:
    """A run of the whole stream, counted once so that nothing is lost."""

    def run() -> None:
        for _ in events():
            pass

    if (seen := sum(1 for _ in events())) != count:
        raise AssertionError(f"{seen} events of {count}")
    return run


def first_event(events: Streams, *, from_call: bool) -> Callable[[], float]:
    """Wall-clock µs to the first event, from the call or from the moment the server says it sent it; a median of 40.

    Each call begins on a machine at rest: right behind the last one, a client with less to do meets a server that is
    still awake, which halves the wait.
    """

    def measure() -> float:
        times = []
        for _ in range(40):
            sleep(PAUSE)
            start = perf_counter()
            stream = events()
            event = next(stream)
            times.append(perf_counter() - (start if from_call else float(event.id)))
            for _ in stream:
                pass
        return median(times) * 1e6

    return measure


def stream_block(origin: str, protocol: Protocol, mode: str, stack: ExitStack) -> Block:
    """One way to send a stream, read by every client; of Responses the ratios are only shown."""
    title, count, times_less, raw_sockets = MODES[mode]
    block = Block(f"{protocol}, {title}")
    for name, connect in CLIENTS.items():
        events = connect(f"{origin}/{mode}/v1", protocol, stack)
        block.cpu(name, run_through(events, count), units=count)
    judged = protocol == "chat"
    block.at_least("Client", "openai", times_less if judged else None)
    block.at_most("Client", "raw socket", raw_sockets if judged else None)
    if judged:
        block.at_most("httpx + httpx-sse", "raw socket")
    return block


@section("http", "Over HTTP")
def http(quick: bool) -> Iterator[Block]:
    """CPU time an event in the client's process; the server has its own process and core.

    The first event is wall-clock time on a kept connection, 2 ms after the last call: from the call, which the server
    answers at once; or, when the head has long come, from the server's sending it.
    """
    with server() as origin:
        protocols: tuple[Protocol, ...] = ("chat",) if quick else ("chat", "responses")
        for protocol in protocols:
            for mode in MODES:
                with ExitStack() as stack:
                    yield stream_block(origin, protocol, mode, stack)
        for mode, title in (("first", "first event, from the call"), ("late", "first event, from its sending")):
            with ExitStack() as stack:
                block, from_call = Block(f"chat, {title}"), mode == "first"
                for name, connect in CLIENTS.items():
                    events = connect(f"{origin}/{mode}/v1", "chat", stack)
                    block.add(name, first_event(events, from_call=from_call), "µs")
                block.at_least("Client", "openai", 4 if from_call else None)
                block.at_most("Client", "raw socket", 2 if from_call else None)
                yield block
