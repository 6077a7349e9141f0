"""The names that the package offers: all of the design's, no others, and the client only when it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from inspect import getdoc, signature
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import mimo_proto
from mimo_proto import errors, models

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

# What people write, by the design; the rest of `__all__` are types of the spec and errors.
WRITTEN = """
    Client Stream Reply
    Endpoint CHAT_COMPLETIONS RESPONSES MODELS HTTPRequest build_request parse_response validate
    StreamDecoder ChatAccumulator ResponseAccumulator SSEDecoder ServerSentEvent
    system developer user assistant tool to_request
    Timeouts Limits RetryPolicy Unknown
    ChatCompletion ChatCompletionChunk ChatCompletionRequest ModelList Response ResponseRequest
    ResponseStreamEvent
"""


def run(script: str) -> str:
    """What a script prints in a process of its own."""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout


def test_the_names_are_these(snapshot: SnapshotAssertion) -> None:
    assert mimo_proto.__all__ == snapshot


def test_the_designs_names_are_among_them() -> None:
    assert set(WRITTEN.split()) <= set(mimo_proto.__all__)


def test_each_name_is_there_once_and_documented() -> None:
    assert len(mimo_proto.__all__) == len(set(mimo_proto.__all__))
    for name in mimo_proto.__all__:
        value = getattr(mimo_proto, name)
        if isinstance(value, type) or callable(value):
            assert getdoc(value), name


def test_dir_lists_them() -> None:
    assert dir(mimo_proto) == sorted(mimo_proto.__all__)


def test_every_error_is_public() -> None:
    assert {name for name in errors.__all__ if name != "api_error_class"} <= set(mimo_proto.__all__)


def test_every_event_and_union_is_public() -> None:
    events = {cls.__name__ for cls in mimo_proto.RESPONSES.event.__args__}
    assert events <= set(mimo_proto.__all__)


def test_names_of_the_spec_are_those_of_models() -> None:
    for name in set(models.__all__) & set(mimo_proto.__all__):
        assert getattr(mimo_proto, name) is getattr(models, name)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'mimo_proto' has no attribute 'nothing'"):
        mimo_proto.nothing  # noqa: B018


def test_everything_can_be_imported_with_a_star() -> None:
    assert json.loads(run("from mimo_proto import *; import json; print(json.dumps(sorted(dir())))")) >= ["APIError"]


HEAVY = ["urllib3", "http.client", "http.server", "ssl", "email.utils", "email.parser", "logging", "socket", "asyncio"]


def test_the_client_is_imported_when_it_is_asked_for() -> None:
    script = f"""
import sys, json
import msgspec
before = set(sys.modules)
import mimo_proto
light = [name for name in {HEAVY!r} if name in sys.modules and name not in before]
light += [name for name in sys.modules if name in ("mimo_proto.client", "mimo_proto.http.stream")]
print(json.dumps([light, mimo_proto.Client is mimo_proto.__dict__["Client"]]))
"""
    assert json.loads(run(script)) == [[], True]


# How it is called

SIGNATURES: dict[str, list[str]] = {
    "StreamDecoder": ["endpoint", "event_type", "limits"],
    "SSEDecoder": ["max_event_size"],
    "ChatAccumulator": ["endpoint"],
    "ResponseAccumulator": ["endpoint"],
    "parse_response": ["endpoint", "status", "headers", "body"],
    "build_request": [
        *("endpoint", "request", "api_key", "base_url", "auth", "stream"),
        *("extra_body", "extra_headers", "validate", "allow_http"),
    ],
    "Client": [
        *("api_key", "base_url", "auth", "timeouts", "retry", "limits", "pool_size"),
        *("headers", "ssl_context", "proxy", "allow_http"),
    ],
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures(name: str) -> None:
    assert list(signature(getattr(mimo_proto, name)).parameters) == SIGNATURES[name]


def test_defaults_are_the_designs() -> None:
    client: dict[str, Any] = {
        name: parameter.default for name, parameter in signature(mimo_proto.Client).parameters.items()
    }
    assert client["auth"] == "bearer"
    assert client["pool_size"] == 10
    assert client["allow_http"] is False
    assert msgspec.structs.asdict(mimo_proto.Timeouts()) == {"connect": 10, "read": 600, "idle": 600, "total": None}
    assert msgspec.structs.asdict(mimo_proto.RetryPolicy()) == {
        "attempts": 1,
        "on": (429, 502, 503),
        "backoff": 0.5,
        "backoff_max": 8,
        "retry_after_max": 120,
    }
    assert msgspec.structs.asdict(mimo_proto.Limits()) == {
        "event": 16 * 2**20,
        "body": 64 * 2**20,
        "error_body": 64 * 2**10,
        "drain": 64 * 2**10,
        "linger": 2,
    }


METHODS = {
    "Client": "create_chat_completion stream_chat_completion create_response stream_response list_models send close",
    "Stream": "text result cancel close end status headers request_id attempts",
    "StreamDecoder": "feed events close",
    "SSEDecoder": "feed close",
    "ChatAccumulator": "add result partial",
    "ResponseAccumulator": "add result partial",
}


@pytest.mark.parametrize("name", METHODS)
def test_methods(name: str) -> None:
    cls = getattr(mimo_proto, name)
    documented = getdoc(cls) or ""
    for method in METHODS[name].split():
        assert hasattr(cls, method) or f"{method}:" in documented


def test_the_fields_of_raw_events_and_replies() -> None:
    assert mimo_proto.ServerSentEvent._fields == ("event", "data", "id", "retry")
    assert set(mimo_proto.Reply.__struct_fields__) >= {"value", "status", "headers", "request_id", "attempts", "body"}
    assert mimo_proto.HTTPRequest.__struct_fields__ == ("method", "url", "headers", "body")


@pytest.mark.parametrize(
    "name", ["Client", "Stream", "StreamDecoder", "SSEDecoder", "ChatAccumulator", "ResponseAccumulator", "Unknown"]
)
def test_classes_say_what_threads_may_do(name: str) -> None:
    assert "thread" in (getdoc(getattr(mimo_proto, name)) or "").lower()
