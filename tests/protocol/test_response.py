"""Answers: a value when the body is what was asked for, else the error that says best what it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    APIError,
    AuthenticationError,
    BadRequestError,
    ContentFilterError,
    DecodeError,
    InsufficientBalanceError,
    MimoError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectRefused,
    ServerError,
    UnexpectedContentType,
    parse_response,
)
from mimo_proto.models import OutputItem, OutputMessage
from mimo_proto.protocol.response import (
    FirstBytes,
    find_header,
    find_request_id,
    find_retry_after,
    is_event_stream,
    parse_error,
    refuse_answer,
)
from mimo_proto.protocol.server_error import api_error, find_error
from mimo_proto.testing import recorded, recordings
from tests.support.payloads import CHAT, CHAT_EVENTS, RESPONSE, RESPONSE_EVENTS, chat_chunk, error_body, event

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from mimo_proto import Endpoint

JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = b"<!DOCTYPE html><html><body>" + b"x" * 4_000 + b"</body></html>"
ENDPOINTS: dict[str, Endpoint[Any, Any, Any]] = {"chat": CHAT_COMPLETIONS, "responses": RESPONSES, "models": MODELS}
every_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def answer(body: bytes, status: int = 200, headers: dict[str, str] = JSON, endpoint: Any = CHAT_COMPLETIONS) -> Any:
    return parse_response(endpoint, status, headers, body)


def refused(
    body: bytes, status: int = 200, headers: dict[str, str] = JSON, endpoint: Any = CHAT_COMPLETIONS
) -> MimoError:
    with pytest.raises(MimoError) as caught:
        answer(body, status, headers, endpoint)
    assert caught.value.__context__ is None
    str(caught.value).encode()
    return caught.value


# What is taken


def test_good_answers() -> None:
    assert answer(encoded(CHAT)).choices[0].message.content == "Hello world"
    assert answer(encoded(RESPONSE), endpoint=RESPONSES).output_text == "Hello world"
    assert answer(encoded({"data": [{"id": "m"}]}), endpoint=MODELS).data[0].id == "m"


@pytest.mark.parametrize("headers", [{}, JSON, {"CONTENT-TYPE": "text/plain"}, {"content-type": "application/x+json"}])
@pytest.mark.parametrize("status", [200, 201, 299])
def test_the_type_is_not_insisted_on(headers: dict[str, str], status: int) -> None:
    assert answer(encoded(CHAT), status, headers).id == "c1"


ODDITIES: dict[str, bytes] = {
    "byte order mark": b"\xef\xbb\xbf" + encoded(CHAT),
    "white space": b"\n\n " + encoded(CHAT) + b"\n",
    "duplicate keys": b'{"id": "x",' + encoded(CHAT)[1:],
    "unknown enum": encoded(CHAT).replace(b'"stop"', b'"new_reason"'),
    "null content": encoded(CHAT).replace(b'"Hello world"', b"null"),
    "unknown fields": encoded({**CHAT, "new": {"a": [1]}}),
    "null error": encoded({**CHAT, "error": None}),
    "2^70": encoded({**CHAT, "created": 2**70}),
    "invalid utf-8": encoded(CHAT).replace(b"Hello", b"\xff\xfe\xed\xa0\x80"),
    "lone surrogate": encoded(CHAT).replace(b"Hello", b"\\ud83d"),
    "deep in a field of no interest": encoded(CHAT)[:-1] + b', "new": ' + b"[" * 100 + b"]" * 100 + b"}",
}


@pytest.mark.parametrize("body", ODDITIES.values(), ids=ODDITIES)
def test_odd_answers_are_taken(body: bytes) -> None:
    value = answer(body)
    assert value.choices[0].message.role == "assistant"
    msgspec.json.encode(value)


# What is not what was asked for


@every_endpoint
@pytest.mark.parametrize(
    ("body", "status", "content_type"),
    [
        (HTML, 200, "text/html"),
        (HTML, 200, "application/json"),
        (HTML, 200, None),
        (b"", 200, "application/json"),
        (b" \r\n", 200, "application/json"),
        (b"", 200, None),
        (b"", 204, None),
        (encoded(CHAT), 204, "application/json"),
        (b"".join(CHAT_EVENTS), 200, "text/event-stream"),
        (b"".join(RESPONSE_EVENTS), 200, "Text/Event-Stream; charset=utf-8"),
        (b"".join(CHAT_EVENTS), 200, "application/json"),
        (b"".join(RESPONSE_EVENTS), 200, None),
        (b"\x89PNG", 200, "image/png"),
        (b"OK", 200, "text/plain"),
    ],
)
def test_what_is_no_json(endpoint: Any, body: bytes, status: int, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    error = refused(body, status, headers, endpoint)
    assert isinstance(error, UnexpectedContentType)
    assert (error.status, error.content_type) == (status, content_type)
    assert error.body == body[:1024]
    assert f"HTTP {status}" in str(error)


@every_endpoint
@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream", "text/html", "image/png", ""])
@pytest.mark.parametrize("in_event", [False, True])
def test_an_error_object_is_the_error_whatever_carries_it(endpoint: Any, content_type: str, in_event: bool) -> None:
    body = encoded(error_body("429", "Too many requests"))
    body = b"data:" + body if in_event else body
    error = refused(body, 200, {"content-type": content_type, "X-Request-ID": "q1"}, endpoint)
    assert isinstance(error, RateLimitError)
    assert (error.status, error.code, error.request_id, error.in_stream) == (200, "429", "q1", False)
    assert error.body == body


def test_an_error_behind_good_events() -> None:
    body = b"".join(CHAT_EVENTS[:2]) + event(error_body("503", "overloaded"), "error")
    assert isinstance(refused(body, 200, {"content-type": "text/event-stream"}), ServerError)


def test_an_error_beside_no_choices() -> None:
    assert isinstance(refused(encoded({**error_body("401", "no"), "choices": []})), AuthenticationError)


BROKEN: dict[str, tuple[bytes, str]] = {
    "truncated": (encoded(CHAT)[:-5], "$"),
    "trailing garbage": (encoded(CHAT) + b"x", "$"),
    "glued": (encoded(CHAT) * 2, "$"),
    "null": (b"null", "$"),
    "scalar": (b"5", "$"),
    "text": (b'"hello"', "$"),
    "array": (b"[]", "$"),
    "not a number": (b'{"created": NaN}', "$"),
    "5,000 digits": (encoded(CHAT).replace(b'"created": 1', b'"created": ' + b"9" * 5_000), "$"),
    "deep": (b"[" * 20_000, "$"),
    "choices missing": (b"{}", "$"),
    "choices null": (b'{"choices": null}', "$.choices"),
    "choices empty": (b'{"choices": []}', "$.choices"),
    "choices of another type": (b'{"choices": {}}', "$.choices"),
    "message missing": (b'{"choices": [{}]}', "$.choices[0]"),
    "message null": (b'{"choices": [{"message": null}]}', "$.choices[0].message"),
    "content of another type": (b'{"choices": [{"message": {"content": 5}}]}', "$.choices[0].message.content"),
}


@pytest.mark.parametrize(("body", "path"), BROKEN.values(), ids=BROKEN)
def test_broken_json(body: bytes, path: str) -> None:
    error = refused(body)
    assert type(error) is DecodeError
    assert error.path == path
    assert error.data == body[:1024]


@pytest.mark.parametrize(
    ("body", "output"),
    [
        (b"{}", []),
        (b'{"output": null}', []),
        (b'{"output": [{"type": "message"}]}', [OutputMessage()]),
        (b'{"output": [{"type": "message", "content": null}]}', [OutputMessage()]),
    ],
)
def test_a_response_without_its_output(body: bytes, output: list[OutputItem]) -> None:
    response = answer(body, endpoint=RESPONSES)
    assert (response.output, response.output_text) == (output, "")


def test_a_response_that_failed_is_a_result() -> None:
    failed = answer(
        encoded({"status": "failed", "output": [], "error": {"code": "x", "message": "y"}}), endpoint=RESPONSES
    )
    assert (failed.status, failed.error.message, failed.output_text) == ("failed", "y", "")


def test_a_response_that_failed_with_a_text_for_an_error() -> None:
    failed = answer(encoded({"object": "response", "status": "failed", "error": "busy"}), endpoint=RESPONSES)
    assert (failed.status, failed.error.code, failed.error.message) == ("failed", None, "busy")


@pytest.mark.parametrize("error", [None, False, 0, 0.0, "", []])
def test_an_error_that_says_nothing_counts_as_null(error: Any) -> None:
    done = answer(encoded({**CHAT, "error": error, "choices": [{**CHAT["choices"][0], "error": error}]}))
    assert not done.error
    assert not done.choices[0].error
    assert done.choices[0].message.content == CHAT["choices"][0]["message"]["content"]


def test_an_error_in_a_list() -> None:
    error = refused(
        encoded([{"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}]), 429
    )
    assert isinstance(error, RateLimitError)
    assert (error.code, error.message) == ("429", "Quota exceeded")


# Redirects and error statuses


@every_endpoint
@pytest.mark.parametrize("status", [300, 301, 302, 304, 307, 308])
def test_redirects_are_refused(endpoint: Any, status: int) -> None:
    error = refused(b"", status, {"LOCATION": "https://evil.example/"}, endpoint)
    assert isinstance(error, RedirectRefused)
    assert (error.status, error.location) == (status, "https://evil.example/")
    assert "'https://evil.example/'" in str(error)


def test_a_redirect_to_nowhere() -> None:
    error = refused(b"", 302, {})
    assert isinstance(error, RedirectRefused)
    assert error.location == ""


STATUSES = {
    400: BadRequestError,
    401: AuthenticationError,
    402: InsufficientBalanceError,
    403: PermissionDeniedError,
    404: NotFoundError,
    418: APIError,
    421: ContentFilterError,
    422: BadRequestError,
    429: RateLimitError,
    500: ServerError,
    503: ServerError,
    599: ServerError,
    600: APIError,
    101: APIError,
}
BODIES: dict[str, bytes] = {
    "html": HTML,
    "empty": b"",
    "white space": b" \n",
    "null": b"null",
    "null error": b'{"error": null}',
    "empty error": b'{"error": {}}',
    "truncated": b'{"error": {"mess',
    "truncated event": b'data:{"error": {"mess',
    "stream": b"".join(CHAT_EVENTS),
    "a good answer": encoded(CHAT),
    "deep": b"[" * 20_000,
    "deep message": b'{"error": {"message": ' + b"[" * 500 + b"]" * 500 + b"}}",
    "invalid utf-8": b"\xff\xfe",
    "lone surrogate": b'{"error": {"message": "\\ud83d"}}',
    "lone surrogate as text": b'{"error": "\\ud83d"}',
    "numbers": b'{"error": {"code": 1e400, "message": 5}}',
    "validation errors": b'{"detail": [{"loc": ["body"], "msg": "field required"}]}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("status", STATUSES)
def test_the_status_decides_when_the_body_does_not(status: int, body: bytes) -> None:
    for headers in (JSON, {}, {"content-type": "text/event-stream"}):
        error = refused(body, status, headers)
        assert type(error) is STATUSES[status]
        assert isinstance(error, APIError)
        assert (error.status, error.body) == (status, body)
        assert len(str(error)) < 1_200


def test_an_empty_body_gives_no_reason() -> None:
    assert str(refused(b"", 503)) == "HTTP 503: the server gave no reason"
    assert str(refused(b'{"error": {}}', 503)) == 'HTTP 503: {"error": {}}'


@pytest.mark.parametrize("prefix", [b"", b"data:", b"data: ", b"\xef\xbb\xbfdata: ", b"event: error\ndata: "])
@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n", b"\r\n\r\n"])
def test_errors_as_mimo_sends_them(prefix: bytes, end: bytes) -> None:
    text = error_body("421", "Moderation Block", param="rejected as high risk", type="content_filter")
    error = refused(prefix + encoded(text) + end, 400)
    assert isinstance(error, ContentFilterError)
    assert (error.status, error.code, error.type) == (400, "421", "content_filter")
    assert error.message == "Moderation Block: rejected as high risk"
    assert str(error) == "HTTP 400, code 421: Moderation Block: rejected as high risk"


@pytest.mark.parametrize("name", [name for name in recordings() if name.startswith("ErrorResponse.")])
def test_recorded_errors(name: str, snapshot: SnapshotAssertion) -> None:
    status = name.split(".")[1]
    error = refused(recorded(name), int(status) if status.isdigit() else 400)
    assert isinstance(error, APIError)
    kept = [error.status, error.code, error.param, error.type, error.request_id, error.retry_after, error.in_stream]
    assert f"{type(error).__name__}({error}) {kept}" == snapshot
    assert error.message in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("Sun, 06 Nov 1994 08:49:37 GMT", None), ("soon", None), (None, None)],
)
def test_how_long_to_wait(header: str | None, seconds: float | None) -> None:
    headers = {} if header is None else {"RETRY-AFTER": header}
    assert parse_error(429, headers, b"").retry_after == seconds


@pytest.mark.parametrize(
    ("exact", "seconds"),
    [("1500", 1.5), ("0", 0.0), (" 62.5 ", 0.0625), ("soon", 7.0), ("-1", 7.0), ("1e3", 7.0), ("nan", 7.0), ("", 7.0)],
)
def test_how_long_to_wait_in_milliseconds(exact: str, seconds: float) -> None:
    headers = {"Retry-After-MS": exact, "Retry-After": "7"}
    assert parse_error(429, headers, b"").retry_after == seconds
    assert find_retry_after({"retry-after-ms": "1500"}, now=None) == 1.5


def test_a_date_to_wait_for() -> None:
    headers = {"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}
    assert find_retry_after(headers, now=784111747.0) == 30.0
    error = refuse_answer(429, headers, b"", wanted="JSON", now=784111747.0)
    assert isinstance(error, RateLimitError)
    assert error.retry_after == 30.0


PAGES: dict[str, tuple[str, str]] = {
    "nginx": ("<html>\r\n<head><title>413 Request Entity Too Large</title></head>", "413 Request Entity Too Large"),
    "entities": ("<!DOCTYPE html><TITLE lang='en'>\n Bad &amp; &#103;one\t&nbsp;now\n</TITLE >", "Bad & gone now"),
    "heading": ("<html><h1>slow down</h1>", "slow down"),
    "title before heading": ("<h1>b</h1><title>a</title>", "a"),
    "long": (f"<title>{'x' * 300}</title>", "x" * 200 + "..."),
    "behind a mark": ("\ufeff\n<html><title>a</title>", "a"),
    "neither": ("<html><p>slow down</p></html>", "<html><p>slow down</p></html>"),
    "not closed": ("<html><title>slow", "<html><title>slow"),
    "no tag's end": ("<title", "<title"),
    "empty": ("<html><title></title>", "<html><title></title>"),
    "no page": ("title>a</title>", "title>a</title>"),
}


@pytest.mark.parametrize(("page", "shown"), PAGES.values(), ids=PAGES)
def test_a_page_shows_its_title(page: str, shown: str) -> None:
    error = parse_error(413, {"content-type": "text/html"}, page.encode())
    assert (error.message, error.body) == (shown, page.encode())


# Errors within JSON


ERRORS: list[tuple[object, str, object]] = [
    ({"error": {"code": 1}}, "", {"code": 1}),
    ({"error": "text"}, "", "text"),
    ({"error": ""}, "", None),
    ({"error": {}}, "", None),
    ({"error": None}, "", None),
    ({"error": 5}, "", {"code": 5}),
    ({"error": ["x"]}, "", "x"),
    ({"code": 1, "message": "m"}, "", {"code": 1, "message": "m"}),
    ({"code": None, "message": "m"}, "", {"code": None, "message": "m"}),
    ({"message": "m"}, "", None),
    ({"code": 1, "message": {}}, "", None),
    ({"code": 1, "message": "m", "choices": []}, "", None),
    ({"code": 1, "message": "m", "data": []}, "", None),
    ({"message": "m"}, "error", {"message": "m"}),
    ({"type": "error"}, "", {"type": "error"}),
    ({"type": "error", "error": "text"}, "", "text"),
    ({"type": "error", "error": {"code": 1}}, "", {"code": 1}),
    ({"type": "server_error", "message": "m"}, "error", {"type": "server_error", "message": "m"}),
    ({"type": "limitation", "code": "429"}, "error", {"type": "limitation", "code": "429"}),
    ({"type": "", "message": "m"}, "error", {"type": "", "message": "m"}),
    ({"type": None}, "error", {"type": None}),
    ({"type": "x", "error": "text"}, "error", "text"),
    ({"type": "x", "output": []}, "error", {"type": "x", "output": []}),
    ({"type": "x", "choices": []}, "error", {"type": "x", "choices": []}),
    ({"type": "x", "choices": [1]}, "error", None),
    ({"type": "response.new", "message": "m"}, "error", None),
    ({"type": "response.error", "message": "m"}, "", {"type": "response.error", "message": "m"}),
    ({"type": "response.error", "error": {"code": 1}}, "", {"code": 1}),
    ({"error": "text"}, "response.error", "text"),
    ({"error": {"code": 1}, "output": []}, "", None),
    ({"type": "response.failed", "error": {"code": 1}}, "", None),
    ({"error": {"code": 1}}, "response.failed", None),
    ("text", "error", "text"),
    ("text", "", None),
    (5, "error", None),
    (None, "error", None),
    ([{"error": "x"}], "", "x"),
    ([5, {}, {"error": {"code": 429}}], "", {"code": 429}),
    ([[{"error": "x"}]], "", None),
    # What says nothing is none
    ({"error": []}, "", None),
    ({"error": False, "choices": []}, "", None),
    ({"error": 0}, "", None),
    ({"choices": [{"error": None}, {"error": {}}, {"error": ""}, None, 5]}, "", None),
    ({"choices": [{"finish_reason": "error"}]}, "", None),
    ({"choices": {"error": "x"}}, "", None),
    ({"base_resp": {"status_code": 0, "status_msg": "success"}, "choices": []}, "", None),
    ({"base_resp": {"status_code": "0"}}, "", None),
    ({"base_resp": {}}, "", None),
    ({"base_resp": "x"}, "", None),
    ({"detail": ""}, "", None),
    ({"detail": "x", "type": "new.event"}, "", None),
    ({"errors": []}, "", None),
    ({"code": 0, "msg": "ok"}, "", None),
    ({"code": 1, "message": "m", "data": {}}, "", None),
    ({"object": "response", "status": "failed", "error": {"code": "x"}}, "", None),
    ("", "", None),
    # Beside choices, and in one of them
    ({"choices": [{"index": 0}], "error": {"code": 502}}, "", {"code": 502}),
    ({"choices": [{"index": 0}, {"error": {"code": 502}}]}, "", {"code": 502}),
    ({"choices": [{"error": "gone"}]}, "", "gone"),
    ({"choices": [{"error": True, "message": "gone"}]}, "", {"message": "gone"}),
    # A text, true or a number, and what is beside it
    ({"error": "busy", "code": 503}, "", {"message": "busy", "code": 503}),
    (
        {"error": "Bad Request", "message": "no model", "statusCode": 400},
        "",
        {"message": "Bad Request: no model", "code": 400},
    ),
    ({"error": True, "message": "no", "code": 401}, "", {"message": "no", "code": 401}),
    ({"error": True}, "", {}),
    ({"error": 404, "message": "no"}, "", {"code": 404, "message": "no"}),
    # Bare
    ({"object": "error", "message": "m"}, "", {"object": "error", "message": "m"}),
    ({"success": False, "message": "m"}, "", {"success": False, "message": "m"}),
    ({"success": False, "msg": "m"}, "", {"success": False, "msg": "m"}),
    ({"code": 500, "msg": "m"}, "", {"code": 500, "msg": "m"}),
    (
        {"code": 401, "message": "m", "data": None, "choices": None},
        "",
        {"code": 401, "message": "m", "data": None, "choices": None},
    ),
    (
        {"base_resp": {"status_code": 1008, "status_msg": "m"}, "choices": None},
        "",
        {"status_code": 1008, "status_msg": "m"},
    ),
    ({"detail": "Not Found"}, "", {"detail": "Not Found"}),
    (
        {"type": "about:blank", "title": "Bad", "detail": "d"},
        "",
        {"type": "about:blank", "title": "Bad", "detail": "d"},
    ),
]


@pytest.mark.parametrize(("value", "name", "found"), ERRORS)
def test_what_is_an_error(value: object, name: str, found: object) -> None:
    assert find_error(value, name) == found


MIMO = {"code": "400", "message": "Param Incorrect", "param": "`text` is not set", "type": ""}
RAW = json.dumps({"error": MIMO})


def openrouter(raw: object, code: object = 502, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "Provider returned error", "code": code, "metadata": {"raw": raw}, **more}}


def deep(levels: int) -> Any:
    error: Any = {"code": 429, "message": "innermost"}
    for _ in range(levels):
        error = {"error": error}
    return error


# What was sent, the class in a success, the code and the message.
WRAPPED: dict[str, tuple[object, type[APIError], str | None, str]] = {
    "raw JSON": (openrouter(RAW), BadRequestError, "400", "Param Incorrect: `text` is not set"),
    "raw object": (openrouter({"error": MIMO}), BadRequestError, "400", "Param Incorrect: `text` is not set"),
    "raw error without its wrapper": (
        openrouter(json.dumps(MIMO)),
        BadRequestError,
        "400",
        "Param Incorrect: `text` is not set",
    ),
    "raw event": (openrouter("data:" + RAW + "\n\n"), BadRequestError, "400", "Param Incorrect: `text` is not set"),
    "raw list": (openrouter("[" + RAW + "]"), BadRequestError, "400", "Param Incorrect: `text` is not set"),
    "raw list of objects": (
        openrouter([{"error": MIMO}]),
        BadRequestError,
        "400",
        "Param Incorrect: `text` is not set",
    ),
    "raw words": (openrouter("busy upstream", 429), RateLimitError, "429", "busy upstream"),
    "raw detail": (openrouter('{"detail": "busy"}', 503), ServerError, "503", "busy"),
    "raw without words": (openrouter({"a": 1}, 503), ServerError, "503", "Provider returned error"),
    "raw empty": (openrouter("", 503), ServerError, "503", "Provider returned error"),
    "raw null": (openrouter(None, 503), ServerError, "503", "Provider returned error"),
    "raw cut": (openrouter(RAW[:-9], 503), ServerError, "503", RAW[:-9]),
    "raw in raw": (
        openrouter(json.dumps(openrouter(RAW))),
        BadRequestError,
        "400",
        "Param Incorrect: `text` is not set",
    ),
    "raw beside choices": (
        {"choices": [], **openrouter(RAW)},
        BadRequestError,
        "400",
        "Param Incorrect: `text` is not set",
    ),
    "raw in a choice": ({"choices": [openrouter(RAW)]}, BadRequestError, "400", "Param Incorrect: `text` is not set"),
    "raw with a word for a code": (
        openrouter('{"error": {"code": "overloaded", "message": "busy"}}', 503),
        ServerError,
        "overloaded",
        "busy",
    ),
    "raw without a code": (openrouter('{"error": {"message": "busy"}}', 429), RateLimitError, "429", "busy"),
    "no metadata": ({"error": {"code": 429, "message": "m", "metadata": "x"}}, RateLimitError, "429", "m"),
    "error in error": ({"error": {"error": {"code": "421", "message": "m"}}}, ContentFilterError, "421", "m"),
    "a text in error": ({"error": {"code": 401, "error": "who"}}, AuthenticationError, "401", "who"),
    "an empty object in error": (
        {"error": {"code": 401, "message": "m", "error": {"a": 1}}},
        AuthenticationError,
        "401",
        "m",
    ),
    "a list of errors": ({"error": ["a", {"message": "b"}, None, 5]}, APIError, None, "a; b; 5"),
    "a list of one": ({"error": [{"code": 404, "message": "m"}]}, NotFoundError, "404", "m"),
    "errors": (
        {"errors": [{"code": 7003, "message": "a"}, {"message": "b"}], "success": False},
        APIError,
        None,
        "a; b",
    ),
    "errors of JSON:API": ({"errors": [{"status": "403", "detail": "m"}]}, PermissionDeniedError, None, "m"),
    "detail": ({"detail": "Not authenticated"}, APIError, None, "Not authenticated"),
    "detail with a status": ({"title": "Bad", "status": 502, "detail": "m"}, ServerError, None, "m"),
    "detail object": ({"detail": {"error": MIMO}}, BadRequestError, "400", "Param Incorrect: `text` is not set"),
    "detail with a message": ({"detail": {"message": "m", "code": 429}}, RateLimitError, "429", "m"),
    "detail of FastAPI": (
        {"detail": [{"loc": ["body", "messages", 0], "msg": "missing", "type": "x"}, {"loc": [], "msg": "odd"}]},
        APIError,
        None,
        "body.messages.0: missing; : odd",
    ),
    "detail of FastAPI, one": ({"detail": [{"loc": ["body"], "msg": "missing"}]}, APIError, None, "body: missing"),
    "detail in error": (
        {"error": {"code": 422, "detail": [{"loc": ["a"], "msg": "b"}]}},
        BadRequestError,
        "422",
        "a: b",
    ),
    "JSON in detail": ({"detail": RAW}, BadRequestError, "400", "Param Incorrect: `text` is not set"),
    "message object": (
        {"error": {"code": 500, "message": {"error": MIMO}}},
        BadRequestError,
        "400",
        "Param Incorrect: `text` is not set",
    ),
    "message list": ({"error": {"code": 400, "message": ["a", "b"]}}, BadRequestError, "400", "a; b"),
    "message JSON": (
        {"error": {"code": 500, "message": RAW}},
        BadRequestError,
        "400",
        "Param Incorrect: `text` is not set",
    ),
    "LiteLLM": (
        {"error": {"code": "500", "message": f"litellm.BadRequestError: OpenAIException - {RAW}\nmodel=x"}},
        BadRequestError,
        "400",
        "Param Incorrect: `text` is not set",
    ),
    "LiteLLM as a text": (
        {"error": f"litellm.APIError: {RAW}"},
        BadRequestError,
        "400",
        "Param Incorrect: `text` is not set",
    ),
    "JSON that is no error": (
        {"error": {"code": 400, "message": 'bad: {"message": 1}'}},
        BadRequestError,
        "400",
        'bad: {"message": 1}',
    ),
    "JSON that is the caller's": (
        {"error": {"code": 400, "message": 'bad {"role": "user"}'}},
        BadRequestError,
        "400",
        'bad {"role": "user"}',
    ),
    "a brace": ({"error": {"code": 400, "message": "bad {x}"}}, BadRequestError, "400", "bad {x}"),
    "deep JSON": (
        {"error": {"code": 400, "message": "x " + '{"a":' * 100_000}},
        BadRequestError,
        "400",
        "x " + '{"a":' * 100_000,
    ),
    "MiniMax": ({"base_resp": {"status_code": 1008, "status_msg": "balance"}}, APIError, "1008", "balance"),
    "a page": (
        {"error": {"code": 502, "message": " <html><title>Bad gateway</title>"}},
        ServerError,
        "502",
        "Bad gateway",
    ),
    "a page without a title": ({"error": {"code": 502, "message": "<html>"}}, ServerError, "502", "<html>"),
    "the type of the outer one": (openrouter("busy", 503, type="upstream"), ServerError, "503", "busy"),
}


@pytest.mark.parametrize(("value", "cls", "code", "message"), WRAPPED.values(), ids=WRAPPED)
def test_the_innermost_error_is_told(value: object, cls: type[APIError], code: str | None, message: str) -> None:
    found = find_error(value)
    assert found is not None
    error = api_error(found, status=200, body=b"")
    assert (type(error), error.code, error.message) == (cls, code, message)


def test_the_type_is_the_innermost_one_that_says_something() -> None:
    found = find_error(openrouter('{"error": {"message": "busy", "type": ""}}', type="upstream"))
    assert api_error(found or "", status=200, body=b"").type == "upstream"
    found = find_error(openrouter('{"error": {"message": "busy", "type": "limitation"}}', type="upstream"))
    assert api_error(found or "", status=200, body=b"").type == "limitation"


@pytest.mark.parametrize("levels", [1, 5, 15, 500, 100_000])
def test_errors_in_errors_without_end(levels: int) -> None:
    found = find_error(deep(levels))
    assert found is not None
    error = api_error(found, status=200, body=b"")
    assert isinstance(error, RateLimitError) is (levels <= 15)


FIELDS = [
    *("error", "choices", "message", "msg", "detail", "errors", "metadata", "raw", "base_resp", "status_code", "code"),
    *("type", "status", "loc", "success", "object", "title", "param"),
]


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just(RAW) | st.just("{"),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(FIELDS),
                inner,
                max_size=5,
            )
        ),
        max_leaves=16,
    ),
    event=st.sampled_from(["", "error", "message", "response.failed"]),
)
def test_any_json_is_no_error_or_one_that_can_be_made(value: object, event: str) -> None:
    found = find_error(value, event)
    if found is not None:
        str(api_error(found, status=200, body=b"")).encode()


def test_nothing_that_was_sent_is_lost() -> None:
    error = api_error({"code": 503, "message": {"en": "full"}, "param": 5, "type": "error"}, status=200, body=b"{}")
    assert isinstance(error, ServerError)
    assert (error.code, error.message, error.param, error.type) == ("503", "{'en': 'full'}: 5", "5", None)


def test_a_message_without_end() -> None:
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    error = api_error({"message": deep, "param": "p"}, status=400, body=b"")
    assert error.message == "(nested too deeply): p"


# Headers


def test_headers_are_found_whatever_their_case() -> None:
    for headers in ({"x-a": "1"}, {"X-A": "1"}, {"y": "2", "X-a": "1"}):
        assert find_header(headers, "x-a") == "1"
    assert find_header({"y": "2"}, "x-a") is None


def test_the_id_of_the_request() -> None:
    assert find_request_id({"X-Trace-Id": "t", "Request-Id": "r"}) == "r"
    assert find_request_id({"X-Request-ID": "", "X-Trace-Id": "t"}) == "t"
    assert find_request_id({}) is None


@pytest.mark.parametrize(
    ("status", "content_type", "is_one"),
    [
        (200, "text/event-stream", True),
        (200, "Text/Event-Stream;charset=utf-8", True),
        (201, "text/event-stream", True),
        (200, None, True),
        (200, "", True),
        (200, "application/json", False),
        (200, "text/plain", False),
        (204, "text/event-stream", False),
        (302, "text/event-stream", False),
        (400, "text/event-stream", False),
        (199, None, False),
    ],
)
def test_what_is_an_event_stream(status: int, content_type: str | None, is_one: bool) -> None:
    assert is_event_stream(status, {} if content_type is None else {"CONTENT-TYPE": content_type}) is is_one


@given(
    body=st.lists(
        st.sampled_from(
            [b" ", b"\n", b"\xef\xbb\xbf", b"\xef", b"{", b"[", b":", b"data", b"event", b"id", b"retry", b"x"]
        ),
        max_size=8,
    ).map(b"".join),
    cuts=st.lists(st.integers(0, 30), max_size=4),
)
def test_how_the_first_bytes_were_cut_does_not_show(body: bytes, cuts: list[int]) -> None:
    verdicts: list[bool | None] = []
    for places in ([], sorted(cuts), range(len(body))):
        first = FirstBytes(1_000)
        ends = [*places, len(body)]
        for begin, end in zip([0, *ends], ends, strict=False):
            if begin < end and first.is_event_stream is None:
                first.feed(body[begin:end])
        if first.is_event_stream is None:
            first.feed(b"")
        verdicts.append(first.is_event_stream)
        assert body.startswith(first.data)
    assert verdicts[0] is not None
    assert len(set(verdicts)) == 1
    text = body
    while text[:1].isspace() or text.startswith(b"\xef\xbb\xbf"):
        text = text[1:] if text[:1].isspace() else text[3:]
    assert verdicts[0] is text.startswith((b":", b"data:", b"event:", b"id:", b"retry:"))


def test_blanks_are_looked_at_up_to_a_limit() -> None:
    first = FirstBytes(100)
    for _ in range(100):
        first.feed(b"\n")
        assert first.is_event_stream is None
    first.feed(b"\n")
    assert first.is_event_stream is False
    assert first.data == b"\n" * 101


def test_an_answer_instead_of_a_stream() -> None:
    error = refuse_answer(200, JSON, encoded(CHAT), wanted="an event stream")
    assert isinstance(error, UnexpectedContentType)
    assert "instead of an event stream" in str(error)
    assert "'application/json; charset=utf-8'" in str(error)
    assert "no content type" in str(refuse_answer(200, {}, b"", wanted="an event stream"))


# Anything


@example(status=200, content_type="application/json", body=b'{"choices":[{"message":{"tool_calls":[{"id":[]}]}}]}')
@given(
    status=st.integers(100, 599),
    content_type=st.sampled_from(["application/json", "text/event-stream", "text/html", ""]),
    body=st.one_of(
        st.binary(max_size=64),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["error", "choices", "message", "delta", "output", "type", "content", "data", "id", "code"]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
        st.sampled_from([encoded(CHAT), encoded(RESPONSE), chat_chunk("a")]).flatmap(
            lambda whole: st.integers(0, len(whole)).map(lambda size: whole[:size])
        ),
    ),
)
@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
def test_any_answer_is_a_value_or_an_own_error(endpoint: Any, status: int, content_type: str, body: bytes) -> None:
    try:
        value = parse_response(endpoint, status, {"content-type": content_type}, body)
    except MimoError as error:
        str(error).encode()
    else:
        msgspec.json.encode(value)
