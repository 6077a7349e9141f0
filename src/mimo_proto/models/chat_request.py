# Generated from spec/chat_request.json by `python -m codegen`. Do not edit: change the schema and run that again.
"""Chat request.

The body of `POST {base}/chat/completions`: text and media models, speech synthesis and speech recognition.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Required, TypeAlias, TypedDict

from msgspec import UNSET, Meta, Struct, UnsetType

from mimo_proto.unknown import STATIC_ONLY

from .chat_messages import ChatMessage

if TYPE_CHECKING:
    from mimo_proto.unknown import Unknown
else:
    Unknown = STATIC_ONLY

__all__ = [
    "FunctionDefinition",
    "FunctionTool",
    "UserLocation",
    "WebSearchTool",
    "ChatTool",
    "Thinking",
    "ResponseFormat",
    "AudioOptions",
    "ASROptions",
    "ChatCompletionRequest",
    "ChatCompletionRequestFields",
]


class FunctionDefinition(Struct, kw_only=True):
    """A function that the model may ask for."""

    name: Annotated[str, Meta(max_length=64, min_length=1, pattern="^[a-zA-Z0-9_-]+$")]
    """The function's name: 1 to 64 characters out of letters, digits, `_` and `-`."""
    description: str | UnsetType = UNSET
    """What the function does and when to use it, for the model to read."""
    parameters: Mapping[str, Any] | UnsetType = UNSET
    """A JSON Schema of the arguments; absent means that it takes none."""
    strict: bool | UnsetType = UNSET
    """Whether the arguments must follow the schema to the letter; JSON Schema is then supported in part only.

    The server's default: `false`.
    """


class FunctionTool(Struct, kw_only=True, tag_field="type", tag="function"):
    """Offers the model a function of yours."""

    type: ClassVar[Literal["function"]] = "function"
    """Marks the tool as a function."""
    function: FunctionDefinition
    """The function."""


class UserLocation(Struct, kw_only=True, gc=False):
    """Roughly where the user is, so that a search can favour what is near."""

    type: Literal["approximate"] = "approximate"
    """How exact the place is: always `approximate`."""
    country: str | UnsetType = UNSET
    """The country's name. Examples: `"China"`."""
    region: str | UnsetType = UNSET
    """The province or state. Examples: `"Hubei"`."""
    city: str | UnsetType = UNSET
    """The city. Examples: `"Wuhan"`."""
    district: str | UnsetType = UNSET
    """The district within the city."""
    longitude: float | UnsetType = UNSET
    """Degrees east. MiMo's table speaks of a whole number; whether decimals are taken is not known."""
    latitude: float | UnsetType = UNSET
    """Degrees north. MiMo's table speaks of a whole number; whether decimals are taken is not known."""


class WebSearchTool(Struct, kw_only=True, tag_field="type", tag="web_search"):
    """Lets MiMo search the web before it answers; sources arrive as `annotations`.

    Chat only, billed per search, and to be switched on in MiMo's console first (else the call is refused).
    """

    type: ClassVar[Literal["web_search"]] = "web_search"
    """Marks the tool as the web search."""
    force_search: bool | UnsetType = UNSET
    """Ask for a search even where the model sees no need.

    No guarantee: two of three such calls were seen to search. An older table had it as a string. The server's default:
    `false`.
    """
    max_keyword: Annotated[int, Meta(ge=1, le=50)] | UnsetType = UNSET
    """How many keywords one search may use, at most.

    Each may count as a search of its own on the bill. The server's default: `5`.
    """
    limit: Annotated[int, Meta(ge=1, le=50)] | UnsetType = UNSET
    """How many results one search may bring, at most. The server's default: `5`."""
    user_location: UserLocation | UnsetType = UNSET
    """Where the user is."""


ChatTool: TypeAlias = FunctionTool | WebSearchTool | Unknown
"""A tool for the model: a function of yours, or MiMo's web search. Any other type is refused with 400."""


class Thinking(Struct, kw_only=True, gc=False):
    """Switches thinking before the answer on or off."""

    type: Literal["enabled", "disabled"]
    """`enabled` is the default of every current model, `disabled` that of the retired mimo-v2-flash."""


class ResponseFormat(Struct, kw_only=True, gc=False):
    """The form of the answer."""

    type: Literal["text", "json_object"]
    """`json_object` for an answer that is JSON (the prompt must ask for it as well), `text` for free text.

    There is no `json_schema`: check the answer against your schema yourself.
    """


class AudioOptions(Struct, kw_only=True, gc=False):
    """How a speech synthesis model (mimo-v2.5-tts and its kin) is to speak."""

    format: Literal["wav", "mp3", "pcm", "pcm16"] | UnsetType = UNSET
    """The container of the sound.

    Default `wav`, or `pcm` when streaming; `pcm` and `pcm16` are the same: 16-bit little-endian samples.
    """
    voice: str | UnsetType = UNSET
    """Who speaks.

    mimo-v2.5-tts: a voice by name (default `mimo_default`). -voiceclone: needed, a sample in MP3 or WAV as a data URL.
    -voicedesign: not allowed, the user message describes the voice. MiMo's page writes `Mia`, `Chloe`, `Milo`, `Dean`;
    in October 2026 `mia` was taken and `Mia` answered with 400, and nobody tried the others. Examples:
    `"mimo_default"`, `"冰糖"`, `"茉莉"`, `"苏打"`, `"白桦"`, `"mia"`, `"chloe"`, `"milo"`, `"dean"`.
    """
    optimize_text_preview: bool | UnsetType = UNSET
    """-voicedesign only: let MiMo polish the text before it is spoken, or write one if the assistant message is left
    out; the reply's `final_text_preview` tells what was spoken. The server's default: `false`.
    """


class ASROptions(Struct, kw_only=True, gc=False):
    """How the speech recognition model (mimo-v2.5-asr) is to listen."""

    language: Literal["auto", "zh", "en"] | UnsetType = UNSET
    """The spoken language: Chinese, English, or found out by the model. The server's default: `"auto"`."""


class ChatCompletionRequest(Struct, kw_only=True):
    """A request for a chat completion. Only `model` and `messages` are needed."""

    model: (
        Literal[
            "mimo-v2.6-pro",
            "mimo-v2.6-flash",
            "mimo-v2.6-pro-ultraspeed",
            "mimo-v2.5-pro",
            "mimo-v2.5",
            "mimo-v2.5-tts",
            "mimo-v2.5-tts-voicedesign",
            "mimo-v2.5-tts-voiceclone",
            "mimo-v2.5-asr",
        ]
        | str
    )
    """Which model answers.

    Upper and lower case matter. The set changes (`GET {base}/models` tells it), so any string is taken. Known:
    `"mimo-v2.6-pro"`, `"mimo-v2.6-flash"`, `"mimo-v2.6-pro-ultraspeed"`, `"mimo-v2.5-pro"`, `"mimo-v2.5"`,
    `"mimo-v2.5-tts"`, `"mimo-v2.5-tts-voicedesign"`, `"mimo-v2.5-tts-voiceclone"`, `"mimo-v2.5-asr"`.
    """
    messages: Sequence[ChatMessage]
    """The whole conversation so far, oldest first: MiMo keeps no state between calls."""
    frequency_penalty: Annotated[float, Meta(ge=-2.0, le=2.0)] | UnsetType | None = UNSET
    """Above 0, words become less likely the more often they have come; below 0, more likely.

    The server's default: `0`.
    """
    presence_penalty: Annotated[float, Meta(ge=-2.0, le=2.0)] | UnsetType | None = UNSET
    """Above 0, words that have come at all become less likely; below 0, more likely. The server's default: `0`."""
    max_completion_tokens: Annotated[int, Meta(ge=1, le=131072)] | UnsetType | None = UNSET
    """At most this many tokens in the answer, those of thinking included.

    Default and cap by model: 131072 for mimo-v2.6-*, -v2.5-pro and -v2-pro; default 32768 for -v2.5 and -v2-omni, 65536
    for -v2-flash; 8192 for speech synthesis, which is its cap as well. More than the model's cap is refused with 400.
    """
    response_format: ResponseFormat | UnsetType = UNSET
    """The form of the answer; free text unless told otherwise. Not for speech synthesis."""
    stop: str | Annotated[Sequence[str], Meta(max_length=4)] | UnsetType | None = UNSET
    """The answer ends before any of these texts, at most 4 of them.

    Not for speech synthesis. The server's default: `null`.
    """
    stream: bool | UnsetType | None = UNSET
    """Whether the answer comes in pieces, as server-sent events.

    The client's methods set it. The server's default: `false`.
    """
    thinking: Thinking | UnsetType = UNSET
    """Whether the model thinks first; on by default with all current models. Not for speech synthesis."""
    temperature: Annotated[float, Meta(ge=0.0, le=1.5)] | UnsetType = UNSET
    """How freely words are chosen.

    Default 1.0 (mimo-v2-flash 0.3, speech synthesis 0.6). While thinking is on, which is the default, MiMo takes 1.0
    whatever is sent. The server's default: `1.0`.
    """
    top_p: Annotated[float, Meta(ge=0.01, le=1.0)] | UnsetType = UNSET
    """Choose only among the likeliest words that together have this probability.

    While thinking is on, which is the default, MiMo takes 0.95 whatever is sent. The server's default: `0.95`.
    """
    tool_choice: str | UnsetType = UNSET
    """`auto`: the model decides about calling tools.

    MiMo silently drops every other value, so nothing else has an effect. Not for speech synthesis. Examples: `"auto"`.
    """
    tools: Sequence[ChatTool] | UnsetType = UNSET
    """The tools that the model may use. Not for speech synthesis."""
    audio: AudioOptions | UnsetType = UNSET
    """Speech synthesis only: sound format and voice."""
    asr_options: ASROptions | UnsetType = UNSET
    """Speech recognition only: the spoken language."""


class ChatCompletionRequestFields(TypedDict, total=False):
    """The keyword arguments that make a `ChatCompletionRequest`; nested objects as dicts too."""

    model: Required[
        Literal[
            "mimo-v2.6-pro",
            "mimo-v2.6-flash",
            "mimo-v2.6-pro-ultraspeed",
            "mimo-v2.5-pro",
            "mimo-v2.5",
            "mimo-v2.5-tts",
            "mimo-v2.5-tts-voicedesign",
            "mimo-v2.5-tts-voiceclone",
            "mimo-v2.5-asr",
        ]
        | str
    ]
    messages: Required[Sequence[ChatMessage | Mapping[str, Any]]]
    frequency_penalty: float | None
    presence_penalty: float | None
    max_completion_tokens: int | None
    response_format: ResponseFormat | Mapping[str, Any]
    stop: str | Sequence[str] | None
    stream: bool | None
    thinking: Thinking | Mapping[str, Any]
    temperature: float
    top_p: float
    tool_choice: str
    tools: Sequence[ChatTool | Mapping[str, Any]]
    audio: AudioOptions | Mapping[str, Any]
    asr_options: ASROptions | Mapping[str, Any]
