"""Which content codings a response has (RFC 9110, 8.4), sans-IO.

Rules:

- Content-Encoding lists the codings in the order in which they were applied; their names are case-insensitive (8.4.1),
  and empty members of a list are passed over (5.6.1).
- ``identity`` is no coding. A word that IANA's registry does not have is none either: servers and gateways write
  ``UTF-8``, ``none`` or ``binary`` there and send the body as it is.
- A coding of the registry changes the body, whether it can be undone here or not.
- Of several on top of each other none is undone: each can inflate what the next one reads a thousandfold without giving
  a byte, so that a few KiB keep a processor busy for as long as their sender likes, which no clock ends.
"""

from __future__ import annotations

from typing import Final

__all__ = ["DECODABLE", "content_codings"]

DECODABLE: Final = frozenset({"gzip", "x-gzip", "deflate"})
"""What zlib undoes."""

REGISTERED: Final = DECODABLE | {
    "aes128gcm",
    "br",
    "compress",
    "dcb",
    "dcz",
    "exi",
    "pack200-gzip",
    "x-compress",
    "zstd",
}
"""The HTTP Content Coding Registry of IANA, without ``identity``."""


def content_codings(field: str) -> list[str]:
    """Give the codings of a body, in lower case, in the order in which they were applied.

    Args:
        field: The value of Content-Encoding, repeated fields joined with ", "; "" where there is none.
    """
    return [coding for member in field.lower().split(",") if (coding := member.strip()) in REGISTERED]
