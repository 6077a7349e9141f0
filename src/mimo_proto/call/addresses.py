"""In which order the addresses of a host are tried, and how long one is tried alone (RFC 8305, "Happy Eyeballs").

Rules:

- The families of addresses take turns (4). Each keeps the order of the system's answer (RFC 6724).
- The next address is tried when the last has failed, or has not answered for a quarter of a second (5, 8): a dead one
  costs that, and not the whole connect clock.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ATTEMPT_DELAY_SECONDS", "AddressInfo", "take_turns"]

ATTEMPT_DELAY_SECONDS: Final = 0.25
"""How long an address is tried alone (8: Connection Attempt Delay)."""

AddressInfo: TypeAlias = tuple[int, int, int, str, Any]
"""What `socket.getaddrinfo` says of an address: family, kind, protocol, name, and what to connect to."""


def take_turns(addresses: Iterable[AddressInfo]) -> list[AddressInfo]:
    """Put addresses in the order in which they are tried.

    Args:
        addresses: What `socket.getaddrinfo` returned.
    """
    families: dict[int, list[AddressInfo]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    return [address for turn in zip_longest(*families.values()) for address in turn if address is not None]
