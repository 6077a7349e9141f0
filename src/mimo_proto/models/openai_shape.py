# Generated from spec/facts/openai_shape.json by `python -m codegen`. Do not edit: change the facts and run that again.
"""OpenAI's shape.

What clients that hold replies to OpenAI's types want of an object, and MiMo's lack or have otherwise.
"""

from msgspec import Struct

__all__ = ["OpenAIField", "OPENAI_SHAPE"]


class OpenAIField(Struct, frozen=True, kw_only=True):
    """One field of OpenAI's."""

    objects: tuple[str, ...]
    """The definitions of the spec whose objects are written so, learned fields and overlays included."""
    field: str
    """The field's name in JSON."""
    absent: str
    """What is written where the field is absent or null, as JSON text: the empty value of its type, or the constant
    that it always is.
    """
    known: tuple[str, ...] = ()
    """The values that the type takes; any where there are none. An empty text counts as absent then."""
    other: str = ""
    """What is written in place of a value that is not known, as JSON text."""
    nests: bool = False
    """Whether the field is an object into which all other fields go, but for `type`; what is absent in it is as
    `absent` says.
    """
    source: str
    """Where OpenAI's type stands: openai 3.54.0, key OPENAI of spec/SOURCES.md."""


OPENAI_SHAPE: tuple[OpenAIField, ...] = (
    OpenAIField(
        objects=("ChatCompletion",), field="id", absent='""', source="openai-python types/chat/chat_completion.py"
    ),
    OpenAIField(
        objects=("ChatCompletion",),
        field="object",
        absent='"chat.completion"',
        source="openai-python types/chat/chat_completion.py",
    ),
    OpenAIField(
        objects=("ChatCompletion",), field="created", absent="0", source="openai-python types/chat/chat_completion.py"
    ),
    OpenAIField(
        objects=("ChatCompletion",), field="model", absent='""', source="openai-python types/chat/chat_completion.py"
    ),
    OpenAIField(
        objects=("ChatCompletionChunk",),
        field="id",
        absent='""',
        source="openai-python types/chat/chat_completion_chunk.py",
    ),
    OpenAIField(
        objects=("ChatCompletionChunk",),
        field="object",
        absent='"chat.completion.chunk"',
        source="openai-python types/chat/chat_completion_chunk.py",
    ),
    OpenAIField(
        objects=("ChatCompletionChunk",),
        field="created",
        absent="0",
        source="openai-python types/chat/chat_completion_chunk.py",
    ),
    OpenAIField(
        objects=("ChatCompletionChunk",),
        field="model",
        absent='""',
        source="openai-python types/chat/chat_completion_chunk.py",
    ),
    OpenAIField(
        objects=("Choice",),
        field="finish_reason",
        absent='"length"',
        known=("stop", "length", "tool_calls", "content_filter", "function_call"),
        other='"length"',
        source="openai-python types/chat/chat_completion.py",
    ),
    OpenAIField(
        objects=("Choice",), field="logprobs", absent="null", source="openai-python types/chat/chat_completion.py"
    ),
    OpenAIField(
        objects=("ChunkChoice",),
        field="finish_reason",
        absent="null",
        known=("stop", "length", "tool_calls", "content_filter", "function_call"),
        other='"length"',
        source="openai-python types/chat/chat_completion_chunk.py",
    ),
    OpenAIField(
        objects=("ChatCompletionMessage",),
        field="role",
        absent='"assistant"',
        source="openai-python types/chat/chat_completion_message.py",
    ),
    OpenAIField(
        objects=("ChatCompletionMessage",),
        field="content",
        absent='""',
        source="openai-python types/chat/chat_completion_message.py",
    ),
    OpenAIField(
        objects=("ChatCompletionMessage",),
        field="refusal",
        absent="null",
        source="openai-python types/chat/chat_completion_message.py",
    ),
    OpenAIField(
        objects=("ChatCompletionMessage",),
        field="annotations",
        absent="[]",
        source="openai-python types/chat/chat_completion_message.py",
    ),
    OpenAIField(
        objects=("Annotation",),
        field="type",
        absent='"url_citation"',
        source="openai-python types/chat/chat_completion_message.py",
    ),
    OpenAIField(
        objects=("Annotation",),
        field="url_citation",
        absent='{"url": "", "title": "", "start_index": 0, "end_index": 0}',
        nests=True,
        source="openai-python types/chat/chat_completion_message.py",
    ),
    OpenAIField(
        objects=("AudioOutput",), field="id", absent='""', source="openai-python types/chat/chat_completion_audio.py"
    ),
    OpenAIField(
        objects=("AudioOutput",), field="data", absent='""', source="openai-python types/chat/chat_completion_audio.py"
    ),
    OpenAIField(
        objects=("AudioOutput",),
        field="expires_at",
        absent="0",
        source="openai-python types/chat/chat_completion_audio.py",
    ),
    OpenAIField(
        objects=("AudioOutput",),
        field="transcript",
        absent='""',
        source="openai-python types/chat/chat_completion_audio.py",
    ),
    OpenAIField(
        objects=("DeltaFunctionCall",),
        field="arguments",
        absent='""',
        source="openai-python types/chat/chat_completion_chunk.py",
    ),
    OpenAIField(
        objects=("CompletionUsage",),
        field="prompt_tokens_details",
        absent='{"cached_tokens": 0, "audio_tokens": 0}',
        source="openai-python types/completion_usage.py",
    ),
    OpenAIField(
        objects=("CompletionUsage",),
        field="completion_tokens_details",
        absent='{"reasoning_tokens": 0}',
        source="openai-python types/completion_usage.py",
    ),
    OpenAIField(
        objects=("PromptTokensDetails",),
        field="cached_tokens",
        absent="0",
        source="openai-python types/completion_usage.py",
    ),
    OpenAIField(
        objects=("PromptTokensDetails",),
        field="audio_tokens",
        absent="0",
        source="openai-python types/completion_usage.py",
    ),
    OpenAIField(
        objects=("CompletionTokensDetails",),
        field="reasoning_tokens",
        absent="0",
        source="openai-python types/completion_usage.py",
    ),
    OpenAIField(objects=("Model",), field="object", absent='"model"', source="openai-python types/model.py"),
    OpenAIField(objects=("Model",), field="created", absent="0", source="openai-python types/model.py"),
    OpenAIField(objects=("Model",), field="owned_by", absent='""', source="openai-python types/model.py"),
    OpenAIField(objects=("ModelList",), field="object", absent='"list"', source="openai-python types/../pagination.py"),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="id",
        absent='""',
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="object",
        absent='"response"',
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="created_at",
        absent="0",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="model",
        absent='""',
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="output",
        absent="[]",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="tools",
        absent="[]",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="tool_choice",
        absent='"auto"',
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="parallel_tool_calls",
        absent="true",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="error",
        absent="null",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="incomplete_details",
        absent="null",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="instructions",
        absent="null",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="metadata",
        absent="null",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="temperature",
        absent="null",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="top_p",
        absent="null",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="max_output_tokens",
        absent="null",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="previous_response_id",
        absent="null",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="reasoning",
        absent="null",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("Response", "ResponseSnapshot"),
        field="usage",
        absent="null",
        source="openai-python types/responses/response.py",
    ),
    OpenAIField(
        objects=("ResponseUsage",),
        field="input_tokens_details",
        absent='{"cached_tokens": 0, "cache_write_tokens": 0}',
        source="openai-python types/responses/response_usage.py",
    ),
    OpenAIField(
        objects=("ResponseUsage",),
        field="output_tokens_details",
        absent='{"reasoning_tokens": 0}',
        source="openai-python types/responses/response_usage.py",
    ),
    OpenAIField(
        objects=("InputTokensDetails",),
        field="cached_tokens",
        absent="0",
        source="openai-python types/responses/response_usage.py",
    ),
    OpenAIField(
        objects=("InputTokensDetails",),
        field="cache_write_tokens",
        absent="0",
        source="openai-python types/responses/response_usage.py",
    ),
    OpenAIField(
        objects=("OutputTokensDetails",),
        field="reasoning_tokens",
        absent="0",
        source="openai-python types/responses/response_usage.py",
    ),
    OpenAIField(
        objects=("OutputMessage",),
        field="id",
        absent='""',
        source="openai-python types/responses/response_output_message.py",
    ),
    OpenAIField(
        objects=("OutputMessage",),
        field="role",
        absent='"assistant"',
        source="openai-python types/responses/response_output_message.py",
    ),
    OpenAIField(
        objects=("OutputMessage",),
        field="content",
        absent="[]",
        source="openai-python types/responses/response_output_message.py",
    ),
    OpenAIField(
        objects=("OutputText",),
        field="annotations",
        absent="[]",
        source="openai-python types/responses/response_output_text.py",
    ),
    OpenAIField(
        objects=("OutputText",),
        field="logprobs",
        absent="[]",
        source="openai-python types/responses/response_output_text.py",
    ),
    OpenAIField(
        objects=("ReasoningItem",),
        field="id",
        absent='""',
        source="openai-python types/responses/response_reasoning_item.py",
    ),
    OpenAIField(
        objects=("ReasoningItem",),
        field="summary",
        absent="[]",
        source="openai-python types/responses/response_reasoning_item.py",
    ),
    OpenAIField(
        objects=("ReasoningItem",),
        field="content",
        absent="[]",
        source="openai-python types/responses/response_reasoning_item.py",
    ),
    OpenAIField(
        objects=("FunctionCallItem",),
        field="arguments",
        absent='""',
        source="openai-python types/responses/response_function_tool_call.py",
    ),
    OpenAIField(
        objects=("FunctionCallOutputItem",),
        field="output",
        absent='""',
        source="openai-python types/responses/response_function_tool_call_output_item.py",
    ),
    OpenAIField(
        objects=("CustomToolCallOutputItem",),
        field="output",
        absent='""',
        source="openai-python types/responses/response_custom_tool_call_output_item.py",
    ),
    OpenAIField(
        objects=("FunctionCallOutputItem",),
        field="id",
        absent='""',
        source="openai-python types/responses/response_function_tool_call_output_item.py",
    ),
    OpenAIField(
        objects=("FunctionCallOutputItem",),
        field="status",
        absent='"completed"',
        source="openai-python types/responses/response_function_tool_call_output_item.py",
    ),
    OpenAIField(
        objects=("CustomToolCallOutputItem",),
        field="id",
        absent='""',
        source="openai-python types/responses/response_custom_tool_call_output_item.py",
    ),
    OpenAIField(
        objects=("CustomToolCallOutputItem",),
        field="status",
        absent='"completed"',
        source="openai-python types/responses/response_custom_tool_call_output_item.py",
    ),
    OpenAIField(
        objects=("ResponseOutputTextDelta",),
        field="logprobs",
        absent="[]",
        source="openai-python types/responses/response_text_delta_event.py",
    ),
    OpenAIField(
        objects=("ResponseOutputTextDone",),
        field="logprobs",
        absent="[]",
        source="openai-python types/responses/response_text_done_event.py",
    ),
    OpenAIField(
        objects=("ResponseFunctionCallArgumentsDone",),
        field="arguments",
        absent='""',
        source="openai-python types/responses/response_function_call_arguments_done_event.py",
    ),
)
"""All fields, each object's in the order in which they are applied. What is not here is written as it is."""
