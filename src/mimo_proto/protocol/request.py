"""A call's HTTP request: method, URL, headers and bytes.

- The key is checked before it is used, and travels as a `Secret`. No header of the caller's may carry or replace it.
- The method that is called decides about `stream`; a request that says the contrary is refused rather than corrected.
  Where there are streams, false is sent too: some gateways stream unless the request says not to.
- An assistant's null content beside tool calls is sent as "", which MiMo has not refused.
- Dicts are checked against the spec before they are sent, Structs are trusted. The body is encoded once.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from mimo_proto._version import __version__
from mimo_proto.errors import ConfigurationError, InvalidRequestError, LocalProtocolError
from mimo_proto.kept_fields import json_names
from mimo_proto.protocol.base_url import DEFAULT_BASE_URL, check_base_url
from mimo_proto.protocol.json_types import is_mapping
from mimo_proto.protocol.null_content import messages_with_text
from mimo_proto.protocol.secret import Secret
from mimo_proto.protocol.validate import validate as check_request

if TYPE_CHECKING:
    from mimo_proto.endpoints import Endpoint

__all__ = ["Auth", "HTTPRequest", "build_request"]

RequestT = TypeVar("RequestT")

Auth = Literal["bearer", "api-key"]
"""How the key travels: `Authorization: Bearer KEY` or `api-key: KEY`. MiMo takes both."""

USER_AGENT = f"mimo-proto/{__version__} python/{sys.version_info.major}.{sys.version_info.minor}"
# The headers that this package writes itself, or that frame the body and name the host.
OWN_HEADERS = {"authorization", "api-key", "host", "content-length", "transfer-encoding", "connection"}
# RFC 9110, 5.6.2 and 5.5: a token, and visible ASCII with spaces and tabs inside.
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")
API_KEY = re.compile(r"[\x21-\x7e]+")


class HTTPRequest(msgspec.Struct, frozen=True):
    """A request, ready for any HTTP library. Its repr shows neither the key nor the body.

    Attributes:
        method: `GET` or `POST`.
        url: The URL.
        headers: All headers, lower case, but for `Host` and `Content-Length`, which the HTTP library writes.
        body: The JSON text, or None.
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
        endpoint: The endpoint.
        request: The endpoint's Struct, or a mapping of the same shape; None where there is no body.
        api_key: The key.
        base_url: The URL that the endpoint's path is appended to; see `check_base_url`.
        auth: The header that carries the key.
        stream: Whether the response is to come as events.
        extra_body: Fields that replace the request's own, unchecked, or are added: those that the spec does not know.
        extra_headers: Headers that replace ours or are added; never those of the key, the host and the length.
        validate: Whether a mapping is checked against the spec before it is sent. Structs are trusted.
        allow_http: Whether plain http may leave this machine; see `check_base_url`.

    Raises:
        ConfigurationError: The key, the base URL or a header cannot be used.
        InvalidRequestError: The spec refuses the mapping; `stream` says the contrary; or the request is not JSON.
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
        **_authentication(auth, api_key),
    }
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
    body = _encode(endpoint, request, stream=stream, extra_body=extra_body or {})
    return HTTPRequest(endpoint.method, url, headers, body)


def _authentication(auth: Auth, api_key: str) -> dict[str, str]:
    if auth == "bearer":
        return {"authorization": Secret(f"Bearer {api_key}")}
    if auth == "api-key":
        return {"api-key": Secret(api_key)}
    raise ConfigurationError(f'auth is {auth!r}: it must be "bearer" or "api-key"')


def _check_headers(headers: Mapping[Any, Any]) -> dict[str, str]:
    for name, value in headers.items():
        if not isinstance(name, str) or not HEADER_NAME.fullmatch(name):
            raise ConfigurationError(f"{name!r} is not a name for a header")
        if name.lower() in OWN_HEADERS:
            raise ConfigurationError(
                f"the header {name!r} is set by the client: api_key=, auth= and base_url= decide it"
            )
        if not isinstance(value, str) or not HEADER_VALUE.fullmatch(value):
            raise ConfigurationError(f"the value of the header {name!r} must be visible ASCII")
    return {name.lower(): value for name, value in headers.items()}


def _encode(endpoint: Endpoint[Any, Any, Any], request: Any, *, stream: bool, extra_body: Mapping[str, Any]) -> bytes:
    """Encode the body, once, with `stream` as the caller's method has it."""
    body: Any = request
    has_streams = stream or endpoint.event is not None
    if extra_body or is_mapping(request) or not hasattr(request, "stream"):
        body = {**_fields(request), **extra_body}
        requested = body.get("stream")
        if "messages" in body:
            body["messages"] = messages_with_text(body["messages"])
        if has_streams:
            body["stream"] = stream
    else:
        requested = request.stream
        if has_streams:
            body = msgspec.structs.replace(request, stream=stream)
    if requested not in (None, msgspec.UNSET, stream):
        raise InvalidRequestError(
            f"`stream` is {requested!r}, but the method decides about it: "
            "create_... for a JSON answer, stream_... for events; leave the field out",
            path="$.stream",
        )
    try:
        if extra_body:
            # These fields are unchecked, and a Decimal may be NaN, which JSON does not have.
            msgspec.json.decode(ENCODER.encode(extra_body), type=dict[str, msgspec.Raw])
        return ENCODER.encode(body)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        problem = str(error)
    raise InvalidRequestError(f"the request cannot be written as JSON: {problem}")


def _fields(request: Any) -> Mapping[str, Any]:
    """Give the fields of a mapping or a Struct that are set, by JSON name."""
    if is_mapping(request):
        return request
    fields = {name: getattr(request, attribute) for attribute, name in json_names(request.__class__).items()}
    return {name: value for name, value in fields.items() if value is not msgspec.UNSET}


def _encode_other(value: object) -> Any:
    """Encode a mapping that is not a dict; refuse any other value that msgspec does not know."""
    if is_mapping(value):
        return dict(value)
    raise TypeError(f"a value of type {type(value).__name__} is not JSON")


# A Decimal passes for a number where the spec has one; msgspec's own choice would be a string.
ENCODER = msgspec.json.Encoder(enc_hook=_encode_other, decimal_format="number")
