"""The keyword arguments of a call, taken apart."""

from __future__ import annotations

from typing import Any

from mimo_proto.call.options import take_apart


def test_a_field_that_is_none_is_not_set() -> None:
    arguments: dict[str, Any] = {
        "model": "m",
        "messages": [],
        "temperature": None,
        "tools": None,
        "timeouts": None,
        "validate": True,
    }
    request, options = take_apart(None, arguments)
    assert request == {"model": "m", "messages": []}
    assert options == {"timeouts": None, "validate": True}


def test_a_request_that_was_given_keeps_its_nulls() -> None:
    request = {"model": "m", "stop": None}
    assert take_apart(request, {"retry": None}) == (request, {"retry": None})
