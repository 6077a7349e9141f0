"""How long an idle connection is trusted: TCP's own probes, and its greatest age.

Rules:

- Between client and server stand boxes (NAT, balancers) that forget a silent connection without telling either side.
  TCP's keep-alive probes (RFC 9293, 3.8.4) keep it known there while an answer is thought about, and find out when it
  is not.
- A connection that has been idle for longer than most servers and boxes keep one is closed, not used: a request on it
  would wait for the read clock.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

__all__ = ["MAX_IDLE_SECONDS", "keep_alive_options", "max_idle_seconds"]

KEEP_ALIVE_IDLE_SECONDS: Final = 60
"""How long TCP is silent before its first probe: well below the minutes after which NATs and balancers forget."""

KEEP_ALIVE_INTERVAL_SECONDS: Final = 60
"""How long TCP waits for the answer to a probe."""

KEEP_ALIVE_PROBES: Final = 5
"""How many probes in a row go unanswered before the connection is broken."""

TCP_KEEP_ALIVE: Final[tuple[tuple[str, int], ...]] = (
    ("TCP_KEEPIDLE", KEEP_ALIVE_IDLE_SECONDS),
    ("TCP_KEEPALIVE", KEEP_ALIVE_IDLE_SECONDS),  # what macOS calls it
    ("TCP_KEEPINTVL", KEEP_ALIVE_INTERVAL_SECONDS),
    ("TCP_KEEPCNT", KEEP_ALIVE_PROBES),
)
"""The settings of the probes, by their names in `socket`."""

MAX_IDLE_SECONDS: Final = 60.0
"""How long a connection may be idle and still be used."""

MARGIN_SECONDS: Final = 1.0
"""How much sooner than the server the client gives a connection up: a request may be on its way when it is closed."""

KEEP_ALIVE_TIMEOUT = re.compile(
    r"""(?:^|[\s,;])timeout[ \t]*=[ \t]*"?([0-9]{1,9})(?![0-9])""", re.ASCII | re.IGNORECASE
)


def keep_alive_options(socket: ModuleType) -> list[tuple[int, int, int]]:
    """Give the options by which TCP probes a silent connection, as `setsockopt` takes them.

    Args:
        socket: The module of that name; each system has some of the settings.
    """
    probes = [(getattr(socket, name), value) for name, value in TCP_KEEP_ALIVE if hasattr(socket, name)]
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *((socket.IPPROTO_TCP, *probe) for probe in probes)]


def max_idle_seconds(headers: Mapping[str, str]) -> float:
    """Give how long the connection of a response may be idle and still be used; 0 when it may not be used again.

    ``Keep-Alive: timeout=N`` says when the server closes it (RFC 2068, 19.7.1.1; RFC 9112, 9.3 leaves it to both
    sides). What cannot be read there says nothing; of two the shorter counts.

    Args:
        headers: The fields of the response, names in lower case.
    """
    promised = [int(seconds) - MARGIN_SECONDS for seconds in KEEP_ALIVE_TIMEOUT.findall(headers.get("keep-alive", ""))]
    return max(0.0, min([MAX_IDLE_SECONDS, *promised]))
