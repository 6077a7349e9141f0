"""Large requests: promises "Time" of uploads that flow, and "Connections" of answers that come before all was sent."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from mimo_proto import (
    APIError,
    AuthenticationError,
    ConnectionClosed,
    DeadlineExceeded,
    IdleTimeout,
    MimoError,
    ReadTimeout,
    RemoteProtocolError,
    StreamCancelled,
    Timeouts,
    user,
)
from tests.support.dummyserver import Peer, Request, Server, answer, pump
from tests.support.outcomes import assert_clean, client_for, words
from tests.support.payloads import CHAT, error_body
from tests.support.readers import Reader, no_clocks

if TYPE_CHECKING:
    from collections.abc import Callable

    import trustme

    from mimo_proto import Client

MIB = 1024 * 1024
MESSAGES = [user("x" * (24 * MIB))]
"""More than the system takes into its buffers, so that the request is under way until the server has read it."""

SOON = 3
"""No clock of these tests ends a call sooner, in seconds."""

REFUSAL = answer(error_body("too large"), 413)
LAYERS = ["plain", "TLSv1_2", "TLSv1_3"]


def context_for(trust: ssl.SSLContext, layer: str) -> ssl.SSLContext:
    """A context of the client's that talks that version of TLS alone."""
    if layer == "plain":
        return trust
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata="".join(map(ssl.DER_cert_to_PEM_cert, trust.get_ca_certs(binary_form=True))))
    context.minimum_version = context.maximum_version = ssl.TLSVersion[layer]
    return context


def read_head(peer: Peer) -> int:
    """Read the head of a request, and no byte of its body; gives the body's length."""
    seen = b""
    while not seen.endswith(b"\r\n\r\n"):
        seen += peer.sock.recv(1)
    return int(Request(seen, b"").headers["content-length"])


def read_body(peer: Peer, left: int) -> None:
    """Read so many bytes of a request."""
    while left > 0:
        left -= len(peer.sock.recv(min(left, MIB)))


def stays(peer: Peer) -> None:
    """Neither read nor close."""
    peer.server.stopping.wait(30)


def half_closes(peer: Peer) -> None:
    peer.fin()
    stays(peer)


def closes(peer: Peer) -> None:
    """Close with bytes unread, which makes the system send a reset."""
    peer.sock.close()


LEAVES: list[Callable[[Peer], None]] = [stays, half_closes, closes, Peer.rst]


def ask(client: Client, *, streamed: bool = False) -> Any:
    if not streamed:
        return client.create_chat_completion(model="m", messages=MESSAGES)
    with client.stream_chat_completion(model="m", messages=MESSAGES) as stream:
        return stream.result()


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("leave", LEAVES, ids=lambda leave: leave.__name__)
@pytest.mark.parametrize(("taken", "streamed"), [(0, False), (2 * MIB, True)], ids=["at-once-json", "later-stream"])
def test_a_refusal_is_heard_while_the_body_is_sent(
    layer: str, leave: Callable[[Peer], None], taken: int, streamed: bool, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    def script(peer: Peer) -> None:
        read_head(peer)
        read_body(peer, taken)
        peer.send(REFUSAL)
        leave(peer)

    with (
        Server(script, authority=None if layer == "plain" else authority) as server,
        client_for(server.url, ssl_context=context_for(trust, layer)) as client,
    ):
        started = monotonic()
        with pytest.raises(APIError, match="too large") as caught:
            ask(client, streamed=streamed)
        assert monotonic() - started < SOON
    assert caught.value.status == 413
    assert_clean(caught.value, 1)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_connection_is_not_used_again_where_not_all_was_sent(
    layer: str, authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    """The rest of the body would be read as the next request."""

    def script(peer: Peer) -> None:
        read_head(peer)
        peer.send(answer(error_body("401", "Invalid API Key"), 401))
        stays(peer)

    with (
        Server(script, authority=None if layer == "plain" else authority) as server,
        client_for(server.url, ssl_context=context_for(trust, layer)) as client,
    ):
        for _ in range(2):
            with pytest.raises(AuthenticationError):
                ask(client)
        assert server.connections == 2


@pytest.mark.parametrize("layer", LAYERS)
def test_interim_responses_do_not_end_the_sending(layer: str, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        for _ in range(2):
            left = read_head(peer)
            peer.send(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 10")
            read_body(peer, left)
            peer.send(b"3 Early Hints\r\n\r\n" + answer(CHAT))

    with (
        Server(script, authority=None if layer == "plain" else authority) as server,
        client_for(server.url, ssl_context=context_for(trust, layer)) as client,
    ):
        for _ in range(2):
            assert words(ask(client)) == "Hello world"
        assert server.connections == 1


def narrow(peer: Peer) -> None:
    """Let the system take little that has not been read."""
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)


@pytest.mark.parametrize("clock", ["read", "idle"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_an_upload_that_flows_is_not_ended(tls: bool, clock: str, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    """All of it takes twice as long as the clock, and no piece does."""

    def script(peer: Peer) -> None:
        narrow(peer)
        left = read_head(peer)
        for _ in range(12):
            read_body(peer, MIB)
            peer.server.stopping.wait(0.2)
        read_body(peer, left - 12 * MIB)
        peer.send(answer(CHAT))

    timeouts = Timeouts(**{"read": 30.0, "idle": 30.0, clock: 1.2})
    with (
        Server(script, authority=authority if tls else None) as server,
        client_for(server.url, ssl_context=trust, timeouts=timeouts) as client,
    ):
        started = monotonic()
        assert words(ask(client)) == "Hello world"
        assert monotonic() - started > 2 * 1.2


STALLS: dict[str, tuple[Timeouts, type[MimoError]]] = {
    "read": (Timeouts(read=0.3, idle=60), ReadTimeout),
    "idle": (Timeouts(read=60, idle=0.3), IdleTimeout),
    "total": (Timeouts(total=0.5), DeadlineExceeded),
}


@pytest.mark.parametrize("clock", STALLS)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_an_upload_that_stalls_is_ended(tls: bool, clock: str, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        narrow(peer)
        read_body(peer, 2 * MIB)
        stays(peer)

    timeouts, kind = STALLS[clock]
    with (
        Server(script, authority=authority if tls else None) as server,
        client_for(server.url, ssl_context=trust, timeouts=timeouts) as client,
    ):
        started = monotonic()
        with pytest.raises(kind) as caught:
            ask(client)
        assert monotonic() - started < SOON
    assert_clean(caught.value, 1)
    if kind is ReadTimeout:
        assert str(caught.value) == "the request could not be sent for 0.3 s (Timeouts.read)"


@pytest.mark.parametrize("clock", STALLS)
def test_interim_responses_do_not_prolong_an_upload_that_stalls(clock: str) -> None:
    def script(peer: Peer) -> None:
        read_head(peer)
        peer.drip(itertools.repeat(b"HTTP/1.1 102 Processing\r\n\r\n"), every=0.05)

    timeouts, kind = STALLS[clock]
    with Server(script) as server, client_for(server.url, timeouts=timeouts) as client:
        started = monotonic()
        with pytest.raises(kind):
            ask(client)
        assert monotonic() - started < SOON


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("leave", [half_closes, closes, Peer.rst], ids=lambda leave: leave.__name__)
def test_an_upload_that_is_cut_off(
    layer: str, leave: Callable[[Peer], None], authority: trustme.CA, trust: ssl.SSLContext
) -> None:
    def script(peer: Peer) -> None:
        read_body(peer, 2 * MIB)
        leave(peer)

    with (
        Server(script, authority=None if layer == "plain" else authority) as server,
        client_for(server.url, ssl_context=context_for(trust, layer)) as client,
    ):
        with pytest.raises(ConnectionClosed, match="the connection broke while the request was sent: ") as caught:
            ask(client)
        assert_clean(caught.value, 1)


def test_what_comes_meanwhile_and_is_no_http() -> None:
    def script(peer: Peer) -> None:
        read_head(peer)
        peer.send(b"SSH-2.0-OpenSSH\r\n")
        stays(peer)

    with (
        Server(script) as server,
        client_for(server.url) as client,
        pytest.raises(RemoteProtocolError),
    ):
        ask(client)


@pytest.mark.parametrize("layer", LAYERS)
def test_cancel_ends_an_upload(layer: str, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    there = threading.Event()

    def script(peer: Peer) -> None:
        read_body(peer, 2 * MIB)
        there.set()
        stays(peer)

    with (
        Server(script, authority=None if layer == "plain" else authority) as server,
        client_for(server.url, ssl_context=context_for(trust, layer), timeouts=no_clocks()) as client,
    ):
        stream = client.stream_chat_completion(model="m", messages=MESSAGES)
        reader = Reader(stream)
        reader.start()
        assert there.wait(10)
        stream.cancel()
        assert type(reader.ended()) is StreamCancelled


@pytest.mark.parametrize("leave", ["takes", "stalls", "closes"])
def test_uploads_inside_a_proxys_tls(leave: str, authority: trustme.CA, trust: ssl.SSLContext) -> None:
    """TLS inside TLS cannot listen meanwhile: the pieces are sent one by one, each under the read clock."""

    def script(peer: Peer) -> None:
        if leave == "takes":
            left = read_head(peer)
            for _ in range(5):
                read_body(peer, MIB)
                peer.server.stopping.wait(0.2)
            read_body(peer, left - 5 * MIB)
            peer.send(answer(CHAT))
            return
        read_body(peer, 2 * MIB)
        if leave == "stalls":
            stays(peer)

    with (
        Server(pump, authority=authority) as proxy,
        Server(script, authority=authority) as server,
        client_for(server.url, ssl_context=trust, proxy=proxy.origin, timeouts=Timeouts(read=0.8, idle=None)) as client,
    ):
        if leave == "takes":
            assert words(ask(client)) == "Hello world"
            return
        with pytest.raises(ReadTimeout if leave == "stalls" else ConnectionClosed) as caught:
            ask(client)
        assert_clean(caught.value, 1)
