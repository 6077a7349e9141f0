"""The key: nowhere to be seen, and gone from what the server says."""

from __future__ import annotations

import copy
import pickle

import pytest

from mimo_proto import APIError, DecodeError, LocalProtocolError
from mimo_proto.protocol.secret import Secret, redact, redact_error

KEY = "sk-0123456789"


def test_it_is_the_text_in_all_but_its_looks() -> None:
    key = Secret(KEY)
    assert key == KEY
    assert f"Bearer {key}" == f"Bearer {KEY}"
    assert hash(key) == hash(KEY)
    assert repr(key) == "'********'"
    assert KEY not in repr({"authorization": key})


def test_it_is_copied_and_not_pickled() -> None:
    key = Secret(KEY)
    assert copy.copy(key) is key
    assert copy.deepcopy([key])[0] is key
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="MIMO_API_KEY"):
            pickle.dumps(key, protocol)


def test_texts_are_cleaned() -> None:
    assert redact(f"no {KEY}, {KEY}!", KEY) == "no ********, ********!"
    text = "nothing here"
    assert redact(text, KEY) is text
    assert redact(text, "") is text


@pytest.mark.parametrize("size", range(8, len(KEY)))
def test_a_key_that_was_cut_is_masked_too(size: int) -> None:
    assert redact(f"no {KEY[:size]}", KEY) == "no ********"
    assert redact(f"no {KEY[:size]!r}, {KEY}: {KEY[:size]}", KEY) == "no '********', ********: ********"
    error = DecodeError(KEY[:size], data=f"<p>{KEY}{KEY[:size]}".encode())
    redact_error(error, KEY)
    assert (str(error), error.data) == ("********", b"<p>****************")


def test_few_characters_are_no_key() -> None:
    assert redact("sk-0123", KEY) == "sk-0123"
    assert redact("a short key", "key") == "a short ********"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Proxy-Authorization: Basic am9lOnBhc3M=\r\n", "Proxy-Authorization: Basic ********\r\n"),
        ("{b'proxy-authorization': b'Basic am9l'}", "{b'proxy-authorization': b'Basic ********'}"),
        ("your basic plan", "your basic plan"),
        ("Proxy-Authorization: Negotiate", "Proxy-Authorization: Negotiate"),
    ],
)
def test_credentials_for_a_proxy_are_cleaned(text: str, cleaned: str) -> None:
    error = APIError(text, status=407, body=text.encode())
    redact_error(error, "")
    assert error.message == cleaned
    assert error.body == cleaned.encode()


def test_errors_are_cleaned_wherever_they_say_it() -> None:
    error = APIError(f"bad key {KEY}", status=401, param=KEY, body=f'{{"key": "{KEY}"}}'.encode(), retry_after=1.0)
    redact_error(error, KEY)
    assert KEY not in f"{error!s} {error!r} {vars(error)!r} {error.args!r}"
    assert (error.message, error.param, error.status) == ("bad key ********", "********", 401)
    assert error.body == b'{"key": "********"}'
    other = DecodeError(KEY, data=KEY.encode())
    redact_error(other, "")
    assert KEY in str(other)
    redact_error(other, KEY)
    assert KEY not in f"{other!s} {other.data!r}"


def test_what_is_neither_text_nor_bytes_stays() -> None:
    error = LocalProtocolError(KEY)
    error.args = (5, KEY)
    error.partial = part = [KEY]
    redact_error(error, KEY)
    assert error.args == (5, "********")
    assert error.partial is part
