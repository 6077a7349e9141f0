"""What a client is set to, and the requests that it makes."""

from __future__ import annotations

import pickle
from typing import Any

import msgspec
import pytest

from mimo_proto import CHAT_COMPLETIONS, MODELS, ConfigurationError, InvalidRequestError, RetryPolicy, Timeouts
from mimo_proto.call.settings import Settings, read_settings
from mimo_proto.protocol.secret import Secret
from tests.support.payloads import CHAT_REQUEST

KEY = "sk-0123456789"


def settings(**more: Any) -> Settings:
    fields: dict[str, Any] = {"key": Secret(KEY), "base_url": "https://api.example.com/v1", "headers": {}, **more}
    return Settings(**fields)


def read(environment: dict[str, str], key: str | None = None, base_url: str | None = None, **more: Any) -> Settings:
    arguments: dict[str, Any] = {
        "auth": "bearer",
        "headers": None,
        "allow_http": False,
        **{name: getattr(settings(), name) for name in ("timeouts", "retry", "limits")},
        **more,
    }
    return read_settings(environment.get, None if key is None else Secret(key), base_url, **arguments)


def test_the_environment_counts_where_an_argument_is_missing() -> None:
    environment = {"MIMO_API_KEY": KEY, "MIMO_BASE_URL": "https://env.example.com/v1/"}
    assert (read(environment).key, read(environment).base_url) == (KEY, "https://env.example.com/v1")
    given = read(environment, "sk-other", "https://arg.example.com/v1")
    assert (given.key, given.base_url) == ("sk-other", "https://arg.example.com/v1")
    assert "xiaomimimo.com" in read({"MIMO_API_KEY": KEY, "MIMO_BASE_URL": ""}).base_url


@pytest.mark.parametrize(
    ("environment", "wrong"),
    [
        ({}, {}),
        ({"MIMO_API_KEY": KEY}, {"key": ""}),
        ({"MIMO_API_KEY": "a\nb"}, {}),
        ({"MIMO_API_KEY": KEY}, {"base_url": "http://api.example.com/v1"}),
        ({"MIMO_API_KEY": KEY}, {"base_url": ""}),
        ({"MIMO_API_KEY": KEY}, {"headers": {"Host": "x"}}),
        ({"MIMO_API_KEY": KEY}, {"auth": "basic"}),
    ],
)
def test_what_every_call_would_refuse_is_refused_at_once(environment: dict[str, str], wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        read(environment, **wrong)


def test_the_request_of_a_call() -> None:
    both = settings(auth="api-key", headers={"X-Team": "a", "X-Both": "client", "Accept-Encoding": "br"})
    options: Any = {"extra_headers": {"X-Both": "call"}, "extra_body": {"new": 1}}
    request = both.request(CHAT_COMPLETIONS, CHAT_REQUEST, options, stream=True)
    assert (request.method, request.url) == ("POST", "https://api.example.com/v1/chat/completions")
    assert request.headers["api-key"] == KEY
    assert (request.headers["x-team"], request.headers["x-both"]) == ("a", "call")
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["accept"] == "text/event-stream"
    assert msgspec.json.decode(request.body or b"") == {**CHAT_REQUEST, "new": 1, "stream": True}
    assert both.request(MODELS, None, {}).body is None


def test_dicts_are_checked_unless_the_caller_says_otherwise() -> None:
    with pytest.raises(InvalidRequestError):
        settings().request(CHAT_COMPLETIONS, {"model": 1}, {})
    assert settings().request(CHAT_COMPLETIONS, {"model": 1}, {"validate": False}).body


def test_the_settings_of_a_call() -> None:
    client = settings()
    assert client.of_call({}) is client
    assert client.of_call({"timeouts": None, "retry": None}) is client
    timeouts, retry = Timeouts(read=1), RetryPolicy(attempts=2)
    call = client.of_call({"timeouts": timeouts})
    assert (call.timeouts, call.retry, call.key) == (timeouts, client.retry, KEY)
    call = client.of_call({"retry": retry})
    assert (call.timeouts, call.retry) == (client.timeouts, retry)


def test_the_key_is_not_shown() -> None:
    assert KEY not in repr(settings())
    with pytest.raises(TypeError):
        pickle.dumps(settings())
