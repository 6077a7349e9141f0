"""Server errors: find one in what was sent, and make the `APIError` that its code names.

MiMo's shape is `{"error": {"code", "message", "param", "type"}}`; in MiMo's own bodies `message` is a title ("Param
Incorrect"), and `param` the sentence that explains. Gateways before MiMo and other servers of the protocol put an error
elsewhere, and wrap one into another; the known ways are here:

- Where: `error` as an object, a text, a list or a mere `true`; beside `choices`, or inside one of them; a bare
  `{"code", "message"}`; an event named or typed `error` or `response.error`; FastAPI's `detail`; MiniMax's `base_resp`,
  which is not an error with the `status_code` 0; `errors`, a list; an object in a list, as Gemini's endpoint sends it.
- Wrapped: an error in an error; OpenRouter's `metadata.raw`, JSON or text; JSON within a message, as LiteLLM writes.
- An `error` that says nothing is not an error: null, "", {}, [], false and 0.
- The innermost message is shown, and the innermost code that names a class decides.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from mimo_proto.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ContentFilterError,
    InsufficientBalanceError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from mimo_proto.protocol.decode import replace_surrogates, whole_number
from mimo_proto.protocol.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["api_error", "api_error_class", "find_error", "page_title", "raise_error"]

ErrorObject: TypeAlias = "Mapping[str, Any] | str"

MESSAGES = ("message", "msg", "detail", "title", "status_msg", "error_msg")
"""The fields in which an error says what happened; the first that says something counts."""

CODES = ("code", "status_code", "error_code", "statusCode")
"""The fields in which an error has its code."""

CLASSES: Mapping[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: InsufficientBalanceError,
    403: PermissionDeniedError,
    404: NotFoundError,
    421: ContentFilterError,
    422: BadRequestError,
    429: RateLimitError,
    441: ContentFilterError,
}
"""The class of each status and code below 500; `ServerError` is that of all above."""

MAX_NESTED_ERRORS = 16
"""How many errors, one inside the other, are looked into."""

MAX_TITLE_CHARACTERS = 200
"""How much of a page's title is shown."""

JSON = json.JSONDecoder()


def find_error(value: object, event: str = "") -> ErrorObject | None:
    """Find the error in a JSON body or in the payload of an event: the innermost, where one is wrapped into another.

    Args:
        value: The parsed JSON.
        event: The name in the `event:` line. "error" makes an error of the payload, whose `type` may be the error's
            own, unless the type names an event of Responses, or the payload has choices.

    Returns:
        The error object, with the code of the error around it where it has no code itself; or the error's text; None
        when the value is not an error.
    """
    if is_array(value):
        found = (find_error(each, event) for each in value if is_object(each))
        return next((error for error in found if error is not None), None)
    if not is_object(value):
        return value if event == "error" and isinstance(value, str) else None
    error = _outermost(value, event)
    return None if error is None else _innermost(error)


def api_error(
    error: ErrorObject,
    *,
    status: int,
    body: bytes,
    request_id: str | None = None,
    retry_after: float | None = None,
    in_stream: bool = False,
) -> APIError:
    """Make the `APIError` of an error object, of the class that its code names, else the status.

    Args:
        error: The object or text of `find_error`, or the text that came instead of JSON.
        status: The HTTP status.
        body: The bytes that the server sent, to be kept with the error.
        request_id: The request's id in the response's headers.
        retry_after: The time to wait in the response's headers, in seconds.
        in_stream: Whether the error came inside a stream that had begun well.
    """
    if isinstance(error, str):
        error = {"message": error}
    title, param, kind = _text(_first(error, MESSAGES)), _text(error.get("param")), _text(error.get("type"))
    code = _text(next((error[name] for name in CODES if error.get(name) is not None), None))
    if kind == "error":  # the type of the event, not of the error
        kind = None
    if title is not None and title.lstrip().startswith("<"):
        title = page_title(title) or title
    message = ": ".join(part for part in (title, param) if part) or "the server gave no reason"
    return api_error_class(_http_status(error.get("status")) or status, code)(
        message,
        status=status,
        code=code,
        param=param,
        type=kind,
        request_id=request_id,
        retry_after=retry_after,
        body=body,
        in_stream=in_stream,
    )


def api_error_class(status: int, code: str | None) -> type[APIError]:
    """Choose the class of a server error: the body's code where it is a known one, else the HTTP status.

    MiMo has been seen to send the refusals of its content filter (code "421" or "441") with HTTP 400.

    Args:
        status: The HTTP status.
        code: The body's ``code`` as text, or None.
    """
    for candidate in (_http_status(code) or 0, status):
        if candidate in CLASSES:
            return CLASSES[candidate]
        if 500 <= candidate <= 599:
            return ServerError
    return APIError


def raise_error(value: object, event: str, payload: bytes) -> None:
    """Raise the error that an event of a stream brings, if it brings one.

    Args:
        value: The payload's JSON.
        event: The event's name; "" when it has none.
        payload: The bytes that the server sent, to be kept with the error.

    Raises:
        APIError: The event is an error.
    """
    error = find_error(value, event)
    if error is not None:
        raise api_error(error, status=200, body=payload, in_stream=True)


def page_title(page: str) -> str:
    """Give the title of an HTML page, else the first heading, on one line and shortened; "" for a page without both."""
    from html import unescape  # noqa: PLC0415 - its tables are large, and pages are rare

    lower = page.lower()
    for tag in ("title", "h1"):
        begin = lower.find(">", lower.find(f"<{tag}")) + 1
        end = lower.find(f"</{tag}", begin)
        if f"<{tag}" in lower and 0 < begin <= end:
            title = " ".join(unescape(page[begin:end]).split())
            return title if len(title) <= MAX_TITLE_CHARACTERS else f"{title[:MAX_TITLE_CHARACTERS]}..."
    return ""


def _outermost(value: dict[str, Any], event: str) -> ErrorObject | None:
    """Find the error that an object brings or is, whatever it wraps."""
    kind = value.get("type", event)
    error = _error_beside(value)
    if kind in ("error", "response.error"):
        return value if error is None else error
    if (isinstance(kind, str) and kind.startswith("response.")) or (_is_response(value) and event != "error"):
        # A failed response is a result, and has its error itself.
        return None
    if error is None:
        error = _error_in_choices(value.get("choices")) or _base_response(value)
    if error is None and ((event == "error" and not value.get("choices")) or _is_error(value)):
        error = value
    return error


def _is_response(value: dict[str, Any]) -> bool:
    return "output" in value or value.get("object") == "response"


def _error_beside(value: Mapping[str, Any]) -> ErrorObject | None:
    """Give the `error` of an object if it says something; a text and a mere `true` with the code and text beside it."""
    error = value.get("error")
    if not error or is_object(error) or is_array(error):
        return _as_error(error)
    if not isinstance(error, str):
        beside = {name: each for name, each in value.items() if name != "error"}
        return beside if error is True else {"code": error, **beside}
    code, message = _first(value, CODES), _first(value, MESSAGES)
    text = f"{error}: {message}" if isinstance(message, str) else error
    return text if code is None else {"message": text, "code": code}


def _as_error(value: object) -> ErrorObject | None:
    """Give an object or a list as an error, None for an empty one and for anything else."""
    if is_array(value):
        return _joined(value)
    return value if is_object(value) and value else None


def _error_in_choices(choices: object) -> ErrorObject | None:
    for choice in choices if is_array(choices) else ():
        if is_object(choice) and (error := _error_beside(choice)) is not None:
            return error
    return None


def _base_response(value: dict[str, Any]) -> ErrorObject | None:
    """Give MiniMax's `base_resp`, which good replies have too, with the code 0."""
    base = value.get("base_resp")
    return base if is_object(base) and base.get("status_code") not in (None, 0, "0", "") else None


def _is_error(value: dict[str, Any]) -> bool:
    """Whether an object that is not a reply is an error as a whole."""
    if value.get("choices") is not None or value.get("data") is not None:
        return False
    failed = value.get("success") is False or value.get("object") == "error"
    if isinstance(value.get("message"), str):
        return failed or "code" in value
    if isinstance(value.get("msg"), str):
        return failed or bool(value.get("code"))
    # An event of a kind of its own may have details; RFC 9457 has a title beside its type.
    return bool(value.get("detail") or value.get("errors")) and ("title" in value or "type" not in value)


def _innermost(error: ErrorObject) -> ErrorObject:
    """Find the innermost error; where it lacks a code or a type, it has that of the errors around it."""
    found = [error]
    while len(found) < MAX_NESTED_ERRORS and (inner := _wrapped(found[-1])) is not None:
        found.append(inner)
    if len(found) == 1:
        return error
    innermost = found.pop()
    merged = {"message": innermost} if isinstance(innermost, str) else dict(innermost)
    for outer in reversed(found):
        if not isinstance(outer, str):
            _complete(merged, outer)
    return merged


def _complete(error: dict[str, Any], outer: Mapping[str, Any]) -> None:
    """Give an error the code and type of the error around it, and an HTTP status where no code names a class yet."""
    code, own = _first(outer, CODES), _first(error, CODES)
    if own is None:
        error["code"] = code
    elif api_error_class(0, _text(own)) is APIError and _http_status(error.get("status")) is None:
        error["status"] = _http_status(code)
    if not error.get("type"):
        error["type"] = outer.get("type")


def _wrapped(error: ErrorObject) -> ErrorObject | None:
    """Give the error that stands inside another."""
    if isinstance(error, str):
        return _embedded(error)
    metadata, message = error.get("metadata"), error.get("message") or error.get("detail")
    raw = metadata.get("raw") if is_object(metadata) else None
    candidates = [
        _error_beside(error),
        raw if isinstance(raw, str) else _as_error(raw),
        *(_as_error(error.get(name)) for name in ("detail", "errors", "message")),
        _embedded(message) if isinstance(message, str) else None,
    ]
    return next((inner for inner in candidates if inner and (isinstance(inner, str) or _has_message(inner))), None)


def _has_message(error: Mapping[str, Any]) -> bool:
    return any(error.get(name) for name in ("error", "errors", *MESSAGES))


def _embedded(text: str) -> Mapping[str, Any] | None:
    """Read the error that is written as JSON in a text; behind other text it has to be an error beyond doubt."""
    begin = text.find("{")
    if begin < 0:
        return None
    value: dict[str, Any]
    try:
        value, _ = JSON.raw_decode(text, begin)
    except (ValueError, RecursionError):
        return None
    alone = text[:begin].strip().removeprefix("data:").strip(" [") == ""
    certain = _has_message(value) if alone else _error_beside(value) is not None or _is_error(value)
    return value if certain else None


def _joined(errors: list[Any]) -> ErrorObject | None:
    """Make one error of a list; of several, such as those of FastAPI's validation, only the texts are left."""
    if len(errors) == 1 and is_object(errors[0]) and "loc" not in errors[0]:
        return errors[0] or None
    return "; ".join(filter(None, map(_entry_text, errors))) or None


def _entry_text(error: object) -> str | None:
    """Give one entry of a list of errors as text, with the place that it names."""
    if not is_object(error):
        return _text(error)
    message = _text(_first(error, MESSAGES) or error)
    place = error.get("loc")
    return f"{'.'.join(map(str, place))}: {message}" if is_array(place) else message


def _first(error: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Give the first of these fields that says something."""
    return next((error[name] for name in names if error.get(name)), None)


def _http_status(value: object) -> int | None:
    """Give the HTTP status of an error that a number or a text of digits is; None for anything else."""
    number = whole_number(value)
    if number is None and isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit():
        number = int(value)
    return number if number is not None and 400 <= number <= 599 else None


def _text(value: object) -> str | None:
    """Give a value as text that can be printed: codes come as numbers too, and no value is to be lost."""
    if value is None:
        return None
    try:
        whole = whole_number(value)
        text = str(value if whole is None else whole)
    except RecursionError:
        text = "(nested too deeply)"
    printable: str = replace_surrogates(text)
    return printable
