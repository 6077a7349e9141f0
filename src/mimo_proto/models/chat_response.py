# Generated from spec/chat_response.json by `python -m codegen`. Do not edit: change the schema and run that again.
"""Chat response. What `POST {base}/chat/completions` answers: one completion, or a stream of chunks."""

from types import NoneType
from typing import Any, ClassVar, Literal, TypeAlias

from msgspec import Struct, field

from .chat_messages import ToolCall
from .errors import ErrorDetail

__all__ = [
    "FinishReason",
    "Annotation",
    "AudioOutput",
    "ChatCompletionMessage",
    "CompletionTokensDetails",
    "PromptTokensDetails",
    "WebSearchUsage",
    "CompletionUsage",
    "Choice",
    "ChatCompletion",
    "DeltaFunctionCall",
    "DeltaToolCall",
    "ChoiceDelta",
    "ChunkChoice",
    "ChatCompletionChunk",
]

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "repetition_truncation"] | str
"""Why the answer ended: by itself (`stop`), at the token limit (`length`), to have tools called (`tool_calls`), by
moderation (`content_filter`), or because the model went in circles (`repetition_truncation`).
"""


class Annotation(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """A source that the web search found. Flat, unlike OpenAI's, and without a place in the text."""

    type: Literal["url_citation"] | str | None = None
    """The kind of source: `url_citation` in every one seen."""
    url: str | None = None
    """The page's address."""
    title: str | None = None
    """The page's title."""
    summary: str | None = None
    """What the page says, in short."""
    site_name: str | None = None
    """The site that the page belongs to."""
    publish_time: str | None = None
    """When the page came out.

    Usually ISO 8601 with an offset; forms without an offset have been seen, so it is plain text. Examples:
    `"2026-04-22T11:24:12+08:00"`.
    """
    logo_url: str | None = None
    """The address of the site's icon."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True


class AudioOutput(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """Spoken sound: whole in a reply, a piece of it in a chunk."""

    id: str | None = None
    """Names the sound."""
    data: str | None = None
    """The sound in base64, in the format that the request asked for.

    In a stream each chunk is encoded by itself: decode first, then join the bytes.
    """
    expires_at: int | float | None = None
    """When the sound lapses, in Unix seconds; MiMo always says null."""
    transcript: str | None = None
    """The spoken text; MiMo always says null."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True


class ChatCompletionMessage(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True
):
    """The model's answer.

    Put it into the next request's `messages` (through `to_request`) to go on with the conversation.
    """

    role: Literal["assistant"] | str | None = None
    """Whose message it is: always `assistant`."""
    content: str | None = None
    """The answer's words.

    Empty or null beside tool calls; at times empty with the whole answer in `reasoning_content`.
    """
    reasoning_content: str | None = None
    """The model's thinking.

    Absent when thinking is off, and from the speech models. Give it back in the next turn when there are tool calls.
    """
    reasoning: str | None = None
    """The thinking under another name.

    In no table of MiMo's: servers of MiMo's weights send it, in place of `reasoning_content` or beside it.
    """
    reasoning_details: list[Any] | None = None
    """The thinking in pieces: objects with a `type`, in an order that counts.

    In no table of MiMo's: gateways send it.
    """
    refusal: str | None = None
    """Why the model would not answer, in its own words.

    In no table of MiMo's: servers of MiMo's weights send it, mostly null.
    """
    tool_calls: list[ToolCall] | None = None
    """The calls that the model asks for; null when there are none."""
    annotations: list[Annotation] | None = None
    """The web search's sources, in the server's order."""
    error_message: str | None = None
    """What went wrong in the web search, although the call succeeded."""
    audio: AudioOutput | None = None
    """Speech synthesis: the spoken sound. Speech recognition says null."""
    final_text_preview: str | None = None
    """Voice design with `optimize_text_preview`: the text that was spoken."""
    audio_tokens: list[Any] | None = None
    """An empty list in MiMo's example of speech recognition; it is in no table, and what it would hold is not known."""
    __received__: ClassVar[bool] = True
    __sent_back__: ClassVar[bool] = True


class CompletionTokensDetails(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """What the completion tokens went into."""

    reasoning_tokens: int | None = None
    """Tokens of thinking, counted in `completion_tokens`. 0 from the speech models."""
    __received__: ClassVar[bool] = True


class PromptTokensDetails(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """What the prompt tokens came from. Each count is there only where it applies; the object may be empty."""

    cached_tokens: int | None = None
    """Tokens of the prompt that were found in the cache, and cost less."""
    audio_tokens: int | None = None
    """Tokens of sound, sound tracks of videos included."""
    image_tokens: int | None = None
    """Tokens of images."""
    video_tokens: int | None = None
    """Tokens of videos' pictures."""
    __received__: ClassVar[bool] = True


class WebSearchUsage(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """What the web search did, and is billed for."""

    tool_usage: int | None = None
    """Searches made."""
    page_usage: int | None = None
    """Pages that the searches brought."""
    __received__: ClassVar[bool] = True


class CompletionUsage(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """What the call consumed, in tokens."""

    prompt_tokens: int | None = None
    """Tokens of the request."""
    completion_tokens: int | None = None
    """Tokens of the answer, thinking included."""
    total_tokens: int | None = None
    """The two together."""
    completion_tokens_details: CompletionTokensDetails | None = None
    """What the completion tokens went into."""
    prompt_tokens_details: PromptTokensDetails | None = None
    """What the prompt tokens came from. Null, empty and filled have all been seen."""
    web_search_usage: WebSearchUsage | None = None
    """There when the web search was used."""
    seconds: int | None = None
    """Speech recognition: the length of the sound, in seconds."""
    __received__: ClassVar[bool] = True


class Choice(Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False):
    """One answer. MiMo gives one per call."""

    index: int | None = None
    """The answer's place among the choices, from 0."""
    message: ChatCompletionMessage
    """The answer."""
    finish_reason: FinishReason | None = None
    """Why the answer ended."""
    error: ErrorDetail | str | None = None
    """What went wrong with this answer, although the call succeeded.

    Reading a reply raises it; only one that says nothing (`{}`, `""`) is left here. In no table of MiMo's: gateways
    send it.
    """
    __received__: ClassVar[bool] = True


class ChatCompletion(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """The answer to a chat request that did not ask for a stream, or the sum of a stream."""

    id: str | None = None
    """Names the call.

    32 hex digits from the v2.5 models, a UUID, `_` and 32 hex digits from v2.6: take it as opaque.
    """
    object: Literal["chat.completion"] | str | None = None
    """What this object is: always `chat.completion`."""
    created: int | float | None = None
    """When the answer was made, in Unix seconds."""
    model: str | None = None
    """The model that answered."""
    choices: list[Choice]
    """The answers: one."""
    usage: CompletionUsage | None = None
    """What the call consumed."""
    error: ErrorDetail | str | None = None
    """What went wrong, although the call succeeded.

    Reading a reply raises it; only one that says nothing (`{}`, `""`) is left here. In no table of MiMo's: gateways
    send it.
    """
    __received__: ClassVar[bool] = True


class DeltaFunctionCall(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """A piece of a function call."""

    name: str | None = None
    """The function's name: in the first piece of a call, null later."""
    arguments: str | None = None
    """The next piece of the arguments' JSON text: append it to what came before."""
    __received__: ClassVar[bool] = True


class DeltaToolCall(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """A piece of a tool call. Pieces with the same `index` belong together."""

    index: int | None = None
    """Which call of the message this is a piece of, from 0."""
    id: str | None = None
    """The call's id: in its first piece, null later."""
    type: str | None = None
    """The kind of tool: always `function`, in every piece. Examples: `"function"`."""
    function: DeltaFunctionCall | None = None
    """The piece."""
    __received__: ClassVar[bool] = True


class ChoiceDelta(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """What a chunk adds to the answer. Null is filler: it adds nothing."""

    role: str | None = None
    """`assistant` in the first chunk, null or absent later. Examples: `"assistant"`."""
    content: str | None = None
    """The next words of the answer; null while the model thinks."""
    reasoning_content: str | None = None
    """The next words of the thinking, which comes before the answer; null after it."""
    reasoning: str | None = None
    """The next words of the thinking, under another name.

    In no table of MiMo's: servers of MiMo's weights send it, in place of `reasoning_content` or beside it.
    """
    reasoning_details: list[Any] | None = None
    """The next pieces of the thinking: objects, those with the same `index` belong together.

    In no table of MiMo's: gateways send it.
    """
    refusal: str | None = None
    """The next words of why the model would not answer.

    In no table of MiMo's: servers of MiMo's weights send it, mostly null.
    """
    tool_calls: list[DeltaToolCall] | None = None
    """Pieces of tool calls."""
    annotations: list[Annotation] | None = None
    """Sources of the web search, to be added to those before.

    They come at the start, in one chunk or spread over several.
    """
    error_message: str | None = None
    """What went wrong in the web search, although the call goes on."""
    audio: AudioOutput | None = None
    """Speech synthesis: the next piece of sound."""
    final_text_preview: str | None = None
    """Voice design with `optimize_text_preview`: the text that is spoken."""
    audio_tokens: list[Any] | None = None
    """As in `ChatCompletionMessage`; not seen in a stream so far."""
    __received__: ClassVar[bool] = True


class ChunkChoice(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """One answer's share of a chunk."""

    index: int | None = None
    """Which answer this belongs to, from 0."""
    delta: ChoiceDelta = field(default_factory=ChoiceDelta)
    """What is added."""
    finish_reason: FinishReason | None = field(default_factory=NoneType)
    """Null until the answer's last chunk, which says why it ended."""
    message: ChatCompletionMessage | None = None
    """The whole answer, where a server sends it in place of the last delta or beside it.

    In no table of MiMo's: gateways send it.
    """
    usage: CompletionUsage | None = None
    """What the call consumed, where a server says it here and not in the chunk.

    In no table of MiMo's: other servers of this protocol send it.
    """
    error: ErrorDetail | str | None = None
    """An error of this answer after the stream has begun.

    A stream decoder raises it; only one that says nothing (`{}`, `""`) is left here. In no table of MiMo's: gateways
    send it.
    """
    __received__: ClassVar[bool] = True


class ChatCompletionChunk(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """One event of a streamed answer.

    The order: role, thinking, words or tool calls, the finish reason, usage, then `[DONE]`.
    """

    id: str | None = None
    """Names the call; the same in every chunk."""
    object: Literal["chat.completion.chunk"] | str | None = None
    """What this object is: always `chat.completion.chunk`."""
    created: int | float | None = None
    """In Unix seconds. It moves from chunk to chunk, against what MiMo's table says; the first counts."""
    model: str | None = None
    """The model that answers."""
    choices: list[ChunkChoice]
    """What is added to each answer; empty in the chunk that brings `usage`."""
    usage: CompletionUsage | None = None
    """What the call consumed: in the last chunk only, asked for or not; null or absent in the others."""
    error: ErrorDetail | str | None = None
    """An error after the stream has begun.

    A stream decoder raises it; only with one that says nothing (`{}`, `""`) a chunk is handed out.
    """
    __received__: ClassVar[bool] = True
