"""Which codings a response has, by the value of its Content-Encoding."""

from __future__ import annotations

import pytest

from mimo_proto.protocol.content_coding import DECODABLE, content_codings

REGISTRY = [
    *("aes128gcm", "br", "compress", "dcb", "dcz", "deflate"),
    *("exi", "gzip", "pack200-gzip", "x-compress", "x-gzip", "zstd"),
]
NO_CODING = ["", " ", ",", ", ,", "identity", "IDENTITY, identity", "UTF-8", "none", "binary", "utf-8, none", "gzip2"]


@pytest.mark.parametrize("field", NO_CODING)
def test_what_is_no_coding(field: str) -> None:
    assert content_codings(field) == []


@pytest.mark.parametrize("coding", REGISTRY)
def test_what_is_registered_is_one(coding: str) -> None:
    assert content_codings(coding) == content_codings(f"\t{coding.upper()} ") == [coding]
    assert (coding in DECODABLE) == (coding in {"gzip", "x-gzip", "deflate"})


@pytest.mark.parametrize(
    ("field", "codings"),
    [
        ("gzip, identity", ["gzip"]),
        ("identity,gzip", ["gzip"]),
        ("UTF-8, gzip", ["gzip"]),
        (",gzip,,", ["gzip"]),
        ("gzip, gzip", ["gzip", "gzip"]),
        ("deflate, x-gzip, br", ["deflate", "x-gzip", "br"]),
    ],
)
def test_lists(field: str, codings: list[str]) -> None:
    assert content_codings(field) == codings
