"""Messages to send: short makers for the five roles, and replies turned into what MiMo takes back.

Rules for giving a reply back (`to_request`):
- The thinking and the tool calls stay: with thinking on, MiMo refuses a history whose tool calls lack their
  `reasoning_content` (MiMo's page on deep thinking). `reasoning` and `reasoning_details`, from another server, go back
  under their names.
- Null content becomes "", which MiMo takes where it has refused null.
- Fields that only a reply has (annotations, audio, the search's error) are left out; unknown fields are kept.
- Items of a Responses reply go back as they came, but for the summary of a reasoning item, which is emptied: MiMo folds
  it into the context beside the thinking, which doubles with each round (esengine/DeepSeek-Reasonix#7234).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from msgspec import UNSET, Struct
from msgspec.structs import replace

from mimo_proto.kept_fields import json_names, keep_some, known_class, unknown_fields
from mimo_proto.models import (
    AssistantMessage,
    ChatCompletionMessage,
    DeveloperMessage,
    InputItem,
    OutputItem,
    ReasoningItem,
    SystemMessage,
    ToolMessage,
    UserMessage,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mimo_proto.models import ContentPart, TextPart, ToolCall

__all__ = ["system", "developer", "user", "assistant", "tool", "to_request"]

RequestT = TypeVar(
    "RequestT",
    bound=DeveloperMessage | SystemMessage | UserMessage | AssistantMessage | ToolMessage | InputItem | OutputItem,
)
MessageT = TypeVar("MessageT", bound=Struct)

# The fields that go back as they came, where they are not null.
TAKEN_BACK = ("reasoning_content", "reasoning", "reasoning_details", "refusal")


def system(content: str | Sequence[TextPart], *, name: str | None = None) -> SystemMessage:
    """Make a system message: instructions for the whole conversation.

    Args:
        content: A text, or text parts.
        name: The speaker's name, where several have the same role.
    """
    return SystemMessage(content=content, name=UNSET if name is None else name)


def developer(content: str | Sequence[TextPart], *, name: str | None = None) -> DeveloperMessage:
    """Make a developer message: instructions from the application's developer.

    Args:
        content: A text, or text parts.
        name: The speaker's name, where several have the same role.
    """
    return DeveloperMessage(content=content, name=UNSET if name is None else name)


def user(content: str | Sequence[ContentPart], *, name: str | None = None) -> UserMessage:
    """Make a user message: text and media of the user.

    Args:
        content: A text, or parts: `TextPart`, `ImagePart`, `AudioPart`, `VideoPart`.
        name: The speaker's name, where several have the same role.
    """
    return UserMessage(content=content, name=UNSET if name is None else name)


def assistant(
    content: str | Sequence[TextPart] = "",
    *,
    tool_calls: Sequence[ToolCall] | None = None,
    reasoning_content: str | None = None,
    name: str | None = None,
) -> AssistantMessage:
    """Make an assistant message: an earlier one of the model. `to_request` makes one of a reply.

    Args:
        content: A text, or text parts; for the speech models the text to be spoken.
        tool_calls: The calls that the model asked for.
        reasoning_content: The thinking that came with the message; needed beside `tool_calls` while thinking is on.
        name: The speaker's name, where several have the same role.
    """
    return AssistantMessage(
        content=content,
        tool_calls=UNSET if tool_calls is None else tool_calls,
        reasoning_content=UNSET if reasoning_content is None else reasoning_content,
        name=UNSET if name is None else name,
    )


def tool(content: str | Sequence[ContentPart], tool_call_id: str) -> ToolMessage:
    """Make a tool message: the result of a called function.

    Args:
        content: A text, or parts (media on the models that take them).
        tool_call_id: The `id` of the `ToolCall` that the message answers.
    """
    return ToolMessage(content=content, tool_call_id=tool_call_id)


@overload
def to_request(reply: ChatCompletionMessage) -> AssistantMessage: ...
@overload
def to_request(reply: RequestT) -> RequestT: ...
@overload
def to_request(reply: Struct, message: type[MessageT]) -> MessageT: ...
def to_request(reply: Any, message: Any = AssistantMessage) -> Any:
    """Turn a reply of MiMo into a part of the next request.

    `history.append(to_request(done.choices[0].message))`; `history.extend(map(to_request, response.output))`.

    Args:
        reply: The message of a chat completion, or an item of a response. A value that can be sent as it is comes back
            as it is, so a mixed history may be mapped.
        message: The `AssistantMessage` of models that were generated with an overlay.
    """
    # By name: an overlay's models have classes of their own.
    cls: type[Struct] = reply.__class__
    if cls.__name__ == ReasoningItem.__name__ and reply.summary:
        return replace(reply, summary=[])
    if cls.__name__ != ChatCompletionMessage.__name__:
        return reply
    fields: dict[str, Any] = {"content": reply.content or ""}
    if reply.tool_calls:
        fields["tool_calls"] = reply.tool_calls
    fields |= {name: getattr(reply, name) for name in TAKEN_BACK if getattr(reply, name) is not None}
    unknown = {
        name: getattr(reply, attribute)
        for attribute, name in json_names(known_class(cls)).items()
        if name not in ChatCompletionMessage.__struct_encode_fields__ and getattr(reply, attribute) is not None
    } | unknown_fields(reply)
    # A name that only the request has in the spec may be what the server added.
    fields |= {attribute: unknown.pop(name) for attribute, name in json_names(message).items() if name in unknown}
    return keep_some(message, fields, unknown)
