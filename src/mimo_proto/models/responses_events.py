# Generated from spec/responses_events.json by `python -m codegen`. Do not edit: change the schema and run that again.
"""Responses: the events of a stream.

What a streamed reply of POST {base}/responses is made of. Each server-sent event names its type twice, in the `event:`
line and in `type`; `type` counts. There is no `[DONE]`: a stream ends with `response.completed`, `response.incomplete`
or `response.failed`.
"""

from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from msgspec import Struct, field

from mimo_proto.unknown import STATIC_ONLY

from .responses_items import OutputContent
from .responses_response import OutputItem, Response, ResponseSnapshot

if TYPE_CHECKING:
    from mimo_proto.unknown import Unknown
else:
    Unknown = STATIC_ONLY

__all__ = [
    "ResponseCreated",
    "ResponseInProgress",
    "ResponseCompleted",
    "ResponseIncomplete",
    "ResponseFailed",
    "ResponseOutputItemAdded",
    "ResponseOutputItemDone",
    "ResponseContentPartAdded",
    "ResponseContentPartDone",
    "ResponseOutputTextDelta",
    "ResponseOutputTextDone",
    "ResponseFunctionCallArgumentsDelta",
    "ResponseFunctionCallArgumentsDone",
    "ResponseReasoningTextDelta",
    "ResponseReasoningTextDone",
    "ResponseCustomToolCallInputDelta",
    "ResponseCustomToolCallInputDone",
    "ErrorEvent",
    "ResponseStreamEvent",
]


class ResponseCreated(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.created",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """The server has taken the request up."""

    type: ClassVar[Literal["response.created"]] = "response.created"
    """Names the kind of event."""
    response: ResponseSnapshot
    """The response as it is now."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseInProgress(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.in_progress",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """The model is at work."""

    type: ClassVar[Literal["response.in_progress"]] = "response.in_progress"
    """Names the kind of event."""
    response: ResponseSnapshot
    """The response as it is now."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseCompleted(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.completed",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """The end of a stream: the response is complete."""

    type: ClassVar[Literal["response.completed"]] = "response.completed"
    """Names the kind of event."""
    response: Response
    """The whole response, with its usage."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseIncomplete(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.incomplete",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """The end of a stream: the response was cut short, by its limit of tokens or by the content filter."""

    type: ClassVar[Literal["response.incomplete"]] = "response.incomplete"
    """Names the kind of event."""
    response: Response
    """The response as far as it came; `incomplete_details` says what stopped it."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseFailed(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.failed",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """The end of a stream: the response failed. In no table of MiMo's; assumed from the OpenAI Responses format."""

    type: ClassVar[Literal["response.failed"]] = "response.failed"
    """Names the kind of event."""
    response: Response
    """The response as far as it came; `error` says what went wrong."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseOutputItemAdded(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.output_item.added",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """A new item begins. Its texts are still empty; they come in deltas."""

    type: ClassVar[Literal["response.output_item.added"]] = "response.output_item.added"
    """Names the kind of event."""
    item: OutputItem
    """The item as it begins."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseOutputItemDone(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.output_item.done",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """An item is complete."""

    type: ClassVar[Literal["response.output_item.done"]] = "response.output_item.done"
    """Names the kind of event."""
    item: OutputItem
    """The whole item."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseContentPartAdded(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.content_part.added",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """A new part of an item begins."""

    type: ClassVar[Literal["response.content_part.added"]] = "response.content_part.added"
    """Names the kind of event."""
    part: OutputContent
    """The part as it begins, its text empty."""
    item_id: str | None = None
    """The id of the item."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    content_index: int | None = None
    """The part's place in the item's `content`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseContentPartDone(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.content_part.done",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """A part of an item is complete."""

    type: ClassVar[Literal["response.content_part.done"]] = "response.content_part.done"
    """Names the kind of event."""
    part: OutputContent
    """The whole part.

    MiMo's table lists answer text only; thinking text is taken as well, as in the event that begins a part.
    """
    item_id: str | None = None
    """The id of the item."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    content_index: int | None = None
    """The part's place in the item's `content`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseOutputTextDelta(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.output_text.delta",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """The next piece of the answer."""

    type: ClassVar[Literal["response.output_text.delta"]] = "response.output_text.delta"
    """Names the kind of event."""
    delta: str = field(default_factory=str)
    """The text to put behind what came before."""
    item_id: str | None = None
    """The id of the item."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    content_index: int | None = None
    """The part's place in the item's `content`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseOutputTextDone(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.output_text.done",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """A part of the answer is complete."""

    type: ClassVar[Literal["response.output_text.done"]] = "response.output_text.done"
    """Names the kind of event."""
    text: str = field(default_factory=str)
    """The whole text of the part."""
    item_id: str | None = None
    """The id of the item."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    content_index: int | None = None
    """The part's place in the item's `content`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseFunctionCallArgumentsDelta(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.function_call_arguments.delta",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """The next piece of a function call's arguments."""

    type: ClassVar[Literal["response.function_call_arguments.delta"]] = "response.function_call_arguments.delta"
    """Names the kind of event."""
    delta: str = field(default_factory=str)
    """The JSON text to put behind what came before."""
    item_id: str | None = None
    """The id of the item."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseFunctionCallArgumentsDone(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.function_call_arguments.done",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """A function call's arguments are complete."""

    type: ClassVar[Literal["response.function_call_arguments.done"]] = "response.function_call_arguments.done"
    """Names the kind of event."""
    arguments: str = field(default_factory=str)
    """The whole JSON text of the arguments."""
    name: str | None = None
    """The function to run."""
    item_id: str | None = None
    """The id of the item."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseReasoningTextDelta(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.reasoning_text.delta",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """The next piece of the thinking."""

    type: ClassVar[Literal["response.reasoning_text.delta"]] = "response.reasoning_text.delta"
    """Names the kind of event."""
    delta: str = field(default_factory=str)
    """The text to put behind what came before."""
    item_id: str | None = None
    """The id of the item."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    content_index: int | None = None
    """The part's place in the item's `content`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseReasoningTextDone(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.reasoning_text.done",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """A part of the thinking is complete."""

    type: ClassVar[Literal["response.reasoning_text.done"]] = "response.reasoning_text.done"
    """Names the kind of event."""
    text: str = field(default_factory=str)
    """The whole text of the part."""
    item_id: str | None = None
    """The id of the item."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    content_index: int | None = None
    """The part's place in the item's `content`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseCustomToolCallInputDelta(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.custom_tool_call_input.delta",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """The next piece of a custom tool's input. Came with the v2.6 models."""

    type: ClassVar[Literal["response.custom_tool_call_input.delta"]] = "response.custom_tool_call_input.delta"
    """Names the kind of event."""
    delta: str = field(default_factory=str)
    """The text to put behind what came before."""
    item_id: str | None = None
    """The id of the item."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ResponseCustomToolCallInputDone(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="response.custom_tool_call_input.done",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """A custom tool's input is complete. Came with the v2.6 models."""

    type: ClassVar[Literal["response.custom_tool_call_input.done"]] = "response.custom_tool_call_input.done"
    """Names the kind of event."""
    input: str = field(default_factory=str)
    """The whole input."""
    item_id: str | None = None
    """The id of the item."""
    output_index: int | None = None
    """The item's place in the response's `output`, from 0."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


class ErrorEvent(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="error",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    omit_defaults=True,
    gc=False,
):
    """The server gives the stream up.

    In no table of MiMo's; assumed from the OpenAI Responses format. Decoders raise it as an error and do not yield it.
    """

    type: ClassVar[Literal["error"]] = "error"
    """Names the kind of event."""
    code: str | int | None = None
    """A word or a number for the cause."""
    message: str | None = None
    """The cause in words."""
    param: str | None = None
    """What the cause lies in; on MiMo's HTTP errors the detail for people stands here."""
    sequence_number: int | None = None
    """The event's place in the stream, from 0."""
    __received__: ClassVar[bool] = True


ResponseStreamEvent: TypeAlias = (
    ResponseCreated
    | ResponseInProgress
    | ResponseCompleted
    | ResponseIncomplete
    | ResponseFailed
    | ResponseOutputItemAdded
    | ResponseOutputItemDone
    | ResponseContentPartAdded
    | ResponseContentPartDone
    | ResponseOutputTextDelta
    | ResponseOutputTextDone
    | ResponseFunctionCallArgumentsDelta
    | ResponseFunctionCallArgumentsDone
    | ResponseReasoningTextDelta
    | ResponseReasoningTextDone
    | ResponseCustomToolCallInputDelta
    | ResponseCustomToolCallInputDone
    | ErrorEvent
    | Unknown
)
"""One event of a streamed reply."""
