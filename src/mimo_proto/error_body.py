"""Server errors: find one in what was sent, and make the `APIError` that its code names.

MiMo's shape is `{"error": {"code", "message", "param", "type"}}`; gateways before it and other servers of the protocol
were seen with `{"error": "text"}`, a bare `{"code", "message"}`, an event named or typed `error`, and an `error` beside
empty `choices`. In MiMo's own bodies `message` is a title ("Param Incorrect"), and `param` the sentence that explains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.decode import replace_surrogates, whole_number
from mimo_proto.errors import APIError, api_error_class
from mimo_proto.jsontypes import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["api_error", "find_error", "raise_error"]


def find_error(value: object, event: str = "") -> Mapping[str, Any] | str | None:
    """Find the error in a JSON body or in the payload of an event.

    Args:
        value: The parsed JSON.
        event: The name that the `event:` line gave. "error" makes an error of the payload, whose `type` may be the
            error's own, unless that names an event of Responses, or there are choices in it.

    Returns:
        The error object, or its text; None when the value is no error.
    """
    if not is_object(value):
        return value if event == "error" and isinstance(value, str) else None
    error = value.get("error")
    if not (error and (is_object(error) or isinstance(error, str))):
        error = None
    kind = value.get("type", event)
    if kind == "error":
        return error or value
    is_event = isinstance(kind, str) and kind.startswith("response.")
    if is_event or ("output" in value and event != "error"):
        # A failed response is a result: it tells its error itself.
        return None
    if error is not None:
        return error
    if event == "error" and not value.get("choices"):
        return value
    if isinstance(value.get("message"), str) and "code" in value and not value.keys() & {"choices", "data"}:
        return value
    return None


def api_error(
    error: Mapping[str, Any] | str,
    *,
    status: int,
    body: bytes,
    request_id: str | None = None,
    retry_after: float | None = None,
    in_stream: bool = False,
) -> APIError:
    """Make the `APIError` of an error object, of the class that its code names (else the status).

    Args:
        error: What `find_error` found, or the text that came instead of JSON.
        status: The HTTP status.
        body: What the server sent, to be kept with the error.
        request_id: The id from the response's headers.
        retry_after: Seconds, from the response's headers.
        in_stream: Whether it came inside a stream that had begun well.
    """
    if isinstance(error, str):
        error = {"message": error}
    code, title, param, kind = (_text(error.get(name)) for name in ("code", "message", "param", "type"))
    if kind == "error":  # the type of the event, not of the error
        kind = None
    message = ": ".join(part for part in (title, param) if part) or "the server gave no reason"
    return api_error_class(status, code)(
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


def raise_error(value: object, event: str, payload: bytes) -> None:
    """Raise the error that an event of a stream brings, if it brings one.

    Args:
        value: The payload's JSON.
        event: The event's name, "" when it has none.
        payload: What the server sent, to be kept with the error.

    Raises:
        APIError: The event is an error.
    """
    error = find_error(value, event)
    if error is not None:
        raise api_error(error, status=200, body=payload, in_stream=True)


def _text(value: object) -> str | None:
    """The value as text that can be printed: codes come as numbers too, and nothing that was sent is to be lost."""
    if value is None:
        return None
    try:
        whole = whole_number(value)
        text = str(value if whole is None else whole)
    except RecursionError:
        text = "(nested too deeply)"
    printable: str = replace_surrogates(text)
    return printable
