"""The items of Responses and their parts.

Rules:
- Of a reasoning item only the thinking itself goes back: `encrypted_content` is another server's secret, and a summary
  that is not empty is folded into the context, where the thinking doubles each round
  (esengine/DeepSeek-Reasonix#7234). Where no thinking is left, the item goes.
- An item that MiMo lacks goes, and the output of a call that went goes with it: MiMo refuses an answer to no call.
- An item that stands for what another server stores is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mimo_proto.models import VideoPart
from mimo_proto.protocol.adapt_changes import GONE, adapt_each, adapt_member, refusal
from mimo_proto.protocol.adapt_numbers import adapt_inner_numbers
from mimo_proto.protocol.adapt_tools import adapt_tool
from mimo_proto.protocol.json_types import is_mapping, is_object, text_or_empty
from mimo_proto.protocol.media_url import audio_url
from mimo_proto.protocol.null_content import with_text_for_null

if TYPE_CHECKING:
    from mimo_proto.protocol.adapt_changes import Changes, Place

__all__ = ["adapt_items", "kind_of"]

OUTPUTS = ("function_call_output", "custom_tool_call_output")
FILE_ID = "MiMo stores no files: send the image as a URL or a data URL in `image_url`"


def adapt_items(items: Any, changes: Changes) -> Any:
    """Bring the `input` of a Responses request into MiMo's form; what is no list of objects is left to `validate`."""
    return adapt_each(items, ("input",), ItemChanges(changes, set()), _adapt_item)


class ItemChanges(NamedTuple):
    """What is done to the items of one body.

    Attributes:
        changes: What is done to the body.
        lost_calls: The ids of the calls that were left out.
    """

    changes: Changes
    lost_calls: set[str]


def kind_of(item: dict[str, Any]) -> Any:
    """Give the type of an item: one without a type is a message, or where it has an id alone, a reference (OPENAI)."""
    kind = item.get("type")
    return "item_reference" if kind is None and "id" in item and "role" not in item else kind


def _adapt_item(item: Any, at: Place, state: ItemChanges) -> Any:
    if not is_object(item):
        return item
    changes, kind = state.changes, kind_of(item)
    row = changes.row("item", kind, at)
    if row is not None:
        changes.act(row, at)
        if call := text_or_empty(item.get("call_id")):
            state.lost_calls.add(call)
        return GONE
    if state.lost_calls and kind == "function_call_output" and text_or_empty(item.get("call_id")) in state.lost_calls:
        changes.change(at, "the call that it answers was left out", "RESP-2")
        return GONE
    if kind == "reasoning":
        return _adapt_thinking_item(item, at, changes)
    if kind == "additional_tools":
        return adapt_member(item, "tools", at, changes, adapt_tool)
    return _adapt_content(item, at, changes)


def _adapt_thinking_item(item: dict[str, Any], at: Place, changes: Changes) -> Any:
    lost = [name for name in ("encrypted_content", "summary") if item.get(name)]
    for name in lost:
        changes.drop((*at, name))
    if not item.get("content"):
        changes.drop(at)
        return GONE
    if not lost:
        return item
    kept = {name: value for name, value in item.items() if name != "encrypted_content"}
    return {**kept, "summary": []} if "summary" in kept else kept


def _adapt_content(item: dict[str, Any], at: Place, changes: Changes) -> Any:
    """Adapt what a message says, or what a tool gave back."""
    name = "output" if item.get("type") in OUTPUTS else "content"
    if item.get(name) is None:
        return with_text_for_null(item)
    return adapt_member(item, name, at, changes, _adapt_part)


def _adapt_part(part: Any, at: Place, changes: Changes) -> Any:
    if not is_object(part):
        return part
    kind = part.get("type")
    row = changes.row("part", kind, at)
    if row is not None:
        changes.act(row, at)
    if kind == "input_image":
        return _adapt_image(part, at, changes)
    if kind == "input_audio" and is_mapping(part.get("input_audio")):
        return {"type": kind, "audio_url": audio_url(part["input_audio"])}
    if kind == "input_video":
        return adapt_inner_numbers(part, VideoPart, at, changes)
    if kind == "refusal":
        return {"type": "output_text", "text": part.get("refusal")}
    return part


def _adapt_image(part: dict[str, Any], at: Place, changes: Changes) -> dict[str, Any]:
    if part.get("file_id"):
        raise refusal((*at, "file_id"), f'"file_id": {FILE_ID}')
    image = part.get("image_url")
    if "detail" in part:
        changes.drop((*at, "detail"))
        part = {name: part[name] for name in part if name != "detail"}
    return {**part, "image_url": image.get("url")} if is_mapping(image) else part
