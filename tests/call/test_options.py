"""The keywords of the clients' methods: what `help()` shows of them, and how habits from other clients are refused."""

from __future__ import annotations

import inspect
import pydoc
import re
from collections.abc import Callable
from traceback import TracebackException
from typing import Any

import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    ChatCompletionRequest,
    Client,
    ConfigurationError,
    InvalidRequestError,
    ResponseRequest,
    user,
)
from mimo_proto.call.options import take_apart
from tests.support.payloads import CHAT_REQUEST, RESPONSE_REQUEST

KEY = "sk-0123456789"

Habit = Callable[[Any], object]


@pytest.fixture
def client() -> Any:
    """Nothing listens there: what is not refused before it is sent is a `ConnectError`."""
    with Client(KEY, "http://127.0.0.1:1/v1") as client:
        yield client


@pytest.mark.parametrize("value", ["hi", [user("hi")], CHAT_REQUEST, ChatCompletionRequest(**CHAT_REQUEST)])
def test_a_request_that_is_a_value_has_another_door(client: Client, value: Any) -> None:
    loose: Any = client
    for method, door in (
        (loose.create_chat_completion, "client.send(CHAT_COMPLETIONS, request)"),
        (loose.stream_chat_completion, "client.stream(CHAT_COMPLETIONS, request)"),
        (loose.create_response, "client.send(RESPONSES, request)"),
        (loose.stream_response, "client.stream(RESPONSES, request)"),
    ):
        with pytest.raises(InvalidRequestError) as refused:
            method(value)
        assert door in str(refused.value)
        assert type(value).__name__ in str(refused.value)


CALLS: list[tuple[Habit, str]] = [
    (lambda client: client.create_chat_completion(**CHAT_REQUEST, timeout=5), "timeouts=Timeouts(total=30)"),
    (lambda client: client.create_chat_completion(**CHAT_REQUEST, timeouts=5), "timeouts=Timeouts(total=30)"),
    (lambda client: client.stream_response(**RESPONSE_REQUEST, max_retries=2), "retry=RetryPolicy(attempts=3)"),
    (lambda client: client.stream_response(**RESPONSE_REQUEST, retry=3), "retry=RetryPolicy(attempts=3)"),
    (lambda client: client.create_chat_completion("hi"), "messages=[user(...)]"),
    (lambda client: client.create_chat_completion([user("hi")]), "messages=[user(...)]"),
    (lambda client: client.create_chat_completion(**CHAT_REQUEST, stream=True), "stream_..."),
    (lambda client: client.send(CHAT_COMPLETIONS, {**CHAT_REQUEST, "extra_body": {"a": 1}}), "beside the request"),
    (lambda client: client.send(CHAT_COMPLETIONS, CHAT_REQUEST, timeout=5), "timeouts=Timeouts(total=30)"),
    (lambda client: client.stream(RESPONSES, RESPONSE_REQUEST, extra_query={}), "have no queries"),
    (lambda client: client.list_models(max_retries=1), "retry=RetryPolicy(attempts=3)"),
    (
        lambda client: client.create_chat_completion(**CHAT_REQUEST, response_format={"type": "json_schema"}),
        '"json_object"',
    ),
    (
        lambda client: client.create_response(**RESPONSE_REQUEST, text={"format": {"type": "json_schema"}}),
        '"json_object"',
    ),
]


@pytest.mark.parametrize(("habit", "ours"), CALLS)
def test_habits_of_calling_are_refused_with_our_word(client: Client, habit: Habit, ours: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        habit(client)
    assert ours in str(refused.value)
    assert str(refused.value).count("\n") < 3


def test_an_option_that_nobody_has_is_refused(client: Client) -> None:
    loose: Any = client
    with pytest.raises(InvalidRequestError, match="a call takes no nothing="):
        loose.send(MODELS, nothing=1)


@pytest.mark.parametrize(
    ("habit", "ours"),
    [
        ({"timeout": 5}, "timeouts=Timeouts(total=30)"),
        ({"timeouts": 5}, "timeouts=Timeouts(total=30)"),
        ({"timeouts": None}, "timeouts=Timeouts(total=30)"),
        ({"max_retries": 2}, "retry=RetryPolicy(attempts=3)"),
        ({"retry": 3}, "retry=RetryPolicy(attempts=3)"),
        ({"limits": 3}, "limits=Limits(body="),
        ({"organization": "mine"}, "no organizations"),
        ({"http_client": object()}, "http="),
        ({"nothing": 1}, "a client takes no nothing="),
    ],
)
def test_habits_of_building_a_client_are_refused_with_our_word(habit: dict[str, Any], ours: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Client(KEY, **habit)
    assert ours in str(refused.value)
    assert str(refused.value).count("\n") < 3


def test_a_key_under_another_name_is_not_shown() -> None:
    loose: Any = Client
    with pytest.raises(ConfigurationError) as refused:
        loose(apikey=KEY)
    shown = "".join(TracebackException.from_exception(refused.value, capture_locals=True).format())
    assert "Client" in shown
    # What the test itself passes stands in the frame of the test.
    assert KEY not in shown.replace(f"KEY = {KEY!r}", "")


ATTRIBUTES: list[tuple[Habit, str]] = [
    (lambda client: client.chat.completions.create, "create_chat_completion("),
    (lambda client: client.responses.create, "create_response("),
    (lambda client: client.models.list, "list_models()"),
    (lambda client: client.with_options(timeout=5), "timeouts="),
    (lambda client: client.with_raw_response, "send("),
    (lambda client: client.nothing, "'Client' object has no attribute 'nothing'"),
]


@pytest.mark.parametrize(("habit", "ours"), ATTRIBUTES)
def test_attributes_of_other_clients_are_absent_with_a_hint(client: Client, habit: Habit, ours: str) -> None:
    with pytest.raises(AttributeError, match="'Client' object has no attribute") as absent:
        habit(client)
    assert ours in str(absent.value)
    assert not hasattr(client, "chat")


@pytest.mark.parametrize("method", ["create_chat_completion", "stream_response"])
def test_help_shows_the_fields_and_the_options(method: str) -> None:
    shown = inspect.signature(getattr(Client, method)).parameters
    fields = inspect.get_annotations(ChatCompletionRequest if "chat" in method else ResponseRequest)
    options = ["extra_body", "extra_headers", "timeouts", "retry", "tee", "validate"]
    assert set(shown) == {"self", *fields, *options}
    needed = [name for name, parameter in shown.items() if parameter.default is inspect.Parameter.empty]
    assert needed == ["self", "model", "messages" if "chat" in method else "input"]
    text = re.sub(".\b", "", pydoc.render_doc(getattr(Client, method)))  # bold letters are struck twice
    assert "temperature: float = UNSET" in text
    assert "timeouts: Timeouts | None = UNSET" in text
    assert "'mimo-v2.6-pro'" in text


def test_a_field_that_is_none_is_not_set() -> None:
    arguments: dict[str, Any] = {
        "model": "m",
        "messages": [],
        "temperature": None,
        "tools": None,
        "timeouts": None,
        "validate": True,
    }
    request, options = take_apart(None, arguments, "send(CHAT_COMPLETIONS, request)")
    assert request == {"model": "m", "messages": []}
    assert options == {"timeouts": None, "validate": True}
