"""Keys and the hosts that they belong to: each works on its own, and is answered with 401 elsewhere.

Rules:
- The kind of a key is its beginning (FAQ; earendil-works/pi#4005): `sk-` is pay as you go, on api.xiaomimimo.com; `tp-`
  and `ttp-` are token plans, on the hosts whose names begin with `token-plan-`.
- Of the key nothing is shown but the beginning that all keys of its kind have.
- Of other hosts, and of other beginnings, nothing is said: a gateway has keys of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["host_of", "is_mimo_host", "key_mismatch", "kind_of_key"]

DOMAIN = "xiaomimimo.com"
PAY_AS_YOU_GO_HOST = f"api.{DOMAIN}"
PLAN_PREFIX = "token-plan-"

KINDS: Mapping[str, str] = {"sk-": "pay as you go", "tp-": "token plan", "ttp-": "team token plan"}
"""The beginnings of keys, and what each pays for."""

ADVICE: Mapping[bool, str] = {
    True: f"set base_url to that of the plan, such as https://{PLAN_PREFIX}cn.{DOMAIN}/v1",
    False: f"set base_url to https://{PAY_AS_YOU_GO_HOST}/v1",
}
"""What to do with a key, by whether it is one of a token plan."""


def host_of(base_url: str) -> str:
    """Give the host of a base URL that was checked, in lower case."""
    return (urlsplit(base_url).hostname or "").rstrip(".")


def is_mimo_host(host: str) -> bool:
    """Whether a host is one of MiMo's."""
    return host == DOMAIN or host.endswith(f".{DOMAIN}")


def kind_of_key(api_key: str) -> str:
    """Give the beginning that a key has with all of its kind: `sk-`, `tp-`, `ttp-`; "" for any other key."""
    return next((kind for kind in KINDS if api_key.startswith(kind)), "")


def key_mismatch(api_key: str, host: str) -> str:
    """Say that a key does not belong to a host, and what to do.

    Args:
        api_key: The key.
        host: The host, in lower case.

    Returns:
        The sentence, without the key; "" where the two belong together, or where nobody can tell.
    """
    kind = kind_of_key(api_key)
    takes_plan = is_mimo_host(host) and host.startswith(PLAN_PREFIX)
    if not kind or not (takes_plan or host == PAY_AS_YOU_GO_HOST):
        return ""
    is_plan = kind != "sk-"
    if is_plan == takes_plan:
        return ""
    taken = "tp- or ttp-" if takes_plan else "sk-"
    belongs = f"does not belong to {host}, which takes those that begin with {taken}"
    return f"a key that begins with {kind} ({KINDS[kind]}) {belongs}; {ADVICE[is_plan]}"
