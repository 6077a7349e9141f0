"""Where requests may go: what is a base URL, and what is refused without showing what may be secret in it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mimo_proto import ConfigurationError
from mimo_proto.protocol.base_url import check_base_url


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api.xiaomimimo.com/v1", "https://api.xiaomimimo.com/v1"),
        ("https://api.xiaomimimo.com/v1/", "https://api.xiaomimimo.com/v1"),
        ("https://api.xiaomimimo.com/v1//", "https://api.xiaomimimo.com/v1"),
        ("https://h", "https://h"),
        ("https://h/", "https://h"),
        ("HTTPS://H.Example:8443/V1", "HTTPS://H.Example:8443/V1"),
        ("https://h:65535/a%20b/@cf/x;y=1", "https://h:65535/a%20b/@cf/x;y=1"),
        ("https://xn--bcher-kva.example/v1", "https://xn--bcher-kva.example/v1"),
        ("https://[2001:db8::1]:8443/v1", "https://[2001:db8::1]:8443/v1"),
        ("http://localhost:8080/v1", "http://localhost:8080/v1"),
        ("http://LOCALHOST", "http://LOCALHOST"),
        ("http://127.0.0.1/v1", "http://127.0.0.1/v1"),
        ("http://127.8.9.1:1/v1", "http://127.8.9.1:1/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
    ],
)
def test_base_urls(given: str, kept: str) -> None:
    assert check_base_url(given) == kept


def test_what_is_no_text() -> None:
    url: Any = httpx.URL("https://h/v1/")
    assert check_base_url(url) == "https://h/v1"
    wrong: Any
    for wrong in (None, 3, b"https://h/v1"):
        with pytest.raises(ConfigurationError, match="is not a URL"):
            check_base_url(wrong)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "is not a URL"),
        ("api.xiaomimimo.com/v1", "is not a URL"),
        ("//h/v1", "is not a URL"),
        ("ftp://h/v1", "is not a URL"),
        ("https://", "is not a URL"),
        ("https:///v1", "is not a URL"),
        ("https:/h", "is not a URL"),
        ("https://h:/v1", "is not a URL"),
        ("https://h:x/v1", "is not a URL"),
        ("https://h:65536/v1", "is not a URL"),
        ("https://h:999999/v1", "is not a URL"),
        ("https://h /v1", "is not a URL"),
        ("https://h/v1\n", "is not a URL"),
        ("https://h\t/v1", "is not a URL"),
        ("https://h/\r\nx: y", "is not a URL"),
        ("https://hé/v1", "is not a URL"),
        ("https://h/é", "is not a URL"),
        ("https://h\\evil.example/v1", "is not a URL"),
        ("https://h%2eexample/v1", "is not a URL"),
        ("https://[::1", "is not a URL"),
        ("https://[::1]evil.example/v1", "is not a URL"),
        ("https://[:::::]/v1", "is not a URL"),
        ("https://[1.2]/v1", "is not a URL"),
        ("http://[::1]evil.example/v1", "is not a URL"),
        ("http://[::1]:80evil.example/v1", "is not a URL"),
        ("https://h/[x]", "is not a URL"),
        ("https://user:secret@h/v1", "holds credentials"),
        ("https://secret@h/v1", "holds credentials"),
        ("user:secret@h/v1", "holds credentials"),
        ("http://localhost:80@evil.example/v1", "holds credentials"),
        ("https://h/v1?key=secret", "neither query nor fragment"),
        ("https://h/v1?", "neither query nor fragment"),
        ("https://h/v1#secret", "neither query nor fragment"),
        ("https://h?x@y", "neither query nor fragment"),
        ("http://h/v1", "in the clear"),
        ("http://10.0.0.1/v1", "in the clear"),
        ("http://localhost.example/v1", "in the clear"),
        ("http://127.0.0.1.example/v1", "in the clear"),
        ("http://127.1/v1", "in the clear"),
        ("http://0.0.0.0/v1", "in the clear"),
        ("http://[2001:db8::1]/v1", "in the clear"),
    ],
)
def test_base_urls_that_are_refused(given: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        check_base_url(given)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None
    if words != "in the clear":
        with pytest.raises(ConfigurationError, match=words):
            check_base_url(given, allow_http=True)


def test_plain_http_when_it_is_asked_for() -> None:
    assert check_base_url("http://h/v1", allow_http=True) == "http://h/v1"
