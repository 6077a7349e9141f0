# Generated from spec/responses_items.json by `python -m codegen`. Do not edit: change the schema and run that again.
"""Responses: items, parts and tools.

What a Responses conversation is made of. A request's `input` and a reply's `output` are lists of items; most items
travel both ways, because the API is stateless and takes its own items back with each turn.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from mimo_proto.unknown import STATIC_ONLY

if TYPE_CHECKING:
    from mimo_proto.unknown import Unknown

    from .responses_response import OutputMessage
else:
    OutputMessage = Unknown = STATIC_ONLY

__all__ = [
    "ItemStatus",
    "InputText",
    "InputImage",
    "InputAudio",
    "InputVideo",
    "OutputText",
    "ReasoningText",
    "EncryptedContent",
    "InputContent",
    "AgentContent",
    "ToolOutputContent",
    "OutputContent",
    "TextFormat",
    "GrammarFormat",
    "CustomToolFormat",
    "ResponseFunctionTool",
    "CustomTool",
    "NamespaceMember",
    "NamespaceTool",
    "ResponseTool",
    "AgentInfo",
    "MessageItem",
    "FunctionCallItem",
    "FunctionCallOutputItem",
    "ReasoningItem",
    "AgentMessageItem",
    "AdditionalToolsItem",
    "CustomToolCallItem",
    "CustomToolCallOutputItem",
    "InputItem",
]

ItemStatus: TypeAlias = Literal["in_progress", "completed", "incomplete"] | str
"""How far an item has come.

MiMo's tables list `in_progress` and `completed`; `incomplete` (cut by a limit) is assumed from the OpenAI Responses
format.
"""


class InputText(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="input_text",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    gc=False,
):
    """A piece of text for the model to read."""

    type: ClassVar[Literal["input_text"]] = "input_text"
    """Names the kind of part."""
    text: str
    """The text itself."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"text": ""}


class InputImage(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="input_image",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    gc=False,
):
    """An image for the model to look at.

    Only models that take images accept it (mimo-v2.6-flash, mimo-v2.6-pro, mimo-v2.6-pro-ultraspeed, mimo-v2.5).
    """

    type: ClassVar[Literal["input_image"]] = "input_image"
    """Names the kind of part."""
    image_url: str
    """Where the image is: an http(s) URL, or a base64 data URL.

    JPEG, PNG, GIF, WebP or BMP, at most 50 MB (the base64 text too). A plain string here, where Chat Completions nests
    an object; there is no `detail` and no `file_id`. Examples: `"https://example.com/boat.png"`,
    `"data:image/png;base64,iVBORw0KGgo="`.
    """
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"image_url": ""}


class InputAudio(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="input_audio",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    gc=False,
):
    """A sound recording for the model to listen to.

    Only models that take audio accept it (mimo-v2.6-flash, mimo-v2.6-pro, mimo-v2.6-pro-ultraspeed, mimo-v2.5).
    """

    type: ClassVar[Literal["input_audio"]] = "input_audio"
    """Names the kind of part."""
    audio_url: str
    """Where the recording is: an http(s) URL (at most 100 MB), or a base64 data URL (at most 50 MB of text).

    MP3, WAV, FLAC, M4A or OGG. MiMo's own form: OpenAI's `input_audio` object with `data` and `format` is not taken on
    this route. Examples: `"https://example.com/harbour.mp3"`.
    """
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"audio_url": ""}


class InputVideo(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="input_video",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    gc=False,
):
    """A film for the model to watch; OpenAI has no such part.

    Only models that take video accept it (mimo-v2.6-flash, mimo-v2.6-pro, mimo-v2.6-pro-ultraspeed, mimo-v2.5).
    """

    type: ClassVar[Literal["input_video"]] = "input_video"
    """Names the kind of part."""
    video_url: str
    """Where the film is: an http(s) URL (at most 300 MB), or a base64 data URL (at most 50 MB of text).

    MP4, MOV, AVI or WMV. Examples: `"https://example.com/tide.mp4"`.
    """
    fps: int | float | UnsetType = UNSET
    """How many frames are taken from each second of film, in frames per second, 0.1 to 10.

    The server's default: `2`.
    """
    media_resolution: Literal["default", "max"] | str | UnsetType = UNSET
    """How finely each frame is looked at; `max` spends more tokens. The server's default: `"default"`."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"video_url": ""}


class OutputText(
    Struct, kw_only=True, tag_field="type", tag="output_text", forbid_unknown_fields=True, repr_omit_defaults=True
):
    """A piece of the assistant's answer; goes back to the server inside the assistant's message."""

    type: ClassVar[Literal["output_text"]] = "output_text"
    """Names the kind of part."""
    text: str
    """The text itself; empty when the part has just begun in a stream."""
    annotations: list[dict[str, Any]] | UnsetType | None = UNSET
    """Notes on the text.

    In no table: an example reply carries an empty list, streamed copies leave it out, and no element was ever seen.
    """
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"text": ""}


class ReasoningText(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="reasoning_text",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    gc=False,
):
    """A piece of the model's thinking."""

    type: ClassVar[Literal["reasoning_text"]] = "reasoning_text"
    """Names the kind of part."""
    text: str
    """The thinking itself; empty when the part has just begun in a stream."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"text": ""}


class EncryptedContent(Struct, kw_only=True, tag_field="type", tag="encrypted_content", gc=False):
    """A part of an agent's message that its author marked as encrypted. MiMo reads it as plain text."""

    type: ClassVar[Literal["encrypted_content"]] = "encrypted_content"
    """Names the kind of part."""
    encrypted_content: str
    """The content: plain text, in spite of the name."""


InputContent: TypeAlias = InputText | InputImage | InputAudio | InputVideo | OutputText | Unknown
"""What a message may hold: text, image, audio and video, and in an assistant's message the text it once answered."""


AgentContent: TypeAlias = InputText | InputImage | InputAudio | InputVideo | EncryptedContent | Unknown
"""What a message between agents may hold."""


ToolOutputContent: TypeAlias = InputText | InputImage | InputAudio | InputVideo | Unknown
"""What a tool may give back besides a plain string."""


OutputContent: TypeAlias = OutputText | ReasoningText | Unknown
"""What the model produces: answer or thinking.

A message holds answer text and a reasoning item thinking text; both are read as this union, so that a new kind of part
cannot break a reply.
"""


class TextFormat(Struct, kw_only=True, tag_field="type", tag="text", gc=False):
    """A custom tool's input may be any text."""

    type: ClassVar[Literal["text"]] = "text"
    """Names the kind of format."""


class GrammarFormat(Struct, kw_only=True, tag_field="type", tag="grammar", gc=False):
    """A custom tool's input is held to a grammar."""

    type: ClassVar[Literal["grammar"]] = "grammar"
    """Names the kind of format."""
    syntax: Literal["lark", "regex"]
    """The language the grammar is written in."""
    definition: str
    """The grammar itself, in that language."""


CustomToolFormat: TypeAlias = TextFormat | GrammarFormat | Unknown
"""What the input of a custom tool looks like."""


class ResponseFunctionTool(Struct, kw_only=True, tag_field="type", tag="function"):
    """A function the model may call with JSON arguments.

    Flat: Chat Completions nests the same fields under `function`.
    """

    type: ClassVar[Literal["function"]] = "function"
    """Names the kind of tool."""
    name: Annotated[str, Meta(max_length=64, min_length=1, pattern="^[a-zA-Z0-9_-]+$")]
    """What the model calls the function by: 1 to 64 of a-z, A-Z, 0-9, `_` and `-`. Examples: `"get_tide"`."""
    description: str | UnsetType | None = UNSET
    """What the function does and when to use it, for the model to read.

    Null is documented only inside a namespace and inside additional_tools.
    """
    parameters: Mapping[str, Any] | UnsetType = UNSET
    """The arguments, as a JSON Schema of an object.

    MiMo's table flags it as required at the top level and as optional in a namespace.
    """
    strict: bool | UnsetType = UNSET
    """Whether the arguments must follow `parameters` exactly.

    MiMo's table flags it as required at the top level, beside a default; optional, without default, in a namespace. The
    server's default: `false`.
    """


class CustomTool(Struct, kw_only=True, tag_field="type", tag="custom"):
    """A tool that takes free text instead of JSON arguments."""

    type: ClassVar[Literal["custom"]] = "custom"
    """Names the kind of tool."""
    name: str
    """What the model calls the tool by. Examples: `"apply_patch"`."""
    description: str | UnsetType = UNSET
    """What the tool does and when to use it, for the model to read."""
    format: CustomToolFormat | UnsetType = UNSET
    """What the input looks like; any text when left out. The server's default: `{"type": "text"}`."""


NamespaceMember: TypeAlias = ResponseFunctionTool | CustomTool | Unknown
"""A tool inside a namespace."""


class NamespaceTool(Struct, kw_only=True, tag_field="type", tag="namespace"):
    """Several tools under one name. A call to one of them names the namespace in its `namespace` field."""

    type: ClassVar[Literal["namespace"]] = "namespace"
    """Names the kind of tool."""
    name: Annotated[str, Meta(min_length=1)]
    """The namespace's name, at least one character. Examples: `"harbour"`."""
    description: str
    """What the tools have in common, for the model to read."""
    tools: Sequence[NamespaceMember]
    """The tools themselves."""


ResponseTool: TypeAlias = ResponseFunctionTool | NamespaceTool | CustomTool | Unknown
"""A tool of the Responses API.

A `web_search` tool is answered with HTTP 400 on this route (`responses_feature_not_supported`); Chat Completions has
it.
"""


class AgentInfo(Struct, kw_only=True, gc=False):
    """Which agent an item belongs to."""

    agent_name: str
    """The agent's name."""


class MessageItem(Struct, kw_only=True, tag_field="type", tag="message"):
    """A message to send.

    It unites the three message items of MiMo's table: the short form (role and content), the full form (with a status)
    and the assistant's own message given back (with its id).
    """

    type: ClassVar[Literal["message"]] = "message"
    """Names the kind of item; may be left out."""
    __tag_default__: ClassVar[bool] = True
    """An object without `type` is one of these."""
    role: Literal["user", "assistant", "system", "developer"]
    """Who speaks."""
    content: str | Sequence[InputContent]
    """What is said: a string, or a list of parts."""
    id: str | UnsetType = UNSET
    """The id of an assistant's message that is given back. Examples: `"msg_1"`."""
    status: ItemStatus | UnsetType = UNSET
    """How far the message had come when it was received."""


class FunctionCallItem(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="function_call",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    gc=False,
):
    """The model asks for a function to be run.

    Answer with a FunctionCallOutputItem of the same `call_id`, and send both.
    """

    type: ClassVar[Literal["function_call"]] = "function_call"
    """Names the kind of item."""
    call_id: str
    """Ties the call to its output; begins with `call_`. Not the item's own `id`."""
    name: str
    """The function to run."""
    arguments: str
    """The arguments as JSON text, as the model wrote it: it may be invalid JSON; empty when the call has just begun in
    a stream.
    """
    id: str | UnsetType | None = UNSET
    """The item's id; begins with `fc_`."""
    namespace: str | UnsetType | None = UNSET
    """The namespace the function was offered in."""
    status: ItemStatus | UnsetType | None = UNSET
    """How far the call has come."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"call_id": "", "name": "", "arguments": ""}


class FunctionCallOutputItem(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="function_call_output",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
):
    """What a function gave back."""

    type: ClassVar[Literal["function_call_output"]] = "function_call_output"
    """Names the kind of item."""
    call_id: str
    """The `call_id` of the call that this answers."""
    output: str | list[ToolOutputContent]
    """The result: a string, or a list of parts. The list came with the v2.6 models; before it, a string only."""
    id: str | UnsetType | None = UNSET
    """The item's id."""
    status: ItemStatus | UnsetType | None = UNSET
    """How far the item has come."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"call_id": "", "output": []}


class ReasoningItem(
    Struct, kw_only=True, tag_field="type", tag="reasoning", forbid_unknown_fields=True, repr_omit_defaults=True
):
    """The model's thinking before an answer or a call.

    Send it back beside the call it led to: MiMo recommends it. There is none when `reasoning.effort` is `none`.
    """

    type: ClassVar[Literal["reasoning"]] = "reasoning"
    """Names the kind of item."""
    id: str | UnsetType | None = UNSET
    """The item's id; begins with `rs_`.

    MiMo's table flags it as required; its own client sends the item without it, and so do others.
    """
    content: list[OutputContent] | UnsetType | None = UNSET
    """The thinking, in parts; the only documented kind is ReasoningText."""
    summary: list[dict[str, Any]] | UnsetType | None = UNSET
    """A digest of the thinking.

    In no table: the server's own items carry an empty list, and no element was ever seen.
    """
    status: ItemStatus | UnsetType | None = UNSET
    """How far the thinking has come."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True


class AgentMessageItem(Struct, kw_only=True, tag_field="type", tag="agent_message"):
    """A message from one agent to another. Came with the v2.6 models."""

    type: ClassVar[Literal["agent_message"]] = "agent_message"
    """Names the kind of item."""
    author: str
    """The agent that wrote the message."""
    recipient: str
    """The agent that the message is for."""
    content: Sequence[AgentContent]
    """What is said, in parts."""
    id: str | UnsetType | None = UNSET
    """The item's id."""
    agent: AgentInfo | UnsetType | None = UNSET
    """The agent that the item belongs to."""


class AdditionalToolsItem(Struct, kw_only=True, tag_field="type", tag="additional_tools"):
    """More tools, offered from this point of the conversation on. Came with the v2.6 models."""

    type: ClassVar[Literal["additional_tools"]] = "additional_tools"
    """Names the kind of item."""
    role: Literal["developer"] = "developer"
    """Who offers the tools: always the developer."""
    tools: Sequence[ResponseTool]
    """The tools, in the form of the request's own `tools`."""
    id: str | UnsetType | None = UNSET
    """The item's id."""


class CustomToolCallItem(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="custom_tool_call",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
    gc=False,
):
    """The model asks for a custom tool to be run.

    Answer with a CustomToolCallOutputItem of the same `call_id`. Came with the v2.6 models.
    """

    type: ClassVar[Literal["custom_tool_call"]] = "custom_tool_call"
    """Names the kind of item."""
    call_id: str
    """Ties the call to its output. Not the item's own `id`."""
    name: str
    """The tool to run."""
    input: str
    """What to run it with, in the tool's format; empty when the call has just begun in a stream."""
    id: str | UnsetType | None = UNSET
    """The item's id."""
    namespace: str | UnsetType | None = UNSET
    """The namespace the tool was offered in."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"call_id": "", "name": "", "input": ""}


class CustomToolCallOutputItem(
    Struct,
    kw_only=True,
    tag_field="type",
    tag="custom_tool_call_output",
    forbid_unknown_fields=True,
    repr_omit_defaults=True,
):
    """What a custom tool gave back. Came with the v2.6 models."""

    type: ClassVar[Literal["custom_tool_call_output"]] = "custom_tool_call_output"
    """Names the kind of item."""
    call_id: str
    """The `call_id` of the call that this answers."""
    output: str | list[ToolOutputContent]
    """The result: a string, or a list of parts."""
    id: str | UnsetType | None = UNSET
    """The item's id."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"call_id": "", "output": []}


InputItem: TypeAlias = (
    MessageItem
    | FunctionCallItem
    | FunctionCallOutputItem
    | ReasoningItem
    | AgentMessageItem
    | AdditionalToolsItem
    | CustomToolCallItem
    | CustomToolCallOutputItem
    | OutputMessage
    | Unknown
)
"""One step of the conversation that a request carries. An item without `type` is a message."""
