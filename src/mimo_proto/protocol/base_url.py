"""Where requests go: the URL that every path is appended to.

- Plain http goes to loopback only, unless it is asked for: key and prompt could be read on the way.
- A URL that two parsers could read in two ways is refused: credentials, escapes in the host.
"""

from __future__ import annotations

import functools
import ipaddress
import re

from mimo_proto.errors import ConfigurationError

__all__ = ["DEFAULT_BASE_URL", "check_base_url"]

DEFAULT_BASE_URL = "https://api.xiaomimimo.com/v1"
"""Where pay-as-you-go keys (`sk-...`) belong; token-plan keys (`tp-...`) have hosts of their own."""

# RFC 3986, 3.1 to 3.3; see the rules above.
BASE_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?(/[a-z0-9._~!$&'()*+,;=:@%/-]*)?",
    re.ASCII | re.IGNORECASE,
)
MAX_PORT = 65535


@functools.lru_cache(maxsize=32)  # every request asks, and an address takes long to read
def check_base_url(base_url: str, *, allow_http: bool = False) -> str:
    """Check the URL that requests go to, and return it without a trailing slash.

    Args:
        base_url: The URL; that of MiMo ends in `/v1`.
        allow_http: Whether plain http may leave this machine: key and prompt can then be read on the way.

    Raises:
        ConfigurationError: Not an http(s) URL, or one with credentials, a query or a fragment; or plain http.
    """
    base_url = str(base_url)  # the openai package takes an httpx.URL as well
    url = BASE_URL.fullmatch(base_url)
    if url is None or int(url["port"] or 0) > MAX_PORT or not _is_host(url["host"]):
        # A URL that may hold a secret is not shown.
        if "?" in base_url or "#" in base_url:
            raise ConfigurationError("base_url must have neither query nor fragment")
        if "@" in base_url:
            raise ConfigurationError("base_url holds credentials; give the key as api_key instead")
        raise ConfigurationError(f"base_url {base_url!r} is not a URL; it must look like {DEFAULT_BASE_URL}")
    if url["scheme"].lower() == "http" and not (allow_http or _is_loopback(url["host"])):
        raise ConfigurationError(
            f"base_url {base_url!r} would send the key in the clear; use https, or allow_http=True"
        )
    return base_url.rstrip("/")


def _is_host(host: str) -> bool:
    """Whether a host in brackets is an IPv6 address; any other is taken."""
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host.strip("[]"))
        except ValueError:
            return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
