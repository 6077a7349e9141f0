"""Content codings that nobody asked for, undone a bounded block at a time.

Rules:

- Identity is asked for; gzip or deflate alone is understood all the same, as the client does, and all else that
  `content_codings` finds is refused.
- One read gives 64 KiB of decoded bytes at most, so the limits on sizes hold whatever a body inflates to.
- A body that is cut ends early; whether that is an error is the protocol's to say.
- Gzip may go on with another member. Whatever else comes behind the end is not read on, and goes with its connection.
"""

from __future__ import annotations

import zlib
from typing import Final

from mimo_proto.aio.library import LibraryResponse
from mimo_proto.errors import RemoteProtocolError
from mimo_proto.protocol.content_coding import DECODABLE, content_codings

__all__ = ["decoded"]

MAX_READ_BYTES: Final = 65536
"""How much one read gives at most."""

GZIP_WBITS: Final = 16 + zlib.MAX_WBITS
RAW_DEFLATE_WBITS: Final = -zlib.MAX_WBITS


def decoded(response: LibraryResponse) -> LibraryResponse:
    """Undo the content coding of a response: the same response if it has none."""
    codings = content_codings(response.headers.get("content-encoding", ""))
    return _DecodedResponse(response, ", ".join(codings)) if codings else response


class _DecodedResponse(LibraryResponse):
    """A response whose body is decoded as it is read. One task at a time."""

    def __init__(self, response: LibraryResponse, coding: str) -> None:
        self.status, self.headers = response.status, response.headers
        self._response = response
        self._coding = coding
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS if coding == "deflate" else GZIP_WBITS)
        self._begun = False
        self._first: bytes = b""
        self._rest = b""
        # The inflater may hold more than the last read had room for.
        self._full = False
        self._members = 0
        self._ended = False

    async def read(self) -> bytes:
        if self._coding not in DECODABLE:
            raise RemoteProtocolError(f"the body is encoded as {self._coding[:100]!r}; only identity was asked for")
        while not self._ended:
            data = self._rest
            if not data and not self._full:
                data = await self._response.read()
                if not data:
                    break
            body = self._inflate(data)
            if body:
                return body
        return b""

    async def aclose(self) -> None:
        await self._response.aclose()

    def drop(self) -> None:
        self._response.drop()

    def _inflate(self, data: bytes) -> bytes:
        if not self._begun:
            # Two bytes tell whether it is the bare format.
            data = self._first + data
            if len(data) < 2:
                self._first, self._rest = data, b""
                return b""
        if self._inflater.eof:
            if self._coding == "deflate":
                return self._end()
            self._members += 1
            self._inflater = zlib.decompressobj(GZIP_WBITS)
        try:
            body = self._inflater.decompress(data, MAX_READ_BYTES)
        except zlib.error:
            if self._members:
                return self._end()
            if self._begun or self._coding != "deflate":
                problem = "the body is not encoded as its Content-Encoding says"
            else:
                # Some servers mean the bare format, without the header that the standard asks for.
                self._begun, self._inflater = True, zlib.decompressobj(RAW_DEFLATE_WBITS)
                return self._inflate(data)
        else:
            self._begun = True
            self._rest = self._inflater.unconsumed_tail or self._inflater.unused_data
            self._full = len(body) == MAX_READ_BYTES and not self._inflater.eof
            return body
        raise RemoteProtocolError(problem)

    def _end(self) -> bytes:
        """Take nothing any more: what has come belongs to no member."""
        self._ended = True
        return b""
