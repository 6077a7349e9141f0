"""The limit over HTTP: a socket, a loop that takes HTTP chunks apart, and msgspec.

It keeps none of the promises a client makes. It knows this server: every event is one `data: ` line, nothing is cut
short, nothing fails; so nobody who uses the network can go below it in pure Python.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from bench.rivals import floor_decoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.payloads import Protocol

__all__ = ["RawSocket"]

SIZE = 65536


class RawSocket:
    """One kept-alive connection to the benchmark's server."""

    def __init__(self, base_url: str, path: str, protocol: Protocol) -> None:
        url = urlsplit(base_url + path)
        self.socket = socket.create_connection((url.hostname or "", url.port or 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: application/json\r\n"
        self.decode = floor_decoder(protocol)
        self.protocol = protocol

    def post(self, request: Any) -> bytes:
        """Send a request; the first bytes after the answer's head."""
        body = msgspec.json.encode(request)
        self.socket.sendall(f"{self.head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        data = self.socket.recv(SIZE)
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self.socket.recv(SIZE)
        return data[end + 4 :]

    def stream(self, request: Any) -> Iterator[Any]:
        """Send a request; the typed events of the answer."""
        decode = self.decode
        # `data: {...}` in Chat; `event:name` and `data:{...}` in Responses.
        prefix = b"data: " if self.protocol == "chat" else b"\ndata:"
        data = self.post(request)
        tail = b""
        while True:
            start = 0
            while (line_end := data.find(b"\r\n", start)) >= 0:
                size = int(data[start:line_end], 16)
                stop = line_end + 2 + size
                if len(data) < stop + 2:
                    break
                if not size:
                    return
                *events, tail = (tail + data[line_end + 2 : stop]).split(b"\n\n")
                start = stop + 2
                for event in events:
                    payload = event.partition(prefix)[2]
                    if payload != b"[DONE]":
                        yield decode(payload)
            data = data[start:] + self.socket.recv(SIZE)

    def close(self) -> None:
        self.socket.close()
