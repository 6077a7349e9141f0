"""The key, and what hides it."""

from __future__ import annotations

import copy
import pickle

import pytest

from mimo_proto import APIError, ConnectError
from mimo_proto.secret import MASK, Secret, redact, redact_error


def test_it_hides_in_repr_alone() -> None:
    secret = Secret("sk-1")
    assert "sk-1" not in repr({"key": [secret]})
    assert secret == "sk-1"
    assert f"Bearer {secret}" == "Bearer sk-1"
    assert secret.encode() == b"sk-1"


def test_copies_are_itself_and_pickles_are_refused() -> None:
    secret = Secret("sk-1")
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret
    with pytest.raises(TypeError, match="MIMO_API_KEY"):
        pickle.dumps(secret)


def test_redact() -> None:
    text = "no key here"
    assert redact(text, "sk-1") is text
    assert redact("a sk-1 b sk-1", "sk-1") == f"a {MASK} b {MASK}"
    assert redact("abc", "") == "abc"


def test_errors_are_cleaned_in_place() -> None:
    error = APIError("no sk-1", status=400, code="sk-1", body=b"x sk-1 y")
    redact_error(error, "")
    assert "sk-1" in str(error)
    redact_error(error, "sk-1")
    assert "sk-1" not in repr((str(error), vars(error), error.args))
    assert error.status == 400
    other = ConnectError("sk-1", 7)
    redact_error(other, "sk-1")
    assert other.args == (MASK, 7)
