"""Requests: what goes into method, URL, headers and body, and what is refused before anything is sent."""

from __future__ import annotations

import copy
import pickle
import sys
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    ChatCompletion,
    ChatCompletionRequest,
    ConfigurationError,
    Endpoint,
    HTTPRequest,
    InvalidRequestError,
    LocalProtocolError,
    ResponseRequest,
    Unknown,
    __version__,
    build_request,
    user,
)
from mimo_proto.protocol.base_url import DEFAULT_BASE_URL
from tests.support.payloads import CHAT_REQUEST, RESPONSE_REQUEST

KEY = "sk-0123456789abcdef"
STRUCT = ChatCompletionRequest(model="mimo-v2.6-pro", messages=[user("hi")])


def body(http: HTTPRequest) -> Any:
    assert http.body is not None
    return msgspec.json.decode(http.body)


def build(request: Any = CHAT_REQUEST, **options: Any) -> HTTPRequest:
    given: dict[str, Any] = {"api_key": KEY, **options}
    return build_request(CHAT_COMPLETIONS, request, **given)


# The whole


def test_a_chat_request() -> None:
    assert build() == HTTPRequest(
        "POST",
        "https://api.xiaomimimo.com/v1/chat/completions",
        {
            "accept": "application/json",
            "user-agent": f"mimo-proto/{__version__} python/{sys.version_info.major}.{sys.version_info.minor}",
            "authorization": f"Bearer {KEY}",
            "content-type": "application/json",
        },
        b'{"model":"mimo-v2.6-pro","messages":[{"role":"user","content":"hi"}],"stream":false}',
    )


def test_a_streamed_request() -> None:
    http = build_request(
        RESPONSES, RESPONSE_REQUEST, api_key=KEY, auth="api-key", stream=True, base_url="https://h/v1/"
    )
    assert http.url == "https://h/v1/responses"
    assert http.headers["accept"] == "text/event-stream"
    assert http.headers["api-key"] == KEY
    assert "authorization" not in http.headers
    assert body(http) == {**RESPONSE_REQUEST, "stream": True}


def test_a_request_without_a_body() -> None:
    http = build_request(MODELS, api_key=KEY)
    assert (http.method, http.url, http.body) == ("GET", f"{DEFAULT_BASE_URL}/models", None)
    assert "content-type" not in http.headers


# Forms of a request

FORMS: dict[str, Any] = {
    "struct": STRUCT,
    "dict": CHAT_REQUEST,
    "mapping": MappingProxyType(CHAT_REQUEST),
    "dict of structs": {"model": "mimo-v2.6-pro", "messages": [user("hi")]},
    "dict of mappings": {"model": "mimo-v2.6-pro", "messages": [MappingProxyType(CHAT_REQUEST["messages"][0])]},
    "tuple": {"model": "mimo-v2.6-pro", "messages": (user("hi"),)},
    "raw": {"model": "mimo-v2.6-pro", "messages": [msgspec.Raw(b'{"role":"user","content":"hi"}')]},
    "struct of raw": ChatCompletionRequest(
        model="mimo-v2.6-pro",
        messages=[msgspec.Raw(b'{"role":"user","content":"hi"}')],  # type: ignore[list-item]
    ),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("extra", [None, {}, {"seed": 7}])
@pytest.mark.parametrize("request_", FORMS.values(), ids=FORMS)
def test_every_form_sends_the_same(request_: Any, extra: Any, stream: bool) -> None:
    sent = body(build(request_, stream=stream, extra_body=extra))
    assert sent == {**CHAT_REQUEST, **(extra or {}), "stream": stream}


def test_the_request_itself_stays_as_it_is() -> None:
    request = dict(CHAT_REQUEST)
    build(request, stream=True, extra_body={"seed": 7})
    build(STRUCT, stream=True)
    assert request == CHAT_REQUEST
    assert STRUCT.stream is msgspec.UNSET


def test_extra_body_goes_over_the_requests_own_fields() -> None:
    for request in (STRUCT, CHAT_REQUEST):
        assert body(build(request, extra_body={"model": "new", "stop": None}))["model"] == "new"


def test_an_unknown_item_is_sent_as_it_is() -> None:
    item = Unknown({"type": "new_item", "payload": [1]})
    http = build_request(RESPONSES, {"model": "m", "input": [item]}, api_key=KEY)
    assert body(http)["input"] == [item]


def test_a_struct_of_the_callers_own() -> None:
    class Mine(msgspec.Struct, rename="camel"):
        model_name: str
        top_k: int | msgspec.UnsetType = msgspec.UNSET

    mine: Endpoint[Mine, ChatCompletion, None] = Endpoint(
        name="mine", method="POST", path="/mine", request=Mine, reply=ChatCompletion
    )
    http = build_request(mine, Mine(model_name="m"), api_key=KEY, stream=True)
    assert body(http) == {"modelName": "m", "stream": True}
    assert body(build_request(mine, Mine(model_name="m"), api_key=KEY)) == {"modelName": "m"}


def test_where_there_are_no_streams_nothing_is_said_about_them() -> None:
    whole = CHAT_COMPLETIONS.with_types(request=ChatCompletionRequest, reply=ChatCompletion, event=None)
    for request in (STRUCT, CHAT_REQUEST):
        assert body(build_request(whole, request, api_key=KEY)) == CHAT_REQUEST


# `stream`: whoever calls decides


@pytest.mark.parametrize("as_struct", [False, True])
@pytest.mark.parametrize(
    ("said", "stream", "fits"),
    [
        (None, False, True),
        (None, True, True),
        (True, True, True),
        (False, False, True),
        (True, False, False),
        (False, True, False),
    ],
)
def test_a_contrary_stream_field_is_refused(said: bool | None, stream: bool, fits: bool, as_struct: bool) -> None:
    fields: dict[str, Any] = {"model": "m", "input": "hi"} | ({} if said is None else {"stream": said})
    request = ResponseRequest(**fields) if as_struct else fields
    if fits:
        http = build_request(RESPONSES, request, api_key=KEY, stream=stream)
        assert body(http)["stream"] is stream
    else:
        with pytest.raises(InvalidRequestError, match="the method decides") as caught:
            build_request(RESPONSES, request, api_key=KEY, stream=stream)
        assert caught.value.path == "$.stream"


def test_a_contrary_stream_field_in_extra_body_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="the method decides"):
        build(STRUCT, extra_body={"stream": True})


def test_a_null_stream_field_is_no_contradiction() -> None:
    assert body(build({**CHAT_REQUEST, "stream": None}))["stream"] is False
    assert body(build({**CHAT_REQUEST, "stream": None}, stream=True))["stream"] is True


# What is refused


def test_mappings_are_checked_and_structs_trusted() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        build({"model": "m", "messages": [{"role": "nobody"}]})
    assert caught.value.path == "$.messages[0].role"
    with pytest.raises(InvalidRequestError, match="max_completion_tokens"):
        build({**CHAT_REQUEST, "max_tokens": 5})
    assert body(build({"model": 5}, validate=False)) == {"model": 5, "stream": False}
    assert body(build(ChatCompletionRequest(model="m", messages=[], temperature=9.0)))["temperature"] == 9.0


def test_what_an_endpoint_takes() -> None:
    with pytest.raises(LocalProtocolError, match="takes no body"):
        build_request(MODELS, {}, api_key=KEY)
    with pytest.raises(LocalProtocolError, match="takes no body"):
        build_request(MODELS, api_key=KEY, extra_body={"a": 1})
    with pytest.raises(LocalProtocolError, match="needs a request"):
        build_request(CHAT_COMPLETIONS, api_key=KEY)


circle: list[Any] = []
circle.append(circle)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, object()},
        circle,
        "\ud83d",
        1 << 70_000,
        {(1, 2): 3},
        iter([1]),
        Decimal("NaN"),
        [Decimal("-Infinity")],
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("request_", [STRUCT, CHAT_REQUEST])
def test_what_is_no_json_is_refused(value: object, request_: Any) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be written as JSON") as caught:
        build(request_, extra_body={"odd": value})
    assert caught.value.__context__ is None
    str(caught.value).encode()


@pytest.mark.parametrize("request_", [STRUCT, CHAT_REQUEST])
def test_a_decimal_is_a_number(request_: Any) -> None:
    http = build(request_, extra_body={"temperature": Decimal("0.5"), "tools": [{"minimum": Decimal("1.50")}]})
    assert b'"temperature":0.5' in (http.body or b"")
    assert b'"minimum":1.50' in (http.body or b"")
    assert b'"top_p":0.5' in (build({**CHAT_REQUEST, "top_p": Decimal("0.5")}).body or b"")


# The key and the headers


def error_of(**options: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        build(**options)
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize("key", ["sk-1\r\nx: y", "sk-1\n", " sk-1", "sk 1", "sk-é", "sk-\x00", "sk-\x7f", "sk-😀"])
def test_a_key_that_is_not_visible_ascii(key: str) -> None:
    error = error_of(api_key=key)
    assert "visible ASCII" in str(error)
    assert "sk-" not in str(error)


@pytest.mark.parametrize("key", ["", None])
def test_no_key(key: Any) -> None:
    assert "is empty; pass api_key=... or set MIMO_API_KEY" in str(error_of(api_key=key))


def test_another_way_of_authentication() -> None:
    assert "must be" in str(error_of(auth="basic"))


@pytest.mark.parametrize("stage", ["key", "header", "url", "request"])
def test_the_key_is_in_no_local_of_the_frames(stage: str) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "key": {"api_key": KEY + "\n"},
        "header": {"extra_headers": {"x": "\n"}},
        "url": {"base_url": "ftp://h"},
        "request": {"request": {"model": 5}},
    }
    options: dict[str, Any] = {"api_key": KEY, **wrong[stage]}
    try:
        build_request(CHAT_COMPLETIONS, options.pop("request", STRUCT), **options)
    except (ConfigurationError, InvalidRequestError) as error:
        trace = error.__traceback__
    else:
        pytest.fail("was not refused")
    assert trace is not None
    trace = trace.tb_next
    while trace is not None:
        assert KEY not in repr(trace.tb_frame.f_locals)
        trace = trace.tb_next


def test_the_repr_shows_neither_key_nor_body() -> None:
    for auth in ("bearer", "api-key"):
        shown = repr(build(auth=auth))
        assert KEY not in shown
        assert "hi" not in shown.replace("this", "")
        assert "https://api.xiaomimimo.com/v1/chat/completions" in shown
        assert "84 bytes" in shown
    assert repr(build_request(MODELS, api_key=KEY)).endswith("body=None)")


def test_a_request_is_copied_and_not_pickled() -> None:
    http = build()
    assert copy.deepcopy(http) == copy.copy(http) == http
    assert KEY not in repr(copy.deepcopy(http))
    with pytest.raises(TypeError, match="MIMO_API_KEY"):
        pickle.dumps(http)


def test_extra_headers_go_over_ours_in_lower_case() -> None:
    headers = build(extra_headers={"X-Trace": "a b\tc", "User-Agent": "mine", "ACCEPT": "*/*"}).headers
    assert headers["x-trace"] == "a b\tc"
    assert headers["user-agent"] == "mine"
    assert headers["accept"] == "*/*"
    assert "User-Agent" not in headers


@pytest.mark.parametrize(
    "name", ["Authorization", "api-key", "API-KEY", "Host", "content-length", "Transfer-Encoding", "connection"]
)
def test_headers_that_are_ours(name: str) -> None:
    assert "is set by the client" in str(error_of(extra_headers={name: "x"}))


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "é", "a\0", 5, b"x"])
def test_names_that_are_no_header_names(name: Any) -> None:
    assert "is not a name for a header" in str(error_of(extra_headers={name: "x"}))


@pytest.mark.parametrize("value", ["", " ", " a", "a ", "a\r\nb: c", "a\n", "a\0", "é", "\x7f", 5, None])
def test_values_that_are_no_header_values(value: Any) -> None:
    error = error_of(extra_headers={"x-secret": value})
    assert str(error) == "the value of the header 'x-secret' must be visible ASCII"


def test_plain_http_when_it_is_asked_for() -> None:
    assert build(base_url="http://h/v1", allow_http=True).url == "http://h/v1/chat/completions"
    assert "allow_http=True" in str(error_of(base_url="http://h/v1"))


# Null beside tool calls


CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize("mapping", [dict, MappingProxyType])
@pytest.mark.parametrize("sequence", [list, tuple])
def test_null_content_beside_tool_calls_is_sent_as_a_text(mapping: Any, sequence: Any) -> None:
    silent = mapping({"role": "assistant", "content": None, "tool_calls": [CALL]})
    request = {"model": "m", "messages": sequence([user("hi"), silent, {"role": "user", "content": "x"}])}
    sent = body(build(request))["messages"]
    assert sent[1] == {"role": "assistant", "content": "", "tool_calls": [CALL]}
    assert [sent[0]["content"], sent[2]["content"]] == ["hi", "x"]
    assert silent["content"] is None


def test_other_nulls_are_sent_as_they_are() -> None:
    for message in ({"role": "user", "content": None, "tool_calls": [CALL]}, {"role": "assistant", "content": None}):
        request = {"model": "m", "messages": [message]}
        assert body(build(request, validate=False))["messages"] == [message]
    assert body(build({"model": "m", "messages": None}, validate=False))["messages"] is None
    assert body(build({"model": "m"}, validate=False)) == {"model": "m", "stream": False}
