"""What a request asks for, read out of its body: the same for both endpoints.

Rules: only bodies that `rules` does not refuse come here, so the shapes are those of the spec.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mimo_proto.models.model_facts import MODEL_FACTS
from mimo_proto.protocol.json_types import is_array, is_object

from .json_values import as_object, objects_in
from .turns import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MEDIA", "Prompt", "Tool", "kind_of", "read_chat", "read_response", "thinks"]

MEDIA = ("image", "audio", "video")
"""The kinds of content parts that are not text."""

_SPEECH = "Aye, the sea gives, and the sea takes."


class Tool(msgspec.Struct, frozen=True):
    """A tool that was offered.

    Attributes:
        name: The tool's name.
        parameters: The JSON Schema of its arguments.
        namespace: The namespace that it was offered in.
        custom: Whether it takes free text.
    """

    name: str
    parameters: Mapping[str, Any] = {}
    namespace: str | None = None
    custom: bool = False


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks for.

    Attributes:
        model: The model that is asked.
        text: The text of the last turn that the user took.
        results: What the tools answered since.
        tools: The tools on offer.
        tokens: The length of the conversation.
        media: The number of parts that are not text, by kind.
        thinking: Whether to think first.
        search: Whether to search the web first.
        json: Whether the answer is to be a JSON object.
        limit: The greatest number of tokens to write.
        stop: Texts that the answer ends before.
        speech: The text to be spoken.
        preview: Whether the reply shows the text that was spoken.
        sound_format: The format of the spoken sound.
        sound: The length of the sound to be recognised.
    """

    model: str
    text: str = ""
    results: Sequence[str] = ()
    tools: Sequence[Tool] = ()
    tokens: int = 0
    media: Mapping[str, int] = {}
    thinking: bool = False
    search: bool = False
    json: bool = False
    limit: int | None = None
    stop: Sequence[str] = ()
    speech: str | None = None
    preview: bool = False
    sound_format: str = "wav"
    sound: int | None = None


def thinks(body: Mapping[str, Any]) -> bool:
    """Whether the model thinks: as the chat request says, else as the model does by itself."""
    facts = MODEL_FACTS.get(str(body.get("model")))
    by_itself = facts.thinking if facts else "enabled"
    return as_object(body.get("thinking")).get("type", by_itself) == "enabled"


def read_chat(body: Mapping[str, Any]) -> Prompt:
    """Read a chat request."""
    model: str = body["model"]
    messages: Sequence[Mapping[str, Any]] = body["messages"]
    audio, tools = as_object(body.get("audio")), objects_in(body.get("tools"))
    functions = [tool["function"] for tool in tools if tool["type"] == "function"]
    searches = [tool for tool in tools if tool["type"] == "web_search"]
    results = _results(messages)
    stop: str | Sequence[str] = body.get("stop") or ()
    counts = _measure(messages)
    kind = MODEL_FACTS[model].kind
    return Prompt(
        model=model,
        text=_last_text(messages, "user"),
        results=results,
        tools=[Tool(function["name"], as_object(function.get("parameters"))) for function in functions],
        tokens=counts.pop("tokens", 0),
        media=counts,
        thinking=thinks(body),
        search=any(tool.get("force_search") for tool in searches) or bool(searches and not functions and not results),
        json=as_object(body.get("response_format")).get("type") == "json_object",
        limit=body.get("max_completion_tokens"),
        stop=[stop] if isinstance(stop, str) else stop,
        speech=_last_text(messages, "assistant", _SPEECH) if kind == "speech" else None,
        preview=bool(audio.get("optimize_text_preview")),
        sound_format=audio.get("format") or ("pcm" if body.get("stream") else "wav"),
        sound=len(messages[-1]["content"][0]["input_audio"]["data"]) if kind == "recognition" else None,
    )


def read_response(body: Mapping[str, Any]) -> Prompt:
    """Read a Responses request."""
    given: str | Sequence[Mapping[str, Any]] = body["input"]
    items: Sequence[Mapping[str, Any]] = [{"role": "user", "content": given}] if isinstance(given, str) else given
    added = [tool for item in items if item.get("type") == "additional_tools" for tool in item["tools"]]
    counts = _measure([body.get("instructions", ""), items])
    return Prompt(
        model=body["model"],
        text=_last_text(items, "user"),
        results=_results(items),
        tools=list(_offered([*objects_in(body.get("tools")), *added])),
        tokens=counts.pop("tokens", 0),
        media=counts,
        thinking=as_object(body.get("reasoning")).get("effort") != "none",
        json=as_object(as_object(body.get("text")).get("format")).get("type") == "json_object",
        limit=body.get("max_output_tokens"),
    )


def _offered(tools: Sequence[Mapping[str, Any]], namespace: str | None = None) -> Iterator[Tool]:
    for tool in tools:
        if tool["type"] == "namespace":
            yield from _offered(tool["tools"], tool["name"])
        else:
            yield Tool(tool["name"], as_object(tool.get("parameters")), namespace, tool["type"] == "custom")


def _results(turns: Sequence[Mapping[str, Any]]) -> list[str]:
    """The tools' answers since somebody last spoke."""
    texts: list[str] = []
    for turn in turns:
        answer = turn["content"] if turn.get("role") == "tool" else turn.get("output")
        if answer is not None:
            texts.append(_text(answer))
        elif turn.get("role") in ("user", "assistant"):
            texts.clear()
    return texts


def _last_text(turns: Sequence[Mapping[str, Any]], role: str, default: str = "") -> str:
    return next((_text(turn["content"]) for turn in reversed(turns) if turn.get("role") == role), default)


def _text(content: str | Sequence[Mapping[str, Any]]) -> str:
    """The text of a content; a part that is not text is named by its kind."""
    if isinstance(content, str):
        return content
    return " ".join(part["text"] if "text" in part else f"[{kind_of(part)}]" for part in content)


def kind_of(part: Mapping[str, Any]) -> str:
    """Give the kind of a content part, by either endpoint's name for it."""
    return str(part.get("type")).removeprefix("input_").removesuffix("_url")


def _measure(value: Any) -> Counter[str]:
    """Count the `tokens` of a conversation, and its parts that are not text, by kind."""
    if isinstance(value, str):
        return Counter(tokens=len(tokens(value)))
    if is_object(value):
        kind = kind_of(value)
        if kind in MEDIA:
            return Counter(["tokens", kind])
        value = [member for name, member in value.items() if name not in ("type", "role", "id")]
    return sum(map(_measure, value if is_array(value) else []), Counter[str]())
