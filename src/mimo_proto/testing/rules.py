"""What MiMo refuses, and the errors that it refuses it with.

Rules: status, code, message, param and type are those of the bodies that people met and quoted; MiMo puts the human
text into `param` under a generic message. Where nobody quoted one, the shape is MiMo's and the text is the spec's.
A request for a stream gets the same body behind `data:`.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto.models import ChatCompletionRequest, ModelList, ResponseRequest
from mimo_proto.protocol.convert import Mismatch
from mimo_proto.protocol.json_types import is_object
from mimo_proto.protocol.required_constants import find_missing_const

from .filtering import drop_unknown_names
from .json_values import as_object, objects_in
from .recordings import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["Refusal", "MODELS", "refuse_key", "refuse_chat", "refuse_response"]

MODELS = tuple(model.id for model in msgspec.json.decode(recorded("ModelList.json"), type=ModelList).data)
_TEXT_ONLY_MODELS = ("mimo-v2.5-pro",)
_EFFORTS = (None, "none", "low", "medium", "high")
_IMAGE_URLS = tuple(f"data:image/{name};base64," for name in ("bmp", "gif", "png", "jpeg", "jpg", "webp"))
_MEDIA = ("image", "audio", "video")


class Refusal(msgspec.Struct, frozen=True):
    """An error of MiMo's, for a script too: `server.reply(Refusal(429, "Too many requests", None, type="limitation"))`.

    Attributes:
        status: The HTTP status.
        message: The generic text.
        param: The detail for people; None leaves the key out, as 403 and 429 do.
        code: The body's code; None stands for the status as text.
        type: The kind of error.
    """

    status: int
    message: str = "Param Incorrect"
    param: str | None = ""
    code: str | None = None
    type: str = ""

    def body(self, *, streamed: bool) -> bytes:
        """Give the body of the response.

        Args:
            streamed: Whether the request asked for a stream.
        """
        detail = {
            "code": self.code or str(self.status),
            "message": self.message,
            "param": self.param,
            "type": self.type,
        }
        if self.param is None:
            del detail["param"]
        text = msgspec.json.encode({"error": detail})
        return b"data:%b\n\n" % text if streamed else text


def refuse_key(headers: Mapping[str, str], key: str) -> Refusal | None:
    """Refuse a request whose headers (names in lower case) do not hold the key in either of the two places."""
    taken = headers.get("api-key") == key or headers.get("authorization") == f"Bearer {key}"
    return None if taken else Refusal(401, "Invalid API Key", "Please provide valid API Key", type="invalid_key")


def refuse_chat(body: Any) -> Refusal | None:
    """Give the error with which MiMo refuses a chat request, or None."""
    return _first(_CHAT, body, ChatCompletionRequest)


def refuse_response(body: Any) -> Refusal | None:
    """Give the error with which MiMo refuses a Responses request, or None."""
    return _first(_RESPONSES, body, ResponseRequest)


def _first(rules: Sequence[Callable[[dict[str, Any]], Refusal | None]], body: Any, root: Any) -> Refusal | None:
    if not is_object(body):
        return Refusal(400, param="the body is no JSON object")
    known = drop_unknown_names(body, root)
    refusals = (rule({**body, **known}) for rule in rules)
    return next(filter(None, refusals), None) or _structure(known, root)


def _structure(body: dict[str, Any], root: Any) -> Refusal | None:
    try:
        msgspec.convert(body, root)
        find_missing_const(body, root)
    except (msgspec.ValidationError, Mismatch) as error:
        return Refusal(400, param=str(error))
    return None


# Each rule gets the whole body, and takes any JSON: `_structure` refuses what is of the wrong type.


def _model(body: dict[str, Any]) -> str:
    return str(body.get("model"))


def _chat_model(body: dict[str, Any]) -> Refusal | None:
    model = body.get("model")
    wrong = isinstance(model, str) and model not in MODELS
    return Refusal(400, param=f"Not supported model {model}") if wrong else None


def _responses_model(body: dict[str, Any]) -> Refusal | None:
    model = body.get("model")
    wrong = isinstance(model, str) and (model not in MODELS or "-tts" in model or model.endswith("-asr"))
    return Refusal(400, "Unsupported model", f"{model}") if wrong else None


def _n(body: dict[str, Any]) -> Refusal | None:
    return None if body.get("n") in (None, 1) else Refusal(400, "n is not supported")


def _reasoning_effort(body: dict[str, Any]) -> Refusal | None:
    effort = body.get("reasoning_effort")
    if effort in _EFFORTS:
        return None
    errors = [{"type": "literal_error", "loc": ("body", "reasoning_effort"), "input": effort}]
    return Refusal(400, str(errors), type="Bad Request")


def _token_cap(body: dict[str, Any]) -> Refusal | None:
    asked = body.get("max_completion_tokens")
    cap = 8192 if "-tts" in _model(body) else 131_072
    if isinstance(asked, int) and asked > cap:
        return Refusal(400, param=f"max_completion_tokens is too large: {asked}")
    return None


def _null_content(body: dict[str, Any]) -> Refusal | None:
    for message in objects_in(body.get("messages")):
        said = message.get("content")
        if (
            message.get("role") == "assistant"
            and said is None
            and ("content" in message or not message.get("tool_calls"))
        ):
            return Refusal(400, param="`text` is not present")
    return None


def _thinking_history(body: dict[str, Any]) -> Refusal | None:
    if as_object(body.get("thinking")).get("type") == "disabled":
        return None
    for message in objects_in(body.get("messages")):
        if message.get("tool_calls") and not isinstance(message.get("reasoning_content"), str):
            return Refusal(400, param="The reasoning_content in the thinking mode must be passed back to the API.")
    return None


def _chat_tools(body: dict[str, Any]) -> Refusal | None:
    for tool in objects_in(body.get("tools")):
        if tool.get("type") != "web_search" and not is_object(tool.get("function")):
            return Refusal(400, param='"function" is null')
    return None


def _files(body: dict[str, Any]) -> Refusal | None:
    if any(part.get("type") in ("file", "input_file") for _, part in _parts(body, "content")):
        return Refusal(400, param="file type is not supported")
    return None


def _media(body: dict[str, Any]) -> Refusal | None:
    text_only = _model(body) in _TEXT_ONLY_MODELS
    refusals = (
        (_medium(turn, part) if text_only else None) or _image_format(part)
        for turn, part in _parts(body, "content", "output")
    )
    return next(filter(None, refusals), None)


def _medium(turn: dict[str, Any], part: dict[str, Any]) -> Refusal | None:
    """A text-only model: 400 for what a tool shows, else 404, for as long as the medium stays in the history."""
    kind = str(part.get("type")).removeprefix("input_").removesuffix("_url")
    if kind not in _MEDIA:
        return None
    if turn.get("role") == "tool":
        return Refusal(400, param="`text` is not set")
    return Refusal(404, f"No endpoints found that support {kind} input")


def _image_format(part: dict[str, Any]) -> Refusal | None:
    url = as_object(part.get("image_url")).get("url") or part.get("image_url")
    if not isinstance(url, str) or not url.startswith("data:") or url.startswith(_IMAGE_URLS):
        return None
    return Refusal(400, param="invalid image format, only bmp/gif/png/jpeg/webp")


def _parts(body: dict[str, Any], *fields: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each content part of the conversation, with the message or item that it is in."""
    for turn in (*objects_in(body.get("messages")), *objects_in(body.get("input"))):
        for field in fields:
            for part in objects_in(turn.get(field)):
                yield turn, part


def _speech(body: dict[str, Any]) -> Refusal | None:
    if "-tts" not in _model(body):
        return None
    options = as_object(body.get("audio"))
    messages = list(objects_in(body.get("messages")))
    roles = {str(message.get("role")) for message in messages}
    if any(not isinstance(message.get("content"), str) for message in messages) or not roles <= {"user", "assistant"}:
        return Refusal(400, param="speech synthesis takes user and assistant messages, each a text")
    design = _model(body).endswith("voicedesign")
    if "assistant" not in roles and not (design and options.get("optimize_text_preview")):
        return Refusal(400, param="an assistant message must hold the text to be spoken")
    if design and ("user" not in roles or "voice" in options):
        return Refusal(400, param="voice design takes a user message that describes the voice, and no audio.voice")
    if _model(body).endswith("voiceclone") and not options.get("voice"):
        return Refusal(400, param="audio.voice must hold a sample of the voice")
    return None


def _recognition(body: dict[str, Any]) -> Refusal | None:
    if not _model(body).endswith("-asr"):
        return None
    messages = list(objects_in(body.get("messages")))
    parts = list(objects_in(messages[0].get("content"))) if len(messages) == 1 else []
    sound = as_object(parts[0].get("input_audio")) if len(parts) == 1 else {}
    head, comma, data = str(sound.get("data", "")).rpartition(",")
    mime = head.removeprefix("data:").removesuffix(";base64") if comma else f"audio/{sound.get('format')}"
    try:
        base64.b64decode(data, validate=True)
    except binascii.Error:
        mime = ""
    if data and mime in ("audio/mpeg", "audio/mp3", "audio/wav"):
        return None
    return Refusal(400, param="speech recognition takes one user message with one sound, MP3 or WAV in base64")


def _responses_features(body: dict[str, Any]) -> Refusal | None:
    kinds = [str(tool.get("type")) for tool in objects_in(body.get("tools"))]
    wrong = [f"tool type '{kind}'" for kind in kinds if kind not in ("function", "namespace", "custom")]
    format_ = as_object(as_object(body.get("text")).get("format")).get("type")
    wrong += ["text.format type 'json_schema'"] if format_ == "json_schema" else []
    if not wrong:
        return None
    return Refusal(
        400,
        f"{wrong[0]} is not supported by this gateway phase.",
        None,
        "responses_feature_not_supported",
        "unsupported_feature",
    )


_CHAT = (
    _chat_model,
    _n,
    _reasoning_effort,
    _token_cap,
    _speech,
    _recognition,
    _chat_tools,
    _files,
    _media,
    _null_content,
    _thinking_history,
)
_RESPONSES = (_responses_model, _responses_features, _files, _media)
