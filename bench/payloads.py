"""The streams that are decoded: written here, deterministic, in the shapes that MiMo sends.

A Chat chunk is about 280 bytes and full of nulls; a Responses delta about 170, with an `event:` line before it and no
space after the colons. Everything is bytes; how they are cut is said by `cut`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "DIALECTS",
    "GRANULARITIES",
    "Protocol",
    "Recording",
    "cut",
    "long_chat_event",
    "STREAM_ID",
    "TEXT",
    "record",
]

Protocol = Literal["chat", "responses"]

STREAM_ID = b"3f0c2a5e-9b1d-4c78-8e64-1d2f5a7b9c30_0a1b2c3d4e5f60718293a4b5c6d7e8f9"
TEXT = (
    "The river carries silt down from the hills , and every spring it lays a little more of it on the fields . "
    "春天 的 河水 慢慢 涨 起来 。 "
    'A "quoted" word , a path C:\\data\\new , one line \n and a second one ; then numbers : 42 , 3.14 and 1,000 . '
    "Nobody 🙂 counts them ."
)
WORDS = TEXT.split(" ")

# How one event is written: the event: line, the data: prefix, the line end, what stands before every fiftieth event.
DIALECTS: dict[str, tuple[bytes, bytes, bytes, bytes]] = {
    "LF": (b"event: ", b"data: ", b"\n", b""),
    "CRLF": (b"event: ", b"data: ", b"\r\n", b""),
    "no space": (b"event:", b"data:", b"\n", b""),
    "comments": (b"event: ", b"data: ", b"\n", b": keep-alive\n\n"),
    "tag last": (b"event: ", b"data: ", b"\n", b""),
}

GRANULARITIES: dict[str, int] = {"1 event": 0, "4 KiB": 4096, "64 KiB": 65536, "7 B": 7}


@dataclass(frozen=True)
class Recording:
    """One whole stream.

    Attributes:
        protocol: Which of the two.
        payloads: The JSON documents, cut out already, the end mark left out.
        events: The same as server-sent events, one bytes object each, the end mark included.
    """

    protocol: Protocol
    payloads: list[bytes]
    events: list[bytes]

    @property
    def count(self) -> int:
        return len(self.payloads)


def words(count: int) -> Iterator[str]:
    """Pieces of text as a model streams them: a word with the space before it."""
    return (" " + word for word in islice(cycle(WORDS), count))


def chat_documents(count: int) -> Iterator[dict[str, Any]]:
    """A thinking answer: role, reasoning, content, finish, usage."""

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        nothing = {"content": None, "role": None, "tool_calls": None, "reasoning_content": None}
        return {
            "id": STREAM_ID.decode(),
            "choices": [{"delta": nothing | delta, "finish_reason": finish, "index": 0}],
            "created": 1790000000,
            "model": "mimo-v2.6-pro",
            "object": "chat.completion.chunk",
        }

    yield chunk({"content": "", "role": "assistant"})
    for place, word in enumerate(words(count - 3)):
        yield chunk({"reasoning_content" if place < count // 3 else "content": word})
    yield chunk({}, "stop") | {"usage": None}
    usage = {"completion_tokens": count, "prompt_tokens": 60, "total_tokens": count + 60}
    details = {"completion_tokens_details": {"reasoning_tokens": count // 3}, "prompt_tokens_details": {}}
    yield chunk({}) | {"choices": [], "usage": usage | details}


def responses_documents(count: int) -> Iterator[dict[str, Any]]:
    """A reasoning item, then a message: added, deltas, done."""
    response: dict[str, Any] = {
        "id": "resp_7d41c09ae2b84f6f9a35d0c1b2e3f4a5",
        "object": "response",
        "created_at": 1790000000,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": "mimo-v2.6-pro",
        "output": [],
    }
    reasoning_id, message_id = "rs_0b9c8d7e6f5a41328495a6b7c8d9e0f1", "msg_5a6b7c8d9e0f41a2b3c4d5e6f7a8b9c0"
    thoughts = list(words(count // 3))
    answer = list(words(count - 13 - len(thoughts)))
    reasoning = {"id": reasoning_id, "type": "reasoning", "summary": [], "content": [], "status": "in_progress"}
    message = {"id": message_id, "type": "message", "status": "in_progress", "role": "assistant", "content": []}
    done = []
    documents: list[dict[str, Any]] = [
        {"type": "response.created", "response": response},
        {"type": "response.in_progress", "response": response},
    ]
    items = [(reasoning, "reasoning_text", "response.reasoning_text", thoughts)]
    items += [(message, "output_text", "response.output_text", answer)]
    for place, (item, part_type, prefix, texts) in enumerate(items):
        where = {"item_id": item["id"], "output_index": place, "content_index": 0}
        # The server repeats the whole text at the end, thrice; shortened here, so that the deltas are what is measured.
        part = {"type": part_type, "text": "…"}
        finished = item | {"status": "completed", "content": [part]}
        documents.append({"type": "response.output_item.added", "output_index": place, "item": item})
        documents.append({"type": "response.content_part.added", **where, "part": part | {"text": ""}})
        documents.extend({"type": f"{prefix}.delta", **where, "delta": text} for text in texts)
        documents.append({"type": f"{prefix}.done", **where, "text": "…"})
        documents.append({"type": "response.content_part.done", **where, "part": part})
        documents.append({"type": "response.output_item.done", "output_index": place, "item": finished})
        done.append(finished)
    usage: dict[str, Any] = {"input_tokens": 60, "output_tokens": count, "total_tokens": count + 60}
    usage |= {"input_tokens_details": {}, "output_tokens_details": {"reasoning_tokens": len(thoughts)}}
    response = response | {"status": "completed", "output": done, "usage": usage}
    documents.append({"type": "response.completed", "response": response})
    for number, document in enumerate(documents):
        yield {"type": document.pop("type"), "sequence_number": number} | document


def record(protocol: Protocol, dialect: str, count: int) -> Recording:
    """Make a stream of `count` events."""
    event_field, data_field, end, before = DIALECTS[dialect]
    documents = chat_documents(count) if protocol == "chat" else responses_documents(count)
    payloads: list[bytes] = []
    events: list[bytes] = []
    if dialect == "tag last":
        documents = (dict(reversed(document.items())) for document in documents)
    for document in documents:
        payload = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        name = event_field + document["type"].encode() + end if protocol == "responses" else b""
        payloads.append(payload)
        comment = b"" if len(events) % 50 else before
        events.append(comment + name + data_field + payload + end + end)
    if protocol == "chat":
        events.append(data_field + b"[DONE]" + end + end)
    return Recording(protocol, payloads, events)


def cut(recording: Recording, granularity: str) -> list[bytes]:
    """The stream's bytes as a transport would hand them out."""
    size = GRANULARITIES[granularity]
    if not size:
        return recording.events
    stream = b"".join(recording.events)
    return [stream[start : start + size] for start in range(0, len(stream), size)]


def long_chat_event(size: int, lines: int) -> bytes:
    """One Chat event of about `size` bytes, in one data line or in many.

    JSON may be broken between tokens only: the many lines are the numbers of a list, in a field that the spec has.
    """
    head = b'data: {"choices":[{"index":0,"delta":{"content":"'
    if lines == 1:
        tail = b'"}}]}\n\n'
        return head + b"x" * (size - len(head) - len(tail)) + tail
    number = b"1" * max(1, size // lines - len("data: ,\n"))
    numbers = b"\n".join(b"data: " + number + b"," for _ in range(lines - 2))
    return head + b'","audio_tokens":[\n' + numbers + b"\ndata: 0]}}]}\n\n"
