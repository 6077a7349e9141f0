"""The keyword arguments of the client's methods, for type checkers and for taking them apart.

Rules:

- A call takes the request's fields and its own options side by side, so no option bears the name of a field.
- What is not an option here is a field of the request, and is checked as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from mimo_proto.errors import InvalidRequestError
from mimo_proto.models import ChatCompletionRequestFields, ResponseRequestFields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mimo_proto.limits import Timeouts
    from mimo_proto.retry import RetryPolicy

__all__ = ["CallOptions", "ChatCompletionArguments", "ResponseArguments", "take_apart"]


class CallOptions(TypedDict, total=False):
    """What a call takes besides its request.

    Attributes:
        extra_body: Goes over the request's own fields, unchecked: what the spec does not know yet.
        extra_headers: More headers; never those of the key, the host or the length.
        timeouts: Instead of the client's, in seconds.
        retry: Instead of the client's.
        tee: Gets the bytes of the body as they come, decompressed; runs in the reading thread. An error inside a 200
            JSON reply has been given to it when a `RetryPolicy` tries the call again.
        validate: Check dicts and keywords against the spec before sending; True by default. Structs are trusted.
    """

    extra_body: Mapping[str, Any] | None
    extra_headers: Mapping[str, str] | None
    timeouts: Timeouts | None
    retry: RetryPolicy | None
    tee: Callable[[bytes], object] | None
    validate: bool


class ChatCompletionArguments(ChatCompletionRequestFields, CallOptions, total=False):
    """The fields of a `ChatCompletionRequest`, and the options of a call."""


class ResponseArguments(ResponseRequestFields, CallOptions, total=False):
    """The fields of a `ResponseRequest`, and the options of a call."""


OPTIONS = frozenset(CallOptions.__annotations__)
"""The names of the options."""


def take_apart(request: Any, arguments: dict[str, Any]) -> tuple[Any, CallOptions]:
    """Part the options from the fields.

    Args:
        request: The request as a Struct or a dict, if one was given.
        arguments: The keyword arguments of the call.

    Returns:
        The request, which is the fields where none was given, and the options. A field that is None is not set.

    Raises:
        InvalidRequestError: There is a request, and fields beside it.
    """
    options: Any = {name: arguments.pop(name) for name in OPTIONS & arguments.keys()}
    if request is None:
        return {name: value for name, value in arguments.items() if value is not None}, options
    if arguments:
        names = ", ".join(sorted(arguments))
        raise InvalidRequestError(f"give the request or its fields, not both: {names} came beside a request")
    return request, options
