# Generated from spec/responses_response.json by `python -m codegen`. Do not edit: change the schema and run that again.
"""Responses: the reply.

What POST {base}/responses answers with, and what the events of a stream carry as `response`.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from msgspec import Struct, field

from mimo_proto.unknown import STATIC_ONLY

from .responses_items import (
    CustomToolCallItem,
    CustomToolCallOutputItem,
    FunctionCallItem,
    FunctionCallOutputItem,
    ItemStatus,
    OutputContent,
    ReasoningItem,
)

if TYPE_CHECKING:
    from mimo_proto.unknown import Unknown
else:
    Unknown = STATIC_ONLY

__all__ = [
    "OutputMessage",
    "OutputItem",
    "ResponseStatus",
    "IncompleteReason",
    "ResponseError",
    "IncompleteDetails",
    "InputTokensDetails",
    "OutputTokensDetails",
    "ResponseUsage",
    "Response",
    "ResponseSnapshot",
]


class OutputMessage(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="message",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
):
    """The assistant's answer. It can be put into the next request's `input` as it is."""

    type: ClassVar[Literal["message"]] = "message"
    """Names the kind of item."""
    id: str | None = None
    """The item's id; begins with `msg_`."""
    role: Literal["assistant"] | str | None = None
    """Who speaks: always the assistant."""
    content: list[OutputContent] = field(default_factory=lambda: [])
    """The answer, in parts; the only documented kind is OutputText.

    Empty when the message has just begun in a stream.
    """
    status: ItemStatus | None = None
    """How far the message has come."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True


OutputItem: TypeAlias = (
    OutputMessage
    | FunctionCallItem
    | FunctionCallOutputItem
    | ReasoningItem
    | CustomToolCallItem
    | CustomToolCallOutputItem
    | Unknown
)
"""One step that the model took: thinking, an answer, a call, or the result of a call."""


ResponseStatus: TypeAlias = Literal["completed", "in_progress", "incomplete", "failed"] | str
"""How far a response has come. `failed` is in no table of MiMo's; it is assumed from the OpenAI Responses format."""


IncompleteReason: TypeAlias = Literal["max_output_tokens", "content_filter"] | str
"""What stops a response before its end: the request's limit of tokens, or the content filter."""


class ResponseError(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """Why a response failed."""

    code: str | int | None = None
    """A word or a number for the cause; the table says string."""
    message: str | None = None
    """The cause in words."""
    __received__: ClassVar[bool] = True


class IncompleteDetails(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """Why a response stopped before its end."""

    reason: IncompleteReason | None = None
    """What stopped it."""
    __received__: ClassVar[bool] = True


class InputTokensDetails(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """Where the tokens that were read came from. MiMo also sends an empty object."""

    cached_tokens: int | None = None
    """How many of the tokens read were served from the prompt cache; part of `input_tokens`."""
    __received__: ClassVar[bool] = True


class OutputTokensDetails(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """What the tokens that were written went into."""

    reasoning_tokens: int | None = None
    """How many of the tokens written were thinking; part of `output_tokens`."""
    __received__: ClassVar[bool] = True


class ResponseUsage(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """What the call cost, in tokens."""

    input_tokens: int | None = None
    """Tokens read."""
    input_tokens_details: InputTokensDetails | None = None
    """Where the tokens read came from; absent, empty or filled."""
    output_tokens: int | None = None
    """Tokens written, thinking included."""
    output_tokens_details: OutputTokensDetails | None = None
    """What the tokens written went into."""
    total_tokens: int | None = None
    """Tokens read and written together."""
    __received__: ClassVar[bool] = True


class Response(Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False):
    """A response that has come to its end: the whole of a JSON reply, and what the last event of a stream carries.

    Look at `status`: a response that is incomplete or failed is a result too.
    """

    id: str | None = None
    """The response's id; begins with `resp_`."""
    object: Literal["response"] | str | None = None
    """Names the kind of object."""
    created_at: int | float | None = None
    """When the response was begun, in seconds since 1970-01-01 UTC."""
    status: ResponseStatus | None = None
    """How the response ended, or that it is still being written."""
    error: ResponseError | None = None
    """Why the response failed; null when it did not."""
    incomplete_details: IncompleteDetails | None = None
    """Why the response is incomplete; null when it is not."""
    model: str | None = None
    """The id of the model that answered."""
    metadata: dict[str, Any] | None = None
    """Data kept beside the response. In no table: null in the only example."""
    output: list[OutputItem] = field(default_factory=lambda: [])
    """What the model produced, in order: thinking first, then answers and calls."""
    output_text: str | None = None
    """The text of all answers, put together; empty when the model only called tools.

    Sent in JSON replies; not seen in the events of a stream. Where it is absent it can be computed from `output`.
    """
    usage: ResponseUsage | None = None
    """What the call cost, in tokens."""
    __received__: ClassVar[bool] = True


class ResponseSnapshot(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """A response at the beginning of a stream.

    What MiMo puts into it there is not documented, so nothing is required.
    """

    id: str | None = None
    """The response's id; begins with `resp_`."""
    object: Literal["response"] | str | None = None
    """Names the kind of object."""
    created_at: int | float | None = None
    """When the response was begun, in seconds since 1970-01-01 UTC."""
    status: ResponseStatus | None = None
    """How far the response has come."""
    error: ResponseError | None = None
    """Why the response failed; null when it did not."""
    incomplete_details: IncompleteDetails | None = None
    """Why the response is incomplete; null when it is not."""
    model: str | None = None
    """The id of the model that answers."""
    metadata: dict[str, Any] | None = None
    """Data kept beside the response."""
    output: list[OutputItem] | None = None
    """What the model has produced up to here: as a rule nothing."""
    output_text: str | None = None
    """The text of all answers up to here."""
    usage: ResponseUsage | None = None
    """What the call cost, in tokens; not known at the beginning."""
    __received__: ClassVar[bool] = True
