# Generated from spec/chat_messages.json by `python -m codegen`. Do not edit: change the schema and run that again.
"""Chat messages.

What a Chat Completions conversation is made of: messages, their parts, and the tool calls that go both ways.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from mimo_proto.unknown import STATIC_ONLY

if TYPE_CHECKING:
    from mimo_proto.unknown import Unknown

    from .chat_response import ChatCompletionMessage
else:
    ChatCompletionMessage = Unknown = STATIC_ONLY

__all__ = [
    "TextPart",
    "ImageURL",
    "ImagePart",
    "AudioData",
    "AudioPart",
    "VideoURL",
    "VideoPart",
    "ContentPart",
    "FunctionCall",
    "ToolCall",
    "DeveloperMessage",
    "SystemMessage",
    "UserMessage",
    "AssistantMessage",
    "ToolMessage",
    "ChatMessage",
]


class TextPart(Struct, kw_only=True, tag_field="type", tag="text", gc=False):
    """A piece of text within a message."""

    type: ClassVar[Literal["text"]] = "text"
    """Marks the part as text."""
    text: str
    """The text."""


class ImageURL(Struct, kw_only=True, gc=False):
    """Where an image is to be had. There is no `detail`."""

    url: str
    """An http(s) address or a base64 data URL: JPEG, PNG, GIF, WebP or BMP, up to 50 MB either way.

    Examples: `"https://example.com/cat.png"`, `"data:image/png;base64,iVBORw0KGgo="`.
    """


class ImagePart(Struct, kw_only=True, tag_field="type", tag="image_url"):
    """An image within a message: taken by mimo-v2.6-pro, -flash, -pro-ultraspeed and mimo-v2.5.

    mimo-v2.5-pro reads text only and answers 404, also in later turns for as long as an image stays in the history.
    """

    type: ClassVar[Literal["image_url"]] = "image_url"
    """Marks the part as an image."""
    image_url: ImageURL
    """The image."""


class AudioData(Struct, kw_only=True, gc=False):
    """Sound, or where it is to be had."""

    data: str
    """An http(s) address or a base64 data URL: MP3, WAV, FLAC, M4A or OGG, up to 100 MB by address and 50 MB in base64.

    The speech recognition model takes no address: a data URL, or bare base64 beside `format`, up to 10 MB of base64,
    MP3 or WAV. Examples: `"https://example.com/speech.wav"`, `"data:audio/wav;base64,UklGRg=="`.
    """
    format: Literal["mp3", "wav"] | UnsetType = UNSET
    """Speech recognition only: what `data` holds.

    Needed when `data` is bare base64; beside a data URL it must agree with the media type there (`audio/mpeg` or
    `audio/mp3`; `audio/wav`).
    """


class AudioPart(Struct, kw_only=True, tag_field="type", tag="input_audio"):
    """Sound within a message: taken by mimo-v2.6-pro, -flash, -pro-ultraspeed, mimo-v2.5 and, alone in its message, the
    speech recognition model. About 6.25 tokens a second.
    """

    type: ClassVar[Literal["input_audio"]] = "input_audio"
    """Marks the part as sound."""
    input_audio: AudioData
    """The sound."""


class VideoURL(Struct, kw_only=True, gc=False):
    """Where a video is to be had."""

    url: str
    """An http(s) address or a base64 data URL: MP4, MOV, AVI or WMV, up to 300 MB by address and 50 MB in base64.

    Examples: `"https://example.com/clip.mp4"`.
    """


class VideoPart(Struct, kw_only=True, tag_field="type", tag="video_url"):
    """A video within a message: taken by mimo-v2.6-pro, -flash, -pro-ultraspeed and mimo-v2.5.

    At most 2,048 frames and 131,072 tokens of pictures; its sound track counts as audio tokens.
    """

    type: ClassVar[Literal["video_url"]] = "video_url"
    """Marks the part as a video."""
    video_url: VideoURL
    """The video."""
    fps: Annotated[float, Meta(ge=0.1, le=10.0)] | UnsetType = UNSET
    """Frames looked at per second of video. It stands beside `video_url`, not inside it. The server's default: `2`."""
    media_resolution: Literal["default", "max"] | UnsetType = UNSET
    """How finely each frame is looked at: `max` costs more tokens.

    It stands beside `video_url`, not inside it. The server's default: `"default"`.
    """


ContentPart: TypeAlias = TextPart | ImagePart | AudioPart | VideoPart | Unknown
"""One piece of a message: text, an image, sound or a video. Files (`file`, `input_file`) are refused with 400."""


class FunctionCall(Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, gc=False):
    """Which function the model wants called, and with what."""

    name: str
    """The function's name, as the request's `tools` gave it."""
    arguments: str
    """The arguments as JSON text. The model wrote it: it may be no valid JSON, or not fit the function's schema."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"name": "", "arguments": ""}


class ToolCall(Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True):
    """One call that the model asks for; answer it with a `ToolMessage` that has the same id."""

    id: str
    """Names the call within the conversation. Examples: `"call_0123456789abcdef01234567"`."""
    type: Literal["function"] | str = "function"
    """The kind of tool: always `function`."""
    function: FunctionCall
    """The function and its arguments."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True
    __absent__: ClassVar[Mapping[str, Any]] = {"id": ""}


class DeveloperMessage(Struct, kw_only=True, tag_field="role", tag="developer"):
    """Instructions from whoever builds the application."""

    role: ClassVar[Literal["developer"]] = "developer"
    """Marks the message as the developer's."""
    content: str | Sequence[TextPart]
    """The instructions: a text, or a list of texts."""
    name: str | UnsetType = UNSET
    """Tells speakers of the same role apart."""


class SystemMessage(Struct, kw_only=True, tag_field="role", tag="system"):
    """Instructions that set the scene for the whole conversation."""

    role: ClassVar[Literal["system"]] = "system"
    """Marks the message as the system's."""
    content: str | Sequence[TextPart]
    """The instructions: a text, or a list of texts."""
    name: str | UnsetType = UNSET
    """Tells speakers of the same role apart."""


class UserMessage(Struct, kw_only=True, tag_field="role", tag="user"):
    """What the user says or shows.

    For the speech synthesis models it describes the style or the voice, as text; for speech recognition it holds one
    audio part in a list.
    """

    role: ClassVar[Literal["user"]] = "user"
    """Marks the message as the user's."""
    content: str | Sequence[ContentPart]
    """A text, or a list of texts, images, sound and videos (media on the models that take them)."""
    name: str | UnsetType = UNSET
    """Tells speakers of the same role apart. Not offered by the speech models."""


class AssistantMessage(Struct, kw_only=True, tag_field="role", tag="assistant"):
    """What the model said earlier. For the speech synthesis models: the text to be spoken."""

    role: ClassVar[Literal["assistant"]] = "assistant"
    """Marks the message as the model's."""
    content: str | Sequence[TextPart] | UnsetType = UNSET
    """The answer: a text, or a list of texts.

    Needed unless there are `tool_calls`. Where the reply had null, send an empty text: null beside tool calls has been
    refused with 400.
    """
    name: str | UnsetType = UNSET
    """Tells speakers of the same role apart. Not offered by the speech models."""
    tool_calls: Sequence[ToolCall] | UnsetType | None = UNSET
    """The calls that the model asked for. Null is what its own replies say for none."""
    reasoning_content: str | UnsetType | None = UNSET
    """The thinking that came with this message, given back as it came.

    With thinking on, each earlier message that has `tool_calls` needs it, or the call is refused with 400. Not in the
    request table, but asked for by MiMo's page on thinking and enforced since about May 2026. An empty text has been
    used where the original was lost.
    """
    reasoning: str | UnsetType | None = UNSET
    """The thinking under the name that some servers of MiMo's weights give it, given back as it came.

    In no table of MiMo's.
    """
    reasoning_details: Sequence[Any] | UnsetType | None = UNSET
    """The thinking in pieces, as some gateways send it, given back as it came: objects with a `type`, in an order that
    counts. In no table of MiMo's.
    """
    refusal: str | UnsetType | None = UNSET
    """Why the model would not answer, in its own words, given back as it came. In no table of MiMo's."""


class ToolMessage(Struct, kw_only=True, tag_field="role", tag="tool"):
    """What a called function gave back."""

    role: ClassVar[Literal["tool"]] = "tool"
    """Marks the message as a tool's."""
    tool_call_id: str
    """The id of the `ToolCall` that this answers."""
    content: str | Sequence[ContentPart]
    """The result: a text, or a list of texts, images, sound and videos (media on the models that take them).

    Until the v2.6 models came, only text was taken here, and an image was refused with 400.
    """


ChatMessage: TypeAlias = (
    DeveloperMessage | SystemMessage | UserMessage | AssistantMessage | ToolMessage | ChatCompletionMessage | Unknown
)
"""One turn of the conversation.

A reply's message may be put here as it came; `to_request` brings it into the form that MiMo takes back.
"""
