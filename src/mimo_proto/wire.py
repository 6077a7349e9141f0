"""Between our types and HTTP: a request to method, URL, headers and bytes; an answer to a typed value or an error.

- The key is checked before it is used, and travels as a `Secret`. Nobody else's header may carry or replace it.
- Whoever calls decides about `stream`; a request that says the contrary is refused rather than corrected.
- Dicts are checked against the spec before they are sent, Structs are trusted. The body is encoded once.
- The status comes before the body: what is not 2xx is an error, whatever it holds. MiMo sends an error's body as JSON,
  or as `data:{...}` when a stream was asked for; gateways send text.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from mimo_proto._version import __version__
from mimo_proto.base_url import DEFAULT_BASE_URL, check_base_url
from mimo_proto.decode import TolerantDecoder, read_json
from mimo_proto.error_body import api_error, find_error
from mimo_proto.errors import (
    APIError,
    ConfigurationError,
    DecodeError,
    InvalidRequestError,
    LocalProtocolError,
    MimoError,
    RedirectRefused,
    UnexpectedContentType,
)
from mimo_proto.jsontypes import is_mapping
from mimo_proto.response_accumulator import with_output_text
from mimo_proto.retry import parse_retry_after
from mimo_proto.secret import Secret
from mimo_proto.sse import SSEDecoder
from mimo_proto.validate import validate as check_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mimo_proto.endpoints import Endpoint

__all__ = [
    "Auth",
    "HTTPRequest",
    "build_request",
    "find_header",
    "find_request_id",
    "is_event_stream",
    "parse_error",
    "parse_response",
    "refuse_answer",
]

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")

Auth = Literal["bearer", "api-key"]
"""How the key travels: `Authorization: Bearer KEY` or `api-key: KEY`. MiMo takes both."""

USER_AGENT = f"mimo-proto/{__version__} python/{sys.version_info.major}.{sys.version_info.minor}"
# No public source names the header of MiMo's request id; these are the usual ones.
REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-trace-id")
# What this package says itself, or what says where the body ends and who is meant.
OWN_HEADERS = {"authorization", "api-key", "host", "content-length", "transfer-encoding", "connection"}
# RFC 9110, 5.6.2 and 5.5: a token, and visible ASCII with spaces and tabs inside.
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")
API_KEY = re.compile(r"[\x21-\x7e]+")
# What a page or an event stream begins with, whatever its type says.
NO_JSON = re.compile(rb"\s*(<|data:|event:)")


class HTTPRequest(msgspec.Struct, frozen=True):
    """A request, ready for any HTTP library. Its repr shows neither the key nor the body.

    Attributes:
        method: `GET` or `POST`.
        url: Where to.
        headers: All headers, lower case; `Host` and `Content-Length` are the library's business.
        body: The JSON, or None.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None

    def __repr__(self) -> str:
        size = f"{len(self.body)} bytes" if self.body is not None else "None"
        return f"HTTPRequest({self.method} {self.url}, headers={dict(self.headers)!r}, body={size})"


def build_request(
    endpoint: Endpoint[RequestT, Any, Any],
    request: RequestT | Mapping[str, Any] | None = None,
    *,
    api_key: str,
    base_url: str = DEFAULT_BASE_URL,
    auth: Auth = "bearer",
    stream: bool = False,
    extra_body: Mapping[str, Any] | None = None,
    extra_headers: Mapping[str, str] | None = None,
    validate: bool = True,
    allow_http: bool = False,
) -> HTTPRequest:
    """Make the HTTP request of a call.

    Args:
        endpoint: Which operation.
        request: The endpoint's Struct, or a mapping of the same shape; None where there is no body.
        api_key: The key.
        base_url: See `check_base_url`.
        auth: Which header carries the key.
        stream: Whether the answer is to come as events.
        extra_body: Fields that go over the request's own, unchecked: what the spec does not know yet.
        extra_headers: Headers that go over ours; never those of the key, the host and the length.
        validate: Check a mapping against the spec before it is sent. Structs are trusted.
        allow_http: See `check_base_url`.

    Raises:
        ConfigurationError: The key, the base URL or a header cannot be used.
        InvalidRequestError: The spec refuses the mapping; `stream` says the contrary; or it is not JSON.
        LocalProtocolError: A body for an endpoint that takes none, or none for one that needs it.
    """
    api_key = Secret(api_key or "")  # what error trackers store of this frame is masked
    if not API_KEY.fullmatch(api_key):
        what = "is empty" if not api_key else "has characters that are not visible ASCII"
        raise ConfigurationError(f"the API key {what}; pass api_key=... or set MIMO_API_KEY")
    headers = {
        "accept": "text/event-stream" if stream else "application/json",
        "user-agent": USER_AGENT,
        **_check_headers(extra_headers or {}),
    }
    if auth == "bearer":
        headers["authorization"] = Secret(f"Bearer {api_key}")
    elif auth == "api-key":
        headers["api-key"] = Secret(api_key)
    else:
        raise ConfigurationError(f'auth is {auth!r}: it must be "bearer" or "api-key"')
    url = check_base_url(base_url, allow_http=allow_http) + endpoint.path
    if endpoint.request is None:
        if request is not None or extra_body:
            raise LocalProtocolError(f"the endpoint {endpoint.name} takes no body")
        return HTTPRequest(endpoint.method, url, headers)
    if request is None:
        raise LocalProtocolError(f"the endpoint {endpoint.name} needs a request")
    if validate and is_mapping(request):
        check_request(request, endpoint.request)
    headers["content-type"] = "application/json"
    return HTTPRequest(endpoint.method, url, headers, _encode(request, stream=stream, extra=extra_body or {}))


def _check_headers(headers: Mapping[Any, Any]) -> dict[str, str]:
    for name, value in headers.items():
        if not isinstance(name, str) or not HEADER_NAME.fullmatch(name):
            raise ConfigurationError(f"{name!r} is no name for a header")
        if name.lower() in OWN_HEADERS:
            raise ConfigurationError(
                f"the header {name!r} is set by the client: api_key=, auth= and base_url= decide it"
            )
        if not isinstance(value, str) or not HEADER_VALUE.fullmatch(value):
            raise ConfigurationError(f"the value of the header {name!r} must be visible ASCII")
    return {name.lower(): value for name, value in headers.items()}


def _encode(request: Any, *, stream: bool, extra: Mapping[str, Any]) -> bytes:
    """Encode the body, once, with `stream` in it as the caller's method wants it."""
    body: Any = request
    if extra or is_mapping(request) or not hasattr(request, "stream"):
        body = {**_fields(request), **extra}
        said = body.get("stream")
        if stream:
            body["stream"] = True
    else:
        said = request.stream
        if stream:
            body = msgspec.structs.replace(request, stream=True)
    if said not in (None, msgspec.UNSET, stream):
        raise InvalidRequestError(
            f"`stream` is {said!r}, but the method decides about it: "
            "create_... for a JSON answer, stream_... for events; leave the field out",
            path="$.stream",
        )
    try:
        if extra:
            # Nobody has looked at it yet, and a Decimal may be NaN, which JSON has not.
            msgspec.json.decode(ENCODER.encode(extra), type=dict[str, msgspec.Raw])
        return ENCODER.encode(body)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        problem = str(error)
    raise InvalidRequestError(f"the request cannot be written as JSON: {problem}")


def _fields(request: Any) -> Mapping[str, Any]:
    """The fields of a mapping or a Struct that are set, by their names in JSON."""
    if is_mapping(request):
        return request
    names = zip(request.__struct_encode_fields__, request.__struct_fields__, strict=True)
    fields = {name: getattr(request, attribute) for name, attribute in names}
    return {name: value for name, value in fields.items() if value is not msgspec.UNSET}


def _encode_other(value: object) -> Any:
    """Mappings that are no dicts, and whatever else msgspec leaves to us."""
    if is_mapping(value):
        return dict(value)
    raise TypeError(f"a value of type {type(value).__name__} is no JSON")


# A Decimal passes for a number where the spec has one; msgspec's own choice would be a string.
ENCODER = msgspec.json.Encoder(enc_hook=_encode_other, decimal_format="number")


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
