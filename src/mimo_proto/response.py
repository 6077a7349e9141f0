"""An HTTP answer: to a typed value, or to an error.

- The status comes before the body: what is not 2xx is an error, whatever it holds. MiMo sends an error's body as JSON,
  or as `data:{...}` when a stream was asked for; gateways send text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from mimo_proto.decode import TolerantDecoder, read_json
from mimo_proto.error_body import api_error, find_error
from mimo_proto.errors import APIError, DecodeError, MimoError, RedirectRefused, UnexpectedContentType
from mimo_proto.response_accumulator import with_output_text
from mimo_proto.retry import parse_retry_after
from mimo_proto.sse import SSEDecoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mimo_proto.endpoints import Endpoint

__all__ = ["find_header", "find_request_id", "is_event_stream", "parse_error", "parse_response", "refuse_answer"]

ReplyT = TypeVar("ReplyT")

# No public source names the header of MiMo's request id; these are the usual ones.
REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-trace-id")
# What a page or an event stream begins with, whatever its type says.
NO_JSON = re.compile(rb"\s*(<|data:|event:)")


def find_header(headers: Mapping[str, str], name: str) -> str | None:
    """The value of a header, whatever the case of its name."""
    value = headers.get(name)
    if value is None:
        return next((value for key, value in headers.items() if key.lower() == name), None)
    return value


def find_request_id(headers: Mapping[str, str]) -> str | None:
    """The id that the server gave the call, if it told one."""
    lower = {name.lower(): value for name, value in headers.items()}
    return next(filter(None, map(lower.get, REQUEST_ID_HEADERS)), None)


def is_event_stream(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the answer to a request for a stream is one: status 2xx, and `text/event-stream` or no type at all.

    If not, read the body, within a bound, and raise what `refuse_answer` makes of it.
    """
    return 200 <= status < 300 and status != 204 and _media_type(headers) in ("text/event-stream", "")


def _media_type(headers: Mapping[str, str]) -> str:
    return (find_header(headers, "content-type") or "").partition(";")[0].strip().lower()


def refuse_answer(status: int, headers: Mapping[str, str], body: bytes, *, wanted: str) -> MimoError:
    """Make the error of an answer that is not what was asked for.

    Args:
        status: The HTTP status.
        headers: The answer's headers.
        body: The body, or the beginning of it.
        wanted: What was asked for, for the text.

    Returns:
        `RedirectRefused` for 3xx; an `APIError` for 4xx and 5xx, or when the body tells of an error;
        `UnexpectedContentType` for all else.
    """
    if 300 <= status < 400:
        location = find_header(headers, "location") or ""
        return RedirectRefused(
            f"HTTP {status}: the server redirects to {location!r}; set base_url to the place that you mean",
            status=status,
            location=location,
        )
    if not 200 <= status < 300 or _find_error_in_body(body) is not None:
        return parse_error(status, headers, body)
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
    """Read the JSON answer of a call.

    Args:
        endpoint: Which operation.
        status: The HTTP status.
        headers: The answer's headers; the case of their names does not matter.
        body: The whole body, decoded from any content encoding.

    Raises:
        APIError: The server answered with an error.
        RedirectRefused: The server redirects.
        UnexpectedContentType: A success that is no JSON.
        DecodeError: JSON that is broken, or that the reply's type cannot hold.
    """
    kind = _media_type(headers)
    if not 200 <= status < 300 or status == 204 or not body.strip() or kind in ("text/event-stream", "text/html"):
        raise refuse_answer(status, headers, body, wanted="JSON")
    decoder: TolerantDecoder[ReplyT] = TolerantDecoder(endpoint.reply)
    try:
        return _complete(endpoint, decoder.decode(body), body)
    except DecodeError as error:
        problem = error
    if _find_error_in_body(body) is not None or NO_JSON.match(body) or (kind and "json" not in kind):
        raise refuse_answer(status, headers, body, wanted="JSON")
    raise problem


def _complete(endpoint: Endpoint[Any, ReplyT, Any], reply: ReplyT, body: bytes) -> ReplyT:
    """Refuse a completion without a choice, and fill in the text of a response."""
    value: Any = reply
    if endpoint.protocol == "chat" and not value.choices:
        raise DecodeError("the answer has no choice in it, at $.choices", path="$.choices", data=body)
    return with_output_text(reply) if endpoint.protocol == "responses" else reply


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> APIError:
    """Make the error of an answer of 400 and up, or of an error object in a success.

    A `Retry-After` in seconds is in it; one that is a date needs a clock, which this has not.

    Args:
        status: The HTTP status.
        headers: The answer's headers.
        body: The body, or the beginning of it.
    """
    error = _find_error_in_body(body)
    if error is None:
        error = body.decode("utf-8", "replace").strip()[:500]
    return api_error(
        error,
        status=status,
        body=body,
        request_id=find_request_id(headers),
        retry_after=parse_retry_after(find_header(headers, "retry-after"), now=None),
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
