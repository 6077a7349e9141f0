"""The key against the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mimo_proto.protocol.key_host import KINDS, key_mismatch, kind_of_key
from mimo_proto.protocol.preflight.check import Rule

if TYPE_CHECKING:
    from mimo_proto.protocol.preflight.check import Check

__all__ = ["check_key"]

KEY_AND_HOST = Rule("key_and_host", "refused", "MiMo answers 401: {mismatch}", "FAQ earendil-works/pi#4005")
UNKNOWN_KEY = Rule(
    "unknown_key",
    "risky",
    "no key of MiMo's is known to begin like this one: they begin with {kinds}; make sure that it is MiMo's",
    "FAQ",
)


def check_key(check: Check, api_key: str, host: str) -> None:
    """Look at the kind of a key.

    Args:
        check: The request.
        api_key: The key.
        host: The host of MiMo's that the request goes to.
    """
    mismatch = key_mismatch(api_key, host)
    if mismatch:
        check.find(KEY_AND_HOST, mismatch=mismatch)
    elif not kind_of_key(api_key):
        check.find(UNKNOWN_KEY, kinds=", ".join(KINDS))
