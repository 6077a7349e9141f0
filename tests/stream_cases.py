"""Streams, whole and broken, each with how it ends: what `StreamDecoder` must make of them under every cut."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    APIError,
    AuthenticationError,
    ContentFilterError,
    DecodeError,
    IncompleteStreamError,
    MimoError,
    RateLimitError,
    ServerError,
)
from tests.payloads import (
    DONE,
    HEAD,
    RESPONSE,
    RESPONSE_EVENTS,
    chat_chunk,
    error_body,
    event,
    response_delta,
    response_event,
)

if TYPE_CHECKING:
    from mimo_proto import Endpoint

__all__ = ["CASES", "Case", "all_line_ends"]


class Case(NamedTuple):
    """A stream, its lines ended by LF; how many events it gives, and the error behind them, if any."""

    id: str
    endpoint: Endpoint[Any, Any, Any]
    stream: bytes
    events: int
    error: type[MimoError] | None = None


USAGE = event({**HEAD, "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}})
STOP = chat_chunk("", "stop")
HELLO = chat_chunk("Hello")
TWO = event(
    {
        **HEAD,
        "choices": [
            {"index": 0, "delta": {"content": "a"}, "finish_reason": None},
            {"index": 1, "delta": {"content": "b"}, "finish_reason": None},
        ],
    }
)
CREATED, _, _, COMPLETED = RESPONSE_EVENTS
LIMITED = error_body("429", "Too many requests")
COMMENTS = b": keep-alive\n\n:\n\n"
DATALESS = b"event: ping\n\nretry: 10\n\nid: 7\n\nid\n\nunknown: field\n\n"
SECOND_CALL = chat_chunk(
    tool_calls=[],
    choices=[{"index": 0, "delta": {"tool_calls": [{"index": 1, "function": {"arguments": "{"}}]}}],
)


def chat(name: str, *blocks: bytes, events: int, error: type[MimoError] | None = None) -> Case:
    return Case(f"chat-{name}", CHAT_COMPLETIONS, b"".join(blocks), events, error)


def responses(name: str, *blocks: bytes, events: int, error: type[MimoError] | None = None) -> Case:
    return Case(f"responses-{name}", RESPONSES, b"".join(blocks), events, error)


ENDS = [
    chat("complete", HELLO, STOP, USAGE, DONE, events=3),
    chat("no-done", HELLO, STOP, events=2),
    chat("no-done-usage", HELLO, STOP, USAGE, events=3),
    chat("done-alone", DONE, events=0),
    chat("done-without-finish", HELLO, DONE, events=1),
    chat("done-in-crumbs", HELLO, STOP, b"data:[DONE]\n\n", events=2),
    chat("after-done", HELLO, STOP, DONE, HELLO, b"data: nonsense\n\n", events=2),
    chat("done-one-lf-short", HELLO, STOP, DONE[:-1], events=2),
    chat("done-one-lf-short-unfinished", HELLO, DONE[:-1], events=1, error=IncompleteStreamError),
    chat("empty", b"", events=0, error=IncompleteStreamError),
    chat("comments-only", COMMENTS, events=0, error=IncompleteStreamError),
    chat("dataless-only", DATALESS, events=0, error=IncompleteStreamError),
    chat("usage-only", USAGE, events=1, error=IncompleteStreamError),
    chat("unfinished", HELLO, HELLO, events=2, error=IncompleteStreamError),
    chat("half-an-event", HELLO, STOP[:40], events=1, error=IncompleteStreamError),
    chat("half-an-event-after-finish", HELLO, STOP, USAGE[:40], events=2),
    chat("finish-one-lf-short", HELLO, STOP[:-1], events=1, error=IncompleteStreamError),
    chat("finish-reason-empty", HELLO, chat_chunk("x", ""), events=2, error=IncompleteStreamError),
    chat("first-is-last", STOP, events=1),
    chat("without-index", event(b'{"choices": [{"delta": {}}]}') * 2, STOP, events=3),
    # Cut behind the x, the first chunk is a small one, and the other looks like a whole event.
    chat("another-field", event(b'{"choices":[{"delta":{},"finish_reason":"stop"}]}') + b"x", HELLO, events=1),
    chat("two-choices", TWO, chat_chunk("", "stop", 0), chat_chunk("", "length", 1), events=3),
    chat("two-choices-one-cut", TWO, chat_chunk("", "stop", 0), events=2, error=IncompleteStreamError),
    chat("late-choice", HELLO, STOP, chat_chunk("b", None, 1), events=3, error=IncompleteStreamError),
    chat("late-choice-finishes", HELLO, STOP, chat_chunk("b", None, 1), chat_chunk("", "stop", 1), events=4),
    chat("words-after-finish", HELLO, STOP, HELLO, events=3),
    chat("comments-between", COMMENTS, HELLO, DATALESS, STOP, COMMENTS, DONE, events=2),
    chat("data-without-data", b"data:\n\n", HELLO, b"event: ping\ndata: \n\ndata\n\n", STOP, DONE, events=2),
    chat("pretty", b'data: {"choices":\ndata: [{"delta": {},\ndata: "finish_reason": "stop"}]}\n\n', DONE, events=1),
    chat("byte-order-mark", b"\xef\xbb\xbf", HELLO, STOP, DONE, events=2),
    chat("invalid-utf-8", HELLO.replace(b"Hello", b"H\xff\xc3"), STOP, DONE, events=2),
    chat("big-number", event(b'{"choices": [], "created": 1180591620717411303424}'), STOP, events=2),
    responses("complete", *RESPONSE_EVENTS, events=4),
    responses("after-completed", *RESPONSE_EVENTS, response_delta("x"), DONE, b"data: nonsense\n\n", events=4),
    responses("done-means-nothing", CREATED, DONE, events=1, error=IncompleteStreamError),
    responses("incomplete", CREATED, response_event("response.incomplete", response=RESPONSE), events=2),
    responses(
        "failed", response_event("response.failed", response={"output": [], "error": LIMITED["error"]}), events=1
    ),
    responses("cut", *RESPONSE_EVENTS[:-1], events=3, error=IncompleteStreamError),
    responses("completed-one-lf-short", CREATED, COMPLETED[:-1], events=1, error=IncompleteStreamError),
    responses("empty", b"", events=0, error=IncompleteStreamError),
    responses("comments-only", COMMENTS, DATALESS, events=0, error=IncompleteStreamError),
    responses("unknown-events", response_event("response.queued", position=3), COMPLETED, events=2),
    responses("unknown-without-type", event({"position": 3}), COMPLETED, events=2),
    responses("named-by-the-line", event({"delta": "a"}, "response.output_text.delta"), COMPLETED, events=2),
    responses("end-named-by-the-line", event({"response": RESPONSE}, "response.completed"), events=1),
    responses(
        "type-wins",
        event({"type": "response.output_text.delta", "delta": "a"}, "response.completed"),
        COMPLETED,
        events=2,
    ),
    responses("type-wins-over-error", event({"type": "response.queued"}, "error"), COMPLETED, events=2),
    responses("name-does-not-stay", event({"delta": "a"}, "response.output_text.delta") * 2, COMPLETED, events=3),
    responses("data-without-data", CREATED, b"data:\n\n", COMPLETED, events=2),
    responses("comments-between", COMMENTS, CREATED, DATALESS, COMPLETED, events=2),
]


LINE = json.dumps(LIMITED).encode()
INDENTED = json.dumps(LIMITED, indent=1).encode()


def documents(make: Any, first: bytes, after: bytes) -> list[Case]:
    """JSON on lines of its own: an error in it is raised, where the stream does not come to its own end."""
    limited = {
        "line": [LINE, b"\n"],
        "unended": [LINE],
        "ended-twice": [LINE, b"\n\n"],
        "indented": [INDENTED, b"\n"],
        "indented-unended": [INDENTED],
        "byte-order-mark": [b"\xef\xbb\xbf\n ", INDENTED, b"\n"],
        "spaced-out": [INDENTED.replace(b"\n", b"\n\n")],
        "behind-comments": [COMMENTS, DATALESS, INDENTED, b"\n"],
        "before-an-id": [INDENTED, b"\nid: 7\n\n"],
        "before-a-retry": [LINE, b"\n\nretry: 100\n\n"],
        "named": [b'event: error\n{"code":\n"429"}\n'],
        "after-another": [b"{\n}\n", LINE, b"\n"],
        "after-another-unended": [b"{\n}\n", LINE],
    }
    lost: dict[str, list[bytes]] = {
        "no-error": [json.dumps({"choices": []}, indent=1).encode()],
        "cut": [INDENTED[:-5]],
        "an-event-begun": [LINE, b"\ndata: {}"],
        "a-line-of-an-event": [LINE, b"\ndata: {}\n"],
    }
    return [
        *(make(f"json-{name}", *body, events=0, error=RateLimitError) for name, body in limited.items()),
        *(make(f"json-{name}", *body, events=0, error=IncompleteStreamError) for name, body in lost.items()),
        make("json-first", INDENTED, b"\n\n", first, events=1, error=RateLimitError),
        make("json-last", first, INDENTED, b"\n", events=1, error=RateLimitError),
        make("json-between", first, INDENTED, b"\n\n", after, events=2),
    ]


def errors(make: Any, first: bytes, after: bytes) -> list[Case]:
    """Each shape of an error, as the first event and after another; with more behind it, and one LF short."""
    shapes: dict[str, tuple[bytes, type[MimoError]]] = {
        "nested": (event(LIMITED), RateLimitError),
        "text": (event({"error": "try again"}), APIError),
        "beside-choices": (event({**LIMITED, "choices": []}), RateLimitError),
        "named-flat": (event({"code": "401", "message": "no"}, "error"), AuthenticationError),
        "named-without-code": (event({"message": "no"}, "error"), APIError),
        "named-nested": (event(LIMITED, "error"), RateLimitError),
        "named-text": (event({"error": "try again"}, "error"), APIError),
        "named-bare-text": (event("try again", "error"), APIError),
        "named-with-its-type": (
            event({"message": "The model is overloaded", "type": "server_error"}, "error"),
            APIError,
        ),
        "named-with-its-code": (
            event({"code": "429", "type": "limitation", "param": "Too many"}, "error"),
            RateLimitError,
        ),
        "named-with-no-type": (event({"message": "x", "type": ""}, "error"), APIError),
        "typed-flat": (event({"type": "error", "code": 503, "message": "full"}), ServerError),
        "typed-nested": (event({"type": "error", **LIMITED}), RateLimitError),
        "typed-text": (event({"type": "error", "error": "try again"}), APIError),
        "typed-empty": (event({"type": "error"}), APIError),
        "bare": (event({"code": 421, "message": "Moderation Block"}), ContentFilterError),
        "without-a-space": (b"data:" + event(LIMITED).removeprefix(b"data: "), RateLimitError),
        "lone-surrogate": (event(b'{"error": {"message": "\\ud83d"}}'), APIError),
    }
    cases: list[Case] = []
    for name, (block, error) in shapes.items():
        cases += [
            make(f"error-{name}-first", block, events=0, error=error),
            make(f"error-{name}", first, block, after, events=1, error=error),
            make(f"error-{name}-one-lf-short", first, block[:-1], events=1, error=error),
            make(f"error-{name}-two-lf-short", first, block[:-2], events=1, error=error),
        ]
    return cases


BROKEN = {
    "no-json": b"data: Internal Server Error\n\n",
    "html": b"data: <html></html>\n\n",
    "half-json": b'data: {"choices": [\n\n',
    "scalar": b"data: 5\n\n",
    "null": b"data: null\n\n",
    "text": b'data: "hello"\n\n',
    "array": b"data: []\n\n",
    "glued": b"data: {}{}\n\n",
    "glued-chunks": HELLO[:-2] + HELLO[6:],
    "not-a-number": b'data: {"choices": [], "created": NaN}\n\n',
    "deep": b"data: " + b"[" * 20_000 + b"\n\n",
    "deep-object": b'data: {"a":' * 2 + b"[" * 5_000 + b"]" * 5_000 + b"}\n\n",
    "digits": b'data: {"choices": [], "created": ' + b"9" * 5_000 + b"}\n\n",
}
CHAT_MISFITS = {
    "choices-missing": b"data: {}\n\n",
    "choices-null": b'data: {"choices": null}\n\n',
    "delta-null": b'data: {"choices": [{"index": 0, "delta": null}]}\n\n',
    "index-odd": b'data: {"choices": [{"index": [], "delta": {"content": "\\ud83d"}}]}\n\n',
    "error-odd": b'data: {"choices": [], "error": 5}\n\n',
}
RESPONSES_MISFITS = {
    "delta-missing": b'data: {"type": "response.output_text.delta"}\n\n',
    "place-odd": b'data: {"type": "response.output_text.delta", "delta": "\\ud83d", "item_id": {}}\n\n',
    "response-null": b'data: {"type": "response.completed", "response": null}\n\n',
    "output-missing": b'data: {"type": "response.completed", "response": {}}\n\n',
}

CASES = [
    *ENDS,
    *errors(chat, HELLO, STOP),
    *errors(responses, CREATED, COMPLETED),
    *documents(chat, HELLO, STOP),
    *documents(responses, CREATED, COMPLETED),
    *(chat(f"broken-{name}", HELLO, block, STOP, events=1, error=DecodeError) for name, block in BROKEN.items()),
    *(chat(f"misfit-{name}", HELLO, block, STOP, events=1, error=DecodeError) for name, block in CHAT_MISFITS.items()),
    *(responses(f"broken-{name}", CREATED, block, events=1, error=DecodeError) for name, block in BROKEN.items()),
    *(responses(f"misfit-{name}", block, events=0, error=DecodeError) for name, block in RESPONSES_MISFITS.items()),
]


def all_line_ends(stream: bytes) -> list[bytes]:
    """The stream with its lines ended by LF, CR and CRLF."""
    return [stream.replace(b"\n", end) for end in (b"\n", b"\r", b"\r\n")]
