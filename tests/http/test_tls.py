"""TLS: what a certificate must be made out to, and what is asked for by default."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto.http.tls import TLS
from tests.support.dummyserver import Peer, Server

if TYPE_CHECKING:
    import trustme


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def wait(peer: Peer) -> None:
    peer.gone()


@pytest.mark.parametrize(
    ("certificate", "name", "fits"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("::1", "::1", True),
        ("fe80::1", "fe80::1", True),
        ("a.example", "a.example", True),
        ("a.example", "b.example", False),
        ("*.a.example", "b.a.example", True),
        ("*.a.example", "a.example", False),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", True),
        ("bücher.example", "xn--bcher-kva.example", True),
    ],
)
def test_the_name_in_the_certificate(
    certificate: str, name: str, fits: bool, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    with Server(wait, authority=authority, name=certificate) as server:
        sock: Any = connected(server)
        try:
            if fits:
                sock = TLS(trust).wrap(sock, name)
                assert sock.getpeercert()["subjectAltName"]
            else:
                with pytest.raises(ssl.SSLCertVerificationError, match=f"certificate is not valid for '{name}'"):
                    TLS(trust).wrap(sock, name)
        finally:
            sock.close()


def test_one_context_for_all_connections_and_it_verifies(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[ssl.SSLContext] = []
    load = ssl.SSLContext.load_default_certs

    def loaded(self: ssl.SSLContext, *purpose: Any) -> None:
        made.append(self)
        load(self, *purpose)
        self.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED  # as the Python of some systems leaves it

    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", loaded)
    tls = TLS()
    with Server(wait, authority=authority) as server:
        for _ in range(2):
            with connected(server) as sock, pytest.raises(ssl.SSLCertVerificationError):
                tls.wrap(sock, "127.0.0.1")
    [context] = made
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
