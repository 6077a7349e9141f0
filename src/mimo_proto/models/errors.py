# Generated from spec/errors.json by `python -m codegen`. Do not edit: change the schema and run that again.
"""Errors. The body of a refused call, on both APIs, and of an error that arrives inside a stream."""

from typing import ClassVar

from msgspec import Struct

__all__ = ["ErrorDetail", "ErrorResponse"]


class ErrorDetail(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """What went wrong, in the server's words. No member is always there, and the order of the members varies."""

    code: str | int | None = None
    """What kind of error it is.

    Chat sends the HTTP status as a string (`"400"`), Responses a word (`responses_feature_not_supported`); a bare
    number is tolerated. It may differ from the HTTP status: moderation has been seen as HTTP 400 with code `"421"`, and
    risk control as HTTP 400 with code `"441"`. The code is the better witness. Examples: `"400"`, `"401"`, `"421"`,
    `"429"`, `"441"`, `"responses_feature_not_supported"`.
    """
    message: str | None = None
    """A title for the kind of error, often as general as `Param Incorrect`; look at `param` for the cause."""
    param: str | None = None
    """In MiMo's errors usually the sentence that explains the cause, rather than a parameter's name.

    Often empty; absent with 403 and 429.
    """
    type: str | None = None
    """A second word for the kind of error; often empty.

    Examples: `"invalid_key"`, `"limitation"`, `"content_filter"`, `"illegal_access"`, `"server_error"`,
    `"unsupported_feature"`.
    """
    __received__: ClassVar[bool] = True


class ErrorResponse(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """The JSON body of a refused call.

    When the call asked for a stream, the body has been seen as `data:{...}`, in the manner of a server-sent event: cut
    the prefix off before reading it.
    """

    error: ErrorDetail | str | None = None
    """The error itself: an object from MiMo, at times bare text from a gateway before it."""
    __received__: ClassVar[bool] = True
