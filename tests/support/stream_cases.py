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
from tests.support.payloads import (
    CHAT,
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
        "typed-response-error": (event({"type": "response.error", **LIMITED}), RateLimitError),
        "typed-text": (event({"type": "error", "error": "try again"}), APIError),
        "typed-empty": (event({"type": "error"}), APIError),
        "in-a-list": (event([LIMITED]), RateLimitError),
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
CHAT_INVALID = {
    "choices-missing": b'data: {"id": "1"}\n\n',
    "choices-null": b'data: {"id": "1", "choices": null}\n\n',
    "choices-odd": b'data: {"choices": {}}\n\n',
    "empty": b"data: {}\n\n",
    "empty-named-message": b"event: message\ndata: {}\n\n",
    "delta-odd": b'data: {"choices": [{"index": 0, "delta": []}]}\n\n',
    "index-odd": b'data: {"choices": [{"index": [], "delta": {"content": "\\ud83d"}}]}\n\n',
    "usage-null": b'data: {"usage": null}\n\n',
    "usage-empty": b'data: {"choices": null, "usage": {}}\n\n',
    "usage-odd": b'data: {"choices": null, "usage": 5}\n\n',
    "heartbeat-with-choices": b'data: {"type": "keepalive", "choices": null}\n\n',
    "heartbeat-with-a-status": b'data: {"type": "keepalive", "status": 5}\n\n',
    "heartbeat-with-a-usage": b'event: ping\ndata: {"usage": null}\n\n',
    "heartbeat-with-no-text-for-a-type": b'data: {"type": 5}\n\n',
}
RESPONSES_INVALID = {
    "place-odd": b'data: {"type": "response.output_text.delta", "delta": "\\ud83d", "item_id": {}}\n\n',
    "response-null": b'data: {"type": "response.completed", "response": null}\n\n',
    "response-missing": b'data: {"type": "response.completed"}\n\n',
}

# What is plain in meaning, though the spec has it otherwise: a usage without choices, a choice without a delta.
USAGE_OBJECT = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def item_added(kind: str, **fields: Any) -> dict[str, Any]:
    item = {"type": kind, "id": "i1", "status": "in_progress", **fields}
    return {"type": "response.output_item.added", "output_index": 0, "item": item}


MENDED = [
    chat("delta-null", HELLO, event({"choices": [{"index": 0, "delta": None}]}), STOP, events=3),
    chat("delta-missing", HELLO, event({"choices": [{"index": 0}]}), STOP, events=3),
    chat("delta-null-at-the-finish", HELLO, event({"choices": [{"delta": None, "finish_reason": "stop"}]}), events=2),
    chat("usage-without-choices", HELLO, STOP, event({**HEAD, "usage": USAGE_OBJECT}), DONE, events=3),
    chat("usage-and-choices-null", HELLO, STOP, event({"choices": None, "usage": USAGE_OBJECT}), events=3),
    chat("usage-without-choices-first", event({"usage": USAGE_OBJECT}), HELLO, STOP, events=3),
    chat("usage-without-choices-typed", HELLO, event({"type": "usage", "usage": USAGE_OBJECT}), STOP, events=3),
    chat("usage-without-choices-named", HELLO, event({"usage": USAGE_OBJECT}, "usage"), STOP, events=3),
    chat("usage-without-choices-alone", event({"usage": USAGE_OBJECT}), events=1, error=IncompleteStreamError),
    chat("error-false", event({"choices": [], "error": False}), event({"choices": [], "error": 0}), STOP, events=3),
    chat("error-false-in-a-choice", event({"choices": [{"error": False}]}), STOP, events=2),
    chat("message-for-a-delta", event(CHAT), events=1),
    chat("message-for-a-delta-at-the-end", HELLO, event(CHAT), DONE, events=2),
    responses("delta-missing", event({"type": "response.output_text.delta"}), COMPLETED, events=2),
    responses("output-missing", response_event("response.completed", response={}), events=1),
    responses("output-null", response_event("response.incomplete", response={"output": None}), events=1),
    responses("failed-without-output", response_event("response.failed", response=LIMITED), events=1),
    responses("failed-with-a-text", response_event("response.failed", response={"error": "busy"}), events=1),
    responses("error-false", response_event("response.completed", response={"error": False}), events=1),
    responses("message-without-content", event(item_added("message", role="assistant")), COMPLETED, events=2),
    responses("reasoning-without-summary", event(item_added("reasoning", summary=None)), COMPLETED, events=2),
]

KEEP_ALIVE = event({"type": "keepalive", "sequence_number": 3})
HEARTBEATS = [
    chat("heartbeat", HELLO, KEEP_ALIVE, HELLO, KEEP_ALIVE, STOP, KEEP_ALIVE, DONE, events=3),
    chat("heartbeat-first", KEEP_ALIVE, KEEP_ALIVE, HELLO, STOP, events=2),
    chat("heartbeat-last", HELLO, STOP, KEEP_ALIVE, events=2),
    chat("heartbeat-named", HELLO, event({}, "ping"), event({"time": 1.5}, "keepalive"), STOP, events=2),
    chat("heartbeat-named-and-typed", HELLO, event({"type": "ping"}, "ping"), STOP, events=2),
    chat("heartbeat-typed-message", HELLO, event({"type": "ping", "id": "1"}, "message"), STOP, events=2),
    chat("heartbeats-only", KEEP_ALIVE, event({}, "ping"), events=0, error=IncompleteStreamError),
    chat("heartbeats-and-done", KEEP_ALIVE, DONE, events=0),
    chat("heartbeat-with-an-error", HELLO, event({"type": "ping", **LIMITED}), STOP, events=1, error=RateLimitError),
    responses("heartbeat", CREATED, KEEP_ALIVE, COMPLETED, events=3),
]


def unreadable_after_the_finish() -> list[Case]:
    """Behind the finish of every choice nothing can be lost but the usage, so what cannot be read is passed over."""
    unreadable = {**{f"broken-{name}": block for name, block in BROKEN.items()}, **CHAT_INVALID}
    return [
        *(
            chat(f"finished-{name}", HELLO, STOP, block, USAGE, block, DONE, events=3)
            for name, block in unreadable.items()
        ),
        chat("finished-broken-without-done", HELLO, STOP, BROKEN["html"], events=2),
        chat("finished-error", HELLO, STOP, BROKEN["html"], event(LIMITED), events=2, error=RateLimitError),
        chat("finished-error-named", HELLO, STOP, event("busy", "error"), events=2, error=APIError),
        chat(
            "late-choice-unreadable",
            *(HELLO, STOP, chat_chunk("b", None, 1), BROKEN["html"]),
            events=3,
            error=DecodeError,
        ),
    ]


def replies(make: Any, reply: dict[str, Any], first: bytes, after: bytes) -> list[Case]:
    """A whole JSON reply in place of the stream: it is the one event, and the end."""
    line, indented = json.dumps(reply).encode(), json.dumps(reply, indent=1).encode()
    whole = {
        "line": [line, b"\n"],
        "unended": [line],
        "ended-twice": [line, b"\n\n"],
        "indented": [indented, b"\n"],
        "indented-unended": [indented],
        "byte-order-mark": [b"\xef\xbb\xbf\n ", indented, b"\n"],
        "behind-comments": [COMMENTS, DATALESS, indented, b"\n"],
    }
    return [
        *(make(f"reply-{name}", *body, events=1) for name, body in whole.items()),
        make("reply-cut", indented[:-5], events=0, error=IncompleteStreamError),
        make("reply-before-a-stream", indented, b"\n\n", first, after, events=2),
    ]


CASES = [
    *ENDS,
    *errors(chat, HELLO, STOP),
    *errors(responses, CREATED, COMPLETED),
    *documents(chat, HELLO, STOP),
    *documents(responses, CREATED, COMPLETED),
    *replies(chat, CHAT, HELLO, STOP),
    *replies(responses, RESPONSE, CREATED, COMPLETED),
    chat("reply-with-an-error", json.dumps({**CHAT, **LIMITED}).encode(), events=0, error=RateLimitError),
    responses("reply-failed", json.dumps({**RESPONSE, **LIMITED, "status": "failed"}).encode(), events=1),
    responses("reply-incomplete", json.dumps({**RESPONSE, "status": "incomplete"}).encode(), events=1),
    *MENDED,
    *HEARTBEATS,
    *unreadable_after_the_finish(),
    *(chat(f"broken-{name}", HELLO, block, STOP, events=1, error=DecodeError) for name, block in BROKEN.items()),
    *(chat(f"invalid-{name}", HELLO, block, STOP, events=1, error=DecodeError) for name, block in CHAT_INVALID.items()),
    *(responses(f"broken-{name}", CREATED, block, events=1, error=DecodeError) for name, block in BROKEN.items()),
    *(responses(f"invalid-{name}", block, events=0, error=DecodeError) for name, block in RESPONSES_INVALID.items()),
]


def all_line_ends(stream: bytes) -> list[bytes]:
    """The stream with its lines ended by LF, CR and CRLF."""
    return [stream.replace(b"\n", end) for end in (b"\n", b"\r", b"\r\n")]
