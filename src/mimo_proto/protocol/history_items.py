"""The thinking of Responses: the reasoning items, which stand before the calls that they led to.

Rules:
- The reasoning items of a call are those that came last before it; calls one after the other share theirs.
- What says nothing about the thinking, a reasoning item without text, as clients send that know only a summary or what
  was encrypted, gives way to what is known.
- Where nothing is known, nothing is put in: MiMo's page on Responses asks for the items, and refuses none without.
- A summary stays empty: MiMo folds it into the context beside the thinking (esengine/DeepSeek-Reasonix#7234).
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.adapt_items import kind_of
from mimo_proto.protocol.history_entries import MadeCall, Thinking
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.protocol.sums import says_something

if TYPE_CHECKING:
    from mimo_proto.protocol.history_entries import Entries

__all__ = ["Output", "restore_items"]

# By type of call: the member that has what the tool is called with.
CALLS = {"function_call": "arguments", "custom_tool_call": "input"}


class Output:
    """The items of one reply, kept one after the other as they are complete.

    One thread at a time.

    Args:
        entries: Where they are kept.
    """

    def __init__(self, entries: Entries) -> None:
        self._entries = entries
        self._thinking: list[dict[str, Any]] = []
        # The key of the thinking, once it has led to a call: servers send floods of those (XiaomiMiMo/MiMo#98).
        self._key: str | None = None
        self._thinks = False

    def add(self, item: dict[str, Any]) -> None:
        """Keep the next item, as JSON."""
        thinks = item.get("type") == "reasoning"
        if thinks:
            item = {**item, "summary": []} if item.get("summary") else item
            if not self._thinks:
                self._thinking, self._key = [], None
            if _has_thinking(item):
                self._thinking.append(item)
        self._thinks = thinks
        self._entries.keep_item(item)
        call = _call_of(item)
        if call is not None:
            if self._key is None:
                self._key = self._entries.keep_thinking(call, self._thinking)
            self._entries.keep_calls([call], self._key)


def restore_items(items: Any, entries: Entries) -> Any:
    """Give the `input` of a request with what is known of its items; the same list where none changes."""
    if not is_array(items):
        return items
    restored = _Input(entries)
    for item in items:
        if is_object(item):
            restored.add(item)
        else:
            restored.items.append(item)
    same = len(items) == len(restored.items) and all(map(is_, items, restored.items))
    return items if same else restored.items


class _Input:
    """The input of a request, as far as it is put together.

    Attributes:
        items: The items.
    """

    def __init__(self, entries: Entries) -> None:
        self.items: list[Any] = []
        self._entries = entries
        # The thinking of the call before, so that calls of one reply have it once.
        self._last = Thinking("", [])
        # Whether reasoning items with text stand before what comes next in this reply.
        self._thinks = False

    def add(self, item: dict[str, Any]) -> None:
        """Add the next item as the client sent it."""
        item = self._whole(item)
        call = _call_of(item)
        if call is not None:
            self._restore_thinking(call)
        elif item.get("type") == "reasoning":
            self._thinks = self._thinks or _has_thinking(item)
        elif item.get("role") != "assistant":
            self._thinks = False
        self.items.append(item)

    def _whole(self, item: dict[str, Any]) -> dict[str, Any]:
        """Give the item that a reference, or a reasoning item without text, stands for."""
        stands_for = kind_of(item) == "item_reference" or _lacks_thinking(item)
        return (stands_for and self._entries.item(item.get("id"))) or item

    def _restore_thinking(self, call: MadeCall) -> None:
        known = self._entries.thinking_of([call])
        if not known.objects:  # of which reply the call is nobody knows: that before it, or another
            return
        if known.key != self._last.key and not self._thinks:
            while self.items and _lacks_thinking(self.items[-1]):
                del self.items[-1]
            self.items += known.objects
        self._last = known
        self._thinks = False


def _call_of(item: dict[str, Any]) -> MadeCall | None:
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in CALLS:
        return None
    return MadeCall.of(kind, item.get("call_id"), item.get("name"), item.get(CALLS[kind]))


def _has_thinking(item: dict[str, Any]) -> bool:
    content = item.get("content")
    return is_array(content) and any(says_something(part.get("text")) for part in content if is_object(part))


def _lacks_thinking(item: Any) -> bool:
    return is_object(item) and item.get("type") == "reasoning" and not _has_thinking(item)
