"""The errors of connections: their classes and words, whichever transport they come from."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from mimo_proto import ConnectError, ConnectionClosed, RemoteProtocolError
from mimo_proto.call.connection_errors import connection_closed, connection_error, shown
from mimo_proto.protocol.http11 import HeadError

if TYPE_CHECKING:
    from mimo_proto.call.connection_errors import Stage


@pytest.mark.parametrize("exc", [OSError("broken"), ssl.SSLError("broken"), ValueError("broken")], ids=repr)
def test_a_connection_that_does_not_open(exc: Exception) -> None:
    error = connection_error(exc, "connect")
    assert type(error) is ConnectError
    assert str(error).startswith("no connection: ")
    assert "broken" in str(error)


@pytest.mark.parametrize(
    ("stage", "where"),
    [("send", "while the request was sent"), ("head", "before an answer came"), ("body", "inside the answer")],
)
def test_a_connection_that_breaks(stage: Stage, where: str) -> None:
    error = connection_error(ConnectionResetError("it was closed"), stage, reused=True, answer_begun=False)
    assert isinstance(error, ConnectionClosed)
    assert str(error) == f"the connection broke {where}: it was closed"
    assert (error.reused, error.answer_begun) == (True, False)


def test_what_nobody_can_tell() -> None:
    """A library has connections of its own."""
    assert connection_closed(Exception("x"), "head", answer_begun=False).reused is None


@pytest.mark.parametrize("stage", ["send", "head", "body"])
def test_what_is_no_http(stage: Stage) -> None:
    error = connection_error(HeadError("the first line is not a status line"), stage)
    assert type(error) is RemoteProtocolError
    assert str(error) == "not an answer in HTTP/1.1: HeadError: the first line is not a status line"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("at 'http://me:secret@proxy:80/'", "at 'http://proxy:80/'"),
        ("http://me:se@cret@proxy", "http://proxy"),
        ("at 'http://me:it's(se\"cret)@proxy:80/'", "at 'http://proxy:80/'"),
        ("key=BasicAuth(login='me', password='se)cret', encoding='latin1')", "key=BasicAuth("),
        ("user@example.com", "user@example.com"),
        ("x" * 1000, "x" * 300),
        ("", "OSError"),
    ],
)
def test_what_is_shown_of_a_librarys_text(text: str, left: str) -> None:
    assert shown(OSError(text)) == left
