"""An HTTP response: to a typed value, or to an error.

- The status comes before the body: any but 2xx is an error. MiMo sends an error's body as JSON, or as `data:{...}` when
  a stream was asked for; gateways send text, and proxies pages.
- A success may hold an error all the same, beside its choices or in their place.
- Content types lie. The first byte of a body behind blanks and a byte order mark decides: `{` or `[` is JSON; a colon,
  or `data`, `event`, `id` or `retry` before one, is an event stream; any other body is what the type says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from mimo_proto.errors import APIError, DecodeError, MimoError, RedirectRefused, UnexpectedContentType
from mimo_proto.protocol.decode import TolerantDecoder, read_json
from mimo_proto.protocol.response_accumulator import with_output_text
from mimo_proto.protocol.server_error import api_error, find_error, page_title
from mimo_proto.protocol.sse import SSEDecoder
from mimo_proto.retry import parse_retry_after, parse_retry_after_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mimo_proto.endpoints import Endpoint

__all__ = [
    "FirstBytes",
    "find_header",
    "find_request_id",
    "find_retry_after",
    "is_event_stream",
    "parse_error",
    "parse_response",
    "refuse_answer",
]

ReplyT = TypeVar("ReplyT")

# No public source names the header of MiMo's request id; these are the usual ones.
REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-trace-id")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LEADING = re.compile(rb"(?:[ \t\r\n]|\xef\xbb\xbf)*+")
LINE_PREFIXES = (b":", b"data:", b"event:", b"id:", b"retry:")
"""How a line of an event stream begins (WHATWG HTML, 9.2.6); a colon begins a comment."""

Content: TypeAlias = Literal["JSON", "an event stream", "a page", "something else"]


class FirstBytes:
    """The first bytes of a response to a request for a stream, whose type does not say that it is one.

    Feed them piece by piece until `is_event_stream` is known, then read them again.

    Args:
        limit: How many bytes are looked at; more blanks than that are not an event stream.

    Attributes:
        is_event_stream: The verdict; None as long as more bytes are needed.
    """

    def __init__(self, limit: int) -> None:
        self.is_event_stream: bool | None = None
        self._limit = limit
        self._data = bytearray()
        self._beginning = b""

    @property
    def data(self) -> bytes:
        """All bytes that were fed."""
        return bytes(self._data)

    def feed(self, data: bytes) -> None:
        """Take in the next bytes of the body; none are its end."""
        self._data += data
        self._beginning = _beginning(self._beginning + data)
        content = _sniff(self._beginning)
        if content is not None or not data or len(self._data) > self._limit:
            self.is_event_stream = content == "an event stream"


def find_header(headers: Mapping[str, str], name: str) -> str | None:
    """Give the value of a header, whatever the case of its name."""
    value = headers.get(name)
    if value is None:
        return next((value for key, value in headers.items() if key.lower() == name), None)
    return value


def find_request_id(headers: Mapping[str, str]) -> str | None:
    """Give the id that the server gave the call, or None."""
    lower = {name.lower(): value for name, value in headers.items()}
    return next(filter(None, map(lower.get, REQUEST_ID_HEADERS)), None)


def is_event_stream(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the response to a request for a stream is one by its head: 2xx, and `text/event-stream` or no type.

    The first bytes of any other 2xx decide, see `FirstBytes`. If they are not those of a stream, read the body, within
    a bound, and raise the error of `refuse_answer`.
    """
    return 200 <= status < 300 and status != 204 and _media_type(headers) in ("text/event-stream", "")


def _media_type(headers: Mapping[str, str]) -> str:
    return (find_header(headers, "content-type") or "").partition(";")[0].strip().lower()


def _beginning(body: bytes) -> bytes:
    """Give the first bytes that are neither blank nor a byte order mark: as many as `_sniff` needs."""
    leading = LEADING.match(body)
    start = leading.end() if leading else 0
    return body[start : start + 6]


def _sniff(beginning: bytes) -> Content | None:
    """Judge a body by the bytes of `_beginning`; None where the next bytes decide."""
    if beginning.startswith((b"{", b"[")):
        return "JSON"
    if beginning.startswith(LINE_PREFIXES):
        return "an event stream"
    if any(each.startswith(beginning) for each in (*LINE_PREFIXES, BYTE_ORDER_MARK)):
        return None
    return "a page" if beginning.startswith(b"<") else "something else"


def find_retry_after(headers: Mapping[str, str], *, now: float | None) -> float | None:
    """Give how long the server asks to wait, in seconds; `retry-after-ms` counts before `Retry-After`.

    Args:
        headers: The response's headers.
        now: Seconds since the epoch, for a date; None where no clock is at hand, and a date then gives None.
    """
    exact = parse_retry_after_ms(find_header(headers, "retry-after-ms"))
    return parse_retry_after(find_header(headers, "retry-after"), now=now) if exact is None else exact


def refuse_answer(
    status: int, headers: Mapping[str, str], body: bytes, *, wanted: str, now: float | None = None
) -> MimoError:
    """Make the error of a response that is not the kind that was asked for.

    Args:
        status: The HTTP status.
        headers: The response's headers.
        body: The body, or the beginning of it.
        wanted: The kind that was asked for, for the text.
        now: Seconds since the epoch, for a `Retry-After` that is a date.

    Returns:
        `RedirectRefused` for 3xx; an `APIError` for 4xx and 5xx, or when the body holds an error;
        `UnexpectedContentType` for any other.
    """
    if 300 <= status < 400:
        location = find_header(headers, "location") or ""
        return RedirectRefused(
            f"HTTP {status}: the server redirects to {location!r}; set base_url to the place that you mean",
            status=status,
            location=location,
        )
    if not 200 <= status < 300 or _find_error_in_body(body) is not None:
        return parse_error(status, headers, body, now=now)
    kind = find_header(headers, "content-type")
    return UnexpectedContentType(
        f"HTTP {status} with {f'the content type {kind!r}' if kind else 'no content type'} instead of {wanted}; "
        f"the body begins {body[:60]!r}",
        status=status,
        content_type=kind,
        body=body,
    )


def parse_response(
    endpoint: Endpoint[Any, ReplyT, Any], status: int, headers: Mapping[str, str], body: bytes
) -> ReplyT:
    """Read the JSON response of a call.

    Args:
        endpoint: Which operation.
        status: The HTTP status.
        headers: The response's headers; the case of their names does not matter.
        body: The whole body, decoded from any content encoding.

    Raises:
        APIError: The server answered with an error.
        RedirectRefused: The server redirects.
        UnexpectedContentType: A success that is not JSON.
        DecodeError: JSON that is broken, or that the reply's type cannot hold.
    """
    content, media_type = _sniff(_beginning(body)), _media_type(headers)
    empty = status == 204 or not body.strip()
    is_other = content != "JSON" and media_type in ("text/event-stream", "text/html")
    if not 200 <= status < 300 or empty or is_other or content == "an event stream":
        raise refuse_answer(status, headers, body, wanted="JSON")
    reply, problem = _decode(endpoint, body)
    if (problem is not None or _may_hold_error(endpoint, reply, body)) and _find_error_in_body(body) is not None:
        raise parse_error(status, headers, body)
    if problem is None:
        value: ReplyT = with_output_text(reply) if endpoint.protocol == "responses" else reply
        return value
    if content == "a page" or (content != "JSON" and media_type and "json" not in media_type):
        raise refuse_answer(status, headers, body, wanted="JSON")
    raise problem


def _decode(endpoint: Endpoint[Any, Any, Any], body: bytes) -> tuple[Any, DecodeError | None]:
    """Decode a reply; the error is None where nothing is wrong with it."""
    decoder: TolerantDecoder[Any] = TolerantDecoder(endpoint.reply)
    try:
        reply = decoder.decode(body)
    except DecodeError as error:
        return None, error
    if endpoint.protocol == "chat" and not reply.choices:
        return reply, DecodeError("the answer has no choice in it, at $.choices", path="$.choices", data=body)
    return reply, None


def _may_hold_error(endpoint: Endpoint[Any, Any, Any], reply: Any, body: bytes) -> bool:
    """Whether a reply that could be decoded has to be read again for an error in it."""
    if endpoint.protocol == "chat":
        return b'"error"' in body or b'"base_resp"' in body
    if endpoint.protocol == "responses":
        return getattr(reply, "error", None) is not None or not getattr(reply, "output", True)
    return not getattr(reply, "data", True)


def parse_error(status: int, headers: Mapping[str, str], body: bytes, *, now: float | None = None) -> APIError:
    """Make the error of a response of 400 and up, or of an error object in a success.

    Where the body is a page, the error's text is the title: nginx sends one when a request is too large.

    Args:
        status: The HTTP status.
        headers: The response's headers.
        body: The body, or the beginning of it.
        now: Seconds since the epoch, for a `Retry-After` that is a date; without them such a date is ignored.
    """
    error = _find_error_in_body(body)
    if error is None:
        text = body.decode("utf-8-sig", "replace").strip()
        error = (page_title(text) if text.startswith("<") else "") or text[:500]
    return api_error(
        error,
        status=status,
        body=body,
        request_id=find_request_id(headers),
        retry_after=find_retry_after(headers, now=now),
    )


def _find_error_in_body(body: bytes) -> Mapping[str, Any] | str | None:
    """Find the error object in JSON, or in the events of a body that is written like a stream."""
    try:
        return find_error(read_json(body))
    except DecodeError:
        pass
    for event in SSEDecoder(len(body) + 2).feed(body + b"\n\n"):
        try:
            error = find_error(read_json(event.data.encode()), event.event)
        except DecodeError:
            continue
        if error is not None:
            return error
    return None
