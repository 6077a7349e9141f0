"""The error tree: as it is drawn, plain data, and of the class that the server's code names."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest

from mimo_proto import (
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
    ServerError,
    UnexpectedContentType,
    errors,
)
from mimo_proto.protocol.server_error import api_error_class

CLASSES: list[type[MimoError]] = [getattr(errors, name) for name in errors.__all__]
every_class = pytest.mark.parametrize("cls", CLASSES)

NODE = re.compile(r"^(?P<indent>[│├└─ ]*)(?P<name>[A-Za-z]\w+)(?: \(also (?P<also>\w+)\))?")


def drawn_tree() -> dict[str, tuple[str | None, str | None]]:
    """The docstring's drawing: each name, its parent, and what it is besides."""
    tree: dict[str, tuple[str | None, str | None]] = {}
    path: list[str] = []
    drawing = (errors.__doc__ or "").split("\n\n")[1]
    for line in drawing.splitlines():
        match = NODE.match(line)
        assert match, line
        depth = len(match["indent"]) // 4
        path[depth:] = [match["name"]]
        tree[match["name"]] = (path[depth - 1] if depth else None, match["also"])
    return tree


def test_the_tree_is_as_it_is_drawn() -> None:
    drawn = drawn_tree()
    real = {
        cls.__name__: (
            cls.__bases__[0].__name__ if cls is not MimoError else None,
            cls.__bases__[1].__name__ if len(cls.__bases__) > 1 else None,
        )
        for cls in CLASSES
    }
    assert real == drawn
    assert MimoError.__bases__ == (Exception,)


def test_every_class_is_in_the_module_and_documented() -> None:
    defined = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, MimoError)}
    assert defined == {cls.__name__ for cls in CLASSES}
    assert all(cls.__doc__ for cls in CLASSES)


# What the classes need beside their text
ARGUMENTS: dict[str, dict[str, Any]] = {
    "ConnectionClosed": {"reused": True, "answer_begun": False},
    "RedirectRefused": {"status": 302, "location": "https://example.invalid/"},
    "TransportTimeout": {"seconds": 1.5},
    "DecodeError": {"path": "$.choices", "data": b"{}"},
    "UnexpectedContentType": {"status": 200, "content_type": "text/html", "body": b"<html>"},
    "InvalidRequestError": {"path": "$.model"},
    "APIError": {
        "status": 429,
        "code": "429",
        "param": "p",
        "type": "limitation",
        "request_id": "q1",
        "retry_after": 2.5,
        "body": b"{}",
        "in_stream": True,
    },
}


def arguments_of(cls: type[MimoError]) -> dict[str, Any]:
    known = [ARGUMENTS[base.__name__] for base in cls.__mro__ if base.__name__ in ARGUMENTS]
    return known[0] if known else {}


def make(cls: type[MimoError]) -> MimoError:
    return cls("what happened", **arguments_of(cls))


@every_class
def test_an_error_holds_what_it_was_made_of(cls: type[MimoError]) -> None:
    error = make(cls)
    assert "what happened" in str(error)
    assert (error.attempts, error.partial) == (0, None)
    assert {name: getattr(error, name) for name in arguments_of(cls)} == arguments_of(cls)


@every_class
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_pickles(cls: type[MimoError], protocol: int) -> None:
    error = make(cls)
    error.attempts, error.partial = 3, {"choices": []}
    error.add_note("a note")
    same(pickle.loads(pickle.dumps(error, protocol)), error)


@every_class
def test_an_error_copies(cls: type[MimoError]) -> None:
    error = make(cls)
    error.attempts, error.partial = 2, [1]
    same(copy.copy(error), error)
    deep = copy.deepcopy(error)
    same(deep, error)
    assert deep.partial is not error.partial
    assert copy.copy(error).partial is error.partial


def same(restored: MimoError, error: MimoError) -> None:
    assert restored is not error
    assert type(restored) is type(error)
    assert (str(restored), restored.args, vars(restored)) == (str(error), error.args, vars(error))
    assert restored.__traceback__ is None
    assert repr(restored) == repr(error)


@every_class
def test_the_attempt_is_named(cls: type[MimoError]) -> None:
    error = make(cls)
    text = str(error)
    error.attempts = 1
    assert str(error) == text
    error.attempts = 3
    assert str(error) == f"{text} (attempt 3)"


def test_errors_that_are_something_else_besides() -> None:
    assert issubclass(errors.ConfigurationError, ValueError)
    assert issubclass(errors.InvalidRequestError, ValueError)
    assert issubclass(errors.ReadTimeout, TimeoutError)
    assert isinstance(make(errors.DeadlineExceeded), OSError)


def test_the_text_of_a_server_error() -> None:
    assert str(APIError("why", status=418)) == "HTTP 418: why"
    assert str(APIError("why", status=418, code="teapot")) == "HTTP 418, code teapot: why"
    assert str(APIError("why", status=200, in_stream=True)) == "in the stream: why"
    assert str(APIError("why", status=200, code="1", in_stream=True)) == "in the stream, code 1: why"


def test_bodies_are_kept_within_a_bound() -> None:
    assert len(DecodeError("x", data=b"y" * 5_000).data) == 1024
    assert len(UnexpectedContentType("x", status=200, content_type=None, body=b"y" * 5_000).body) == 1024


@pytest.mark.parametrize(
    ("status", "code", "cls"),
    [
        (400, None, BadRequestError),
        (401, None, AuthenticationError),
        (402, None, InsufficientBalanceError),
        (403, None, PermissionDeniedError),
        (404, None, NotFoundError),
        (421, None, ContentFilterError),
        (441, None, ContentFilterError),
        (422, None, BadRequestError),
        (429, None, RateLimitError),
        (500, None, ServerError),
        (503, None, ServerError),
        (599, None, ServerError),
        (409, None, APIError),
        (600, None, APIError),
        (200, None, APIError),
        # The body's code, where it is a known one
        (400, "421", ContentFilterError),
        (400, "441", ContentFilterError),
        (200, "441", ContentFilterError),
        (400, "400", BadRequestError),
        (500, "429", RateLimitError),
        (200, "503", ServerError),
        (200, "402", InsufficientBalanceError),
        # Else the status
        (400, "200", BadRequestError),
        (400, "409", BadRequestError),
        (400, "responses_feature_not_supported", BadRequestError),
        (429, "", RateLimitError),
        (429, "0", RateLimitError),
        (429, "4210", RateLimitError),
        (429, "-421", RateLimitError),
        (429, "٤٢١", RateLimitError),
        (429, "42¹", RateLimitError),
        (429, "9" * 5_000, RateLimitError),
        (200, "invalid_api_key", APIError),
    ],
)
def test_the_class_of_a_server_error(status: int, code: str | None, cls: type[APIError]) -> None:
    assert api_error_class(status, code) is cls
