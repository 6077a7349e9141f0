# Generated from spec/responses_request.json by `python -m codegen`. Do not edit: change the schema and run that again.
"""Responses: the request.

The body of POST {base}/responses. MiMo keeps nothing between calls: each request carries the whole conversation. Names
outside this table are filtered out by the server or answered with an error; `background`, `previous_response_id` and
`context_management` are named as unsupported.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Required, TypedDict

from msgspec import UNSET, Meta, Struct, UnsetType

from .responses_items import InputItem, ResponseTool

__all__ = ["Reasoning", "ResponseTextFormat", "ResponseText", "ResponseRequest", "ResponseRequestFields"]


class Reasoning(Struct, kw_only=True, gc=False):
    """Whether the model thinks before it answers."""

    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra"]
    """How hard the model thinks.

    In effect a switch: `none` turns thinking off, every other word turns it on, and all of those behave alike. The
    server reads `minimal` as `low`, and `xhigh`, `max` and `ultra` as `high`; these four words came with the v2.6
    models. A model thinks by default when `reasoning` is left out.
    """


class ResponseTextFormat(Struct, kw_only=True, gc=False):
    """The form of the answer's text."""

    type: Literal["text", "json_object"]
    """`text` for free text, `json_object` for one JSON object.

    With `json_object` the prompt itself must ask for JSON. `json_schema` is answered with HTTP 400
    (`responses_feature_not_supported`): use `json_object` and check the answer yourself.
    """


class ResponseText(Struct, kw_only=True):
    """How the answer is written."""

    format: ResponseTextFormat | UnsetType = UNSET
    """The form of the text. The server's default: `{"type": "text"}`."""


class ResponseRequest(Struct, kw_only=True):
    """A request to POST {base}/responses."""

    model: Literal["mimo-v2.6-pro", "mimo-v2.6-flash", "mimo-v2.6-pro-ultraspeed", "mimo-v2.5-pro", "mimo-v2.5"] | str
    """The id of the model, case-sensitive.

    An id that the route does not know is answered with HTTP 400. Known: `"mimo-v2.6-pro"`, `"mimo-v2.6-flash"`,
    `"mimo-v2.6-pro-ultraspeed"`, `"mimo-v2.5-pro"`, `"mimo-v2.5"`.
    """
    input: str | Sequence[InputItem]
    """The conversation so far: a string (one user message), or a list of items.

    The API is stateless, so earlier turns belong here, the server's own items included.
    """
    instructions: str | UnsetType = UNSET
    """What the model is told before the conversation, like a system message."""
    max_output_tokens: Annotated[int, Meta(ge=1, le=131072)] | UnsetType = UNSET
    """The most tokens the model may write, thinking included, 1 to 131072.

    A reply that reaches it has the status `incomplete`. The default depends on the model: 32768 for mimo-v2.5, 131072
    for the others. The server's default: `131072`.
    """
    stream: bool | UnsetType = UNSET
    """Whether the reply comes as server-sent events while it is written. The server's default: `false`."""
    reasoning: Reasoning | UnsetType = UNSET
    """Whether the model thinks before it answers."""
    temperature: Annotated[float, Meta(ge=0.0, le=1.5)] | UnsetType = UNSET
    """How freely the next token is drawn, 0 to 1.5: higher is more varied.

    Has no effect while the model thinks: the server then uses 1.0, whatever was sent. The server's default: `1.0`.
    """
    top_p: Annotated[float, Meta(ge=0.01, le=1.0)] | UnsetType = UNSET
    """The share of probability that the next token is drawn from, 0.01 to 1: lower is more focused.

    Has no effect while the model thinks: the server then uses 0.95, whatever was sent. The server's default: `0.95`.
    """
    text: ResponseText | UnsetType = UNSET
    """How the answer is written."""
    tool_choice: str | UnsetType = UNSET
    """Whether the model may call a tool.

    `auto`, the model decides, is the only documented word. The server drops any other value without a word and goes on
    as with `auto`. Examples: `"auto"`.
    """
    tools: Sequence[ResponseTool] | UnsetType = UNSET
    """The tools that the model may call."""


class ResponseRequestFields(TypedDict, total=False):
    """The keyword arguments that make a `ResponseRequest`; nested objects as dicts too."""

    model: Required[
        Literal["mimo-v2.6-pro", "mimo-v2.6-flash", "mimo-v2.6-pro-ultraspeed", "mimo-v2.5-pro", "mimo-v2.5"] | str
    ]
    input: Required[str | Sequence[InputItem | Mapping[str, Any]]]
    instructions: str
    max_output_tokens: int
    stream: bool
    reasoning: Reasoning | Mapping[str, Any]
    temperature: float
    top_p: float
    text: ResponseText | Mapping[str, Any]
    tool_choice: str
    tools: Sequence[ResponseTool | Mapping[str, Any]]
