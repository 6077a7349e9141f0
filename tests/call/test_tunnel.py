"""The response to CONNECT: what opens a tunnel, and what does not."""

from __future__ import annotations

import pytest

from mimo_proto import ConnectError
from mimo_proto.call.tunnel import TunnelResponse


def response(status: int, fields: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d Whatever\r\n%s\r\n" % (status, fields)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
@pytest.mark.parametrize("before", [b"", response(100)], ids=["alone", "behind an interim response"])
@pytest.mark.parametrize("fields", [b"", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_any_success_opens_the_tunnel(status: int, before: bytes, fields: bytes) -> None:
    """It has no body, whatever its fields say."""
    data = before + response(status, fields)
    for at in range(1, len(data)):
        tunnel = TunnelResponse()
        assert not tunnel.feed(data[:at])
        assert tunnel.feed(data[at:])


@pytest.mark.parametrize("status", [101, 300, 403, 407, 503])
def test_what_opens_no_tunnel(status: int) -> None:
    with pytest.raises(ConnectError, match=f"the proxy answered CONNECT with HTTP {status}") as caught:
        TunnelResponse().feed(response(status))
    assert ("user and password" in str(caught.value)) is (status == 407)


def test_what_stands_behind_the_head() -> None:
    with pytest.raises(ConnectError, match="behind its answer to CONNECT"):
        TunnelResponse().feed(response(200) + b"x")


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\n", response(100)])
def test_a_connection_that_ends_before(beginning: bytes) -> None:
    tunnel = TunnelResponse()
    assert not (beginning and tunnel.feed(beginning))
    with pytest.raises(ConnectionResetError):
        tunnel.feed(b"")


def test_what_is_no_http() -> None:
    with pytest.raises(ConnectionAbortedError, match="is no HTTP"):
        TunnelResponse().feed(b"220 mail.example ESMTP\r\n")
