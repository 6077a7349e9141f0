"""What MiMo refuses, and the errors that it refuses it with.

Rules: status, code, message, param and type are those of the bodies that people met and quoted; MiMo puts the human
text into `param` under a generic message. Where nobody quoted one, the shape is MiMo's and the text is the spec's.
A request for a stream gets the same body behind `data:`. Models, their caps and media are those of the table of facts;
a model is switched off only where the day is known. Where accounts of MiMo differ, the kinder one holds, unless
`Strictness` says otherwise.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto.models import ChatCompletionRequest, ResponseRequest
from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.protocol.convert import Mismatch
from mimo_proto.protocol.json_types import is_object
from mimo_proto.protocol.null_content import messages_with_text
from mimo_proto.protocol.preflight.check import Check
from mimo_proto.protocol.preflight.media import takes_medium
from mimo_proto.protocol.preflight.model_id import is_retired
from mimo_proto.protocol.preflight.tools import SCHEMA_ITEMS, check_tools
from mimo_proto.protocol.required_constants import find_missing_const

from .filtering import drop_unknown_names
from .json_values import as_object, objects_in
from .prompts import MEDIA, kind_of, thinks
from .speech_rules import speech_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Refusal", "Strictness", "list_models", "refuse_key", "refuse_chat", "refuse_response", "refuse_retired"]

_TOOLS = ("function", "namespace", "custom")
_EFFORTS = (None, "none", "low", "medium", "high")
_IMAGE_URLS = tuple(f"data:image/{name};base64," for name in ("bmp", "gif", "png", "jpeg", "jpg", "webp"))


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
        param = {} if self.param is None else {"param": self.param}
        error = {"code": self.code or str(self.status), "message": self.message, **param, "type": self.type}
        text = msgspec.json.encode({"error": error})
        return b"data:%b\n\n" % text if streamed else text


class Strictness(msgspec.Struct, frozen=True):
    """What is refused only where the test says so.

    Attributes:
        today: The day, by which models are switched off; None switches none off.
        null_content: Whether null content beside tool calls is refused, as MiMo did until the spring of 2026
            (XiaomiMiMo/MiMo-V2-Flash#8).
    """

    today: date | None = None
    null_content: bool = False


KIND = Strictness()


def refuse_key(headers: Mapping[str, str], key: str) -> Refusal | None:
    """Refuse a request whose headers (names in lower case) do not hold the key in either of the two places."""
    taken = headers.get("api-key") == key or headers.get("authorization") == f"Bearer {key}"
    return None if taken else Refusal(401, "Invalid API Key", "Please provide valid API Key", type="invalid_key")


def list_models(today: date | None) -> dict[str, Any]:
    """List the models that answer on a day; None lists all that are known."""
    living = [each.id for each in MODEL_FACTS.values() if today is None or not is_retired(each, today)]
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "owned_by": "xiaomi"} for name in sorted(living)],
    }


def refuse_retired(body: Any, today: date | None) -> Refusal | None:
    """Refuse a request for a model that was switched off; None for a day that is not known refuses none."""
    facts = MODEL_FACTS.get(_model(body)) if is_object(body) else None
    if facts is None or today is None or not is_retired(facts, today):
        return None
    return Refusal(404, "Unsupported model", facts.id)


def refuse_chat(body: Any, strictness: Strictness = KIND) -> Refusal | None:
    """Give the error with which MiMo refuses a chat request, or None."""
    if is_object(body) and "messages" in body and not strictness.null_content:
        body = {**body, "messages": messages_with_text(body["messages"])}
    return _first(_chat, body, ChatCompletionRequest)


def refuse_response(body: Any, _: Strictness = KIND) -> Refusal | None:
    """Give the error with which MiMo refuses a Responses request, or None."""
    return _first(_response, body, ResponseRequest)


def _first(rules: Callable[[dict[str, Any]], Iterator[Refusal]], body: Any, root: Any) -> Refusal | None:
    if not is_object(body):
        return Refusal(400, param="the body is no JSON object")
    known = drop_unknown_names(body, root)
    known.pop("tool_choice", None)  # any but "auto" is removed without a word, as MiMo's tables say
    refusal = next(rules({**body, **known}), None)
    if refusal is None:
        try:
            msgspec.convert(known, root)
            find_missing_const(known, root)
        except (msgspec.ValidationError, Mismatch) as error:
            refusal = Refusal(400, param=str(error))
    return refusal


# The rules yield in MiMo's order. Each gets the whole body, and takes any JSON: `_first` refuses what is of the wrong
# type.


def _model(body: dict[str, Any]) -> str:
    return str(body.get("model"))


def _chat(body: dict[str, Any]) -> Iterator[Refusal]:
    yield from _chat_options(body)
    yield from (Refusal(400, param=problem) for problem in speech_problems(body))
    functions = [tool.get("function") for tool in objects_in(body.get("tools")) if tool.get("type") != "web_search"]
    if not all(map(is_object, functions)):
        yield Refusal(400, param='"function" is null')
    yield from _schemas(body)
    yield from _parts(body)
    yield from _history(body)


def _response(body: dict[str, Any]) -> Iterator[Refusal]:
    model = body.get("model")
    if isinstance(model, str) and (model not in MODEL_FACTS or "responses" not in MODEL_FACTS[model].endpoints):
        yield Refusal(400, "Unsupported model", model)
    kinds = [str(tool.get("type")) for tool in objects_in(body.get("tools"))]
    messages = [f"tool type '{kind}' is not supported by this gateway phase." for kind in kinds if kind not in _TOOLS]
    if as_object(as_object(body.get("text")).get("format")).get("type") == "json_schema":
        messages.append("text.format type 'json_schema' is not supported, only 'text' and 'json_object' are allowed")
    if body.get("previous_response_id") is not None:
        messages.append("previous_response_id requires stored response history and is planned for phase two.")
    for message in messages:
        yield Refusal(400, message, None, "responses_feature_not_supported", "unsupported_feature")
    yield from _schemas(body)
    yield from _parts(body)


def _chat_options(body: dict[str, Any]) -> Iterator[Refusal]:
    model, effort, asked = (body.get(name) for name in ("model", "reasoning_effort", "max_completion_tokens"))
    if isinstance(model, str) and model not in MODEL_FACTS:
        yield Refusal(400, param=f"Not supported model {model}")
    if body.get("n") not in (None, 1):
        yield Refusal(400, "n is not supported")
    if effort not in _EFFORTS:
        errors = [{"type": "literal_error", "loc": ("body", "reasoning_effort"), "input": effort}]
        yield Refusal(400, str(errors), type="Bad Request")
    facts = MODEL_FACTS.get(_model(body))
    if facts and isinstance(asked, int) and asked > facts.output_cap and "output_cap" not in facts.unproven:
        supported = f"This model supports at most {facts.output_cap} completion tokens, whereas you provided {asked}."
        yield Refusal(400, param=f"max_completion_tokens is too large: {asked}. {supported}")


def _schemas(body: dict[str, Any]) -> Iterator[Refusal]:
    """Refuse tools whose schema is not one of JSON Schema 2020-12 (esengine/DeepSeek-Reasonix#6327)."""
    check = Check(body, is_hosted=True, today=None)
    check_tools(check, body.get("tools"), "tools")
    for number, turn in enumerate(check.turns):
        if turn.get("type") == "additional_tools":
            check_tools(check, turn.get("tools"), "input", number, "tools")
    for place in [finding.path for finding in check.findings if finding.code == SCHEMA_ITEMS.code]:
        yield Refusal(400, param=f"{place}: a list is no schema in JSON Schema 2020-12")


def _parts(body: dict[str, Any]) -> Iterator[Refusal]:
    """Refuse files; then, part by part, media that the model cannot read, and images of other formats."""
    turns = (*objects_in(body.get("messages")), *objects_in(body.get("input")))
    if any(part.get("type") in ("file", "input_file") for turn in turns for part in objects_in(turn.get("content"))):
        yield Refusal(400, param="file type is not supported")
    facts = MODEL_FACTS.get(_model(body))
    for turn in turns:
        for part in (*objects_in(turn.get("content")), *objects_in(turn.get("output"))):
            if facts and kind_of(part) in MEDIA and not takes_medium(facts, kind_of(part)):
                yield _medium(turn, part)
            url = as_object(part.get("image_url")).get("url") or part.get("image_url")
            if isinstance(url, str) and _is_foreign_image(url):
                yield Refusal(400, param="invalid image format, only bmp/gif/png/jpeg/webp")


def _is_foreign_image(url: str) -> bool:
    head = url[:32].lower()  # RFC 2397: neither scheme nor media type minds upper case
    return head.startswith("data:") and not head.startswith(_IMAGE_URLS)


def _medium(turn: dict[str, Any], part: dict[str, Any]) -> Refusal:
    """A medium that the model does not take: 400 for what a tool shows, else 404, as long as the history has it."""
    if turn.get("role") == "tool":
        return Refusal(400, param="`text` is not set")
    return Refusal(404, f"No endpoints found that support {kind_of(part)} input")


def _history(body: dict[str, Any]) -> Iterator[Refusal]:
    messages = objects_in(body.get("messages"))
    silent = [each for each in messages if each.get("role") == "assistant" and each.get("content") is None]
    if any("content" in message or not message.get("tool_calls") for message in silent):
        yield Refusal(400, param="`text` is not present")
    thoughts = [message.get("reasoning_content") for message in messages if message.get("tool_calls")]
    if thinks(body) and not all(isinstance(thought, str) for thought in thoughts):
        yield Refusal(400, param="The reasoning_content in the thinking mode must be passed back to the API.")
