"""The answer of JSON mode, as the caller's type.

Rules:
- MiMo has no JSON Schema for answers, only `json_object`: whether the JSON fits is found out here. How it is read is in
  `model_json`.
- A fence of Markdown around the whole answer, with or without the word json, is no part of it.
- Where there is no answer to read, the error says what there is: thinking only, a refusal, calls, or an answer that was
  cut, by which limit, or that failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from mimo_proto.errors import DecodeError, LocalProtocolError
from mimo_proto.protocol.chat_deltas import REASONING
from mimo_proto.protocol.convert import Mismatch
from mimo_proto.protocol.model_json import read_model_json
from mimo_proto.protocol.response_accumulator import with_output_text
from mimo_proto.protocol.secret import without_frames

if TYPE_CHECKING:
    from mimo_proto.models import ChatCompletion, Response

__all__ = ["decode_content"]

T = TypeVar("T")

FENCE = "```"
FENCED_LANGUAGE = "json"
# What an answer may be cut by, under the names of both APIs, and what to do about it.
LENGTH = "it was cut at the token limit, in which thinking counts: give it a greater one, or turn thinking off"
CUTS = {
    "length": LENGTH,
    "max_output_tokens": LENGTH,
    "repetition_truncation": "it was cut because the model went in circles: ask again, or otherwise",
    "content_filter": "it was cut by moderation",
}
CALLS = ("function_call", "custom_tool_call")


class _Content(NamedTuple):
    """What a reply says, alike in both APIs.

    Attributes:
        text: The answer itself.
        ended: Why it ended.
        reasoning: The name of the field that thinking stands in; "" for none.
        refusal: Why the model would not answer; "" for no such text.
        calls: Whether it has tool calls.
        failure: Why the server gave up; "" where it did not.
    """

    text: str
    ended: str
    reasoning: str
    refusal: str
    calls: bool
    failure: str = ""


@overload
def decode_content(reply: ChatCompletion | Response, wanted: type[T], /) -> T: ...
@overload
def decode_content(reply: ChatCompletion | Response, wanted: Any, /) -> Any: ...
def decode_content(reply: Any, wanted: Any, /) -> Any:
    """Read the answer of a reply whose request asked for JSON.

    Args:
        reply: A `ChatCompletion`, of which the first choice counts, or a `Response`; of a stream its result.
        wanted: The type that the answer is: a Struct, or any other that msgspec decodes. An object that came as a JSON
            text is read where a Struct, a list or a dict holds it.

    Raises:
        DecodeError: The answer is not JSON, does not fit the type, is not there, or was cut; the text says which. Its
            `path` is the place in the answer, its `data` the beginning of the answer.
        ConfigurationError: msgspec cannot decode into the type.
        LocalProtocolError: It is no reply; of a `Reply` it is the `value`.
    """
    with without_frames:
        answer = _content_of(reply)
        try:
            return read_model_json(_without_fence(answer.text), wanted)
        except Mismatch as mismatch:
            problem, path = mismatch.reason, mismatch.path
        said = f"the answer is wrong at {path}: {problem}" if answer.text.strip() else _nothing_said(answer)
        failed = f"the response failed: {answer.failure!r}" if answer.failure else ""
        message = "; ".join(filter(None, [said, CUTS.get(answer.ended), failed]))
        raise DecodeError(message, path=path, data=answer.text.encode("utf-8", "replace"))


def _without_fence(text: str) -> str:
    """Give a text without the fence around it; the closing one may be missing from an answer that was cut."""
    stripped = text.strip()
    if not stripped.startswith(FENCE):
        return text
    inner = stripped.removeprefix(FENCE).removesuffix(FENCE)
    has_language = inner[: len(FENCED_LANGUAGE)].lower() == FENCED_LANGUAGE
    return inner[len(FENCED_LANGUAGE) :] if has_language else inner


def _nothing_said(answer: _Content) -> str:
    """Say what came in the place of an answer."""
    if answer.refusal:
        return f"the model would not answer: {answer.refusal!r}"
    if answer.calls:
        return "the model called tools, and gave no answer"
    if answer.reasoning:
        return f"there is no answer: what the model wrote stands in `{answer.reasoning}` only"
    return "there is no answer"


def _content_of(reply: Any) -> _Content:
    if hasattr(reply, "choices"):
        return _chat_content(reply)
    if hasattr(reply, "output"):
        return _response_content(reply)
    raise LocalProtocolError(f"a {type(reply).__name__} has no answer to read: give the ChatCompletion or the Response")


def _chat_content(completion: ChatCompletion) -> _Content:
    if not completion.choices:
        return _Content("", "", "", "", calls=False)
    choice = completion.choices[0]
    message = choice.message
    return _Content(
        text=message.content or "",
        ended=choice.finish_reason or "",
        reasoning=next((name for name in REASONING if getattr(message, name)), ""),
        refusal=message.refusal or "",
        calls=bool(message.tool_calls),
    )


def _response_content(response: Response) -> _Content:
    details = response.incomplete_details
    kinds = {item.type for item in response.output}
    return _Content(
        text=with_output_text(response).output_text or "",
        ended=(details and details.reason) or "",
        reasoning="reasoning" if "reasoning" in kinds else "",
        refusal="",
        calls=not kinds.isdisjoint(CALLS),
        failure=(response.error and response.error.message) or "",
    )
