"""What a request costs: a 1 KB call on a kept connection, and a long history encoded."""

from __future__ import annotations

from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from bench.allocator import keep_freed_memory
from bench.block import Block, section
from bench.http_client import KEY, MODEL
from bench.http_server import server
from bench.payloads import TEXT
from bench.raw_socket import RawSocket
from mimo_proto import CHAT_COMPLETIONS, ChatCompletionRequest, build_request
from mimo_proto.models import ChatCompletion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["encode", "history", "request"]

CALLS = 20


def text(place: int, size: int) -> str:
    """So many bytes of running text, in a string of its own."""
    return (f"{place}. " + TEXT * (size // len(TEXT) + 1)).encode()[:size].decode(errors="ignore")


def history(count: int, size: int) -> list[dict[str, Any]]:
    """A conversation with tools: question, call, result, answer, and again; `count` messages of `size` bytes each."""
    call: dict[str, Any] = {"id": "call_0b9c8d7e6f5a41328495a6b7", "type": "function"}
    call |= {"function": {"name": "read_river_level", "arguments": '{"station": "Wuhan", "days": 7}'}}
    messages: list[dict[str, Any]] = []
    for place in range(0, count, 4):
        thought = text(place + 1, size - 160)
        messages.append({"role": "user", "content": text(place, size)})
        messages.append({"role": "assistant", "content": "", "reasoning_content": thought, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": text(place + 2, size)})
        messages.append({"role": "assistant", "content": text(place + 3, size)})
    return messages


def repeated(call: Callable[[], Any]) -> None:
    for _ in range(CALLS):
        call()


@section("request", "A short call")
def request(_quick: bool) -> Iterator[Block]:
    """CPU time of a call in the client's process: a request of 1 KB, a short JSON answer, a connection that is kept."""
    import httpx
    from openai import OpenAI

    from mimo_proto import Client

    with server() as origin, ExitStack() as stack:
        base_url = f"{origin}/reply/v1"
        body: dict[str, Any] = {"model": MODEL, "messages": history(4, 220)}
        block = Block("1 KB call")
        raw = stack.enter_context(closing(RawSocket(base_url, "/chat/completions", "chat")))
        mimo = stack.enter_context(Client(api_key=KEY, base_url=base_url))
        plain = stack.enter_context(httpx.Client(headers={"authorization": f"Bearer {KEY}"}))
        openai = stack.enter_context(OpenAI(api_key=KEY, base_url=base_url, max_retries=0))
        decode = msgspec.json.Decoder(ChatCompletion).decode
        calls: dict[str, Callable[[], Any]] = {
            "raw socket": lambda: decode(raw.post(body)),
            "Client": lambda: mimo.create_chat_completion(**body),
            "httpx": lambda: decode(plain.post(f"{base_url}/chat/completions", json=body).content),
            "openai": lambda: openai.chat.completions.create(**body),
        }
        for name, call in calls.items():
            if not call().choices:
                raise AssertionError(name)
            block.cpu(name, partial(repeated, call), units=CALLS)
        block.at_least("Client", "openai", 12)
        block.at_least("Client", "httpx")
        block.at_most("Client", "raw socket")
        yield block


@section("encode", "A long history, encoded")
def encode(_quick: bool) -> Iterator[Block]:
    """CPU time from 1,000 messages of 1 KB to an HTTP request, against openai's create() up to its transport.

    The allocator keeps what is freed, for all of them: else page faults come with each megabyte.
    """
    import httpx2
    from openai import OpenAI

    keep_freed_memory()
    messages = history(1000, 1000)
    plain: dict[str, Any] = {"model": MODEL, "messages": messages}
    # As a history is: read from JSON.
    typed = msgspec.json.decode(msgspec.json.encode(plain), type=ChatCompletionRequest)
    raw: list[Any] = [msgspec.Raw(msgspec.json.encode(one)) for one in messages]
    encoded = ChatCompletionRequest(model=MODEL, messages=raw)
    answer = {"id": "1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": []}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=answer))
    openai = OpenAI(api_key=KEY, base_url="http://127.0.0.1/v1", http_client=httpx2.Client(transport=transport))
    block = Block("1 MB, 1,000 messages")
    block.cpu("Structs", lambda: build_request(CHAT_COMPLETIONS, typed, api_key=KEY), units=1)
    block.cpu("a dict, checked", lambda: build_request(CHAT_COMPLETIONS, plain, api_key=KEY), units=1)
    block.cpu("encoded messages", lambda: build_request(CHAT_COMPLETIONS, encoded, api_key=KEY), units=1)
    block.cpu("openai", lambda: openai.chat.completions.create(**plain), units=1)
    block.at_least("Structs", "openai", 280)
    block.at_least("a dict, checked", "openai", 170)
    block.at_least("encoded messages", "openai")
    yield block
