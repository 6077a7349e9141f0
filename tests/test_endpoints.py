"""Endpoints: values that say what travels where."""

from __future__ import annotations

import msgspec
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    MODELS,
    RESPONSES,
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
    ModelList,
    Response,
    ResponseRequest,
    ResponseStreamEvent,
)


@pytest.mark.parametrize(
    ("endpoint", "method", "path", "request_", "reply", "protocol"),
    [
        (CHAT_COMPLETIONS, "POST", "/chat/completions", ChatCompletionRequest, ChatCompletion, "chat"),
        (RESPONSES, "POST", "/responses", ResponseRequest, Response, "responses"),
        (MODELS, "GET", "/models", None, ModelList, None),
    ],
)
def test_the_three_of_mimo(
    endpoint: object, method: str, path: str, request_: object, reply: object, protocol: str | None
) -> None:
    assert isinstance(endpoint, type(CHAT_COMPLETIONS))
    assert (endpoint.method, endpoint.path, endpoint.protocol) == (method, path, protocol)
    assert (endpoint.request, endpoint.reply) == (request_, reply)


def test_what_their_streams_carry() -> None:
    assert CHAT_COMPLETIONS.event is ChatCompletionChunk
    assert RESPONSES.event is ResponseStreamEvent
    assert MODELS.event is None


def test_they_are_values() -> None:
    assert msgspec.structs.replace(MODELS) == MODELS
    assert hash(msgspec.structs.replace(RESPONSES)) == hash(RESPONSES)
    with pytest.raises(AttributeError):
        MODELS.path = "/other"  # type: ignore[misc]
